"""Where units are converted: a reported value in a measure's drawing unit or its second one."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from fhir_mappings.measures.measure import SecondUnit, Unit


def rounded(value: Decimal, decimals: int) -> Decimal:
    """`value` to so many decimals, half up."""
    return value.quantize(_step(decimals), ROUND_HALF_UP)


@lru_cache(maxsize=16)
def _step(decimals: int) -> Decimal:
    """One of the last decimal place. To make it takes as long as to convert and round."""
    return Decimal(1).scaleb(-decimals)


def is_converted(unit: Unit) -> bool:
    """Whether a value in this unit is another number in the drawing unit."""
    return unit.slope != 1 or unit.intercept != 0


def converted(value: Decimal, unit: Unit, *, decimals: int) -> Decimal:
    """A reported value in the drawing unit: as it is for that unit, else value × slope + intercept, rounded."""
    return rounded(value * unit.slope + unit.intercept, decimals) if is_converted(unit) else value


def in_second_unit(value: Decimal, second: SecondUnit) -> Decimal:
    """A drawing value in the second unit, rounded."""
    return rounded(value * second.slope + second.intercept, second.decimals)
