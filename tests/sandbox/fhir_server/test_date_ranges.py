import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.sandbox.fhir_server.date_ranges import EARLIEST, LATEST, DateRange, instant, moment, span_of, span_of_element

DAY = 86_400_000_000
MOMENTS = st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 hypothesis adds the zone


@given(at=MOMENTS, hours=st.integers(-12, 14))
def test_an_instant_is_the_same_in_every_zone(at: datetime, hours: int) -> None:
    zoned = at.astimezone(timezone(timedelta(hours=hours)))
    assert span_of(zoned.isoformat(timespec="microseconds")) == DateRange(instant(at), instant(at) + 1)
    assert moment(instant(at)) == at


@given(at=MOMENTS)
def test_each_precision_lies_within_the_coarser_one(at: datetime) -> None:
    text = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)
    spans = [span_of(one) for one in (text, text[:19] + "Z", text[:16] + "Z", text[:10], text[:7], text[:4])]
    assert all(wide.low <= narrow.low < narrow.high <= wide.high for narrow, wide in itertools.pairwise(spans))


@pytest.mark.parametrize(("text", "days"), [("2024-02", 29), ("2023-02", 28), ("2026-12", 31), ("2024", 366), ("2026-12-31", 1)])
def test_a_partial_date_is_as_long_as_it_says(text: str, days: int) -> None:
    span = span_of(text)
    assert span.high - span.low == days * DAY


def test_the_last_year_has_no_end() -> None:
    assert span_of("9999").high == span_of("9999-12").high == LATEST


def test_periods_may_be_open_and_timings_span_their_events() -> None:
    assert span_of_element({"start": "2026"}) == DateRange(span_of("2026").low, LATEST)
    assert span_of_element({"end": "2026"}) == DateRange(EARLIEST, span_of("2026").high)
    assert span_of_element({"event": ["2026-03", "2026-01"]}) == DateRange(span_of("2026-01").low, span_of("2026-03").high)


@pytest.mark.parametrize(
    "value", [7, {}, {"start": 7}, {"event": []}, {"event": [7]}, "٢٠٢٦", "2026-01-01T25:00:00Z", "2026-01-01T10", "0000"]
)
def test_what_is_no_date_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError):
        span_of_element(value)


@given(text=st.text(max_size=30))
def test_any_text_is_a_span_or_a_value_error(text: str) -> None:
    try:
        span = span_of(text)
    except ValueError:
        return
    assert EARLIEST < span.low < span.high <= LATEST
