"""FHIR dates as periods of time, and what a date search means by its prefixes (R4 search, 3.1.1.5.9).

An instant is a whole number of microseconds since 1970 in UTC; a value without a zone is read as UTC.
"""

import re
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta

EARLIEST = -(10**18)
LATEST = 10**18
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
_SHAPE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """From `low` up to but not including `high`."""

    low: int
    high: int


def instant(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The aware datetime of `instant`."""
    return _EPOCH + microseconds * _MICROSECOND


def span_of(text: str) -> DateRange:
    """The period a date, partial date, dateTime or instant stands for; a ValueError says that it is none."""
    parts = _SHAPE.fullmatch(text)
    if parts is None:
        raise ValueError(f"{text!r} is not a FHIR date (YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.fff]] with Z or an offset)")
    if parts["hour"] is not None:
        return _clock_span(text, parts)
    low = datetime(int(parts["year"]), int(parts["month"] or 1), int(parts["day"] or 1), tzinfo=UTC)
    if parts["day"]:
        return DateRange(instant(low), instant(low) + _DAY)
    return DateRange(instant(low), _month_end(low) if parts["month"] else _year_end(low))


def _clock_span(text: str, parts: re.Match[str]) -> DateRange:
    """A minute, a second or the fraction of one."""
    whole = datetime.fromisoformat(f"{text[:16]}:{parts['second'] or '00'}{parts['zone'] or 'Z'}")
    fraction = (parts["fraction"] or "")[:6]
    width = 10 ** (6 - len(fraction)) if parts["second"] else 60_000_000
    low = instant(whole) + (int(fraction) * width if fraction else 0)
    return DateRange(low, low + width)


def _month_end(start: datetime) -> int:
    """The first instant after the month."""
    return _year_end(start) if start.month == 12 else instant(start.replace(month=start.month + 1))  # noqa: PLR2004 December


def _year_end(start: datetime) -> int:
    """The first instant after the year; the last year a datetime can hold has no end."""
    return LATEST if start.year == MAXYEAR else instant(start.replace(year=start.year + 1, month=1))


def span_of_element(value: object) -> DateRange:
    """The span of a date, dateTime, instant, Period or Timing element; a ValueError says that it has none."""
    if isinstance(value, str):
        return span_of(value)
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is neither a date nor a period")  # noqa: TRY004 callers tell wrong content, not wrong calls
    if isinstance(value.get("event"), list):
        spans = [span_of(str(event)) for event in value["event"]]
        return DateRange(min(span.low for span in spans), max(span.high for span in spans))
    start, end = value.get("start"), value.get("end")
    if start is None and end is None:
        raise ValueError("a period needs a start or an end")
    return DateRange(span_of(str(start)).low if start else EARLIEST, span_of(str(end)).high if end else LATEST)


def split_prefix(text: str) -> tuple[str, str]:
    """("ge", "2026") of "ge2026"; "eq" where none is given."""
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)


def approximately(span: DateRange, now: int) -> DateRange:
    """`span` widened by a tenth of its distance from now, as R4 suggests for `ap`."""
    margin = max(abs(now - span.low), abs(now - span.high)) // 10
    return DateRange(span.low - margin, span.high + margin)
