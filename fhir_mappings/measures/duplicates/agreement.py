"""Whether two reported values can be the same number: each stands for everything that is rounded to it, in whichever unit."""

from decimal import Decimal
from typing import NamedTuple

from fhir_mappings.measures.measure import Measure, Unit
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.quantity import Quantity


class _Span(NamedTuple):
    """What a value may have been before it was rounded, in the drawing unit."""

    low: Decimal
    high: Decimal


def agree(one: Measurement, other: Measurement, measure: Measure) -> bool:
    """Equal within rounding, both numbers of a pair: 7.0 % and 53 mmol/mol, 7.04 % and 7.0 %, never 7.0 % and 7.1 %."""
    if one.comparator != other.comparator or not _meet(_span(one.reported, measure), _span(other.reported, measure)):
        return False
    pair, beside = one.reported_paired, other.reported_paired
    if pair is None or beside is None:
        return pair is beside
    return _meet(_span(pair, measure), _span(beside, measure))


def _meet(one: _Span, other: _Span) -> bool:
    """They share more than an edge: what lies halfway is rounded one way only."""
    return one.low < other.high and other.low < one.high


def _span(reported: Quantity, measure: Measure) -> _Span:
    """By the digits written, in one of the measure's units. Its usual places count as written, as servers take "7.0" for the number 7."""
    unit = next(unit for unit in measure.units if unit.code == reported.unit)
    number = Decimal(reported.text)
    half = _half(max(_written(number), _usual(unit, measure)))
    ends = ((number - half) * unit.slope + unit.intercept, (number + half) * unit.slope + unit.intercept)
    return _Span(min(ends), max(ends))


def _written(number: Decimal) -> int:
    """Decimal places; none of a number with an exponent above the units."""
    return -int(number.as_tuple().exponent)


def _usual(unit: Unit, measure: Measure) -> int:
    """To how many places results in this unit are reported, as far as the measure says."""
    if unit.code == measure.unit:
        return measure.decimals
    return measure.second.decimals if measure.second is not None and unit.code == measure.second.code else 0


def _half(decimals: int) -> Decimal:
    """Half of one of the last place."""
    return Decimal(5).scaleb(-decimals - 1)
