"""Stores on SQLite (in memory and in a file) and, where RAPPORT_TEST_POSTGRES names one, on PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from smart_app.store import Store, open_store
from tests.support.clock import Clock

KEY = bytes(range(32))
POSTGRES = os.environ.get("RAPPORT_TEST_POSTGRES", "")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.system)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return "sqlite://"
    if request.param == "file":
        return f"sqlite:///{tmp_path}/rapport.sqlite"
    return _empty_postgres()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[Store]:
    opened = open_store(database_url, [KEY], clock=clock)
    yield opened
    opened.close()


def _empty_postgres() -> str:
    if not POSTGRES:
        pytest.skip("RAPPORT_TEST_POSTGRES is not set")
    engine = create_engine(POSTGRES)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return POSTGRES
