"""Which dates something of one patient can have: since their birth, and not after now. When they were born and what time it is come as
values. A record that says otherwise is wrong about the date, and drawn there a value would mislead."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple

from fhir_mappings.r4.dates import Moment, last_day
from fhir_mappings.sentence import Sentence

DateProblem = Literal["before_birth", "far_past", "no_date", "future_date"]

# How far a day may be off without being wrong. A bare date is that of wherever it was written, where it may be tomorrow already, as may a
# birth date; an instant may be local time sent as UTC (at most 14 hours, Line Islands), or a day written as its last second.
_SLACK = timedelta(days=1)
# No life on record was longer: Jeanne Calment, 122 years and 164 days (1875 to 1997).
_LONGEST_LIFE_YEARS = 123
# What programs send for "no date": the first second of the Unix clock, the first days of SQL Server's and of spreadsheets' calendars.
# (https://www.postgresql.org/docs/current/functions-datetime.html "epoch"; SQL Server `datetime`: 1753-01-01 and its zero, 1900-01-01;
# OLE automation dates: 1899-12-30). 0001-01-01, the zero of .NET, is before anybody's birth.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DATES = frozenset({date(1970, 1, 1), date(1900, 1, 1), date(1899, 12, 30), date(1753, 1, 1)})
# Of the days above the latest, and the day after it, which it is in zones ahead.
_AFTER_NO_DATES = date(1970, 1, 3)

REASONS: dict[DateProblem, Sentence] = {
    "before_birth": Sentence("It is dated before the patient was born."),
    "far_past": Sentence("It is dated longer ago than anybody has lived."),
    "no_date": Sentence("Its date is one that computers write where they have none."),
    "future_date": Sentence("Its date has not come yet."),
}


class PossibleDates(NamedTuple):
    """The days something of a patient can have: from `first`, which is that of their birth where `of_birth`, to a little after `today`.
    Of those from `ordinary` to today nothing is to be asked, and nearly every record holds no others."""

    first: date
    of_birth: bool
    ordinary: date
    today: date


def possible_dates(born: Moment | None, today: date) -> PossibleDates:
    """For somebody born then, on that day at the clinic. Of a birth date that is a year or a month its first day counts; one that is
    missing, has not come yet or is longer ago than anybody has lived says nothing, and then only what is older than that is too old."""
    oldest = date(max(today.year - _LONGEST_LIFE_YEARS, 1), 1, 1)
    of_birth = born is not None and oldest <= born.day <= today + _SLACK
    first = born.day - _SLACK if born is not None and of_birth else oldest
    return PossibleDates(first, of_birth, max(first, _AFTER_NO_DATES), today)


def date_problem(when: Moment, possible: PossibleDates) -> DateProblem | None:
    """What is wrong with a date; None for one that can be. A year or a month is wrong only as a whole."""
    if possible.ordinary <= when.day <= possible.today:
        return None
    if last_day(when) < possible.first:
        return "before_birth" if possible.of_birth else "far_past"
    if when.day > possible.today + _SLACK:
        return "future_date"
    return "no_date" if _is_no_date(when) else None


def _is_no_date(when: Moment) -> bool:
    if when.precision in {"year", "month"}:
        return False
    if when.instant is None:
        return when.day in _NO_DATES
    # As written: in the clinic's zone the first second of 1970 may be a day of 1969.
    midnight = when.instant.time() == time.min
    return when.instant == _EPOCH or (midnight and when.instant.date() in _NO_DATES)
