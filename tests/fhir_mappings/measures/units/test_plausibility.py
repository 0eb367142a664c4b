from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measure import Measure, Unit
from fhir_mappings.measures.units.plausibility import believed, why_suspect

UNITS = [(measure, unit) for measure in load_measures() for unit in measure.units]
NUMBERS = st.decimals(0, 1200, places=1) | st.integers(0, 1200).map(Decimal)


@given(st.sampled_from(UNITS), NUMBERS)
def test_what_is_believed_is_never_suspect_and_what_is_out_of_bounds_always_is(place: tuple[Measure, Unit], number: Decimal) -> None:
    measure, unit = place
    low, high = believed(unit)
    if low <= number <= high:
        assert why_suspect(number, unit, measure) is None
    if not unit.low <= number <= unit.high:
        assert str(why_suspect(number, unit, measure)).startswith("Outside ")


@given(st.sampled_from(UNITS), NUMBERS)
def test_a_number_unusual_in_one_unit_is_believed_in_the_other_that_is_named(place: tuple[Measure, Unit], number: Decimal) -> None:
    measure, unit = place
    reason = why_suspect(number, unit, measure)
    if reason is None or reason.startswith("Outside "):
        return
    [other] = [one for one in measure.units if one is not unit and f"{number:f} {one.label} would not" in reason]
    assert why_suspect(number, other, measure) is None


@given(st.sampled_from(UNITS), NUMBERS, st.sampled_from(["<", "<=", ">", ">="]))
def test_a_comparator_makes_no_value_suspect(place: tuple[Measure, Unit], number: Decimal, comparator: str) -> None:
    measure, unit = place
    if why_suspect(number, unit, measure) is None:
        assert why_suspect(number, unit, measure, comparator=comparator) is None


HBA1C = next(measure for measure in load_measures() if measure.key == "hba1c")
MMOL_MOL, PERCENT = HBA1C.units[:2]


@pytest.mark.parametrize(("measure", "unit"), UNITS)
def test_the_bounds_of_a_unit_are_within_it(measure: Measure, unit: Unit) -> None:
    for bound, beyond in ((unit.low, unit.low - Decimal("0.01")), (unit.high, unit.high + Decimal("0.01"))):
        assert not str(why_suspect(bound, unit, measure)).startswith("Outside ")
        outside = f"Outside {unit.low} to {unit.high} {unit.label}. Rapport does not guess another unit."
        assert why_suspect(beyond, unit, measure) == outside


def why(number: str, unit: Unit, other: Unit, comparator: object = None) -> str | None:
    return why_suspect(Decimal(number), unit, replace(HBA1C, units=(unit, other)), comparator=comparator)


ABOVE = replace(MMOL_MOL, unlikely_above=Decimal(150))
HIGH = replace(PERCENT, low=Decimal(100), high=Decimal(180))


@pytest.mark.parametrize(
    ("number", "comparator", "drawn"),
    [
        ("14", None, False), ("14", "<", True), ("14", "<=", True), ("14", ">", False), ("14", ">=", False), ("14", ["<"], False),
        ("151", None, False), ("151", ">", True), ("151", ">=", True), ("151", "<", False), ("151", "<=", False),
    ],
)  # fmt: skip
def test_a_device_s_limit_is_believed_on_the_side_it_is_the_limit_of(number: str, comparator: object, *, drawn: bool) -> None:
    other = PERCENT if number == "14" else HIGH
    assert (why(number, ABOVE, other, comparator) is None) is drawn


@pytest.mark.parametrize(
    ("number", "suspect"),
    [
        ("14.9", True),
        ("15", False),
        ("15.0", False),
        ("15.4", True),
        ("19.9", True),
        ("20", False),
        ("20.1", False),
        ("150", False),
        ("150.5", True),
    ],
)
def test_from_where_on_a_number_is_unlikely(number: str, *, suspect: bool) -> None:
    other = PERCENT if Decimal(number) < 100 else HIGH
    assert (why(number, ABOVE, other) is not None) is suspect


@pytest.mark.parametrize(
    ("low", "high", "likely"),
    [("12.4", "20", True), ("3", "12.4", True), ("12.5", "20", False), ("3", "12.3", False)],
)
def test_a_number_is_another_unit_s_only_within_the_bounds_of_that(low: str, high: str, *, likely: bool) -> None:
    assert (why("12.4", MMOL_MOL, replace(PERCENT, low=Decimal(low), high=Decimal(high))) is not None) is likely


def test_a_number_that_is_unlikely_in_the_other_unit_too_or_the_same_value_there_is_drawn() -> None:
    assert why("12.4", MMOL_MOL, replace(PERCENT, unlikely_above=Decimal(12))) is None
    assert why("12.4", MMOL_MOL, replace(MMOL_MOL, code="same", unlikely_below=None, whole_below=None)) is None
    reason = "12.4 mmol/mol would be unusual, 12.4 % would not. Rapport does not guess another unit."
    assert why("12.4", MMOL_MOL, PERCENT) == reason


@pytest.mark.parametrize(
    ("changed", "low", "high"),
    [
        ({}, "20", "195"),
        ({"whole_below": None}, "15", "195"),
        ({"whole_below": None, "unlikely_below": None}, "9", "195"),
        ({"unlikely_above": Decimal(150)}, "20", "150"),
        ({"unlikely_above": Decimal(300)}, "20", "195"),
    ],
)
def test_between_which_numbers_nothing_is_asked(changed: dict[str, Decimal | None], low: str, high: str) -> None:
    assert believed(replace(MMOL_MOL, **changed)) == (Decimal(low), Decimal(high))
