"""`rapport audit`: exit 0 with counts, 1 at the first row that does not fit, 2 where there is nothing to look at."""

from pathlib import Path

import pytest
import simplejson
from click.testing import CliRunner, Result

from smart_app.cli import main
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import open_store, parse_key
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

KEY = "a" * 43


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with three events, and the environment that leads to it."""
    address = f"sqlite:///{tmp_path}/rapport.sqlite"
    clock = Clock()
    store = open_store(address, [parse_key(KEY)], clock=clock)
    for event in ("launch", "history_read"):
        store.audit.add(event, launch_id=LaunchId("launch-1"), context=CONTEXT)
    clock.forward(days=1)
    store.audit.add("started", launch_id=None, context=None)
    store.close()
    monkeypatch.setenv("RAPPORT_DATABASE_URL", address)
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    return address


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def tamper(url: str, *statements: str) -> None:
    store = open_store(url, [parse_key(KEY)], clock=Clock())
    with store.database.begin() as connection:
        for statement in ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", *statements):
            connection.exec_driver_sql(statement)
    store.close()


def test_a_whole_trail_is_counted_and_its_head_given(url: str) -> None:
    result = run("verify")
    assert (result.exit_code, result.output.splitlines()[0]) == (0, "3 rows fit, from 1 to 3")
    head = result.output.splitlines()[1].removeprefix("head ")
    assert run("verify", "--contains", head).exit_code == 0
    assert "not the row that was seen before" in run("verify", "--contains", f"2:{head.split(':')[1]}").output


def test_the_first_row_that_does_not_fit_is_named_with_what_is_wrong(url: str) -> None:
    tamper(url, "UPDATE audit SET event = 'other' WHERE id = 2")
    result = run("verify")
    assert (result.exit_code, result.output.splitlines()) == (1, ["row 2: it was changed (changed)", "1 rows before it fit"])


def test_a_trail_cut_off_at_its_end_is_seen(url: str) -> None:
    tamper(url, "DELETE FROM audit WHERE id = 3")
    result = run("verify")
    assert result.exit_code == 1
    assert "row 3: the trail is cut off: it was 3 rows long and ends at 2" in result.output


def test_a_database_that_is_not_there_is_no_whole_trail(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAPPORT_DATABASE_URL", f"sqlite:///{tmp_path}/typing-error.sqlite")
    for command in ("verify", "list"):
        result = run(command)
        assert result.exit_code == 2
        assert "There is no database file" in result.output


def test_settings_that_cannot_be_used_are_named_without_their_values(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", "hush-hush")
    result = run("verify")
    assert (result.exit_code, "hush-hush" in result.output) == (2, False)
    monkeypatch.delenv("RAPPORT_SECRET_KEYS")
    assert "RAPPORT_SECRET_KEYS" in run("verify").output


def test_events_are_listed_by_time_and_by_patient(url: str) -> None:
    lines = [simplejson.loads(line) for line in run("list").output.splitlines()]
    assert [(line["sequence"], line["event"], line["patient"]) for line in lines] == [
        (1, "launch", "pat-1"),
        (2, "history_read", "pat-1"),
        (3, "started", None),
    ]
    assert lines[0]["user_key"] == [CONTEXT.user.issuer, CONTEXT.user.subject]
    assert len(run("list", "--since", "2026-03-05").output.splitlines()) == 1
    assert len(run("list", "--iss", CONTEXT.iss, "--patient", "pat-1").output.splitlines()) == 2
    assert run("list", "--iss", CONTEXT.iss, "--patient", "pat-2").output == ""
    assert run("list", "--patient", "pat-1").exit_code == 2
