"""Series into geometry: where lines, marks, labels and ticks stand. Knows no FHIR, no wording of pages and no HTML.

Across, a plot is `WIDTH` units wide, whatever its width on screen, so one date stands at one place in every lane; down, it is in pixels.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from smart_app.web.formats import MONTHS

WIDTH = 2000
_EXPECTED_PIXELS = 520  # width a plot has on a 640 px page; labels kept apart there are apart on wider ones
_CHARACTER = 6.7  # mean advance of 12 px tabular text
_LINE = 14
_MONTH_STEPS = (1, 3, 6, 12, 24, 60, 120, 240)
_MOST_TICKS = 12
_MOST_LABELS = 10
_DENSE = 32  # points of one series from which marks are drawn small
_SIZED = {"diamond", "converted", "preliminary"}

Mark = Literal["dot", "square", "diamond", "converted", "preliminary", "less", "more"]
Anchor = Literal["start", "middle", "end"]
_ANCHORS: dict[str, Anchor] = {"right": "start", "left": "end"}
_SIDES = ("above", "below", "above right", "above left", "below right", "below left", "right", "left")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value at one day. `joined` is False for what no line may touch; `ring` marks a corrected value;
    `paired` is the lower end of a bar; `label` words to write beside it, `weight` their rank (0: none, 3: first to be placed)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A mark of its own shape: `x` in percent, `y` in pixels."""

    shape: str
    x: str
    y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words in a plot: `x` in percent, `dx` and `y` in pixels."""

    text: str
    x: str
    dx: str
    y: str
    anchor: Anchor
    style: str


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
        span = max((self.end - self.start).days, 1)
        return min(max(round((day - self.start).days * WIDTH / span), 0), WIDTH)

    def percent(self, day: date) -> str:
        """The same place as a percentage of the plot's width."""
        return _percent(self.x(day))


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueScale:
    """A fixed value axis, `low` at the bottom; `margin` pixels stay free at both ends."""

    low: float
    high: float
    height: int
    margin: int = 7

    def y(self, value: float) -> float:
        """Pixels from the top, values beyond the axis at its edge."""
        inside = min(max(value, self.low), self.high)
        room = self.height - 2 * self.margin
        return round(self.margin + (self.high - inside) * room / (self.high - self.low), 1)

    def beyond(self, value: float) -> bool:
        """Whether the axis does not reach `value`."""
        return not self.low <= value <= self.high

    def ticks(self, values: Iterable[float], texts: Iterable[str]) -> tuple[Tick, ...]:
        """Ticks down the side of the plot."""
        return tuple(Tick(at=_short(self.y(value)), text=text) for value, text in zip(values, texts, strict=True))


def time_ticks(scale: TimeScale) -> tuple[Tick, ...]:
    """Months or years along the axis, at most twelve; the year stands over the first tick and over each January."""
    step = _month_step(scale)
    ticks: list[Tick] = []
    for index, day in enumerate(_month_starts(scale, step)):
        yearly = step >= 12
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
    canvas = _Canvas(time, values, small=small or any(len(each.points) > _DENSE for each in series))
    lines = [stroke for each in series for stroke in canvas.lines_of(each)]
    groups = [group for each in series if (group := canvas.symbols_of(each)).symbols]
    dots = [stroke for each in series if (stroke := canvas.dots_of(each)).d]
    groups += canvas.crosses(crosses)
    for each in series:
        canvas.name(each)
    canvas.label(series)
    return Plot(
        height=values.height,
        lines=tuple(lines),
        symbols=tuple(groups),
        dots=tuple(dots),
        labels=tuple(canvas.labels),
        left=left,
        right=right,
        units=units,
    )


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle in expected pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom


class _Canvas:
    """Collects what is taken on one plot while it is drawn, so that words keep clear of marks, lines and each other."""

    def __init__(self, time: TimeScale, values: ValueScale, *, small: bool) -> None:
        self.small = small
        self.time = time
        self.values = values
        self.labels: list[Label] = []
        self._taken: list[_Box] = []
        self._marks: list[tuple[float, float]] = []
        self._segments: list[tuple[float, float, float, float]] = []

    def place(self, point: Point) -> tuple[int, float]:
        """Units across, pixels down."""
        return self.time.x(point.day), self.values.y(point.value)

    def lines_of(self, series: Series) -> list[Stroke]:
        """The broken line of a series, or its bars where values come in pairs."""
        bars: list[str] = []
        path: list[str] = []
        before: Point | None = None
        for point in series.points:
            x, y = self.place(point)
            self._marks.append((_pixels(x), y))
            if point.paired is not None:
                bars.append(f"M{x} {_short(y)}V{_short(self.values.y(point.paired))}")
                continue
            if before is not None and _joined(before, point, series):
                self._join(path, before, x, y)
            before = point
        self._marks.sort()
        style = self._style(series)
        strokes = (Stroke(style=f"{style} bar", d="".join(bars)), Stroke(style=style, d="".join(path)))
        return [stroke for stroke in strokes if stroke.d]

    def _join(self, path: list[str], before: Point, x: int, y: float) -> None:
        x0, y0 = self.place(before)
        start = f"M{x0} {_short(y0)}"
        ends_there = bool(path) and path[-1] == f"L{x0} {_short(y0)}"
        path.extend([f"L{x} {_short(y)}"] if ends_there else [start, f"L{x} {_short(y)}"])
        self._segments.append((_pixels(x0), y0, _pixels(x), y))

    def dots_of(self, series: Series) -> Stroke:
        """Filled dots (or squares) of a series as one path of zero-length strokes, round or square by class."""
        plain = (point for point in series.points if point.paired is None and self._shape(point) in {"dot", "square"})
        d = "".join(f"M{x} {_short(y)}h0" for x, y in map(self.place, plain))
        return Stroke(style=f"{self._style(series)} dots", d=d)

    def _style(self, series: Series) -> str:
        return f"{series.style} small" if self.small else series.style

    def symbols_of(self, series: Series) -> SymbolGroup:
        """Marks with a shape of their own, and a ring around corrected values."""
        symbols: list[Symbol] = []
        for point in series.points:
            x, y = self.place(point)
            shape = self._shape(point)
            shapes = ([] if shape in {"dot", "square"} or point.paired is not None else [shape]) + (["ring"] if point.ring else [])
            symbols.extend(Symbol(shape=self._sized(each), x=_percent(x), y=_short(y)) for each in shapes)
            if point.paired is not None and (self.values.beyond(point.value) or self.values.beyond(point.paired)):
                symbols.append(self._edge(point))
        return SymbolGroup(style=series.style, symbols=tuple(symbols))

    def _sized(self, shape: str) -> str:
        return f"small-{shape}" if self.small and shape in _SIZED else shape

    def _shape(self, point: Point) -> str:
        if self.values.beyond(point.value):
            return "above" if point.value > self.values.high else "below"
        return point.mark

    def _edge(self, point: Point) -> Symbol:
        """The triangle of a bar that reaches beyond the axis."""
        high = point.value > self.values.high
        value = point.value if high or point.paired is None else point.paired
        return Symbol(shape="above" if high else "below", x=self.time.percent(point.day), y=_short(self.values.y(value)))

    def crosses(self, crosses: Sequence[Cross]) -> list[SymbolGroup]:
        """A cross at each day, low in the plot unless a line runs there, with its words beside it."""
        symbols: list[Symbol] = []
        for cross in crosses:
            x = self.time.x(cross.day)
            y = self._free_height(_pixels(x), len(cross.words) * _CHARACTER / 2)
            symbols.append(Symbol(shape="cross", x=_percent(x), y=_short(y)))
            self._marks.append((_pixels(x), y))
            self._put(cross.words, x, y, style="note", sides=("below", "right", "left", *_SIDES))
        self._marks.sort()
        return [SymbolGroup(style="note", symbols=tuple(symbols))] if symbols else []

    def _free_height(self, x: float, half: float) -> float:
        height = self.values.height
        for share in (0.7, 0.3, 0.85, 0.15):
            y = height * share
            if not self._occupied(_Box(x - half, y - 8, x + half, y + 20)):
                return round(y, 1)
        return round(height * 0.7, 1)

    def name(self, series: Series) -> None:
        """Writes the series' name on its line, near the middle, on whichever side is free."""
        if not series.name:
            return
        points = sorted(series.points, key=lambda point: abs(self.time.x(point.day) - WIDTH * 0.45))
        style = f"{series.style} name"
        for point in points:
            x, y = self.place(point)
            if self._put(series.name, x, y, style=style, sides=("above", "below")):
                return
        if points:
            self._put(series.name, *self.place(points[0]), style=style, sides=("above",), force=True)

    def label(self, series: Sequence[Series]) -> None:
        """Writes the labels of points, the weightiest first."""
        wanted = [(point, each.style) for each in series for point in each.points if point.weight]
        for point, style in sorted(wanted, key=lambda pair: (-pair[0].weight, -pair[0].day.toordinal()))[:_MOST_LABELS]:
            x, y = self.place(point)
            mark = self._shape(point)
            sides = ("right", "left", *_SIDES) if mark in {"above", "below", "less", "more"} else _SIDES
            self._put(point.label, x, y, style=f"{style} value" if point.weight > 1 else "note", sides=sides)

    def _put(self, text: str, x: int, y: float, *, style: str, sides: Sequence[str], force: bool = False) -> bool:
        for side in sides:
            label, box = _label(text, x, y, style=style, side=side)
            inside = box.top >= -6 and box.bottom <= self.values.height + 4 and box.left >= -30 and box.right <= _EXPECTED_PIXELS + 8
            if force or (inside and not self._occupied(box)):
                self.labels.append(label)
                self._taken.append(box)
                return True
        return False

    def _occupied(self, box: _Box) -> bool:
        if any(box.meets(other) for other in self._taken):
            return True
        first, last = bisect_left(self._marks, (box.left - 5, -1e9)), bisect_right(self._marks, (box.right + 5, 1e9))
        if any(box.top - 4 < y < box.bottom + 4 for _, y in self._marks[first:last]):
            return True
        return any(_crosses(box, segment) for segment in self._segments)


def _joined(before: Point, point: Point, series: Series) -> bool:
    """Whether a line may run from `before` to `point`."""
    if not (before.joined and point.joined) or (point.day - before.day).days > series.gap_days:
        return False
    return not any(before.day <= day <= point.day for day in series.breaks)


def _label(text: str, x: int, y: float, *, style: str, side: str) -> tuple[Label, _Box]:
    """A label and the room it takes, `side` of a mark."""
    width, across = len(text) * _CHARACTER, _pixels(x)
    anchor = _ANCHORS.get(side.removeprefix("above ").removeprefix("below "), "middle")
    if anchor == "middle" and across < width / 2:
        anchor = "start"
    elif anchor == "middle" and across > _EXPECTED_PIXELS - width / 2:
        anchor = "end"
    beside = {"right": 10, "left": -10}.get(side)
    dx = beside or {"start": -5, "middle": 0, "end": 5}[anchor]
    base = y + {"above": -9, "below": 19}.get(side[:5], 4)
    left = across + dx - {"start": 0, "middle": width / 2, "end": width}[anchor]
    label = Label(text=text, x=_percent(x), dx=str(dx), y=_short(base), anchor=anchor, style=style)
    return label, _Box(left, base - 10, left + width, base + _LINE - 11)


def _crosses(box: _Box, segment: tuple[float, float, float, float]) -> bool:
    """Whether a line runs through a box; enough to look at three places across it."""
    x0, y0, x1, y1 = segment
    left, right = max(box.left, x0), min(box.right, x1)
    if left > right:
        return False
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    heights = [y0 + (x - x0) * slope for x in (left, right)]
    return min(heights) < box.bottom + 2 and max(heights) > box.top - 2


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


def _pixels(x: int) -> float:
    return x * _EXPECTED_PIXELS / WIDTH


def _percent(x: int) -> str:
    return f"{_short(x * 100 / WIDTH)}%"


def _short(number: float) -> str:
    """At most two decimals, none where they say nothing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
