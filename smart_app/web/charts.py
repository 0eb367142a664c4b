"""Series into geometry: where lines, marks, labels and ticks stand. Knows no FHIR, no wording of pages and no HTML.

Across, a plot is `WIDTH` units wide, whatever its width on screen, so one date stands at one place in every lane; down, it is in pixels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from smart_app.web.formats import MONTHS
from smart_app.web.labels import BELOW_FIRST, BESIDE_FIRST, SIDES, WIDTH, Label, Room, Segment, percent, short

_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120, 240)
_MOST_TICKS = 13
_YEARLY = 12
_DENSE = 32  # points of one series from which marks are drawn small
_MOST_LABELS = 10
_TICK_HEIGHT = 10
_MOST_TRIES = 12
_FILLED = {"dot", "square"}
_SIZED = {"diamond", "converted", "preliminary"}

Mark = Literal["dot", "square", "diamond", "converted", "preliminary", "less", "more"]


class Point(NamedTuple):
    """One value at one day; a tuple, because a page has a thousand. `joined` is False for what no line may touch; `ring` marks
    a corrected value; `paired` is the lower end of a bar; `label` words to write beside it, `weight` their rank (0: none,
    3: first to be placed)."""

    day: date
    value: float
    mark: Mark = "dot"
    joined: bool = True
    ring: bool = False
    paired: float | None = None
    label: str = ""
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values of one rater or one method, oldest first. `style` is a class name; no line spans more than `gap_days`
    or a day in `breaks`."""

    style: str
    points: Sequence[Point]
    gap_days: int
    breaks: Sequence[date] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cross:
    """Something recorded that cannot be drawn: a cross and words at its day."""

    day: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """`at` is a place on the axis (units across or pixels down), `text` its label, `strong` a second, bold label (the year);
    `minor` labels make room on narrow screens."""

    at: str
    text: str
    strong: str = ""
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One path, units across and pixels down, drawn by class."""

    style: str
    d: str


class Symbol(NamedTuple):
    """A mark of its own shape: `x` in percent, `y` in pixels."""

    shape: str
    x: str
    y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolGroup:
    """Symbols that share a class."""

    style: str
    symbols: tuple[Symbol, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawn plot: lines first, then symbols, then filled dots, then labels."""

    height: int
    lines: tuple[Stroke, ...]
    symbols: tuple[SymbolGroup, ...]
    dots: tuple[Stroke, ...]
    labels: tuple[Label, ...]
    left: tuple[Tick, ...]
    right: tuple[Tick, ...]
    units: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeScale:
    """Days from `start` to `end`, proportional."""

    start: date
    end: date

    def x(self, day: date) -> int:
        """Units from the left edge; days outside the range stand at the edge."""
        return self.across([day])[0]

    def across(self, days: Iterable[date]) -> list[int]:
        """The same for many days at once."""
        first = self.start.toordinal()
        span = max(self.end.toordinal() - first, 1)
        places = (day.toordinal() - first for day in days)
        return [round((place if 0 <= place <= span else 0 if place < 0 else span) * WIDTH / span) for place in places]

    def percent(self, day: date) -> str:
        """The same place as a percentage of the plot's width."""
        return percent(self.x(day))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueScale:
    """A fixed value axis, `low` at the bottom; `margin` pixels stay free at both ends."""

    low: float
    high: float
    height: int
    margin: int = 7

    def y(self, value: float) -> float:
        """Pixels from the top to a tenth, values beyond the axis at its edge."""
        return self.down([value])[0]

    def down(self, values: Iterable[float]) -> list[float]:
        """The same for many values at once."""
        low, high = self.low, self.high
        step = (self.height - 2 * self.margin) / (high - low)
        foot = self.height - self.margin
        return [round(foot - ((value if low <= value <= high else low if value < low else high) - low) * step, 1) for value in values]

    def beyond(self, value: float) -> bool:
        """Whether the axis does not reach `value`."""
        return not self.low <= value <= self.high

    def ticks(self, values: Iterable[float], texts: Iterable[str]) -> tuple[Tick, ...]:
        """Ticks down the side of the plot; one that would touch the tick before it is left out."""
        kept: list[tuple[float, str]] = []
        for value, text in zip(values, texts, strict=True):
            if not kept or abs(self.y(value) - kept[-1][0]) >= _TICK_HEIGHT:
                kept.append((self.y(value), text))
        return tuple(Tick(at=short(y), text=text) for y, text in kept)


def time_ticks(scale: TimeScale) -> tuple[Tick, ...]:
    """Months or years along the axis, at most twelve; the year stands over the first tick and over each January."""
    step = _month_step(scale)
    ticks: list[Tick] = []
    for index, day in enumerate(_month_starts(scale, step)):
        yearly = step >= _YEARLY
        year = str(day.year)
        strong = "" if yearly or (ticks and day.month != 1) or scale.x(day) > 0.93 * WIDTH else year
        ticks.append(Tick(at=scale.percent(day), text=year if yearly else MONTHS[day.month - 1], strong=strong, minor=index % 2 == 1))
    return tuple(ticks)


def vertical_lines(scale: TimeScale, days: Iterable[date]) -> str:
    """A path of full-height lines in a box one unit high."""
    return "".join(f"M{x} 0v1" for x in sorted({scale.x(day) for day in days}))


def draw(
    series: Sequence[Series],
    *,
    time: TimeScale,
    values: ValueScale,
    crosses: Sequence[Cross] = (),
    left: tuple[Tick, ...] = (),
    right: tuple[Tick, ...] = (),
    units: tuple[str, str] | None = None,
    small: bool = False,
) -> Plot:
    """Everything one plot shows. `small` marks also come with many points. Labels that find no free place are left out;
    their facts stand in the table."""
    small = small or any(len(each.points) > _DENSE for each in series)
    placed = [_place(each, time, values) for each in series]
    joins = [_joins(each, points) for each, points in zip(series, placed, strict=True)]
    room = Room(
        values.height,
        [(point.x, point.y) for points in placed for point in points],
        [Segment(one.x, one.y, other.x, other.y) for each in joins for one, other in each],
    )
    marked, words = _crosses(crosses, time, room)
    words += [label for each, points in zip(series, placed, strict=True) for label in _name(each, points, room)]
    words += _labels(series, placed, room)
    return Plot(
        height=values.height,
        lines=tuple(_lines(series, placed, joins, values, small=small)),
        symbols=tuple(_symbols(series, placed, values, small=small)) + marked,
        dots=tuple(_dots(series, placed, small=small)),
        labels=tuple(words),
        left=left,
        right=right,
        units=units,
    )


class _Placed(NamedTuple):
    """A point where it stands; `shape` is its mark, or a triangle beyond the axis; `at` is the place as a path writes it."""

    point: Point
    x: int
    y: float
    shape: str
    at: str


def _place(series: Series, time: TimeScale, values: ValueScale) -> list[_Placed]:
    points, low, high = series.points, values.low, values.high
    across, down = time.across(point.day for point in points), values.down(point.value for point in points)
    return [
        _Placed(point, x, y, point.mark if low <= point.value <= high else _edge_shape(point.value, high), f"{x} {y:g}")
        for point, x, y in zip(points, across, down, strict=True)
    ]


def _edge_shape(value: float, high: float) -> str:
    return "above" if value > high else "below"


def _joins(series: Series, placed: Sequence[_Placed]) -> list[tuple[_Placed, _Placed]]:
    """The neighbours that a line may join."""
    return [
        (before, after) for before, after in pairwise(placed) if before.point.paired is None and _joined(before.point, after.point, series)
    ]


def _joined(before: Point, point: Point, series: Series) -> bool:
    if not (before.joined and point.joined) or (point.day - before.day).days > series.gap_days:
        return False
    return not series.breaks or not any(before.day <= day <= point.day for day in series.breaks)


def _lines(
    series: Sequence[Series],
    placed: Sequence[Sequence[_Placed]],
    joins: Sequence[Sequence[tuple[_Placed, _Placed]]],
    values: ValueScale,
    *,
    small: bool,
) -> Iterable[Stroke]:
    """One path of bars and one broken line per series, each only where there is any."""
    for each, points, segments in zip(series, placed, joins, strict=True):
        style = f"{each.style} small" if small else each.style
        bars = "".join(f"M{place.at}V{short(values.y(place.point.paired))}" for place in points if place.point.paired is not None)
        if bars:
            yield Stroke(style=f"{style} bar", d=bars)
        if segments:
            yield Stroke(style=style, d=_path(segments))


def _path(joins: Sequence[tuple[_Placed, _Placed]]) -> str:
    """Joins as one path; a join that begins where the one before ended carries it on."""
    parts: list[str] = []
    here: _Placed | None = None
    for before, after in joins:
        parts.append(f"L{after.at}" if here is before else f"M{before.at}L{after.at}")
        here = after
    return "".join(parts)


def _dots(series: Sequence[Series], placed: Sequence[Sequence[_Placed]], *, small: bool) -> Iterable[Stroke]:
    """Filled dots (or squares) of a series as one path of zero-length strokes, round or square by class."""
    for each, points in zip(series, placed, strict=True):
        d = "".join(f"M{place.at}h0" for place in points if place.shape in _FILLED and place.point.paired is None)
        if d:
            yield Stroke(style=f"{each.style} small dots" if small else f"{each.style} dots", d=d)


def _symbols(series: Sequence[Series], placed: Sequence[Sequence[_Placed]], values: ValueScale, *, small: bool) -> Iterable[SymbolGroup]:
    """Marks with a shape of their own, per series."""
    for each, points in zip(series, placed, strict=True):
        special = (place for place in points if place.shape not in _FILLED or place.point.ring or place.point.paired is not None)
        symbols = [symbol for place in special for symbol in _symbols_at(place, values, small=small)]
        if symbols:
            yield SymbolGroup(style=each.style, symbols=tuple(symbols))


def _symbols_at(place: _Placed, values: ValueScale, *, small: bool) -> list[Symbol]:
    """The mark of one point unless it is a dot, a ring around a corrected one, a triangle on a bar that leaves the axis."""
    point, x, y, shape, _ = place
    if point.paired is not None:
        return [_edge(point, x, values)] if values.beyond(point.value) or values.beyond(point.paired) else []
    shapes = [] if shape in _FILLED else [f"small-{shape}" if small and shape in _SIZED else shape]
    if point.ring:
        shapes.append("ring")
    return [Symbol(shape=each, x=percent(x), y=short(y)) for each in shapes]


def _edge(point: Point, x: int, values: ValueScale) -> Symbol:
    shape = _edge_shape(point.value, values.high)
    value = point.value if shape == "above" or point.paired is None else point.paired
    return Symbol(shape=shape, x=percent(x), y=short(values.y(value)))


def _crosses(crosses: Sequence[Cross], time: TimeScale, room: Room) -> tuple[tuple[SymbolGroup, ...], list[Label]]:
    """A cross at each day, low in the plot unless a line runs there, with its words beside it."""
    symbols, words = [], []
    for cross in crosses:
        x = time.x(cross.day)
        y = room.free_height(x, cross.words)
        symbols.append(Symbol(shape="cross", x=percent(x), y=short(y)))
        words += room.put(cross.words, x, y, style="note", sides=BELOW_FIRST)
        room.reserve(x, y)
    return ((SymbolGroup(style="note", symbols=tuple(symbols)),) if symbols else ()), words


def _name(series: Series, placed: Sequence[_Placed], room: Room) -> list[Label]:
    """The series' name on its line, near the middle, on whichever side is free."""
    if not series.name or not placed:
        return []
    style = f"{series.style} name"
    nearest = sorted(placed, key=lambda place: abs(place.x - WIDTH * 0.45))[:_MOST_TRIES]
    for place in nearest:
        if found := room.put(series.name, place.x, place.y, style=style, sides=("above", "below")):
            return found
    return [room.force(series.name, nearest[0].x, nearest[0].y, style=style)]


def _labels(series: Sequence[Series], placed: Sequence[Sequence[_Placed]], room: Room) -> list[Label]:
    """Labels of points, the weightiest and newest first, as long as there is room."""
    wanted = [(place, each.style) for each, points in zip(series, placed, strict=True) for place in points if place.point.weight]
    wanted.sort(key=lambda pair: (-pair[0].point.weight, -pair[0].x))
    return [label for place, style in wanted[:_MOST_LABELS] for label in _label(place, style, room)]


def _label(place: _Placed, style: str, room: Room) -> list[Label]:
    """A point's label beside its mark; a value off the scale is at least named by its number."""
    point, x, y, shape, _ = place
    named = ("note", f"{style} value minor", f"{style} value")[point.weight - 1]
    pointed = shape in {"above", "below", "less", "more"}
    sides = BESIDE_FIRST if pointed else SIDES
    found = room.put(point.label, x, y, style=named, sides=sides)
    return found or (room.put(point.label.partition(",")[0], x, y, style=named, sides=sides) if pointed else [])


def _month_step(scale: TimeScale) -> int:
    months = (scale.end - scale.start).days / 30.4
    return next((step for step in _MONTH_STEPS if months / step <= _MOST_TICKS), _MONTH_STEPS[-1])


def _month_starts(scale: TimeScale, step: int) -> Iterable[date]:
    """First days of the months that count evenly from January of year 0 in steps of `step`."""
    month = scale.start.year * 12 + scale.start.month - 1
    last = scale.end - timedelta(days=1)
    for index in range(month, last.year * 12 + last.month):
        day = date(index // 12, index % 12 + 1, 1)
        if index % step == 0 and day >= scale.start:
            yield day
