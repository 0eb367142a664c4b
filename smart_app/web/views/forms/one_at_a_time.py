"""A form with one question on a screen. All of it is on the page all the same, so whatever is sent holds every answer given so far: a
screen is what is shown of it. Screen 0 is what is read before the first question, then each question has one, and the last has Send and
what is not answered yet."""

from collections.abc import Sequence

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence

# Chosen instead of a screen: all questions on one page.
ALL = "all"


class Asked(Struct, frozen=True, kw_only=True):
    """One question: what stands above it, whether it is answered, and whether nobody needs to answer it (`may_stay`)."""

    place: Sentence
    given: bool
    may_stay: bool = False


class Unanswered(Struct, frozen=True, kw_only=True):
    """The way from the last screen to a question without an answer."""

    screen: int
    called: Sentence


class Screens(Struct, frozen=True, kw_only=True):
    """`address` is that of a screen, whose number follows. `chosen` is what whoever answers has chosen: a screen, ALL, or "" for nothing
    yet. `now` is the screen that is shown, -1 where the whole form is, and `place` which question that is. `last` is the screen with
    Send, and `open` leads from there. `first_open` is the first question without an answer, and `on_phones` where a phone begins by
    itself, "" where it shows the whole form."""

    address: str
    chosen: str
    now: int
    place: Sentence
    last: int
    open: tuple[Unanswered, ...]
    first_open: int
    on_phones: str


def screens_of(asked: Sequence[Asked], *, address: str, chosen: str, wrong: bool, on_phones: bool, told: bool) -> Screens:
    """The screens of a form. What is `wrong` with it stands on the last one; `on_phones`: a phone shows one question at a time by itself;
    `told`: what is read before the first question was read on the page before."""
    last = len(asked) + 1
    now = _screen(chosen, last)
    now = last if wrong and now >= 0 else now
    open_ones = [number for number, one in enumerate(asked, 1) if not (one.given or one.may_stay)]
    first_open = open_ones[0] if open_ones else last
    begun = any(one.given for one in asked)
    return Screens(
        address=address,
        chosen=str(now) if now >= 0 else chosen if chosen == ALL else "",
        now=now,
        place=asked[now - 1].place if 0 < now < last else NOTHING,
        last=last,
        open=tuple(Unanswered(screen=number, called=asked[number - 1].place) for number in open_ones),
        first_open=first_open,
        on_phones=str(first_open if begun or told else 0) if on_phones else "",
    )


def _screen(chosen: str, last: int) -> int:
    """The number of a screen of this form, -1 for none."""
    return min(int(chosen), last) if chosen.isascii() and chosen.isdecimal() and len(chosen) < _LONG else -1


# Of a number that is no screen's of any form.
_LONG = 5
