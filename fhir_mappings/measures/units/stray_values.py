"""A value far from those around it whose number fits them in another unit of the measure: 180 kg among 82 kg, 17 mmol/mol among 12 %.
Only of measures whose file says what no value does (`jump`), and only where two others or more are there to compare with."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from statistics import median

from fhir_mappings.measures.conversion import converted
from fhir_mappings.measures.measure import Jump, Measure, Unit
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.units.plausibility import believed
from fhir_mappings.r4.display import text_of
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped

_FEWEST_OTHERS = 2


def without_strays(measures: Sequence[Measure], found: list[Measurement], skipped: list[Skipped]) -> list[Measurement]:
    """The values without those that are strays, which are listed."""
    own: dict[str, list[Measurement]] = {measure.key: [] for measure in measures if measure.jump}
    for one in found:
        if one.measure in own:
            own[one.measure].append(one)
    strays = [stray for measure in measures if measure.jump for stray in _strays(measure, measure.jump, own[measure.key])]
    if not strays:
        return found
    skipped.extend(_listed(one, unit, measure) for one, unit, measure in strays)
    return [one for one in found if not any(one is stray for stray, _, _ in strays)]


def _strays(measure: Measure, jump: Jump, found: Iterable[Measurement]) -> Iterator[tuple[Measurement, Unit, Measure]]:
    """The strays of one measure, with the unit in which each fits. A record in which nothing jumps is not looked at twice."""
    own = [one for one in found if one.comparator is None]
    values = [one.value for one in own]
    if len(own) <= _FEWEST_OTHERS or max(values) < jump.times * min(values):
        return
    own.sort(key=lambda one: one.when.day)
    span = timedelta(days=measure.gap_days)
    for place, one in enumerate(own):
        start = bisect_left(own, one.when.day - span, key=lambda other: other.when.day)
        end = bisect_right(own, one.when.day + span, key=lambda other: other.when.day)
        others = [other.value for other in (*own[start:place], *own[place + 1 : end])]
        fitting = _fitting(one, median(others), measure, jump) if len(others) >= _FEWEST_OTHERS else None
        if fitting is not None:
            yield one, fitting, measure


def _fitting(one: Measurement, middle: Decimal, measure: Measure, jump: Jump) -> Unit | None:
    """The unit in which a value that is far from the others is not; None for one that is near them."""
    if middle < jump.least or _times(one.value, middle) < jump.times:
        return None
    number = Decimal(one.reported.text)
    for unit in measure.units:
        low, high = believed(unit)
        if low <= number <= high and _times(converted(number, unit, decimals=measure.decimals), middle) ** 2 <= jump.times:
            return unit
    return None


def _times(one: Decimal, other: Decimal) -> Decimal:
    """How many times as high the higher of the two is."""
    return max(one, other) / min(one, other)


def _listed(one: Measurement, unit: Unit, measure: Measure) -> Skipped:
    return Skipped(
        source=one.source,
        measure=measure.key,
        what=measure.title,
        when=one.when,
        shown=text_of(one.reported),
        reason=Sentence(
            "It is far from the values around it, {number} {unit} would not be. Rapport does not guess another unit.",
            number=one.reported.text,
            unit=unit.label,
        ),
        code="unit_suspect",
        remedy=Sentence("The source corrects the value or its unit."),
    )
