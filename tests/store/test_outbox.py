"""The outbox: sealed before it is sent, sent by one request only, never lost."""

import io
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson
from msgspec.structs import replace
from sqlalchemy import Connection, Row, event, select, update

from smart_app.errors import NotOpened
from smart_app.launch.context.launch_context import Author, LaunchId
from smart_app.store import OutboxEntry, OutboxState, Store, open_store
from smart_app.store.outbox import Outbox
from smart_app.store.seal import Sealer, digest
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


OLD, NEW = bytes(range(32)), bytes(range(1, 33))
OTHER = LaunchId("launch-2")


def entry_of(store: Store, key: str = "key-1") -> OutboxEntry:
    entry = store.outbox.get(key)
    assert entry is not None
    return entry


def row_of(store: Store, key: str = "key-1") -> Row[Any]:
    with store.database.begin() as connection:
        return connection.execute(select(outbox).where(outbox.c.id == digest(key))).one()


def write(store: Store, key: str = "key-1", **values: Any) -> None:
    with store.database.begin() as connection:
        connection.execute(update(outbox).where(outbox.c.id == digest(key)).values(values))


def as_before_authors(store: Store, key: str = "key-1") -> None:
    """The row as the version before sealed it: without its author, which only its lookup tells."""
    envelope = {"key": key, "launch_id": LAUNCH, "payload": {"n": 1}}
    write(store, key, payload=store.sealer.seal(envelope, table="outbox", row=digest(key)), patient=None)


def found_by(store: Outbox) -> tuple[list[str], list[str]]:
    """What its author finds of it, and whoever opens its patient's chart."""
    kept = store.of_patient(AUTHOR)
    return [entry.key for entry in kept.own], [entry.key for entry in kept.about]


def test_what_is_put_with_its_author_is_found_by_them_and_by_its_patient(store: Store, clock: Clock) -> None:
    assert store.outbox.put("key-1", launch_id=LAUNCH, payload={"n": 1}, author=AUTHOR)
    found = OutboxEntry(
        key="key-1", launch_id=LAUNCH, state="sealed", payload={"n": 1}, created=clock(), updated=clock(), author=AUTHOR, due=None
    )
    kept = store.outbox.of_patient(replace(AUTHOR, iss=CONTEXT.iss.rstrip("/")))
    assert kept.own == kept.about == [found]
    for other in (COLLEAGUE, replace(AUTHOR, patient="pat-2"), replace(AUTHOR, iss="https://other.example/fhir")):
        assert store.outbox.of_patient(other).own == []
    assert store.outbox.of_patient(replace(AUTHOR, iss="https://other.example/fhir")).about == []


def test_whoever_kept_it_it_is_found_as_it_was_kept(store: Store) -> None:
    """A lookup made otherwise would lose what is kept already."""
    put_by(store, AUTHOR, "key-1")
    kept = row_of(store)
    base, issuer = "https://ehr.example.org/fhir", "https://ehr.example.org/auth"
    assert kept.owner == store.sealer.lookup(("outbox", base, "pat-1", issuer, "user-1"))
    assert kept.patient == store.sealer.lookup(("outbox patient", base, "pat-1"))
    assert store.outbox.of_patient(replace(AUTHOR, iss=f"{base}/X", patient="pat-1")).about == []


def test_to_take_one_or_to_ask_for_one_touches_no_other(store: Store) -> None:
    for key in ("key-1", "key-2", "key-3"):
        put(store, key)
    assert store.outbox.ask_again("key-2")
    assert store.outbox.claim("key-1")
    assert not store.outbox.claim("key-4")
    assert not store.outbox.ask_again("key-4")
    entries = [entry_of(store, key) for key in ("key-1", "key-2", "key-3")]
    assert [(one.state, one.due is None) for one in entries] == [("sending", True), ("sealed", False), ("sealed", True)]


def test_what_has_no_author_is_found_by_nobody(store: Store) -> None:
    put(store)
    assert (row_of(store).owner, row_of(store).patient, entry_of(store).author) == (None, None, None)
    assert found_by(store.outbox) == ([], [])


def test_what_is_taken_is_sending_from_that_moment(store: Store, clock: Clock) -> None:
    put(store)
    sealed = clock()
    clock.forward(seconds=3)
    assert store.outbox.claim("key-1")
    entry = entry_of(store)
    assert (entry.state, entry.created, entry.updated) == ("sending", sealed, clock())


def test_what_was_never_put_is_named_where_it_is_marked_or_sealed_again(store: Store) -> None:
    with pytest.raises(KeyError) as wrong:
        store.outbox.mark("key-1", "stored")
    assert wrong.value.args == ("key-1",)
    for author in (None, AUTHOR):
        with pytest.raises(KeyError) as wrong:
            store.outbox.reseal("key-1", "stored", launch_id=LAUNCH, payload={}, author=author)
        assert wrong.value.args == ("key-1",)


@pytest.mark.parametrize("state", ["sealed", "unknown", "refused", "partly"])
def test_what_can_be_sent_is_due_once_it_is_asked_for_until_it_is_sealed_again(store: Store, clock: Clock, state: OutboxState) -> None:
    put(store)
    store.outbox.mark("key-1", state)
    assert entry_of(store).due is None
    clock.forward(seconds=1)
    assert store.outbox.ask_again("key-1")
    assert (entry_of(store).due, entry_of(store).state) == (clock(), state)
    store.outbox.reseal("key-1", state, launch_id=LAUNCH, payload={})
    assert entry_of(store).due is None


def test_what_is_being_sent_or_is_settled_is_not_asked_for(store: Store) -> None:
    put(store)
    states: tuple[OutboxState, ...] = ("sending", "stored", "accepted", "discarded", "copied")
    for state in states:
        store.outbox.mark("key-1", state)
        assert not store.outbox.ask_again("key-1")
    assert not store.outbox.ask_again("key-2")
    assert entry_of(store).due is None


def test_sealed_again_it_is_as_it_then_stands_and_its_author_stays(store: Store, clock: Clock) -> None:
    sealed = put_by(store, AUTHOR, "key-1", "sending")
    clock.forward(seconds=5)
    store.outbox.reseal("key-1", "partly", launch_id=OTHER, payload={"n": Decimal("2.0")})
    entry = entry_of(store)
    assert entry == replace(sealed, state="partly", launch_id=OTHER, payload={"n": Decimal("2.0")}, updated=clock())
    assert found_by(store.outbox) == (["key-1"], ["key-1"])


def test_sealed_again_with_another_author_it_is_theirs(store: Store) -> None:
    put(store)
    store.outbox.reseal("key-1", "refused", launch_id=LAUNCH, payload={}, author=AUTHOR)
    assert (entry_of(store).author, found_by(store.outbox)) == (AUTHOR, (["key-1"], ["key-1"]))
    store.outbox.reseal("key-1", "refused", launch_id=LAUNCH, payload={}, author=COLLEAGUE)
    assert (entry_of(store).author, found_by(store.outbox)) == (COLLEAGUE, ([], ["key-1"]))


def test_a_change_within_a_transaction_goes_with_it(store: Store, clock: Clock) -> None:
    seen = put_by(store, AUTHOR, "key-1")
    put_by(store, AUTHOR, "key-2", "stored")
    put_by(store, AUTHOR, "key-3", "sending")
    with pytest.raises(RuntimeError), store.database.begin() as together:
        _change_all_and_fail(store, seen, together, later=clock() + timedelta(days=1))
    assert entry_of(store) == seen
    assert [entry_of(store, key).state for key in ("key-2", "key-3")] == ["stored", "sending"]


def _change_all_and_fail(store: Store, seen: OutboxEntry, together: Connection, *, later: datetime) -> None:
    assert store.outbox.ask_again("key-1", within=together)
    assert store.outbox.decide(seen, "copied", launch_id=LAUNCH, payload={}, within=together)
    store.outbox.reseal("key-1", "partly", launch_id=LAUNCH, payload={"n": 2}, within=together)
    assert store.outbox.recover(later, within=together) == 1
    assert store.outbox.purge(later, within=together) == 1
    raise RuntimeError


def test_whether_a_key_is_known_is_told_of_what_no_key_opens_too(store: Store) -> None:
    assert not store.outbox.knows("key-1")
    put(store)
    assert store.outbox.knows("key-1")
    write(store, payload=b"not sealed by anybody")
    assert store.outbox.knows("key-1")
    with pytest.raises(NotOpened):
        store.outbox.get("key-1")


def test_what_cannot_be_opened_is_passed_over_with_a_line_in_the_log(store: Store, logged: io.StringIO) -> None:
    for key in ("key-1", "key-2"):
        put_by(store, AUTHOR, key)
    write(store, payload=b"not sealed by anybody")
    assert [entry.key for entry in store.outbox.pending()] == ["key-2"]
    assert found_by(store.outbox) == (["key-2"], ["key-2"])
    found = store.outbox.open_entries()
    assert ([entry.key for entry in found.entries], found.unopened) == (["key-2"], 1)
    lines = [simplejson.loads(line) for line in logged.getvalue().splitlines()]
    assert {(line["event"], line["tables"]) for line in lines} == {("row_not_opened", "outbox")}


def test_an_author_of_another_shape_was_sealed_by_another_version(store: Store) -> None:
    put(store)
    envelope = {"key": "key-1", "launch_id": LAUNCH, "payload": {}, "author": {"name": "Ada"}}
    write(store, payload=store.sealer.seal(envelope, table="outbox", row=digest("key-1")))
    with pytest.raises(NotOpened) as wrong:
        store.outbox.get("key-1")
    assert wrong.value.user_message == "A stored submission was sealed by another version of Rapport."
    assert wrong.value.detail == "table outbox"


def test_a_decision_is_kept_with_the_launch_and_the_moment_it_was_made(store: Store, clock: Clock) -> None:
    seen = put_by(store, AUTHOR, "key-1")
    assert store.outbox.ask_again("key-1")
    clock.forward(seconds=4)
    assert store.outbox.decide(seen, "copied", launch_id=OTHER, payload={"by": "Ada"})
    assert entry_of(store) == replace(seen, state="copied", launch_id=OTHER, payload={"by": "Ada"}, updated=clock())
    assert not store.outbox.decide(replace(seen, key="key-2"), "copied", launch_id=OTHER, payload={})


def test_what_is_left_and_what_was_discarded_comes_the_latest_first(store: Store, clock: Clock) -> None:
    for key in ("key-1", "key-2", "key-3", "key-4"):
        put_by(store, AUTHOR, key)
        clock.forward(seconds=1)
    for key in ("key-4", "key-3"):
        clock.forward(seconds=1)
        store.outbox.decide(entry_of(store, key), "discarded", launch_id=LAUNCH, payload={})
    assert found_by(store.outbox) == (["key-2", "key-1"], ["key-2", "key-1"])
    assert [entry.key for entry in store.outbox.of_patient(AUTHOR).discarded_own] == ["key-3", "key-4"]
    assert [entry.key for entry in store.outbox.of_patient(AUTHOR).discarded_about] == ["key-3", "key-4"]


def test_the_latest_a_user_sent_are_found_stored_ones_among_them(store: Store, clock: Clock) -> None:
    for key in ("key-1", "key-2"):
        put_by(store, AUTHOR, key, "stored")
        clock.forward(seconds=1)
    put_by(store, COLLEAGUE, "key-3", "stored")
    assert [entry.key for entry in store.outbox.sent_by(AUTHOR)] == ["key-2", "key-1"]


def test_a_submission_is_its_authors_until_it_is_stored(store: Store) -> None:
    put_by(store, AUTHOR, "key-1")
    assert store.outbox.belongs("key-1", AUTHOR)
    assert not store.outbox.belongs("key-1", COLLEAGUE)
    assert not store.outbox.belongs("key-2", AUTHOR)
    store.outbox.mark("key-1", "stored")
    assert not store.outbox.belongs("key-1", AUTHOR)


def test_a_launch_whose_row_no_key_opens_is_not_sending(store: Store) -> None:
    for key, launch in (("key-1", LAUNCH), ("key-2", OTHER)):
        store.outbox.put(key, launch_id=launch, payload={}, state="sending")
    write(store, payload=b"not sealed by anybody")
    assert store.outbox.launches_sending() == {digest(OTHER)}


def test_only_what_was_sending_since_before_is_not_known_any_more(store: Store, clock: Clock) -> None:
    begun = clock()
    for key in ("key-1", "key-2"):
        put_by(store, AUTHOR, key, "sending")
        clock.forward(seconds=1)
    put_by(store, AUTHOR, "key-3")
    assert store.outbox.recover(begun) == 0
    assert store.outbox.recover(begun + timedelta(seconds=1)) == 1
    assert [entry_of(store, key).state for key in ("key-1", "key-2", "key-3")] == ["unknown", "sending", "refused"]
    assert entry_of(store).updated == clock()


def test_only_what_was_stored_before_goes(store: Store, clock: Clock) -> None:
    begun = clock()
    for key in ("key-1", "key-2"):
        put_by(store, AUTHOR, key, "stored")
        clock.forward(seconds=1)
    assert store.outbox.purge(begun) == 0
    assert store.outbox.purge(begun + timedelta(seconds=1)) == 1
    assert [store.outbox.knows(key) for key in ("key-1", "key-2")] == [False, True]


class TestChangeOfKeys:
    """What was sealed under one key, as the next one keeps it; the first is gone then."""

    def _under(self, store: Store, *keys: bytes) -> Outbox:
        return Outbox(store.database, Sealer(keys), clock=store.clock)

    def _never(self, launch: LaunchId) -> list[Author]:
        raise AssertionError(launch)

    def test_its_author_and_its_patient_find_it_under_the_new_key_alone(self, store: Store) -> None:
        before = put_by(store, AUTHOR, "key-1")
        both = self._under(store, NEW, OLD)
        assert found_by(both) == (["key-1"], ["key-1"])
        columns = both.resealed(row_of(store), candidates=self._never)
        assert columns is not None
        write(store, **columns)
        alone = self._under(store, NEW)
        assert (alone.get("key-1"), found_by(alone)) == (before, (["key-1"], ["key-1"]))

    def test_what_never_had_an_author_is_sealed_anew_and_nothing_else(self, store: Store) -> None:
        put(store)
        columns = self._under(store, NEW, OLD).resealed(row_of(store), candidates=self._never)
        assert columns is not None
        assert list(columns) == ["payload"]
        write(store, **columns)
        entry = self._under(store, NEW).get("key-1")
        assert entry is not None
        assert (entry.payload, entry.author) == ({"bundle": {"value": Decimal("7.10")}}, None)

    def test_who_sent_it_before_authors_were_sealed_is_the_one_of_its_launch_whose_lookup_it_has(self, store: Store) -> None:
        put_by(store, AUTHOR, "key-1")
        as_before_authors(store)
        asked: list[LaunchId] = []

        def candidates(launch: LaunchId) -> list[Author]:
            asked.append(launch)
            return [COLLEAGUE, AUTHOR]

        columns = self._under(store, NEW, OLD).resealed(row_of(store), candidates=candidates)
        assert columns is not None
        write(store, **columns)
        alone = self._under(store, NEW)
        entry = alone.get("key-1")
        assert entry is not None
        assert (asked, entry.author, entry.payload, entry.launch_id) == ([LAUNCH], AUTHOR, {"n": 1}, LAUNCH)
        assert found_by(alone) == (["key-1"], ["key-1"])

    def test_where_nobody_of_its_launch_is_proven_it_stays(self, store: Store) -> None:
        put_by(store, AUTHOR, "key-1")
        as_before_authors(store)
        both = self._under(store, NEW, OLD)
        assert both.resealed(row_of(store), candidates=lambda _launch: [COLLEAGUE]) is None
        assert both.resealed(row_of(store), candidates=lambda _launch: []) is None

    def test_what_no_key_opens_is_not_sealed_anew(self, store: Store) -> None:
        put_by(store, AUTHOR, "key-1")
        with pytest.raises(NotOpened):
            self._under(store, NEW).resealed(row_of(store), candidates=self._never)
