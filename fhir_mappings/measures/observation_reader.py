"""Raw FHIR JSON to values people can rely on, or the reason why not. Lenient, and total: nothing raises, nothing is guessed.

The order of the rules follows docs/add-a-measure.md: whose, status, code, value, unit, plausibility, date.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal

from msgspec import Struct, field

from fhir_mappings.measures.code_index import CodePlace, code_index, own_components, places_in
from fhir_mappings.measures.duplicates.duplicate_results import one_of_each
from fhir_mappings.measures.focus import why_about_another
from fhir_mappings.measures.measure import PANEL, Measure, MeasureCode, Unit
from fhir_mappings.measures.measurement import Comparator, Measurement, Standing
from fhir_mappings.measures.pairs.one_resource import TwoNumbers, both_shown, check_pair, two_numbers, usual_pair
from fhir_mappings.measures.pairs.separate_resources import Half, PanelOfMembers, Separate, pair_up
from fhir_mappings.measures.quantity_reader import KnownUnits, Unreadable, drawn_value, quantity_in
from fhir_mappings.measures.remarks import remarks_of, says_more
from fhir_mappings.measures.result_dates import check_possible, moment_otherwise, undated
from fhir_mappings.measures.sensor_activity import SensorSummary, is_coded, why_too_little
from fhir_mappings.measures.units.stray_values import without_strays
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.display import cut, shown_value, text_of
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.possible_dates import PossibleDates
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.r4.references import About, PatientOnServer, reference_in, references_in, source_of
from fhir_mappings.sentence import Sentence, joined
from fhir_mappings.skipped import Skipped, not_own

_STANDINGS: Mapping[str, Standing] = {
    "final": "final",
    "amended": "amended",
    "corrected": "corrected",
    "preliminary": "preliminary",
}
_COMPARATORS: Mapping[str, Comparator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WITHOUT_RESULT = {
    "cancelled": Sentence("The source says: cancelled. There is no result."),
    "registered": Sentence("The source says: registered. There is no result."),
}


class _ObservationReading(Struct, frozen=True):
    """Where one call collects what it finds of that patient and what it does not draw; `units` and `names` are those it has met; days are
    of `zone`, and other than `possible` ones are not drawn."""

    patient: PatientOnServer
    found: list[Measurement] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    separate: Separate = field(default_factory=Separate)
    summaries: list[SensorSummary] = field(default_factory=list)
    units: KnownUnits = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC
    possible: PossibleDates | None = None


def read_measurements(
    measures: Iterable[Measure],
    observations: Iterable[FhirJson],
    *,
    patient: PatientOnServer,
    zone: tzinfo = UTC,
    possible: PossibleDates | None = None,
) -> tuple[list[Measurement], list[Skipped]]:
    """Every value of the measures in the patient's Observations, and everything of theirs that is not drawn, with its reason.

    Observations of other codes are passed over; those of other patients, and those tied to nobody, give a Skipped that holds nothing of
    them. `zone` is the clinic's: an instant has its day there. `possible` are the dates a value of theirs can have; others are listed.
    """
    known = tuple(measures)
    index = code_index(known)
    reading = _ObservationReading(patient, zone=zone, possible=possible)
    about = About(patient)
    given = list(observations)
    for observation in given:
        if not isinstance(observation, dict):
            continue
        judged = about.whose(observation)
        if judged.owner != "own":
            reading.skipped.append(not_own(observation, judged))
            continue
        for place in places_in(observation, index):
            _read(reading, observation, place)
    if reading.summaries:
        _keep_summaries(reading, given, about)
    if reading.separate.halves or reading.separate.panels:
        pairs, alone = pair_up(reading.separate, known)
        reading.found.extend(pairs)
        reading.skipped.extend(alone)
    found = one_of_each(reading.found, reading.skipped, known)
    return without_strays(known, found, reading.skipped), reading.skipped


def _keep_summaries(reading: _ObservationReading, given: Sequence[object], about: About) -> None:
    """The summaries of sensors that were active long enough, among the values."""

    def is_own(observation: FhirJson) -> bool:
        return about.holds(observation) and why_about_another(observation, reading.patient) is None

    reasons = why_too_little(reading.summaries, given, base=reading.patient.base, counts=is_own)
    for one, why in zip(reading.summaries, reasons, strict=True):
        if why is None:
            reading.found.append(one.value)
        else:
            reading.skipped.append(_skipped(one.observation, one.holder, one.place, why, when=one.value.when))


def _read(reading: _ObservationReading, observation: FhirJson, place: CodePlace) -> None:
    """One value of one resource, into one list or the other."""
    usual = observation.get("effectiveDateTime")
    when = parse_moment(usual, reading.zone) if usual is not None else moment_otherwise(observation, reading.zone)
    about_another = why_about_another(observation, reading.patient) if observation.get("focus") else None
    if about_another is not None:
        reading.skipped.append(_of_another(observation, place, about_another, when=when))
        return
    holder = observation
    second: FhirJson | None = None
    try:
        standing = _standing(observation)
        _check_is_result(observation, place.code)
        if place.code.part is not None:
            pair = usual_pair(observation, place)
            if pair is None:
                _read_two(reading, observation, place, standing=standing, when=when)
                return
            holder, second = pair
        elif "component" in observation and not place.component:
            for part, own in own_components(observation, place):
                _read_holder(reading, observation, part, own, standing=standing, when=when)
            return
        if place.component:
            component = _component(observation, place.code.code)
            if component is None:
                return
            holder = component
        value = _measurement(reading, observation, holder, place, standing=standing, when=when, second=second)
        if place.code.sufficiency is None:
            reading.found.append(value)
        else:
            reading.summaries.append(SensorSummary(value=value, observation=observation, holder=holder, place=place))
    except Unreadable as why:
        why.shown = why.shown if second is None else both_shown(holder, second)
        reading.skipped.append(_skipped(observation, holder, place, why, when=when))


def _read_holder(
    reading: _ObservationReading, observation: FhirJson, holder: FhirJson, place: CodePlace, *, standing: Standing, when: Moment | None
) -> None:
    """One of several values of one resource."""
    try:
        _check_is_result(observation, place.code)
        value = _measurement(reading, observation, holder, place, standing=standing, when=when)
        if place.code.sufficiency is None:
            reading.found.append(value)
        else:
            reading.summaries.append(SensorSummary(value=value, observation=observation, holder=holder, place=place))
    except Unreadable as why:
        reading.skipped.append(_skipped(observation, holder, place, why, when=when))


def _read_two(reading: _ObservationReading, observation: FhirJson, place: CodePlace, *, standing: Standing, when: Moment | None) -> None:
    """The pairs of one resource, or the one number that may have the other in another resource."""
    rows: list[Skipped] = []
    for each in two_numbers(observation, place):
        if isinstance(each, Unreadable):
            rows.append(_skipped(observation, observation, place, each, when=when))
            continue
        try:
            _keep_two(reading, observation, each, standing=standing, when=when)
        except Unreadable as why:
            why.shown = both_shown(each.first, each.second) or why.shown
            rows.append(_skipped(observation, observation, place, why, when=when))
    members = frozenset(references_in(observation["hasMember"], base=reading.patient.base)) if "hasMember" in observation else None
    if members and place.code.part == PANEL:
        empty = rows.pop() if rows and rows[-1].code in {"value_missing", "value_absent"} else None
        reading.separate.panels.append(PanelOfMembers(source=source_of(observation, "Observation"), members=members, empty=empty))
    reading.skipped.extend(rows)


def _keep_two(reading: _ObservationReading, observation: FhirJson, numbers: TwoNumbers, *, standing: Standing, when: Moment | None) -> None:
    """A pair among the values, one number among those that wait for the other. Unreadable for what is neither."""
    place, first, second = numbers.place, numbers.first, numbers.second
    if first is not None and second is not None:
        reading.found.append(_measurement(reading, observation, first, place, standing=standing, when=when, second=second))
        return
    value = _measurement(reading, observation, observation, place, standing=standing, when=when)
    base, encounter = reading.patient.base, observation.get("encounter")
    members = frozenset(references_in(observation.get("hasMember"), base=base))
    met = reference_in(encounter, base=base) or (str(encounter) if encounter else None)
    reading.separate.halves.append(Half(value=value, part=numbers.part, encounter=met, members=members))


def _measurement(
    reading: _ObservationReading,
    observation: FhirJson,
    holder: FhirJson,
    place: CodePlace,
    *,
    standing: Standing,
    when: Moment | None,
    second: FhirJson | None = None,
) -> Measurement:
    """The value of a resource or component; `second` holds the second number of a pair. Unreadable says why there is none."""
    raw = quantity_in(holder)
    value, accepted, reported = drawn_value(raw, place, reading.units)
    possible = reading.possible
    if when is None:
        raise undated(observation, shown=text_of(reported))
    if possible is not None and not possible.ordinary <= when.day <= possible.today:
        check_possible(when, possible, shown=text_of(reported))
    comparator = _comparator(raw, reported) if "comparator" in raw else None
    paired, reported_paired = (None, None) if second is None else _pair(reading, second, place, value, reported)
    # In order and unnamed: with names a tuple takes twice as long to make, and there is one for every value of the record.
    return Measurement(
        place.measure.key,
        when,
        value,
        paired,
        reported,
        reported_paired,
        accepted.converted,
        comparator,
        standing,
        _method(observation, place.code, accepted.unit),
        source_of(observation, "Observation"),
        _performer(reading, observation),
        _identifiers(observation) if "identifier" in observation else (),
        _updated(observation),
        (),
        remarks_of(observation, place, reading.patient) if says_more(observation) or observation.get("effectiveDateTime") is None else (),
        place.code,
    )


def _comparator(raw: FhirJson, reported: Quantity) -> Comparator | None:
    """What makes the value a bound. Unreadable for one that FHIR R4 does not have."""
    written = raw.get("comparator")
    if written is None:
        return None
    known = _COMPARATORS.get(written) if isinstance(written, str) else None
    if known is None:
        reason = Sentence("The comparator {comparator} is not known.", comparator=cut(written))
        raise Unreadable("comparator_unknown", reason, shown=text_of(reported))
    return known


def _standing(observation: FhirJson) -> Standing:
    """Drawn statuses; Unreadable for the others. Some servers send trailing blanks."""
    status = observation.get("status")
    name = status.strip() if isinstance(status, str) else ""
    standing = _STANDINGS.get(name)
    if standing is not None:
        return standing
    if name == "entered-in-error":
        raise Unreadable("entered_in_error", Sentence("Marked entered in error by the source."), shown=shown_value(observation))
    if name in _WITHOUT_RESULT:
        raise Unreadable(f"status_{name}", _WITHOUT_RESULT[name], shown=shown_value(observation))
    raise Unreadable("status_unknown", _why_not_final(name), shown=shown_value(observation))


def _why_not_final(status: str) -> Sentence:
    if status:
        return Sentence("The status {status} is not known, so the result may not be final.", status=cut(status))
    return Sentence("No status is recorded, so the result may not be final.")


def _check_is_result(observation: FhirJson, code: MeasureCode) -> None:
    """Some codes of a family are no results: goals, masses per volume."""
    if code.exclude:
        raise Unreadable("not_a_result", Sentence("The code means {what}.", what=code.exclude), shown=shown_value(observation))
    if observation.get("modifierExtension"):
        reason = Sentence("It carries a modifier that Rapport does not know.")
        raise Unreadable("modified", reason, shown=shown_value(observation))


def _pair(reading: _ObservationReading, holder: FhirJson, place: CodePlace, first: Decimal, beside: Quantity) -> tuple[Decimal, Quantity]:
    """The second number of a pair beside the first. Unreadable where the two are no pair."""
    raw = quantity_in(holder)
    value, _, reported = drawn_value(raw, place, reading.units)
    check_pair(first, beside, value, reported, bound=raw.get("comparator") is not None)
    return value, reported


def _component(observation: FhirJson, code: str) -> FhirJson | None:
    """The component of that code, if any."""
    components = observation.get("component")
    for component in components if isinstance(components, list) else ():
        if isinstance(component, dict) and is_coded(component, code):
            return component
    return None


def _performer(reading: _ObservationReading, observation: FhirJson) -> str | None:
    """Who reports it, as a name; one organisation has nearly all results of a read."""
    performers = observation.get("performer")
    first = performers[0] if isinstance(performers, list) and performers else None
    name = first.get("display") if isinstance(first, dict) else None
    if not isinstance(name, str):
        return None
    found = reading.names.get(name)
    if found is None:
        found = reading.names[name] = cut(name)
    return found


def _method(observation: FhirJson, code: MeasureCode, unit: Unit) -> str | None:
    """What keeps the value off the usual line: its code's method or else the one the source names, and its unit's besides."""
    method = code.method
    if method is None and "method" in observation:
        method = _named_method(observation["method"])
    if unit.method is None:
        return method
    return joined(", ", (method, unit.method)) if method else unit.method


def _named_method(method: object) -> str | None:
    if not isinstance(method, dict):
        return None
    codings = method.get("coding")
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
    name = method.get("text") or first.get("display") or first.get("code")
    return cut(name) if isinstance(name, str) else None


def _identifiers(observation: FhirJson) -> tuple[str, ...]:
    """Every identifier with a system and a value: a feed may put its own before the laboratory's."""
    identifiers = observation.get("identifier")
    found: tuple[str, ...] = ()
    for identifier in identifiers if isinstance(identifiers, list) else ():
        system, value = (identifier.get("system"), identifier.get("value")) if isinstance(identifier, dict) else (None, None)
        if system and value:
            found += (f"{system}|{value}",)
    return found


def _updated(observation: FhirJson) -> str:
    """When the resource last changed, as text that sorts."""
    meta = observation.get("meta")
    updated = (meta.get("lastUpdated") if isinstance(meta, dict) else None) or observation.get("issued")
    return updated if isinstance(updated, str) else ""


def _of_another(observation: FhirJson, place: CodePlace, why: Sentence, *, when: Moment | None) -> Skipped:
    """A value filed in this record that is not the patient's own: where it is and what of, never the value."""
    return Skipped(
        source=source_of(observation, "Observation"),
        measure=place.measure.key,
        what=place.measure.title,
        when=when,
        shown=None,
        reason=why,
        code="about_another",
        remedy=Sentence("If it is the patient's own value, the source takes its focus away."),
    )


def _skipped(observation: FhirJson, holder: FhirJson, place: CodePlace, why: Unreadable, *, when: Moment | None) -> Skipped:
    return Skipped(
        source=source_of(observation, "Observation"),
        measure=place.measure.key,
        what=place.measure.title,
        when=when,
        shown=why.shown or shown_value(holder),
        reason=why.reason,
        code=why.code,
        remedy=why.remedy,
    )
