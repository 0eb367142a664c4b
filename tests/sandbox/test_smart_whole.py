"""The SMART side over the embedded FHIR server and its personas, directly and behind the relay: a whole errand with Rapport's scopes."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask

from smart_app.sandbox.exchange.flask_adapter import fhir_blueprint
from smart_app.sandbox.exchange.relay import Relay
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from smart_app.sandbox.personas.build import build_all
from tests.sandbox.smart_ward import NOW, Ward, running_ward
from tests.support.serving import serving

pytestmark = pytest.mark.enable_socket

SCOPE = (
    "launch openid fhirUser online_access patient/Patient.r patient/Encounter.r patient/Questionnaire.rs "
    "patient/QuestionnaireResponse.crus patient/Observation.crus patient/Provenance.crs user/Practitioner.r"
)


@pytest.fixture(scope="module", params=["embedded", "relayed"])
def clinic(request: pytest.FixtureRequest) -> Iterator[Ward]:
    numbers = count(1)
    store = LocalServer(Storage(), clock=lambda: NOW, new_id=lambda: f"made-{next(numbers)}")
    store.load(build_all(date(2026, 11, 22)))
    with ExitStack() as stack:
        backend: LocalServer | Relay = store
        if request.param == "relayed":
            upstream = Flask("upstream")
            upstream.register_blueprint(fhir_blueprint(store, prefix="/baseR4"))
            backend = Relay(stack.enter_context(serving(upstream)) + "/baseR4", stack.enter_context(requests.Session()))
        yield stack.enter_context(running_ward(backend, users=()))


def resources(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [one["resource"] for one in answer.json().get("entry", [])]


def next_link(answer: requests.Response) -> str | None:
    return next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)


def signed_in(clinic: Ward, patient: str) -> dict[str, Any]:
    return clinic.signed_in(SCOPE, patient)


def submission(patient: str, key: str) -> dict[str, Any]:
    def entry(kind: str, role: str, **content: Any) -> dict[str, Any]:
        condition = {} if kind == "Provenance" else {"ifNoneExist": f"identifier=https://e.example/sid|{key}.{role}"}
        request = {"method": "POST", "url": kind, **condition}
        return {
            "fullUrl": f"urn:uuid:00000000-0000-4000-8000-{role:0>12}",
            "resource": {"resourceType": kind, **content},
            "request": request,
        }

    subject = {"reference": f"Patient/{patient}"}
    response = entry(
        "QuestionnaireResponse",
        "1",
        identifier={"system": "https://e.example/sid", "value": f"{key}.1"},
        status="completed",
        subject=subject,
        questionnaire="https://e.example/Questionnaire/q|1",
    )
    score = entry(
        "Observation",
        "2",
        identifier=[{"system": "https://e.example/sid", "value": f"{key}.2"}],
        status="final",
        subject=subject,
        code={"text": "score"},
        derivedFrom=[{"reference": response["fullUrl"]}],
    )
    provenance = entry(
        "Provenance",
        "3",
        recorded="2026-11-22T09:00:00Z",
        target=[{"reference": response["fullUrl"]}, {"reference": score["fullUrl"]}],
        agent=[{"who": {"display": "Rapport"}}],
    )
    return {"resourceType": "Bundle", "type": "transaction", "entry": [response, score, provenance]}


def test_the_launch_is_by_the_clinician_of_todays_visit(clinic: Ward) -> None:
    token = signed_in(clinic, "new-clinician")
    assert token["encounter"] == "new-clinician.today"
    told = clinic.http.post(f"{clinic.url}/oauth/introspect", data={"token": token["access_token"], "client_id": "rapport"}).json()
    assert told["fhirUser"] == f"{clinic.fhir}/Practitioner/tomas-weiss"
    assert clinic.call(token["access_token"], "GET", "Practitioner/tomas-weiss").json()["id"] == "tomas-weiss"


def test_every_page_of_a_long_history_is_the_patients(clinic: Ward) -> None:
    token = signed_in(clinic, "twelve-years")["access_token"]
    answer = clinic.call(token, "GET", "Observation", params={"_count": "200", "_sort": "-date"})
    found = resources(answer)
    while address := next_link(answer):
        assert urlsplit(address).path == "/fhir/Observation"
        answer = clinic.http.get(address, headers={"Authorization": f"Bearer {token}"})
        found += resources(answer)
    assert len(found) > 600
    assert {one["subject"]["reference"] for one in found} == {"Patient/twelve-years"}
    assert len({one["id"] for one in found}) == len(found)


def test_a_submission_is_stored_once_and_found_again(clinic: Ward) -> None:
    token = signed_in(clinic, "new-patient")["access_token"]
    bundle = submission("new-patient", "k1")
    first = clinic.call(token, "POST", "", json=bundle)
    assert [one["response"]["status"][:3] for one in first.json()["entry"]] == ["201", "201", "201"]
    again = clinic.call(token, "POST", "", json={**bundle, "entry": bundle["entry"][:2]})
    assert [one["response"]["status"][:3] for one in again.json()["entry"]] == ["200", "200"]
    (response,) = resources(clinic.call(token, "GET", "QuestionnaireResponse", params={"identifier": "https://e.example/sid|k1.1"}))
    target = {"target": f"QuestionnaireResponse/{response['id']}"}
    (provenance,) = resources(clinic.call(token, "GET", "Provenance", params=target))
    assert clinic.call(token, "GET", f"Provenance/{provenance['id']}").status_code == 200
    other = signed_in(clinic, "ceiling")["access_token"]
    assert clinic.call(other, "GET", f"QuestionnaireResponse/{response['id']}").status_code == 403
    assert clinic.call(other, "GET", f"Provenance/{provenance['id']}").status_code == 403
    assert resources(clinic.call(other, "GET", "QuestionnaireResponse", params={"identifier": "https://e.example/sid|k1.1"})) == []


def test_a_submission_about_another_patient_leaves_nothing_behind(clinic: Ward) -> None:
    token = signed_in(clinic, "ceiling")["access_token"]
    assert clinic.call(token, "POST", "", json=submission("mixed-units", "k2")).status_code == 403
    rightful = signed_in(clinic, "mixed-units")["access_token"]
    assert resources(clinic.call(rightful, "GET", "QuestionnaireResponse", params={"identifier": "https://e.example/sid|k2.1"})) == []


def test_an_update_keeps_its_version_check(clinic: Ward) -> None:
    token = signed_in(clinic, "falling-slowly")["access_token"]
    (found, *_) = resources(clinic.call(token, "GET", "QuestionnaireResponse"))
    path = f"QuestionnaireResponse/{found['id']}"
    tag = clinic.call(token, "GET", path).headers["ETag"]
    assert clinic.call(token, "PUT", path, json=found, headers={"If-Match": 'W/"99"'}).status_code in {409, 412}
    assert clinic.call(token, "PUT", path, json={**found, "status": "amended"}, headers={"If-Match": tag}).status_code == 200
    assert clinic.call(token, "GET", f"{path}/_history/1").json()["status"] == found["status"]
    assert len(resources(clinic.call(token, "GET", f"{path}/_history"))) == 2
    assert clinic.call(token, "DELETE", path).status_code == 403


def test_the_patient_list_says_what_each_persona_is_for(clinic: Ward) -> None:
    text = clinic.http.get(f"{clinic.url}/").text
    assert text.index("Castellane, Owen") < text.index("Solheim, Marit")
    assert "Alliance strained and then repaired" in text
    assert "not said" not in text
