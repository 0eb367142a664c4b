"""The embedded EHR's own FHIR server with everybody in it, stored once in a process and copied: to store two thousand resources takes two
seconds, and each stand has a record of its own."""

import sqlite3
from contextlib import closing
from datetime import date
from functools import cache

from smart_app.cli.demo.environment import local_backend
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage


def everybody(today: date) -> LocalServer:
    """All personas as `rapport demo` has them, dated before `today` in UTC; whatever is written to it is in no other."""
    storage = Storage()
    with closing(sqlite3.connect(":memory:")) as source:
        source.deserialize(_stored(today))
        source.backup(_database(storage))
    return LocalServer(storage)


@cache
def _stored(today: date) -> bytes:
    with closing(local_backend([], today=today, store=None)) as backend:
        return _database(backend._storage).serialize()


def _database(storage: Storage) -> sqlite3.Connection:
    """The one connection that it has."""
    with storage._engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver
