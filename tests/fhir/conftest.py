from collections.abc import Iterator

import pytest
from requests import Session

from smart_app.http import new_session


@pytest.fixture
def session() -> Iterator[Session]:
    with new_session(pool=8) as opened:
        yield opened
