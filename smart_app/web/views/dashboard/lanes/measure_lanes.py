"""A measure's panel as a lane: marks, latest value in both units, the table behind it."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, structs

from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement, Remark, Standing
from fhir_mappings.r4.dates import Moment, is_known_earlier
from fhir_mappings.r4.display import text_of
from fhir_mappings.r4.possible_dates import REASONS
from fhir_mappings.sentence import ENGLISH, Language, Sentence, counted, joined
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import Panel
from smart_app.web import formats
from smart_app.web.charts import plot
from smart_app.web.charts.rail import NumberedRail, Unusable, numbered_rail, with_numbers
from smart_app.web.views.dashboard.lanes import remark_words
from smart_app.web.views.dashboard.lanes.focus_cells import measured_then, none_then, told_then
from smart_app.web.views.parts import Lane, Reading, Table, Words, filled_columns, read_notice

# Marks of values that need no words.
_PLAIN_MARKS: frozenset[plot.Mark] = frozenset({"dot", "square"})
# A lane whose values are all converted says so once, in its label.
_PLAIN_WHERE_ALL_CONVERTED = _PLAIN_MARKS | frozenset[plot.Mark]({"converted"})

# Left out for what they are, not for what they say, or for a date that is none of theirs: no number there, and a line may pass it.
NOT_RESULTS = frozenset(
    {
        "foreign_patient",
        "about_another",
        "entered_in_error",
        "status_cancelled",
        "status_registered",
        "superseded",
        "repeated",
        "not_a_result",
    }
).union(REASONS)
# From here on a unit's places weigh so much less than the drawing unit's that they are counted with it (0.0712 of mass fraction is 7.12 %).
_LARGE_UNIT = 100
_MOST_BEYOND = 6
_STANDINGS: Mapping[Standing, Sentence] = {
    "final": Sentence("final"),
    "amended": Sentence("amended"),
    "corrected": Sentence("corrected"),
    "preliminary": Sentence("preliminary"),
}
_YEAR_ONLY, _MONTH_ONLY = Sentence("year only, drawn at its start"), Sentence("month only, drawn at its start")
_FIRST_VALUE, _USUAL, _OFF_SCALE = Sentence("first value"), Sentence("usual method"), Sentence("off scale")
_IS_CONVERTED = Sentence("converted")
NONE_IN_RANGE = Sentence("None in this range")
_MANY_PLACES = tuple(re.compile(rf"(\d[.,]\d{{{decimals + 2}}})\d+") for decimals in range(4))


class LaneFrame(Struct, frozen=True, kw_only=True):
    """What all lanes of a page share: the time axis, today, the zone for clock times, the link that loads again,
    the link that shows all dates, the language that is read, and where a rating is shown as it was answered, by its source. `focus` is the
    day the focus line stands at, None where there is nowhere to stand, `then` the same where it was moved from its latest place: of that
    day, and not of the one before the latest, the value column then speaks (see `focus_cells`)."""

    time: plot.TimeScale
    today: date
    zone: tzinfo | None
    retry: str
    everything: str
    language: Language = ENGLISH
    answered: Callable[[str], str] | None = None
    focus: date | None = None
    then: date | None = None


def measure_lane(panel: Panel, frame: LaneFrame, *, height: int, tall: bool) -> Lane:
    """The lane of one measure. `tall` lanes (HbA1c) write values beside the line."""
    measure = panel.measure
    beneath = _beneath(panel, frame)
    drawn = is_drawn(panel, frame)
    unread = not panel.total and not panel.read.whole
    at = formats.clock(panel.read.finished, frame.zone)
    return Lane(
        title=measure.title,
        unit=measure.label,
        about=_about(panel),
        readings=measured_cells(panel, frame, detailed=tall),
        alt=joined(" ", [_alt(panel), beneath.told()]) if beneath else _alt(panel),
        plot=_plot(panel, beneath, frame, height=height, tall=tall) if drawn else None,
        notice=read_notice(panel.read, measure.title, frame.retry, at=at),
        words=None if drawn or unread else _words_for_none(panel, at),
        table=_table(panel) if panel.points else None,
        not_drawn=beneath.words if beneath else (),
        beside=beneath is not None and beneath.beside is not None,
    )


def is_drawn(panel: Panel, frame: LaneFrame) -> bool:
    """Whether its lane has a plot: of its values, or of what cannot be used."""
    return bool(panel.points) or bool(_unusable(panel, frame.time))


def as_reported(measurement: Measurement) -> str:
    """The value exactly as the source wrote it, for tables: `7.10 %`, `< 1.0 mg/mmol`, `131/79 mm Hg`."""
    pair = f"/{measurement.reported_paired.text}" if measurement.reported_paired else ""
    return f"{_sign(measurement)}{measurement.reported.text}{pair} {measurement.reported.label}"


def said(measure: Measure, measurement: Measurement) -> str:
    """The value as it is said and written into the plot: as reported, but for places that nobody measures."""
    return f"{_number(measure, measurement)} {measurement.reported.label}"


def number_said(measure: Measure, measurement: Measurement) -> str:
    """The same without its unit: `131/79`."""
    return _number(measure, measurement)


def all_reported(measurement: Measurement) -> str:
    """The value as its source wrote it, in both units where it wrote both: `70 mmol/mol, 8.5 %`."""
    other = measurement.also_reported
    return f"{as_reported(measurement)}, {text_of(other)}" if other else as_reported(measurement)


def converted(measure: Measure, measurement: Measurement) -> str:
    """The same value converted to the other unit (`7.8 %`), or "" where there is only one, or the source reports both."""
    second = measure.second
    if measurement.also_reported is not None or (second is None and not measurement.converted):
        return ""
    sign = _sign(measurement)
    if second is None or measurement.converted:
        pair = f"/{formats.rounded(measurement.paired, measure.decimals)}" if measurement.paired is not None else ""
        return f"{sign}{formats.rounded(measurement.value, measure.decimals)}{pair} {measure.label}"
    return f"{sign}{formats.rounded(measurement.value * second.slope + second.intercept, second.decimals)} {second.label}"


def both_units(measure: Measure, measurement: Measurement) -> str:
    """`62 mmol/mol (7.8 %)`: reported first, the other in brackets."""
    return _with_other_unit(said(measure, measurement), measure, measurement)


def both_units_in_full(measure: Measure, measurement: Measurement) -> str:
    """The same with every digit of the report, for tables."""
    return _with_other_unit(as_reported(measurement), measure, measurement)


def _with_other_unit(text: str, measure: Measure, measurement: Measurement) -> str:
    other = in_other_unit(measure, measurement)
    return text + (f" ({other})" if other else "")


def in_other_unit(measure: Measure, measurement: Measurement) -> str:
    """The value in the other unit: as the source wrote it, else converted, else ""."""
    return text_of(measurement.also_reported) if measurement.also_reported else converted(measure, measurement)


def source_words(measurement: Measurement) -> str:
    """Whose the value is, and where it stands where that is in several resources."""
    named = [measurement.performer] if measurement.performer else []
    return ", ".join([*named, *(measurement.sources if measurement.other_sources else ())])


def table_columns(panel: Panel) -> tuple[list[str], ...]:
    """Date, as reported, converted, what to know, source; newest first."""
    measure, points = panel.measure, panel.points[::-1]
    return (
        [formats.short_moment(point.when) for point in points],
        [all_reported(point) for point in points],
        [converted(measure, point) for point in points],
        [_remarks(measure, point) for point in points],
        [source_words(point) for point in points],
    )


def _sign(measurement: Measurement) -> str:
    return f"{measurement.comparator} " if measurement.comparator else ""


def _number(measure: Measure, measurement: Measurement) -> str:
    paired = measurement.reported_paired.text if measurement.reported_paired else None
    first, second = formats.few_places_of_pair(measurement.reported.text, paired, _decimals(measure, measurement))
    return f"{_sign(measurement)}{first}{f'/{second}' if second is not None else ''}"


def _decimals(measure: Measure, measurement: Measurement) -> int:
    """The measure's decimals, in a unit so large that a whole one is never reached with as many more as it takes."""
    slope = next((unit.slope for unit in measure.units if unit.code == measurement.reported.unit), Decimal(1))
    return measure.decimals + (slope.adjusted() - 1 if slope >= _LARGE_UNIT else 0)


def _remarks(measure: Measure, point: Measurement) -> str:
    """Everything out of the ordinary about a value, in words."""
    if point.standing == "final" and point.method is None and not point.remarks and formats.is_whole_day(point.when):
        return ""
    ours: list[str] = [] if point.standing == "final" else [_STANDINGS[point.standing]]
    ours += [point.method] if point.method else []
    ours += [] if formats.is_whole_day(point.when) else [_YEAR_ONLY if point.when.precision == "year" else _MONTH_ONLY]
    return joined("; ", [*([joined(", ", ours)] if ours else []), *remark_words.in_table(measure, point)])


def _table(panel: Panel) -> Table:
    head, rows = filled_columns(_HEAD, table_columns(panel))
    return Table(
        summary=_summary(len(panel.points), of=panel.total),
        style="values" if _CONVERTED in head else "values one-unit",
        head=head,
        rows=rows,
    )


def _summary(shown: int, *, of: int) -> Sentence:
    if shown == of:
        return counted("Table of {n} value", "Table of {n} values", shown)
    return counted("Table of {shown} of {n} value", "Table of {shown} of {n} values", of, shown=shown)


_CONVERTED = Sentence("Converted")
_HEAD = (Sentence("Date"), Sentence("As reported"), _CONVERTED, Sentence("Remarks"), Sentence("Source"))


def _about(panel: Panel) -> tuple[str, ...]:
    lines: list[str] = [line for line in (panel.measure.about, panel.measure.direction) if line]
    if len(panel.points) > 1 and all(point.converted for point in panel.points):
        lines.append(Sentence("all reported in {unit}, drawn converted", unit=panel.points[-1].reported.label))
    if any(remark_words.is_marked(point.remarks) for point in panel.points):
        lines.append(Sentence("speech bubble: see the remarks in the table"))
    return tuple(lines)


def _words_for_none(panel: Panel, at: str) -> Words:
    """Why there is nothing to draw: none at all, or none in the range while older values exist."""
    if panel.latest is None and panel.read.whole and not panel.total:
        return none_found([panel], (Sentence("All dates. Search complete, {time}.", time=at),))
    return Words(lead=NONE_IN_RANGE, lines=(older_values(panel),))


def older_values(panel: Panel) -> Sentence:
    """How many values there are of which none is in the range, and the last of them where it is known to be the last."""
    if panel.latest is None:
        return counted("{n} older value; there may be later ones.", "{n} older values; there may be later ones.", panel.total)
    last = panel.apart or panel.latest
    value, day = both_units(panel.measure, last), formats.on(last.when)
    if panel.unordered:
        return counted(
            "{n} older value, among them {value} {day}.", "{n} older values, among them {value} {day}.", panel.total, value=value, day=day
        )
    return counted(
        "{n} older value, the last {value} {day}.", "{n} older values, the last {value} {day}.", panel.total, value=value, day=day
    )


def none_found(panels: Sequence[Panel], lines: tuple[Sentence, ...]) -> Words:
    """That a whole search found nothing, under how many codes, and under which."""
    listed = codes_asked(panels)
    under = counted("None found under the {n} code asked for", "None found under the {n} codes asked for", len(listed))
    return Words(lead=under if listed else Sentence("None found"), lines=lines, asked=listed)


def codes_asked(panels: Sequence[Panel]) -> tuple[str, ...]:
    """What was searched for: each code with its words, and the panels that may hold it."""
    asked = tuple(f"{code.display} ({code.system}, {code.code})" for panel in panels for code in panel.measure.codes)
    inside = dict.fromkeys(within for panel in panels for code in panel.measure.codes for within in code.within)
    own = {code.code for panel in panels for code in panel.measure.codes}
    panels_asked = tuple(Sentence("Panel {code}", code=within) for within in inside if within not in own)
    return (*asked, *panels_asked)


def measured_cells(panel: Panel, frame: LaneFrame, *, detailed: bool) -> tuple[Reading, ...]:
    """What stands beside the plot: the latest value and the one before, or that of a day and the latest; with days where there is room
    (`detailed`)."""
    if frame.then is not None and (panel.total or not panel.read.whole):
        return (_reading_then(panel, frame.then, detailed=detailed),)
    latest, measure, today = panel.latest, panel.measure, frame.today
    if latest is None:
        return () if panel.read.whole else (Reading(mark="", name="", value="", unit=Sentence("latest value not known"), notes=()),)
    notes = _of_value(measure, latest)
    tail = _told(panel, today, detailed=detailed)
    since = [_since_then(measure, panel.apart)] if panel.apart else []
    return (Reading(mark="", name="", value=_number(measure, latest), unit=latest.reported.label, notes=(*notes, *tail, *since)),)


def _reading_then(panel: Panel, then: date, *, detailed: bool) -> Reading:
    """The value of a day and the latest, each with its own date."""
    measure, stood = panel.measure, measured_then(panel, then)
    value = stood.value
    say = partial(_beside_value, measure, value, detailed=detailed)
    told = told_then(stood, say, latest=panel.latest, in_order=not panel.unordered)
    since = (_since_then(measure, panel.apart),) if panel.apart else ()
    if value is None:
        return Reading(mark="", name="", value="", unit=none_then(stood, then), notes=(*told, *since))
    notes = _of_value(measure, value)
    notes += [] if value.standing == "final" else [_STANDINGS[value.standing]]
    return Reading(mark="", name="", value=_number(measure, value), unit=value.reported.label, notes=(*notes, *told, *since))


def _beside_value(measure: Measure, value: Measurement | None, other: Measurement, *, detailed: bool) -> str:
    """Another value as it stands beside this one: its unit only where that differs, both where there is room."""
    same = value is not None and value.reported.unit == other.reported.unit
    text = _number(measure, other) if same else said(measure, other)
    return _with_other_unit(text, measure, other) if detailed else text


def _of_value(measure: Measure, value: Measurement) -> list[str]:
    """What stands under a value whatever its date: the other unit, how it was measured, what came with it."""
    other = in_other_unit(measure, value)
    notes = [other if value.also_reported else _as_converted(other)] if other else []
    notes += [value.method] if value.method else []
    return notes + remark_words.beside_lane(measure, value)


def _told(panel: Panel, today: date, *, detailed: bool) -> list[Sentence]:
    """What was before the latest value, and how long ago that is."""
    latest = panel.latest or panel.unordered[-1]
    passed = formats.some_time(latest.when) if panel.unordered else formats.since(latest.when, today)
    standing = [] if latest.standing == "final" and not detailed else [_STANDINGS[latest.standing]]
    passed = joined(" · ", [passed, *standing])
    if panel.unordered:
        return [passed, _as_late(panel), *_before(panel, detailed=detailed)]
    told = [*_before(panel, detailed=detailed), passed]
    return told if detailed else [joined(" · ", told)]


def _as_converted(value: str) -> Sentence:
    return Sentence("{value}, converted", value=value)


def _since_then(measure: Measure, later: Measurement) -> Sentence:
    """A later value in a unit with a line of its own."""
    return Sentence("since then {value}, {method}", value=said(measure, later), method=later.method or "")


def _as_late(panel: Panel) -> Sentence:
    """The value beside the latest of which nobody can tell whether it is later: `6.5 % some time in 2026; their order is not known`."""
    latest, other, more = panel.latest or panel.unordered[-1], panel.unordered[-1], len(panel.unordered) - 1
    value, day, why = said(panel.measure, other), formats.some_time(other.when), formats.unknown_order(latest.when, other.when)
    if more:
        return Sentence("{value} {day} and {n} more; {why}", value=value, day=day, n=more, why=why)
    return Sentence("{value} {day}; {why}", value=value, day=day, why=why)


def _before(panel: Panel, *, detailed: bool) -> list[Sentence]:
    """The value before the latest, with its unit only where it differs, and its date where there is room; or that there was none."""
    before, latest, measure = panel.previous, panel.latest, panel.measure
    if before is None or latest is None:
        return [] if panel.unordered or not panel.read.whole else [_FIRST_VALUE]
    text = _number(measure, before) if before.reported.unit == latest.reported.unit else said(measure, before)
    other = in_other_unit(measure, before) if detailed else ""
    method = f", {before.method}" if before.method and before.method != latest.method else ""
    value = f"{text}{f' ({other})' if other else ''}{method}"
    if detailed:
        return [Sentence("was {value} {day}", value=value, day=formats.on(before.when))]
    return [Sentence("was {value}", value=value)]


def _alt(panel: Panel) -> Sentence:
    measure = panel.measure
    if not panel.points:
        return Sentence("{series}: nothing to draw in this range.", series=measure.title)
    first, last, number = panel.points[0], panel.points[-1], len(panel.points)
    one, other = (Sentence("{day} ({value})", day=end.when, value=said(measure, end)) for end in (first, last))
    if first is last or is_known_earlier(first.when, last.when):
        return counted(
            "{series}, {n} value from {first} to {last}. All values are in the table below.",
            "{series}, {n} values from {first} to {last}. All values are in the table below.",
            number,
            series=measure.title,
            first=one,
            last=other,
        )
    return counted(
        "{series}, {n} value among them {value} and {other}. All values are in the table below.",
        "{series}, {n} values among them {value} and {other}. All values are in the table below.",
        number,
        series=measure.title,
        value=one,
        other=other,
    )


def _unusable(panel: Panel, time: plot.TimeScale) -> list[tuple[Moment, Skipped]]:
    """What was recorded in the range drawn as a result and cannot be used."""
    found = [(skip.when, skip) for skip in panel.skipped if skip.when is not None and skip.code not in NOT_RESULTS]
    return [(when, skip) for when, skip in found if time.start <= when.day <= time.end]


def _beneath(panel: Panel, frame: LaneFrame) -> NumberedRail | None:
    found = [Unusable(when, *_in_words(skip, panel.measure)) for when, skip in _unusable(panel, frame.time)]
    return numbered_rail(found, time=frame.time, language=frame.language) if found else None


def _plot(panel: Panel, beneath: NumberedRail | None, frame: LaneFrame, *, height: int, tall: bool) -> plot.Plot:
    axis, time = panel.measure.axis, frame.time
    # Of the plot's own room, so that what is below stands where it stands without.
    taken = min(beneath.room(frame.language), height // 4) if beneath else 0
    scale = plot.ValueScale(low=float(axis.low), high=float(axis.high), height=height - taken)
    places = [float(tick) for tick in axis.ticks]
    drawn = plot.draw(
        _series(panel, [when.day for when, _ in _unusable(panel, time)], tall=tall),
        time=time,
        values=scale,
        left=scale.ticks(places, map(formats.plain, axis.ticks)),
        right=scale.ticks(places, (_second(panel.measure, tick) for tick in axis.ticks)) if panel.measure.second else (),
        units=plot.Units(left=panel.measure.label, right=panel.measure.second.label) if panel.measure.second else None,
        language=frame.language,
    )
    return with_numbers(drawn, beneath) if beneath else drawn


def _second(measure: Measure, tick: Decimal) -> str:
    second = measure.second
    return formats.rounded(tick * second.slope + second.intercept, second.decimals) if second else ""


def _in_words(skip: Skipped, measure: Measure) -> tuple[Sentence, Sentence | None]:
    """What was recorded, quoted, and why it is not drawn where that does not say it; digits too many for a plot are left out, with a sign
    that they are."""
    if not skip.shown:
        return skip.reason, None
    cut = few_digits(skip.shown, measure)
    if skip.code == "unit_missing":
        return Sentence("recorded as “{value}”, no unit: not drawn", value=cut), None
    return Sentence("recorded as “{value}”, not drawn", value=cut), skip.reason


def few_digits(shown: str, measure: Measure) -> str:
    """What was recorded, without the digits too many for a plot, and a sign that there are more."""
    return _MANY_PLACES[measure.decimals].sub(r"\1…", shown)


def _series(panel: Panel, breaks: Sequence[date], *, tall: bool) -> list[plot.PlotSeries]:
    return _series_of(panel, breaks, _drawing(panel, tall=tall))


def row_series(panel: Panel, breaks: Sequence[date]) -> list[plot.PlotSeries]:
    """The same for a row on the panel's own range, which no point leaves: with marks, and words only where a mark needs them;
    there is no room for names on lines."""
    series = _series_of(panel, breaks, _Drawing(panel.measure, {}, {}, _PLAIN_WHERE_ALL_CONVERTED))
    return [structs.replace(one, name="") for one in series] if len(series) > 1 else series


def _series_of(panel: Panel, breaks: Sequence[date], drawing: "_Drawing") -> list[plot.PlotSeries]:
    """One series per method, so that no line joins two."""
    methods = sorted({point.method for point in panel.points}, key=lambda method: (method is not None, method or ""))
    return [
        plot.PlotSeries(
            style="measure" if index == 0 else "measure other",
            points=_points(panel.points, method, drawing, usual=index == 0),
            gap_days=panel.measure.gap_days,
            breaks=breaks,
            name=(method or _USUAL) if len(methods) > 1 else "",
        )
        for index, method in enumerate(methods)
    ]


class _Drawing(NamedTuple):
    """How a panel's points are drawn: `spoken` which are labelled and with what weight, `beyond` which leave the axis (both by
    position), `silent` the marks that need no words."""

    measure: Measure
    spoken: dict[int, int]
    beyond: dict[int, None]
    silent: frozenset[plot.Mark]


def _drawing(panel: Panel, *, tall: bool) -> _Drawing:
    points, beyond = panel.points, _beyond(panel)
    spoken = _spoken(points, list(beyond)[-_MOST_BEYOND:], tall=tall)
    silent = _PLAIN_WHERE_ALL_CONVERTED if all(point.converted for point in points) else _PLAIN_MARKS
    return _Drawing(panel.measure, spoken, beyond, silent)


def _points(points: Sequence[Measurement], method: str | None, drawing: _Drawing, *, usual: bool) -> Sequence[plot.Point] | plot.Columns:
    """The points of one method. Most lanes have nothing to say of any point, and then need no object for each."""
    numbered = [(position, point) for position, point in enumerate(points) if point.method == method]
    marks = _marks([point for _, point in numbered], usual=usual)
    noted = drawing.spoken or drawing.beyond or not drawing.silent.issuperset(marks)
    if noted or any(not _is_plain(kind) for kind in set(map(_LOOK, (point for _, point in numbered)))):
        return [_point(point, position, drawing, mark) for (position, point), mark in zip(numbered, marks, strict=True)]
    return plot.plain_columns([point.when.day for _, point in numbered], [float(point.value) for _, point in numbered], marks)


_KIND = attrgetter("comparator", "standing", "converted")
_LOOK = attrgetter("standing", "remarks", "when.precision", "paired")


def _is_plain(look: tuple[str, tuple[Remark, ...], str, Decimal | None]) -> bool:
    """Whether nothing but its mark is to be drawn of a point."""
    standing, remarks, precision, paired = look
    said = remark_words.is_marked(remarks) or remark_words.stands_alone(remarks)
    return standing == "final" and paired is None and precision in {"day", "instant"} and not said


def _marks(points: Sequence[Measurement], *, usual: bool) -> list[plot.Mark]:
    """The mark of each point, asked once for each kind there is."""
    kinds = list(map(_KIND, points))
    marks = {kind: _mark(*kind, usual=usual) for kind in set(kinds)}
    return [marks[kind] for kind in kinds]


def _mark(comparator: str | None, standing: str, converted: bool, *, usual: bool) -> plot.Mark:  # noqa: FBT001 - one of a kind's fields
    if comparator:
        return "less" if comparator.startswith("<") else "more"
    if standing == "preliminary":
        return "preliminary"
    if converted:
        return "converted"
    return "dot" if usual else "square"


def _beyond(panel: Panel) -> dict[int, None]:
    """Positions of the points, or pairs, that leave the axis, in order."""
    low, high = panel.measure.axis.low, panel.measure.axis.high
    return {
        position: None
        for position, point in enumerate(panel.points)
        if not low <= point.value <= high or (point.paired is not None and point.paired < low)
    }


def _spoken(points: Sequence[Measurement], beyond: Sequence[int], *, tall: bool) -> dict[int, int]:
    """Which points get their value written beside them: latest and farthest from it in tall lanes, those beyond the axis anywhere."""
    spoken: dict[int, int] = {}
    if tall and points:
        latest = points[-1].value
        spoken = {max(range(len(points)), key=lambda index: abs(points[index].value - latest)): 2, len(points) - 1: 3}
    return spoken | dict.fromkeys(beyond, 3)


def _point(point: Measurement, position: int, drawing: _Drawing, mark: plot.Mark) -> plot.Point:
    spoken, off, silent = drawing.spoken.get(position), position in drawing.beyond, mark in drawing.silent
    plain = spoken is None and point.standing == "final" and silent and (mark != "converted" or not off)
    if plain and _is_plain(_LOOK(point)):
        return plot.Point(point.when.day, float(point.value), mark)
    tell = "converted" not in drawing.silent
    label, weight = ("", 0) if plain else _point_label(drawing.measure, point, spoken, off=off, tell=tell)
    return plot.Point(
        day=point.when.day,
        value=float(point.value),
        mark=mark,
        # A year or a month is drawn at its start, and a line to there would tell an order that nobody knows.
        joined=point.comparator is None
        and point.standing != "preliminary"
        and formats.is_whole_day(point.when)
        and not remark_words.stands_alone(point.remarks),
        ring=point.standing in {"corrected", "amended"},
        paired=None if point.paired is None else float(point.paired),
        label=label,
        weight=weight,
        noted=remark_words.is_marked(point.remarks),
    )


def _point_label(measure: Measure, point: Measurement, spoken: int | None, *, off: bool, tell: bool) -> tuple[str, int]:
    """Words at a point, and how much they matter."""
    notes = [_STANDINGS[point.standing]] if point.standing != "final" else []
    if off:
        return joined(", ", [_number(measure, point), _OFF_SCALE, *notes]), spoken or 2
    if spoken:
        return joined(", ", [*_value_label(measure, point), *notes]), spoken
    if point.comparator:
        return joined(", ", [_number(measure, point), *notes]), 1
    if point.converted and tell:
        return joined(", ", [said(measure, point), _IS_CONVERTED, *notes]), 1
    return (notes[0], 1) if notes else ("", 0)


def _value_label(measure: Measure, point: Measurement) -> list[str]:
    """`83 (9.7 %)`: the drawing unit stands on the axis, any other is named."""
    if point.converted:
        return [said(measure, point), _IS_CONVERTED]
    other = in_other_unit(measure, point)
    return [_number(measure, point) + (f" ({other})" if other else "")]
