"""From outcomes judged whole to outcomes judged part by part: a row in each earlier state, on both databases."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, text

from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import Store, author_of, open_store
from smart_app.store.audit_trail.audit_chain import Chain
from smart_app.store.database import Database
from smart_app.store.drafts import owner_parts
from smart_app.store.migrate import _config
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import outbox
from tests.peers.postgres_server import emptied
from tests.store.conftest import KEY
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

AUTHOR = author_of(CONTEXT)
BECOMES = {
    "sealed": "sealed",
    "sending": "sending",
    "unknown": "unknown",
    "refused": "refused",
    "accepted": "accepted",
    # It may be a transaction whose entries had all failed.
    "acknowledged": "unknown",
}


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.system)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"sqlite:///{tmp_path}/rapport.sqlite"
    return emptied(request.getfixturevalue("postgres_url"))


def earlier(url: str, clock: Clock) -> None:
    """A database of the schema before, with a submission in each state it knew, sealed as it sealed them."""
    database, sealer = Database(url), Sealer([KEY])
    config = _config()
    with database.begin() as connection:
        config.attributes["connection"], config.attributes["chain"] = connection, Chain([KEY])
        command.upgrade(config, "0005")
        for state in BECOMES:
            row = digest(f"key-{state}")
            envelope = {"key": f"key-{state}", "launch_id": "launch-1", "payload": {"fates": {"response": {"why": "HTTP 503"}}}}
            values = {
                "id": row,
                "state": state,
                "payload": sealer.seal(envelope, table="outbox", row=row),
                "created": clock(),
                "updated": clock(),
                "owner": sealer.lookup(owner_parts("outbox", AUTHOR)),
            }
            connection.execute(insert(outbox).values(values))
    database.close()


@pytest.fixture
def migrated(url: str, clock: Clock) -> Store:
    earlier(url, clock)
    return open_store(url, [KEY], clock=clock)


def test_a_row_of_each_earlier_state_is_opened_and_found(migrated: Store, clock: Clock) -> None:
    left = {entry.key.removeprefix("key-"): entry for entry in migrated.outbox.of_patient(AUTHOR).own}
    assert {name: entry.state for name, entry in left.items()} == BECOMES
    assert {(entry.author, entry.due, entry.launch_id) for entry in left.values()} == {(None, None, LaunchId("launch-1"))}
    assert all(entry.payload == {"fates": {"response": {"why": "HTTP 503"}}} for entry in left.values())
    migrated.check()
    clock.forward(days=2)
    migrated.purge(clock())
    assert len(migrated.outbox.pending()) == len(BECOMES)
    migrated.close()


def test_what_was_acknowledged_can_be_taken_to_be_looked_up(migrated: Store) -> None:
    assert {name: migrated.outbox.claim(f"key-{name}") for name in BECOMES} == {
        "sealed": True, "sending": False, "unknown": True, "refused": True, "accepted": False, "acknowledged": True,
    }  # fmt: skip
    migrated.close()


def test_how_often_a_key_was_used_is_answered_by_an_index(migrated: Store) -> None:
    if migrated.database.engine.dialect.name == "sqlite":
        with migrated.database.begin() as connection:
            plan = connection.execute(text("EXPLAIN QUERY PLAN SELECT key_id, count(*) FROM audit GROUP BY key_id")).all()
        assert "audit_by_key" in str(plan)
    migrated.close()
