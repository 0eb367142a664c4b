"""The range that a low row is drawn on: this person's values, rounded outwards."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.web.charts.own_range import OwnRange, own_range

NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=4)
LEAST = st.decimals(min_value=Decimal("0.0001"), max_value=10**6, allow_nan=False, places=4)


def of(*values: str, least: str = "0.1") -> OwnRange:
    return own_range(map(Decimal, values), least=Decimal(least))


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        (("46", "55", "62"), ("45", "65")),
        (("6.7", "9.6", "11.2"), ("6", "12")),
        (("84", "138", "79"), ("60", "140")),
        (("85.2", "90.6"), ("84", "92")),
        (("2", "3"), ("2", "3")),
        (("0", "2.9"), ("0", "3")),
        (("-3.5", "4"), ("-4", "4")),
        (("0.0712", "0.0801"), ("0.07", "0.082")),
    ],
)
def test_the_ends_are_the_persons_own_rounded_outwards(values: tuple[str, ...], ends: tuple[str, str]) -> None:
    found = of(*values, least="0.001")
    assert found.ends == ends
    assert not found.widened


def test_one_value_has_room_above_and_below_and_says_that_it_was_given() -> None:
    found = of("83", least="6")
    assert found.widened
    assert found.low < 83 < found.high


def test_a_small_wobble_is_not_stretched_to_the_whole_height() -> None:
    found = of("83.0", "83.1", least="6")
    assert found.widened
    assert found.high - found.low >= 6


def test_a_range_is_not_widened_below_zero_where_nothing_is() -> None:
    assert of("0.2", least="2").low == 0
    assert of("0", least="2").ends == ("0", "2")


@pytest.mark.parametrize(
    ("values", "ends", "power"), [(("123456789", "131000000"), ("122", "132"), 6), (("9800", "10200"), ("9.8", "10.2"), 3)]
)
def test_long_numbers_are_said_in_thousands_or_millions(values: tuple[str, ...], ends: tuple[str, str], power: int) -> None:
    found = of(*values)
    assert (found.ends, found.power) == (ends, power)


@given(st.lists(NUMBERS, min_size=1, max_size=12), LEAST)
def test_every_value_lies_within_a_range_that_is_no_line(values: list[Decimal], least: Decimal) -> None:
    found = own_range(values, least=least)
    assert found.low.is_finite()
    assert found.high.is_finite()
    assert found.low <= min(values)
    assert max(values) <= found.high
    assert found.high - found.low >= least


@given(st.lists(NUMBERS, min_size=1, max_size=12), LEAST)
def test_its_ends_are_two_and_short(values: list[Decimal], least: Decimal) -> None:
    found = own_range(values, least=least)
    first, second = found.ends
    assert first != second
    assert all(len(end.lstrip("-").replace(".", "").lstrip("0")) <= 4 for end in found.ends)


@given(st.lists(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=2), min_size=2, max_size=12))
def test_at_most_half_of_it_is_empty(values: list[Decimal]) -> None:
    span = max(values) - min(values)
    found = own_range(values, least=Decimal("0.01"))
    if not found.widened:
        assert found.high - found.low <= 2 * span
