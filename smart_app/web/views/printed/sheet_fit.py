"""How much closer a page has to be set so that it is one sheet of A4, and of Letter, whatever names and words it holds.

Paper has no script to measure it, so its lines are counted beforehand, each text in the language of the page: too close by a step is
harmless, a second sheet with two lines of small print is not."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Literal

from msgspec import Struct

from fhir_mappings.sentence import English, Language, said
from smart_app.web.languages.text_width import columns

# By the names that the style sheet has for them; "" as it is.
Fit = Literal["", "close", "closer", "closest"]
_STEPS: Mapping[Fit, float] = {"": 1, "close": 0.92, "closer": 0.84, "closest": 0.74}
# CSS pixels between the margins: the width of A4, which is the narrower sheet, and the height of Letter, which is the lower.
_WIDTH, _HEIGHT = 703, 970
# A sign is about half as wide as its type is high, and a line breaks before it is full.
_SIGN, _FULL = 0.5, 0.97
# On a page of another language some sentences stand in English beneath.
_BENEATH = 1.15


class Printed(Struct, frozen=True, kw_only=True):
    """A part of the page: `texts` that go on in one another's lines, in type of that `size`, in lines of that height, and what is about
    them: `more` in height, `inset` in width. `first`: how much larger the first text is; `apart`: the others begin a line of their own
    where all are not one. `set_close`: it is among what may be set closer."""

    texts: Sequence[str] = ()
    size: float = 12
    line: float = 16
    more: float = 0
    inset: float = 0
    first: float = 1
    apart: bool = False
    set_close: bool = True


def fit_of(parts: Iterable[Printed], language: Language) -> Fit:
    """The widest setting in which they are one sheet; the closest where none is."""
    every = [(part, _widths(part, language)) for part in parts]
    return next((step for step, zoom in _STEPS.items() if _height(every, zoom) <= _HEIGHT), "closest")


def _height(parts: Iterable[tuple[Printed, Sequence[float]]], zoom: float) -> float:
    """Of all, in pixels of the paper: what is set closer has as much more room in its lines."""
    return sum(zoom * _tall(part, wide, _WIDTH / zoom) if part.set_close else _tall(part, wide, _WIDTH) for part, wide in parts)


def _tall(part: Printed, wide: Sequence[float], width: float) -> float:
    room = (width - part.inset) * _FULL
    first, rest = (wide[:1], wide[1:]) if part.apart and sum(wide) > room else (wide, ())
    return part.more + part.line * (ceil(sum(first) / room) + ceil(sum(rest) / room))


def _widths(part: Printed, language: Language) -> list[float]:
    size = part.size if isinstance(language, English) else part.size * _BENEATH
    sizes = [size * (part.first if place == 0 else 1) for place in range(len(part.texts))]
    return [_wide(text, language) * size * _SIGN for text, size in zip(part.texts, sizes, strict=True) if text]


def _wide(text: str, language: Language) -> int:
    """In signs, with the one that parts it from the next."""
    return 1 + columns(said(text, language))
