"""Answers a patient may have given to a form that is kept back, as many kinds as there are; the same ones every time."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice, product
from random import Random
from typing import Literal, get_args

from smart_app.sandbox.personas.case import Difficult

Stored = Literal["all", "total", "none"]
MANY = 204
_DIRECT: tuple[Difficult | None, ...] = (None, *get_args(Difficult))
_STORED: tuple[Stored, ...] = get_args(Stored)
# `x` is declined, `.` left open. With none of the nine the direct question is the only answer.
_WITH_GAPS = (
    "x44 444 444", "44x 4x4 x44", "xx4 444 444", "444 xxx 444", "xxx xxx 444", "111 11x 111", "555 555 55x",
    ".44 444 444", "444 ... 444", "... ... 1..", "x.1 1.x .x1", "5.. .5. ..5",
)  # fmt: skip
_DIRECT_ALONE = ("xxx xxx xxx", "... ... ...", "x.x .x. x.x")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSet:
    """One form as answered: nine signs, the direct question, which of its scores are there as Observations, and whether it was amended."""

    signs: str
    difficult: Difficult | None
    stored: Stored = "all"
    amended: bool = False


QUIET = AnswerSet(signs="444 444 444", difficult="no")
LOUD = AnswerSet(signs="111 111 11x", difficult="yes", stored="none")


def answer_sets() -> list[AnswerSet]:
    """Every straight line and every sum with each answer to the direct question in turn, whole extremes, gaps, and then what comes."""
    chosen, stored = cycle(_DIRECT), cycle(_STORED)
    found = [AnswerSet(signs=_line(sign), difficult=direct, stored=next(stored)) for sign in "12345" for direct in _DIRECT]
    found += [AnswerSet(signs=" ".join(3 * one for one in ends), difficult=next(chosen)) for ends in product("15", repeat=3)]
    # A sum more or less is what a rule on the total turns on.
    found += [AnswerSet(signs=_sum(total), difficult=next(chosen), stored=next(stored)) for total in range(9, 46)]
    found += [AnswerSet(signs=signs, difficult=next(chosen), stored=next(stored)) for signs in _WITH_GAPS]
    found += [AnswerSet(signs=signs, difficult=direct, stored="none") for signs in _DIRECT_ALONE for direct in get_args(Difficult)]
    return found + list(islice(_anything(Random(20)), MANY - len(found)))


def _line(sign: str) -> str:
    return " ".join([3 * sign] * 3)


def _sum(total: int) -> str:
    signs = [str(total // 9 + (place < total % 9)) for place in range(9)]
    return " ".join("".join(signs[place : place + 3]) for place in (0, 3, 6))


def _anything(chance: Random) -> Iterator[AnswerSet]:
    while True:
        # One answer at least: a form declined whole is no rating.
        signs = "".join(chance.choices("12345x.", weights=(3, 3, 3, 3, 3, 1, 1), k=9))
        if any(sign.isdigit() for sign in signs):
            parts = " ".join(signs[place : place + 3] for place in (0, 3, 6))
            yield AnswerSet(
                signs=parts, difficult=chance.choice(_DIRECT), stored=chance.choice(_STORED), amended=chance.random() < 0.2
            )  # fmt: skip
