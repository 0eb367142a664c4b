"""What is stored of a form that was not answered is read back as that, and never as a rating."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.ratings.not_answered_reader import NotAnswered, read_not_answered, standing
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.ratings.test_rating_reader import read
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, LIBRARY, stored, submission
from tests.fhir_mappings.submission.test_not_answered import REASONS, unanswered


def kept(reason: NotAnsweredReason = "patient-declined", **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Response and Observation as a server keeps them."""
    found = stored(unanswered(reason, **changes))
    return found["response"], found["answered"]


def told(responses: list[Any], observations: list[Any]) -> tuple[list[NotAnswered], list[Skipped]]:
    return read_not_answered(LIBRARY, responses, observations, patient=WHO, base=BASE)


@pytest.mark.parametrize("reason", REASONS)
def test_it_is_read_back_with_its_reason_its_visit_and_who_decided(reason: NotAnsweredReason) -> None:
    response, observation = kept(reason)
    [found], skipped = told([response], [observation])
    assert (found.reason, found.visit, found.instrument, found.informant) == (reason, "Encounter/e1", "rapport-check-in", "patient")
    assert found.clinician is not None
    assert found.clinician.name == "Sofia Lindqvist"
    assert found.decided_by == "Patient/p1"
    assert found.refused is (reason == "patient-declined")
    assert skipped == []


def test_it_is_no_rating_and_nothing_unreadable_either() -> None:
    response, observation = kept()
    assert read_ratings(LIBRARY, [response], [observation], patient=WHO, base=BASE) == ([], [])


def test_its_observation_tells_the_same_where_the_response_is_not_to_be_had() -> None:
    response, observation = kept("no-time")
    [alone], _ = told([], [observation])
    [both], _ = told([response], [observation])
    assert (alone.reason, alone.visit, alone.clinician, alone.when) == (both.reason, both.visit, both.clinician, both.when)


def test_two_copies_of_it_are_one() -> None:
    response, observation = kept()
    found, _ = told([response, {**response, "id": "copy"}], [observation, {**observation, "id": "copy"}])
    assert len(found) == 1


def test_one_entered_in_error_is_none_and_takes_its_observation_with_it() -> None:
    response, observation = kept()
    wrong = {**response, "status": "entered-in-error"}
    assert told([wrong], [observation]) == ([], [])
    _, skipped = read_ratings(LIBRARY, [wrong], [observation], patient=WHO, base=BASE)
    assert [one.code for one in skipped] == ["entered_in_error"]
    assert told([], [{**observation, "status": "entered-in-error"}]) == ([], [])


def test_a_response_that_was_stopped_for_no_reason_of_ours_is_listed_as_before() -> None:
    response, _ = kept()
    response["extension"][-1]["valueCodeableConcept"]["coding"] = [{"system": "urn:other", "code": "patient-declined"}]
    assert told([response], []) == ([], [])
    _, skipped = read_ratings(LIBRARY, [response], [], patient=WHO, base=BASE)
    assert [one.code for one in skipped] == ["not_completed"]


def test_another_patients_is_not_read() -> None:
    response, observation = kept()
    elsewhere = {"reference": "Patient/p2"}
    assert told([{**response, "subject": elsewhere}], [{**observation, "subject": elsewhere}])[0] == []


def test_without_a_date_or_whom_it_is_about_it_is_listed() -> None:
    response, _ = kept()
    undated, nobody = {**response, "authored": "soon"}, {**response, "extension": response["extension"][1:]}
    assert [one.code for one in told([undated], [])[1]] == ["date_missing"]
    assert [one.code for one in told([nobody], [])[1]] == ["clinician_missing"]


def test_without_an_encounter_its_visit_is_the_day() -> None:
    [found], _ = told([kept(encounter=None)[0]], [])
    assert found.visit == date(2026, 11, 22).isoformat()


def test_of_a_visit_the_latest_holds_and_none_where_the_form_was_answered_after_all() -> None:
    first, later = kept("no-time")[0], {**kept(key="k2")[0], "authored": "2026-11-22T15:00:00+00:00"}
    found, _ = told([first, later], [])
    [held], given_way = standing(found, [])
    assert held.reason == "patient-declined"
    assert [one.source for one in given_way] == [found[0].source]
    [rating], _ = read(stored(submission(key="k3")).values())
    assert standing(found, [rating])[0] == []
    [other], _ = read(stored(submission(key="k4", encounter="e2")).values())
    assert standing(found, [other])[0] == [held]


_NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["coding", "reference", "url", "code"]), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(kept()[0])), _NODES)
def test_whatever_a_server_returns_nothing_is_raised(element: str, node: Any) -> None:
    response, observation = kept()
    told([{**response, element: node}, node], [{**observation, element: node}, node])
    read_ratings(LIBRARY, [{**response, element: node}], [{**observation, element: node}], patient=WHO, base=BASE)


def test_one_that_is_taken_back_is_none_and_takes_its_observation_with_it() -> None:
    response, observation = kept()
    named = {"url": f"{BASE}/StructureDefinition/retracts", "valueReference": {"reference": f"QuestionnaireResponse/{response['id']}"}}
    form = f"{BASE}/Questionnaire/retraction|0.1.0"
    taken: dict[str, Any] = {**response, "id": "back", "status": "completed", "questionnaire": form, "extension": [named], "identifier": {}}
    assert told([response, taken], [observation]) == ([], [])
    _, skipped = read_ratings(LIBRARY, [response, taken], [observation], patient=WHO, base=BASE)
    assert [one.code for one in skipped] == ["retracted"]
