"""One patient's history: the reads joined with the mapping, this clinician's dyads first, and nothing of another patient or kept back."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.measures.catalogue import groups_of
from fhir_mappings.measures.measure import Measure
from fhir_mappings.measures.measurement import Measurement, in_order
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4.dates import is_known_earlier, parse_moment, position
from fhir_mappings.r4.possible_dates import PossibleDates, possible_dates
from fhir_mappings.r4.references import source_of
from fhir_mappings.ratings.not_answered_reader import NotAnswered, standing, tells_not_answered
from fhir_mappings.ratings.one_per_visit import later_of_each_visit
from fhir_mappings.ratings.rating import (
    Rating,
    by_answer_words,
    by_language,
    language_breaks,
    language_of,
    version_breaks,
    word_breaks,
    words_of,
)
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.reliable_change.latest_change import Change, measure_change, rating_changes
from fhir_mappings.reliable_change.signals.dyad_signals import Signal, signals
from fhir_mappings.sentence import Sentence, counted
from fhir_mappings.skipped import Skipped, untied
from smart_app.care.dashboard import blind_entry
from smart_app.care.dashboard.blind_entry import VisibleRatings
from smart_app.care.dashboard.history import Dyad, HiddenRating, History, LookedAt, Panel, Years
from smart_app.care.dashboard.kept_aside import aside_of
from smart_app.care.dashboard.open_to_everybody import open_not_answered, open_ratings
from smart_app.care.dashboard.read_events import events_of
from smart_app.care.forms.asked_form import forms_offered
from smart_app.care.record.access import base_of, patient_on_server, permissions
from smart_app.care.record.closed_visits import is_personal, looked_at, reveal
from smart_app.care.record.page_rule import PageFacts
from smart_app.care.record.patient_in_context import Patient, patient_of, remember_patient
from smart_app.care.record.reads import ANSWERS, SCORES, Readings, ReadReport, read_all
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.visit_state import (
    VisitState,
    given_rating,
    not_answered_in,
    not_answered_of,
    ratings_sent,
    visit_now,
    visit_state,
)
from smart_app.care.submission.write_ladder import why_not_write
from smart_app.errors import SessionError
from smart_app.fhir.client import Resource
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices

_YEARS: Mapping[Years, int] = {"1": 1, "2": 2, "5": 5}
_HBA1C = "hba1c"
_Part = TypeVar("_Part", Measurement, Skipped)


class DrawnRange(Struct, frozen=True, kw_only=True):
    """The drawn range, both days included."""

    start: date
    end: date

    def holds(self, day: date) -> bool:
        """Whether the day is drawn."""
        return self.start <= day <= self.end


class _Alliance(Struct, frozen=True, kw_only=True):
    """The ratings read, those of them that may be seen, the parts that could not be read, and the two reads' reports without what is kept
    back."""

    given: Sequence[Rating]
    visible: VisibleRatings
    skipped: list[Skipped]
    reports: Mapping[str, ReadReport]
    not_answered: Sequence[NotAnswered] = ()


def load_history(record: ChartRecord, *, years: Years) -> History:
    """Everything the dashboard shows. FhirError only when the Patient cannot be read or is another; every other failure is in `reads`."""
    readings = read_all(record)
    remember_patient(record, readings.patient)
    now = record.now()
    patient = patient_of(readings.patient, zone=record.zone)
    possible = _possible(patient, record)
    measured, unread = _measurements(record, readings, possible, record.services.measures)
    alliance = _alliance(record, readings, possible)
    told = events_of(record, readings, possible)
    reports = {**readings.reports, **alliance.reports, **told.reports}
    skipped = [*unread, *alliance.skipped, *told.skipped, *_foreign(reports.values(), record.context), *_untied(reports.values())]
    span = _span(years, now.date(), [*(item.when.day for item in measured), *(rating.when.day for rating in alliance.visible.ratings)])
    values, left_out = _by_measure(measured), _by_measure(skipped)
    panels = [
        _panel(measure, values.get(measure.key, []), left_out.get(measure.key, []), _read_of(measure, readings), span=span)
        for measure in record.services.measures
    ]
    reads = tuple(alliance.reports.values())
    dyads, companions = _dyads(record.services, alliance.visible.ratings, span=span, mine=record.context.user.reference, reads=reads)
    state, hidden = _state(record, patient, alliance, whole=readings.reports[ANSWERS].whole and readings.reports[SCORES].whole)
    allowed, said = permissions(record), _signals(record, alliance)
    return History(
        patient=patient,
        years=years,
        start=span.start,
        end=span.end,
        read_at=now,
        server=record.context.issuer_name,
        dyads=dyads,
        companions=companions,
        hidden=hidden,
        panels=panels,
        changes=(*_rating_changes(dyads), *_hba1c_change(panels)),
        skipped=skipped,
        reads=tuple(reports.values()),
        why_not_write=why_not_write(allowed),
        facts=state.facts,
        own_score=state.own_score,
        visit=visit_now(record),
        personal=is_personal(record.context.user),
        looked=_looked(record, alliance),
        for_it=allowed.for_it,
        signals=said,
        aside=aside_of(record, said) if any(one.level == "discuss" for one in said) else {},
        events=told.lanes,
        not_answered=tuple(one for one in alliance.not_answered if span.holds(one.when.day)),
    )


def load_open_history(record: ChartRecord, *, years: Years) -> History:
    """What of it is open to everybody, as anybody reads it: scored ratings and HbA1c, and nothing of whoever is signed in, of what
    speaks up or is kept back. FhirError as for `load_history`."""
    services, now = record.services, record.now()
    measures = _with_hba1c(services.measures)
    readings = read_all(record, only=(ANSWERS, SCORES, *(group.key for group in groups_of(measures))))
    remember_patient(record, readings.patient)
    patient = patient_of(readings.patient, zone=record.zone)
    possible = _possible(patient, record)
    measured, unread = _measurements(record, readings, possible, measures)
    alliance = _alliance(record, readings, possible)
    shown, _ = later_of_each_visit(open_ratings(alliance.given), {one.slug: one for one in services.library.newest})
    scored = [one for one in shown if (form := _instrument(services, one)).scales and form.why_unscored is None]
    values, left_out = _by_measure(measured).get(_HBA1C, []), _by_measure(unread).get(_HBA1C, [])
    # How many there are is counted with those that are closed.
    reads = tuple(replace(report, count=0) for report in readings.reports.values())
    span = _span(years, now.date(), [*(one.when.day for one in values), *(rated.when.day for rated in scored)])
    dyads, _ = _dyads(services, scored, span=span, mine="", reads=reads)
    panels = [_panel(one, values, left_out, _read_of(one, readings), span=span) for one in measures if one.key == _HBA1C]
    return History(
        patient=patient,
        years=years,
        start=span.start,
        end=span.end,
        read_at=now,
        server=record.context.issuer_name,
        dyads=dyads,
        hidden=(),
        panels=panels,
        changes=(*_total_change(dyads), *_hba1c_change(panels)),
        skipped=(),
        reads=reads,
        why_not_write=None,
        facts=_nothing_offered(patient, now.date()),
        personal=False,
        not_answered=[one for one in open_not_answered(alliance.not_answered, alliance.given) if span.holds(one.when.day)],
    )


def _with_hba1c(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Those that are read with HbA1c."""
    groups = {one.group.key for one in measures if one.key == _HBA1C}
    return tuple(one for one in measures if one.group.key in groups)


def _total_change(dyads: Sequence[Dyad]) -> tuple[Change, ...]:
    """That of the patient's total, where there is one before to compare with. Which was first nobody can say: one before may be closed."""
    dyad = next(iter(dyads), None)
    if dyad is None or "patient" not in dyad.latest or "patient" not in dyad.previous:
        return ()
    found = rating_changes(dyad.instrument, later=dyad.latest["patient"], earlier=dyad.previous["patient"])
    return tuple(one for one in found if one.kind == "alliance")


def _nothing_offered(patient: Patient, today: date) -> PageFacts:
    """The page offers nothing to anybody."""
    standing = patient.standing(today)
    return PageFacts(
        standing=standing, can_write=False, place="day", clinician_rated="unknown", patient_rated="unknown", sent="none", blind=True
    )


def reveal_waiting(record: ChartRecord, *, clinician: str, visit: str, reason: str) -> None:
    """Show a rating that is kept back from whoever is signed in, to them alone. SessionError where there is none of that visit, so that
    nothing is opened before it is there; as `reveal` for the rest."""
    hidden = _alliance_alone(record)[1].visible.hidden
    if not any((one.clinician.reference, one.visit) == (clinician, visit) for one in hidden):
        raise SessionError(
            Sentence("No rating of that visit is kept back from you, so nothing was done."),
            denies=True,
            next_step=Sentence("Open the history again."),
        )
    reveal(record, clinician=clinician, visit=visit, reason=reason)


class SeenOfOwn(Struct, frozen=True, kw_only=True):
    """What the patient said last of whoever is signed in, as far as they may see it: None where there is nothing they may."""

    patient: Patient
    rating: Rating | None
    instrument: Instrument | None


def seen_of_own(record: ChartRecord) -> SeenOfOwn:
    """The patient's latest rating of whoever is signed in, blind entry applied, by the two reads that tell it. FhirError only when the
    Patient cannot be read or is another."""
    patient, alliance = _alliance_alone(record)
    span = DrawnRange(start=date.min, end=date.max)
    mine = record.context.user.reference
    dyads, _ = _dyads(record.services, alliance.visible.ratings, span=span, mine=mine, reads=tuple(alliance.reports.values()))
    own = [dyad for dyad in dyads if dyad.mine and "patient" in dyad.latest]
    latest = max(own, key=lambda dyad: _moment(dyad.latest["patient"]), default=None)
    if latest is None:
        return SeenOfOwn(patient=patient, rating=None, instrument=None)
    return SeenOfOwn(patient=patient, rating=latest.latest["patient"], instrument=latest.instrument)


class SeenSignals(Struct, frozen=True, kw_only=True):
    """What `History.signals` says, in its order, with the `ratings` it may be made of and the two reads they came by."""

    patient: Patient
    signals: tuple[Signal, ...]
    ratings: tuple[Rating, ...]
    reads: tuple[ReadReport, ...]


def seen_signals(record: ChartRecord) -> SeenSignals:
    """What the newest ratings say that whoever is signed in may see, blind entry applied. FhirError as for `seen_of_own`."""
    patient, alliance = _alliance_alone(record)
    return SeenSignals(
        patient=patient,
        signals=_signals(record, alliance),
        ratings=tuple(alliance.visible.ratings),
        reads=tuple(alliance.reports.values()),
    )


class SeenRatings(Struct, frozen=True, kw_only=True):
    """The ratings that whoever is signed in may see, oldest first, the two reads they came by, and the forms behind them by their
    source; `facts` as in `History`."""

    patient: Patient
    ratings: tuple[Rating, ...]
    reads: tuple[ReadReport, ...]
    forms: Mapping[str, Resource]
    facts: PageFacts | None = None


def seen_ratings(record: ChartRecord) -> SeenRatings:
    """Those of the history, blind entry applied, each with its form. FhirError as for `seen_of_own`."""
    readings = read_all(record, only=(ANSWERS, SCORES))
    patient = patient_of(readings.patient, zone=record.zone)
    alliance = _alliance(record, readings, _possible(patient, record))
    seen = {one.source for one in alliance.visible.ratings}
    forms = {source: one for one in readings.resources[ANSWERS] if (source := source_of(one, "QuestionnaireResponse")) in seen}
    state, _ = _state(record, patient, alliance, whole=readings.reports[ANSWERS].whole and readings.reports[SCORES].whole)
    return SeenRatings(
        patient=patient, ratings=alliance.visible.ratings, reads=tuple(alliance.reports.values()), forms=forms, facts=state.facts
    )


def _alliance_alone(record: ChartRecord) -> tuple[Patient, _Alliance]:
    """The patient and their ratings, by the two reads that tell of them."""
    readings = read_all(record, only=(ANSWERS, SCORES))
    patient = patient_of(readings.patient, zone=record.zone)
    return patient, _alliance(record, readings, _possible(patient, record))


def _possible(patient: Patient, record: ChartRecord) -> PossibleDates:
    """The dates that a value of this patient can have."""
    return possible_dates(parse_moment(patient.born_text), record.now().date())


def _state(record: ChartRecord, patient: Patient, alliance: _Alliance, *, whole: bool) -> tuple[VisitState, tuple[HiddenRating, ...]]:
    """How the visit stands by the site's first form of each; and the ratings kept back, with what was sent of their visits."""
    first = {informant: instrument.slug for instrument, informant in reversed(forms_offered(record.services))}
    rate_by, hand_over_by = first.get("clinician", ""), first.get("patient", "")
    own = given_rating(record, alliance.given, informant="clinician", instrument=rate_by, whole=whole)
    theirs = given_rating(record, alliance.given, informant="patient", instrument=hand_over_by, whole=whole)
    hidden, visit = alliance.visible.hidden, visit_now(record)
    matters = own.known != "yes" or any(one.late_from(visit) for one in hidden)
    sent = ratings_sent(record, rate_by) if rate_by and matters else {}
    unanswered = not_answered_of(record, alliance.not_answered, hand_over_by)
    state = visit_state(record, patient=patient, own=own, theirs=theirs, not_answered=unanswered, rate_by=rate_by, known_sent=sent)
    return state, tuple(replace(one, sent=sent[one.visit][0]) if one.mine and one.visit in sent else one for one in hidden)


def _signals(record: ChartRecord, alliance: _Alliance) -> tuple[Signal, ...]:
    """What the newest ratings say that may be seen, those of whoever is signed in first. Of a pair whose newest rating may be missing
    nothing is said: what is read last need not be what was said last."""
    services, reads, mine = record.services, tuple(alliance.reports.values()), record.context.user.reference
    whole = all(read.whole for read in reads)
    found = signals(alliance.visible.ratings, library=services.library, terms=services.terms, complete=whole)
    covered = [one for one in found if all(_cover(reads, rating) for rating in one.ratings)]
    return tuple(sorted(covered, key=lambda one: one.clinician is None or one.clinician.reference != mine))


def _looked(record: ChartRecord, alliance: _Alliance) -> tuple[LookedAt, ...]:
    """Who else chose to see what the patient said of whoever is signed in, the latest choice first."""
    seen = looked_at(record, alliance.visible.choices)
    days = {blind_entry.visit_of(one): one.when.day for one in alliance.given if one.informant == "patient"} if seen else {}
    found = [LookedAt(visit=pair[1], day=days[pair], by=one) for pair, made in seen.items() for one in made]
    return tuple(sorted(found, key=lambda one: one.by.at, reverse=True))


def _measurements(
    record: ChartRecord, readings: Readings, possible: PossibleDates, measures: tuple[Measure, ...]
) -> tuple[list[Measurement], list[Skipped]]:
    """Those measures, of all their groups, in order of time; a resource that two reads returned counts once."""
    patient = patient_on_server(record.context)
    unique: dict[object, Resource] = {}
    for index, resource in enumerate(resource for group in groups_of(measures) for resource in readings.resources[group.key]):
        local_id = resource.get("id")
        unique[local_id if isinstance(local_id, str) and local_id else index] = resource
    measurements, skipped = read_measurements(measures, unique.values(), patient=patient, zone=record.zone, possible=possible)
    return in_order(measurements), skipped


def _alliance(record: ChartRecord, readings: Readings, possible: PossibleDates) -> _Alliance:
    """The ratings, blind entry applied before anything else sees them."""
    canonical, base = record.services.settings.canonical_base, base_of(record.context)
    responses = [response for response in readings.resources[ANSWERS] if _is_ours(response, canonical)]
    scores = readings.resources[SCORES]
    library, patient = record.services.library, patient_on_server(record.context)
    ratings, skipped = read_ratings(library, responses, scores, patient=patient, base=canonical, zone=record.zone, possible=possible)
    resources = [*responses, *scores]
    visible = blind_entry.apply(record, ratings, skipped=skipped, resources=resources)
    kept = blind_entry.without_content(record.services, skipped, visible=visible, resources=resources, base=base)
    parts = {ANSWERS: responses, SCORES: scores}
    used = {key: [one for one in found if not tells_not_answered(one, base=canonical)] for key, found in parts.items()}
    counts = {key: len(blind_entry.not_held(resources, visible=visible, base=base)) for key, resources in used.items()}
    # After blind entry: a row of what gave way would tell that a closed visit was rated twice.
    drawn, given_way = later_of_each_visit(visible.ratings, {one.slug: one for one in library.newest})
    refused, unplaced = not_answered_in(record, responses, scores, possible=possible)
    # Beside all that were given: that a form was answered after all the notice of a rating kept back says too, and nothing of its answers.
    held, superseded = standing(refused, ratings)
    visible, kept = replace(visible, ratings=tuple(drawn)), [*kept, *given_way, *unplaced, *superseded]
    return _Alliance(
        given=ratings,
        visible=visible,
        skipped=kept,
        reports={key: replace(readings.reports[key], count=count) for key, count in counts.items()},
        not_answered=held,
    )


def _is_ours(response: Resource, canonical_base: str) -> bool:
    """A response to one of our forms, in any version; the EHR's own forms are none of this page's business."""
    return str(response.get("questionnaire") or "").startswith(f"{canonical_base}/Questionnaire/")


def _foreign(reports: Iterable[ReadReport], context: LaunchContext) -> list[Skipped]:
    """One notice for everything of other patients that the server returned; none of it was looked at."""
    count = sum(report.foreign for report in reports)
    if count == 0:
        return []
    return [
        Skipped(
            source=context.issuer_name,
            measure=None,
            what=counted("{n} entry of other patients", "{n} entries of other patients", count),
            when=None,
            shown=None,
            reason=Sentence("The server returned them although it was asked for this patient only. None of them is shown."),
            code="foreign_patient",
            remedy=Sentence("Tell IT: the server ignores the patient in a search."),
        )
    ]


def _untied(reports: Iterable[ReadReport]) -> list[Skipped]:
    """What the server returned and nobody can say whose it is, each once whatever searches returned it."""
    return [untied(one) for one in dict.fromkeys(one for report in reports for one in report.untied)]


def _span(years: Years, today: date, days: Sequence[date]) -> DrawnRange:
    """The drawn range. "all" begins with the oldest value, and is at least a year."""
    end = max([today, *days])
    if years in _YEARS:
        return DrawnRange(start=_years_before(today, _YEARS[years]), end=end)
    return DrawnRange(start=min([_years_before(today, 1), *days]), end=end)


def _years_before(day: date, years: int) -> date:
    """The same day earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _by_measure(parts: Iterable[_Part]) -> dict[str | None, list[_Part]]:
    """Values, or what was left out, by measure, each in the order given."""
    grouped: dict[str | None, list[_Part]] = {}
    for part in parts:
        grouped.setdefault(part.measure, []).append(part)
    return grouped


def _panel(measure: Measure, own: Sequence[Measurement], skipped: Sequence[Skipped], report: ReadReport, *, span: DrawnRange) -> Panel:
    """One measure, from its own values, oldest first. Latest and previous are of all dates, of one method, and preliminary only where
    nothing else is; a previous one is known to be earlier. None of them where a later one may be missing."""
    firm = [measurement for measurement in own if measurement.standing != "preliminary"] or own
    newest = firm[-1] if firm else None
    if measure.apart:
        firm = [measurement for measurement in firm if measurement.reported.unit not in measure.apart] or firm
    latest = firm[-1] if firm and report.covers(firm[-1].when.day) else None
    earlier = [measurement for measurement in firm[:-1] if latest and measurement.method == latest.method]
    unordered = [one for one in earlier if latest and not is_known_earlier(one.when, latest.when)]
    return Panel(
        measure=measure,
        read=report,
        points=[measurement for measurement in own if span.holds(measurement.when.day)],
        older=own[: bisect_left(own, span.start, key=_day)],
        latest=latest,
        previous=earlier[-1] if earlier and not unordered and report.covers(earlier[-1].when.day) else None,
        unordered=unordered,
        total=len(own),
        skipped=skipped,
        apart=None if latest is None or newest is latest else newest,
    )


def _read_of(measure: Measure, readings: Readings) -> ReadReport:
    """How far a measure was read: by its own search where there was one, else by its group's."""
    return readings.measures.get(measure.key) or readings.reports[measure.group.key]


def _dyads(
    services: AppServices, ratings: Sequence[Rating], *, span: DrawnRange, mine: str, reads: Sequence[ReadReport]
) -> tuple[list[Dyad], list[Dyad]]:
    """One per rated clinician and instrument, never mixed, and one per questionnaire about nobody in particular; versions whose scores have
    one and the same axis are drawn side by side in one. Mine first and in the site's order of instruments, as are the questionnaires; then
    the other clinicians, the most recent first."""
    groups: dict[object, list[Rating]] = {}
    for rating in sorted(ratings, key=_moment):
        groups.setdefault((_rated(rating), rating.instrument, _axes(_instrument(services, rating))), []).append(rating)
    order = {slug: place for place, slug in enumerate(services.settings.instruments)}
    ranked = sorted(groups.values(), key=lambda group: _moment(group[-1]), reverse=True)
    ranked.sort(key=lambda group: order.get(group[-1].instrument, len(order)) if _rated(group[-1]) in {mine, ""} else len(order))
    ranked.sort(key=lambda group: _rated(group[-1]) != mine)
    found = [_dyad(_versions(services, group), group, span=span, mine=mine, reads=reads) for group in ranked]
    return [dyad for dyad in found if dyad.clinician], [dyad for dyad in found if not dyad.clinician]


def _rating_changes(dyads: Sequence[Dyad]) -> tuple[Change, ...]:
    """Those of the patient's ratings of the signed-in clinician; what is not scored cannot move."""
    mine = next((dyad for dyad in dyads if dyad.mine and "patient" in dyad.latest and not dyad.instrument.why_unscored), None)
    if mine is None:
        return ()
    before = mine.unordered.get("patient") or mine.previous.get("patient")
    return rating_changes(mine.instrument, later=mine.latest["patient"], earlier=before) if before or mine.whole else ()


def _hba1c_change(panels: Sequence[Panel]) -> tuple[Change, ...]:
    """That of HbA1c; the panel's latest and previous share one method already. Where another value may be as late, the two stand side by
    side."""
    panel = next((panel for panel in panels if panel.measure.key == _HBA1C), None)
    if panel is None or panel.latest is None or not (panel.previous or panel.unordered or panel.read.whole):
        return ()
    beside = panel.unordered[-1] if panel.unordered else panel.previous
    return (measure_change(panel.measure, later=panel.latest, earlier=beside),)


def _instrument(services: AppServices, rating: Rating) -> Instrument:
    """The version the answers were given on, or what stands for one whose file is gone."""
    return services.library.as_answered(rating.instrument, version=rating.version, language=services.settings.language)


def _versions(services: AppServices, ratings: Sequence[Rating]) -> dict[str, Instrument]:
    """The versions these answers were given on, that of the latest first."""
    return {rating.version: _instrument(services, rating) for rating in reversed(ratings)}


def _axes(instrument: Instrument) -> tuple[object, ...]:
    """What two versions have to share to stand on one chart: every score with its range, and whether it may be given. Answers that are not
    scored are shown item by item, and share nothing."""
    if not instrument.scales or instrument.why_unscored is not None:
        return (instrument.version,)
    return tuple((scale.key, scale.low, scale.high) for scale in instrument.scales)


def _rated(rating: Rating) -> str:
    """The reference of the rated clinician; "" where nobody is rated."""
    return rating.clinician.reference if rating.clinician else ""


def _dyad(
    versions: Mapping[str, Instrument], ratings: Sequence[Rating], *, span: DrawnRange, mine: str, reads: Sequence[ReadReport]
) -> Dyad:
    """The ratings of one dyad, oldest first, on these versions of the instrument, the latest's first; `reads` are those they came by."""
    instrument, *older = versions.values()
    named = next((rating.clinician for rating in reversed(ratings) if rating.clinician and rating.clinician.name), ratings[-1].clinician)
    informants = dict.fromkeys(informant for one in versions.values() for informant in one.forms)
    by_informant = {informant: [rating for rating in ratings if rating.informant == informant] for informant in informants}
    latest: dict[str, Rating] = {informant: given[-1] for informant, given in by_informant.items() if given and _cover(reads, given[-1])}
    before = {name: one for name, given in by_informant.items() if name in latest and (one := before_latest(given)) is not None}
    unordered: dict[str, Rating] = {name: one for name, one in before.items() if not is_known_earlier(one.when, latest[name].when)}
    return Dyad(
        clinician=named,
        instrument=instrument,
        mine=named is not None and named.reference == mine,
        ratings=[rating for rating in ratings if span.holds(rating.when.day)],
        latest=latest,
        previous={informant: one for informant, one in before.items() if informant not in unordered and _cover(reads, one)},
        unordered=unordered,
        whole=all(read.whole for read in reads),
        since=_since(reads),
        before_range=ratings[: bisect_left(ratings, span.start, key=_day)],
        visits=len({rating.visit for rating in ratings}),
        total=len(ratings),
        language_breaks=_breaks(ratings, language_breaks),
        version_breaks=_breaks(ratings, version_breaks) if older else frozenset(),
        word_breaks=_breaks(ratings, word_breaks),
        older={one.version: one for one in older},
    )


def _breaks(ratings: Sequence[Rating], found: Callable[[Sequence[Rating]], frozenset[str]]) -> frozenset[str]:
    """Of everybody's, each for themself."""
    people: dict[tuple[str, str | None], list[Rating]] = {}
    for rating in ratings:
        people.setdefault((rating.informant, rating.observer), []).append(rating)
    return frozenset(source for given in people.values() for source in found(given))


def _day(one: Measurement | Rating) -> date:
    return one.when.day


def _since(reads: Sequence[ReadReport]) -> date | None:
    """The day from which on nothing is missing of reads that are not all whole; None where there is no such day."""
    days = [read.since for read in reads if not read.whole and not read.untied]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == sum(not read.whole for read in reads) else None


def _cover(reads: Sequence[ReadReport], rating: Rating) -> bool:
    """Whether no later rating can be missing."""
    return all(read.covers(rating.when.day) for read in reads)


def before_latest(given: Sequence[Rating]) -> Rating | None:
    """The rating before the latest, or one of which nobody can tell whether it is; of observers the same one's, as another's is no earlier
    view of theirs, and of a form in the same version, language and words."""
    theirs = [rating for rating in given if _form_given(rating) == _form_given(given[-1])]
    spoken = next(one for one in by_language(theirs, language_of) if one[-1] is given[-1])
    own = next(one for one in by_answer_words(spoken, words_of) if one[-1] is given[-1])[:-1]
    return next((one for one in reversed(own) if not is_known_earlier(one.when, given[-1].when)), own[-1] if own else None)


def _form_given(rating: Rating) -> tuple[str | None, str, bool]:
    """By whom, and on which version as far as that is told."""
    return rating.observer, rating.version, rating.version_told


def _moment(rating: Rating) -> tuple[date, float]:
    return position(rating.when)
