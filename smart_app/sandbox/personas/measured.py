"""Laboratory results, vital signs and sensor summaries of a persona as FHIR R4 Observations."""

from collections.abc import Iterator
from datetime import time
from decimal import ROUND_HALF_UP, Decimal

from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.calendar import Calendar
from smart_app.sandbox.personas.case import Persona, PersonaResult, PersonaSeries, Test
from smart_app.sandbox.personas.files import Cast
from smart_app.sandbox.personas.people import Resource, encounter_id

BLOOD_TAKEN = time(8, 15)
REPORTED_AFTER_MINUTES = 390
CATEGORY_NAMES = {"laboratory": "Laboratory", "vital-signs": "Vital Signs"}


def measured(persona: Persona, cast: Cast, *, calendar: Calendar, base: str) -> Iterator[Resource]:
    """Every result of the persona: series, the odd ones out, and height and BMI where height and weight are known."""
    for series in with_body_mass(persona):
        for days_ago, value in series.values:
            result = PersonaResult(key=f"d{days_ago}", test=series.test, days_ago=days_ago, performer=series.performer)
            yield observation(persona, result, cast, calendar=calendar, base=base, written=value)
    for result in persona.results:
        yield observation(persona, result, cast, calendar=calendar, base=base, written=result.value)


def with_body_mass(persona: Persona) -> Iterator[PersonaSeries]:
    """The persona's series, and beside weight the BMI worked out from it and one height."""
    height = persona.person.height_cm
    for series in persona.series:
        yield series
        if series.test == "weight" and height:
            yield PersonaSeries(test="bmi", values=tuple((day, body_mass_index(weight, height)) for day, weight in series.values))
            yield PersonaSeries(test="height", values=((series.values[0][0], height),))


def body_mass_index(weight_kg: str, height_cm: str) -> str:
    """kg/m² with one decimal."""
    metres = Decimal(height_cm) / 100
    return str((Decimal(weight_kg) / metres**2).quantize(Decimal("0.1"), ROUND_HALF_UP))


def observation(persona: Persona, result: PersonaResult, cast: Cast, *, calendar: Calendar, base: str, written: str | None) -> Resource:
    """One Observation; numbers keep the digits they are written with."""
    test = cast.tests[result.test]
    performer = result.performer or test.performer or cast.staff.organisations[0].key
    resource: Resource = {
        "resourceType": "Observation",
        **persona_canonicals.mark(f"{persona.slug}.{test.key}.{result.key}", base),
        "status": result.status,
        "code": _code(test),
        "subject": {"reference": f"Patient/{persona.slug}"},
        **_timing(persona, result, test, calendar=calendar),
        "performer": [{"reference": f"Organization/{performer}", "display": cast.organisation_name(performer)}],
        **_value(test, result, written),
    }
    return resource | _category(test) | _remarks(test, result)


def _code(test: Test) -> Resource:
    coding = {"system": persona_canonicals.LOINC, "code": test.code}
    return {"coding": [coding | ({"display": test.display} if test.display else {})], "text": test.text}


def _category(test: Test) -> Resource:
    if test.category is None:
        return {}
    coding = {"system": persona_canonicals.OBSERVATION_CATEGORY, "code": test.category, "display": CATEGORY_NAMES[test.category]}
    return {"category": [{"coding": [coding]}]}


def _remarks(test: Test, result: PersonaResult) -> Resource:
    method: Resource = {"method": {"text": test.method}} if test.method else {}
    return method | ({"note": [{"text": result.note}]} if result.note else {})


def _timing(persona: Persona, result: PersonaResult, test: Test, *, calendar: Calendar) -> Resource:
    ago = result.days_ago
    if test.period_days:
        return {"effectivePeriod": {"start": calendar.day(ago + test.period_days - 1), "end": calendar.day(ago)}}
    visit = next((visit for visit in persona.visits if visit.days_ago == ago), None)
    if test.category == "vital-signs" and visit:
        reference = {"reference": f"Encounter/{encounter_id(persona, visit)}"}
        return {"encounter": reference, "effectiveDateTime": calendar.moment(ago, visit.at)}
    timing: Resource = {"effectiveDateTime": calendar.moment(ago, BLOOD_TAKEN)}
    if test.category == "laboratory" and ago:
        timing["issued"] = calendar.moment(ago, BLOOD_TAKEN, minutes=REPORTED_AFTER_MINUTES)
    return timing


def _value(test: Test, result: PersonaResult, written: str | None) -> Resource:
    if written is None:
        return {"dataAbsentReason": {"coding": [{"system": persona_canonicals.ABSENT_REASON_CODES, "code": result.absent or "unknown"}]}}
    if test.parts:
        return {"component": [_component(part, test, number) for part, number in zip(test.parts, written.split("/"), strict=True)]}
    return {"valueQuantity": quantity(test, written, unit=result.unit, comparator=result.comparator)}


def _component(part: tuple[str, str], test: Test, number: str) -> Resource:
    code, text = part
    concept = {"coding": [{"system": persona_canonicals.LOINC, "code": code}], "text": text}
    return {"code": concept, "valueQuantity": quantity(test, number)}


def quantity(test: Test, number: str, *, unit: str | None = None, comparator: str | None = None) -> Resource:
    """Quantity in the test's unit, in `unit` (UCUM) instead, or without any when `unit` is empty."""
    code = test.unit if unit is None else unit
    label = test.label if unit is None and test.label else code
    value: Resource = {"value": Decimal(number)} | ({"comparator": comparator} if comparator else {})
    return value | ({"unit": label, "system": persona_canonicals.UCUM, "code": code} if code else {})
