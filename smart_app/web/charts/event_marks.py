"""Events on the time axis: a mark at each day, and above it words, of which none lies over another. What finds no room is named."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from fhir_mappings.sentence import ENGLISH, Language
from smart_app.web.charts.label_placement import Label, Room, percent, short
from smart_app.web.charts.plot import Plot, Stroke, Symbol, SymbolGroup, TimeScale

EventShape = Literal["dot", "square", "open-square", "open-circle", "triangle", "cross"]

_ALONE, _WITH_WORDS = 22, 36
_NARROWEST = 420  # pixels of a plot on a 561 px page; below that the words stand under it
_FOOT = 11  # from the middle of the marks to the end of the lane
_ABOVE = ("above", "above right", "above left")
# Filled marks are one path, round or square by class; the others are symbols that every plot shares.
_FILLED = {"dot": "measure dots", "square": "measure other dots"}
_SYMBOLS = {"open-square": "converted", "open-circle": "preliminary", "triangle": "more", "cross": "cross"}


class EventMark(NamedTuple):
    """One event: its day, its shape, and the words above it, "" where it needs none; `shorter` where these find no room, "" for none."""

    day: date
    shape: EventShape
    words: str = ""
    shorter: str = ""


class DrawnEvents(NamedTuple):
    """The plot, and the places of the marks whose words found no room in it."""

    plot: Plot
    dropped: tuple[int, ...]


def draw_events(marks: Sequence[EventMark], *, time: TimeScale, language: Language = ENGLISH) -> DrawnEvents:
    """The marks, oldest first; where words would meet, the later ones are left out."""
    height = _WITH_WORDS if any(mark.words for mark in marks) else _ALONE
    y, xs = height - _FOOT, time.across([mark.day for mark in marks])
    room = Room(height, [(x, float(y)) for x in xs], (), language=language, narrowest=_NARROWEST)
    labels: list[Label] = []
    dropped: list[int] = []
    for place, (mark, x) in enumerate(zip(marks, xs, strict=True)):
        if mark.words:
            tries = (room.put(words, x, y, style="note", sides=_ABOVE) for words in (mark.words, mark.shorter) if words)
            found = next(filter(None, tries), [])
            labels += found
            dropped += [] if found else [place]
    return DrawnEvents(
        Plot(
            height=height,
            lines=(),
            symbols=_symbols(marks, xs, y),
            dots=_dots(marks, xs, y),
            labels=tuple(labels),
            left=(),
            right=(),
            units=None,
        ),
        tuple(dropped),
    )


def _symbols(marks: Sequence[EventMark], xs: Sequence[int], y: int) -> tuple[SymbolGroup, ...]:
    """Each once, whatever number of events of a day have it."""
    found = dict.fromkeys(
        Symbol(_SYMBOLS[mark.shape], percent(x), short(y)) for mark, x in zip(marks, xs, strict=True) if mark.shape in _SYMBOLS
    )
    return (SymbolGroup(style="measure", symbols=tuple(found)),) if found else ()


def _dots(marks: Sequence[EventMark], xs: Sequence[int], y: int) -> tuple[Stroke, ...]:
    places = {shape: dict.fromkeys(x for mark, x in zip(marks, xs, strict=True) if mark.shape == shape) for shape in _FILLED}
    return tuple(
        Stroke(style=style, d="".join(f"M{x} {short(y)}h0" for x in places[shape])) for shape, style in _FILLED.items() if places[shape]
    )
