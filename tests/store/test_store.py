"""The database behind the store: schema, durability, refusals; and the two smaller tables."""

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Timer

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec.structs import replace
from sqlalchemy import event, func, select, text

from smart_app.errors import ConfigurationError, StoreError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import Store, open_store, parse_key
from smart_app.store.migrate import _config, newest
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import audit, launches, metadata, outbox, reveals
from tests.store.conftest import KEY
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT


def file_url(folder: Path) -> str:
    return f"sqlite:///{folder}/rapport.sqlite"


def test_migrations_make_the_tables_the_code_uses(store: Store) -> None:
    with store.database.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [difference for difference in compare_metadata(context, metadata) if "remove_table" not in str(difference)]
    assert differences == []
    store.check()


def test_the_newest_schema_is_told_by_the_names_of_the_scripts() -> None:
    scripts = ScriptDirectory.from_config(_config())
    assert newest() == scripts.get_current_head()


def test_alembic_is_loaded_only_where_there_is_something_to_migrate(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom datetime import UTC, datetime\nfrom smart_app.store import open_store\n"
        "open_store(sys.argv[1], [bytes(32)], clock=lambda: datetime.now(UTC)).close()\nprint('alembic' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program, file_url(tmp_path)]
    said = [subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2]).stdout for _ in range(2)]
    assert said == ["True\n", "False\n"]


def test_opening_again_keeps_what_is_there(database_url: str, store: Store, clock: Clock) -> None:
    if database_url == "sqlite://":
        pytest.skip("an in-memory database is gone when it is opened again")
    store.outbox.put("key-1", launch_id=LaunchId("launch-1"), payload={})
    again = open_store(database_url, [KEY], clock=clock)
    assert again.outbox.get("key-1") == store.outbox.get("key-1")
    again.close()


def test_many_processes_may_start_on_an_empty_database(tmp_path: Path, clock: Clock) -> None:
    outcomes = at_once(4, lambda: open_store(file_url(tmp_path), [KEY], clock=clock).close())
    assert outcomes == [None] * 4


def test_a_file_that_another_process_is_just_preparing_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    other = sqlite3.connect(tmp_path / "rapport.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE first (content BLOB)")
    other.execute("BEGIN IMMEDIATE")
    done = Timer(0.2, other.execute, ["COMMIT"])
    done.start()
    store = open_store(file_url(tmp_path), [KEY], clock=clock)
    done.join()
    other.close()
    with store.database.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    store.close()


def test_newer_schema_is_left_alone(database_url: str, store: Store, clock: Clock) -> None:
    with store.database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="another schema"):
        store.check()
    if database_url != "sqlite://":
        with pytest.raises(StoreError, match="newer version"):
            open_store(database_url, [KEY], clock=clock)


def test_sealed_submission_is_flushed_to_the_disk_and_the_rest_need_not_be(tmp_path: Path, clock: Clock) -> None:
    store = open_store(file_url(tmp_path), [KEY], clock=clock)
    levels: list[int] = []
    event.listen(store.database.engine, "commit", lambda c: levels.append(c.exec_driver_sql("PRAGMA synchronous").scalar_one()))
    store.outbox.put("key-1", launch_id=LaunchId("launch-1"), payload={})
    store.outbox.put("key-1", launch_id=LaunchId("launch-1"), payload={})
    store.outbox.claim("key-1")
    assert levels == [2, 1]
    store.close()


def test_sealed_submission_survives_a_killed_process(tmp_path: Path, clock: Clock) -> None:
    program = (
        "import os, sys\nfrom datetime import UTC, datetime\nfrom smart_app.store import open_store\n"
        "store = open_store(sys.argv[1], [bytes(range(32))], clock=lambda: datetime.now(UTC))\n"
        "store.outbox.put('key-1', launch_id='launch-1', payload={'kept': True})\nos.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, file_url(tmp_path)], check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == -9
    store = open_store(file_url(tmp_path), [KEY], clock=clock)
    assert [entry.payload for entry in store.outbox.pending()] == [{"kept": True}]
    store.close()


# SMART J7
# IG 8, 9, 90
def test_database_file_is_its_owners_alone(tmp_path: Path, clock: Clock) -> None:
    open_store(file_url(tmp_path), [KEY], clock=clock).close()
    assert stat.S_IMODE((tmp_path / "rapport.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u:p@host/db", "sqlite:////no/such/folder/rapport.sqlite"])
def test_unusable_address_names_the_setting_and_no_password(clock: Clock, url: str) -> None:
    with pytest.raises(ConfigurationError, match="RAPPORT_DATABASE_URL") as refused:
        open_store(url, [KEY], clock=clock)
    assert "u:p" not in str(refused.value)


def test_unreachable_database_is_a_store_error_without_its_address(clock: Clock) -> None:
    with pytest.raises(StoreError) as refused:
        open_store("postgresql://user:hush@127.0.0.1:1/rapport", [KEY], clock=clock)
    assert "hush" not in str(refused.value)


def test_file_that_is_no_database_is_a_store_error(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "rapport.sqlite").write_text("not a database " * 100)
    with pytest.raises(StoreError):
        open_store(file_url(tmp_path), [KEY], clock=clock)


@pytest.mark.parametrize("text_", ["", "short", "é", "A" * 42, "A" * 45, "!" * 43])
def test_key_that_is_not_32_bytes_is_refused_and_not_repeated(text_: str) -> None:
    with pytest.raises(ConfigurationError, match="RAPPORT_SECRET_KEYS") as refused:
        parse_key(text_)
    assert len(text_) < 10 or text_ not in str(refused.value)


def test_key_is_read_with_and_without_padding() -> None:
    assert parse_key("A" * 43) == parse_key("A" * 43 + "=") == bytes(32)


def test_store_needs_a_key() -> None:
    with pytest.raises(ConfigurationError):
        Sealer([])


def test_seal_is_bound_to_its_table_and_row_and_to_every_byte() -> None:
    sealer = Sealer([KEY])
    sealed = sealer.seal({"a": 1}, table="outbox", row="1")
    assert sealer.open(sealed, table="outbox", row="1") == {"a": 1}
    broken = [sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in range(len(sealed))]
    for value, table, row in [
        (sealed, "outbox", "2"),
        (sealed, "launches", "1"),
        *((bad, "outbox", "1") for bad in [*broken, b"", sealed[:9]]),
    ]:
        with pytest.raises(StoreError):
            sealer.open(value, table=table, row=row)


def seen(store: Store, issuer: str, patient: str, pairs: list[tuple[str, str]], *, user: str) -> set[tuple[str, str]]:
    """Of these clinicians' visits those that this user chose to see."""
    return {pair for pair, made in store.reveals.of(issuer, patient, pairs).items() if any(one.user == user for one in made)}


class TestReveals:
    def test_only_revealed_visits_of_this_patient_are_found(self, store: Store) -> None:
        for _ in range(2):
            store.reveals.add(issuer="i", patient="p", clinician="c", visit="v1", user="u")
        assert seen(store, "i", "p", [("c", "v1"), ("c", "v2"), ("d", "v1")], user="u") == {("c", "v1")}
        assert seen(store, "i", "q", [("c", "v1")], user="u") == set()
        assert seen(store, "j", "p", [("c", "v1")], user="u") == set()
        assert seen(store, "i", "p", [], user="u") == set()
        assert len(store.reveals.of("i", "p", [("c", "v1")])[("c", "v1")]) == 1

    def test_a_reveal_is_the_users_who_made_it(self, store: Store, clock: Clock) -> None:
        store.reveals.add(issuer="i", patient="p", clinician="c", visit="v1", user="u", name="Ursula", reason="cover")
        first = clock()
        clock.forward(minutes=5)
        store.reveals.add(issuer="i", patient="p", clinician="c", visit="v1", user="c")
        assert seen(store, "i", "p", [("c", "v1")], user="d") == set()
        assert seen(store, "i", "p", [("c", "v1")], user="c") == {("c", "v1")}
        made = store.reveals.of("i", "p", [("c", "v1"), ("c", "v2")])
        assert [(one.user, one.name, one.reason) for one in made[("c", "v1")]] == [("u", "Ursula", "cover"), ("c", None, None)]
        assert [one.at for one in made[("c", "v1")]] == [first, clock()]
        assert set(made) == {("c", "v1")}

    def test_parts_are_not_run_together(self, store: Store) -> None:
        store.reveals.add(issuer="i", patient="p1", clinician="c", visit="v", user="u")
        assert seen(store, "i", "p", [("1c", "v")], user="u") == set()

    def test_they_hold_under_a_new_key_and_show_no_ids(self, database_url: str, store: Store, clock: Clock) -> None:
        store.reveals.add(
            issuer="issuer-1", patient="pat-1", clinician="dr-1", visit="visit-1", user="user-1", name="Ursula", reason="cover"
        )
        with store.database.begin() as connection:
            stored = repr(connection.execute(select(reveals)).all())
        secret = ("issuer-1", "pat-1", "dr-1", "visit-1", "user-1", "Ursula", "cover", digest("pat-1"))
        assert not [part for part in secret if part in stored]
        if database_url == "sqlite://":
            return
        rotated = open_store(database_url, [bytes(32), KEY], clock=clock)
        assert seen(rotated, "issuer-1", "pat-1", [("dr-1", "visit-1")], user="user-1") == {("dr-1", "visit-1")}
        rotated.reveals.add(issuer="issuer-1", patient="pat-1", clinician="dr-1", visit="visit-1", user="user-1")
        assert len(rotated.reveals.of("issuer-1", "pat-1", [("dr-1", "visit-1")])[("dr-1", "visit-1")]) == 1
        rotated.close()

    def test_a_reveal_of_before_they_were_somebodys_own_counts_for_the_user_sealed_in_it(
        self, database_url: str, store: Store, clock: Clock
    ) -> None:
        if database_url == "sqlite://":
            pytest.skip("an in-memory database is gone when it is opened again")
        sealer = Sealer([KEY])
        row = sealer.lookup(("i", "p", "c", "v"))
        payload = {"issuer": "i", "patient": "p", "clinician": "c", "visit": "v", "user": "u"}
        with store.database.begin() as connection:
            connection.exec_driver_sql("DROP INDEX reveals_by_visit")
            connection.exec_driver_sql("ALTER TABLE reveals DROP COLUMN visit")
            connection.exec_driver_sql("DROP INDEX outbox_by_patient")
            for column in ("patient", "due"):
                connection.exec_driver_sql(f"ALTER TABLE outbox DROP COLUMN {column}")
            connection.exec_driver_sql("ALTER TABLE launches DROP COLUMN agent")
            for later in ("option_notes", "aside_notes", "filed_pages", "loans", "loan_locks", "links", "link_entries"):
                connection.exec_driver_sql(f"DROP TABLE {later}")
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
            values = {"id": row, "payload": sealer.seal(payload, table="reveals", row=row), "created": 0}
            connection.execute(text("INSERT INTO reveals (id, payload, created) VALUES (:id, :payload, :created)"), values)
        migrated = open_store(database_url, [KEY], clock=clock)
        assert seen(migrated, "i", "p", [("c", "v")], user="u") == {("c", "v")}
        assert seen(migrated, "i", "p", [("c", "v")], user="c") == set()
        migrated.reveals.add(issuer="i", patient="p", clinician="c", visit="v", user="u")
        assert [one.name for one in migrated.reveals.of("i", "p", [("c", "v")])[("c", "v")]] == [None]
        migrated.close()


class TestSpace:
    """Measured in pages of the file, not in time."""

    def pages(self, store: Store) -> int:
        with store.database.begin() as connection:
            return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())

    def fill(self, store: Store, launches: int) -> None:
        """Launches as large as real ones, and a submission of each."""
        for number in range(launches):
            store.launches.open(replace(CONTEXT, access_token="t" * 2000), idle=timedelta(minutes=30), absolute=timedelta(hours=8))
            store.outbox.put(f"key-{number}", launch_id=LaunchId("launch-1"), payload={"answers": "a" * 4000})
            store.outbox.mark(f"key-{number}", "stored")

    # SMART J7
    def test_the_file_is_back_to_its_size_after_expiry_and_purge(self, tmp_path: Path, clock: Clock) -> None:
        store = open_store(file_url(tmp_path), [KEY], clock=clock)
        empty = self.pages(store)
        self.fill(store, 1000)
        full = self.pages(store)
        clock.forward(days=2)
        assert store.purge(clock()) == 2000
        for _ in range(20):
            # Every launch purges, and gives back a little.
            store.purge(clock())
        with store.database.begin() as connection:
            trail = connection.execute(select(func.sum(func.length(audit.c.payload) + 700))).scalar_one() // 4096
            rows = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (launches, outbox)]
        assert rows == [0, 0]
        assert full > empty + 1500
        assert self.pages(store) <= empty + trail + 64
        store.close()
        assert (tmp_path / "rapport.sqlite").stat().st_size <= (empty + trail + 64) * 4096

    def test_it_does_not_grow_from_one_day_to_the_next_but_by_the_audit_trail(self, tmp_path: Path, clock: Clock) -> None:
        store = open_store(file_url(tmp_path), [KEY], clock=clock)
        sizes = []
        for _ in range(4):
            self.fill(store, 100)
            sizes.append(self.pages(store))
            clock.forward(days=2)
            store.purge(clock())
        # A hundred audit rows of about 1 kB are what a day of a hundred launches leaves.
        assert sizes[3] - sizes[1] <= 2 * 40
        store.close()

    def test_what_is_not_over_and_what_is_not_acknowledged_stays(self, store: Store, clock: Clock) -> None:
        store.outbox.put("kept", launch_id=LaunchId("launch-1"), payload={})
        store.outbox.put("done", launch_id=LaunchId("launch-1"), payload={})
        store.outbox.mark("done", "stored")
        clock.forward(hours=23)
        launch = store.launches.open(CONTEXT, idle=timedelta(hours=4), absolute=timedelta(hours=8))
        assert store.purge(clock()) == 0
        clock.forward(hours=2)
        assert store.purge(clock()) == 1
        assert store.launches.get(launch.id, {launch.cookie_name: launch.cookie_value}) == CONTEXT
        clock.forward(days=400)
        assert store.purge(clock()) == 1
        assert [entry.key for entry in store.outbox.pending()] == ["kept"]

    def test_what_is_stored_stays_as_long_as_its_form_may_be_sent_again(self, database_url: str, clock: Clock) -> None:
        """Else a form that is sent once more, from a page left open, is called not sent."""
        with closing(open_store(database_url, [KEY], clock=clock, stored_kept=timedelta(hours=32))) as store:
            store.outbox.put("done", launch_id=LaunchId("launch-1"), payload={})
            store.outbox.mark("done", "stored")
            clock.forward(hours=31)
            store.open_launch(CONTEXT, idle=timedelta(hours=4), absolute=timedelta(hours=8), detail={})
            store.purge(clock())
            assert store.outbox.knows("done")
            clock.forward(hours=2)
            store.open_launch(CONTEXT, idle=timedelta(hours=4), absolute=timedelta(hours=8), detail={})
            assert not store.outbox.knows("done")

    def test_opening_a_launch_purges_what_is_over(self, store: Store, clock: Clock) -> None:
        idle, absolute = timedelta(minutes=30), timedelta(hours=8)
        store.launches.open(CONTEXT, idle=idle, absolute=absolute)
        store.outbox.put("done", launch_id=LaunchId("launch-1"), payload={})
        store.outbox.mark("done", "stored")
        clock.forward(minutes=29)
        store.open_launch(CONTEXT, idle=idle, absolute=absolute, detail={})
        clock.forward(minutes=2)
        store.open_launch(CONTEXT, idle=idle, absolute=absolute, detail={})
        assert [entry.event for entry in store.audit.entries()] == ["launch", "expired", "launch"]
        clock.forward(days=2)
        store.open_launch(CONTEXT, idle=idle, absolute=absolute, detail={})
        assert store.outbox.get("done") is None

    def test_opening_a_launch_releases_what_is_stuck(self, store: Store, clock: Clock) -> None:
        store.outbox.put("stuck", launch_id=LaunchId("launch-1"), payload={}, state="sending")
        clock.forward(minutes=11)
        store.open_launch(CONTEXT, idle=timedelta(minutes=30), absolute=timedelta(hours=8), detail={})
        assert [entry.state for entry in store.outbox.pending()] == ["unknown"]

    def test_purging_never_shortens_the_audit_trail(self, store: Store, clock: Clock) -> None:
        store.launches.open(CONTEXT, idle=timedelta(minutes=30), absolute=timedelta(hours=8))
        store.audit.add("launch", launch_id=None, context=CONTEXT)
        clock.forward(days=4000)
        assert store.purge(clock()) == 1
        assert [entry.event for entry in store.audit.entries()] == ["launch", "expired"]

    def test_a_launch_that_cannot_be_read_any_more_is_deleted_and_recorded_all_the_same(
        self, database_url: str, store: Store, clock: Clock
    ) -> None:
        if database_url == "sqlite://":
            pytest.skip("an in-memory database is gone when it is opened again")
        launch = store.launches.open(CONTEXT, idle=timedelta(minutes=30), absolute=timedelta(hours=8))
        clock.forward(days=1)
        rotated = open_store(database_url, [bytes(32)], clock=clock)
        assert rotated.purge(clock()) == 1
        (entry,) = rotated.audit.entries()
        assert (entry.event, entry.launch, entry.patient) == ("expired", digest(launch.id), None)
        rotated.close()

    def test_a_file_of_before_is_made_able_to_shrink_when_it_is_opened(self, tmp_path: Path, clock: Clock) -> None:
        before = sqlite3.connect(tmp_path / "rapport.sqlite")
        before.execute("PRAGMA journal_mode=WAL")
        before.execute("CREATE TABLE something (content BLOB)")
        before.commit()
        before.close()
        store = open_store(file_url(tmp_path), [KEY], clock=clock)
        with store.database.begin() as connection:
            assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == 2
        store.close()
