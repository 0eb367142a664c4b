"""What the commands say of a deployment that is not in order: which setting or database, what failed, what to do; never of sending."""

import os
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smart_app.cli import main
from smart_app.store import database as store_database
from tests.support.fresh_database import fresh_database

KEY = "A" * 43
OF_THE_DATABASE = [["audit", "verify"], ["audit", "list"], ["launches", "end", "--all"]]
OF_THE_SITE = [["definitions", "list"], ["demo", "--check"], ["keys", "public"], ["register", "x"]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("RAPPORT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store_database, "_BUSY_MILLISECONDS", 20)
    return tmp_path


def run(arguments: list[str], **environment: str) -> Result:
    done = CliRunner().invoke(main, arguments, env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert not re.search(r"\bsent\b", done.output)
    return done


def said(arguments: list[str], **environment: str) -> str:
    done = run(arguments, **environment)
    assert done.exit_code == 2, done.output
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert KEY not in last
    return last


@pytest.mark.parametrize("arguments", [*OF_THE_DATABASE, *OF_THE_SITE, ["instruments", "list"]])
def test_a_misspelt_setting_stops_every_command_that_reads_settings(arguments: list[str]) -> None:
    assert "RAPPORT_PACK is not a setting; did you mean RAPPORT_PACKS?" in said(arguments, RAPPORT_PACK="x", RAPPORT_SECRET_KEYS=KEY)


@pytest.mark.parametrize("arguments", [*OF_THE_DATABASE, *OF_THE_SITE])
def test_a_wrong_setting_stops_them(arguments: list[str], folder: Path) -> None:
    wrong = said(arguments, RAPPORT_LAUNCH_FILE="absent.json", RAPPORT_SECRET_KEYS=KEY)
    assert f"RAPPORT_LAUNCH_FILE is 'absent.json', and there is no file {folder}/absent.json; it has to be the path of a file" in wrong


@pytest.mark.parametrize("arguments", OF_THE_DATABASE)
@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (None, "RAPPORT_SECRET_KEYS is not set"),
        ("hush", "RAPPORT_SECRET_KEYS: one has 3; make one with `rapport keys secret`"),
        ("!" * 43, "make one with `rapport keys secret`"),
    ],
)
def test_a_key_that_is_none_is_said_with_the_command_that_makes_one(arguments: list[str], keys: str | None, why: str) -> None:
    assert why in said(arguments, **({} if keys is None else {"RAPPORT_SECRET_KEYS": keys}))


@pytest.mark.parametrize("arguments", OF_THE_DATABASE)
def test_a_relative_address_says_which_file_it_leads_to(arguments: list[str], folder: Path) -> None:
    missing = said(arguments, RAPPORT_SECRET_KEYS=KEY)
    assert f"There is no database file at {folder}/rapport.sqlite. RAPPORT_DATABASE_URL: a relative address counts from" in missing
    url = fresh_database(folder)
    assert run(arguments, RAPPORT_SECRET_KEYS=KEY).stderr == f"Database: {folder}/rapport.sqlite\n"
    assert run(arguments, RAPPORT_SECRET_KEYS=KEY, RAPPORT_DATABASE_URL=url).stderr == ""


@pytest.mark.parametrize("arguments", OF_THE_DATABASE)
@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mysql://u:hush@h/d", "it begins with mysql; it has to be like sqlite:////var/lib"),
        ("postgres://u:hush@h/d", "it begins with postgres; it has to be like"),
        ("postgresql+asyncpg://u:hush@h/d", "it begins with postgresql+asyncpg"),
        ("postgresql://u:hush@h:port/d", "cannot be read. RAPPORT_DATABASE_URL: it has to be like"),
        ("/var/lib/rapport.sqlite", "cannot be read"),
        ("sqlite://rapport.sqlite", "write three before a path from the folder Rapport is started in"),
        ("sqlite:///", "There is no database file at"),
        ("postgresql://u:hush@127.0.0.1:1/d", "The database at 127.0.0.1:1/d cannot be used; the server, or the way to it, says: "),
    ],
)
def test_an_address_that_leads_to_none_is_said_without_its_password(arguments: list[str], address: str, why: str) -> None:
    wrong = said(arguments, RAPPORT_SECRET_KEYS=KEY, RAPPORT_DATABASE_URL=address)
    assert why in wrong
    assert "hush" not in wrong


@pytest.mark.parametrize("arguments", OF_THE_DATABASE)
def test_a_file_that_is_not_this_versions_database_says_whose_it_is(arguments: list[str], folder: Path) -> None:
    for name, statements, why in (
        ("text", None, "is no SQLite database"),
        ("empty", [], "it is empty: the app's next start makes its tables"),
        ("other", ["CREATE TABLE theirs (id)"], "it belongs to another program"),
        ("older", ["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('0001')"], "restart to migrate"),
        ("newer", ["CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('9999')"], "of a newer version"),
    ):
        file = folder / name
        if statements is None:
            file.write_text("no database " * 100)
        else:
            with sqlite3.connect(file) as made:
                made.execute("VACUUM")
                for statement in statements:
                    made.execute(statement)
            made.close()
        wrong = said(arguments, RAPPORT_SECRET_KEYS=KEY, RAPPORT_DATABASE_URL=f"sqlite:///{name}")
        assert why in wrong
        assert str(file) in wrong


def test_a_locked_database_is_said_to_be_locked(folder: Path) -> None:
    fresh_database(folder)
    other = sqlite3.connect(folder / "rapport.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wrong = said(["launches", "end", "--all"], RAPPORT_SECRET_KEYS=KEY)
    other.execute("ROLLBACK")
    other.close()
    assert f"The database at {folder}/rapport.sqlite is locked: another program" in wrong


def test_a_database_that_loses_its_tables_on_the_way_is_named(folder: Path) -> None:
    fresh_database(folder)
    with sqlite3.connect(folder / "rapport.sqlite") as other:
        other.execute("DROP TABLE launches")
    other.close()
    assert "has other tables than Rapport expects" in said(["launches", "end", "--all"], RAPPORT_SECRET_KEYS=KEY)
