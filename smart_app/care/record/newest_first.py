"""Whether results came newest first, and from which day on none can be missing: judged by the dates received, as servers that take
`_sort` without a word need not do it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any, NamedTuple

from fhir_mappings.r4.dates import Moment, parse_moment

# Servers place a bare date, and compare a time with it, by a clock of their own.
_MARGIN = timedelta(days=1)
_LONG = {"year": 366, "month": 31}


class DaySpan(NamedTuple):
    """The days a resource may be sorted under: all of a partial date, start to end of a period."""

    first: date
    last: date


def day_spans(resources: Iterable[Mapping[str, Any]], *, zone: tzinfo) -> list[DaySpan]:
    """Of those that have a date, in their order; servers put those without one at either end."""
    return [span for resource in resources if (span := _span(resource, zone)) is not None]


def came_newest_first(spans: Sequence[DaySpan]) -> bool:
    """Whether none is certainly later than one before it."""
    earliest = date.max
    for span in spans:
        if span.first > _later(earliest):
            return False
        earliest = min(earliest, span.last)
    return True


def complete_from(spans: Sequence[DaySpan]) -> date | None:
    """The first day of which nothing can be missing where these came newest first and more would have followed. None where they do not show
    an order: one day is in every order."""
    oldest = min((span.last for span in spans), default=date.max)
    if not any(span.first > oldest for span in spans):
        return None
    return _later(_later(oldest))


def within(spans: Iterable[DaySpan], *, start: date, end: date | None) -> bool:
    """Whether all of them lie in a window of days that was asked for; `end` is the first day after it."""
    return all(_later(span.last) >= start and (end is None or span.first <= _later(end)) for span in spans)


def _later(day: date) -> date:
    """A day on, but for the last one there is."""
    return day if day == date.max else day + _MARGIN


def _span(resource: Mapping[str, Any], zone: tzinfo) -> DaySpan | None:
    period = resource.get("effectivePeriod")
    if isinstance(period, dict):
        return _joined(parse_moment(period.get("start"), zone), parse_moment(period.get("end"), zone))
    named = (resource.get(name) for name in ("effectiveDateTime", "authored", "effectiveInstant"))
    moment = next((found for text in named if (found := parse_moment(text, zone)) is not None), None)
    return _joined(moment, moment) or _of_timing(resource.get("effectiveTiming"), zone) or _of_event(resource, zone)


def _of_event(resource: Mapping[str, Any], zone: tzinfo) -> DaySpan | None:
    """A visit, a booking, a request or a procedure."""
    period = next((found for name in ("period", "performedPeriod") if isinstance(found := resource.get(name), dict)), {})
    named = (resource.get(name) for name in ("authoredOn", "start", "performedDateTime"))
    moment = next((found for text in named if (found := parse_moment(text, zone)) is not None), None)
    return _joined(moment, moment) or _joined(parse_moment(period.get("start"), zone), parse_moment(period.get("end"), zone))


def _of_timing(timing: object, zone: tzinfo) -> DaySpan | None:
    """All events of a timing."""
    events = timing.get("event") if isinstance(timing, dict) else None
    moments = [found for text in events if (found := parse_moment(text, zone))] if isinstance(events, list) else []
    days = sorted(moments, key=lambda moment: moment.day)
    return _joined(days[0], days[-1]) if days else None


def _joined(start: Moment | None, end: Moment | None) -> DaySpan | None:
    """From the first day of one to the last of the other; where one is not said, that of the other."""
    first, last = start or end, end or start
    return DaySpan(first.day, _last_day(last)) if first and last else None


def _last_day(moment: Moment) -> date:
    try:
        return moment.day + timedelta(days=_LONG.get(moment.precision, 1) - 1)
    except OverflowError:
        return date.max
