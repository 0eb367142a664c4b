"""A database file of the newest schema with nothing in it. Made once in a process and copied: the migrations have tests of their own, and
take longer than most tests."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from smart_app.store import open_store

_NAME = "rapport.sqlite"


def fresh_database(folder: Path) -> str:
    """The address of the file in `folder`; one that is there stays as it is."""
    path = folder / _NAME
    if not path.exists():
        path.write_bytes(_empty())
    return f"sqlite:///{path}"


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        open_store(f"sqlite:///{path}", [bytes(32)], clock=lambda: datetime.now(UTC)).close()
        assert [one.name for one in Path(folder).iterdir()] == [_NAME]
        return path.read_bytes()
