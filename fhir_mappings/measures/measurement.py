"""Values read from a record: a number with its unit as it was written, or the reason why there is none."""

from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec import Struct

from fhir_mappings.r4.moment import Moment

Comparator = Literal["<", "<=", ">", ">="]
Standing = Literal["final", "amended", "corrected", "preliminary"]


class Quantity(NamedTuple):
    """A number and unit exactly as reported: `text` keeps `7.10` as `7.10`; `unit` is the UCUM code, `label` what people read."""

    text: str
    unit: str
    label: str


class Measurement(NamedTuple):
    """One value of one measure, ready to draw; a tuple, because a frozen dataclass takes three times as long to make.

    `value` is in the measure's drawing unit; `paired` is the second number of a pair (diastolic), same unit. `reported` is what
    the source wrote, `converted` says that `value` was computed from it. `comparator` marks a bound, never joined by a line.
    `method` names what must not share a line with other methods (None: the usual one). `preliminary` is shown hollow.
    `identifier` tells the same result from another (system|value), `updated` which of two is the newer.
    `source` is `Type/id`; `performer` the reporting organisation's name where the resource carries one.
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
    note: str | None = None
    identifier: str | None = None
    updated: str = ""


class Skipped(Struct, frozen=True, kw_only=True):
    """A resource, or part of one, that is not drawn and not scored: what it was, when, and why, in a sentence for people.

    `measure` is the measure's or instrument's key where known; `shown` the value as the source wrote it ("61 %");
    `code` is stable for logs and tests (`unit_missing`, `foreign_patient` …); `remedy` says what would settle it.
    """

    source: str
    measure: str | None
    what: str
    when: Moment | None
    shown: str | None
    reason: str
    code: str
    remedy: str | None = None
