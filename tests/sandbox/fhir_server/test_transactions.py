from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.fhir_calls import BASE, FhirCalls, Json, body_of, entry, matches, observation

RESPONSE = "urn:uuid:0c1e0d0e-0000-4000-8000-000000000001"
SCORE = "urn:uuid:0c1e0d0e-0000-4000-8000-000000000002"


def keyed(role: str) -> list[Json]:
    return [{"system": "urn:sid", "value": f"key.{role}"}]


def submission() -> list[Json]:
    """A response, its score and their provenance, linked by urn, conditional like the app's."""
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "identifier": keyed("response")[0]}
    score = observation(identifier=keyed("total"), derivedFrom=[{"reference": RESPONSE}])
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": RESPONSE}, {"reference": SCORE}],
        "recorded": "2026-11-22T12:00:00Z",
        "agent": [{"who": {"display": "Rapport"}}],
    }
    return [
        entry("POST", "Provenance", provenance, full_url="urn:uuid:0c1e0d0e-0000-4000-8000-000000000003"),
        entry("POST", "Observation", score, full_url=SCORE, ifNoneExist="identifier=urn:sid|key.total"),
        entry("POST", "QuestionnaireResponse", response, full_url=RESPONSE, ifNoneExist="identifier=urn:sid|key.response"),
    ]


def statuses(bundle: Json) -> list[str]:
    return [one["response"]["status"] for one in bundle["entry"]]


def test_transaction_stores_all_and_links_them(fhir: FhirCalls) -> None:
    answered = body_of(fhir.transaction(*submission()))
    assert (answered["type"], statuses(answered)) == ("transaction-response", ["201 Created"] * 3)
    score = body_of(fhir.send("GET", answered["entry"][1]["response"]["location"].partition("/_history")[0]))
    response = answered["entry"][2]["response"]
    assert score["derivedFrom"] == [{"reference": response["location"].partition("/_history")[0]}]
    assert (response["etag"], response["lastModified"]) == ('W/"1"', "2026-11-22T12:00:00.000Z")
    assert fhir.search("Provenance", ("target", f"Observation/{score['id']}"))["total"] == 1


def test_transaction_again_finds_what_was_stored(fhir: FhirCalls) -> None:
    first = body_of(fhir.transaction(*submission()))
    again = body_of(fhir.transaction(*submission()[1:]))
    assert statuses(again) == ["200 OK", "200 OK"]
    assert [one["response"]["location"] for one in again["entry"]] == [one["response"]["location"] for one in first["entry"][1:]]


def test_equal_transactions_at_once_store_one_copy(fhir: FhirCalls) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [body_of(one) for one in pool.map(lambda _: fhir.transaction(*submission()[1:]), range(8))]
    assert sorted(status for one in answers for status in statuses(one)).count("201 Created") == 2
    assert len({one["entry"][0]["response"]["location"] for one in answers}) == 1
    assert fhir.search("Observation")["total"] == 1


def test_equal_conditions_in_one_transaction_are_one_resource(fhir: FhirCalls) -> None:
    score = observation(identifier=keyed("total"))
    entries = [entry("POST", "Observation", score, ifNoneExist="identifier=urn:sid|key.total") for _ in range(2)]
    assert statuses(body_of(fhir.transaction(*entries))) == ["201 Created", "200 OK"]
    assert fhir.search("Observation")["total"] == 1


def test_links_are_exchanged_at_any_depth_and_only_in_addresses(fhir: FhirCalls) -> None:
    held = observation(
        identifier=[{"system": "urn:ietf:rfc3986", "value": RESPONSE}],
        extension=[{"url": "urn:x", "extension": [{"url": "urn:y", "valueReference": {"reference": RESPONSE}}]}],
        note=[{"authorReference": {"reference": RESPONSE}, "text": RESPONSE}],
    )
    fhir.transaction(entry("POST", "Observation", held), entry("POST", "Patient", {"resourceType": "Patient"}, full_url=RESPONSE))
    stored = fhir.search("Observation")["entry"][0]["resource"]
    patient = matches(fhir.search("Patient"))[0]
    assert stored["extension"][0]["extension"][0]["valueReference"]["reference"] == patient
    assert stored["note"] == [{"authorReference": {"reference": patient}, "text": RESPONSE}]
    assert stored["identifier"][0]["value"] == RESPONSE


def test_a_canonical_url_survives_as_full_url(fhir: FhirCalls) -> None:
    form = {"resourceType": "Questionnaire", "status": "active", "url": "http://ehr.example/Questionnaire/q"}
    fhir.transaction(entry("POST", "Questionnaire", form, full_url=form["url"]))
    assert fhir.search("Questionnaire", ("url", form["url"]))["total"] == 1


def test_relative_references_follow_the_full_urls_of_a_server(fhir: FhirCalls) -> None:
    other = "http://other.example/fhir"
    seen = observation(subject={"reference": "Patient/7"}, encounter={"reference": "Encounter/8"})
    fhir.transaction(
        entry("POST", "Observation", seen, full_url=f"{other}/Observation/1"),
        entry("POST", "Patient", {"resourceType": "Patient", "id": "7"}, full_url=f"{other}/Patient/7"),
    )
    stored = fhir.search("Observation")["entry"][0]["resource"]
    assert stored["subject"]["reference"] == matches(fhir.search("Patient"))[0]
    assert stored["encounter"]["reference"] == "Encounter/8"


def test_requests_are_carried_out_in_the_order_of_the_standard(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/old", {"resourceType": "Patient", "id": "old", "identifier": keyed("p")})
    new = {"resourceType": "Patient", "identifier": keyed("p")}
    answered = body_of(
        fhir.transaction(
            entry("GET", "Patient?identifier=urn:sid|key.p"),
            entry("GET", "Patient/put"),
            entry("PUT", "Patient/put", {"resourceType": "Patient", "id": "put"}),
            entry("POST", "Patient", new, ifNoneExist="identifier=urn:sid|key.p"),
            entry("DELETE", "Patient/old"),
        )
    )
    assert statuses(answered) == ["200 OK", "200 OK", "201 Created", "201 Created", "204 No Content"]
    assert matches(answered["entry"][0]["resource"]) == ["Patient/new-1"]
    assert answered["entry"][1]["resource"]["id"] == "put"


def test_conditional_references_are_resolved(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/p", {"resourceType": "Patient", "id": "p", "identifier": keyed("p")})
    by_store = observation(subject={"reference": "Patient?identifier=urn:sid|key.p"})
    by_entry = observation(performer=[{"reference": "Practitioner?identifier=urn:sid|key.dr"}])
    doctor = {"resourceType": "Practitioner", "identifier": keyed("dr")}
    answered = fhir.transaction(
        entry("POST", "Observation", by_store), entry("POST", "Observation", by_entry), entry("POST", "Practitioner", doctor)
    )
    assert answered.status == 200, answered.body
    assert fhir.search("Observation", ("patient", "p"))["total"] == 1
    assert fhir.search("Observation", ("performer", matches(fhir.search("Practitioner"))[0]))["total"] == 1


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (entry("POST", "Observation", observation(status="bogus")), 422),
        (entry("POST", "Observation", observation(subject={"reference": "urn:uuid:nowhere"})), 400),
        (entry("POST", "Observation", observation(subject={"reference": "Patient?identifier=urn:sid|none"})), 400),
        (entry("POST", "Observation", observation(subject={"reference": "Patient?identifier=urn:sid|key.twin"})), 412),
        (entry("POST", "Patient", {"resourceType": "Patient"}, ifNoneExist="identifier=urn:sid|key.twin"), 412),
        (entry("POST", "Patient", {"resourceType": "Patient"}, ifNoneExist="colour=red"), 400),
        (entry("PUT", "Patient/twin-1", {"resourceType": "Patient", "id": "twin-1", "active": True}, ifMatch='W/"9"'), 412),
        (entry("POST", "Patient", observation()), 400),
        (entry("POST", "Patient"), 400),
        (entry("PATCH", "Patient/twin-1", {"resourceType": "Patient"}), 400),
        (entry("PUT", "Patient?identifier=x", {"resourceType": "Patient"}), 400),
        (entry("GET", "Patient/nobody"), 404),
        (entry("GET", "Sandwich/1"), 400),
        (entry("DELETE", "Patient/new-1/_history/1"), 400),
        ({"resource": {"resourceType": "Patient"}}, 400),
    ],
)
def test_one_bad_entry_undoes_the_whole_transaction(fhir: FhirCalls, bad: Json, status: int) -> None:
    for at in (1, 2):
        fhir.send("PUT", f"Patient/twin-{at}", {"resourceType": "Patient", "id": f"twin-{at}", "identifier": keyed("twin")})
    good = [
        entry("DELETE", "Patient/twin-9"),
        entry("POST", "Observation", observation()),
        entry("POST", "Patient", {"resourceType": "Patient"}),
    ]
    refused = fhir.transaction(*good, bad)
    assert refused.status == status, refused.body
    assert body_of(refused)["issue"][0]["expression"][0].startswith("Bundle.entry[3]")
    assert matches(fhir.search("Patient")) == ["Patient/twin-1", "Patient/twin-2"]
    assert fhir.search("Observation")["total"] == 0


def test_a_delete_is_undone_with_the_rest(fhir: FhirCalls) -> None:
    fhir.send("PUT", "Patient/p", {"resourceType": "Patient", "id": "p", "identifier": keyed("p")})
    assert fhir.transaction(entry("DELETE", "Patient/p"), entry("POST", "Observation", {})).status == 400
    assert fhir.search("Patient", ("identifier", "urn:sid|key.p"))["total"] == 1


@pytest.mark.parametrize(
    "entries",
    [
        [entry("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"}), entry("DELETE", "Patient/p")],
        [entry("POST", "Patient", {"resourceType": "Patient"}, full_url=SCORE) for _ in range(2)],
    ],
)
def test_a_resource_written_twice_is_refused(fhir: FhirCalls, entries: list[Json]) -> None:
    assert fhir.transaction(*entries).status == 400
    assert fhir.search("Patient")["total"] == 0


def test_a_synthea_transaction_is_stored_whole_and_linked(fhir: FhirCalls) -> None:
    folders = [Path(__file__).parents[above] / "shared" / "data" / "synthea" for above in (4, 5)]
    bundles = [file for folder in folders for file in sorted(folder.glob("*.json"))]
    if not bundles:
        pytest.skip("the Synthea bundle is not beside the checkout")
    bundle = bundles[0].read_bytes()
    answered = fhir.send("POST", "", bundle)
    assert answered.status == 200, answered.body
    assert set(statuses(body_of(answered))) == {"201 Created"}
    patient = matches(fhir.search("Patient"))[0]
    hba1c = fhir.search("Observation", ("patient", patient), ("code", "http://loinc.org|4548-4"), ("_sort", "date"))
    assert hba1c["total"] == 6
    assert b"urn:uuid" not in fhir.send("GET", "Observation", query=[("_count", "1000")]).body


def test_batch_entries_stand_alone(fhir: FhirCalls) -> None:
    answered = body_of(
        fhir.transaction(
            entry("POST", "Patient", {"resourceType": "Patient"}),
            entry("POST", "Observation", observation(status="bogus")),
            {"nothing": "here"},
            entry("GET", "Patient/new-1/_history"),
            entry("GET", f"{BASE}/Patient?_id=new-1"),
            entry("GET", "Patient/new-1/_history/1"),
            entry("PUT", "Patient/new-1", {"resourceType": "Patient", "id": "new-1", "active": True}),
            entry("DELETE", "Patient/new-1"),
            kind="batch",
        )
    )
    found = [status[:3] for status in statuses(answered)]
    assert found == ["201", "422", "400", "200", "200", "200", "200", "204"]
    assert answered["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].Observation.status"]
    assert answered["entry"][5]["fullUrl"] == f"{BASE}/Patient/new-1"


@pytest.mark.parametrize(("prefer", "has"), [("return=representation", "resource"), ("return=minimal", None), ("", None)])
def test_transaction_returns_resources_only_when_preferred(fhir: FhirCalls, prefer: str, has: str | None) -> None:
    answered = body_of(fhir.transaction(entry("POST", "Patient", {"resourceType": "Patient"}), headers={"prefer": prefer}))
    assert ("resource" in answered["entry"][0]) == (has == "resource")


def test_transaction_returns_outcomes_when_preferred(fhir: FhirCalls) -> None:
    answered = fhir.transaction(entry("POST", "Patient", {"resourceType": "Patient"}), headers={"prefer": "return=OperationOutcome"})
    assert body_of(answered)["entry"][0]["response"]["outcome"]["issue"][0]["severity"] == "information"


@pytest.mark.parametrize("bundle", [{"resourceType": "Bundle", "type": "collection"}, {"resourceType": "Patient"}, [], {"type": "batch"}])
def test_the_base_takes_only_bundles_of_requests(fhir: FhirCalls, bundle: object) -> None:
    assert fhir.send("POST", "", bundle).status == 400


def test_an_empty_transaction_is_answered(fhir: FhirCalls) -> None:
    assert body_of(fhir.send("POST", "", {"resourceType": "Bundle", "type": "transaction"}))["type"] == "transaction-response"
    assert fhir.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": {}}).status == 400
