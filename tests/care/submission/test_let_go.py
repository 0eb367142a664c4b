"""The app's own database fails between seal and outcome: nobody is sending any more, and no page says that anybody is."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from requests.exceptions import ConnectionError as Broken

from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again, undelivered
from smart_app.care.submission.submit import submit
from smart_app.errors import OutcomeNotKept
from smart_app.services import AppServices
from smart_app.store import Store, open_existing
from tests.care.ehr import Ehr, refusal
from tests.care.support import SLUG, Clock, answers, asked_for, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


@contextmanager
def held(services: AppServices) -> Iterator[sqlite3.Connection]:
    """Another process may write to the database, and does not let go once it has begun. The app waits for it next to no time."""
    with services.store.database.begin() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    other = sqlite3.connect(str(services.store.database.url.database), isolation_level=None)
    try:
        yield other
    finally:
        other.close()


def send(ehr: Ehr, services: AppServices, other: sqlite3.Connection) -> None:
    """The database fails as the first write reaches the server."""

    def begin(method: str, _path: str) -> None:
        if method == "POST" and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    ehr.faults.insert(0, begin)
    record = in_launch(services)
    with pytest.raises(OutcomeNotKept):
        submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())
    ehr.faults.clear()


def states(services: AppServices) -> list[str]:
    return [one.state for one in undelivered(in_launch(services))]


@contextmanager
def worker(services: AppServices, clock: Clock) -> Iterator[Store]:
    """Another process of the app on the same database."""
    store = open_existing(str(services.store.database.url), [b"k" * 32], clock=clock)
    try:
        yield store
    finally:
        store.close()


def tried() -> None:
    """Whoever tries to write it down has ended."""
    for thread in threading.enumerate():
        if thread.name == "late-outcomes":
            thread.join(60)
            assert not thread.is_alive()


def test_it_is_called_not_known_and_not_being_sent_while_the_database_still_fails(ehr: Ehr, services: AppServices) -> None:
    with held(services) as other:
        send(ehr, services, other)
        assert states(services) == ["unknown"]


def test_trying_again_works_at_once_and_stores_nothing_twice(ehr: Ehr, services: AppServices) -> None:
    with held(services) as other:
        send(ehr, services, other)
    send_again(in_launch(services), key=KEY)
    assert receipt(in_launch(services), key=KEY).outcome == "saved"
    assert states(services) == []
    assert len(ehr.of_type("QuestionnaireResponse")) == 1


@pytest.mark.parametrize(("status", "state"), [(None, "stored"), (422, "refused"), (0, "unknown")])
def test_every_process_knows_how_it_ended_once_the_database_answers(
    ehr: Ehr, services: AppServices, clock: Clock, status: int | None, state: str
) -> None:
    if status is not None:
        ehr.faults.append(lambda method, _path: (refusal(status, "no") if status else Broken("reset")) if method == "POST" else None)
    with held(services) as other:
        send(ehr, services, other)
    tried()
    with worker(services, clock) as second:
        entry = second.outbox.get(KEY)
        assert entry is not None
        assert entry.state == state
        assert second.outbox.claim(KEY) is (state != "stored")
    ended = [entry.detail["state"] for entry in services.store.audit.entries() if entry.event == "submission"]
    assert ended == [state]


def test_what_another_process_took_up_meanwhile_is_its_to_write_down(ehr: Ehr, services: AppServices) -> None:
    with held(services) as other:
        send(ehr, services, other)
        other.execute("UPDATE outbox SET updated = updated + 1")
        other.execute("COMMIT")
    assert states(services) == ["sending"]
    tried()
    assert states(services) == ["sending"]


def test_a_process_that_ends_tries_no_more(ehr: Ehr, services: AppServices) -> None:
    with held(services) as other:
        send(ehr, services, other)
        services.store.close()
        tried()
