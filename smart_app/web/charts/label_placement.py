"""Finds room for words in a plot, as long as they are in the language of the page, clear of marks, lines and each other. Places are units
across and pixels down, as in `charts`."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct

from fhir_mappings.sentence import ENGLISH, Language, said

WIDTH = 2000
SIDES = ("above", "below", "above right", "above left", "below right", "below left", "right", "left")
BESIDE_FIRST = ("right", "left", *SIDES)

Anchor = Literal["start", "middle", "end"]
_ANCHORS: dict[str, Anchor] = {"right": "start", "left": "end"}
PIXELS = 476  # width a plot has on a 1024 px page, the narrowest of frames; labels kept apart there are apart on wider ones
CHARACTER = 6.7  # mean advance of 12 px tabular text
_CAPITAL, _FULL_WIDTH = 8.8, 12  # that of words in capitals alone, and of a sign as wide as the text is high
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})  # what stands above, below or around another sign, and signs that only direct
_OVERHANG = (6, 4, 4, 8)  # pixels a label may stand out of the plot: above, below, left, right
_CORNER = 12  # pixels down to which words at the top of a plot reach
_INDENT = 6  # pixels from the ends of a plot
_CLEAR = 5  # pixels between words and the middle of a mark


class Segment(NamedTuple):
    """A straight stretch of a line."""

    x0: int
    y0: float
    x1: int
    y1: float


class Label(Struct, frozen=True, kw_only=True):
    """Words in a plot: `x` in percent, `dx` and `y` in pixels."""

    text: str
    x: str
    dx: str
    y: str
    anchor: Anchor
    style: str


class _Box(NamedTuple):
    """A rectangle, in pixels at the narrowest width labels are made for."""

    left: float
    top: float
    right: float
    bottom: float


class _Place(NamedTuple):
    """A place for words: `dx` from their mark, `base` from the top, and the room they take there."""

    dx: int
    base: float
    anchor: Anchor
    box: _Box


class Room:
    """One plot's free places. Every label it gives out is taken from then on. Marks and segments are only looked at when there are words
    to place; most plots have none."""

    def __init__(
        self,
        height: int,
        marks: Iterable[tuple[int, float]],
        segments: Iterable[Segment],
        *,
        language: Language = ENGLISH,
        narrowest: int = PIXELS,
    ) -> None:
        """`narrowest`: how wide the plot is on the narrowest page that shows its words."""
        self._height = height
        self._stretch = PIXELS / narrowest
        self._language = language
        self._given = marks, segments
        self._taken: list[_Box] = []

    @cached_property
    def _marks(self) -> list[tuple[float, float]]:
        return sorted((_pixels(x), y) for x, y in self._given[0])

    @cached_property
    def _segments(self) -> list[Segment]:
        return sorted(self._given[1])

    @cached_property
    def _longest(self) -> int:
        return max((segment.x1 - segment.x0 for segment in self._segments), default=0)

    def _segments_near(self, box: _Box) -> list[Segment]:
        """Every segment that stands anywhere over or under the box, and few others."""
        first = bisect_left(self._segments, (_units(box.left) - self._longest - 1,))
        return self._segments[first : bisect_right(self._segments, (_units(box.right) + 1,))]

    def put(self, text: str, x: int, y: float, *, style: str, sides: Sequence[str]) -> list[Label]:
        """The label at the first free side of a place, or nothing."""
        for side in sides:
            place = _at(self._wide(text), x, y, side=side)
            if self._inside(place.box) and not self._occupied(place.box):
                return [self._take(text, x, place, style)]
        return []

    def force(self, text: str, places: Sequence[tuple[int, float]], *, style: str) -> Label:
        """The label at the first side of the first place that is free of other words, whatever lines and marks are there; where none is,
        above the first place."""
        tries = [(x, _at(self._wide(text), x, y, side=side)) for x, y in places for side in SIDES]
        free = (one for one in tries if self._inside(one[1].box) and not self._over_words(one[1].box))
        x, place = next(free, tries[0])
        return self._take(text, x, place, style)

    def _take(self, text: str, x: int, place: _Place, style: str) -> Label:
        self._taken.append(place.box)
        return Label(text=text, x=percent(x), dx=str(place.dx), y=short(place.base), anchor=place.anchor, style=style)

    def along(self, text: str, bases: Sequence[float], *, style: str) -> list[Label]:
        """Words that belong to no mark, at the first of the heights with room at its left or right end, or nothing."""
        wide = self._wide(text)
        for base in bases:
            ends: tuple[tuple[int, int, Anchor, float], ...] = (
                (0, _INDENT, "start", _INDENT),
                (WIDTH, -_INDENT, "end", PIXELS - _INDENT - wide),
            )
            for x, dx, anchor, left in ends:
                place = _Place(dx, base, anchor, _Box(left, base - 10, left + wide, base + 3))
                if self._inside(place.box) and not self._occupied(place.box):
                    return [self._take(text, x, place, style)]
        return []

    def reserve(self, x: int, y: float) -> None:
        """Keep the place of a mark itself free of words."""
        across = _pixels(x)
        self._taken.append(_Box(across - 6, y - 6, across + 6, y + 6))

    def reserve_corner(self, text: str, left: int) -> None:
        """Keep free what stands at the top from `left` of the plot on."""
        self._taken.append(_Box(left, -_OVERHANG[0], left + self._wide(text), _CORNER))

    def _wide(self, text: str) -> float:
        """How wide words are, in pixels."""
        return across(said(text, self._language)) * self._stretch

    def _inside(self, box: _Box) -> bool:
        above, below, left, right = _OVERHANG
        down = box.top >= -above and box.bottom <= self._height + below
        return down and box.left >= -left and box.right <= PIXELS + right

    def _over_words(self, box: _Box) -> bool:
        return any(_meet(box, other) for other in self._taken)

    def _occupied(self, box: _Box) -> bool:
        if self._over_words(box):
            return True
        first, last = bisect_left(self._marks, (box.left - 5, -1e9)), bisect_right(self._marks, (box.right + 5, 1e9))
        if any(box.top - _CLEAR < y < box.bottom + _CLEAR for _, y in self._marks[first:last]):
            return True
        return any(_runs_through(segment, box) for segment in self._segments_near(box))


def across(words: str) -> float:
    """How many pixels wide words are at 12 px: as long as most are, or by their signs where these are all capitals or of other scripts."""
    capitals = words.isupper()
    return len(words) * CHARACTER if words.isascii() and not capitals else sum(_advance(sign, capitals=capitals) for sign in words)


def _advance(sign: str, *, capitals: bool) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return _FULL_WIDTH
    if unicodedata.category(sign) in _NO_WIDTH:
        return 0
    return _CAPITAL if capitals and sign.isupper() else CHARACTER


@lru_cache(maxsize=WIDTH + 1)
def percent(x: int) -> str:
    """Units across as a percentage of the plot's width."""
    return f"{x * 100 / WIDTH:.5g}%"


@lru_cache(maxsize=4096)  # tenths of a pixel: a plot has fewer than two thousand
def short(number: float) -> str:
    """A tenth of a pixel is enough, and no digits that say nothing."""
    return f"{round(number, 1):g}"


def _at(width: float, x: int, y: float, *, side: str) -> _Place:
    """Where words of that width stand `side` of a mark."""
    across = _pixels(x)
    anchor = _ANCHORS.get(side.rpartition(" ")[2], "middle")
    if anchor == "middle" and across < width / 2:
        anchor = "start"
    elif anchor == "middle" and across > PIXELS - width / 2:
        anchor = "end"
    dx = {"right": 10, "left": -10}.get(side) or {"start": -5, "middle": 0, "end": 5}[anchor]
    base = y + {"above": -9, "below": 19}.get(side[:5], 4)
    left = across + dx - {"start": 0, "middle": width / 2, "end": width}[anchor]
    return _Place(dx, base, anchor, _Box(left, base - 10, left + width, base + 3))


def _meet(one: _Box, other: _Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def _runs_through(segment: Segment, box: _Box) -> bool:
    """Whether a line runs through a box."""
    start, end = _pixels(segment.x0), _pixels(segment.x1)
    left, right = max(box.left, start), min(box.right, end)
    if left > right:
        return False
    run = end - start
    slope = (segment.y1 - segment.y0) / run if run else 0.0
    heights = [segment.y0 + (x - start) * slope for x in (left, right)]
    return min(heights) < box.bottom + 2 and max(heights) > box.top - 2


def _pixels(x: int) -> float:
    return x * PIXELS / WIDTH


def _units(pixels: float) -> float:
    return pixels * WIDTH / PIXELS
