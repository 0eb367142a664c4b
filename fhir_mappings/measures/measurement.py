"""Values read from a record: a number with its unit as it was written, or the reason why there is none."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple

from fhir_mappings.measures.measure import MeasureCode
from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.r4.quantity import Quantity

Comparator = Literal["<", "<=", ">", ">="]
Standing = Literal["final", "amended", "corrected", "preliminary"]


RemarkCode = Literal[
    "comment",
    "interpretation",
    "range",
    "reported_by_patient",
    "reported_by_related_person",
    "supplied_for_patient",
    "dated_by_report",
    "disagrees",
    "which_corrected",
]


class Remark(NamedTuple):
    """What came with a value and belongs beside it: which kind, and what the source wrote where that is shown,
    or what is to be said. `by` is who wrote a comment, where the record names somebody."""

    code: RemarkCode
    text: str | None = None
    by: str | None = None


class Measurement(NamedTuple):
    """One value of one measure, ready to draw; a tuple, because a frozen dataclass takes three times as long to make.

    `value` is in the measure's drawing unit; `paired` is the second number of a pair (diastolic), same unit. `reported` is what
    the source wrote, `converted` says that `value` was computed from it. `comparator` marks a bound, never joined by a line.
    `method` names what must not share a line with other methods (None: the usual one). `preliminary` is shown hollow.
    `identifiers` (system|value) tell with `code` the same result from another, `updated` which of two is the newer.
    `source` is `Type/id`, `other_sources` those of further resources that hold the same result; `performer` the reporting organisation's
    name where the resource carries one. `remarks` stand beside the value. `also_reported` is the source's own number in another unit, both
    numbers of a pair, where `value` is not converted.
    """

    measure: str
    when: Moment
    value: Decimal
    paired: Decimal | None
    reported: Quantity
    reported_paired: Quantity | None
    converted: bool
    comparator: Comparator | None
    standing: Standing
    method: str | None
    source: str
    performer: str | None
    identifiers: tuple[str, ...] = ()
    updated: str = ""
    other_sources: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    code: MeasureCode | None = None
    also_reported: Quantity | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """Every resource that the value stands in, the one it is drawn from first."""
        return self.source, *self.other_sources


def in_order(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Oldest first; equal moments by source, so that the order never depends on the server's."""
    return sorted(measurements, key=lambda one: (position(one.when), one.source))
