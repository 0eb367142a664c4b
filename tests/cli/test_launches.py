"""`rapport launches end`: whose launches end, what is recorded, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from smart_app.cli import main
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store import OpenLaunch, Store, open_store, parse_key
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

KEY = "a" * 43
OTHER = replace(CONTEXT, user=replace(CONTEXT.user, reference="Practitioner/other"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    address = f"sqlite:///{tmp_path}/rapport.sqlite"
    monkeypatch.setenv("RAPPORT_DATABASE_URL", address)
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    return open_store(address, [parse_key(KEY)], clock=Clock())


def opened(store: Store, context: LaunchContext) -> OpenLaunch:
    return store.open_launch(context, idle=timedelta(minutes=30), absolute=timedelta(hours=8), detail={}, state=None)


def is_open(store: Store, launch: OpenLaunch) -> bool:
    try:
        store.launches.get(launch.id, {launch.cookie_name: launch.cookie_value})
    except SessionError:
        return False
    return True


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["launches", "end", *arguments])


def test_one_persons_launches_end_and_nobody_elses(store: Store) -> None:
    theirs, others = [opened(store, CONTEXT), opened(store, CONTEXT)], opened(store, OTHER)
    result = run("--iss", CONTEXT.iss + "/", "--user", CONTEXT.user.reference)
    assert (result.exit_code, result.output) == (0, "2 launches ended\n")
    assert [is_open(store, one) for one in (*theirs, others)] == [False, False, True]
    ended = [entry for entry in store.audit.entries() if entry.event == "ended_by_administrator"]
    assert [(entry.user, entry.patient) for entry in ended] == [(CONTEXT.user.reference, CONTEXT.patient)] * 2
    assert store.verify_audit().finding is None


def test_everybodys_launches_end(store: Store) -> None:
    launches = [opened(store, CONTEXT), opened(store, OTHER)]
    assert run("--all").output == "2 launches ended\n"
    assert [is_open(store, one) for one in launches] == [False, False]
    assert run("--all").output == "0 launches ended\n"


def test_a_launch_that_cannot_be_read_any_more_goes_only_with_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(store, CONTEXT)
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", "b" * 43)
    assert run("--iss", CONTEXT.iss, "--user", CONTEXT.user.reference).output == "0 launches ended\n"
    assert run("--all").output == "1 launch ended\n"


@pytest.mark.parametrize(
    "arguments", [[], ["--user", "Practitioner/1"], ["--iss", "https://ehr.example.org/fhir"], ["--all", "--iss", "x", "--user", "y"]]
)
def test_whose_launches_must_be_said_whole(store: Store, arguments: list[str]) -> None:
    launch = opened(store, CONTEXT)
    result = run(*arguments)
    assert result.exit_code == 2
    assert "either --all, or --user and --iss" in result.output
    assert is_open(store, launch)


def test_without_a_database_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_DATABASE_URL", f"sqlite:///{tmp_path}/none.sqlite")
    monkeypatch.setenv("RAPPORT_SECRET_KEYS", KEY)
    result = run("--all")
    assert result.exit_code == 2
    assert "no database" in result.output
