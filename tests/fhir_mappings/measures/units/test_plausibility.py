from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

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
