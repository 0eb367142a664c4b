"""Raw FHIR JSON to values people can rely on, or the reason why not. Lenient, and total: nothing raises, nothing is guessed.

The order of the rules follows docs/add-a-measure.md: whose, status, code, value, unit, plausibility, date.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_mappings.canonicals import UCUM
from fhir_mappings.measure import Code, Measure, Unit
from fhir_mappings.measurement import Comparator, Measurement, Quantity, Skipped, Standing
from fhir_mappings.measures import converted
from fhir_mappings.moment import Moment
from fhir_mappings.moments import parse_moment
from fhir_mappings.references import is_about, source_of

Json = Mapping[str, Any]
_STANDINGS: Mapping[str, Standing] = {
    "final": "final",
    "amended": "amended",
    "corrected": "corrected",
    "preliminary": "preliminary",
}
_COMPARATORS: Mapping[str, Comparator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
# The later of two resources that are the same result, by how settled they are.
_SETTLED = {"preliminary": 0, "final": 1, "amended": 2, "corrected": 2}
_LONGEST_SHOWN = 60
# A FHIR decimal. What Decimal() would take besides ("7_1", "NaN", other scripts' digits) is no number in FHIR.
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a code's value stands: in the resource itself, or in the components of a panel."""

    measure: Measure
    code: Code
    units: Mapping[str, Unit]
    spellings: Mapping[str, Unit]
    component: bool


class _Unreadable(Exception):
    """Why one value is skipped."""

    def __init__(self, code: str, reason: str, *, shown: str | None = None, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.shown = shown
        self.remedy = remedy


def read_measurements(
    measures: Iterable[Measure], observations: Iterable[Json], *, patient: str
) -> tuple[list[Measurement], list[Skipped]]:
    """Every value of the measures in the Observations of Patient/`patient`, and everything of theirs that is not drawn, with its reason.

    Observations of other codes are passed over; those of other patients give a Skipped that holds nothing of them.
    """
    index = _index(measures)
    found: list[Measurement] = []
    skipped: list[Skipped] = []
    for observation in observations:
        if not isinstance(observation, dict):
            continue
        if not is_about(observation, patient):
            skipped.append(foreign(observation))
            continue
        for place in _places(observation, index):
            _read(observation, place, found, skipped)
    return _newest_of_each(found, skipped), skipped


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


def _index(measures: Iterable[Measure]) -> dict[tuple[str, str], list[_Place]]:
    """Every code and panel code with what it may hold."""
    index: dict[tuple[str, str], list[_Place]] = {}
    for measure in measures:
        by_code = {unit.code: unit for unit in measure.units}
        for code in measure.codes:
            units = {name: by_code[name] for name in code.units} if code.units else dict(by_code)
            if code.reads_as:
                units = {"%": by_code[code.reads_as], code.reads_as: by_code[code.reads_as]}
            spellings = {spelling.casefold(): unit for unit in units.values() for spelling in unit.spellings}
            if code.reads_as:
                spellings["%"] = units["%"]
            for key, component in ((code.code, False), *((panel, True) for panel in code.within)):
                place = _Place(measure, code, units, spellings, component)
                index.setdefault((code.system, key), []).append(place)
    return index


def _places(observation: Json, index: Mapping[tuple[str, str], list[_Place]]) -> list[_Place]:
    """What the resource's codes say it holds; each measure once."""
    code = observation.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    if not isinstance(codings, list):
        return []
    if len(codings) == 1 and isinstance(codings[0], dict):
        return _at(codings[0], index)
    found: dict[str, _Place] = {}
    for place in (place for coding in codings if isinstance(coding, dict) for place in _at(coding, index)):
        # The first coding decides, unless a later one says that this is no result.
        if place.measure.key not in found or place.code.exclude:
            found[place.measure.key] = place
    return list(found.values())


def _at(coding: Json, index: Mapping[tuple[str, str], list[_Place]]) -> list[_Place]:
    system, code = coding.get("system"), coding.get("code")
    return index.get((system, code), []) if isinstance(system, str) and isinstance(code, str) else []


def _read(observation: Json, place: _Place, found: list[Measurement], skipped: list[Skipped]) -> None:
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
    except _Unreadable as why:
        skipped.append(_skipped(observation, holder, place, why, when=when))


def _measurement(observation: Json, holder: Json, place: _Place, *, standing: Standing, when: Moment | None) -> Measurement:
    """The value of a resource or component. _Unreadable says why there is none."""
    raw = _quantity(holder)
    number, unit, reported = _number_in_unit(raw, place)
    if when is None:
        raise _Unreadable("date_missing", "No date is recorded that could be read.", shown=_text(reported))
    comparator = _comparator(raw, reported)
    value = converted(number, unit, decimals=place.measure.decimals)
    paired, reported_paired = _pair(observation, place)
    if paired is not None and paired >= value:
        raise _Unreadable("pair_swapped", "The second number is not below the first.", shown=f"{value:f}/{paired:f}")
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
    """What makes the value a bound. _Unreadable for one that FHIR R4 does not have."""
    written = raw.get("comparator")
    known = _COMPARATORS.get(written) if isinstance(written, str) else None
    if written is not None and known is None:
        raise _Unreadable("comparator_unknown", f"The comparator {_cut(written)} is not known.", shown=_text(reported))
    return known


def _standing(observation: Json) -> Standing:
    """Drawn statuses; _Unreadable for the others. Some servers send trailing blanks."""
    status = observation.get("status")
    name = status.strip() if isinstance(status, str) else ""
    if name in _STANDINGS:
        return _STANDINGS[name]
    if name == "entered-in-error":
        raise _Unreadable("entered_in_error", "Marked entered in error by the source.", shown=_shown(observation))
    if name in {"cancelled", "registered"}:
        raise _Unreadable(f"status_{name}", f"The source says: {name}. There is no result.", shown=_shown(observation))
    said = f"The status {_cut(name)} is not known" if name else "No status is recorded"
    raise _Unreadable("status_unknown", f"{said}, so the result may not be final.", shown=_shown(observation))


def _check_is_result(observation: Json, code: Code) -> None:
    """Some codes of a family are no results: goals, masses per volume."""
    if code.exclude:
        raise _Unreadable("not_a_result", f"The code means {code.exclude}.", shown=_shown(observation))
    if observation.get("modifierExtension"):
        raise _Unreadable("modified", "It carries a modifier that Rapport does not know.", shown=_shown(observation))


def _quantity(holder: Json) -> Json:
    """The value as a Quantity. _Unreadable when it is absent or no quantity."""
    quantity = holder.get("valueQuantity")
    if "dataAbsentReason" in holder and any(key.startswith("value") for key in holder):
        raise _Unreadable("value_contradicts", "A value is recorded together with a reason why there is none.", shown=_shown(holder))
    if isinstance(quantity, dict) and quantity.get("value") is not None:
        return quantity
    if isinstance(holder.get("valueString"), str):
        return _quantity_in_text(holder["valueString"])
    absent = holder.get("dataAbsentReason")
    if isinstance(absent, dict):
        raise _Unreadable("value_absent", f"No value: {_absent_words(absent)}.")
    if any(key.startswith("value") for key in holder):
        raise _Unreadable("value_not_numeric", "The value is not a number with a unit.", shown=_shown(holder))
    raise _Unreadable("value_missing", "No value is recorded.")


def _quantity_in_text(text: str) -> Json:
    """A number and unit written as text ("7.2 %")."""
    number, _, unit = text.strip().partition(" ")
    if _decimal(number) is None:
        raise _Unreadable("value_not_numeric", "The value is text, not a number.", shown=_cut(text))
    return {"value": number, "unit": unit.strip() or None}


def _number_in_unit(raw: Json, place: _Place) -> tuple[Decimal, Unit, Quantity]:
    """The number, its unit and both as reported. The unit comes from the Quantity alone, never from the code."""
    number = _decimal(raw.get("value"))
    if number is None:
        raise _Unreadable("value_not_numeric", "The value is not a number.", shown=_as_written(raw))
    unit = _unit(raw, place)
    if not unit.low <= number <= unit.high:
        reason = f"Outside {unit.low} to {unit.high} {unit.label}. Rapport does not guess another unit."
        raise _Unreadable("unit_suspect", reason, shown=_as_written(raw), remedy="The source corrects the value or its unit.")
    label = _label(raw)
    # People read "lb" and "mm Hg", not the UCUM codes of these; another spelling of the source is kept.
    named = unit.label if place.code.reads_as or label == unit.code else label or unit.label
    return number, unit, Quantity(text=_digits(raw["value"], number), unit=unit.code, label=named)


def _unit(raw: Json, place: _Place) -> Unit:
    """The unit by UCUM code, else by a known spelling. _Unreadable when missing or of another measure."""
    code, text, system = raw.get("code"), raw.get("unit"), raw.get("system")
    if isinstance(code, str) and (system is None or system == UCUM) and code in place.units:
        return _agreed(place.units[code], raw, place)
    spelling = text if system != UCUM or not isinstance(code, str) else code
    if isinstance(spelling, str) and spelling.strip().casefold() in place.spellings:
        return place.spellings[spelling.strip().casefold()]
    if not spelling and not code:
        raise _Unreadable("unit_missing", "No unit is recorded.", shown=_as_written(raw), remedy="The source adds the unit.")
    accepted = ", ".join(dict.fromkeys(unit.label for unit in place.units.values()))
    reason = f"The unit {_cut(spelling or code)} is not one of {accepted}."
    raise _Unreadable("unit_unknown", reason, shown=_as_written(raw), remedy="The source corrects the unit.")


def _agreed(unit: Unit, raw: Json, place: _Place) -> Unit:
    """The unit of the code, unless the text beside it names another one of the measure: then nobody can tell which is meant."""
    text = raw.get("unit")
    named = place.spellings.get(text.strip().casefold()) if isinstance(text, str) else None
    if named is not None and named is not unit:
        reason = f"The unit is coded as {unit.label} but written as {named.label}."
        raise _Unreadable("unit_contradicts", reason, shown=_as_written(raw), remedy="The source corrects the unit.")
    return unit


def _pair(observation: Json, place: _Place) -> tuple[Decimal | None, Quantity | None]:
    """The second number of a pair, in the same unit; none for measures without one."""
    if place.code.pair is None or not place.component:
        return None, None
    component = _component(observation, place.code.pair)
    if component is None:
        raise _Unreadable("pair_missing", "Only one of the two numbers is recorded.", shown=_shown(observation))
    raw = _quantity(component)
    if raw.get("comparator") is not None:
        raise _Unreadable("comparator_on_pair", "The second number is only a bound.", shown=_shown(component))
    number, unit, reported = _number_in_unit(raw, place)
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
    share = _decimal(quantity.get("value")) if isinstance(quantity, dict) else None
    if share is not None and share < least:
        raise _Unreadable("data_insufficient", f"The sensor was active {share} % of the time. At least {least} % is needed.")


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


def _decimal(value: object) -> Decimal | None:
    """A finite number, however it was written; None for anything else."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _digits(raw: object, number: Decimal) -> str:
    """The number as it was written, without an exponent: 7.10 stays 7.10."""
    text = str(raw).strip()
    return f"{number:f}" if "e" in text or "E" in text else text


def _label(raw: Json) -> str:
    unit = raw.get("unit") or raw.get("code")
    return _cut(unit) if isinstance(unit, str) else ""


def _as_written(raw: Json) -> str:
    """A Quantity's number and unit, whatever they are."""
    return f"{_cut(raw.get('value'))} {_label(raw)}".strip()


def _text(quantity: Quantity) -> str:
    return f"{quantity.text} {quantity.label}".strip()


def _shown(holder: Json) -> str | None:
    """The value in a few words, for the list of what is not shown."""
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict) and quantity.get("value") is not None:
        return _as_written(quantity)
    for key in ("valueString", "valueInteger", "valueBoolean", "valueDateTime"):
        if key in holder:
            return _cut(holder[key])
    concept = holder.get("valueCodeableConcept")
    return _cut(concept.get("text")) if isinstance(concept, dict) and concept.get("text") else None


def _cut(value: object) -> str:
    """`value` as text for people, not longer than a line."""
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _absent_words(reason: Json) -> str:
    """A data-absent-reason in words."""
    text = reason.get("text")
    codings = reason.get("coding")
    first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], dict) else {}
    return _cut(text or first.get("display") or first.get("code") or "no reason given")


def _source(resource: Json) -> str:
    return source_of(resource, _cut(resource.get("resourceType", "Resource")))


def _performer(observation: Json) -> str | None:
    performers = observation.get("performer")
    first = performers[0] if isinstance(performers, list) and performers else None
    name = first.get("display") if isinstance(first, dict) else None
    return _cut(name) if isinstance(name, str) else None


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
    return _cut(name) if isinstance(name, str) else None


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


def _skipped(observation: Json, holder: Json, place: _Place, why: _Unreadable, *, when: Moment | None) -> Skipped:
    return Skipped(
        source=_source(observation),
        measure=place.measure.key,
        what=place.measure.title,
        when=when,
        shown=why.shown or _shown(holder),
        reason=why.reason,
        code=why.code,
        remedy=why.remedy,
    )


def _newest_of_each(found: list[Measurement], skipped: list[Skipped]) -> list[Measurement]:
    """One value per result: a corrected one replaces what it corrects, which is listed."""
    best: dict[object, Measurement] = {}
    for place, one in enumerate(found):
        key = (one.measure, one.identifier, one.when.day) if one.identifier else place
        other = best.get(key)
        if other is None:
            best[key] = one
            continue
        kept, dropped = (one, other) if _rank(one) > _rank(other) else (other, one)
        best[key] = kept
        skipped.append(_superseded(dropped, kept))
    return list(best.values())


def _rank(one: Measurement) -> tuple[int, str]:
    return _SETTLED[one.standing], one.updated


def _superseded(dropped: Measurement, kept: Measurement) -> Skipped:
    return Skipped(
        source=dropped.source,
        measure=dropped.measure,
        what=dropped.measure,
        when=dropped.when,
        shown=_text(dropped.reported),
        reason=f"The same result is there again, {kept.standing}, as {kept.source}.",
        code="superseded",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFields:
    """What the banner shows. `names` are "" and the rest None where nothing is recorded. `identifier` is (label, value)."""

    id: str
    family: str
    given: str
    title: str
    born: date | None
    born_text: str | None
    gender: str | None
    identifier: tuple[str, str] | None
    deceased: str | None


def read_patient(resource: Json) -> PatientFields:
    """The banner's facts of a Patient resource; whatever cannot be read is absent, nothing raises."""
    name = _official(resource.get("name"))
    born = parse_moment(resource.get("birthDate"))
    gender = resource.get("gender")
    return PatientFields(
        id=str(resource.get("id", "")),
        family=_word(name.get("family")) or _word(name.get("text")),
        given=" ".join(_words(name.get("given"))),
        title=" ".join(_words(name.get("prefix"))),
        born=born.day if born and born.precision == "day" else None,
        born_text=born.text if born else None,
        gender=gender if isinstance(gender, str) and gender else None,
        identifier=_record_number(resource.get("identifier")),
        deceased=_deceased(resource),
    )


def _official(names: object) -> Json:
    """The name to address a person by: official, else usual, else the first that is not old."""
    given = [name for name in names if isinstance(name, dict)] if isinstance(names, list) else []
    for use in ("official", "usual"):
        for name in given:
            if name.get("use") == use:
                return name
    return next((name for name in given if name.get("use") not in ("old", "maiden")), {})


def _words(parts: object) -> Iterator[str]:
    yield from (word for part in parts if (word := _word(part))) if isinstance(parts, list) else ()


def _word(part: object) -> str:
    return " ".join(part.split()) if isinstance(part, str) else ""


def _record_number(identifiers: object) -> tuple[str, str] | None:
    """The medical record number where one is marked so, else the usual identifier, else none."""
    given = [one for one in identifiers if isinstance(one, dict) and one.get("value")] if isinstance(identifiers, list) else []
    for one in given:
        if "MR" in _type_codes(one):
            return "MRN", str(one["value"])
    usual = next((one for one in given if one.get("use") in ("usual", "official")), None)
    return ("ID", str(usual["value"])) if usual else None


def _type_codes(identifier: Json) -> list[object]:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    return [one.get("code") for one in codings if isinstance(one, dict)] if isinstance(codings, list) else []


def _deceased(resource: Json) -> str | None:
    """The date of death as written, "yes" without one, None for the living."""
    when = resource.get("deceasedDateTime")
    if isinstance(when, str) and when:
        return when
    return "yes" if resource.get("deceasedBoolean") is True else None
