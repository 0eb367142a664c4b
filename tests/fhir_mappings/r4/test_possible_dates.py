"""Which dates something of one patient can have."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.possible_dates import REASONS, date_problem, possible_dates

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)


def when(text: str) -> Moment:
    moment = parse_moment(text)
    assert moment is not None
    return moment


def problem(text: str, *, born: str | None, now: datetime = NOW) -> str | None:
    return date_problem(when(text), possible_dates(parse_moment(born), now.date()))


@pytest.mark.parametrize(
    ("born", "first"), [("1971-04-09", "1971-04-08"), ("1971-04", "1971-03-31"), ("1971", "1970-12-31"), ("1950-06-01", "1950-05-31")]
)
def test_of_a_birth_date_that_is_a_month_or_a_year_its_first_day_counts(born: str, first: str) -> None:
    assert problem(first, born=born) is None
    before = (when(first).day - timedelta(days=1)).isoformat()
    assert problem(before, born=born) == "before_birth"


@pytest.mark.parametrize("born", [None, "unknown", "0001-01-01", "1900-01-01", "2031-05-05"])
def test_without_a_birth_date_that_can_be_only_what_is_older_than_anybody_is_too_old(born: str | None) -> None:
    assert problem("1902-12-31", born=born) == "far_past"
    assert problem("1931-05-05", born=born) is None
    assert problem("2026-11-20", born=born) is None


@pytest.mark.parametrize(("today", "first"), [("2026-11-22", "1903-01-01"), ("0050-05-05", "0001-01-01")])
def test_longer_ago_than_anybody_has_lived_is_before_the_year_of_that(today: str, first: str) -> None:
    assert possible_dates(None, when(today).day) == (when(first).day, False, max(when(first).day, when("1970-01-03").day), when(today).day)


@pytest.mark.parametrize(
    ("born", "first", "of_birth"),
    [
        ("1903-01-01", "1902-12-31", True),
        ("1902-12-31", "1903-01-01", False),
        ("2026-11-23", "2026-11-22", True),
        ("2026-11-24", "1903-01-01", False),
    ],
)
def test_a_birth_date_counts_where_somebody_born_then_can_be_alive_and_may_be_tomorrow_s(born: str, first: str, *, of_birth: bool) -> None:
    found = possible_dates(when(born), NOW.date())
    assert (found.first, found.of_birth, found.today) == (when(first).day, of_birth, NOW.date())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1900-01-01", "no_date"), ("1899-12-30", "no_date"), ("1753-01-01", "no_date"), ("1753-01-01T00:00:00Z", "no_date"),
        ("1900-01-01T00:00:00+05:00", "no_date"), ("1900-01-01T00:00:01Z", None), ("1900-01-02T00:00:00Z", None), ("1899-12-31", None),
        ("1900-01", None), ("1900", None),
    ],
)  # fmt: skip
def test_every_first_day_of_a_computer_s_calendar_is_no_date(text: str, said: str | None) -> None:
    long_ago = possible_dates(when("1740-01-01"), when("1850-01-01").day)._replace(today=NOW.date())
    assert date_problem(when(text), long_ago) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-22", None),
        ("2026-11-23", None),
        ("2026-11-24", "future_date"),
        ("2026-11", None),
        ("2026-12", "future_date"),
        ("2027", "future_date"),
    ],
)
def test_tomorrow_can_be_today_elsewhere_and_the_day_after_cannot(text: str, said: str | None) -> None:
    assert problem(text, born="1971-04-09") == said


@pytest.mark.parametrize(
    "text", ["1970-01-01", "1970-01-01T00:00:00Z", "1969-12-31T19:00:00-05:00", "1970-01-01T00:00:00+01:00", "1970-01-01T00:00:00"]
)
def test_what_computers_write_for_no_date_is_none(text: str) -> None:
    assert problem(text, born="1950-06-01") == "no_date"


@pytest.mark.parametrize("text", ["1970", "1970-01", "1970-01-02", "1970-01-01T09:30:00Z", "1969-12-31"])
def test_a_date_near_one_that_computers_write_is_a_date(text: str) -> None:
    assert problem(text, born="1950-06-01") is None


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Paris"])
def test_local_time_sent_as_utc_and_a_day_written_as_its_last_second_are_not_the_future(zone: str) -> None:
    local = NOW.astimezone(ZoneInfo(zone))
    sent = local.replace(tzinfo=UTC).isoformat()
    last_second = local.replace(hour=23, minute=59, second=59, microsecond=0).isoformat()
    assert problem(sent, born=None, now=local) is None
    assert problem(last_second, born=None, now=local) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01", "9999-12", "9999"])
def test_the_ends_of_the_calendar_are_judged_too(text: str) -> None:
    assert problem(text, born="1971-04-09") in REASONS


INSTANTS = st.builds(
    lambda seconds, hours: datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours))),
    st.integers(-5_000_000_000, 7_000_000_000),
    st.sampled_from([-12, 0, 14]),
)


@given(INSTANTS, st.sampled_from(["1950-06-01", "1971", None]))
def test_nothing_between_birth_and_now_is_too_old_or_ahead(instant: datetime, born: str | None) -> None:
    found = problem(instant.isoformat(), born=born)
    if datetime(1972, 1, 1, tzinfo=UTC) < instant <= NOW:
        assert found is None
    if instant > NOW + timedelta(days=2):
        assert found == "future_date"
    if instant < datetime(1903, 1, 1, tzinfo=UTC):
        assert found in {"before_birth", "far_past"}
