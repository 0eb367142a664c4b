"""The practitioners of a patient's own, as people of this record."""

from collections.abc import Mapping
from typing import Any

from fhir_mappings.people import clinicians
from fhir_mappings.people.person import Person
from fhir_mappings.r4.references import local_reference


def general_practitioners(patient: Mapping[str, Any], *, base: str) -> tuple[Person, ...]:
    """The practitioners the Patient's entry lists as their own, in its order; the name where the entry gives it."""
    found: dict[str, Person] = {}
    for named in clinicians.general_practitioners(patient):
        reference = local_reference(named.reference, base=base)
        if reference and reference.startswith("Practitioner/"):
            found.setdefault(reference, Person(reference=reference, name=named.name))
    return tuple(found.values())
