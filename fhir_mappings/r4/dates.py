"""FHIR dates and dateTimes, as they were written, with what can be said about their place in time. Total: what is no date gives None."""

import re
from datetime import UTC, date, datetime, time
from typing import Literal, NamedTuple

Precision = Literal["year", "month", "day", "instant"]


class Moment(NamedTuple):
    """`day` places it on a time axis (first day of a partial date); `instant` is timezone-aware, and None unless the
    source gave a time *and* a zone; `text` is what the source wrote."""

    day: date
    text: str
    precision: Precision
    instant: datetime | None = None


# https://hl7.org/fhir/R4/datatypes.html#dateTime, with the zone left optional: servers leave it out.
_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)
# Every third character of "2026-03-14T09:30:00Z" from the fifth on, and of one with "+01:00" for the Z, with the length of each. Between
# these signs fromisoformat takes digits alone, so that the pattern, which takes longer than all the rest, is not asked.
_USUAL = {"--T::Z": 20, "--T::+:": 25, "--T::-:": 25}


def parse_moment(text: object) -> Moment | None:
    """The moment a FHIR date, dateTime or instant names; None when it is none, or no day of the calendar.

    A time without a zone has no place on the clock: its day is kept, as written, and no instant.
    """
    if not isinstance(text, str):
        return None
    try:
        return _instant(text) if _USUAL.get(text[4::3]) == len(text) else _any_moment(text)
    except ValueError:
        return None


def _any_moment(text: str) -> Moment | None:
    """ValueError for a day or time that the calendar does not have."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, zone = found.groups()
    if zone:
        return _instant(text)
    on = date(int(year), int(month or 1), int(day or 1))
    return Moment(day=on, text=text, precision="day" if day else "month" if month else "year")


def _instant(text: str) -> Moment:
    """ValueError as above."""
    instant = datetime.fromisoformat(text)
    return Moment(instant.date(), text, "instant", instant)


def position(when: Moment) -> datetime:
    """Where a moment stands among others: its instant, or the start of its day in UTC."""
    return when.instant or datetime.combine(when.day, time.min, UTC)
