"""An EHR for every test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.sandbox.smart_ward import Ward, running_ward


@pytest.fixture
def ward() -> Iterator[Ward]:
    with running_ward() as running:
        yield running
