"""A dyad as lanes: patient and clinician on the instrument's full scale, never averaged; one series per version and informant."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.instruments.scores import Score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, is_known_earlier, position
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import full_sentence
from smart_app.care.dashboard.history import Dyad
from smart_app.web import formats
from smart_app.web.charts import plot
from smart_app.web.views.dashboard.measure_lanes import LaneFrame
from smart_app.web.views.parts import Lane, Reading, Table, Words

# A line over more than 13 months would draw a visit that was not there (design notes); 13 months are at most 397 days.
LONGEST_LINE_DAYS = 397
_INFORMANTS: tuple[Informant, ...] = ("clinician", "patient", "observer")  # drawing order: the patient's dots on top
_SPOKEN: tuple[Informant, ...] = ("patient", "clinician", "observer")
_MARKS: dict[Informant, plot.Mark] = {"patient": "dot", "clinician": "diamond", "observer": "square"}
_NAMES: dict[Informant, str] = {"patient": "Patient", "clinician": "Clinician", "observer": "Observer"}


class Drawing(Struct, frozen=True, kw_only=True):
    """How large a lane is drawn and how much it says."""

    height: int
    tall: bool


TOTAL = Drawing(height=150, tall=True)
ELEMENT = Drawing(height=52, tall=False)


def person(who: Person) -> str:
    """A rated person's name; where the record gives none, words that say so, with the reference that tells two of them apart."""
    return who.name or f"{who.called} ({who.reference})"


def total_scale(instrument: Instrument) -> Scale:
    """The scale called `total`, else the first."""
    return next((scale for scale in instrument.scales if scale.key == "total"), instrument.scales[0])


def element_scales(instrument: Instrument) -> tuple[Scale, ...]:
    """Every scale but the total: goal, task, bond."""
    total = total_scale(instrument)
    return tuple(scale for scale in instrument.scales if scale is not total)


def not_validated(instrument: Instrument) -> str:
    """`Rapport check-in, not validated`; the bare title of a validated instrument."""
    return instrument.title if instrument.validated else f"{instrument.title}, not validated"


def total_lane(dyad: Dyad, frame: LaneFrame) -> Lane:
    """The dyad's total: both lines by name, latest values and, for one and the same visit, their difference."""
    scale = total_scale(dyad.instrument)
    items = "" if scale.method == "mean" and not scale.items else f"{scale.method} of {formats.count(len(scale.items), 'item')}, "
    about = (f"{items}{_range(scale)}", *_cutoffs(dyad.instrument, scale), not_validated(dyad.instrument))
    return _lane(dyad, scale, frame, drawing=TOTAL, about=about, extra=_difference(dyad, scale))


def cutoffs_table(instrument: Instrument) -> Table | None:
    """The cut-offs that were published, each with its population and source; those nobody has checked are left out."""
    rows = tuple(
        (instrument.scale(cut.scale).title, f"{cut.side} {cut.value}", cut.meaning, full_sentence(cut.population), cut.citation)
        for cut in instrument.cutoffs
        if cut.certainty == "verified"
    )
    head = ("Score", "Published cut-off", "Said to mean", "In whom", "Source")
    return Table(summary=f"Published cut-offs ({len(rows)})", style="plain", head=head, rows=rows) if rows else None


def _cutoffs(instrument: Instrument, scale: Scale) -> tuple[str, ...]:
    """A line for each published cut-off of that score; the table says in whom, and where that stands."""
    mine = [cut for cut in instrument.cutoffs if cut.scale == scale.key and cut.certainty == "verified"]
    return ("published cut-offs:", *(f"{cut.side} {cut.value}, {cut.meaning}" for cut in mine)) if mine else ()


def _range(scale: Scale) -> str:
    """`1–5`; `−48 to +48` on a scale with both signs."""
    return f"{scale.low}–{scale.high}" if scale.low >= 0 else f"−{-scale.low} to {scale.high:+}"


def element_lane(dyad: Dyad, scale: Scale, frame: LaneFrame) -> Lane:
    """One element (goal, task or bond), both lines again, smaller."""
    return _lane(dyad, scale, frame, drawing=ELEMENT, about=(scale.about,) if scale.about else (), extra=())


def ratings_table(dyad: Dyad) -> Table:
    """One row per visit, newest first: every score of each informant as stored, then what was out of the ordinary."""
    informants = _informants(dyad)
    total = total_scale(dyad.instrument)
    scales = (total, *element_scales(dyad.instrument))
    shown = len(dyad.ratings)
    things = formats.count(shown, "rating")
    return Table(
        summary=f"Table of {things}" if shown == dyad.total else f"Table of the {things} in this range, of {dyad.total}",
        style="scores",
        head=("Visit", *_score_heads(informants, scales), "Remarks"),
        rows=tuple(_visit_row(visit, informants, scales, dyad.instrument) for visit in _visits(dyad.ratings)),
    )


def latest_in_words(dyad: Dyad) -> str:
    """`patient 3.83, clinician 3.67`."""
    key = total_scale(dyad.instrument).key
    parts = [f"{informant} {_text(dyad.latest[informant].scores.get(key))}" for informant in _SPOKEN if informant in dyad.latest]
    return ", ".join(parts)


def latest_moment(dyad: Dyad) -> Moment | None:
    """When the dyad was last rated by anybody."""
    moments = [rating.when for rating in (*dyad.latest.values(), *dyad.unordered.values())]
    return formats.latest_possible(moments) if moments else None


def _informants(dyad: Dyad) -> tuple[Informant, ...]:
    """Whose ratings belong to the dyad: everybody's whose form there is, an observer's only where somebody observed."""
    observed = "observer" in dyad.latest or any(rating.informant == "observer" for rating in dyad.ratings)
    return tuple(one for one in _SPOKEN if one in dyad.instrument.forms and (one != "observer" or observed))


def _lane(dyad: Dyad, scale: Scale, frame: LaneFrame, *, drawing: Drawing, about: tuple[str, ...], extra: tuple[Reading, ...]) -> Lane:
    readings = tuple(_reading(dyad, scale, informant, tall=drawing.tall) for informant in _SPOKEN if informant in dyad.latest)
    return Lane(
        title=scale.title,
        unit="",
        about=about,
        readings=readings + extra,
        alt=_alt(dyad, scale),
        plot=_plot(dyad.ratings, scale, frame.time, drawing=drawing) if dyad.ratings else None,
        words=None if dyad.ratings else _words_for_none(dyad),
    )


def _words_for_none(dyad: Dyad) -> Words:
    when = latest_moment(dyad)
    if when is None and not dyad.whole:
        return Words(lead="None in this range", lines=(f"{formats.count(dyad.total, 'rating')} read; there may be others.",))
    if when is None:
        return Words(lead="None found", lines=("All dates, by patient and by clinician.",))
    older = f"{formats.count(dyad.total, 'older rating')}, the last {formats.on(when)}: {latest_in_words(dyad)}."
    return Words(lead="None in this range", lines=(older,))


def _plot(ratings: Sequence[Rating], scale: Scale, time: plot.TimeScale, *, drawing: Drawing) -> plot.Plot:
    values = plot.ValueScale(low=scale.low, high=scale.high, height=drawing.height)
    places = _ticks(scale, fine=drawing.tall)
    return plot.draw(
        [series for informant in _INFORMANTS for series in _series(ratings, scale, informant, tall=drawing.tall)],
        time=time,
        values=values,
        crosses=_crosses(ratings, scale, tall=drawing.tall),
        left=values.ticks(places, (str(place).replace("-", "−") for place in places)),
        small=not drawing.tall,
    )


def _ticks(scale: Scale, *, fine: bool) -> tuple[int, ...]:
    """Whole numbers over the full range: at most five in a tall lane, the ends and the middle in a low one."""
    span = scale.high - scale.low
    parts = next((parts for parts in ((4, 5, 3, 2) if fine else (2,)) if span % parts == 0), 1)
    return tuple(scale.low + span * index // parts for index in range(parts + 1))


def _series(ratings: Sequence[Rating], scale: Scale, informant: Informant, *, tall: bool) -> list[plot.PlotSeries]:
    mine = [rating for rating in ratings if rating.informant == informant and scale.key in rating.scores]
    breaks = [rating.when.day for rating in mine if rating.scores[scale.key].value is None]
    # Two observers are two people, as two versions are two forms: no line joins them.
    mine.sort(key=lambda rating: rating.observer or "")
    versions = [list(group) for _, group in groupby(mine, key=lambda rating: (rating.version, rating.observer))]
    return [
        plot.PlotSeries(
            style=informant,
            points=_points(group, scale, informant, speak=tall and informant == "patient" and index == len(versions) - 1),
            gap_days=LONGEST_LINE_DAYS,
            breaks=breaks,
            name=_NAMES[informant] if tall and index == len(versions) - 1 else "",
        )
        for index, group in enumerate(versions)
    ]


def _points(ratings: Sequence[Rating], scale: Scale, informant: Informant, *, speak: bool) -> list[plot.Point]:
    scored = [(rating, score) for rating in ratings if (score := rating.scores[scale.key]).value is not None]
    said = _spoken([float(score.value or 0) for _, score in scored]) if speak else {}
    return [
        plot.Point(
            day=rating.when.day,
            value=float(score.value or 0),
            mark=_MARKS[informant],
            # A year or a month is drawn at its start, and a line to there would tell an order that nobody knows.
            joined=formats.is_whole_day(rating.when),
            label=_text(score),
            weight=said.get(index, 0),
        )
        for index, (rating, score) in enumerate(scored)
    ]


def _spoken(values: Sequence[float]) -> dict[int, int]:
    """First, lowest and latest get their number beside them."""
    if not values:
        return {}
    lowest = min(range(len(values)), key=lambda index: values[index])
    return {0: 2, lowest: 2, len(values) - 1: 3}


def _crosses(ratings: Sequence[Rating], scale: Scale, *, tall: bool) -> list[plot.Cross]:
    return [
        plot.Cross(day=rating.when.day, words=_unscored_words(rating, rating.scores[scale.key], tall=tall))
        for rating in ratings
        if scale.key in rating.scores and rating.scores[scale.key].value is None
    ]


def _unscored_words(rating: Rating, score: Score, *, tall: bool) -> str:
    return f"{rating.informant} not scored" if tall else _counted(score)


def _counted(score: Score) -> str:
    """Why a rating has no score: how many answers there were, where the rule wanted more, else what the record says."""
    return f"{score.answered} of {score.of} answered" if score.answered or not score.reason else score.reason


def _text(score: Score | None) -> str:
    """A score as stored, but for places that no scale has, `8.00 (8 of 9)` where prorated, words where there is none."""
    if score is None:
        return "not recorded"
    if score.text is None:
        return f"not scored, {_counted(score)}"
    text = formats.few_places(score.text, 0)
    return f"{text} ({score.answered} of {score.of} answered)" if score.prorated else text


def _reading(dyad: Dyad, scale: Scale, informant: Informant, *, tall: bool) -> Reading:
    latest, previous, beside = dyad.latest[informant], dyad.previous.get(informant), dyad.unordered.get(informant)
    notes: tuple[str, ...] = ()
    if tall and beside is not None:
        other = f"{_text(beside.scores.get(scale.key))} {formats.some_time(beside.when)}"
        notes = (formats.some_time(latest.when), f"{other}; {formats.unknown_order(latest.when, beside.when)}")
    elif tall and previous is None:
        notes = (f"{'first rating, ' if dyad.whole else ''}{formats.short_moment(latest.when)}",)
    elif tall and previous is not None:
        notes = (f"was {_text(previous.scores.get(scale.key))} {formats.on(previous.when)}",)
    if tall and informant == "clinician":
        notes = (*notes, *_of_visit_before(dyad, latest))
    return Reading(
        mark=informant,
        name=_NAMES[informant] if tall else "",
        value=_text(latest.scores.get(scale.key)),
        unit="",
        notes=notes,
    )


def _of_visit_before(dyad: Dyad, latest: Rating) -> tuple[str, ...]:
    """That the clinician's latest rating is of a visit the patient rated days before, as others may have been since."""
    theirs = [one for one in dyad.ratings if one.informant == "patient" and one.visit == latest.visit]
    late = _days_after_patient({"patient": theirs[0], "clinician": latest}) if theirs else 0
    return (f"rated {formats.count(late, 'day')} after the patient",) if late else ()


def _difference(dyad: Dyad, scale: Scale) -> tuple[Reading, ...]:
    """How far apart the two are, stated only for one and the same visit."""
    patient, clinician = dyad.latest.get("patient"), dyad.latest.get("clinician")
    if patient is None or clinician is None or patient.visit != clinician.visit:
        return ()
    first, second = patient.scores.get(scale.key), clinician.scores.get(scale.key)
    if first is None or second is None or first.value is None or second.value is None:
        return ()
    apart = formats.few_places(f"{abs(first.value - second.value):f}", 0)
    return (Reading(mark="", name=f"Difference {apart}", value="", unit="", notes=("same visit",)),)


def _alt(dyad: Dyad, scale: Scale) -> str:
    if not dyad.ratings:
        return f"{scale.title}: nothing to draw in this range."
    first, last = dyad.ratings[0].when, dyad.ratings[-1].when
    known = len(dyad.ratings) == 1 or first == last or is_known_earlier(first, last)
    span = f" from {formats.short_moment(first)} to {formats.short_moment(last)}" if known else ""
    return (
        f"{scale.title} on a scale of {scale.low} to {scale.high}, {_lines(dyad)}, "
        f"{formats.count(len(dyad.ratings), 'rating')}{span}. All values are in the table of ratings."
    )


def _lines(dyad: Dyad) -> str:
    """Whose lines are drawn."""
    forms = _informants(dyad)
    if len(forms) == 1:
        return f"the {forms[0]}’s line"
    return {0: "no line", 2: f"{' and '.join(forms)} as two lines"}.get(
        len(forms), f"{', '.join(forms[:-1])} and {forms[-1]} as three lines"
    )


def _visits(ratings: Sequence[Rating]) -> list[dict[Informant, Rating]]:
    """Ratings paired by visit, newest visit first; a second rating of a visit by the same informant gets a row of its own. A visit is as
    old as its first rating: one that was rated long after it is not newer for that."""
    rows: list[dict[Informant, Rating]] = []
    open_rows: dict[str, dict[Informant, Rating]] = {}
    for rating in reversed(ratings):
        row = open_rows.get(rating.visit)
        if row is None or rating.informant in row:
            row = {}
            rows.append(row)
            open_rows[rating.visit] = row
        row[rating.informant] = rating
    return sorted(rows, key=lambda row: position(_first(row).when), reverse=True)


def _first(visit: Mapping[Informant, Rating]) -> Rating:
    return min(visit.values(), key=lambda one: position(one.when))


def _days_after_patient(visit: Mapping[Informant, Rating]) -> int:
    """How many days after the patient the clinician rated the visit; 0 where it was the same day, or is not known."""
    patient, clinician = visit.get("patient"), visit.get("clinician")
    if patient is None or clinician is None or not (formats.is_whole_day(patient.when) and formats.is_whole_day(clinician.when)):
        return 0
    return max(0, (clinician.when.day - patient.when.day).days)


def _score_heads(informants: Sequence[Informant], scales: Sequence[Scale]) -> list[str]:
    return [
        f"{_NAMES[informant]} {scale.title.lower()}" if index == 0 else scale.title.lower()
        for informant in informants
        for index, scale in enumerate(scales)
    ]


def _visit_row(
    visit: dict[Informant, Rating], informants: Sequence[Informant], scales: Sequence[Scale], instrument: Instrument
) -> tuple[str, ...]:
    cells = [cell for informant in informants for cell in _score_cells(visit.get(informant), scales)]
    late = _days_after_patient(visit)
    after = [f"clinician rated {formats.count(late, 'day')} after the patient"] if late else []
    remarks = "; ".join([*after, *(remark for rating in visit.values() for remark in _remarks(rating, instrument))])
    return (formats.short_moment(_first(visit).when), *cells, remarks)


def _score_cells(rating: Rating | None, scales: Sequence[Scale]) -> list[str]:
    if rating is None:
        return ["not rated", *([""] * (len(scales) - 1))]
    return [_cell(rating.scores.get(scale.key)) for scale in scales]


def _cell(score: Score | None) -> str:
    if score is None:
        return ""
    if score.text is None:
        return f"{score.answered} of {score.of}" if score.answered else f"none: {score.reason}"
    return f"{score.text} ({score.answered} of {score.of})" if score.prorated else score.text


def _remarks(rating: Rating, instrument: Instrument) -> list[str]:
    """Amended, declined items, and the answer to the direct question."""
    who = _NAMES[rating.informant].lower()
    standing = [] if rating.standing in {"completed", "final"} else [f"{who}: {rating.standing}"]
    declined = [f"{who} declined {formats.count(len(rating.declined), 'item')}"] if rating.declined else []
    asked = [
        f"{who}, {question.link_id}: {option.label or option.code}"
        for question in instrument.questions
        for option in question.options
        if rating.extra.get(question.link_id) == option.code
    ]
    empty = [
        f"{who}: {formats.count(count, 'item')} “{option.label or formats.option_number(option, signed=False)}”"
        for option in instrument.options
        if option.value is None and (count := sum(rating.extra.get(item.link_id) == option.code for item in instrument.items))
    ]
    return [*standing, *declined, *empty, *asked]
