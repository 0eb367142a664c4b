from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from smart_app.care.record.newest_first import came_newest_first, complete_from, day_spans, within

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


def dated(*days: Any) -> list[dict[str, Any]]:
    return [{"effectiveDateTime": day} for day in days]


@pytest.mark.parametrize(
    ("days", "sorted_so"),
    [
        ([], True),
        (["2026-05-03", "2026-05-02", "2026-04-01"], True),
        (["2026-05-03", "2026-05-03"], True),
        (["2026-04-01", "2026-05-03"], False),
        (["2026-05-03", "2026-04-01", "2026-04-20"], False),
        # A bare date beside a time of another zone, and a year beside its days, may stand on either side.
        (["2026-05-02T23:30:00-08:00", "2026-05-04", "2026-05-03"], True),
        (["2026", "2026-05-03", "2025"], True),
        (["2025", "2026-05-03"], False),
        # Servers put what has no date first or last.
        ([None, "2026-05-03", "2026-05-01", "no date"], True),
        (["9999-12-31", "2026-05-03"], True),
    ],
)
def test_an_order_is_that_of_the_dates_received(days: list[Any], sorted_so: bool) -> None:
    assert came_newest_first(day_spans(dated(*days), zone=UTC)) is sorted_so


@pytest.mark.parametrize(
    ("days", "since"),
    [
        (["2026-05-03", "2026-04-10"], date(2026, 4, 12)),
        (["2026-05-03", "2024"], date(2025, 1, 2)),
        (["9999-12-31", "9999-12-31"], None),
        (["2026-05-03", "2026-05-03"], None),
        (["9999-12-31", "9999-12-30"], date(9999, 12, 31)),
        ([None], None),
    ],
)
def test_nothing_is_missing_from_the_day_after_the_oldest(days: list[Any], since: date | None) -> None:
    assert complete_from(day_spans(dated(*days), zone=UTC)) == since


@pytest.mark.parametrize(
    ("resource", "span"),
    [
        ({"effectivePeriod": {"start": "2026-05-01", "end": "2026-05-14"}}, (date(2026, 5, 1), date(2026, 5, 14))),
        ({"effectivePeriod": {"end": "2026-05-14"}}, (date(2026, 5, 14), date(2026, 5, 14))),
        ({"effectiveInstant": "2026-05-14T03:00:00Z"}, (date(2026, 5, 13), date(2026, 5, 13))),
        ({"effectiveTiming": {"event": ["2026-05-14", "2026-05-01"]}}, (date(2026, 5, 1), date(2026, 5, 14))),
        ({"authored": "2026-05"}, (date(2026, 5, 1), date(2026, 5, 31))),
    ],
)
def test_every_way_to_date_a_resource_is_a_span_of_days(resource: dict[str, Any], span: tuple[date, date]) -> None:
    assert day_spans([resource], zone=LOS_ANGELES) == [span]


@pytest.mark.parametrize(
    "odd", [{"effectivePeriod": {}}, {"effectiveTiming": "x"}, {"effectiveTiming": {"event": ["x"]}}, {"effectiveDateTime": 7}, {}]
)
def test_what_has_no_date_has_no_span(odd: dict[str, Any]) -> None:
    assert day_spans([odd], zone=UTC) == []


@pytest.mark.parametrize(("day", "inside"), [("2026-05-02", True), ("2026-04-29", False), ("2026-05-12", False), ("2026-05-11", True)])
def test_a_window_is_kept_but_for_a_day_of_another_clock(day: str, inside: bool) -> None:
    assert within(day_spans(dated(day), zone=UTC), start=date(2026, 5, 1), end=date(2026, 5, 10)) is inside
