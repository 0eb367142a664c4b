"""Marks beneath a plot, at their days: what was said there in words and is no value of any axis."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import ENGLISH, Language, Sentence, said
from smart_app.web.charts.label_placement import CHARACTER, PIXELS, WIDTH, Anchor, Label, percent, short
from smart_app.web.charts.plot import Plot, Symbol, SymbolGroup, TimeScale

_LINE, _MIDDLE = 18, 9
_FROM_MARK, _TO_BASE = 11, 4
# What is free beside a plot, in pixels: nothing of an axis reaches down here.
_BESIDE = 40


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
    first, last = across[0], across[-1]
    long = len(said(words, language)) * CHARACTER + _FROM_MARK
    if first * PIXELS / WIDTH + _BESIDE >= long:
        return Rail(across=across, words=words, at=first, anchor="end", lines=1)
    if (WIDTH - last) * PIXELS / WIDTH + _BESIDE >= long:
        return Rail(across=across, words=words, at=last, anchor="start", lines=1)
    return Rail(across=across, words=words, at=last, anchor="end" if last > WIDTH / 2 else "start", lines=2)


def with_rail(plot: Plot, beneath: Rail) -> Plot:
    """The plot with an open triangle for each mark, and the words."""
    y = plot.height + _MIDDLE
    away = _FROM_MARK if beneath.lines == 1 else -_FROM_MARK
    label = Label(
        text=beneath.words,
        x=percent(beneath.at),
        dx=str(away if beneath.anchor == "start" else -away),
        y=short(y + _TO_BASE + beneath.height - _LINE),
        anchor=beneath.anchor,
        style="note",
    )
    marks = tuple(Symbol("more", percent(x), short(y)) for x in beneath.across)
    return replace(
        plot,
        height=plot.height + beneath.height,
        symbols=(*plot.symbols, SymbolGroup(style="note", symbols=marks)),
        labels=(*plot.labels, label),
    )
