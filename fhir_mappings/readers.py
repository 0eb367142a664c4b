"""Raw FHIR JSON to values people can rely on, or the reason why not. Lenient, and total: nothing raises, nothing is guessed.

The order of the rules follows docs/add-a-measure.md: whose, status, code, value, unit, plausibility, date.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from fhir_mappings.measure import Code, Measure, Unit
from fhir_mappings.measurement import Comparator, Measurement, Quantity, Skipped, Standing
from fhir_mappings.measures import converted
from fhir_mappings.moment import Moment
from fhir_mappings.moments import parse_moment
from fhir_mappings.places import Place, places_by_code, places_in
from fhir_mappings.quantities import Unreadable, decimal_of, number_in_unit, quantity_in
from fhir_mappings.references import is_about, source_of
from fhir_mappings.superseded import newest_of_each
from fhir_mappings.wording import cut, shown_value, text_of

Json = Mapping[str, Any]
_STANDINGS: Mapping[str, Standing] = {
    "final": "final",
    "amended": "amended",
    "corrected": "corrected",
    "preliminary": "preliminary",
}
_COMPARATORS: Mapping[str, Comparator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


def read_measurements(
    measures: Iterable[Measure], observations: Iterable[Json], *, patient: str
) -> tuple[list[Measurement], list[Skipped]]:
    """Every value of the measures in the Observations of Patient/`patient`, and everything of theirs that is not drawn, with its reason.

    Observations of other codes are passed over; those of other patients give a Skipped that holds nothing of them.
    """
    index = places_by_code(measures)
    found: list[Measurement] = []
    skipped: list[Skipped] = []
    for observation in observations:
        if not isinstance(observation, dict):
            continue
        if not is_about(observation, patient):
            skipped.append(foreign(observation))
            continue
        for place in places_in(observation, index):
            _read(observation, place, found, skipped)
    return newest_of_each(found, skipped), skipped


def foreign(resource: Json) -> Skipped:
    """A resource that is not about the patient in context: its id and nothing else."""
    return Skipped(
        source=_source(resource),
        measure=None,
        what="A resource of another patient, or of nobody named",
        when=None,
        shown=None,
        reason="The server returned it although it was asked for this patient only. Nothing of it is used.",
        code="foreign_patient",
        remedy="IT: the server does not honour the patient search parameter.",
    )


def _read(observation: Json, place: Place, found: list[Measurement], skipped: list[Skipped]) -> None:
    """One value of one resource, into one list or the other."""
    when = _when(observation)
    holder = observation
    try:
        standing = _standing(observation)
        _check_is_result(observation, place.code)
        if place.component:
            component = _component(observation, place.code.code)
            if component is None:
                return
            holder = component
            _check_sufficiency(observation, place.code)
        found.append(_measurement(observation, holder, place, standing=standing, when=when))
    except Unreadable as why:
        skipped.append(_skipped(observation, holder, place, why, when=when))


def _measurement(observation: Json, holder: Json, place: Place, *, standing: Standing, when: Moment | None) -> Measurement:
    """The value of a resource or component. Unreadable says why there is none."""
    raw = quantity_in(holder)
    number, unit, reported = number_in_unit(raw, place)
    if when is None:
        raise Unreadable("date_missing", "No date is recorded that could be read.", shown=text_of(reported))
    comparator = _comparator(raw, reported)
    value = converted(number, unit, decimals=place.measure.decimals)
    paired, reported_paired = _pair(observation, place)
    if paired is not None and paired >= value:
        raise Unreadable("pair_swapped", "The second number is not below the first.", shown=f"{value:f}/{paired:f}")
    return Measurement(
        measure=place.measure.key,
        when=when,
        value=value,
        paired=paired,
        reported=reported,
        reported_paired=reported_paired,
        converted=unit.code != place.measure.unit and (unit.slope != 1 or unit.intercept != 0),
        comparator=comparator,
        standing=standing,
        method=_method(observation, place.code, unit),
        source=_source(observation),
        performer=_performer(observation),
        identifier=_identifier(observation),
        updated=_updated(observation),
    )


def _comparator(raw: Json, reported: Quantity) -> Comparator | None:
    """What makes the value a bound. Unreadable for one that FHIR R4 does not have."""
    written = raw.get("comparator")
    known = _COMPARATORS.get(written) if isinstance(written, str) else None
    if written is not None and known is None:
        raise Unreadable("comparator_unknown", f"The comparator {cut(written)} is not known.", shown=text_of(reported))
    return known


def _standing(observation: Json) -> Standing:
    """Drawn statuses; Unreadable for the others. Some servers send trailing blanks."""
    status = observation.get("status")
    name = status.strip() if isinstance(status, str) else ""
    if name in _STANDINGS:
        return _STANDINGS[name]
    if name == "entered-in-error":
        raise Unreadable("entered_in_error", "Marked entered in error by the source.", shown=shown_value(observation))
    if name in {"cancelled", "registered"}:
        raise Unreadable(f"status_{name}", f"The source says: {name}. There is no result.", shown=shown_value(observation))
    said = f"The status {cut(name)} is not known" if name else "No status is recorded"
    raise Unreadable("status_unknown", f"{said}, so the result may not be final.", shown=shown_value(observation))


def _check_is_result(observation: Json, code: Code) -> None:
    """Some codes of a family are no results: goals, masses per volume."""
    if code.exclude:
        raise Unreadable("not_a_result", f"The code means {code.exclude}.", shown=shown_value(observation))
    if observation.get("modifierExtension"):
        raise Unreadable("modified", "It carries a modifier that Rapport does not know.", shown=shown_value(observation))


def _pair(observation: Json, place: Place) -> tuple[Decimal | None, Quantity | None]:
    """The second number of a pair, in the same unit; none for measures without one."""
    if place.code.pair is None or not place.component:
        return None, None
    component = _component(observation, place.code.pair)
    if component is None:
        raise Unreadable("pair_missing", "Only one of the two numbers is recorded.", shown=shown_value(observation))
    raw = quantity_in(component)
    if raw.get("comparator") is not None:
        raise Unreadable("comparator_on_pair", "The second number is only a bound.", shown=shown_value(component))
    number, unit, reported = number_in_unit(raw, place)
    return converted(number, unit, decimals=place.measure.decimals), reported


def _component(observation: Json, code: str) -> Json | None:
    """The component of that code, if any."""
    components = observation.get("component")
    for component in components if isinstance(components, list) else ():
        coded = component.get("code") if isinstance(component, dict) else None
        codings = coded.get("coding") if isinstance(coded, dict) else None
        if isinstance(codings, list) and any(isinstance(one, dict) and one.get("code") == code for one in codings):
            return component if isinstance(component, dict) else None
    return None


def _check_sufficiency(observation: Json, code: Code) -> None:
    """A summary says on how much data it rests: below the least it is not shown."""
    if code.sufficiency is None:
        return
    name, least = code.sufficiency
    component = _component(observation, name)
    quantity = component.get("valueQuantity") if component else None
    share = decimal_of(quantity.get("value")) if isinstance(quantity, dict) else None
    if share is not None and share < least:
        raise Unreadable("data_insufficient", f"The sensor was active {share} % of the time. At least {least} % is needed.")


def _when(observation: Json) -> Moment | None:
    """When the value was true: effective, the end of an effective period, else when it was issued. None when what is
    recorded first cannot be read: a later date would be another one."""
    usual = observation.get("effectiveDateTime")
    if usual is not None:
        return parse_moment(usual)
    period = observation.get("effectivePeriod")
    ends = (period.get("end"), period.get("start")) if isinstance(period, dict) else ()
    recorded = (observation.get("effectiveInstant"), *ends, observation.get("issued"))
    return next((parse_moment(text) for text in recorded if text is not None), None)


def _source(resource: Json) -> str:
    return source_of(resource, cut(resource.get("resourceType", "Resource")))


def _performer(observation: Json) -> str | None:
    performers = observation.get("performer")
    first = performers[0] if isinstance(performers, list) and performers else None
    name = first.get("display") if isinstance(first, dict) else None
    return cut(name) if isinstance(name, str) else None


def _method(observation: Json, code: Code, unit: Unit) -> str | None:
    """What keeps the value off the usual line: its code's method, its unit's, or the one the source names."""
    if code.method or unit.method:
        return code.method or unit.method
    method = observation.get("method")
    if not isinstance(method, dict):
        return None
    codings = method.get("coding")
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
    name = method.get("text") or first.get("display") or first.get("code")
    return cut(name) if isinstance(name, str) else None


def _identifier(observation: Json) -> str | None:
    """What makes two resources of one day the same result; the first identifier with a system and a value."""
    identifiers = observation.get("identifier")
    for identifier in identifiers if isinstance(identifiers, list) else ():
        if isinstance(identifier, dict) and identifier.get("system") and identifier.get("value"):
            return f"{identifier['system']}|{identifier['value']}"
    return None


def _updated(observation: Json) -> str:
    """When the resource last changed, as text that sorts."""
    meta = observation.get("meta")
    updated = (meta.get("lastUpdated") if isinstance(meta, dict) else None) or observation.get("issued")
    return updated if isinstance(updated, str) else ""


def _skipped(observation: Json, holder: Json, place: Place, why: Unreadable, *, when: Moment | None) -> Skipped:
    return Skipped(
        source=_source(observation),
        measure=place.measure.key,
        what=place.measure.title,
        when=when,
        shown=why.shown or shown_value(holder),
        reason=why.reason,
        code=why.code,
        remedy=why.remedy,
    )
