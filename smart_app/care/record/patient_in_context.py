"""The patient in context, read and checked against the launch before anything about them is shown or written."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from fhir_mappings.people.patient import PatientFields, read_patient
from fhir_mappings.sentence import Sentence
from smart_app.care.record.access import Permissions, permissions, reader
from smart_app.care.record.record import ChartRecord
from smart_app.errors import NotGranted
from smart_app.fhir.client import Resource

# Who the chart is about, as the mapping reads them.
Patient = PatientFields


def open_patient(record: ChartRecord) -> Patient:
    """The launch's patient, read with this sign-in now or minutes ago. FhirError when they cannot be read or are another."""
    check_readable(permissions(record))
    context = record.context
    known = record.services.recent.get(context.iss, f"Patient/{context.patient}", context.access_token)
    if known is None:
        known = reader(record).read("Patient", context.patient)
        remember_patient(record, known)
    return patient_of(known, zone=record.zone)


def patient_read_again(record: ChartRecord) -> Patient:
    """The same, read at this moment and past any cache."""
    check_readable(permissions(record))
    found = reader(record).read("Patient", record.context.patient, fresh=True)
    remember_patient(record, found)
    return patient_of(found, zone=record.zone)


def remember_patient(record: ChartRecord, resource: Resource) -> None:
    """Spare the pages that follow another read."""
    context = record.context
    record.services.recent.keep(context.iss, f"Patient/{context.patient}", context.access_token, resource)


def check_readable(allowed: Permissions) -> None:
    """NotGranted when this launch was not granted the patient's own entry; without it nothing can be shown."""
    if not allowed.granted("Patient", "read"):
        raise NotGranted(Sentence("This sign-in does not include permission to read the patient's entry."), lacking="Patient, read")


def patient_of(resource: Mapping[str, Any], *, zone: tzinfo) -> Patient:
    """The banner's facts, its days those of the clinic's `zone`."""
    return read_patient(resource, zone=zone)
