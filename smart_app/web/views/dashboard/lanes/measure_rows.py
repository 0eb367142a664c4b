"""The diabetes measures beside HbA1c as one panel: a low row for each that has values in the range, on this person's own range, which opens
to its lane and table; what cannot be drawn by number on a rail beneath them all; and what has no row, in sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.measures.measure import Measure, Unit
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.sentence import Sentence, counted, joined, listed
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import History, Panel
from smart_app.web import formats
from smart_app.web.charts import plot
from smart_app.web.charts.own_range import OwnRange, own_range
from smart_app.web.charts.rail import NumberedRail, RailWords, Unusable, numbered_rail, numbers_alone
from smart_app.web.views.dashboard.lanes import remark_words
from smart_app.web.views.dashboard.lanes.focus_cells import StoodThen, measured_then, none_then
from smart_app.web.views.dashboard.lanes.measure_lanes import (
    NONE_IN_RANGE,
    NOT_RESULTS,
    LaneFrame,
    codes_asked,
    few_digits,
    measure_lane,
    measured_cells,
    number_said,
    older_values,
    row_series,
)
from smart_app.web.views.parts import Lane, Notice, Reading, Words, read_notice

_LANE_HEIGHT = 60
_ROW_HEIGHT = 35
_FEW_ROWS = 8
_LONG_VALUE = 8
# The least a row spans, as a share of the lane's fixed scale.
_LEAST_SHARE = 20
# From here on a row draws of each of its columns only what reaches highest and lowest: more is not seen in it.
_CROWDED, _COLUMN = 600, 5
# Skipped results that say nothing about this person: with these alone a search found nothing of theirs.
_NOT_THEIRS = frozenset({"foreign_patient", "about_another"})
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FIRST_VALUE = Sentence("first value")
_NOT_KNOWN = Sentence("latest value not known")
_ORDER_NOT_KNOWN, _REMARKED = Sentence("order not known"), Sentence("latest with a remark")
_LATEST: Mapping[str, Sentence] = {
    "amended": Sentence("latest amended"),
    "corrected": Sentence("latest corrected"),
    "preliminary": Sentence("latest preliminary"),
}
_WIDENED = Sentence("A row with one value, or with values that hardly differ, spans at least a twentieth of its lane’s scale.")


class RowCell(Struct, frozen=True, kw_only=True):
    """One value of a row with its own date; `unit` only where it is not the row's. Without a value `day` says why."""

    value: str
    unit: str
    day: str
    long: bool = False


class MeasureRow(Struct, frozen=True, kw_only=True):
    """One measure: `full` is its title where its row has a shorter one, `about` its direction word, or what has to be known of its latest
    value first; `count` is how many values are drawn, `cells` the one before and the latest, or `said` why there is none. `lane` is what it
    opens to."""

    title: str
    full: str
    unit: str
    about: str
    count: str
    plot: plot.Plot
    cells: tuple[RowCell, ...]
    said: str
    lane: Lane


class StoodRow(Struct, frozen=True, kw_only=True):
    """What of a row goes with the focus line: what has to be known first, its cells, and those beside the lane it opens to."""

    about: str
    cells: tuple[RowCell, ...]
    said: str
    readings: tuple[Reading, ...]


class RowGroup(Struct, frozen=True, kw_only=True):
    """Rows under one heading, "" where there are few enough for none."""

    title: str
    rows: tuple[MeasureRow, ...]


class UnusableRail(Struct, frozen=True, kw_only=True):
    """What cannot be drawn of all rows, by number: the rail, its words in the same order, how many."""

    plot: plot.Plot
    alt: Sentence
    words: tuple[RailWords, ...]
    number: Sentence


class MeasuresPanel(Struct, frozen=True, kw_only=True):
    """All of it. `notices` say which reads are not whole; `heads` head the cells; `older` names what has no value in the range, `unusable`
    what has none that can be used, `empty` what a whole search found nothing of; `widened` what was done to rows of hardly any range;
    `everything` leads to all dates."""

    standing: str
    notices: tuple[Notice, ...]
    heads: tuple[Sentence, Sentence]
    groups: tuple[RowGroup, ...]
    not_drawn: UnusableRail | None
    widened: Sentence | None
    older: Words | None
    unusable: Words | None
    empty: Words | None
    everything: str

    @property
    def lanes(self) -> Iterator[Lane]:
        """What the rows open to, in their order."""
        return (row.lane for group in self.groups for row in group.rows)


def measures_panel(history: History, frame: LaneFrame) -> MeasuresPanel | None:
    """The panel of every measure but HbA1c; None where there is none."""
    panels = [panel for panel in history.panels if panel.measure.key != "hba1c"]
    if not panels:
        return None
    drawn = [panel for panel in panels if panel.points]
    shown = [_shown(panel, frame.time) for panel in drawn]
    rows = [_row(panel, one, frame) for panel, one in zip(drawn, shown, strict=True)]
    absent = [panel for panel in panels if not panel.points]
    return MeasuresPanel(
        standing=f"{history.server}, {formats.clock(history.read_at, frame.zone)}",
        notices=tuple(_notices(panels, frame)),
        heads=cell_heads(frame.then),
        groups=_groups(drawn, rows),
        not_drawn=_rail(panels, frame),
        widened=_WIDENED if any(one.span.widened for one in shown) else None,
        older=_older([panel for panel in absent if panel.total]),
        unusable=_unusable([panel for panel in absent if _found_nothing(panel) and _has_skipped(panel)]),
        empty=_empty([panel for panel in absent if _found_nothing(panel) and not _has_skipped(panel)], frame),
        everything=frame.everything if history.years != "all" else "",
    )


def cell_heads(then: date | None) -> tuple[Sentence, Sentence]:
    """What the two cells of each row are."""
    return Sentence("On {day}", day=then) if then else Sentence("The one before"), Sentence("Latest")


def stood_rows(history: History, frame: LaneFrame) -> tuple[StoodRow, ...]:
    """What of each row goes with the focus line, in the order of the rows."""
    drawn = [panel for panel in history.panels if panel.measure.key != "hba1c" and panel.points]
    shown = drawn if len(drawn) <= _FEW_ROWS else sorted(drawn, key=lambda panel: _section(panel.measure)[:3])
    return tuple(_stood(panel, frame) for panel in shown)


def rail_shown(history: History, frame: LaneFrame) -> bool:
    """Whether the rail of what cannot be drawn stands beneath the rows."""
    return any(_suspects(panel, frame.time) for panel in history.panels if panel.measure.key != "hba1c")


def _found_nothing(panel: Panel) -> bool:
    return panel.read.whole and not panel.total


def _has_skipped(panel: Panel) -> bool:
    return any(skip.code not in _NOT_THEIRS for skip in panel.skipped)


def _groups(panels: Sequence[Panel], rows: Sequence[MeasureRow]) -> tuple[RowGroup, ...]:
    """Without headings as long as they are few; else under those of the measures' files, in their order."""
    if len(rows) <= _FEW_ROWS:
        return (RowGroup(title="", rows=tuple(rows)),) if rows else ()
    ordered = sorted(zip(panels, rows, strict=True), key=lambda one: _section(one[0].measure)[:3])
    grouped = groupby(ordered, key=lambda one: _section(one[0].measure))
    return tuple(RowGroup(title=section[3], rows=tuple(row for _, row in each)) for section, each in grouped)


def _section(measure: Measure) -> tuple[bool, int, str, Sentence]:
    """Where a measure is shown: under its section, or after them under its group's title."""
    if measure.section is not None:
        return False, measure.section.order, measure.section.key, measure.section.title
    return True, measure.group.order, measure.group.key, measure.group.title


# A row


class _Shown(Struct, frozen=True, kw_only=True):
    """What a row draws of a panel, in the unit that is called so, on which range."""

    panel: Panel
    label: str
    span: OwnRange


def _shown(panel: Panel, time: plot.TimeScale) -> _Shown:
    measure = panel.measure
    unit = _shared_unit(panel)
    points = _thinned(_in_unit(panel.points, unit), time)
    least = (measure.axis.high - measure.axis.low) / _LEAST_SHARE
    span = own_range(_values(points), least=least / abs(unit.slope) if unit else least)
    return _Shown(
        panel=replace(panel, points=points),
        label=unit.label if unit else measure.label,
        span=span,
    )


def _stood(panel: Panel, frame: LaneFrame) -> StoodRow:
    stood = measured_then(panel, frame.then) if frame.then else None
    unit = _shared_unit(panel)
    return StoodRow(
        about=_about(panel, stood),
        cells=_cells(panel, stood, frame.then, unit.code if unit else panel.measure.unit),
        said=_NOT_KNOWN if panel.latest is None and stood is None else "",
        readings=measured_cells(panel, frame, detailed=False),
    )


def _row(panel: Panel, shown: _Shown, frame: LaneFrame) -> MeasureRow:
    stood = _stood(panel, frame)
    return MeasureRow(
        title=panel.measure.short or panel.measure.title,
        full=panel.measure.title if panel.measure.short else "",
        unit=_with_power(shown.label, shown.span.power),
        about=stood.about,
        count=str(len(panel.points)),
        plot=_plot(shown.panel, shown.span, frame),
        cells=stood.cells,
        said=stood.said,
        lane=measure_lane(panel, frame, height=_LANE_HEIGHT, tall=False),
    )


def _shared_unit(panel: Panel) -> Unit | None:
    """The unit that every value drawn was reported in, where that is not the drawing unit: a row has no fixed scale, so nothing need be
    converted for it."""
    codes = {point.reported.unit for point in panel.points} if all(point.converted for point in panel.points) else set()
    return next((unit for unit in panel.measure.units if codes == {unit.code}), None)


def _in_unit(points: Sequence[Measurement], unit: Unit | None) -> Sequence[Measurement]:
    """The points in the unit they were reported in, with the digits of the report."""
    if unit is None:
        return points
    return [
        point._replace(
            value=_reported(point.reported.text, point.value, unit),
            paired=None if point.paired is None else _reported(point.reported_paired and point.reported_paired.text, point.paired, unit),
            converted=False,
        )
        for point in points
    ]


def _reported(text: str | None, value: Decimal, unit: Unit) -> Decimal:
    return formats.number_of(text or "") or (value - unit.intercept) / unit.slope


def _thinned(points: Sequence[Measurement], time: plot.TimeScale) -> Sequence[Measurement]:
    """The points that are seen of many in a low row: of each column the highest and the lowest, and whatever is no plain value."""
    if len(points) <= _CROWDED:
        return points
    columns: dict[tuple[int, str | None], list[int]] = {}
    for place, (x, point) in enumerate(zip(time.across([one.when.day for one in points]), points, strict=True)):
        columns.setdefault((x // _COLUMN, point.method), []).append(place)
    kept = {place for place, point in enumerate(points) if point.comparator or point.standing != "final"}
    for places in columns.values():
        kept.add(min(places, key=lambda place: points[place].paired or points[place].value))
        kept.add(max(places, key=lambda place: points[place].value))
    return [points[place] for place in sorted(kept)]


def _values(points: Iterable[Measurement]) -> Iterator[Decimal]:
    for point in points:
        yield point.value
        if point.paired is not None:
            yield point.paired


def _with_power(label: str, power: int) -> str:
    if not power:
        return label
    times = f"10{str(power).translate(_SUPERSCRIPT)}"
    return Sentence("{unit}, axis × {power}", unit=label, power=times)


def _about(panel: Panel, stood: StoodThen[Measurement] | None) -> str:
    """What has to be known of the latest value, or of the order of those told, before they are read; else the direction word."""
    latest = panel.latest
    if (panel.unordered if stood is None else stood.beside) or (latest and panel.unordered):
        return _ORDER_NOT_KNOWN
    if latest is None:
        return panel.measure.direction
    latest = panel.apart or latest
    if latest.standing in _LATEST:
        return _LATEST[latest.standing]
    if remark_words.beside_lane(panel.measure, latest):
        return _REMARKED
    if latest.method and len({point.method for point in panel.points}) > 1:
        return Sentence("latest: {method}", method=latest.method)
    return panel.measure.direction


def _plot(panel: Panel, span: OwnRange, frame: LaneFrame) -> plot.Plot:
    """No cross stands in it: what cannot be used only breaks the line."""
    scale = plot.ValueScale(low=float(span.low), high=float(span.high), height=_ROW_HEIGHT)
    days = [skip.when.day for skip in _suspects(panel, frame.time) if skip.when]
    return plot.draw(
        row_series(panel, days),
        time=frame.time,
        values=scale,
        left=scale.ticks([scale.low, scale.high], span.ends),
        small=True,
        language=frame.language,
    )


def _suspects(panel: Panel, time: plot.TimeScale) -> list[Skipped]:
    """What was recorded as a result in the range and cannot be used."""
    return [
        skip for skip in panel.skipped if skip.code not in NOT_RESULTS and skip.when is not None and time.start <= skip.when.day <= time.end
    ]


def _cells(panel: Panel, stood: StoodThen[Measurement] | None, then: date | None, unit: str) -> tuple[RowCell, ...]:
    """What stood on the day of the focus line and the latest; where the line was not moved, the one before and the latest."""
    if stood is not None and then is not None:
        return (_cell_then(panel.measure, stood, then, unit), _cell_latest(panel, unit))
    return (_cell_before(panel, unit), _cell_latest(panel, unit)) if panel.latest is not None else ()


def _cell_then(measure: Measure, stood: StoodThen[Measurement], then: date, unit: str) -> RowCell:
    return _words_alone(none_then(stood, then)) if stood.value is None else _cell(measure, stood.value, unit)


def _cell_before(panel: Panel, unit: str) -> RowCell:
    """With a value apart as the latest, which is no successor of the others, the latest of these."""
    before = panel.latest if panel.apart else panel.unordered[-1] if panel.unordered else panel.previous
    if before is None:
        return _words_alone(_FIRST_VALUE if panel.read.whole else Sentence("not known"))
    return _cell(panel.measure, before, unit)


def _cell_latest(panel: Panel, unit: str) -> RowCell:
    latest = panel.apart or panel.latest
    return _words_alone(Sentence("not known")) if panel.latest is None or latest is None else _cell(panel.measure, latest, unit)


def _words_alone(words: Sentence) -> RowCell:
    return RowCell(value="", unit="", day=words)


def _cell(measure: Measure, point: Measurement, unit: str) -> RowCell:
    """As it was reported, with its unit where that is not the row's."""
    value, other = number_said(measure, point), "" if point.reported.unit == unit else point.reported.label
    return RowCell(value=value, unit=other, day=formats.short_moment(point.when), long=len(value) + len(other) > _LONG_VALUE)


# What has no row


def _notices(panels: Sequence[Panel], frame: LaneFrame) -> Iterator[Notice]:
    """One for each read that is not whole, with the measures that it was of."""
    reads = {panel.read.key: panel.read for panel in panels if not panel.read.whole}
    for key, read in reads.items():
        titles = [panel.measure.title for panel in panels if panel.read.key == key]
        at = formats.clock(read.finished, frame.zone)
        notice = read_notice(read, listed(titles), frame.retry, at=at, several=len(titles) > 1)
        if notice is not None:
            yield notice


def _older(panels: Sequence[Panel]) -> Words | None:
    lines = tuple(Sentence("{measure}: {values}", measure=panel.measure.title, values=older_values(panel)) for panel in panels)
    return Words(lead=NONE_IN_RANGE, lines=lines) if lines else None


def _unusable(panels: Sequence[Panel]) -> Words | None:
    if not panels:
        return None
    lead = Sentence("No value that can be used: {measures}.", measures=listed([panel.measure.title for panel in panels]))
    return Words(lead=lead, lines=(Sentence("See “Not shown”."),))


def _empty(panels: Sequence[Panel], frame: LaneFrame) -> Words | None:
    """Only said of whole searches."""
    if not panels:
        return None
    at = formats.clock(max(panel.read.finished for panel in panels), frame.zone)
    one = len({panel.read.key for panel in panels}) == 1
    done = Sentence("All dates. Search complete, {time}.", time=at) if one else Sentence("All dates. Searches complete, {time}.", time=at)
    lead = Sentence("No results in this record for: {measures}.", measures=joined(", ", [panel.measure.title for panel in panels]))
    return Words(lead=lead, lines=(done,), asked=codes_asked(panels))


# The rail


def _rail(panels: Sequence[Panel], frame: LaneFrame) -> UnusableRail | None:
    found = [
        Unusable(skip.when, _recorded(skip, panel.measure), skip.reason)
        for panel in panels
        for skip in _suspects(panel, frame.time)
        if skip.when is not None
    ]
    if not found:
        return None
    rail: NumberedRail = numbered_rail(found, time=frame.time, language=frame.language)
    number = counted("{n} value", "{n} values", len(found))
    return UnusableRail(
        plot=numbers_alone(rail),
        alt=counted(
            "{n} value not drawn. Its words are below.", "{n} values not drawn. Their words are below, in order of time.", len(found)
        ),
        words=rail.words,
        number=number,
    )


def _recorded(skip: Skipped, measure: Measure) -> Sentence:
    """What was recorded, quoted where it can be."""
    return Sentence("{what}, “{value}”", what=skip.what, value=few_digits(skip.shown, measure)) if skip.shown else skip.what
