from decimal import Decimal

import pytest

from fhir_mappings.measures.conversion import rounded


@pytest.mark.parametrize(
    ("value", "decimals", "shown"), [("2.5", 0, "3"), ("3.5", 0, "4"), ("0.25", 1, "0.3"), ("-2.5", 0, "-3"), ("2.4999", 0, "2")]
)
def test_a_half_is_rounded_away_from_zero(value: str, decimals: int, shown: str) -> None:
    assert str(rounded(Decimal(value), decimals)) == shown
