"""A fresh FHIR server for each test."""

from collections.abc import Iterator

import pytest

from smart_app.sandbox.server import LocalServer
from smart_app.sandbox.storage import Storage
from tests.support.fhir_calls import FhirCalls, local_server


@pytest.fixture
def server() -> Iterator[LocalServer]:
    storage = Storage()
    yield local_server(storage)
    storage.close()


@pytest.fixture
def fhir(server: LocalServer) -> FhirCalls:
    return FhirCalls(server)
