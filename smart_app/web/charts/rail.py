"""Marks beneath a plot, at their days: what was said there in words and is no value of any axis, and by number what cannot be drawn."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from math import ceil
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.sentence import ENGLISH, Language, Sentence, counted, full_sentence, joined, said
from smart_app.web.charts.label_placement import CHARACTER, PIXELS, WIDTH, Anchor, Label, percent, short
from smart_app.web.charts.plot import Plot, Stroke, Symbol, SymbolGroup, TimeScale

_LINE, _MIDDLE = 18, 9
_FROM_MARK, _FROM_NUMBER, _TO_BASE = 11, 14, 4
# What is free beside a plot, in pixels: nothing of an axis reaches down here.
_BESIDE = 40
# The narrowest a plot is drawn, in pixels, on a page of two columns or one above the other, and on one of 320 pixels.
_WIDE, _NARROW = 430, 190
# Half of what a number takes there, with a pixel of air, by the characters it has at most, and its shape.
_SHAPES = ((2, 9, "number"), (4, 17, "numbers"), (99, 28, "many-numbers"))
_MOST_SAID = 5
# The height of a line of the words below, about how many characters it holds, and how many a number with its air takes.
_TEXT_LINE, _IN_LINE, _AIR = 16, 100, 4


class Rail(Struct, frozen=True, kw_only=True):
    """Where the marks stand, in units across, and the words: at which of them, on which side, and on the line of the marks (1) or beneath
    it (2)."""

    across: tuple[int, ...]
    words: Sentence
    at: int
    anchor: Anchor
    lines: int

    @property
    def height(self) -> int:
        """What it takes of the room of a plot."""
        return self.lines * _LINE


def rail(days: Sequence[date], words: Sentence, *, time: TimeScale, language: Language = ENGLISH) -> Rail:
    """The marks of days, oldest first and at least one. The words stand before the first where there is room, else after the last, else
    on a line of their own, so that they meet no mark."""
    across = tuple(dict.fromkeys(time.across(days)))
    found = _beside_marks(across, words, language)
    if found is not None:
        at, anchor = found
        return Rail(across=across, words=words, at=at, anchor=anchor, lines=1)
    last = across[-1]
    return Rail(across=across, words=words, at=last, anchor="end" if last > WIDTH / 2 else "start", lines=2)


def _beside_marks(across: Sequence[int], words: Sentence, language: Language) -> tuple[int, Anchor] | None:
    """At which mark words find room on the line of the marks, and how they are set; None where nowhere."""
    first, last = across[0], across[-1]
    long = len(said(words, language)) * CHARACTER + _FROM_NUMBER
    if first * PIXELS / WIDTH + _BESIDE >= long:
        return first, "end"
    return (last, "start") if (WIDTH - last) * PIXELS / WIDTH + _BESIDE >= long else None


def with_rail(plot: Plot, beneath: Rail) -> Plot:
    """The plot with an open triangle for each mark, and the words."""
    y = plot.height + _MIDDLE
    away = _FROM_MARK if beneath.lines == 1 else -_FROM_MARK
    label = _words(beneath.words, beneath.at, y + beneath.height - _LINE, beneath.anchor, away)
    marks = tuple(Symbol("more", percent(x), short(y)) for x in beneath.across)
    return replace(
        plot,
        height=plot.height + beneath.height,
        symbols=(*plot.symbols, SymbolGroup(style="note", symbols=marks)),
        labels=(*plot.labels, label),
    )


def _words(words: Sentence, at: int, y: int, anchor: Anchor, away: int) -> Label:
    dx = str(away if anchor == "start" else -away)
    return Label(text=words, x=percent(at), dx=dx, y=short(y + _TO_BASE), anchor=anchor, style="note")


# What cannot be drawn


class Unusable(NamedTuple):
    """Something recorded that cannot be drawn: when, in words what, and, where these do not say it, `why` as a sentence."""

    when: Moment
    words: Sentence
    why: Sentence | None = None

    def told(self) -> Sentence:
        """All of it."""
        said = full_sentence(Sentence("{day}: {what}", day=self.when, what=self.words))
        return joined(" ", [said, full_sentence(self.why)]) if self.why else said


class NumberMark(NamedTuple):
    """A number on the rail, or those from one to another (`2–4`) where they would lie over each other."""

    x: int
    text: str
    shape: str


class RailWords(NamedTuple):
    """What a number on the rail stands for, or those from one to another."""

    number: str
    words: Sentence


class NumberedRail(Struct, frozen=True, kw_only=True):
    """What cannot be drawn, at its days: the numbers on a wide page and on a narrow one, and the words in the same order. `beside` is how
    the words of a single one stand on the line itself on a wide page; None where they stand below on any."""

    wide: tuple[NumberMark, ...]
    narrow: tuple[NumberMark, ...]
    words: tuple[RailWords, ...]
    beside: Label | None

    @property
    def height(self) -> int:
        """What the line itself takes of the room of a plot."""
        return _LINE

    def room(self, language: Language) -> int:
        """What line and words take beneath a plot, where they are on a page of two columns."""
        long = sum(len(said(one.words, language)) + _AIR for one in self.words)
        return _LINE + (0 if self.beside else _TEXT_LINE * ceil(long / _IN_LINE))

    def told(self) -> Sentence:
        """The words one after the other."""
        return joined(" ", [Sentence("Not drawn:"), *(one.words for one in self.words)])


def in_not_shown(more: int) -> Sentence:
    """Where those are that are not said."""
    return counted("{n} more in “Not shown”.", "{n} more in “Not shown”.", more)


def numbered_rail(
    entries: Sequence[Unusable], *, time: TimeScale, language: Language = ENGLISH, more: Callable[[int], Sentence] = in_not_shown
) -> NumberedRail:
    """The rail of what cannot be drawn, at least one, of days in the range and in any order. The oldest is 1; of many the first are said,
    and how many `more` there are."""
    ordered = sorted(entries, key=lambda one: position(one.when))
    across = time.across([one.when.day for one in ordered])
    found = _beside_marks(across, ordered[0].words, language) if len(ordered) == 1 else None
    return NumberedRail(
        wide=_kept_apart(across, _WIDE),
        narrow=_kept_apart(across, _NARROW),
        words=tuple(_said(ordered, more)),
        beside=_words(ordered[0].words, found[0], 0, found[1], _FROM_NUMBER) if found else None,
    )


def _said(ordered: Sequence[Unusable], more: Callable[[int], Sentence]) -> Iterator[RailWords]:
    for number, one in enumerate(ordered[:_MOST_SAID], 1):
        yield RailWords(str(number), one.told())
    if len(ordered) > _MOST_SAID:
        yield RailWords(_from_to(_MOST_SAID + 1, len(ordered)), more(len(ordered) - _MOST_SAID))


def _from_to(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


class _Run(NamedTuple):
    """Numbers that share a mark: the first and the last of them, and their places."""

    first: int
    last: int
    left: int
    right: int

    def mark(self) -> NumberMark:
        text = _from_to(self.first, self.last)
        return NumberMark((self.left + self.right) // 2, text, next(shape for most, _, shape in _SHAPES if len(text) <= most))

    def half(self) -> int:
        text = _from_to(self.first, self.last)
        return next(half for most, half, _ in _SHAPES if len(text) <= most)


def _kept_apart(across: Sequence[int], pixels: int) -> tuple[NumberMark, ...]:
    """A mark for each place, in order; those that would lie over each other in a plot so wide are one."""
    runs: list[_Run] = []
    for number, x in enumerate(across, 1):
        run = _Run(number, number, x, x)
        while runs and _overlap(runs[-1], run, pixels):
            before = runs.pop()
            run = _Run(before.first, run.last, before.left, run.right)
        runs.append(run)
    return tuple(run.mark() for run in runs)


def _overlap(one: _Run, other: _Run, pixels: int) -> bool:
    return (other.mark().x - one.mark().x) * pixels / WIDTH < one.half() + other.half()


def with_numbers(plot: Plot, beneath: NumberedRail) -> Plot:
    """The plot with the rail as one more line under it."""
    y = plot.height + _MIDDLE
    sizes = {"": beneath.wide} if beneath.wide == beneath.narrow else {" wide": beneath.wide, " narrow": beneath.narrow}
    labels = [replace(beneath.beside, y=short(y + _TO_BASE))] if beneath.beside else []
    groups = []
    for size, marks in sizes.items():
        groups.append(SymbolGroup(style=f"note{size}", symbols=tuple(Symbol(one.shape, percent(one.x), short(y)) for one in marks)))
        labels += [_number(one, y, size) for one in marks]
    return replace(
        plot,
        height=plot.height + beneath.height,
        back=(*plot.back, Stroke(style="rail", d=f"M0 {y}H{WIDTH}")),
        symbols=(*plot.symbols, *groups),
        labels=(*plot.labels, *labels),
    )


def _number(one: NumberMark, y: int, size: str) -> Label:
    return Label(text=one.text, x=percent(one.x), dx="0", y=short(y + _TO_BASE), anchor="middle", style=f"number{size}")


def numbers_alone(beneath: NumberedRail) -> Plot:
    """The rail as a plot of its own, all words below it."""
    empty = Plot(height=0, lines=(), symbols=(), dots=(), labels=(), left=(), right=(), units=None)
    return with_numbers(empty, replace(beneath, beside=None))
