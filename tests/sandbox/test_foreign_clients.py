"""Clients that nobody here wrote, over a real socket."""

from collections.abc import Iterator

import pytest
import simplejson
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.models.questionnaireresponse import QuestionnaireResponse
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from flask import Flask

from smart_app.sandbox.exchange.flask_adapter import fhir_blueprint
from smart_app.sandbox.fhir_server.server import LocalServer
from tests.support.fhir_calls import Json, entry, observation
from tests.support.serving import serving


@pytest.fixture
def base(server: LocalServer) -> Iterator[str]:
    """The FHIR base of a served EHR with one patient and seven visits."""
    anna = {"resourceType": "Patient", "id": "anna", "name": [{"family": "Ek", "given": ["Anna"]}], "birthDate": "1970-01-01"}
    server.load([anna, *(visit(at) for at in range(7))])
    app = Flask(__name__)
    app.register_blueprint(fhir_blueprint(server))
    with serving(app) as address:
        yield f"{address}/fhir"


def visit(at: int) -> Json:
    value = {"value": 7.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    return observation(id=f"v{at}", subject={"reference": "Patient/anna"}, effectiveDateTime=f"202{at}-03-01", valueQuantity=value)


@pytest.fixture
def smart(base: str) -> Iterator[FHIRClient]:
    """fhirclient, ready; its session is closed with the test."""
    client = FHIRClient(settings={"app_id": "test", "api_base": base})
    client.prepare()
    yield client
    client.server.session.close()


@pytest.fixture
def fhirpy(base: str) -> SyncFHIRClient:
    return SyncFHIRClient(base)


def test_fhirclient_reads_the_capability_statement_and_a_patient(smart: FHIRClient) -> None:
    assert smart.ready
    assert smart.server.capabilityStatement.fhirVersion == "4.0.1"
    patient = Patient.read("anna", smart.server)
    assert smart.human_name(patient.name[0]) == "Anna Ek"


def test_fhirclient_searches_through_all_pages(smart: FHIRClient) -> None:
    search = Observation.where({"subject": "Patient/anna", "_count": "3", "_sort": "-date"})
    assert [one.id for one in search.perform_resources_iter(smart.server)] == [f"v{at}" for at in range(6, -1, -1)]


def test_fhirclient_searches_by_code_date_and_include(smart: FHIRClient) -> None:
    wanted = {"code": "http://loinc.org|4548-4", "date": {"$and": ["ge2022-01-01", "lt2024"]}}
    found = Observation.where(wanted).include("subject").perform_resources_iter(smart.server)
    assert [(one.resource_type, one.id) for one in found] == [("Observation", "v2"), ("Observation", "v3"), ("Patient", "anna")]


def test_fhirclient_creates_updates_and_deletes(smart: FHIRClient) -> None:
    response = QuestionnaireResponse({"resourceType": "QuestionnaireResponse", "status": "in-progress", "questionnaire": "urn:q|1"})
    created = response.create(smart.server)
    stored = QuestionnaireResponse.read(created["id"], smart.server)
    stored.status = "completed"
    assert stored.update(smart.server)["meta"]["versionId"] == "2"
    search = QuestionnaireResponse.where({"questionnaire": "urn:q"})
    assert [one.status for one in search.perform_resources_iter(smart.server)] == ["completed"]
    stored.delete(smart.server)
    assert list(search.perform_resources_iter(smart.server)) == []


def test_fhirclient_posts_a_transaction(smart: FHIRClient) -> None:
    seen = observation(subject={"reference": "urn:uuid:5a1c5f5e-0000-4000-8000-000000000001"})
    bundle = Bundle(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                entry("POST", "Observation", seen),
                entry("POST", "Patient", {"resourceType": "Patient"}, full_url="urn:uuid:5a1c5f5e-0000-4000-8000-000000000001"),
            ],
        }
    )
    answered = smart.server.post_json("", bundle.as_json())
    assert [one["response"]["status"] for one in answered.json()["entry"]] == ["201 Created", "201 Created"]


def test_fhirpy_reads_and_searches(fhirpy: SyncFHIRClient) -> None:
    assert fhirpy.get("Patient", "anna")["birthDate"] == "1970-01-01"
    assert fhirpy.reference("Patient", "anna").to_resource()["id"] == "anna"
    visits = fhirpy.resources("Observation").search(patient="anna", date__ge="2023", code="4548-4").sort("-date")
    assert [one.id for one in visits.fetch()] == ["v6", "v5", "v4", "v3"]
    assert visits.count() == 4
    newest = visits.first()
    assert newest is not None
    assert newest.id == "v6"


def test_fhirpy_pages_and_includes(fhirpy: SyncFHIRClient) -> None:
    visits = fhirpy.resources("Observation").sort("date").limit(2)
    assert [one.id for one in visits.fetch_all()] == [f"v{at}" for at in range(7)]
    raw = fhirpy.resources("Patient").search(_id="anna").revinclude("Observation", "subject").fetch_raw()
    assert len(raw["entry"]) == 8


def test_fhirpy_saves_and_deletes(fhirpy: SyncFHIRClient) -> None:
    goal = fhirpy.resource("Goal", lifecycleStatus="active", description={"text": "Walk"}, subject={"reference": "Patient/anna"})
    goal.save()
    goal["lifecycleStatus"] = "completed"
    goal.save()
    assert fhirpy.resources("Goal").search(patient="Patient/anna").get()["meta"]["versionId"] == "2"
    fhirpy.delete("Goal", goal.id)
    with pytest.raises(ResourceNotFound):
        fhirpy.resources("Goal").search(patient="anna").get()


def test_fhirpy_is_told_what_was_wrong(fhirpy: SyncFHIRClient) -> None:
    with pytest.raises(OperationOutcome, match=r"Goal\.lifecycleStatus is required"):
        fhirpy.resource("Goal", description={"text": "Walk"}).save()
    with pytest.raises(ResourceNotFound):
        fhirpy.get("Patient", "nobody")


def test_fhirpy_conditional_create_by_query_is_refused_rather_than_doubled(fhirpy: SyncFHIRClient) -> None:
    patient = fhirpy.resource("Patient", identifier=[{"system": "urn:a", "value": "1"}])
    with pytest.raises(OperationOutcome, match="If-None-Exist"):
        fhirpy.resources("Patient").search(identifier="urn:a|1").get_or_create(patient)


def test_fhirpy_executes_a_batch(fhirpy: SyncFHIRClient) -> None:
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry("GET", "Patient/anna"), entry("GET", "Patient/nobody")]}
    answered = fhirpy.execute("", data=simplejson.loads(simplejson.dumps(bundle)))
    assert [one["response"]["status"] for one in answered["entry"]] == ["200 OK", "404 Not Found"]
