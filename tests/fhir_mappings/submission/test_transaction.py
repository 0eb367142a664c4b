"""One submission is one transaction that can be sent twice and is stored once."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.people.person import Person
from fhir_mappings.submission.transaction import InvalidResource, bundle_sent_by, submission_bundle, submission_resources
from tests.fhir_mappings.samples import BASE, CHECK_IN, submission

ROLES = ["response", "panel", "total", "goal", "task", "bond", "provenance"]


def entries(signs: str = "444 345 554", **changes: Any) -> list[Any]:
    bundle: Any = submission_bundle(submission(signs, **changes), base=BASE)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    return list(bundle["entry"])


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "reference")
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(one)


def test_response_panel_scores_and_provenance_stand_in_this_order() -> None:
    assert [role for role, _ in submission_resources(submission(), base=BASE)] == ROLES
    kinds = [entry["resource"]["resourceType"] for entry in entries()]
    assert kinds == ["QuestionnaireResponse", *["Observation"] * 5, "Provenance"]


def test_every_resource_but_provenance_is_created_only_where_its_identifier_is_not_there() -> None:
    *found, provenance = entries()
    for role, entry in zip(ROLES, found, strict=False):
        assert entry["request"] == {
            "method": "POST",
            "url": entry["resource"]["resourceType"],
            "ifNoneExist": f"identifier={BASE}/sid/submission|k1.{role}",
        }
        identifier = entry["resource"]["identifier"]
        assert (identifier if role == "response" else identifier[0]) == {"system": f"{BASE}/sid/submission", "value": f"k1.{role}"}
    assert provenance["request"] == {"method": "POST", "url": "Provenance"}


@settings(max_examples=25)
@given(st.text(alphabet="12345x.", min_size=9, max_size=9), st.sampled_from(["patient", "clinician"]))
def test_every_form_is_a_transaction_whose_references_lead_somewhere(signs: str, informant: Any) -> None:
    found = entries(signs, informant=informant)
    urls = [entry["fullUrl"] for entry in found]
    assert len(set(urls)) == len(urls)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", url) for url in urls)
    named = list(references(found))
    assert {one for one in named if one.startswith("urn:")} <= set(urls)
    assert {one for one in named if not one.startswith("urn:")} <= {"Patient/p1", "Practitioner/sofia", "Encounter/e1"}


def test_a_form_without_a_score_has_no_observation() -> None:
    assert [entry["resource"]["resourceType"] for entry in entries("xxx xxx xxx")] == ["QuestionnaireResponse", "Provenance"]


def test_only_allowed_scores_are_written_and_the_panel_names_them() -> None:
    found = {entry["request"].get("ifNoneExist", "").rpartition(".")[2]: entry for entry in entries("444 3xx 554")}
    assert set(found) == {"response", "panel", "goal", "bond", ""}
    members = [one["reference"] for one in found["panel"]["resource"]["hasMember"]]
    assert members == [found["goal"]["fullUrl"], found["bond"]["fullUrl"]]


def test_the_same_submission_is_the_same_bundle_and_another_key_another() -> None:
    assert entries() == entries()
    assert not {entry["fullUrl"] for entry in entries()} & {entry["fullUrl"] for entry in entries(key="k2")}


def test_numbers_keep_their_digits_on_the_wire() -> None:
    text = simplejson.dumps(submission_bundle(submission("444 444 444"), base=BASE), use_decimal=True)
    assert '"value": 4.00' in text


def test_the_rated_clinician_is_in_focus_whoever_answers() -> None:
    for informant, answered_by in (("patient", "Patient/p1"), ("clinician", "Practitioner/sofia")):
        scores = [entry["resource"] for entry in entries(informant=informant) if entry["resource"]["resourceType"] == "Observation"]
        assert all(one["focus"] == [{"reference": "Practitioner/sofia", "display": "Sofia Lindqvist"}] for one in scores)
        assert all(one["performer"] == [{"reference": answered_by}] for one in scores)
        assert all("not a validated instrument" in one["code"]["text"] for one in scores)


def test_without_a_visit_there_is_no_encounter() -> None:
    assert not any("encounter" in entry["resource"] for entry in entries(encounter=None))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        entries(authored=datetime(2026, 11, 22, 14, 20))  # noqa: DTZ001


@pytest.mark.parametrize("reference", ["sofia", "", "Practitioner/ä"])
def test_what_would_not_be_fhir_is_never_built(reference: str) -> None:
    with pytest.raises(InvalidResource):
        submission_bundle(replace(submission(), clinician=Person(reference=reference, name=None)), base=BASE)


def test_every_scale_of_the_instrument_has_its_role() -> None:
    assert ROLES[2:-1] == [scale.key for scale in CHECK_IN.scales]


def test_who_sends_it_in_its_authors_place_is_the_transmitter_and_its_author_stays_author() -> None:
    bundle: Any = submission_bundle(submission(), base=BASE)
    sent: Any = bundle_sent_by(bundle, "Practitioner/tomas")
    assert sent["entry"][:-1] == bundle["entry"][:-1]
    before, after = (each["entry"][-1]["resource"] for each in (bundle, sent))
    assert {name: value for name, value in after.items() if name != "agent"} == {
        name: value for name, value in before.items() if name != "agent"
    }
    *others, transmitter = after["agent"]
    assert others == before["agent"]
    assert transmitter["who"] == {"reference": "Practitioner/tomas"}
    [coding] = transmitter["type"]["coding"]
    assert (coding["system"], coding["code"]) == (
        "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type",
        "transmitter",
    )


def test_there_is_one_transmitter_whoever_tried_before_and_none_when_the_author_sends_it() -> None:
    bundle: Any = submission_bundle(submission(), base=BASE)
    first: Any = bundle_sent_by(bundle, "Practitioner/tomas")
    assert bundle_sent_by(first, "Practitioner/noor") == bundle_sent_by(bundle, "Practitioner/noor")
    assert bundle_sent_by(first, None) == bundle


@pytest.mark.parametrize("who", ["tomas", "Practitioner/", "mailto:tomas@example.org"])
def test_a_transmitter_that_is_no_reference_passes_no_gate(who: str) -> None:
    with pytest.raises(InvalidResource):
        bundle_sent_by(submission_bundle(submission(), base=BASE), who)
