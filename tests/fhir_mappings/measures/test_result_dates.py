"""When a value was true: what is read, what is listed, and what is said where only the report dates it."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import WHO, observation, pressure

POSSIBLE = possible_dates(parse_moment("1971-04-09"), date(2026, 11, 22))


def read(**changed: Any) -> tuple[list[Measurement], list[Skipped]]:
    return read_measurements(load_measures(), [observation(**changed)], patient=WHO, possible=POSSIBLE)


def drawn(**changed: Any) -> Measurement:
    [found], skipped = read(**changed)
    assert skipped == []
    return found


def listed(**changed: Any) -> Skipped:
    found, [skipped] = read(**changed)
    assert found == []
    return skipped


def codes(found: Measurement) -> list[str]:
    return [remark.code for remark in found.remarks]


ISSUED = "2025-10-12T10:00:00Z"


def test_the_one_event_of_a_timing_dates_a_value_and_not_its_report() -> None:
    found = drawn(effectiveDateTime=None, effectiveTiming={"event": ["2024-10-10T08:00:00Z"]}, issued=ISSUED)
    assert (found.when.day.isoformat(), codes(found)) == ("2024-10-10", [])


@pytest.mark.parametrize(
    "said",
    [
        {"effectiveDateTime": "2026-03-14T20:00:00Z"},
        {"effectiveInstant": "2026-03-14T20:00:00Z"},
        {"effectivePeriod": {"end": "2026-03-14T20:00:00Z"}},
        {"effectiveTiming": {"event": ["2026-03-14T20:00:00Z"]}},
        {"issued": "2026-03-14T20:00:00Z"},
    ],
)
def test_the_day_of_a_value_is_that_of_the_clinic_however_it_is_dated(said: dict[str, Any]) -> None:
    resource = observation(**{"effectiveDateTime": None, **said})
    for zone, day in (("Pacific/Auckland", "2026-03-15"), ("America/Los_Angeles", "2026-03-14")):
        [found], _ = read_measurements(load_measures(), [resource], patient=WHO, zone=ZoneInfo(zone))
        assert found.when.day.isoformat() == day


def test_a_value_with_a_date_and_a_comment_is_not_dated_by_its_report() -> None:
    assert codes(drawn(note=[{"text": "Repeat."}], issued=ISSUED)) == ["comment"]
    assert codes(drawn(effectiveDateTime=None, note=[{"text": "Repeat."}], issued=ISSUED)) == ["comment", "dated_by_report"]


def test_an_id_of_the_timing_itself_changes_nothing() -> None:
    assert drawn(effectiveDateTime=None, effectiveTiming={"id": "t1", "event": ["2024-10-10"]}).when.text == "2024-10-10"


def test_of_several_that_date_it_the_exact_one_counts_first() -> None:
    said = {
        "effectiveInstant": "2025-10-11T08:00:00Z",
        "effectivePeriod": {"start": "2025-09-01", "end": "2025-09-30"},
        "effectiveTiming": {"event": ["2025-08-01"]},
    }
    assert drawn(effectiveDateTime=None, **said).when.text == "2025-10-11T08:00:00Z"
    assert drawn(effectiveDateTime=None, **said | {"effectiveInstant": None}).when.text == "2025-09-30"
    assert drawn(effectiveDateTime=None, effectiveTiming=said["effectiveTiming"]).when.text == "2025-08-01"
    assert drawn(**said).when.text == "2026-03-14T09:30:00+01:00"


def test_elements_that_are_there_and_say_nothing_leave_the_report_to_date_it() -> None:
    empty = dict.fromkeys(("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "effectiveAge"))
    [found], _ = read_measurements(load_measures(), [observation() | empty | {"issued": ISSUED}], patient=WHO, possible=POSSIBLE)
    assert (found.when.text, codes(found)) == (ISSUED, ["dated_by_report"])
    [row] = read_measurements(load_measures(), [observation() | empty], patient=WHO, possible=POSSIBLE)[1]
    assert row.code == "date_missing"


@pytest.mark.parametrize("period", ["2025-10", ["2025-10-01", "2025-10-11"], 7])
def test_a_period_that_is_none_is_not_read(period: object) -> None:
    assert listed(effectiveDateTime=None, effectivePeriod=period, issued=ISSUED).code == "timing_unread"


@pytest.mark.parametrize("end", [None, "2025-10-11"])
def test_the_end_of_a_period_dates_it_or_else_its_start(end: str | None) -> None:
    assert drawn(effectiveDateTime=None, effectivePeriod={"start": "2025-10-01", "end": end}).when.text == (end or "2025-10-01")


@pytest.mark.parametrize(
    "timing",
    [
        {"event": ["2024-10-10", "2024-10-11"]},
        {"event": []},
        {"event": ["soon"]},
        {"event": "2024-10-10"},
        {"event": [None]},
        {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        {"event": ["2024-10-10"], "repeat": {"count": 3}},
        {"code": {"text": "every morning"}},
        {},
        "2024-10-10",
    ],
)
def test_a_time_given_in_another_way_is_listed_and_never_replaced_by_that_of_the_report(timing: object) -> None:
    skip = listed(effectiveDateTime=None, effectiveTiming=timing, issued=ISSUED)
    assert (skip.when, skip.shown) == (None, "7.1 %")
    assert skip.code == ("date_missing" if timing == {"event": ["soon"]} else "timing_unread")


@pytest.mark.parametrize("key", ["effectiveDate", "effectiveTime", "effectiveAge"])
def test_an_element_that_r4_does_not_have_dates_nothing_and_is_not_passed_over(key: str) -> None:
    assert listed(effectiveDateTime=None, issued=ISSUED, **{key: "2024-10-10"}).code == "timing_unread"


@pytest.mark.parametrize("period", [{}, {"_end": {}}, None])
def test_a_value_dated_only_by_its_report_is_drawn_there_and_says_so(period: object) -> None:
    found = drawn(effectiveDateTime=None, effectivePeriod=period, issued=ISSUED)
    assert (found.when.text, codes(found)) == (ISSUED, ["dated_by_report"])


def test_a_pair_dated_only_by_its_report_says_so_too() -> None:
    [found], _ = read_measurements(load_measures(), [pressure(131, 79, effectiveDateTime=None, issued=ISSUED)], patient=WHO)
    assert codes(found) == ["dated_by_report"]


@pytest.mark.parametrize(
    "effective",
    [
        {"effectiveDateTime": "2025-10-11"},
        {"effectiveInstant": "2025-10-11T08:00:00Z"},
        {"effectivePeriod": {"start": "2025-10-01", "end": "2025-10-11"}},
        {"effectivePeriod": {"start": "2025-10-11"}},
    ],
)
def test_a_value_that_says_when_it_was_true_is_not_dated_by_its_report(effective: dict[str, Any]) -> None:
    found = drawn(**{"effectiveDateTime": None, "issued": ISSUED, **effective})
    assert (found.when.day.isoformat(), codes(found)) == ("2025-10-11", [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0001-01-01T00:00:00Z", "before_birth"),
        ("0200-03-14", "before_birth"),
        ("1900", "before_birth"),
        ("1970-12", "before_birth"),
        ("1971-04-07", "before_birth"),
        ("9999-12-31", "future_date"),
        ("2027", "future_date"),
        ("2026-11-24", "future_date"),
        ("2026-11-24T00:00:00Z", "future_date"),
    ],
)
@pytest.mark.parametrize("element", ["effectiveDateTime", "effectiveInstant", "issued"])
def test_a_date_that_cannot_be_is_listed_with_its_reason(written: str, code: str, element: str) -> None:
    skip = listed(**{"effectiveDateTime": None, element: written})
    assert (skip.code, skip.shown, skip.when and skip.when.text) == (code, "7.1 %", written)
    assert skip.remedy


@pytest.mark.parametrize("written", ["1971", "1971-04", "1971-04-08", "2026", "2026-11", "2026-11-23", "2026-11-23T23:59:59Z"])
def test_a_date_that_can_be_is_drawn(written: str) -> None:
    assert drawn(effectiveDateTime=written).when.text == written


def test_what_else_is_the_matter_with_a_value_is_still_said_first() -> None:
    assert listed(effectiveDateTime="0001-01-01", status="entered-in-error").code == "entered_in_error"
