"""A database of the newest schema with nothing in it, in a file or in memory. Made once in a process and copied: the migrations have tests
of their own, and take longer than most tests."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import StaticPool, event

from smart_app.store import open_store

_NAME = "rapport.sqlite"
_KEY = bytes(32)


def fresh_database(folder: Path, *, key: bytes = _KEY) -> str:
    """The address of the file in `folder`; one that is there stays as it is. `key` signs that the audit trail is empty: a test of the
    trail gives the one it opens the database with."""
    path = folder / _NAME
    if not path.exists():
        path.write_bytes(_empty(key))
    return f"sqlite:///{path}"


@contextmanager
def fresh_memory(*, key: bytes = _KEY) -> Iterator[None]:
    """What is opened in memory meanwhile (one connection each, so a pool of one) has the schema already."""

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        # The bytes of a file say that it has a write-ahead log, which memory has not.
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(_without_log(_empty(key)))
            source.backup(connection)

    event.listen(StaticPool, "connect", fill)
    try:
        yield
    finally:
        event.remove(StaticPool, "connect", fill)


def _without_log(database: bytes) -> bytes:
    """With the file format versions of a rollback journal (sqlite.org/fileformat2.html, 1.3.3)."""
    return database[:18] + b"\x01\x01" + database[20:]


@cache
def _empty(key: bytes) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        open_store(f"sqlite:///{path}", [key], clock=lambda: datetime.now(UTC)).close()
        assert [one.name for one in Path(folder).iterdir()] == [_NAME]
        return path.read_bytes()
