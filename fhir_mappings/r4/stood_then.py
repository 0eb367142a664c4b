"""Which of a person's dated values stood on a day: the last on or before it. Never one between two values, and none whose date leaves open
whether it was before or after that day."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from fhir_mappings.r4.dates import Moment, is_known_earlier, last_day


class HasMoment(Protocol):
    """Anything with a moment of its own."""

    @property
    def when(self) -> Moment:
        """When it was."""


_Value = TypeVar("_Value", bound=HasMoment)


class LastValue(Struct, Generic[_Value], frozen=True, kw_only=True):
    """The last value that is known to be on or before a day, None where there is none; `beside` are those of which nobody can tell whether
    they are later than it and still not after that day, oldest first."""

    value: _Value | None
    beside: tuple[_Value, ...] = ()


def last_on_or_before(values: Sequence[_Value], day: date) -> LastValue[_Value]:
    """What stood on that day, of values in order of time. A month or a year counts only where all of it is on or before the day."""
    begun = values[: bisect_right(values, day, key=_first_day)]
    found = next((one for one in reversed(begun) if last_day(one.when) <= day), None)
    if found is None:
        return LastValue(value=None, beside=tuple(begun))
    # Nothing that began in a year before can be as late, however coarse its date.
    near = begun[bisect_right(begun, date(found.when.day.year - 1, 12, 31), key=_first_day) :] if found.when.day.year > 1 else begun
    return LastValue(value=found, beside=tuple(one for one in near if one is not found and not is_known_earlier(one.when, found.when)))


def _first_day(one: HasMoment) -> date:
    return one.when.day
