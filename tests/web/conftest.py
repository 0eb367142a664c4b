from collections.abc import Iterator
from pathlib import Path

import pytest
import responses

from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.web.clinic import Clinic, clinic


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def server(wire: responses.RequestsMock, clock: Clock) -> AuthorizationServer:
    return AuthorizationServer(wire, clock)


@pytest.fixture
def rapport(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(wire, server, clock, folder=tmp_path) as standing:
        yield standing
