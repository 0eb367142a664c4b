"""FHIR dates and dateTimes to moments. Total: what is no date gives None."""

import re
from datetime import date, datetime

from fhir_mappings.moment import Moment

# https://hl7.org/fhir/R4/datatypes.html#dateTime, with the zone left optional: servers leave it out.
# The signs of the usual instants, every third character from the fifth on, and how long these are: "2026-03-14T09:30:00Z" and with
# "+01:00" for the Z. Whoever has them goes to fromisoformat at once, which takes the digits alone between them: the pattern would
# take longer than all the rest.
_USUAL = {"--T::Z": 20, "--T::+:": 25, "--T::-:": 25}
_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)


def parse_moment(text: object) -> Moment | None:
    """The moment a FHIR date, dateTime or instant names; None when it is none, or no day of the calendar.

    A time without a zone has no place on the clock: its day is kept, as written, and no instant.
    """
    if not isinstance(text, str):
        return None
    try:
        if _USUAL.get(text[4::3]) == len(text):
            instant = datetime.fromisoformat(text)
            return Moment(instant.date(), text, "instant", instant)
        return _any_moment(text)
    except ValueError:
        return None


def _any_moment(text: str) -> Moment | None:
    """ValueError for a day or time that the calendar does not have."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, zone = found.groups()
    if zone:
        instant = datetime.fromisoformat(text)
        return Moment(instant.date(), text, "instant", instant)
    on = date(int(year), int(month or 1), int(day or 1))
    return Moment(day=on, text=text, precision="day" if day else "month" if month else "year")
