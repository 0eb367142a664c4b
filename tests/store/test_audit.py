"""The audit trail: sealed, in order, whole; and what `verify` says of one that is not."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from msgspec.structs import replace
from sqlalchemy.exc import IntegrityError

from smart_app.errors import ConfigurationError, StoreError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import Store, open_existing, open_store
from smart_app.store.audit_trail.audit_chain import NOTHING, Chain
from smart_app.store.database import Database
from smart_app.store.migrate import _config
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import audit, audit_head
from tests.store.conftest import KEY
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

NEW_KEY = bytes(32)
LAUNCH = LaunchId("launch-1")
_ADDED = """
INSERT INTO audit SELECT id + 1, at, event, launch, patient, 'another', payload, hash, key_id, hash FROM audit WHERE id = 5
"""
_TRIGGERS = ("audit_no_update ON audit", "audit_no_delete ON audit", "audit_head_no_delete ON audit_head")


def add(store: Store, events: int) -> None:
    for number in range(events):
        store.audit.add(f"event_{number + 1}", launch_id=LAUNCH, context=CONTEXT, detail={"number": number + 1})


def attack(store: Store, *statements: str) -> None:
    """What somebody does who may do everything in the database, and has no key."""
    sqlite = store.database.engine.dialect.name == "sqlite"
    with store.database.begin() as connection:
        for trigger in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER {trigger.split(' ')[0] if sqlite else trigger}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def found(store: Store) -> tuple[str, int] | None:
    finding = store.verify_audit().finding
    return None if finding is None else (finding.fault, finding.sequence)


def _added_and_failed(store: Store, within: sa.Connection) -> None:
    store.audit.add("undone", launch_id=None, context=None, within=within)
    raise KeyError


class TestEntries:
    def test_events_stay_in_order_and_sealed(self, store: Store, clock: Clock) -> None:
        store.audit.add("launch", launch_id=LAUNCH, context=CONTEXT, detail={"via": "ehr"})
        clock.forward(seconds=1)
        store.audit.add("started", launch_id=None, context=None)
        first, second = store.audit.entries()
        assert (first.sequence, first.event, first.user, first.patient, first.detail) == (
            1,
            "launch",
            "Practitioner/dr-1",
            "pat-1",
            {"via": "ehr"},
        )
        assert (first.iss, first.user_key) == (CONTEXT.iss, ("https://ehr.example.org/auth", "user-1"))
        assert first.launch == digest("launch-1")
        assert (second.sequence, second.event, second.launch, second.at, second.patient) == (2, "started", None, clock(), None)
        with store.database.begin() as connection:
            stored = repr(connection.execute(sa.select(audit)).all())
        secrets = ("user-1", "pat-1", "launch-1", "dr-1", "ehr.example.org", digest("pat-1"))
        assert not [secret for secret in secrets if secret in stored]

    def test_one_patients_events_are_found_at_their_own_server_and_under_every_key(
        self, database_url: str, store: Store, clock: Clock
    ) -> None:
        add(store, 1)
        store.audit.add("theirs", launch_id=LAUNCH, context=replace(CONTEXT, patient="pat-2"))
        store.audit.add("elsewhere", launch_id=LAUNCH, context=replace(CONTEXT, iss="https://other.example/fhir"))
        base = CONTEXT.iss.rstrip("/")
        assert [entry.event for entry in store.audit.entries(iss=base, patient="pat-1")] == ["event_1"]
        if database_url == "sqlite://":
            return
        rotated = open_store(database_url, [NEW_KEY, KEY], clock=clock)
        rotated.audit.add("later", launch_id=LAUNCH, context=CONTEXT)
        assert [entry.event for entry in rotated.audit.entries(iss=base, patient="pat-1")] == ["event_1", "later"]
        rotated.close()

    def test_events_since_a_day(self, store: Store, clock: Clock) -> None:
        add(store, 1)
        clock.forward(days=2)
        store.audit.add("later", launch_id=None, context=None)
        assert [entry.event for entry in store.audit.entries(since=clock() - timedelta(days=1))] == ["later"]


class TestTrail:
    def test_it_verifies_from_the_first_row_to_the_last(self, store: Store) -> None:
        assert (store.verify_audit().rows, found(store)) == (0, None)
        add(store, 5)
        verified = store.verify_audit()
        assert (verified.rows, verified.first, verified.head.sequence, verified.finding) == (5, 1, 5, None)

    def test_an_event_of_a_transaction_that_fails_leaves_no_gap(self, store: Store) -> None:
        add(store, 1)
        with pytest.raises(KeyError), store.database.begin() as together:
            _added_and_failed(store, together)
        add(store, 1)
        assert [entry.sequence for entry in store.audit.entries()] == [1, 2]
        assert found(store) is None

    def test_it_is_whole_when_several_threads_write(self, store: Store) -> None:
        assert at_once(4, lambda: add(store, 10)) == [None] * 4
        assert (store.verify_audit().rows, found(store)) == (40, None)

    def test_it_is_whole_when_several_processes_write(self, database_url: str, store: Store) -> None:
        if database_url == "sqlite://":
            pytest.skip("an in-memory database belongs to one process")
        program = (
            "import sys\nfrom datetime import UTC, datetime\nfrom smart_app.store import open_store\n"
            "store = open_store(sys.argv[1], [bytes(range(32))], clock=lambda: datetime.now(UTC))\n"
            "for number in range(50): store.audit.add('event', launch_id=None, context=None, detail={'number': number})\nstore.close()\n"
        )
        started = [
            subprocess.Popen([sys.executable, "-c", program, database_url], cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)
            for _ in range(4)
        ]
        assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 4
        assert (store.verify_audit().rows, found(store)) == (200, None)

    def test_it_verifies_under_a_new_key_as_long_as_the_old_one_is_configured(self, database_url: str, store: Store, clock: Clock) -> None:
        if database_url == "sqlite://":
            pytest.skip("an in-memory database is gone when it is opened again")
        add(store, 2)
        rotated = open_store(database_url, [NEW_KEY, KEY], clock=clock)
        add(rotated, 2)
        assert (rotated.verify_audit().rows, found(rotated)) == (4, None)
        rotated.close()
        alone = open_store(database_url, [NEW_KEY], clock=clock)
        assert found(alone) == ("key_unknown", 1)
        alone.close()


class TestTampering:
    @pytest.mark.parametrize(
        ("statements", "expected"),
        [
            (["UPDATE audit SET event = 'other' WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET at = at - 1 WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET launch = NULL WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET patient = launch WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET payload = (SELECT payload FROM audit WHERE id = 2) WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET hash = (SELECT hash FROM audit WHERE id = 2) WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET previous = (SELECT previous FROM audit WHERE id = 2) WHERE id = 3"], ("changed", 3)),
            (["UPDATE audit SET key_id = '00000000' WHERE id = 3"], ("key_unknown", 3)),
            (["DELETE FROM audit WHERE id = 1"], ("missing", 1)),
            (["DELETE FROM audit WHERE id IN (2, 3)"], ("missing", 2)),
            (["DELETE FROM audit WHERE id = 2", "UPDATE audit SET id = id - 1 WHERE id > 2"], ("reordered", 2)),
            (
                ["UPDATE audit SET id = 99 WHERE id = 2", "UPDATE audit SET id = 2 WHERE id = 4", "UPDATE audit SET id = 4 WHERE id = 99"],
                ("reordered", 2),
            ),
            (["DELETE FROM audit WHERE id = 5"], ("cut_off", 5)),
            (["DELETE FROM audit"], ("cut_off", 1)),
            (
                [
                    "DELETE FROM audit WHERE id = 5",
                    "UPDATE audit_head SET sequence = 4, hash = (SELECT hash FROM audit WHERE id = 4)",
                ],
                ("head_changed", 4),
            ),
            (["UPDATE audit_head SET anchor = 1, anchor_hash = (SELECT hash FROM audit WHERE id = 1)"], ("head_changed", 5)),
            (["DELETE FROM audit_head"], ("head_changed", 5)),
            ([_ADDED], ("beyond_head", 6)),
        ],
    )
    def test_the_first_row_that_does_not_fit_is_named(self, store: Store, statements: Sequence[str], expected: tuple[str, int]) -> None:
        add(store, 5)
        attack(store, *statements)
        assert found(store) == expected

    def test_a_chain_made_anew_without_the_key_does_not_fit(self, store: Store) -> None:
        add(store, 3)
        with store.database.begin() as connection:
            row = connection.execute(sa.select(audit).where(audit.c.id == 1)).one()
        link = Chain([NEW_KEY]).row(1, row, NOTHING)
        attack(store, f"UPDATE audit SET hash = '{link.hash}' WHERE id = 1")
        assert found(store) == ("changed", 1)

    def test_a_trail_set_back_to_an_earlier_day_is_seen_by_what_was_noted_outside(self, database_url: str, store: Store) -> None:
        add(store, 3)
        with store.database.begin() as connection:
            before = connection.execute(sa.select(audit_head)).one()
        add(store, 2)
        noted = store.verify_audit().head
        assert store.verify_audit(contains=(noted.sequence, noted.hash)).finding is None
        attack(
            store,
            "DELETE FROM audit WHERE id > 3",
            f"UPDATE audit_head SET sequence = 3, hash = '{before.hash}', key_id = '{before.key_id}', mac = '{before.mac}'",
        )
        assert found(store) is None
        finding = store.verify_audit(contains=(noted.sequence, noted.hash)).finding
        assert finding is not None
        assert (finding.fault, finding.sequence) == ("not_contained", 5)
        other = store.verify_audit(contains=(2, noted.hash)).finding
        assert other is not None
        assert (other.fault, other.sequence) == ("not_contained", 2)

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE audit SET event = 'other' WHERE id = 1", "DELETE FROM audit WHERE id = 1", "DELETE FROM audit_head", "DELETE FROM audit"],
    )
    def test_the_database_itself_refuses_to_change_or_delete(self, store: Store, statement: str) -> None:
        add(store, 2)
        with pytest.raises(IntegrityError, match="never"), store.database.begin() as connection:
            connection.exec_driver_sql(statement)
        assert (store.verify_audit().rows, found(store)) == (2, None)


class TestMigration:
    def test_the_trail_of_before_is_linked_in_its_order(self, database_url: str, clock: Clock) -> None:
        if database_url == "sqlite://":
            pytest.skip("an in-memory database is gone when it is opened again")
        _store_of_before(database_url)
        store = open_store(database_url, [KEY], clock=clock)
        entries = store.audit.entries()
        assert [(entry.sequence, entry.event, entry.user, entry.patient) for entry in entries] == [
            (number, f"event_{number}", "Practitioner/dr-1", "pat-1") for number in range(1, 1202)
        ]
        assert entries[0].at == datetime(2026, 1, 1, tzinfo=UTC)
        assert (entries[0].iss, entries[0].user_key, entries[0].launch) == (None, None, digest("launch-1"))
        add(store, 1)
        assert (store.verify_audit().rows, found(store)) == (1202, None)
        store.close()


def _store_of_before(database_url: str) -> None:
    """A database of the first schema, whose row ids have gaps, as PostgreSQL leaves them after a rollback."""
    database, sealer = Database(database_url), Sealer([KEY])
    names = ("id", "at", "event", "launch", "seal_row", "payload")
    old = sa.table("audit", *(sa.column(name) for name in names))
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    rows = [
        {
            "id": number * 3,
            "at": start + number - 1,
            "event": f"event_{number}",
            "launch": digest("launch-1"),
            "seal_row": f"{number:032}",
            "payload": sealer.seal({"user": "Practitioner/dr-1", "patient": "pat-1", "detail": {}}, table="audit", row=f"{number:032}"),
        }
        for number in range(1, 1202)
    ]
    with database.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.insert(old), rows)
    database.close()


class TestLookingOnly:
    def test_a_database_that_is_not_there_is_said_and_not_made(self, tmp_path: Path, clock: Clock) -> None:
        with pytest.raises(ConfigurationError, match="no database file"):
            open_existing(f"sqlite:///{tmp_path}/rapport.sqlite", [KEY], clock=clock)
        assert list(tmp_path.iterdir()) == []

    def test_a_database_of_before_is_not_migrated(self, tmp_path: Path, clock: Clock) -> None:
        url = f"sqlite:///{tmp_path}/rapport.sqlite"
        _store_of_before(url)
        with pytest.raises(StoreError, match="another schema"):
            open_existing(url, [KEY], clock=clock)
