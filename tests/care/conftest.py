from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import responses

from smart_app.http import new_session
from smart_app.services import AppServices
from smart_app.settings import Settings
from tests.care.collaborators import collaborators
from tests.care.ehr import Ehr
from tests.care.support import Clock, settings


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake = Ehr()
        fake.attach(mock)
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chosen() -> Settings:
    return settings()


@pytest.fixture
def services(tmp_path: Path, clock: Clock, chosen: Settings) -> Iterator[AppServices]:
    with (
        new_session(pool=8) as http,
        ThreadPoolExecutor(16) as pool,
        collaborators(tmp_path, clock, chosen=chosen, http=http, pool=pool) as one,
    ):
        yield one
