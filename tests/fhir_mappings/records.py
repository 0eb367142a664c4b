"""Small FHIR records to read, and ways to spoil them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fhir_mappings.r4.references import PatientOnServer

PATIENT = "p1"
SERVER = "https://ehr.example.org/fhir"
WHO = PatientOnServer(id=PATIENT, base=SERVER)
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.decimals()
JUNK = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3))


def quantity(value: object, unit: str = "%") -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def coded(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def observation(**changed: Any) -> dict[str, Any]:
    """An HbA1c of 7.1 % in March 2026; `changed` replaces elements, None takes them away."""
    whole = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": coded("4548-4"),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": "2026-03-14T09:30:00+01:00",
        "valueQuantity": quantity(Decimal("7.1")),
        **changed,
    }
    return {key: value for key, value in whole.items() if value is not None}


def panel(code: str, values: dict[str, dict[str, Any]], **changed: Any) -> dict[str, Any]:
    """A panel Observation with a component for each value."""
    components = [{"code": coded(one), "valueQuantity": value} for one, value in values.items()]
    return observation(code=coded(code), valueQuantity=None, component=components, **changed)


def pressure(systolic: object, diastolic: object, **changed: Any) -> dict[str, Any]:
    return panel("85354-9", {"8480-6": quantity(systolic, "mm[Hg]"), "8462-4": quantity(diastolic, "mm[Hg]")}, **changed)


def mutated(resource: dict[str, Any]) -> st.SearchStrategy[Any]:
    """The resource with one to three of its parts, at any depth, replaced by junk."""
    paths = list(_paths(resource))
    return st.lists(st.tuples(st.sampled_from(paths), JUNK), min_size=1, max_size=3).map(lambda changes: _spoiled(resource, changes))


def _paths(node: object, path: tuple[object, ...] = ()) -> Any:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _spoiled(node: Any, changes: list[tuple[tuple[object, ...], object]]) -> Any:
    for path, junk in changes:
        node = _replaced(node, path, junk)
    return node


def _replaced(node: Any, path: tuple[object, ...], junk: object) -> Any:
    if not path:
        return junk
    if isinstance(node, dict) and path[0] in node:
        return {key: _replaced(value, path[1:], junk) if key == path[0] else value for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, path[1:], junk) if place == path[0] else value for place, value in enumerate(node)]
    return node
