"""A form that was not answered is stored as such: nothing of it is an answer, a score or a rating."""

from typing import Any

import pytest

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.not_answered import REASON_CODES, NotAnsweredReason, is_refusal, reason_of
from fhir_mappings.r4.validation import check
from fhir_mappings.submission.submission import Submission
from fhir_mappings.submission.transaction import submission_bundle, submission_resources
from tests.fhir_mappings.samples import AT, BASE, CHECK_IN, submission

REASONS: tuple[NotAnsweredReason, ...] = ("patient-declined", "no-time", "not-offered", "could-not")


def unanswered(reason: NotAnsweredReason = "patient-declined", **changes: Any) -> Submission:
    """The patient's form, not answered."""
    return submission(answers=Answers(values={}, declined=(), extra={}), scores={}, not_answered=reason, **changes)


def resources(**changes: Any) -> dict[str, Any]:
    return dict(submission_resources(unanswered(**changes), base=BASE))


def test_it_is_a_stopped_response_without_items_an_observation_and_who_decided() -> None:
    found = resources()
    assert list(found) == ["response", "not-answered", "provenance"]
    response = found["response"]
    assert response["status"] == "stopped"
    assert "item" not in response
    assert response["questionnaire"] == f"{BASE}/Questionnaire/rapport-check-in-patient|{CHECK_IN.version}"
    assert response["author"] == response["source"] == {"reference": "Patient/p1"}
    assert (response["encounter"], response["authored"]) == ({"reference": "Encounter/e1"}, AT.isoformat())
    for resource in found.values():
        check(resource)


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_is_coded_in_the_response_and_in_the_observation(reason: NotAnsweredReason) -> None:
    found = resources(reason=reason)
    [told] = [one for one in found["response"]["extension"] if one["url"] == f"{BASE}/StructureDefinition/not-answered-reason"]
    ours, standard = told["valueCodeableConcept"]["coding"]
    assert ours == {"system": f"{BASE}/CodeSystem/not-answered-reason", "code": reason, "display": REASON_CODES[reason].display}
    assert standard["system"] == "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    assert found["not-answered"]["valueCodeableConcept"] == told["valueCodeableConcept"]


def test_only_the_patients_own_is_a_refusal_and_is_called_so_in_the_standard_code() -> None:
    assert [one for one in REASONS if is_refusal(one)] == ["patient-declined"]
    assert [code for code, known in REASON_CODES.items() if known.absent == "asked-declined"] == ["patient-declined"]
    assert reason_of("asked-declined") is None


def test_the_observation_names_the_form_the_pair_and_the_visit_and_holds_no_number() -> None:
    observation = resources()["not-answered"]
    assert [one["code"] for one in observation["code"]["coding"]] == ["rapport-check-in.patient.not-answered"]
    assert observation["focus"][0]["reference"] == "Practitioner/sofia"
    assert observation["encounter"] == {"reference": "Encounter/e1"}
    assert observation["derivedFrom"] == [{"reference": unanswered().urn("response")}]
    assert not {"valueQuantity", "hasMember", "dataAbsentReason"} & observation.keys()


def test_staff_decide_in_their_own_name_and_enter_what_the_patient_decided() -> None:
    own = resources(reason="no-time", answered_by="Practitioner/sofia", recorded_by="Practitioner/sofia")
    assert {own["response"][part]["reference"] for part in ("author", "source")} == {"Practitioner/sofia"}
    told = resources(recorded_by="Practitioner/sofia")
    assert (told["response"]["source"]["reference"], told["response"]["author"]["reference"]) == ("Patient/p1", "Practitioner/sofia")
    assert [agent["type"]["coding"][0]["code"] for agent in told["provenance"]["agent"]] == ["author", "enterer", "assembler"]


def test_it_is_sent_as_a_rating_is_once_whatever_is_sent_again() -> None:
    bundle = submission_bundle(unanswered(), base=BASE)
    conditions = [entry["request"].get("ifNoneExist") for entry in bundle["entry"]]  # type: ignore[attr-defined]
    assert conditions == [f"identifier={BASE}/sid/submission|k1.response", f"identifier={BASE}/sid/submission|k1.not-answered", None]
    assert bundle == submission_bundle(unanswered(), base=BASE)


def test_a_form_about_nobody_names_nobody_as_rated() -> None:
    found = resources(clinician=None)
    assert [one["url"] for one in found["response"]["extension"]] == [f"{BASE}/StructureDefinition/not-answered-reason"]
    assert "focus" not in found["not-answered"]
