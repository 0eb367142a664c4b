"""Whose chart a launch is about where the EHR named a visit and no patient: the subject of the visit's Encounter."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from fhir_mappings.r4.references import PatientOnServer, literal_reference, whose_reference

_WHY = {
    "identifier": "its subject is an identifier alone",
    "missing": "it has no subject",
    "elsewhere": "its subject is on another server",
    "no_patient": "its subject is no Patient",
}


class VisitPatient(Struct, frozen=True, kw_only=True):
    """The patient's id, or `why_not` for the IT team; of the two one is given."""

    patient: str | None = None
    why_not: str = ""


def patient_of_visit(encounter: Mapping[str, Any], *, visit: str, base: str) -> VisitPatient:
    """The Patient on the server at `base` whom the Encounter that was asked for as `visit` (an id) is about."""
    if encounter.get("resourceType") != "Encounter" or encounter.get("id") != visit:
        return VisitPatient(why_not="the server answered with another resource")
    if encounter.get("status") == "entered-in-error":
        return VisitPatient(why_not="it was entered in error")
    subject = encounter.get("subject")
    written = subject.get("reference") if isinstance(subject, dict) else None
    named = literal_reference(written, base=base)
    owner = whose_reference(subject, PatientOnServer(id=named.id if named else "", base=base))
    if named is None or owner.owner != "own":
        return VisitPatient(why_not=_WHY.get(owner.why or "", "its subject cannot be read"))
    return VisitPatient(patient=named.id)
