"""The last value on or before a day, whatever the dates are like."""

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.r4.dates import Moment, is_known_earlier, last_day, parse_moment, position
from fhir_mappings.r4.stood_then import last_on_or_before


class _Value(NamedTuple):
    when: Moment
    name: str


def _value(text: str, name: str = "") -> _Value:
    when = parse_moment(text)
    assert when is not None
    return _Value(when, name or text)


def _on(day: str, *texts: str) -> tuple[str | None, list[str]]:
    found = last_on_or_before([_value(text) for text in texts], date.fromisoformat(day))
    return (found.value and found.value.name), [one.name for one in found.beside]


def test_the_last_value_counts_and_a_later_one_does_not() -> None:
    assert _on("2026-07-07", "2026-03-01", "2026-06-30", "2026-07-08") == ("2026-06-30", [])


def test_a_value_of_that_very_day_counts() -> None:
    assert _on("2026-07-07", "2026-06-30", "2026-07-07") == ("2026-07-07", [])
    assert _on("2026-07-07", "2026-06-30", "2026-07-07T23:59:00Z") == ("2026-07-07T23:59:00Z", [])


def test_before_the_first_value_there_is_none() -> None:
    assert _on("2026-07-07", "2026-07-08") == (None, [])
    assert _on("2026-07-07") == (None, [])


def test_a_year_counts_only_when_it_is_over() -> None:
    assert _on("2026-12-31", "2025-04-01", "2026") == ("2026", [])
    assert _on("2026-07-07", "2025-04-01", "2026") == ("2025-04-01", ["2026"])
    assert _on("2026-07-07", "2026") == (None, ["2026"])


def test_a_month_counts_only_when_it_is_over() -> None:
    assert _on("2026-07-31", "2026-07") == ("2026-07", [])
    assert _on("2026-07-30", "2026-06-02", "2026-07") == ("2026-06-02", ["2026-07"])


def test_two_of_one_day_without_times_stand_side_by_side() -> None:
    assert _on("2026-07-07", "2026-07-07", "2026-07-07") == ("2026-07-07", ["2026-07-07"])
    assert _on("2026-07-07", "2026-07-07T08:00:00Z", "2026-07-07T09:00:00Z") == ("2026-07-07T09:00:00Z", [])


def test_a_year_stands_beside_a_day_of_it() -> None:
    assert _on("2026-12-31", "2026", "2026-03-01") == ("2026-03-01", ["2026"])


def test_the_first_year_of_the_calendar_has_none_before_it() -> None:
    assert _on("0001-01-02", "0001-01-01", "0001-01-02") == ("0001-01-02", [])


_DAYS = st.dates(min_value=date(2024, 12, 1), max_value=date(2026, 2, 1))
_TEXTS = st.one_of(
    _DAYS.map(date.isoformat),
    _DAYS.map(lambda day: f"{day:%Y-%m}"),
    _DAYS.map(lambda day: f"{day:%Y}"),
    st.tuples(_DAYS, st.sampled_from(["00:00", "09:00", "23:59"])).map(lambda one: f"{one[0].isoformat()}T{one[1]}:00Z"),
)
_VALUES = st.lists(_TEXTS, max_size=12).map(
    lambda texts: sorted((_value(text, str(place)) for place, text in enumerate(texts)), key=lambda one: position(one.when))
)


@given(values=_VALUES, day=_DAYS)
def test_what_stands_is_over_by_that_day_and_nothing_is_known_to_be_later(values: list[_Value], day: date) -> None:
    found = last_on_or_before(values, day)
    over = [one for one in values if last_day(one.when) <= day]
    assert (found.value is None) == (not over)
    if found.value is not None:
        assert last_day(found.value.when) <= day
        assert not any(is_known_earlier(found.value.when, one.when) for one in over if one not in found.beside)


@given(values=_VALUES, day=_DAYS)
def test_beside_it_is_all_that_may_be_later_and_none_else(values: list[_Value], day: date) -> None:
    found = last_on_or_before(values, day)
    begun = [one for one in values if one.when.day <= day and one is not found.value]
    assert list(found.beside) == [one for one in begun if found.value is None or not is_known_earlier(one.when, found.value.when)]


@given(values=_VALUES, day=_DAYS)
def test_a_value_of_after_that_day_changes_nothing(values: list[_Value], day: date) -> None:
    later = _value((day + timedelta(days=1)).isoformat(), "later")
    with_later = sorted([*values, later], key=lambda one: position(one.when))
    assert last_on_or_before(with_later, day) == last_on_or_before(values, day)
