"""A FHIR date or dateTime as it was written, with what can be said about its place in time."""

from datetime import date, datetime
from typing import Literal, NamedTuple

Precision = Literal["year", "month", "day", "instant"]


class Moment(NamedTuple):
    """`day` places it on a time axis (first day of a partial date); `instant` is timezone-aware, and None unless the
    source gave a time *and* a zone; `text` is what the source wrote."""

    day: date
    text: str
    precision: Precision
    instant: datetime | None = None
