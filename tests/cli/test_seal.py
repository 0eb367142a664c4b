"""`rapport seal`: what is sealed under which key, a change of keys, and what is said where one cannot be taken away."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from smart_app.cli import main
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import Store, author_of, open_store, parse_key
from smart_app.store.seal import digest, key_id
from smart_app.store.tables import outbox
from tests.store.test_rotation import as_before_authors
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

OLD, NEW = "a" * 43, "b" * 43
LAUNCH = LaunchId("launch-1")


def named(key: str) -> str:
    return key_id(parse_key(key)).hex()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A refused submission and an event, sealed under the old key."""
    address = f"sqlite:///{tmp_path}/rapport.sqlite"
    monkeypatch.setenv("RAPPORT_DATABASE_URL", address)
    opened = open_store(address, [parse_key(OLD)], clock=Clock())
    opened.outbox.put("refused-1", launch_id=LAUNCH, payload={}, author=author_of(CONTEXT))
    opened.outbox.mark("refused-1", "refused")
    opened.audit.add("launch", launch_id=LAUNCH, context=CONTEXT)
    return opened


def run(*arguments: str, keys: str) -> Result:
    return CliRunner().invoke(main, ["seal", *arguments], env={"RAPPORT_SECRET_KEYS": keys})


def test_keys_are_listed_with_what_is_sealed_under_each(store: Store) -> None:
    result = run("status", keys=f"{NEW},{OLD}")
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            f"key {named(NEW)}, number 1 in RAPPORT_SECRET_KEYS: nothing",
            f"key {named(OLD)}, number 2 in RAPPORT_SECRET_KEYS: outbox 1, audit 1",
        ],
    )


def test_rows_of_a_key_that_is_gone_are_counted_with_what_helps(store: Store) -> None:
    result = run("status", keys=NEW)
    assert result.exit_code == 1
    assert f"key {named(OLD)}, not in RAPPORT_SECRET_KEYS: outbox 1, audit 1" in result.output
    assert "rapport seal rotate" in result.output
    result = run("rotate", keys=NEW)
    assert result.exit_code == 1
    assert f"opened by no configured key: outbox 1 (sealed under {named(OLD)})" in result.output
    assert "Put the key back" in result.output
    assert "take it away" not in result.output


def test_a_change_of_keys_says_when_the_old_one_can_go(store: Store) -> None:
    result = run("rotate", keys=f"{NEW},{OLD}")
    assert result.exit_code == 0
    assert f"key {named(NEW)}: sealed anew under it: outbox 1" in result.output
    assert f"key {named(OLD)}: no launch, submission, draft or reveal needs it. Keep it as long as 1 row of the audit" in result.output
    assert "may be sent for 32 hours: take it away after that" in result.output
    again = run("rotate", keys=f"{NEW},{OLD}")
    assert (again.exit_code, "sealed anew under it: nothing" in again.output) == (0, True)
    assert run("rotate", keys=NEW).output == f"key {named(NEW)}: sealed anew under it: nothing\n"


def test_a_submission_whose_sender_is_not_sealed_with_it_keeps_the_old_key(store: Store) -> None:
    store.outbox.put("unproven", launch_id=LaunchId("launch-2"), payload={}, author=author_of(CONTEXT))
    as_before_authors(store, parse_key(OLD), "unproven")
    with store.database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET owner = 'lookup of somebody whose launch the trail does not name' WHERE patient IS NULL"
        )
    result = run("rotate", keys=f"{NEW},{OLD}")
    assert result.exit_code == 1
    assert "left as they were: outbox 1" in result.output
    assert "keep every key" in result.output
    assert "take it away" not in result.output


def test_with_a_single_key_there_is_none_to_keep_for_anybody(store: Store) -> None:
    as_before_authors(store, parse_key(OLD))
    with store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET owner = 'nobody of the trail'")
    result = run("rotate", keys=OLD)
    assert (result.exit_code, result.output) == (0, f"key {named(OLD)}: sealed anew under it: nothing\n")


def test_a_row_that_was_changed_is_told_from_one_whose_key_is_missing(store: Store) -> None:
    store.outbox.put("damaged", launch_id=LAUNCH, payload={}, author=author_of(CONTEXT))
    with store.database.begin() as connection:
        damaged = outbox.c.id == digest("damaged")
        connection.execute(update(outbox).where(damaged).values(payload=key_id(parse_key(OLD)) + bytes(60)))
    result = run("rotate", keys=OLD)
    assert result.exit_code == 1
    assert "changed since they were sealed by something other than Rapport: outbox 1. A backup may have them." in result.output
    assert "Put the key back" not in result.output


def test_giving_up_wants_a_name_and_a_reason_and_counts(store: Store) -> None:
    assert run("give-up", "--by", "Ada", keys=NEW).exit_code == 2
    assert run("give-up", "--by", "Ada", "--why", " ", keys=NEW).exit_code == 2
    assert run("give-up", "--by", "Ada", "--why", "the key was lost", keys=NEW).output == "1 submission discarded\n"
    assert run("give-up", "--by", "Ada", "--why", "the key was lost", keys=NEW).output == "0 submissions discarded\n"


def test_nothing_of_it_says_whose_anything_is(store: Store) -> None:
    said = "".join(run(*arguments, keys=keys).output for arguments in (["status"], ["rotate"]) for keys in (NEW, f"{NEW},{OLD}"))
    for secret in (OLD, NEW, "refused-1", LAUNCH, "pat-1", "dr-1", "Ada", "ehr.example.org"):
        assert secret not in said


def test_without_a_database_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")
    for command in ("status", "rotate"):
        assert run(command, keys=NEW).exit_code == 2
