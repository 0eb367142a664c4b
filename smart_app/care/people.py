"""Practitioners as the record names them."""

from collections.abc import Mapping
from typing import Any

from fhir_mappings.rating import Person
from smart_app.fhir.reference import local_reference


def general_practitioners(patient: Mapping[str, Any], *, base: str) -> tuple[Person, ...]:
    """The practitioners the Patient's entry lists as their own, in its order; the name where the entry gives it."""
    listed = patient.get("generalPractitioner")
    found: dict[str, Person] = {}
    for entry in listed if isinstance(listed, list) else []:
        reference = local_reference(entry.get("reference"), base=base) if isinstance(entry, dict) else None
        if reference and reference.startswith("Practitioner/"):
            found.setdefault(reference, Person(reference=reference, name=str(entry["display"]) if entry.get("display") else None))
    return tuple(found.values())


def practitioner_name(practitioner: Mapping[str, Any]) -> str | None:
    """The name for people: its text, else given and family."""
    listed = practitioner.get("name")
    name = next((entry for entry in listed if isinstance(entry, dict)), None) if isinstance(listed, list) else None
    if name is None:
        return None
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else []), name.get("family")]
    return str(name.get("text") or " ".join(str(part) for part in parts if part)) or None
