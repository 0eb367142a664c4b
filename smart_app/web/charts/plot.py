"""Series into geometry: where lines, marks, labels and ticks stand. Knows no FHIR, no wording of pages and no HTML.

Across, a plot is `WIDTH` units wide, whatever its width on screen, so one date stands at one place in every lane; down, it is in pixels.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from msgspec import Struct

from fhir_mappings.sentence import ENGLISH, Joined, Language
from smart_app.web.charts.label_placement import BESIDE_FIRST, SIDES, WIDTH, Label, Room, Segment, percent, short
from smart_app.web.formats import month_name

_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120, 240)
_MOST_TICKS = 13
_YEARLY = 12
_DENSE = 32  # points of one series from which marks are drawn small
_MOST_LABELS = 10
_TICK_HEIGHT = 10
_MOST_TRIES = 12
_BUBBLE_MIDDLE, _BUBBLE_ROOM = 15, 20  # from the middle of a mark to that of its bubble, and to its end
_UNDER_LINE, _TO_FOOT = 14, 4  # from a line to the foot of words under it, and of words over it
_TOP, _ALONG = 8, ("right", "left", "below right", "below left")  # beside the line of a break, at its upper end
_UNIT = -40  # where the unit of the left axis begins, over its ticks
_FILLED = {"dot", "square"}
_SMALL = {shape: f"small-{shape}" for shape in ("diamond", "converted", "preliminary")}

Mark = Literal["dot", "square", "diamond", "converted", "preliminary", "less", "more"]


class Point(NamedTuple):
    """One value at one day; a tuple, because a page has a thousand. `joined` is False for what no line may touch; `ring` marks
    a corrected value; `paired` is the lower end of a bar; `label` words to write beside it, `weight` their rank (0: none,
    3: first to be placed); `noted` marks what somebody commented on."""

    day: date
    value: float
    mark: Mark = "dot"
    joined: bool = True
    ring: bool = False
    paired: float | None = None
    label: str = ""
    weight: int = 0
    noted: bool = False


class Columns(NamedTuple):
    """The points of a series, field by field in the order of `Point`: whether all are alike is then asked in one call, and points that
    are need no object each (a fifth of a lane's time)."""

    days: Sequence[date]
    values: Sequence[float]
    marks: Sequence[Mark]
    joined: Sequence[bool]
    rings: Sequence[bool]
    paired: Sequence[float | None]
    labels: Sequence[str]
    weights: Sequence[int]
    noted: Sequence[bool]


def plain_columns(days: Sequence[date], values: Sequence[float], marks: Sequence[Mark]) -> Columns:
    """Points of which nothing more is to be said than day, value and mark."""
    number = len(days)
    no = (False,) * number
    return Columns(days, values, marks, (True,) * number, no, (None,) * number, ("",) * number, (0,) * number, no)


def columns(points: Sequence[Point] | Columns) -> Columns:
    """Points, at least one, as columns."""
    return points if isinstance(points, Columns) else Columns(*zip(*points, strict=True))


class PlotSeries(Struct, frozen=True, kw_only=True):
    """Values of one rater or one method, oldest first. `style` is a class name; no line spans more than `gap_days`
    or a day in `breaks`."""

    style: str
    points: Sequence[Point] | Columns
    gap_days: int
    breaks: Sequence[date] = ()
    name: str = ""


class Band(Struct, frozen=True, kw_only=True):
    """A pale stretch of values around a dotted line, from a day on or (None) all across."""

    low: float
    middle: float
    high: float
    since: date | None = None


class Break(Struct, frozen=True, kw_only=True):
    """From here on what is drawn may not be compared with what was before: a line across the plot, and words beside it, if any."""

    day: date
    words: str = ""


class Tick(NamedTuple):
    """`at` is a place on the axis (units across or pixels down), `text` its label, `strong` a second, bold label (the year);
    `minor` labels make room on narrow screens."""

    at: str
    text: str
    strong: str = ""
    minor: bool = False


class Stroke(Struct, frozen=True, kw_only=True):
    """One path, units across and pixels down, drawn by class."""

    style: str
    d: str


class Symbol(NamedTuple):
    """A mark of its own shape: `x` in percent, `y` in pixels."""

    shape: str
    x: str
    y: str


class SymbolGroup(Struct, frozen=True, kw_only=True):
    """Symbols that share a class."""

    style: str
    symbols: tuple[Symbol, ...]


class Units(Struct, frozen=True, kw_only=True):
    """What the two value axes of a plot are in."""

    left: str
    right: str


class Plot(Struct, frozen=True, kw_only=True):
    """A drawn plot: what lies behind everything, lines, then symbols, then filled dots, then labels."""

    height: int
    lines: tuple[Stroke, ...]
    symbols: tuple[SymbolGroup, ...]
    dots: tuple[Stroke, ...]
    labels: tuple[Label, ...]
    left: tuple[Tick, ...]
    right: tuple[Tick, ...]
    units: Units | None
    back: tuple[Stroke, ...] = ()


class TimeScale(Struct, frozen=True, kw_only=True):
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
        places = [day.toordinal() - first for day in days]
        return [round((place if 0 <= place <= span else 0 if place < 0 else span) * WIDTH / span) for place in places]

    def percent(self, day: date) -> str:
        """The same place as a percentage of the plot's width."""
        return self.percents([day])[0]

    def percents(self, days: Iterable[date]) -> list[str]:
        """The same for many days at once."""
        return [percent(x) for x in self.across(days)]


class ValueScale(Struct, frozen=True, kw_only=True):
    """A fixed value axis, `low` at the bottom; `margin` pixels stay free at both ends."""

    low: float
    high: float
    height: int
    margin: int = 7

    def y(self, value: float) -> float:
        """Pixels from the top to a tenth, values beyond the axis at its edge."""
        return self.down([value])[0]

    def down(self, values: Sequence[float]) -> list[float]:
        """The same for many values at once, each distinct one worked out once: results repeat, and rounding is slow."""
        low, high = self.low, self.high
        step = (self.height - 2 * self.margin) / (high - low)
        foot = self.height - self.margin
        places = {value: round(foot - (min(max(value, low), high) - low) * step, 1) for value in set(values)}
        return [places[value] for value in values]

    def beyond(self, value: float) -> bool:
        """Whether the axis does not reach `value`."""
        return not self.low <= value <= self.high

    def ticks(self, values: Sequence[float], texts: Iterable[str]) -> tuple[Tick, ...]:
        """Ticks down the side of the plot; one that would touch the tick before it is left out."""
        kept: list[tuple[float, str]] = []
        for y, text in zip(self.down(values), texts, strict=True):
            if not kept or abs(y - kept[-1][0]) >= _TICK_HEIGHT:
                kept.append((y, text))
        return tuple(Tick(at=short(y), text=text) for y, text in kept)


def time_ticks(scale: TimeScale) -> tuple[Tick, ...]:
    """Months or years along the axis, at most twelve; the year stands over the first tick and over each January."""
    step = _month_step(scale)
    ticks: list[Tick] = []
    for index, day in enumerate(_month_starts(scale, step)):
        yearly = step >= _YEARLY
        year = str(day.year)
        strong = "" if yearly or (ticks and day.month != 1) or scale.x(day) > 0.93 * WIDTH else year
        ticks.append(Tick(at=scale.percent(day), text=year if yearly else month_name(day), strong=strong, minor=index % 2 == 1))
    return tuple(ticks)


def vertical_lines(scale: TimeScale, days: Iterable[date]) -> str:
    """A path of full-height lines in a box one unit high."""
    return "".join(f"M{x} 0v1" for x in sorted(set(scale.across(days))))


def draw(
    series: Sequence[PlotSeries],
    *,
    time: TimeScale,
    values: ValueScale,
    breaks: Sequence[Break] = (),
    band: Band | None = None,
    aside: str = "",
    left: tuple[Tick, ...] = (),
    right: tuple[Tick, ...] = (),
    units: Units | None = None,
    small: bool = False,
    language: Language = ENGLISH,
) -> Plot:
    """Everything one plot shows. `small` marks also come with many points; `aside` is said of the `band`, or of there being none. Words, as
    long as they are in the language, that find no free place are left out; their facts stand in the table."""
    placed = [_place(each, time, values) for each in series if each.points]
    small = small or any(len(each.xs) > _DENSE for each in placed)
    room = Room(values.height, _marks(placed), _segments(placed), language=language)
    for each in placed:
        _keep_free(each, values, room)
    if units:
        room.reserve_corner(units.left, _UNIT)
    words = [label for one in breaks for label in room.put(one.words, time.x(one.day), _TOP, style="note", sides=_ALONG) if one.words]
    words += [label for each in placed for label in _name(each, room)]
    words += _labels(placed, room)
    words += room.along(aside, _beside_band(band, values), style="note") if aside else []
    return Plot(
        height=values.height,
        lines=(*_break_lines(breaks, time, values), *(stroke for each in placed for stroke in _lines(each, values, small=small))),
        symbols=tuple(group for each in placed for group in _symbols(each, values, small=small)),
        dots=tuple(stroke for each in placed for stroke in _dots(each, small=small)),
        labels=tuple(words),
        left=left,
        right=right,
        units=units,
        back=_band(band, time, values) if band else (),
    )


def _band(band: Band, time: TimeScale, values: ValueScale) -> tuple[Stroke, ...]:
    """The band as far as the axis reaches, and the line in its middle."""
    first = time.x(band.since) if band.since else 0
    top, middle, foot = map(short, values.down([band.high, band.middle, band.low]))
    return (
        Stroke(style="band", d=f"M{first} {top}H{WIDTH}V{foot}H{first}z"),
        Stroke(style="baseline", d=f"M{first} {middle}H{WIDTH}"),
    )


def _beside_band(band: Band | None, values: ValueScale) -> tuple[float, ...]:
    """Where words about the band may stand, the best first: under it, at its foot, at its head, over it; without one low in the plot, or
    high."""
    if band is None:
        return values.height - _TO_FOOT, _UNDER_LINE
    foot, top = values.y(band.low), values.y(band.high)
    return foot + _UNDER_LINE, foot - _TO_FOOT, top + _UNDER_LINE, top - _TO_FOOT


class _Placed(NamedTuple):
    """A series where it stands, column by column: `at` is the place as a path writes it, a shape is the mark or a triangle beyond
    the axis, `runs` the stretches (first position, position after the last) that one line joins."""

    series: PlotSeries
    points: Columns
    xs: list[int]
    ys: list[float]
    at: list[str]
    shapes: Sequence[str]
    runs: list[tuple[int, int]]


def _place(series: PlotSeries, time: TimeScale, values: ValueScale) -> _Placed:
    points = columns(series.points)
    xs, ys = time.across(points.days), values.down(points.values)
    at = [f"{x} {short(y)}" for x, y in zip(xs, ys, strict=True)]
    return _Placed(series, points, xs, ys, at, _shapes(points, values), _runs(series, points, xs))


def _shapes(points: Columns, values: ValueScale) -> Sequence[str]:
    if not (values.beyond(min(points.values)) or values.beyond(max(points.values))):
        return points.marks
    pairs = zip(points.marks, points.values, strict=True)
    return [_edge_shape(value, values.high) if values.beyond(value) else mark for mark, value in pairs]


def _edge_shape(value: float, high: float) -> str:
    return "above" if value > high else "below"


def _runs(series: PlotSeries, points: Columns, xs: Sequence[int]) -> list[tuple[int, int]]:
    """The stretches of two points and more that a line may join."""
    edges = [0, *sorted(_cuts(series, points) | _uprights(xs)), len(points.days)]
    return [(first, end) for first, end in pairwise(edges) if end - first > 1]


def _cuts(series: PlotSeries, points: Columns) -> set[int]:
    """Positions of the points that no line may reach from the one before."""
    ordinals = [day.toordinal() for day in points.days]
    cuts = {place for place, (before, day) in enumerate(pairwise(ordinals), 1) if day - before > series.gap_days}
    for barred in map(date.toordinal, series.breaks):
        cuts.update(place for place, (before, day) in enumerate(pairwise(ordinals), 1) if before <= barred <= day)
    if not all(points.joined):
        cuts.update(place + side for place, joined in enumerate(points.joined) if not joined for side in (0, 1))
    if points.paired.count(None) < len(ordinals):
        cuts.update(place for place, paired in enumerate(points.paired, 1) if paired is not None)
    return cuts


def _uprights(xs: Sequence[int]) -> set[int]:
    """Positions of the points that stand at the place of the one before: a line straight up reads as a change, and there is no time in
    which it would have come about."""
    if len(set(xs)) == len(xs):
        return set()
    return {place for place, (before, x) in enumerate(pairwise(xs), 1) if before == x}


def _break_lines(breaks: Sequence[Break], time: TimeScale, values: ValueScale) -> tuple[Stroke, ...]:
    places = dict.fromkeys(time.across([one.day for one in breaks]))
    return (Stroke(style="break", d="".join(f"M{x} 0V{values.height}" for x in places)),) if places else ()


def _marks(placed: Sequence[_Placed]) -> Iterator[tuple[int, float]]:
    """Where every mark stands."""
    for each in placed:
        yield from zip(each.xs, each.ys, strict=True)


def _segments(placed: Sequence[_Placed]) -> Iterator[Segment]:
    """The stretches of every line, from mark to mark."""
    for each in placed:
        for first, end in each.runs:
            places = zip(each.xs[first:end], each.ys[first:end], strict=True)
            yield from (Segment(*one, *other) for one, other in pairwise(places))


def _lines(placed: _Placed, values: ValueScale, *, small: bool) -> Iterator[Stroke]:
    """One path of bars and one broken line, each only where there is any."""
    style = f"{placed.series.style} small" if small else placed.series.style
    bars = [(at, paired) for at, paired in zip(placed.at, placed.points.paired, strict=True) if paired is not None]
    if bars:
        feet = map(short, values.down([paired for _, paired in bars]))
        yield Stroke(style=f"{style} bar", d="".join(f"M{at}V{foot}" for (at, _), foot in zip(bars, feet, strict=True)))
    if placed.runs:
        yield Stroke(style=style, d="".join(f"M{'L'.join(placed.at[first:end])}" for first, end in placed.runs))


def _dots(placed: _Placed, *, small: bool) -> Iterator[Stroke]:
    """Filled dots (or squares) as one path of zero-length strokes, round or square by class."""
    columns = zip(placed.at, placed.shapes, placed.points.paired, strict=True)
    filled = [at for at, shape, paired in columns if shape in _FILLED and paired is None]
    if filled:
        style = placed.series.style
        yield Stroke(style=f"{style} small dots" if small else f"{style} dots", d=f"M{'h0M'.join(filled)}h0")


def _symbols(placed: _Placed, values: ValueScale, *, small: bool) -> Iterator[SymbolGroup]:
    """Marks with a shape of their own, rings around corrected values, triangles on bars that leave the axis."""
    sized = _SMALL if small else {}
    symbols = [Symbol(shape, percent(x), short(y)) for shape, x, y in _bubbles(placed, values)]
    for x, y, shape, ring, value, paired in zip(
        placed.xs, placed.ys, placed.shapes, placed.points.rings, placed.points.values, placed.points.paired, strict=True
    ):
        if paired is not None:
            symbols += _edge(value, paired, x, values)
            continue
        if shape not in _FILLED:
            symbols.append(Symbol(sized.get(shape, shape), percent(x), short(y)))
        if ring:
            symbols.append(Symbol("ring", percent(x), short(y)))
    if symbols:
        yield SymbolGroup(style=placed.series.style, symbols=tuple(symbols))


def _bubbles(placed: _Placed, values: ValueScale) -> list[tuple[str, int, float]]:
    """A speech bubble over each point that somebody commented on, under it (or its bar) where the plot ends above: shape and place."""
    points = placed.points
    if not any(points.noted):
        return []
    noted = [one for one in zip(placed.xs, placed.ys, points.paired, points.noted, strict=True) if one[3]]
    feet = [y if paired is None else values.y(paired) for _, y, paired, _ in noted]
    return [("noted", x, y) if y >= _BUBBLE_ROOM else ("noted-below", x, foot) for (x, y, _, _), foot in zip(noted, feet, strict=True)]


def _keep_free(placed: _Placed, values: ValueScale, room: Room) -> None:
    """Words stand clear of the bubbles."""
    for shape, x, y in _bubbles(placed, values):
        room.reserve(x, y - _BUBBLE_MIDDLE if shape == "noted" else y + _BUBBLE_MIDDLE)


def _edge(value: float, paired: float, x: int, values: ValueScale) -> list[Symbol]:
    """The triangle of a bar that leaves the axis."""
    if not (values.beyond(value) or values.beyond(paired)):
        return []
    shape = _edge_shape(value, values.high)
    return [Symbol(shape, percent(x), short(values.y(value if shape == "above" else paired)))]


def _name(placed: _Placed, room: Room) -> list[Label]:
    """The series' name on its line, near the middle, on whichever side is free: above or below, else beside."""
    name, style = placed.series.name, f"{placed.series.style} name"
    if not name:
        return []
    places = sorted(zip(placed.xs, placed.ys, strict=True), key=_from_middle)[:_MOST_TRIES]
    for sides in (SIDES[:2], SIDES[2:]):
        for x, y in places:
            if found := room.put(name, x, y, style=style, sides=sides):
                return found
    return [room.force(name, places, style=style)]


def _from_middle(place: tuple[int, float]) -> float:
    return abs(place[0] - WIDTH * 0.45)


class _Said(NamedTuple):
    """What is to be written beside a point."""

    weight: int
    x: int
    y: float
    shape: str
    text: str
    style: str


def _labels(placed: Sequence[_Placed], room: Room) -> list[Label]:
    """Labels of points, the weightiest and newest first, as long as there is room."""
    wanted = [said for each in placed if any(each.points.weights) for said in _said(each)]
    wanted.sort(key=lambda said: (-said.weight, -said.x))
    return [label for said in wanted[:_MOST_LABELS] for label in _label(said, room)]


def _said(placed: _Placed) -> Iterator[_Said]:
    columns = zip(placed.points.weights, placed.xs, placed.ys, placed.shapes, placed.points.labels, strict=True)
    return (_Said(*fields, style=placed.series.style) for fields in columns if fields[0])


def _label(said: _Said, room: Room) -> list[Label]:
    """A point's label beside its mark; a value off the scale is at least named by its number."""
    weight, x, y, shape, text, style = said
    named = ("note", f"{style} value minor", f"{style} value")[weight - 1]
    pointed = shape in {"above", "below", "less", "more"}
    sides = BESIDE_FIRST if pointed else SIDES
    found = room.put(text, x, y, style=named, sides=sides)
    return found or (room.put(_shortened(text), x, y, style=named, sides=sides) if pointed else [])


def _shortened(text: str) -> str:
    """The number alone of a label of several parts."""
    first = text.parts[0] if isinstance(text, Joined) else text
    return first if isinstance(first, str) else text


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
