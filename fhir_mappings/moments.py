"""FHIR dates and dateTimes to moments. Total: what is no date gives None."""

import re
from datetime import date, datetime

from fhir_mappings.moment import Moment

# https://hl7.org/fhir/R4/datatypes.html#dateTime, with the zone left optional: servers leave it out.
_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII)


def parse_moment(text: object) -> Moment | None:
    """The moment a FHIR date, dateTime or instant names; None when it is none, or no day of the calendar.

    A time without a zone has no place on the clock: its day is kept, as written, and no instant.
    """
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if found is None or not isinstance(text, str):
        return None
    year, month, day, zone = found.groups()
    try:
        if zone:
            instant = datetime.fromisoformat(text)
            return Moment(day=instant.date(), text=text, precision="instant", instant=instant)
        on = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return Moment(day=on, text=text, precision="day" if day else "month" if month else "year")
