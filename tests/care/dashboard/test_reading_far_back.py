"""Records of more results than are read: what is missing is the oldest, and nothing is called latest that need not be."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from smart_app.care.dashboard.history import History, Panel
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.record.reads import ReadReport
from smart_app.services import AppServices
from smart_app.settings import Settings
from tests.care.ehr import Answer, refusal
from tests.care.long_record import IN_RANGE, LDL, METER, WEIGHT, LongRecord, result, series, served, value_at
from tests.care.support import hba1c, in_launch, settings

TODAY = date(2026, 11, 22)
MOST = 16
GROUPS = ("hba1c", "glucose", "vitals", "labs")


@pytest.fixture
def chosen() -> Settings:
    """However busy the machine that the tests run on."""
    return settings(read_deadline=120, read_timeout=60)


@pytest.fixture
def ehr() -> Iterator[LongRecord]:
    with served() as fake:
        yield fake


def history(services: AppServices) -> History:
    return load_history(in_launch(services), years="all")


def panel(found: History, key: str) -> Panel:
    return next(one for one in found.panels if one.measure.key == key)


def report(found: History, key: str) -> ReadReport:
    return next(read for read in found.reads if read.key == key)


def latest(found: History, key: str = "glucose") -> str | None:
    shown = panel(found, key).latest
    return shown.reported.text if shown else None


# SMART K2
def test_what_is_missing_of_a_long_series_is_the_oldest_and_the_day_it_is_complete_from_is_known(
    ehr: LongRecord, services: AppServices
) -> None:
    ehr.size = 100
    ehr.put(*series(2000, TODAY), result("tir", "61", TODAY - timedelta(days=43), code=IN_RANGE, unit="%"))
    found = history(services)
    glucose = panel(found, "glucose")
    assert (latest(found), glucose.previous and glucose.previous.reported.text) == (value_at(2000), value_at(1999))
    assert glucose.read.since == TODAY - timedelta(days=glucose.total - 3)
    assert (glucose.read.whole, glucose.read.reason, glucose.read.lasting) == (False, None, True)
    assert 400 < glucose.total < 2000
    assert (latest(found, "time-in-range"), panel(found, "time-in-range").read.whole) == ("61.0", True)
    assert report(found, "glucose").since == glucose.read.since
    assert ehr.requests_made() <= MOST


# SMART K2
@pytest.mark.parametrize("total", [True, False])
def test_a_server_that_does_not_sort_is_asked_for_one_stretch_of_days_after_the_other(
    ehr: LongRecord, services: AppServices, total: bool
) -> None:
    ehr.size, ehr.sorts, ehr.total = 100, False, total
    ehr.put(*series(2000, TODAY), result("tir", "61", TODAY - timedelta(days=43), code=IN_RANGE, unit="%"))
    found = history(services)
    assert latest(found) == value_at(2000)
    since = panel(found, "glucose").read.since
    assert since is not None
    assert since < TODAY - timedelta(days=30)
    read = {point.when.day for point in panel(found, "glucose").points}
    assert all(since + timedelta(days=place) in read for place in range((TODAY - since).days + 1))
    assert latest(found, "time-in-range") == "61.0"
    assert ehr.requests_made() <= MOST


# SMART K2
@pytest.mark.parametrize("dates", [True, False])
def test_where_a_server_neither_sorts_nor_goes_by_dates_nothing_is_called_latest_or_changed(
    ehr: LongRecord, services: AppServices, dates: bool
) -> None:
    ehr.size, ehr.sorts, ehr.dates = 50, False, False
    if dates:
        for one in ehr.metadata["rest"][0]["resource"]:
            one["searchParam"] = [param for param in one["searchParam"] if param["name"] not in {"date", "authored"}]
    ehr.put(*(hba1c(f"a{place:05}", "7.1", day=str(TODAY - timedelta(days=1000 - place))) for place in range(1000)))
    found = history(services)
    shown = panel(found, "hba1c")
    assert (shown.latest, shown.previous, found.changes) == (None, None, ())
    assert shown.total > 0
    assert (shown.read.whole, shown.read.since) == (False, None)
    assert "nothing shows that the newest results came first" in str(shown.read.reason)
    assert ehr.requests_made() <= MOST


def test_a_server_that_does_not_sort_and_whose_stretches_hold_everything_is_read_whole(ehr: LongRecord, services: AppServices) -> None:
    ehr.sorts = False
    ehr.put(*series(450, TODAY, apart=3, code=WEIGHT, unit="kg", category="vital-signs"))
    found = history(services)
    assert (panel(found, "weight").total, panel(found, "weight").read.whole) == (450, True)


def test_a_server_that_gives_few_results_a_page_shows_the_newest(ehr: LongRecord, services: AppServices) -> None:
    ehr.size = 10
    ehr.put(*series(201, TODAY, code=WEIGHT, unit="kg", category="vital-signs"))
    found = history(services)
    assert latest(found, "weight") == value_at(201)
    assert panel(found, "weight").read.since is not None
    assert ehr.requests_made() <= MOST


# What a page may cost
def test_an_ordinary_dashboard_takes_one_request_for_each_read(ehr: LongRecord, services: AppServices) -> None:
    services.capabilities.of("https://ehr.example/fhir", wait=60)
    ehr.log.clear()
    history(services)
    assert ehr.requests_made() == 7


@pytest.mark.parametrize("size", [1, 10, 50, 200])
@pytest.mark.parametrize("sorts", [True, False])
@pytest.mark.parametrize("refuses", [True, False])
def test_a_dashboard_asks_at_most_sixteen_things_whatever_the_record_holds(
    ehr: LongRecord, services: AppServices, size: int, sorts: bool, refuses: bool
) -> None:
    ehr.size, ehr.sorts = size, sorts
    ehr.refuses = no_lists if refuses else None
    codes = (METER, IN_RANGE, "97506-0", "4548-4", WEIGHT, "39156-5", "85354-9", LDL, "33914-3", "9318-7")
    for code in codes:
        ehr.put(*series(300, TODAY, code=code))
    ehr.put(
        *(
            {"resourceType": "QuestionnaireResponse", "id": f"q{place}", "status": "completed", "subject": {"reference": "Patient/p1"},
             "authored": str(TODAY - timedelta(days=place))}
            for place in range(300)
        )
    )  # fmt: skip
    found = history(services)
    assert ehr.requests_made() <= MOST
    assert not all(read.whole for read in found.reads)
    for shown in found.panels:
        assert shown.latest is None or shown.read.covers(shown.latest.when.day)


def no_lists(path: str, query: dict[str, str]) -> Answer | None:
    return refusal(400, "Multiple values are not supported for code") if "," in query.get("code", "") else None


def no_order(path: str, query: dict[str, str]) -> Answer | None:
    return refusal(400, "Unknown parameter _sort") if "_sort" in query else None


def stumbles_over_order(path: str, query: dict[str, str]) -> Answer | None:
    """As a reference server does: an error of its own in place of a refusal."""
    return refusal(500, 'Unknown sort parameter name "-date"') if "_sort" in query else None


def wants_category(path: str, query: dict[str, str]) -> Answer | None:
    """As US Core lets a server: patient and category, nothing less."""
    return refusal(400, "A required element is missing: category") if path == "Observation" and "category" not in query else None


def neither(path: str, query: dict[str, str]) -> Answer | None:
    return no_order(path, query) or no_lists(path, query)


# The way a server wants it
@pytest.mark.parametrize("refuses", [no_lists, no_order, stumbles_over_order, wants_category])
def test_a_server_that_refuses_a_question_is_asked_the_way_it_wants(ehr: LongRecord, services: AppServices, refuses: Any) -> None:
    ehr.refuses = refuses
    ehr.put(hba1c("a", "7.1", day="2026-05-01", category=result("x", "1", TODAY)["category"]))
    ehr.put(result("ldl", "3.1", TODAY, code=LDL, unit="mmol/L"), result("sodium", "140", TODAY, code="2951-2", unit="mmol/L"))
    ehr.put(result("w", "80", TODAY, code=WEIGHT, unit="kg", category="vital-signs"))
    found = history(services)
    assert (latest(found, "hba1c"), latest(found, "ldl"), latest(found, "weight")) == ("7.1", "3.1", "80.0")
    assert [report(found, key).whole for key in ("hba1c", "vitals", "labs")] == [True] * 3
    assert (report(found, "hba1c").count, report(found, "labs").count, report(found, "vitals").count) == (1, 1, 1)
    assert ehr.requests_made() <= MOST


def test_an_order_that_was_refused_is_not_asked_for_again_of_the_parts(ehr: LongRecord, services: AppServices) -> None:
    """A group of more results than a page gives is searched measure by measure; what the server said of the group holds of each."""
    ehr.size, ehr.refuses = 100, no_order
    ehr.put(*series(150, TODAY), result("tir", "61", TODAY - timedelta(days=43), code=IN_RANGE, unit="%"))
    found = history(services)
    asked = ehr.searches() + ehr.searches("QuestionnaireResponse")
    refused = [one for one in asked if "_sort" in one]
    assert (len(refused), len(asked)) == (6, 14)
    # The requests that are left go into results.
    assert (latest(found, "time-in-range"), panel(found, "time-in-range").read.whole) == ("61.0", True)
    assert (panel(found, "glucose").total, latest(found), panel(found, "glucose").read.whole) == (100, None, False)
    assert ehr.requests_made() <= MOST


def test_a_part_that_is_refused_without_an_order_is_not_asked_the_same_again(ehr: LongRecord, services: AppServices) -> None:
    ehr.size = 100
    ehr.refuses = lambda path, query: no_order(path, query) or (refusal(400, "no") if is_in_range_alone(query) else None)
    ehr.put(*series(150, TODAY))
    history(services)
    assert [is_in_range_alone(one) for one in ehr.searches()].count(True) == 1


def is_in_range_alone(query: dict[str, str]) -> bool:
    return IN_RANGE in query.get("code", "") and METER not in query.get("code", "")


def test_of_results_that_records_file_differently_the_usual_categories_are_a_part(ehr: LongRecord, services: AppServices) -> None:
    ehr.refuses = no_lists
    ehr.put(result("g", "90", TODAY))
    found = history(services)
    assert (report(found, "glucose").state, report(found, "glucose").count) == ("partial", 1)
    assert "takes no list of codes" in str(report(found, "glucose").reason)


def test_a_server_that_refuses_both_ways_is_asked_no_third_time(ehr: LongRecord, services: AppServices) -> None:
    ehr.refuses = lambda path, query: refusal(400, "no") if path == "Observation" else None
    found = history(services)
    assert {report(found, key).state for key in GROUPS} == {"failed"}
    assert len(ehr.searches()) <= 10


# SMART K2
def test_no_search_of_a_dashboard_is_answered_from_an_earlier_one(ehr: LongRecord, services: AppServices) -> None:
    ehr.size = 10
    ehr.put(*series(40, TODAY))
    history(services)
    sent = [
        headers.get("Cache-Control")
        for (path, _), headers in zip(ehr.asked, ehr.headers, strict=True)
        if path in {"Observation", "QuestionnaireResponse"}
    ]
    assert set(sent) == {"no-cache"}
