"""A registered EHR at the wire, and a launcher that may talk to it."""

from collections.abc import Iterator

import pytest
import responses

from smart_app.launch.flow import Launcher
from smart_app.registration import Issuer
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """Everything that goes out; an address nobody answers for fails the request."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def ehr(wire: responses.RequestsMock, clock: Clock) -> AuthorizationServer:
    return AuthorizationServer(wire, clock)


@pytest.fixture
def issuer() -> Issuer:
    return registered()


@pytest.fixture
def launcher(clock: Clock, issuer: Issuer) -> Launcher:
    return launcher_for(issuer, clock)
