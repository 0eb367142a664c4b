"""The outbox: sealed before it is sent, sent by one request only, never lost."""

from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import simplejson
from msgspec.structs import replace
from sqlalchemy import event, select

from smart_app.launch.context.launch_context import Author, LaunchId
from smart_app.store import OutboxEntry, OutboxState, Store, open_store
from smart_app.store.seal import digest
from smart_app.store.tables import outbox
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

LAUNCH = LaunchId("launch-1")


def put(store: Store, key: str = "key-1") -> bool:
    return store.outbox.put(key, launch_id=LAUNCH, payload={"bundle": {"value": Decimal("7.10")}})


def test_sealed_submission_is_read_back_digit_by_digit(store: Store, clock: Clock) -> None:
    assert put(store)
    entry = store.outbox.get("key-1")
    assert entry is not None
    assert (entry.key, entry.launch_id, entry.state, entry.created) == ("key-1", LAUNCH, "sealed", clock())
    assert simplejson.dumps(entry.payload, use_decimal=True) == '{"bundle": {"value": 7.10}}'
    assert store.outbox.get("key-2") is None


def test_second_put_changes_nothing(store: Store) -> None:
    put(store)
    store.outbox.reseal("key-1", "stored", launch_id=LAUNCH, payload={"ids": ["1"]})
    assert not store.outbox.put("key-1", launch_id=LaunchId("other"), payload={"other": 1})
    entry = store.outbox.get("key-1")
    assert entry is not None
    assert (entry.state, entry.payload, entry.launch_id) == ("stored", {"ids": ["1"]}, LAUNCH)


def test_of_many_puts_at_once_one_seals(store: Store) -> None:
    assert sorted(at_once(4, lambda: put(store))) == [False, False, False, True]


def test_of_many_claims_at_once_one_sends(store: Store) -> None:
    put(store)
    assert sorted(at_once(4, lambda: store.outbox.claim("key-1"))) == [False, False, False, True]


@pytest.mark.parametrize(
    ("state", "may_send"),
    [
        ("sealed", True),
        ("unknown", True),
        ("refused", True),
        ("partly", True),
        ("sending", False),
        ("stored", False),
        ("accepted", False),
        ("discarded", False),
        ("copied", False),
    ],
)
def test_what_is_not_settled_may_be_sent_by_one(store: Store, state: str, may_send: bool) -> None:
    put(store)
    store.outbox.mark("key-1", state)  # type: ignore[arg-type]  # the parameter is one of the states
    assert store.outbox.claim("key-1") == may_send


def test_which_launches_are_sending(store: Store) -> None:
    put(store)
    assert store.outbox.launches_sending() == frozenset()
    store.outbox.claim("key-1")
    store.outbox.put("key-2", launch_id=LaunchId("launch-2"), payload={}, state="sending")
    store.outbox.put("key-3", launch_id=LaunchId("launch-3"), payload={})
    assert store.outbox.launches_sending() == {digest(LAUNCH), digest("launch-2")}
    store.outbox.mark("key-1", "stored")
    assert store.outbox.launches_sending() == {digest("launch-2")}


def test_unknown_key_cannot_be_claimed_or_marked(store: Store) -> None:
    assert not store.outbox.claim("key-1")
    with pytest.raises(KeyError):
        store.outbox.mark("key-1", "stored")


def test_mark_without_payload_keeps_it(store: Store, clock: Clock) -> None:
    put(store)
    clock.forward(seconds=2)
    store.outbox.mark("key-1", "unknown")
    entry = store.outbox.get("key-1")
    assert entry is not None
    assert entry.payload == {"bundle": {"value": Decimal("7.10")}}
    assert entry.updated - entry.created == timedelta(seconds=2)


def test_pending_is_what_is_not_acknowledged_oldest_first(store: Store, clock: Clock) -> None:
    for key in ("c", "b", "a"):
        put(store, key)
        clock.forward(seconds=1)
    store.outbox.mark("b", "stored")
    assert [entry.key for entry in store.outbox.pending()] == ["c", "a"]


def test_send_interrupted_by_a_crash_becomes_unknown(store: Store, clock: Clock) -> None:
    put(store)
    store.outbox.claim("key-1")
    clock.forward(minutes=9)
    store.purge(clock())
    assert not store.outbox.claim("key-1")
    clock.forward(minutes=2)
    store.purge(clock())
    assert store.outbox.claim("key-1")


def test_purge_deletes_only_what_was_acknowledged_a_day_ago(store: Store, clock: Clock) -> None:
    for key in ("done", "open"):
        put(store, key)
    store.outbox.mark("done", "stored")
    clock.forward(hours=23)
    assert store.purge(clock()) == 0
    clock.forward(hours=2)
    assert store.purge(clock()) == 1
    clock.forward(days=400)
    store.purge(clock())
    assert [entry.key for entry in store.outbox.pending()] == ["open"]


def test_nothing_of_it_is_readable_at_rest(store: Store) -> None:
    store.outbox.put("key-1", launch_id=LAUNCH, payload={"patient": "pat-1"})
    with store.database.begin() as connection:
        stored = repr(connection.execute(select(outbox)).all())
    assert not [secret for secret in ("key-1", "launch-1", "pat-1") if secret in stored]


def test_submission_takes_three_short_transactions(store: Store) -> None:
    commits: list[object] = []
    event.listen(store.database.engine, "commit", commits.append)
    put(store)
    store.outbox.claim("key-1")
    store.outbox.mark("key-1", "stored")
    assert len(commits) == 3


def test_outcome_and_its_record_are_kept_together_or_not_at_all(store: Store) -> None:
    put(store)
    with pytest.raises(KeyError):
        _record_outcome(store, "unknown")
    assert not store.audit.entries()
    _record_outcome(store, "key-1")
    assert len(store.audit.entries()) == 1


def _record_outcome(store: Store, key: str) -> None:
    with store.database.begin() as together:
        store.audit.add("submission", launch_id=LAUNCH, context=CONTEXT, within=together)
        store.outbox.reseal(key, "stored", launch_id=LAUNCH, payload={}, within=together)


AUTHOR = Author(iss=CONTEXT.iss, patient=CONTEXT.patient, user=CONTEXT.user)
COLLEAGUE = replace(AUTHOR, user=replace(CONTEXT.user, subject="user-2", reference="Practitioner/dr-2"))


def put_by(store: Store, author: Author, key: str, state: OutboxState = "refused") -> OutboxEntry:
    store.outbox.put(key, launch_id=LAUNCH, payload={"n": 1}, author=author)
    store.outbox.mark(key, state)
    entry = store.outbox.get(key)
    assert entry is not None
    return entry


def test_a_decision_holds_good_for_what_was_seen(store: Store, clock: Clock) -> None:
    seen = put_by(store, AUTHOR, "key-1")
    clock.forward(seconds=1)
    assert store.outbox.claim("key-1")
    store.outbox.mark("key-1", "refused")
    assert not store.outbox.decide(seen, "discarded", launch_id=LAUNCH, payload={"n": 2})
    now = store.outbox.get("key-1")
    assert now is not None
    assert (now.state, now.payload) == ("refused", {"n": 1})
    assert store.outbox.decide(now, "discarded", launch_id=LAUNCH, payload={"n": 2})
    decided = store.outbox.get("key-1")
    assert decided is not None
    assert (decided.state, decided.payload, decided.author) == ("discarded", {"n": 2}, AUTHOR)


def test_of_many_decisions_at_once_one_holds(store: Store) -> None:
    seen = put_by(store, AUTHOR, "key-1")
    decided = at_once(4, lambda: store.outbox.decide(seen, "discarded", launch_id=LAUNCH, payload={"n": 2}))
    assert sorted(decided) == [False, False, False, True]


def test_what_is_decided_is_not_sent_and_never_purged(store: Store, clock: Clock) -> None:
    store.outbox.decide(put_by(store, AUTHOR, "key-1"), "copied", launch_id=LAUNCH, payload={})
    assert not store.outbox.claim("key-1")
    assert not store.outbox.ask_again("key-1")
    assert store.outbox.purge(clock() + timedelta(days=4000)) == 0


def test_what_was_discarded_is_found_by_its_author_and_by_its_patient(store: Store) -> None:
    for author, key in ((AUTHOR, "key-1"), (COLLEAGUE, "key-2")):
        store.outbox.decide(put_by(store, author, key), "discarded", launch_id=LAUNCH, payload={})
    assert [entry.key for entry in store.outbox.of_patient(AUTHOR).discarded_own] == ["key-1"]
    assert {entry.key for entry in store.outbox.of_patient(replace(AUTHOR, iss=CONTEXT.iss.rstrip("/"))).discarded_about} == {
        "key-1",
        "key-2",
    }
    assert store.outbox.of_patient(replace(AUTHOR, patient="pat-2")).discarded_about == []


def test_whom_it_is_about_is_known_however_it_stands(store: Store) -> None:
    put_by(store, AUTHOR, "key-1", "stored")
    assert store.outbox.is_about("key-1", CONTEXT.iss, CONTEXT.patient)
    assert not store.outbox.is_about("key-1", CONTEXT.iss, "pat-2")
    assert not store.outbox.is_about("key-2", CONTEXT.iss, CONTEXT.patient)


def test_what_no_configured_key_opens_is_counted_and_hides_nothing_else(tmp_path: Path, clock: Clock) -> None:
    address = f"sqlite:///{tmp_path}/rapport.sqlite"
    for key, name in ((b"o" * 32, "key-1"), (b"n" * 32, "key-2")):
        with closing(open_store(address, [key], clock=clock)) as one:
            put_by(one, AUTHOR, name)
    with closing(open_store(address, [b"n" * 32], clock=clock)) as one:
        found = one.outbox.open_entries()
    assert ([entry.key for entry in found.entries], found.unopened) == (["key-2"], 1)
