"""Servers that list what they stored only after a while: that a search finds nothing just after a lost answer is no proof."""

from datetime import timedelta
from typing import Any

import pytest
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ReadTimeout

from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again
from smart_app.care.submission.receipt import Receipt
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.ehr import Answer, Ehr, refusal, statement
from tests.care.support import SLUG, Clock, answers, asked_for, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
MINUTE = timedelta(minutes=1)
IN_A_MINUTE = "Check again in a minute"
LOST = {"reset": Broken("reset"), "time-out": ReadTimeout("late")}


class Index:
    """What the server's searches list: nothing of these types yet."""

    def __init__(self, ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
        self.behind: tuple[str, ...] = ("QuestionnaireResponse", "Observation", "Provenance")
        lists = ehr._matches

        def listed(resource: dict[str, Any], query: dict[str, str]) -> bool:
            return resource["resourceType"] not in self.behind and lists(resource, query)

        monkeypatch.setattr(ehr, "_matches", listed)


@pytest.fixture
def index(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> Index:
    ehr.put(patient())
    ehr.metadata = statement(conditional=False)
    return Index(ehr, monkeypatch)


def send(ehr: Ehr, services: AppServices, lost: Exception, *, stores: bool = True) -> None:
    """The answer to the form is lost on its way, after the commit or before it."""
    plain = ehr._post

    def post(path: str, request: Any) -> Answer:
        if stores:
            plain(path, request)
        raise lost

    ehr._post = post  # type: ignore[method-assign]  # another server behind the same door
    record = in_launch(services)
    submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())
    ehr._post = plain  # type: ignore[method-assign]


def stand(services: AppServices) -> Receipt:
    return receipt(in_launch(services), key=KEY)


def try_again(services: AppServices) -> Receipt:
    send_again(in_launch(services), key=KEY)
    return stand(services)


def one_of_each(ehr: Ehr) -> bool:
    values = [entry["value"] for one in ehr.of_type("Observation") for entry in one["identifier"]]
    return len(ehr.of_type("QuestionnaireResponse")) == len(ehr.of_type("Provenance")) == 1 and len(values) == len(set(values)) == 5


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_what_is_not_listed_yet_is_not_sent_a_second_time(
    ehr: Ehr, services: AppServices, clock: Clock, index: Index, lost: Exception
) -> None:
    send(ehr, services, lost)
    for _ in range(2):
        clock.now += timedelta(seconds=20)
        found = try_again(services)
        assert (found.outcome, ehr.posts()) == ("unknown", [""])
        assert IN_A_MINUTE in str(found.reason)
    index.behind = ()
    clock.now += MINUTE
    assert stand(services).outcome == "saved"
    assert (ehr.posts(), one_of_each(ehr)) == ([""], True)


def test_what_is_not_listed_after_a_minute_is_sent(ehr: Ehr, services: AppServices, clock: Clock, index: Index) -> None:
    index.behind = ()
    send(ehr, services, LOST["reset"], stores=False)
    assert try_again(services).outcome == "unknown"
    assert ehr.of_type("QuestionnaireResponse") == []
    clock.now += MINUTE
    assert try_again(services).outcome == "saved"
    assert one_of_each(ehr)


def test_a_second_lost_answer_begins_the_minute_anew(ehr: Ehr, services: AppServices, clock: Clock, index: Index) -> None:
    send(ehr, services, LOST["reset"], stores=False)
    clock.now += MINUTE
    plain = ehr._post

    def post(path: str, request: Any) -> Answer:
        plain(path, request)
        raise LOST["reset"]

    ehr._post = post  # type: ignore[method-assign]
    assert try_again(services).outcome == "unknown"
    ehr._post = plain  # type: ignore[method-assign]
    assert try_again(services).outcome == "unknown"
    index.behind = ()
    clock.now += MINUTE
    assert try_again(services).outcome == "saved"
    assert one_of_each(ehr)


def test_scores_that_are_listed_later_than_the_answers_are_not_sent_a_second_time(
    ehr: Ehr, services: AppServices, clock: Clock, index: Index
) -> None:
    send(ehr, services, LOST["reset"])
    index.behind = ("Observation", "Provenance")
    found = try_again(services)
    assert (found.outcome, found.completable, ehr.posts()) == ("partly_saved", True, [""])
    index.behind = ()
    clock.now += MINUTE
    assert try_again(services).outcome == "saved"
    assert (ehr.posts(), one_of_each(ehr)) == ([""], True)


def test_what_a_second_try_sent_before_its_process_ended_is_not_sent_a_third_time(ehr: Ehr, services: AppServices, clock: Clock) -> None:
    ehr.put(patient())
    ehr.metadata = statement(conditional=False, without=["QuestionnaireResponse?identifier", "Observation?identifier"])
    ehr.faults.append(lambda method, _path: refusal(429, "later") if method == "POST" else None)
    record = in_launch(services)
    submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())
    ehr.faults.clear()
    plain, lists = ehr._post, ehr._matches

    def post(path: str, request: Any) -> Answer:
        plain(path, request)
        raise KeyboardInterrupt

    ehr._post = post  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        send_again(record, key=KEY)
    ehr._post = plain  # type: ignore[method-assign]
    ehr._matches = lambda resource, query: resource["resourceType"] == "Patient" and lists(resource, query)  # type: ignore[method-assign]
    clock.now += 11 * MINUTE
    services.store.purge(clock())
    clock.now += MINUTE
    assert stand(services).outcome == "unknown"
    assert try_again(services).outcome == "unknown"
    assert len(ehr.of_type("QuestionnaireResponse")) == 1
    ehr._matches = lists  # type: ignore[method-assign]
    assert stand(services).outcome == "saved"
    assert one_of_each(ehr)


def test_a_server_that_tells_an_equal_one_by_itself_is_asked_at_once(ehr: Ehr, services: AppServices, index: Index) -> None:
    ehr.metadata = statement()
    index.behind = ()
    send(ehr, services, LOST["reset"], stores=False)
    assert try_again(services).outcome == "saved"
    assert one_of_each(ehr)
