"""The list of patients of an open server."""

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence, full_sentence, joined
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.sessions.open_server import PatientList
from smart_app.web.views.banner import patient_banner


class PatientRow(Struct, frozen=True, kw_only=True):
    """One patient: `id` goes back, `name` and `facts` are read."""

    id: str
    name: str
    facts: str


class PickerView(Struct, frozen=True, kw_only=True):
    """Everything the picker prints. `incomplete` says what the list lacks."""

    server: str
    iss: str
    text: str
    rows: tuple[PatientRow, ...]
    incomplete: Sentence
    action: str


def picker_view(found: PatientList, *, server: str, iss: str, text: str, action: str) -> PickerView:
    """The page of one search."""
    reason = full_sentence(found.reason or Sentence("There are more than are listed"))
    return PickerView(
        server=server,
        iss=iss,
        text=text,
        rows=tuple(_row(patient) for patient in found.patients),
        incomplete=NOTHING
        if found.complete
        else Sentence("This list is not complete: {reason} Search by name to find others.", reason=reason),
        action=action,
    )


def _row(patient: Patient) -> PatientRow:
    banner = patient_banner(patient)
    facts = joined(" · ", [joined(" ", [fact.label, fact.value]) for fact in banner.facts])
    return PatientRow(id=patient.id, name=banner.name, facts=facts)
