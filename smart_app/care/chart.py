"""The patient in context, read and checked against the launch before anything about them is shown or written."""

from fhir_mappings.readers import PatientFields, read_patient
from smart_app.care.access import Powers, powers, reader
from smart_app.care.history import Patient
from smart_app.errors import Forbidden
from smart_app.fhir.client import Resource
from smart_app.launch.context import LaunchContext
from smart_app.services import AppServices


def open_patient(context: LaunchContext, services: AppServices) -> Patient:
    """The launch's patient, read now. FhirError when it cannot be read or another patient's entry comes back."""
    check_readable(powers(context, services))
    return patient_of(reader(context, services).read("Patient", context.patient))


def check_readable(allowed: Powers) -> None:
    """Forbidden when this launch was not granted the patient's own entry; without it nothing can be shown."""
    if not allowed.granted("Patient", "read"):
        raise Forbidden("This sign-in does not include permission to read the patient's entry.", status=403)


def patient_of(resource: Resource) -> Patient:
    """The banner's facts."""
    return _patient(read_patient(resource))


def _patient(fields: PatientFields) -> Patient:
    return Patient(**{name: getattr(fields, name) for name in Patient.__slots__})
