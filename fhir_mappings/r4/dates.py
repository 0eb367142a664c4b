"""FHIR dates and dateTimes, as they were written, with what can be said about their place in time. Total: what is no date gives None."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, tzinfo
from typing import Literal, NamedTuple

from fhir_mappings.sentence import Language

_START = float("-inf")


Precision = Literal["year", "month", "day", "instant"]


class Moment(NamedTuple):
    """`day` places it on a time axis (first day of a partial date); `instant` is timezone-aware, and None unless the
    source gave a time *and* a zone; `text` is what the source wrote.

    Whose day: an instant is shown, compared with today and counted for a visit by its day in the clinic's zone, whatever offset it was
    written with, as servers write the same instant anew in theirs. A bare date names a day and no place on the clock: it stays itself."""

    day: date
    text: str
    precision: Precision
    instant: datetime | None = None

    def said(self, language: Language) -> str:
        """As precise as it was written: `22-Nov-2026`, `Nov-2026` or `2026`."""
        return language.date(self.day, "day" if self.precision == "instant" else self.precision)


# https://hl7.org/fhir/R4/datatypes.html#dateTime, with the zone left optional: servers leave it out.
_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)
# Every third character of "2026-03-14T09:30:00Z" from the fifth on, and of one with "+01:00" for the Z, with the length of each. Between
# these signs fromisoformat takes digits alone, so that the pattern, which takes longer than all the rest, is not asked.
_USUAL = {"--T::Z": 20, "--T::+:": 25, "--T::-:": 25}


def parse_moment(text: object, zone: tzinfo = UTC) -> Moment | None:
    """The moment a FHIR date, dateTime or instant names; None when it is none, or no day of the calendar.

    The day of an instant is that of `zone`. A time without a zone has no place on the clock: its day is kept, as written, and no instant.
    """
    if not isinstance(text, str):
        return None
    try:
        if _USUAL.get(text[4::3]) != len(text):
            return _any_moment(text, zone)
        instant = datetime.fromisoformat(text)
        return Moment(instant.astimezone(zone).date(), text, "instant", instant)
    except OverflowError:
        # "Without end" is written as the last second of the year 9999, which in zones ahead is no day of the calendar.
        instant = datetime.fromisoformat(text)
        return Moment(instant.date(), text, "instant", instant)
    except ValueError:
        return None


def _any_moment(text: str, zone: tzinfo) -> Moment | None:
    """ValueError for a day or time that the calendar does not have."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, offset = found.groups()
    if offset:
        return _instant(text, zone)
    on = date(int(year), int(month or 1), int(day or 1))
    return Moment(day=on, text=text, precision="day" if day else "month" if month else "year")


def _instant(text: str, zone: tzinfo) -> Moment:
    """ValueError as above, OverflowError beyond the calendar."""
    instant = datetime.fromisoformat(text)
    return Moment(instant.astimezone(zone).date(), text, "instant", instant)


def position(when: Moment) -> tuple[date, float]:
    """Where a moment stands among others read for the same zone: its day, and within that its instant; a bare date stands first."""
    return when.day, when.instant.timestamp() if when.instant else _START


def last_day(when: Moment) -> date:
    """The last day a moment can stand for: of a year its 31 December, of a month its last."""
    if when.precision == "year":
        return date(when.day.year, 12, 31)
    return date(when.day.year, when.day.month, monthrange(when.day.year, when.day.month)[1]) if when.precision == "month" else when.day


def is_known_earlier(first: Moment, second: Moment) -> bool:
    """Whether the first is certainly the earlier of two moments read for the same zone. Of two instants the clock tells; of everything
    else only the days do: a year beside a day of it, a month beside a week of it, two values of one day of which one has no time are in
    no known order, and nothing that says "rose", "was" or "latest" may be made of them."""
    if first.instant is not None and second.instant is not None:
        return first.instant < second.instant
    return last_day(first) < second.day
