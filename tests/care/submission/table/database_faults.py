"""The ways the app's own database can fail, real ones: somebody else holds it, the disk takes no more, the folder is not there."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Protocol

import pytest
from msgspec import Struct

from smart_app.services import AppServices
from smart_app.store import database

When = Literal["before the seal", "between seal and outcome", "after the outcome"]
_WAITED_MILLISECONDS = 10


class Running(Protocol):
    """An app whose database is a file in `folder`."""

    @property
    def services(self) -> AppServices: ...

    @property
    def folder(self) -> Path: ...


@contextmanager
def locked(scene: Running) -> Iterator[None]:
    """Another process writes, and does not end. Reading goes on, as the log is written ahead."""
    with _impatient(scene):
        other = sqlite3.connect(_file(scene), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()


@contextmanager
def full(scene: Running) -> Iterator[None]:
    """No file may grow; what reads goes on. SQLite is told so by the system, as by a disk that has no room."""
    scene.services.store.outbox.pending()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = scene.folder / f"{_file(scene).rpartition('/')[2]}-wal"
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size if log.exists() else 0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def gone(scene: Running) -> Iterator[None]:
    """The folder is away, as a volume that is not mounted, and comes back as it was."""
    away = scene.folder.with_name("away")
    scene.services.store.database.engine.dispose()
    scene.folder.rename(away)
    try:
        yield
    finally:
        scene.services.store.database.engine.dispose()
        away.rename(scene.folder)


@contextmanager
def _impatient(scene: Running) -> Iterator[None]:
    """The app waits for others next to no time: how long is a setting, that it ends is what matters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_BUSY_MILLISECONDS", _WAITED_MILLISECONDS)
        with scene.services.store.database.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_WAITED_MILLISECONDS}")
        yield
    scene.services.store.database.engine.dispose()


def _file(scene: Running) -> str:
    return str(scene.services.store.database.url.database)


class DatabaseFault(Struct, frozen=True, kw_only=True):
    """`begin` makes the app's own database fail in that way until it ends."""

    key: str
    title: str
    begin: Callable[[Running], AbstractContextManager[None]]


FAULTS = (
    DatabaseFault(key="locked", title="Locked", begin=locked),
    DatabaseFault(key="full", title="Full", begin=full),
    DatabaseFault(key="gone", title="Gone", begin=gone),
)
TIMES: tuple[When, ...] = ("before the seal", "between seal and outcome", "after the outcome")
