from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from tests.support.fhir_calls import BASE, NOON, FhirCalls, body_of, local_server, matches, observation

ANNA = {"resourceType": "Patient", "id": "anna", "name": [{"family": "Ek"}]}
KEY = [{"system": "urn:sid", "value": "k1"}]


def test_create_answers_201_with_location_version_and_the_resource(fhir: FhirCalls) -> None:
    answered = fhir.send("POST", "Observation", observation())
    assert answered.status == 201
    assert answered.headers["Location"] == f"{BASE}/Observation/new-1/_history/1"
    assert answered.headers["ETag"] == 'W/"1"'
    assert answered.headers["Last-Modified"] == "Sun, 22 Nov 2026 12:00:00 GMT"
    assert body_of(answered)["meta"] == {"versionId": "1", "lastUpdated": "2026-11-22T12:00:00.000Z"}


def test_create_ignores_the_id_of_the_client(fhir: FhirCalls) -> None:
    assert fhir.create(observation(id="mine"))["id"] == "new-1"


@pytest.mark.parametrize(("prefer", "expected"), [("return=minimal", b""), ("return=OperationOutcome", b"OperationOutcome")])
def test_create_returns_as_much_as_preferred(fhir: FhirCalls, prefer: str, expected: bytes) -> None:
    answered = fhir.send("POST", "Observation", observation(), headers={"prefer": prefer})
    assert answered.status == 201
    assert expected in answered.body
    assert b"4548-4" not in answered.body


def test_numbers_keep_their_digits(fhir: FhirCalls) -> None:
    sent = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":7.10}}'
    created = fhir.send("POST", "Observation", sent)
    assert b'"value": 7.10}' in created.body
    assert b'"value": 7.10}' in fhir.send("GET", "Observation/new-1").body
    assert b'"value": 7.10}' in fhir.send("GET", "Observation").body


def test_conditional_create_finds_what_is_there(fhir: FhirCalls) -> None:
    first = fhir.send("POST", "Observation", observation(identifier=KEY), headers={"if-none-exist": "identifier=urn:sid|k1"})
    again = fhir.send("POST", "Observation", observation(identifier=KEY), headers={"if-none-exist": "identifier=urn:sid|k1"})
    assert (first.status, again.status) == (201, 200)
    assert again.headers["Location"] == first.headers["Location"]
    assert fhir.search("Observation")["total"] == 1


def test_conditional_create_refuses_when_several_match(fhir: FhirCalls) -> None:
    fhir.create(observation(identifier=KEY))
    fhir.create(observation(identifier=KEY))
    answered = fhir.send("POST", "Observation", observation(), headers={"if-none-exist": "identifier=urn:sid|k1"})
    assert answered.status == 412
    assert body_of(answered)["issue"][0]["code"] == "multiple-matches"


@pytest.mark.parametrize("condition", ["", "colour=red", "identifier=", "_count=1"])
def test_conditional_create_never_ignores_a_condition(fhir: FhirCalls, condition: str) -> None:
    answered = fhir.send("POST", "Observation", observation(), headers={"if-none-exist": condition})
    assert answered.status == 400
    assert fhir.search("Observation")["total"] == 0


def test_update_makes_a_version_and_history_keeps_both(fhir: FhirCalls) -> None:
    created = fhir.send("PUT", "Patient/anna", ANNA)
    changed = fhir.send("PUT", "Patient/anna", ANNA | {"name": [{"family": "Öst"}]}, headers={"if-match": 'W/"1"'})
    assert (created.status, changed.status) == (201, 200)
    assert changed.headers["ETag"] == 'W/"2"'
    history = body_of(fhir.send("GET", "Patient/anna/_history"))
    assert [one["resource"]["name"][0]["family"] for one in history["entry"]] == ["Öst", "Ek"]
    assert body_of(fhir.send("GET", "Patient/anna/_history/1"))["name"] == [{"family": "Ek"}]


def test_update_with_the_same_content_makes_no_version(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/anna", ANNA)
    read = body_of(fhir.send("GET", "Patient/anna"))
    answered = fhir.send("PUT", "Patient/anna", read)
    assert (answered.status, answered.headers["ETag"]) == (200, 'W/"1"')


def test_update_with_another_precision_is_another_content(fhir: FhirCalls) -> None:
    weighed = observation(id="w", valueQuantity={"value": Decimal("7.1")})
    fhir.send("PUT", "Observation/w", weighed)
    answered = fhir.send("PUT", "Observation/w", weighed | {"valueQuantity": {"value": Decimal("7.10")}})
    assert answered.headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize("if_match", ['W/"1"', '"7"', "3"])
def test_update_of_another_version_is_refused(fhir: FhirCalls, if_match: str) -> None:
    fhir.send("PUT", "Patient/anna", ANNA)
    fhir.send("PUT", "Patient/anna", ANNA | {"active": True})
    answered = fhir.send("PUT", "Patient/anna", ANNA, headers={"if-match": if_match})
    assert answered.status == 412
    assert 'W/"2"' in body_of(answered)["issue"][0]["diagnostics"]


def test_update_of_nothing_with_if_match_is_refused(fhir: FhirCalls) -> None:
    assert fhir.send("PUT", "Patient/anna", ANNA, headers={"if-match": 'W/"1"'}).status == 412


@pytest.mark.parametrize("path", ["Patient/other", "Patient/an_na"])
def test_update_needs_the_id_of_its_address(fhir: FhirCalls, path: str) -> None:
    answered = fhir.send("PUT", path, ANNA)
    assert answered.status == 400
    assert body_of(answered)["issue"][0]["expression"] == ["Patient.id"]


def test_delete_leaves_the_history(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/anna", ANNA)
    assert fhir.send("DELETE", "Patient/anna").status == 204
    assert fhir.send("DELETE", "Patient/anna").status == 204
    assert fhir.send("GET", "Patient/anna").status == 410
    assert fhir.send("GET", "Patient/anna/_history/2").status == 410
    assert fhir.send("GET", "Patient/anna/_history/1").status == 200
    assert fhir.search("Patient")["total"] == 0
    history = body_of(fhir.send("GET", "Patient/anna/_history"))
    assert [one["request"]["method"] for one in history["entry"]] == ["DELETE", "PUT"]


def test_a_deleted_resource_can_come_back(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/anna", ANNA)
    fhir.send("DELETE", "Patient/anna")
    answered = fhir.send("PUT", "Patient/anna", ANNA)
    assert (answered.status, answered.headers["ETag"]) == (201, 'W/"3"')
    assert matches(fhir.search("Patient", ("family", "ek"))) == ["Patient/anna"]


def test_delete_of_another_version_is_refused(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/anna", ANNA)
    assert fhir.send("DELETE", "Patient/anna", headers={"if-match": 'W/"2"'}).status == 412


def test_head_answers_like_get_without_a_body(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/anna", ANNA)
    answered = fhir.send("HEAD", "Patient/anna")
    assert (answered.status, answered.body, answered.headers["ETag"]) == (200, b"", 'W/"1"')


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Patient/nobody", 404),
        ("GET", "Patient/nobody/_history", 404),
        ("GET", "Patient/nobody/_history/1", 404),
        ("GET", "Sandwich/1", 404),
        ("GET", "Patient/1/2/3", 404),
        ("GET", "Patient/_history", 404),
        ("GET", "Patient/1/$everything", 404),
        ("POST", "Patient/$match", 404),
        ("GET", "", 405),
        ("PATCH", "Patient/1", 405),
        ("PUT", "Patient", 405),
        ("DELETE", "Patient", 405),
        ("POST", "Patient/1", 405),
        ("POST", "metadata", 405),
        ("GET", "Patient/_search", 405),
    ],
)
def test_what_is_not_there_is_an_outcome(fhir: FhirCalls, method: str, path: str, status: int) -> None:
    answered = fhir.send(method, path, {})
    assert answered.status == status
    assert body_of(answered)["resourceType"] == "OperationOutcome"
    assert body_of(answered)["issue"][0]["diagnostics"]
    assert ("Allow" in answered.headers) == (status == 405)


@pytest.mark.parametrize(
    ("body", "status", "expression"),
    [
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'"text"', 400, None),
        (b"\xff", 400, None),
        (b'{"resourceType":"Observation","status":"\\ud800"}', 400, None),
        (b'{"a":' * 100_000, 400, None),
        (b'{"resourceType":"Observation","status":"final","status":"amended"}', 400, None),
        (b'{"resourceType":"Observation","value":NaN}', 400, None),
        ({"resourceType": "Patient"}, 400, "resourceType"),
        ({"status": "final"}, 400, "resourceType"),
        (observation(meta=[]), 400, "meta"),
        (observation(note=[]), 400, "Observation.note"),
        (observation(note=[{"text": ""}]), 400, "Observation.note[0].text"),
        (observation(subject={"reference": 7}), 400, "Observation.subject.reference"),
        (observation(subject={"reference": "urn:uuid:7"}), 400, "Observation.subject.reference"),
        (observation(subject={"reference": "Patient?name=x"}), 400, "Observation.subject.reference"),
        ({"resourceType": "Observation", "code": {"text": "x"}}, 422, "Observation.status"),
        ({"resourceType": "Observation", "status": "final"}, 422, "Observation.code"),
        (observation(status="bogus"), 422, "Observation.status"),
        (observation(status=["final"]), 422, "Observation.status"),
        (observation(effectivePeriod={"end": "2026-02-30"}), 422, "Observation.effectiveDateTime | Observation.effectivePeriod"),
    ],
)
def test_a_faulty_body_is_refused_and_named(fhir: FhirCalls, body: object, status: int, expression: str | None) -> None:
    answered = fhir.send("POST", "Observation", body)
    issue = body_of(answered)["issue"][0]
    assert (answered.status, issue["severity"]) == (status, "error")
    assert expression is None or issue["expression"][0].startswith(expression)
    assert fhir.search("Observation")["total"] == 0


@pytest.mark.parametrize("path", ["Observation", ""])
def test_no_depth_of_nesting_breaks_the_server(fhir: FhirCalls, path: str) -> None:
    for depth in range(50, 1500, 50):
        body = b'{"resourceType":"Observation","a":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
        assert fhir.send("POST", path, body).status in {400, 422}


def test_provenance_needs_a_target_and_an_agent_that_is_somebody(fhir: FhirCalls) -> None:
    made = {"resourceType": "Provenance", "recorded": "2026-11-22T12:00:00Z", "target": [{"reference": "Patient/1"}]}
    assert fhir.send("POST", "Provenance", made).status == 422
    without_who = fhir.send("POST", "Provenance", made | {"agent": [{"type": {"text": "author"}}]})
    assert body_of(without_who)["issue"][0]["expression"] == ["Provenance.agent.who"]
    assert fhir.send("POST", "Provenance", made | {"agent": [{"who": {"display": "Rapport"}}]}).status == 201


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "Patient", "identifier"),
        ("PUT", "Patient/anna", "identifier"),
        ("DELETE", "Patient/anna", "_cascade"),
        ("GET", "Patient/anna/_history", "_since"),
    ],
)
def test_parameters_without_effect_are_refused(fhir: FhirCalls, method: str, path: str, name: str) -> None:
    answered = fhir.send(method, path, ANNA, query=[("_format", "json"), (name, "x")])
    assert answered.status == 400
    assert name in body_of(answered)["issue"][0]["diagnostics"]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/fhir+xml"])
def test_another_content_type_is_refused(fhir: FhirCalls, content_type: str) -> None:
    assert fhir.send("POST", "Patient", ANNA, headers={"content-type": content_type}).status == 415
    assert fhir.send("POST", "Patient/_search", b"", headers={"content-type": content_type}).status == 415


def test_a_client_that_takes_no_json_is_told(fhir: FhirCalls) -> None:
    assert fhir.send("GET", "Patient", headers={"accept": "application/fhir+xml"}).status == 406
    assert fhir.send("GET", "Patient", query=[("_format", "xml")]).status == 406
    assert fhir.send("GET", "Patient", headers={"accept": "application/fhir+json;q=1.0, application/json;q=0.9"}).status == 200
    assert fhir.send("GET", "Patient", query=[("_format", "json")], headers={"accept": "text/html"}).status == 200


def test_a_file_keeps_resources_and_numbering(tmp_path: Path) -> None:
    for expected in ("1", "2"):
        storage = Storage(f"sqlite:///{tmp_path / 'ehr.sqlite'}")
        answered = FhirCalls(local_server(storage)).send("PUT", "Patient/anna", ANNA | {"gender": "female", "active": expected == "1"})
        storage.close()
        assert answered.headers["ETag"] == f'W/"{expected}"'


def test_a_broken_store_is_an_outcome(tmp_path: Path) -> None:
    storage = Storage(f"sqlite:///{tmp_path / 'ehr.sqlite'}")
    fhir = FhirCalls(local_server(storage))
    with storage.session() as session:
        session._connection.exec_driver_sql("drop table token")
    answered = fhir.send("POST", "Observation", observation())
    storage.close()
    assert (answered.status, body_of(answered)["issue"][0]["code"]) == (500, "exception")


def test_last_updated_follows_the_clock() -> None:
    storage = Storage()
    times = iter([NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)])
    fhir = FhirCalls(local_server(storage, clock=lambda: next(times)))
    fhir.create({"resourceType": "Patient"})
    fhir.create({"resourceType": "Patient"})
    assert matches(fhir.search("Patient", ("_lastUpdated", "gt2026-11-22T12:30:00Z"))) == ["Patient/new-2"]
    storage.close()


def test_load_keeps_ids_and_faults(server: LocalServer, fhir: FhirCalls) -> None:
    faulty = {
        "resourceType": "Observation",
        "id": "bad",
        "status": "bogus",
        "effectiveDateTime": "yesterday",
        "subject": {"reference": "Patient/p"},
    }
    loaded = server.load([faulty, {"resourceType": "Patient"}])
    assert loaded.stored[0] == "Observation/bad"
    assert body_of(fhir.send("GET", "Observation/bad"))["effectiveDateTime"] == "yesterday"
    assert matches(fhir.search("Observation", ("patient", "p"))) == ["Observation/bad"]


def test_loading_again_makes_a_version_only_of_what_changed(server: LocalServer, fhir: FhirCalls) -> None:
    bert = {"resourceType": "Patient", "id": "bert"}
    server.load([ANNA, bert])
    server.load([ANNA, bert | {"active": True}])
    assert [fhir.send("GET", f"Patient/{name}").headers["ETag"] for name in ("anna", "bert")] == ['W/"1"', 'W/"2"']


def test_a_server_opens_its_own_database(tmp_path: Path) -> None:
    for expected in (201, 200):
        server = LocalServer(f"sqlite:///{tmp_path / 'ehr.sqlite'}")
        answered = FhirCalls(server).send(
            "POST", "Patient", {"resourceType": "Patient", "identifier": KEY}, headers={"if-none-exist": "identifier=urn:sid|k1"}
        )
        server.close()
        assert answered.status == expected


def test_load_links_a_bundle_of_any_type(server: LocalServer, fhir: FhirCalls) -> None:
    server.load({"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "urn:npi", "value": "9"}]})
    seen = observation(id="o", subject={"reference": "urn:uuid:p"}, performer=[{"reference": "Practitioner?identifier=urn:npi|9"}])
    lost = observation(id="x", subject={"reference": "urn:uuid:q"}, performer=[{"reference": "Practitioner?identifier=urn:npi|8"}])
    patient = {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient", "id": "p"}}
    loaded = server.load({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": seen}, {"resource": lost}, patient]})
    assert loaded.stored == ("Observation/o", "Observation/x", "Patient/p")
    assert loaded.unresolved == ("Practitioner?identifier=urn:npi|8", "urn:uuid:q")
    assert matches(fhir.search("Observation", ("patient", "p"), ("performer", "Practitioner/dr"))) == ["Observation/o"]


def document(**more: object) -> dict[str, object]:
    attachment = {"contentType": "application/pdf", "data": "JVBERi0="}
    found = {"resourceType": "DocumentReference", "status": "current", "subject": {"reference": "Patient/anna"}, "identifier": KEY}
    return {**found, "content": [{"attachment": attachment}], **more}


def test_a_document_is_created_once_on_its_identifier_and_found_by_it(fhir: FhirCalls) -> None:
    condition = {"if-none-exist": "identifier=urn:sid|k1"}
    answers = [fhir.send("POST", "DocumentReference", document(), headers=condition) for _ in range(2)]
    assert [one.status for one in answers] == [201, 200]
    [found] = [one["resource"] for one in fhir.search("DocumentReference", ("identifier", "urn:sid|k1"), ("patient", "anna"))["entry"]]
    assert found["content"][0]["attachment"]["data"] == "JVBERi0="
    assert fhir.search("DocumentReference", ("identifier", "urn:sid|k1"), ("patient", "nobody"))["total"] == 0


@pytest.mark.parametrize(
    ("change", "status"), [({"status": "final"}, 422), ({"content": [{}]}, 400), ({"content": [{"format": {"code": "x"}}]}, 422)]
)
def test_a_document_that_is_none_is_refused(fhir: FhirCalls, change: dict[str, object], status: int) -> None:
    assert fhir.send("POST", "DocumentReference", document(**change)).status == status
