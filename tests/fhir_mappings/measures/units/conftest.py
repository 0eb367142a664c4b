"""What was understood once is remembered for speed. A test of how it is understood starts with nothing remembered."""

import pytest

from fhir_mappings.measures.units import ucum, unit_words


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    ucum._canonical.cache_clear()
    unit_words._named.cache_clear()
    unit_words._words.cache_clear()
