"""What is said of the app's own database to whoever runs a program, from failures that SQLite and the way to a server really have."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from smart_app.errors import ConfigurationError, StoreError
from smart_app.store import is_relative, place_of, store_failure
from smart_app.store.database import Database


def full(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE t (x)")
    connection.exec_driver_sql("PRAGMA max_page_count=2")
    connection.exec_driver_sql("INSERT INTO t VALUES (zeroblob(100000))")


def read_only(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only=1")
    connection.exec_driver_sql("CREATE TABLE t (x)")


def without_tables(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT * FROM launches WHERE x = 'hush'")


def of_kind(code: int) -> Callable[[Connection], None]:
    """What cannot be had from a sound disk."""

    def fails(_: Connection) -> None:
        error = sqlite3.DatabaseError("hush")
        error.sqlite_errorcode = code
        raise DatabaseError("SELECT 'hush'", None, error)

    return fails


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (full, "cannot grow: the disk"),
        (read_only, "may not be written"),
        (without_tables, "has other tables than Rapport expects"),
        (of_kind(sqlite3.SQLITE_CORRUPT), "is damaged"),
        (of_kind(sqlite3.SQLITE_IOERR_WRITE), "could not be read or written"),
        (of_kind(sqlite3.SQLITE_CANTOPEN), "cannot be opened"),
        (of_kind(sqlite3.SQLITE_LOCKED), "is locked"),
        (of_kind(sqlite3.SQLITE_NOLFS), "cannot be used"),
    ],
)
def test_each_failure_of_sqlite_is_said_with_the_file_and_without_a_value(
    tmp_path: Path, fails: Callable[[Connection], None], words: str
) -> None:
    url = f"sqlite:///{tmp_path}/rapport.sqlite"
    database = Database(url)
    with pytest.raises(StoreError) as failed, database.begin() as connection:
        fails(connection)
    database.close()
    said = store_failure(failed.value, url)
    assert f"The database at {tmp_path}/rapport.sqlite {words}" in said
    assert ("hush" in said, "sent" in said) == (False, False)
    assert store_failure(failed.value, None).startswith(f"The database {words}")


def test_a_server_that_does_not_answer_is_said_with_its_own_words_and_no_password() -> None:
    url = "postgresql://user:hush@127.0.0.1:1/rapport?password=hush"
    database = Database(url)
    with pytest.raises(StoreError) as failed, database.begin():
        pass
    database.close()
    said = store_failure(failed.value, url)
    assert "The database at 127.0.0.1:1/rapport cannot be used; the server, or the way to it, says: " in said
    assert ("hush" in said, "sent" in said, "\n" in said) == (False, False, False)


@pytest.mark.parametrize(
    ("url", "place", "relative"),
    [
        ("sqlite:///rapport.sqlite", "{here}/rapport.sqlite", True),
        ("sqlite:///data/../r.sqlite", "{here}/data/../r.sqlite", True),
        ("sqlite:////var/r.sqlite", "/var/r.sqlite", False),
        ("sqlite+pysqlite:///r.sqlite", "{here}/r.sqlite", True),
        ("sqlite://", "memory, gone with the process", False),
        ("postgresql://u:hush@db/rapport?password=hush", "db:5432/rapport", False),
        ("postgresql:///rapport", "this machine:5432/rapport", False),
    ],
)
def test_where_a_database_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, place: str, *, relative: bool) -> None:
    monkeypatch.chdir(tmp_path)
    assert (place_of(url), is_relative(url)) == (place.format(here=tmp_path), relative)


def test_a_relative_database_stays_the_file_it_was_when_the_process_goes_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///rapport.sqlite")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    database.close()
    assert [one.name for one in (tmp_path / "elsewhere").iterdir()] == []


@pytest.mark.parametrize(("below", "why"), [("absent/r.sqlite", "there is no folder {here}/absent; make it first"), ("", "it is a folder")])
def test_a_file_that_cannot_be_made_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, why: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigurationError) as wrong:
        Database(f"sqlite:///{below or 'folder'}")
    assert f"{tmp_path}/{below or 'folder'} cannot be written" in wrong.value.user_message
    assert why.format(here=tmp_path) in wrong.value.detail
    assert f"counts from the folder that Rapport is started in, {tmp_path}" in wrong.value.detail


def test_a_file_this_user_may_not_write_says_who_has_to_be_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept_from_us(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", kept_from_us)
    with pytest.raises(ConfigurationError, match=rf"user \d+ may not write to it or to {tmp_path}"):
        Database(f"sqlite:///{tmp_path}/r.sqlite")
