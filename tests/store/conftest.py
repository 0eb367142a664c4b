"""Stores on SQLite (in memory and in a file) and, as system tests, on PostgreSQL."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from smart_app.store import Store, open_store
from smart_app.telemetry import configure_logging
from tests.peers.postgres_server import emptied
from tests.support.clock import Clock
from tests.support.fresh_database import fresh_database, fresh_memory

KEY = bytes(range(32))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.system)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return "sqlite://"
    if request.param == "file":
        return f"sqlite:///{tmp_path}/rapport.sqlite"
    return emptied(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """With the newest schema from the start, but on PostgreSQL; what is opened by its address alone is migrated by whoever opens it."""
    with fresh_memory(key=KEY):
        address = fresh_database(tmp_path, key=KEY) if database_url.startswith("sqlite:///") else database_url
        opened = open_store(address, [KEY], clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged meanwhile, whoever has configured logging before."""
    stream = io.StringIO()
    configure_logging(stream=stream)
    yield stream
    structlog.reset_defaults()
