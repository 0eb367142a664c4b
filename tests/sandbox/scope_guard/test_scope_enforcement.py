"""What a token reaches on the FHIR API: scopes v1 and v2, one patient, entry by entry, and nothing that came back by mistake."""

from typing import Any

import pytest
import requests
import simplejson

from smart_app.sandbox.scope_guard.token_reach import ScopeUse
from tests.sandbox.memory_backend import MemoryBackend
from tests.sandbox.smart_ward import LABORATORY, SURVEY, Ward, chart_resources, observation, running_ward

pytestmark = pytest.mark.enable_socket

CATEGORY = "category=http://terminology.hl7.org/CodeSystem/observation-category"


def reach(ward: Ward, *scopes: str) -> str:
    """An access token for p1 with these resource scopes."""
    return str(ward.signed_in(" ".join(("launch", *scopes)))["access_token"])


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["resource"]["id"] for one in answer.json().get("entry", []) if one["resource"]["resourceType"] != "OperationOutcome"]


def without_id(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "id"}


def response_of(quantity: str, patient: str = "p1") -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "status": quantity, "subject": {"reference": f"Patient/{patient}"}}


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **request: str) -> dict[str, Any]:
    return {"request": {"method": method, "url": url, **request}, **({"resource": resource} if resource else {})}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic cmFwcG9ydDo="}]
)
def test_no_good_token_is_401_with_a_challenge(ward: Ward, headers: dict[str, str]) -> None:
    answer = ward.http.get(f"{ward.fhir}/Patient/p1", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert ward.backend.seen == []


def test_expired_token_is_401_and_says_so(ward: Ward) -> None:
    token = reach(ward, "patient/Patient.r")
    ward.clock.advance(3600)
    answer = ward.call(token, "GET", "Patient/p1")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


# scope, then which of read, search, create, update, delete on Observation it allows
MATRIX = [
    ("patient/Observation.read", "rs"),
    ("patient/Observation.write", "cud"),
    ("patient/Observation.*", "crsud"),
    ("patient/*.read", "rs"),
    ("patient/*.*", "crsud"),
    ("user/Observation.read", "rs"),
    ("patient/Observation.r", "r"),
    ("patient/Observation.s", "s"),
    ("patient/Observation.c", "c"),
    ("patient/Observation.u", "u"),
    ("patient/Observation.d", "d"),
    ("patient/Observation.cruds", "crsud"),
    ("patient/*.cruds", "crsud"),
    ("user/*.rs", "rs"),
    ("patient/Condition.cruds", ""),
    ("patient/Observation.sr", ""),
    ("system/Observation.cruds", ""),
    ("patient/Observation.rs?colour=red", ""),
]


@pytest.mark.parametrize(("scope", "letters"), MATRIX)
def test_each_interaction_needs_its_letter(ward: Ward, scope: str, letters: str) -> None:
    token = reach(ward, scope)
    tries = {
        "r": ward.call(token, "GET", "Observation/a1"),
        "s": ward.call(token, "GET", "Observation"),
        "c": ward.call(token, "POST", "Observation", json=without_id(observation("x", "p1"))),
        "u": ward.call(token, "PUT", "Observation/a1", json=observation("a1", "p1")),
        "d": ward.call(token, "DELETE", "Observation/a1"),
    }
    assert {letter for letter, answer in tries.items() if answer.status_code < 300} == set(letters)
    for letter, answer in tries.items():
        if letter not in letters:
            assert answer.status_code == 403
            assert answer.json()["issue"][0]["code"] == "forbidden"
            assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_patient_scope_reads_only_that_patient(ward: Ward) -> None:
    token = reach(ward, "patient/*.cruds")
    assert ward.call(token, "GET", "Observation/a1").status_code == 200
    for path in ("Observation/b1", "Patient/p2", "Encounter/e2"):
        assert ward.call(token, "GET", path).status_code == 403
    assert ward.call(token, "GET", "Observation/none").status_code == 404


def test_patient_scope_searches_are_narrowed(ward: Ward) -> None:
    token = reach(ward, "patient/*.rs")
    assert ids(ward.call(token, "GET", "Observation")) == ["a1", "a2"]
    assert ids(ward.call(token, "GET", "Patient")) == ["p1"]
    assert ids(ward.call(token, "GET", "Patient", params={"_id": "p2"})) == []
    assert ids(ward.call(token, "GET", "Observation", params={"patient": "p1"})) == ["a1", "a2"]
    assert ids(ward.call(token, "GET", "Observation", params={"subject": f"{ward.fhir}/Patient/p1"})) == ["a1", "a2"]
    assert ids(ward.call(token, "POST", "Observation/_search", data={"code": "4548-4"})) == ["a1", "a2"]


@pytest.mark.parametrize(
    "params", [{"patient": "p2"}, {"subject": "Patient/p2"}, {"subject:Patient": "p2"}, {"patient": "p1,p2"}, {"patient": ["p1", "p2"]}]
)
def test_search_for_another_patient_is_403(ward: Ward, params: dict[str, Any]) -> None:
    token = reach(ward, "patient/Observation.rs")
    assert ward.call(token, "GET", "Observation", params=params).status_code == 403
    assert ward.call(token, "POST", "Observation/_search", data=params).status_code == 403


def test_a_server_that_ignores_the_patient_still_gives_nothing_away() -> None:
    with running_ward(MemoryBackend(*chart_resources(), deaf_to=frozenset({"subject", "patient", "_id"}))) as ward:
        answer = ward.call(reach(ward, "patient/Observation.rs"), "GET", "Observation", params={"patient": "p1"})
    assert ids(answer) == ["a1", "a2"]
    assert "total" not in answer.json()
    assert answer.json()["entry"][-1]["resource"]["issue"][0]["code"] == "suppressed"


def test_included_resources_need_a_scope_of_their_own(ward: Ward) -> None:
    params = [("_include", "Patient:subject"), ("_include", "Practitioner:performer")]
    both = ids(ward.call(reach(ward, "patient/Observation.rs", "patient/Practitioner.r"), "GET", "Observation", params=params))
    assert both == ["a1", "a2", "sofia", "tom"]
    patients = ids(ward.call(reach(ward, "patient/Observation.rs", "patient/Patient.r"), "GET", "Observation", params=params))
    assert patients == ["a1", "a2", "p1"]


def test_user_scope_reaches_every_patient(ward: Ward) -> None:
    token = reach(ward, "user/Observation.rs")
    assert ids(ward.call(token, "GET", "Observation")) == ["a1", "a2", "b1"]
    assert ward.call(token, "GET", "Observation/b1").status_code == 200


def test_shared_resources_are_read_but_not_written_by_patient_scopes(ward: Ward) -> None:
    token = reach(ward, "patient/Questionnaire.cruds", "patient/Practitioner.rs")
    assert ward.call(token, "GET", "Questionnaire/q1").status_code == 200
    assert ids(ward.call(token, "GET", "Practitioner")) == ["sofia", "tom"]
    assert ward.call(token, "POST", "Questionnaire", json={"resourceType": "Questionnaire", "status": "draft"}).status_code == 403
    assert ward.call(token, "PUT", "Questionnaire/q1", json={"resourceType": "Questionnaire", "id": "q1"}).status_code == 403
    wide = reach(ward, "user/Questionnaire.cruds")
    assert ward.call(wide, "POST", "Questionnaire", json={"resourceType": "Questionnaire", "status": "draft"}).status_code == 201


def test_types_about_nobody_known_are_out_of_patient_reach(ward: Ward) -> None:
    token = reach(ward, "patient/*.cruds")
    for path in ("AuditEvent", "Group/g1", "Subscription"):
        assert ward.call(token, "GET", path).status_code in {403, 404}
    assert ward.call(token, "POST", "Group", json={"resourceType": "Group"}).status_code == 403


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p2"},
        {"reference": "Patient?identifier=x"},
        {"display": "Ada"},
        {"reference": "http://elsewhere.example/fhir/Patient/p1"},
        None,
    ],
)
def test_writing_about_anybody_else_is_403(ward: Ward, subject: dict[str, str] | None) -> None:
    token = reach(ward, "patient/Observation.cruds")
    resource = {**without_id(observation("x", "p1")), "subject": subject}
    assert ward.call(token, "POST", "Observation", json=resource).status_code == 403
    assert ward.call(token, "PUT", "Observation/a1", json={**resource, "id": "a1"}).status_code == 403
    assert "Observation/x" not in ward.backend.held


def test_anothers_resource_cannot_be_taken_over_or_deleted(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.cruds")
    assert ward.call(token, "PUT", "Observation/b1", json=observation("b1", "p1")).status_code == 403
    assert ward.call(token, "DELETE", "Observation/b1").status_code == 403
    assert ward.backend.held["Observation/b1"]["subject"]["reference"] == "Patient/p2"


def test_a_body_of_another_type_is_400(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.cruds", "patient/Condition.cruds")
    assert ward.call(token, "POST", "Condition", json=without_id(observation("x", "p1"))).status_code == 400
    assert ward.call(token, "POST", "Observation", data=b"[" * 100_000).status_code == 400


def test_a_name_given_twice_is_judged_and_stored_the_same(ward: Ward) -> None:
    """RFC 8259 leaves duplicate names open: what was judged must be what goes on, not the bytes."""
    token = reach(ward, "patient/Observation.cruds")
    twice = b'{"resourceType":"Observation","subject":{"reference":"Patient/p2"},"subject":{"reference":"Patient/p1"}}'
    assert ward.call(token, "POST", "Observation", data=twice).status_code == 201
    assert b"p2" not in ward.backend.seen[-1].body


def test_numbers_keep_their_digits(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.cruds")
    text = simplejson.dumps(without_id(observation("x", "p1")))[:-1] + ', "valueQuantity": {"value": 7.10}}'
    created = ward.call(token, "POST", "Observation", data=text)
    assert created.status_code == 201
    assert '"value": 7.10' in ward.call(token, "GET", f"Observation/{created.json()['id']}").text


def test_conditional_create_is_held_to_the_patient(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.c")
    headers = {"If-None-Exist": "identifier=https://e.example/sid|k1"}
    ward.call(token, "POST", "Observation", json=without_id(observation("x", "p1")), headers=headers)
    assert ward.backend.seen[-1].headers["if-none-exist"] == "identifier=https://e.example/sid|k1&subject=Patient/p1"


def test_granular_scope_holds_for_read_search_and_create(ward: Ward) -> None:
    token = reach(ward, f"patient/Observation.crs?{CATEGORY}|survey")
    assert ids(ward.call(token, "GET", "Observation")) == ["a2"]
    assert ward.call(token, "GET", "Observation/a1").status_code == 403
    assert ward.call(token, "POST", "Observation", json=without_id(observation("x", "p1", category=LABORATORY))).status_code == 403
    assert ward.call(token, "POST", "Observation", json=without_id(observation("x", "p1", category=SURVEY))).status_code == 201


def test_granular_scopes_add_up(ward: Ward) -> None:
    token = reach(ward, f"patient/Observation.rs?{CATEGORY}|survey", f"patient/Observation.rs?{CATEGORY}|laboratory")
    assert ids(ward.call(token, "GET", "Observation")) == ["a1", "a2"]
    mixed = reach(ward, f"patient/Observation.rs?{CATEGORY}|survey", "patient/Observation.rs?code=http://loinc.org|4548-4")
    assert ids(ward.call(mixed, "GET", "Observation")) == ["a1", "a2"]


def test_elements_that_would_hide_the_patient_are_not_passed_on(ward: Ward) -> None:
    ward.call(reach(ward, "patient/Observation.rs"), "GET", "Observation", params={"_elements": "id", "_summary": "text"})
    assert {name for name, _ in ward.backend.seen[-1].query} == {"subject"}


def test_transaction_entries_are_judged_one_by_one(ward: Ward) -> None:
    token = reach(ward, "patient/QuestionnaireResponse.c", "patient/Observation.c")
    good = entry("POST", "QuestionnaireResponse", response_of("completed"), ifNoneExist="identifier=https://e.example/sid|k1")
    foreign = entry("POST", "Observation", without_id(observation("x", "p2")))
    no_scope = entry("PUT", "Observation/a1", observation("a1", "p1"))
    before = dict(ward.backend.held)
    bad: dict[str, Any]
    for bad in (foreign, no_scope, entry("GET", "Observation/a1"), entry("PATCH", "Observation/a1"), {"resource": {}}):
        answer = ward.call(token, "POST", "", json=bundle("transaction", good, bad))
        assert answer.status_code in {400, 403, 404}
        assert "Bundle.entry[1]" in answer.json()["issue"][0]["diagnostics"]
    assert ward.backend.held == before
    assert ward.call(token, "POST", "", json=bundle("transaction", good)).status_code == 200
    sent = simplejson.loads(next(one.body for one in reversed(ward.backend.seen) if not one.path))
    assert sent["entry"][0]["request"]["ifNoneExist"].endswith("&subject=Patient/p1")


def test_batch_answers_the_allowed_entries_and_refuses_the_others(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.rs")
    asked = bundle(
        "batch",
        entry("GET", "Observation/b1"),
        entry("GET", "Observation/a1"),
        entry("DELETE", "Observation/a1"),
        entry("GET", "Observation"),
    )
    answer = ward.call(token, "POST", "", json=asked).json()
    assert [one["response"]["status"][:3] for one in answer["entry"]] == ["403", "200", "403", "200"]
    assert "resource" not in answer["entry"][0]
    assert len(answer["entry"][3]["resource"]["entry"]) == 2
    refused = ward.call(token, "POST", "", json=bundle("batch", entry("DELETE", "Observation/a1"))).json()
    assert [one["response"]["status"][:3] for one in refused["entry"]] == ["403"]


def test_provenance_belongs_to_whom_its_targets_are_about(ward: Ward) -> None:
    token = reach(ward, "patient/Provenance.crs", "patient/Observation.crs")
    own = {"resourceType": "Provenance", "target": [{"reference": "Observation/a1/_history/1"}, {"reference": "Patient/p1"}]}
    assert ward.call(token, "POST", "Provenance", json=own).status_code == 201
    for target in ("Observation/b1", "Observation/none", "Patient/p2", "Provenance/x"):
        foreign = {"resourceType": "Provenance", "target": [{"reference": "Observation/a1"}, {"reference": target}]}
        assert ward.call(token, "POST", "Provenance", json=foreign).status_code == 403
    assert len(ids(ward.call(token, "GET", "Provenance", params={"target": "Patient/p1"}))) == 1
    assert ward.call(token, "GET", "Provenance").status_code == 403
    assert ward.call(token, "GET", "Provenance", params={"target": "Observation/b1"}).status_code == 403


def test_provenance_may_target_what_its_own_transaction_creates(ward: Ward) -> None:
    token = reach(ward, "patient/Provenance.c", "patient/Observation.c")
    made = {"fullUrl": "urn:uuid:1", **entry("POST", "Observation", without_id(observation("x", "p1")))}
    told = entry("POST", "Provenance", {"resourceType": "Provenance", "target": [{"reference": "urn:uuid:1"}]})
    assert ward.call(token, "POST", "", json=bundle("transaction", made, told)).status_code == 200
    posing = {"fullUrl": "Observation/b1", **entry("POST", "Observation", without_id(observation("x", "p1")))}
    about = entry("POST", "Provenance", {"resourceType": "Provenance", "target": [{"reference": "Observation/b1"}]})
    assert ward.call(token, "POST", "", json=bundle("transaction", posing, about)).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "Patient/p1/$everything"),
        ("POST", "$graphql"),
        ("PATCH", "Observation/a1"),
        ("GET", "observation/a1"),
        ("GET", ""),
        ("PUT", ""),
    ],
)
def test_what_apps_are_not_offered_is_an_operation_outcome(ward: Ward, method: str, path: str) -> None:
    token = reach(ward, "patient/*.cruds", "user/*.cruds")
    answer = ward.call(token, method, path, data=b"{}")
    assert answer.status_code in {400, 404}
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_recorder_hears_what_was_touched(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.rs", "patient/Practitioner.r")
    ward.call(token, "GET", "Observation", params={"_include": "Practitioner:performer"})
    ward.call(token, "GET", "Condition")
    assert set(ward.touches) == {
        ScopeUse(resource="Observation", interaction="s", allowed=True),
        ScopeUse(resource="Practitioner", interaction="r", allowed=True),
        ScopeUse(resource="Condition", interaction="s", allowed=False),
    }


def test_further_pages_are_filtered_entry_by_entry(ward: Ward) -> None:
    answer = ward.call(reach(ward, "patient/Observation.rs"), "GET", "", params={"_getpages": "opaque"})
    assert ids(answer) == ["a1", "a2"]


def test_elements_do_not_stand_in_the_way_of_a_read(ward: Ward) -> None:
    assert ward.call(reach(ward, "patient/Observation.r"), "GET", "Observation/a1", params={"_elements": "id"}).status_code == 200
    assert ward.backend.seen[-1].query == ()


def test_conditional_changes_are_held_to_the_patient(ward: Ward) -> None:
    token = reach(ward, "patient/Observation.ud")
    ward.call(token, "PUT", "Observation?identifier=s|k", json=without_id(observation("x", "p1")))
    assert ward.backend.seen[-1].query == (("identifier", "s|k"), ("subject", "Patient/p1"))
    ward.call(token, "DELETE", "Observation?identifier=s|k")
    assert ward.backend.seen[-1].query == (("identifier", "s|k"), ("subject", "Patient/p1"))


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("patient/*.cruds", "Questionnaire?url=x"),
        ("patient/*.cruds", "Provenance?target=Observation/a1"),
        ("patient/*.cruds", "Patient?identifier=x"),
        ("patient/*.cruds", "Group?code=x"),
        (f"patient/Observation.cruds?{CATEGORY}|survey", "Observation?code=x"),
        (f"user/Observation.cruds?{CATEGORY}|survey", "Observation?code=x"),
    ],
)
def test_conditional_delete_needs_limits_a_query_can_say(ward: Ward, scope: str, path: str) -> None:
    assert ward.call(reach(ward, scope), "DELETE", path).status_code == 403
    assert not [one for one in ward.backend.seen if one.method == "DELETE"]


def test_a_document_is_created_by_its_own_scope_and_for_this_patient_alone(ward: Ward) -> None:
    document = {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": {"title": "x"}}]}
    mine, anothers = ({**document, "subject": {"reference": f"Patient/{who}"}} for who in ("p1", "p2"))
    token = reach(ward, "patient/DocumentReference.c")
    assert ward.call(token, "POST", "DocumentReference", json=mine).status_code == 201
    assert ward.call(token, "POST", "DocumentReference", json=anothers).status_code == 403
    assert ward.call(token, "GET", "DocumentReference").status_code == 403
    assert ward.call(reach(ward, "patient/DocumentReference.rs"), "POST", "DocumentReference", json=mine).status_code == 403
