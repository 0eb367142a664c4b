"""Which options are offered: two or three at a time, never all. What stands open first follows from the patient's own answer, else from a
lowest element that stands clearly apart, else from nothing. No score leads to withdrawal, confrontation or a hurtful remark."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from fhir_mappings.options.practice_option import OptionBook, OptionElement, PracticeOption

# The question that is asked in so many words, and its answers that say yes.
DIRECT_QUESTION = "difficult"
SAYS_YES = frozenset({"a-little", "yes"})
_SCORED: tuple[OptionElement, ...] = ("goal", "task", "bond")
# How far below the next an element stands before it is taken for the lowest. Assumed: no error is known for single elements.
CLEARLY_LOWER = Decimal("0.5")
_MOST = 3
Section = Literal["answer"] | OptionElement


class Opening(Struct, frozen=True, kw_only=True):
    """What stands open first: what follows from the patient's own `answer`, an element that is lower than the next by `lower_by`, or
    whatever it is about (`any`)."""

    section: Section
    lower_by: Decimal | None = None


def says_difficult(answer: str | None) -> bool:
    """Whether the code of an answer to the direct question says that something was difficult."""
    return answer in SAYS_YES


def opening(answer: str | None, scores: Mapping[str, Decimal | None]) -> Opening:
    """For a patient's answer to the direct question (its code) and their scores by element. An element counts only where all three are
    scored."""
    if says_difficult(answer):
        return Opening(section="answer")
    known = sorted((score, element) for element in _SCORED if (score := scores.get(element)) is not None)
    if len(known) == len(_SCORED) and (by := known[1][0] - known[0][0]) >= CLEARLY_LOWER:
        return Opening(section=known[0][1], lower_by=by)
    return Opening(section="any")


def pages_of(book: OptionBook, section: Section) -> tuple[tuple[PracticeOption, ...], ...]:
    """The options of a section by twos and threes, as they are offered."""
    if section == "answer":
        return _in_parts([one for key in book.after_answer if (one := book.get(key))])
    return _in_parts(book.about(section))


def _in_parts(options: Sequence[PracticeOption]) -> tuple[tuple[PracticeOption, ...], ...]:
    """As evenly as can be, so that none stands alone that need not."""
    parts = -(-len(options) // _MOST)
    sizes = [len(options) // parts + (place < len(options) % parts) for place in range(parts)] if parts else []
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return tuple(tuple(options[start : start + size]) for start, size in zip(starts, sizes, strict=True))
