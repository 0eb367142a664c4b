"""Open servers only: the tester picks a patient, and the chart is opened without OAuth. Synthetic data, never a real record."""

from functools import partial

from msgspec import Struct

from fhir_mappings.people.clinicians import name_of
from fhir_mappings.r4.references import is_id
from fhir_mappings.sentence import Sentence
from smart_app.care.record.general_practitioners import general_practitioners
from smart_app.care.record.patient_in_context import Patient, patient_of
from smart_app.errors import LaunchError
from smart_app.fhir.client import FhirClient, Resource
from smart_app.fhir.gather import Failed, gather
from smart_app.fhir.search_pages import SearchResult
from smart_app.launch.context.launch_context import LaunchContext, User
from smart_app.registration import Issuer, OpenServer
from smart_app.services import AppServices

_PAGES = 3
_ROWS = "50"
# Whatever an open server lets anybody do; its CapabilityStatement still decides.
_SCOPE = "user/*.cruds"


class PatientList(Struct, frozen=True, kw_only=True):
    """Patients to choose from, by name. Unless `complete`, `reason` says what is missing."""

    patients: tuple[Patient, ...]
    complete: bool
    reason: Sentence | None


def find_patients(issuer: Issuer, services: AppServices, *, text: str) -> PatientList:
    """The server's patients whose name has `text`, or its first ones when `text` is empty. LaunchError unless the server is open;
    FhirError when it does not answer."""
    _check_open(issuer)
    params = [("_count", _ROWS), *([("name", text.strip())] if text.strip() else [])]
    found = _client(issuer, services, pages=_PAGES).search("Patient", params, fresh=True)
    zone = services.zone(issuer.iss)
    patients = sorted((patient_of(one, zone=zone) for one in found.resources), key=_by_name)
    return PatientList(patients=tuple(patients), complete=found.complete, reason=found.reason)


def open_chart(issuer: Issuer, services: AppServices, *, patient: str, practitioner: str | None = None) -> LaunchContext:
    """The launch of that patient, signed in as `practitioner` (an id), else the patient's own general practitioner, else the first one
    of the server. LaunchError unless the server is open and knows a Practitioner, and without any request for what cannot be a patient's
    id; FhirError when it has no such patient."""
    _check_open(issuer)
    check_id(patient)
    services.capabilities.prefetch(issuer.iss.rstrip("/"))
    client = _client(issuer, services, pages=1)
    reads = {"patient": partial(_one, client, "Patient", patient), "practitioners": partial(_practitioners, client, practitioner)}
    results = gather(services.pool, reads, seconds=services.settings.read_deadline)
    chart, people = results["patient"], results["practitioners"]
    if isinstance(chart, Failed):
        raise chart.error
    known = () if isinstance(people, Failed) else people.value.resources
    return _context(issuer, services, patient=patient, user=_user(client, chart.value.resources[0], known, chosen=practitioner is not None))


def check_id(patient: str) -> None:
    """LaunchError for what cannot be a patient's id: nothing is asked of the server for it."""
    if not is_id(patient):
        raise LaunchError("patient_malformed", Sentence("The patient was named in a way that cannot be used."))


def _check_open(issuer: Issuer) -> None:
    if not isinstance(issuer.auth, OpenServer) or not issuer.synthetic_data:
        raise LaunchError("iss_not_listed", Sentence("Patients can be picked only on open servers with synthetic data."), status=403)


def _client(issuer: Issuer, services: AppServices, *, pages: int) -> FhirClient:
    timeout = services.settings.read_timeout
    return FhirClient(base=issuer.iss.rstrip("/"), http=services.http, token=None, timeout=timeout, page_limit=pages)


def _by_name(patient: Patient) -> tuple[str, str, str]:
    return patient.family.casefold(), patient.given.casefold(), patient.id


def _one(client: FhirClient, kind: str, identity: str, deadline: float) -> SearchResult:
    """One resource as a result of one."""
    resource = client.read(kind, identity, deadline=deadline)
    return SearchResult(resources=(resource,), included=(), notes=(), complete=True, reason=None, pages=1)


def _practitioners(client: FhirClient, chosen: str | None, deadline: float) -> SearchResult:
    """The chosen practitioner, or the server's first ones."""
    if chosen is not None:
        return _one(client, "Practitioner", chosen, deadline)
    return client.search("Practitioner", [("_count", "1")], deadline=deadline, fresh=True)


def _user(client: FhirClient, patient: Resource, known: tuple[Resource, ...], *, chosen: bool) -> User:
    """Who is signed in. An open server names nobody, so issuer and subject are empty."""
    own = None if chosen else next((one for one in general_practitioners(patient, base=client.base) if one.name), None)
    if own is not None:
        return User(reference=own.reference, name=own.name, issuer="", subject="")
    if not known or not known[0].get("id"):
        raise LaunchError("user_not_permitted", Sentence("This server has no Practitioner to sign in as."), status=400)
    return User(reference=f"Practitioner/{known[0]['id']}", name=name_of(known[0]), issuer="", subject="")


def _context(issuer: Issuer, services: AppServices, *, patient: str, user: User) -> LaunchContext:
    """A launch without tokens. Rapport shows its own banner: no EHR stands around it."""
    return LaunchContext(
        iss=issuer.iss,
        issuer_name=issuer.name,
        via="open",
        patient=patient,
        encounter=None,
        user=user,
        scope=_SCOPE,
        access_token=None,
        refresh_token=None,
        token_endpoint=None,
        expires=None,
        opened=services.clock(),
        need_patient_banner=True,
        synthetic=True,
    )
