"""Whether a number can be believed in its unit, or is more likely one in another unit of the measure. Nothing is put right: it is said."""

from collections.abc import Iterator
from decimal import Decimal

from fhir_mappings.measures.conversion import converted
from fhir_mappings.measures.measure import Measure, Unit
from fhir_mappings.sentence import Sentence

_LOWER_BOUNDS = frozenset({"<", "<="})
_UPPER_BOUNDS = frozenset({">", ">="})


def believed(unit: Unit) -> tuple[Decimal, Decimal]:
    """Between which numbers nothing speaks against a value; beyond them `why_suspect` is asked."""
    lows = (unit.low, unit.unlikely_below, unit.whole_below)
    highs = (unit.high, unit.unlikely_above)
    return max(low for low in lows if low is not None), min(high for high in highs if high is not None)


def why_suspect(number: Decimal, unit: Unit, measure: Measure, *, comparator: object = None) -> Sentence | None:
    """Why the value is not drawn; None where it is. A device's own limit ("< 15 mmol/mol") is no slip of the unit."""
    if not unit.low <= number <= unit.high:
        return Sentence(
            "Outside {low} to {high} {unit}. Rapport does not guess another unit.", low=unit.low, high=unit.high, unit=unit.label
        )
    bounds = _LOWER_BOUNDS if _is_unlikely_low(number, unit) else _UPPER_BOUNDS
    if not _is_unlikely(number, unit) or (isinstance(comparator, str) and comparator in bounds):
        return None
    other = next(_likelier(number, unit, measure), None)
    if other is None:
        return None
    digits = f"{number:f}"
    return Sentence(
        "{number} {unit} would be unusual, {number} {other} would not. Rapport does not guess another unit.",
        number=digits,
        unit=unit.label,
        other=other.label,
    )


def _likelier(number: Decimal, unit: Unit, measure: Measure) -> Iterator[Unit]:
    """The measure's other units in which the same number is another value, and a likely one."""
    value = converted(number, unit, decimals=measure.decimals)
    for other in measure.units:
        likely = other.low <= number <= other.high and not _is_unlikely(number, other)
        if likely and converted(number, other, decimals=measure.decimals) != value:
            yield other


def _is_unlikely(number: Decimal, unit: Unit) -> bool:
    return _is_unlikely_low(number, unit) or (unit.unlikely_above is not None and number > unit.unlikely_above)


def _is_unlikely_low(number: Decimal, unit: Unit) -> bool:
    if unit.unlikely_below is not None and number < unit.unlikely_below:
        return True
    return unit.whole_below is not None and number < unit.whole_below and number != number.to_integral_value()
