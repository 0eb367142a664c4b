"""Observations of every shape the rules of reading speak of, drawn by aspect: whose, about whom, status, value, when, what came with it.

A shape is a name and a strategy of changes to a plain Observation; `None` takes an element away. It says nothing of what is right.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
BASE = "https://ehr.example.org/fhir"

Changes = dict[str, Any]
Shapes = Mapping[str, st.SearchStrategy[Changes]]


def coded(*codes: str, system: str = LOINC) -> Changes:
    return {"code": {"coding": [{"system": system, "code": code} for code in codes]}}


def _decimals(low: int, high: int, places: int = 1) -> st.SearchStrategy[Decimal]:
    step = 10**places
    return st.integers(low * step, high * step).map(lambda whole: Decimal(whole) / step)


def _quantity(number: object, unit: str | None, code: str | None = None, **more: Any) -> Changes:
    coding = {"system": UCUM, "code": code} if code is not None else {}
    return {"valueQuantity": {"value": number, **({"unit": unit} if unit is not None else {}), **coding, **more}}


def _measured(codes: list[str], numbers: st.SearchStrategy[Any], units: list[tuple[str | None, str | None]], **more: Any) -> Any:
    """One of the codes, a number and one of (words, UCUM code)."""
    return st.builds(
        lambda code, number, unit: coded(code) | _quantity(number, *unit, **more), st.sampled_from(codes), numbers, st.sampled_from(units)
    )


def _part(code: str, number: object, unit: str = "mmHg", ucum: str = "mm[Hg]", *, system: str = LOINC) -> Changes:
    return coded(code, system=system) | _quantity(number, unit, ucum)


def _panel(*parts: Changes) -> Changes:
    return coded("85354-9") | {"component": list(parts)}


def _summary(share: int, worn: int) -> Changes:
    return coded("106793-3") | {"component": [_part("97510-2", share, "%", "%"), _part("104637-4", worn, "%", "%")]}


_HIGH, _LOW = st.integers(100, 190), st.integers(45, 95)
_NO_NUMBERS: list[Changes] = [{"valueCodeableConcept": {"text": "high"}}, {"valueBoolean": True}, {"valueQuantity": {"unit": "%"}}]
_PERCENTS, _PER_MILLES = _decimals(5, 15), st.integers(25, 180)

WHOSE: Shapes = {
    "subject relative": st.just({}),
    "subject with a slash": st.just({"subject": {"reference": "/Patient/p1"}}),
    "subject absolute": st.just({"subject": {"reference": f"{BASE}/Patient/p1"}}),
    "subject versioned": st.sampled_from(["Patient/p1/_history/3", f"{BASE}/Patient/p1/_history/a-1"]).map(
        lambda text: {"subject": {"reference": text}}
    ),
    "subject with a name": st.just({"subject": {"reference": "Patient/p1", "display": "Marlow, Ines", "type": "Patient"}}),
    "subject another patient": st.sampled_from(["Patient/p2", f"{BASE}/Patient/p2"]).map(lambda text: {"subject": {"reference": text}}),
    "subject elsewhere": st.just({"subject": {"reference": "http://inner.example/fhir/Patient/p1"}}),
    "subject by identifier": st.just({"subject": {"type": "Patient", "identifier": {"system": "urn:example:mrn", "value": "M1"}}}),
    "subject contained": st.just({"subject": {"reference": "#p1"}, "contained": [{"resourceType": "Patient", "id": "p1"}]}),
    "subject urn": st.just({"subject": {"reference": "urn:uuid:6f1e4d4a-56a1-4ef9-8f53-3f7f1f4d2d10"}}),
    "subject missing": st.just({"subject": None}),
    "subject a group": st.just({"subject": {"reference": "Group/p1"}}),
}
ABOUT: Shapes = {
    "focus none": st.just({}),
    "focus the patient": st.sampled_from(["Patient/p1", f"{BASE}/Patient/p1", "Patient/p1/_history/1"]).map(
        lambda text: {"focus": [{"reference": text}]}
    ),
    "focus not in a list": st.just({"focus": {"reference": "Patient/p1"}}),
    "focus another": st.sampled_from(["RelatedPerson/unborn", "Patient/p2", "Device/d1", "#donor"]).map(
        lambda text: {"focus": [{"reference": text}]}
    ),
    "focus untold": st.sampled_from([{"identifier": {"value": "x"}}, {"display": "the child"}]).map(lambda node: {"focus": [node]}),
    "focus of two": st.just({"focus": [{"reference": "Patient/p1"}, {"reference": "RelatedPerson/unborn"}]}),
}
STATUS: Shapes = {
    "status of a result": st.sampled_from(["final", "amended", "corrected", "preliminary"]).map(lambda text: {"status": text}),
    "status with blanks": st.just({"status": "final "}),
    "status of none": st.sampled_from(["entered-in-error", "cancelled", "registered", "unknown", "completed"]).map(
        lambda text: {"status": text}
    ),
    "status missing": st.just({"status": None}),
    "modifier": st.just({"modifierExtension": [{"url": "urn:example:not", "valueBoolean": True}]}),
}
VALUE: Shapes = {
    "hba1c percent": _measured(["4548-4", "17856-6"], _PERCENTS, [("%", "%"), (None, "%"), ("% of total Hb", "%"), ("%", None)]),
    "hba1c per mille": _measured(["4548-4", "59261-8"], _PER_MILLES, [("mmol/mol", "mmol/mol"), ("mmol/mol", None), (None, "mmol/mol")]),
    "hba1c by snomed": _PER_MILLES.map(lambda number: coded("43396009", system=SNOMED) | _quantity(number, "mmol/mol", "mmol/mol")),
    "glucose": _measured(["2345-7", "41653-7"], _decimals(4, 25), [("mmol/L", "mmol/L"), ("mmol/l", None)])
    | _measured(["2345-7", "41653-7"], st.integers(70, 400), [("mg/dL", "mg/dL"), ("mg/dl", None)]),
    "weight": _measured(["29463-7"], _decimals(45, 180), [("kg", "kg"), ("kg", None)])
    | _measured(["29463-7"], st.integers(100, 400), [("lb", "[lb_av]"), ("lbs", None)]),
    "bmi": _measured(["39156-5"], _decimals(18, 50), [("kg/m2", "kg/m2"), ("kg/m²", None)]),
    "ldl": _measured(["13457-7"], _decimals(1, 8), [("mmol/L", "mmol/L")])
    | _measured(["13457-7"], st.integers(40, 300), [("mg/dL", "mg/dL")]),
    "egfr": _measured(["98979-8", "69405-9"], st.integers(10, 120), [("mL/min/1.73 m²", "mL/min/{1.73_m2}"), ("mL/min/1.73m2", None)]),
    "egfr not indexed": _measured(["98979-8", "69405-9"], st.integers(10, 120), [("mL/min", "mL/min"), ("mL/min", None)]),
    "bounds": st.builds(
        lambda sign, number: coded("4548-4") | _quantity(number, "%", "%", comparator=sign),
        st.sampled_from(["<", "<=", ">", ">="]),
        _PERCENTS,
    ),
    "comparator of another release": _PERCENTS.map(lambda number: coded("4548-4") | _quantity(number, "%", "%", comparator="ad")),
    "text": _PERCENTS.map(lambda number: coded("4548-4") | {"valueString": f"{number} %"}),
    "text close up": _PERCENTS.map(lambda number: coded("4548-4") | {"valueString": f"{number}%"}),
    "text with a comma": _PERCENTS.map(lambda number: coded("4548-4") | {"valueString": f"{number} %".replace(".", ",")}),
    "text with a bound": st.builds(
        lambda sign, number: coded("4548-4") | {"valueString": f"{sign}{number} %"}, st.sampled_from([">", "< ", "> "]), _PERCENTS
    ),
    "text of none": st.sampled_from(["positive", "see report", "", "7.2", "%"]).map(lambda text: coded("4548-4") | {"valueString": text}),
    "no number": st.sampled_from(_NO_NUMBERS).map(lambda value: coded("4548-4") | value),
    "absent": st.sampled_from(["4548-4", "29463-7", "85354-9"]).map(
        lambda code: coded(code) | {"dataAbsentReason": {"text": "not performed"}}
    ),
    "absent with a value": _PERCENTS.map(
        lambda number: coded("4548-4") | _quantity(number, "%", "%") | {"dataAbsentReason": {"text": "unknown"}}
    ),
    "nothing": st.just(coded("4548-4")),
    "unit missing": _PERCENTS.map(lambda number: coded("4548-4") | _quantity(number, None)),
    "unit of another measure": st.sampled_from([("furlong", None), ("g/dL", "g/dL"), ("mmol/L", "mmol/L")]).map(
        lambda unit: coded("4548-4") | _quantity(7, *unit)
    ),
    "unit contradicted": _measured(["29463-7"], st.integers(60, 120), [("lb", "kg"), ("kg", "[lb_av]")])
    | _measured(["4548-4"], st.integers(9, 19), [("mmol/mol", "%")]),
    "unit contradicted in words": _measured(
        ["29463-7"], st.integers(60, 120), [("pounds", "kg"), ("stone", "kg"), ("kilograms", "[lb_av]")]
    )
    | _measured(["4548-4"], st.integers(9, 19), [("percent", "mmol/mol"), ("mmol/mol Hgb", "%"), ("millimoles per mole", "%")])
    | _measured(["2345-7"], st.integers(12, 30), [("mmol/litre", "mg/dL"), ("millimoles per litre", "mg/dL")]),
    "harmless words": _measured(["29463-7"], st.integers(60, 120), [("kilogram", "kg"), ("Kilograms", "kg")])
    | _measured(["4548-4"], _PERCENTS, [("% of total Hgb", "%"), ("percent", "%")])
    | _measured(["2345-7"], st.integers(5, 20), [("millimoles per litre", "mmol/L")]),
    "unit in words alone": _measured(["29463-7"], st.integers(60, 120), [("kilograms", None), ("kilogram", None)])
    | _measured(["29463-7"], st.integers(130, 300), [("pounds", None)])
    | _measured(["4548-4"], _PERCENTS, [("percent", None)]),
    "unit equal in ucum": _measured(["4548-4"], _PERCENTS, [("%", "%{Hb}"), ("%", "%{HbA1c}")])
    | _measured(["59261-8"], _PER_MILLES, [("mmol/mol", "mmol/mol{Hb}"), ("mmol/mol", "10*-3")])
    | _measured(["29463-7"], st.integers(60, 120), [("kg", "kg{actual}")]),
    "out of range": _measured(["4548-4"], st.sampled_from([0, 1, 2, 25, 61, 200]), [("%", "%")])
    | _measured(["59261-8"], st.sampled_from([1, 5, 250, 900]), [("mmol/mol", "mmol/mol")])
    | _measured(["2345-7"], st.sampled_from([0, 95, 180, 400]), [("mmol/L", "mmol/L")])
    | _measured(["29463-7"], st.sampled_from([0, 1, 700]), [("kg", "kg")]),
    "percentage called per mille": _measured(["4548-4", "59261-8"], _decimals(9, 14), [("mmol/mol", "mmol/mol")]),
    "sensor worn": st.builds(_summary, st.integers(20, 95), st.integers(70, 100)),
    "sensor hardly worn": st.builds(_summary, st.integers(20, 95), st.integers(1, 69)),
    "pressure": st.builds(lambda high, low: _panel(_part("8480-6", high), _part("8462-4", low)), _HIGH, _LOW),
    "pressure in words": st.builds(
        lambda high, low: _panel(_part("8480-6", high, "millimeter of mercury"), _part("8462-4", low, "mm Hg")), _HIGH, _LOW
    ),
    "pressure by snomed": st.builds(
        lambda high, low: _panel(_part("271649006", high, system=SNOMED), _part("271650006", low, system=SNOMED)), _HIGH, _LOW
    ),
    "pressure with half": st.builds(_part, st.sampled_from(["8480-6"]), _HIGH).map(_panel),
    "pressure without its upper half": st.builds(_part, st.sampled_from(["8462-4"]), _LOW).map(_panel),
    "pressure without parts": st.just(coded("85354-9")),
    "pressure of strange parts": st.builds(lambda high, low: _panel(_part("1-8", high), _part("2-6", low)), _HIGH, _LOW),
    "pressure upside down": st.builds(lambda high, low: _panel(_part("8480-6", low), _part("8462-4", high)), _HIGH, _LOW),
    "pressure as text": st.builds(lambda high, low: coded("85354-9") | {"valueString": f"{high}/{low} mmHg"}, _HIGH, _LOW),
    "pressure in kilopascal": st.builds(
        lambda high, low: _panel(_part("8480-6", high, "kPa", "kPa"), _part("8462-4", low, "kPa", "kPa")),
        st.integers(14, 25),
        st.integers(6, 12),
    ),
    "upper number alone": _HIGH.map(lambda high: _part("8480-6", high)),
    "lower number alone": _LOW.map(lambda low: _part("8462-4", low)),
    "component of its own code": _PERCENTS.map(
        lambda number: coded("4548-4") | {"component": [coded("4548-4") | _quantity(number, "%", "%")]}
    ),
    "no result": st.sampled_from(["86910-7", "41995-2"]).map(lambda code: coded(code) | _quantity(7, "%", "%")),
    "not asked for": st.sampled_from(["8867-4", "8310-5"]).map(lambda code: coded(code) | _quantity(60, "/min", "/min")),
}
# `{day}` is a day of its own for each resource of a record, so that no two can be one result.
WHEN: Shapes = {
    "a day": st.just({}),
    "an instant": st.sampled_from(["T08:15:00Z", "T13:00:00+01:00", "T10:00:00.123-05:00"]).map(
        lambda time: {"effectiveDateTime": f"{{day}}{time}"}
    ),
    "a day and its report": st.just({"issued": "2027-01-05T08:00:00Z"}),
    "an effective instant": st.just({"effectiveDateTime": None, "effectiveInstant": "{day}T08:15:00Z"}),
    "a period": st.just({"effectiveDateTime": None, "effectivePeriod": {"start": "2024-01-01", "end": "{day}"}}),
    "a timing of one event": st.just(
        {"effectiveDateTime": None, "effectiveTiming": {"event": ["{day}"]}, "issued": "2027-01-05T08:00:00Z"}
    ),
    "a timing that repeats": st.just(
        {
            "effectiveDateTime": None,
            "effectiveTiming": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "issued": "2027-01-05T08:00:00Z",
        }
    ),
    "the report alone": st.just({"effectiveDateTime": None, "issued": "{day}T08:00:00Z"}),
    "a broken date": st.sampled_from(["yesterday", "2026-13-01", "2026-02-30", "", "26-01-05"]).map(
        lambda text: {"effectiveDateTime": text}
    ),
    "a broken date and its report": st.just({"effectiveDateTime": "soon", "issued": "2027-01-05T08:00:00Z"}),
    "no date": st.just({"effectiveDateTime": None}),
    "a date no result can have": st.sampled_from(["0001-01-01", "1753-01-01", "2199-12-31", "9999-12-31"]).map(
        lambda text: {"effectiveDateTime": text}
    ),
}
WITH: Shapes = {
    "nothing with it": st.just({}),
    "an interpretation": st.just({"interpretation": [{"coding": [{"code": "H"}]}]}),
    "a comment": st.just({"note": [{"text": "Sample haemolysed."}]}),
    "an entry of the patient": st.just({"performer": [{"reference": "Patient/p1"}]}),
    "a performer": st.just({"performer": [{"reference": "Organization/lab", "display": "Northfield Laboratory"}]}),
    "an identifier": st.integers(1, 10**6).map(lambda number: {"identifier": [{"system": "urn:example:result", "value": str(number)}]}),
    "a category": st.just({"category": [{"coding": [{"code": "laboratory"}]}], "meta": {"lastUpdated": "2026-05-01T00:00:00Z"}}),
}
ASPECTS: Mapping[str, Shapes] = {"whose": WHOSE, "about": ABOUT, "status": STATUS, "value": VALUE, "when": WHEN, "with": WITH}
NAMES = [(aspect, name) for aspect, shapes in ASPECTS.items() for name in shapes]


def observation(place: int, changes: Mapping[str, Changes]) -> Changes:
    """The Observation at that place of a record, with the changes of every aspect."""
    day = f"2025-{place // 28 + 1:02d}-{place % 28 + 1:02d}"
    whole: Changes = {
        "resourceType": "Observation",
        "id": f"o{place}",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": day,
    }
    for one in changes.values():
        whole |= one
    return {key: _dated(value, day) for key, value in whole.items() if value is not None}


def _dated(node: Any, day: str) -> Any:
    if isinstance(node, dict):
        return {key: _dated(value, day) for key, value in node.items()}
    if isinstance(node, list):
        return [_dated(value, day) for value in node]
    return node.replace("{day}", day) if isinstance(node, str) else node


def observations(place: int, *, fixed: Mapping[str, str]) -> st.SearchStrategy[Changes]:
    """An Observation at that place: in each aspect the `fixed` shape, or any; half of them plain."""
    return st.fixed_dictionaries({aspect: _shape(shapes, fixed.get(aspect)) for aspect, shapes in ASPECTS.items()}).map(
        lambda changes: observation(place, changes)
    )


def _shape(shapes: Shapes, fixed: str | None) -> st.SearchStrategy[Changes]:
    if fixed is not None:
        return shapes[fixed]
    usual = next(iter(shapes.values()))
    return usual | st.one_of(list(shapes.values()))


def records() -> st.SearchStrategy[list[Changes]]:
    """One to six Observations."""
    return st.integers(1, 6).flatmap(lambda number: st.tuples(*(observations(place, fixed={}) for place in range(number)))).map(list)
