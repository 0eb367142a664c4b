"""An environment without settings."""

import os

import pytest


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the variables of whoever runs the tests."""
    for name in [name for name in os.environ if name.upper().startswith("RAPPORT_")]:
        monkeypatch.delenv(name)
