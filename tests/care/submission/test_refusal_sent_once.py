"""That a form was not answered is stored once, whatever became of the first try of sending it."""

from typing import Any

import pytest
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ReadTimeout

from fhir_mappings.instruments.not_answered import REFUSED, NotAnsweredReason
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again
from smart_app.care.submission.outcome_search import SETTLES_WITHIN
from smart_app.care.submission.submit import submit_not_answered
from smart_app.services import AppServices
from tests.care.ehr import Answer, Ehr
from tests.care.support import SLUG, Clock, asked_for, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a91"


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


def says_no(services: AppServices, reason: NotAnsweredReason = REFUSED) -> None:
    record = in_launch(services)
    submit_not_answered(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", reason=reason, by_staff=True)


def loses_answers(ehr: Ehr, monkeypatch: pytest.MonkeyPatch, *, stores: bool) -> None:
    """The first try: the server takes it or not, and its answer never arrives."""
    post = ehr._post
    tried: list[str] = []

    def lost(path: str, request: Any) -> Answer:
        if tried:
            return post(path, request)
        tried.append(path)
        if stores:
            post(path, request)
        raise ReadTimeout("no answer") if stores else Broken("reset")

    monkeypatch.setattr(ehr, "_post", lost)


def held(ehr: Ehr) -> list[tuple[str, str]]:
    return sorted((one["resourceType"], one.get("status", "")) for one in ehr.resources.values() if one["resourceType"] != "Patient")


ONE = [("Observation", "final"), ("Provenance", ""), ("QuestionnaireResponse", "stopped")]


@pytest.mark.parametrize("stores", [True, False], ids=["stored, answer lost", "never arrived"])
def test_a_first_try_without_an_answer_leaves_one_of_each(
    ehr: Ehr, services: AppServices, clock: Clock, monkeypatch: pytest.MonkeyPatch, *, stores: bool
) -> None:
    loses_answers(ehr, monkeypatch, stores=stores)
    says_no(services)
    clock.now += 2 * SETTLES_WITHIN
    for _ in range(2):
        send_again(in_launch(services), key=KEY)
    stands = receipt(in_launch(services), key=KEY)
    assert (stands.outcome, stands.not_answered) == ("saved", REFUSED)
    assert held(ehr) == ONE


def test_sent_twice_from_one_page_it_is_there_once(ehr: Ehr, services: AppServices) -> None:
    says_no(services)
    says_no(services)
    assert held(ehr) == ONE


def test_every_part_carries_an_identifier_to_be_created_on(ehr: Ehr, services: AppServices) -> None:
    says_no(services, "not-offered")
    (response,), (observation,) = ehr.of_type("QuestionnaireResponse"), ehr.of_type("Observation")
    found = {str(response["identifier"]["value"]), *(str(one["value"]) for one in observation["identifier"])}
    assert len(found) == 2
    assert all(one.startswith(f"{KEY}.") for one in found)
