"""What the system tests run against: foreign FHIR servers and PostgreSQL, started once per run and only when asked for."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from xdist.remote import Producer

from smart_app.garbage_collection import settle
from tests.handing_out import Handing, longest_first
from tests.peers.hapi_server import hapi
from tests.peers.postgres_server import postgres
from tests.peers.sekmet_server import sekmet
from tests.support.kept_builders import kept_builders

# The same examples every time, however slow the machine: a failure is the code's. `--hypothesis-profile deep` looks for new ones,
# `campaign` for more still (`make campaign`).
settings.register_profile("short", max_examples=100, deadline=None, derandomize=True, database=None)
settings.register_profile("deep", max_examples=2000, deadline=None, database=None, print_blob=True)
settings.register_profile("campaign", max_examples=5000, deadline=None, database=None, print_blob=True)
settings.load_profile("short")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After they were shuffled."""
    items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """Ten thousand tests are no garbage, and would be looked through for it at every search."""
    settle()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Handing | None:
    """Where whole files are handed out, as ours are."""
    return Handing(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _kept_builders() -> Iterator[None]:
    with kept_builders():
        yield


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
