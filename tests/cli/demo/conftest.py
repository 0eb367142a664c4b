"""How long the app waits for a read here: a busy machine is no fault of the server, and the check would call the page incomplete."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def patient_reads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAPPORT_READ_TIMEOUT", "30")
        environment.setenv("RAPPORT_READ_DEADLINE", "40")
        yield
