"""What the system tests run against: foreign FHIR servers and PostgreSQL, started once per run and only when asked for."""

from collections.abc import Iterator

import pytest

from tests.peers.hapi_server import hapi
from tests.peers.postgres_server import postgres
from tests.peers.sekmet_server import sekmet


@pytest.fixture(scope="session")
def hapi_base() -> Iterator[str]:
    """The FHIR base of a HAPI FHIR JPA server."""
    with hapi() as base:
        yield base


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy address of a PostgreSQL database."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def sekmet_base() -> Iterator[str]:
    """The FHIR base of a sekmet-fhir, which ignores what it cannot search by."""
    with sekmet() as base:
        yield base
