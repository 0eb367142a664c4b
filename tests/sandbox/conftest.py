"""An EHR, or only its FHIR server, for every test that asks for one."""

from collections.abc import Iterator

import pytest

from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from tests.sandbox.smart_ward import Ward, running_ward
from tests.support.fhir_calls import FhirCalls, local_server


@pytest.fixture
def ward() -> Iterator[Ward]:
    with running_ward() as running:
        yield running


@pytest.fixture
def server() -> Iterator[LocalServer]:
    storage = Storage()
    yield local_server(storage)
    storage.close()


@pytest.fixture
def fhir(server: LocalServer) -> FhirCalls:
    return FhirCalls(server)
