"""The two cells of every lane: the value on or before the focus day with its own date, and the latest."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.r4.dates import Moment, parse_moment
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.web.views.dashboard.dashboard_page import DashboardView, dashboard_view
from smart_app.web.views.dashboard.focus_line import NO_DAY
from smart_app.web.views.dashboard.lanes.focus_cells import focus_of, measured_then, rated_then
from smart_app.web.views.parts import Lane, Reading
from tests.web.states_history import STATES, repaired, waiting
from tests.web.support_history import CONTEXT, HBA1C, MEASURES, NOW, TODAY, URLS, dyad, history, panel, rating, read, value

MARCH, MAY, JUNE, JULY, NOVEMBER = (date(2026, month, 7) for month in (3, 5, 6, 7, 11))
RANGE = (date(2024, 11, 22), TODAY)


def view_of(shown: History, focus: date | None) -> DashboardView:
    return dashboard_view(shown, context=CONTEXT, urls=URLS, now=NOW, focus=focus)


def text(reading: Reading) -> str:
    return " | ".join(filter(None, [reading.name, reading.value, str(reading.unit), *map(str, reading.notes)]))


def texts(lane: Lane) -> list[str]:
    return [text(one) for one in lane.readings]


def of(when: str) -> Moment:
    found = parse_moment(when)
    assert found
    return found


def hba1c(*days: str, **more: Any) -> Panel:
    values = [value(HBA1C, of(day).day, str(50 + index))._replace(when=of(day)) for index, day in enumerate(days)]
    found = panel(HBA1C, values)
    return replace(found, **more)


def cell_of(found: Panel, day: date) -> str:
    ratings = [rating("patient", one, ("3.00", "3.00", "3.00")) for one in (MARCH, NOVEMBER)]
    shown = view_of(history(panels=[found], dyads=[dyad(ratings)]), day)
    assert shown.hba1c
    return text(shown.hba1c.lane.readings[0])


class TestWhereTheLineStands:
    ratings = dyad([rating("patient", day, ("3.00", "3.00", "3.00")) for day in (MARCH, JULY, NOVEMBER)])

    def test_at_the_latest_visit_the_cells_are_the_latest_and_the_one_before(self) -> None:
        for asked in (None, NOVEMBER):
            found = focus_of(self.ratings, None, within=RANGE, asked=asked)
            assert (found.day, found.then, found.earlier, found.later, found.refused) == (NOVEMBER, None, JULY, None, False)

    def test_any_day_of_the_range_may_be_asked_for(self) -> None:
        found = focus_of(self.ratings, None, within=RANGE, asked=JUNE)
        assert (found.day, found.then, found.earlier, found.later) == (JUNE, JUNE, MARCH, JULY)
        first, last = (focus_of(self.ratings, None, within=RANGE, asked=day) for day in RANGE)
        assert (first.earlier, first.later, last.earlier, last.later) == (None, MARCH, NOVEMBER, None)

    @pytest.mark.parametrize("asked", [date(1999, 1, 1), date(2027, 1, 1), NO_DAY])
    def test_what_lies_in_no_range_leaves_it_at_the_latest_and_says_so(self, asked: date) -> None:
        found = focus_of(self.ratings, None, within=RANGE, asked=asked)
        assert (found.day, found.then, found.refused) == (NOVEMBER, None, True)
        assert "not in the range" in str(view_of(repaired(), asked).axis.said)
        assert view_of(repaired(), None).axis.said is None

    def test_without_ratings_it_steps_through_hba1c_and_without_either_it_is_nowhere(self) -> None:
        found = focus_of(None, hba1c("2026-03-07", "2026-07-07"), within=RANGE, asked=MARCH)
        assert (found.day, found.later, list(found.visits)) == (MARCH, JULY, [])
        nowhere = focus_of(None, None, within=RANGE, asked=MARCH)
        assert (nowhere.day, nowhere.then, nowhere.earlier, nowhere.later) == (None, None, None, None)

    def test_the_heading_says_of_which_day_the_cells_are(self) -> None:
        assert view_of(repaired(), None).axis.cells == "Latest, and the one before"
        assert view_of(repaired(), JULY).axis.cells == "On 07-Jul-2026, and latest"

    def test_the_range_is_changed_with_the_day_kept(self) -> None:
        assert view_of(repaired(), JULY).ranges[0].href == "/l/abc/?years=1&at=2026-07-07"
        assert view_of(repaired(), None).ranges[0].href == "/l/abc/?years=1"


class TestMeasures:
    def test_the_value_is_the_last_before_with_its_own_date_and_never_one_in_between(self) -> None:
        assert cell_of(hba1c("2026-03-01", "2026-06-30", "2026-11-03"), JULY) == (
            "51 | mmol/mol | 6.8 %, converted | on 30-Jun-2026 | latest 52 (6.9 %) on 03-Nov-2026"
        )

    def test_the_latest_itself_is_said_once(self) -> None:
        assert cell_of(hba1c("2026-03-01", "2026-06-30"), JULY) == "51 | mmol/mol | 6.8 %, converted | on 30-Jun-2026, the latest"

    def test_before_the_first_there_is_none_by_that_day(self) -> None:
        assert cell_of(hba1c("2026-11-03"), JULY) == "none by 07-Jul-2026 | latest 50 mmol/mol (6.7 %) on 03-Nov-2026"

    def test_a_value_of_before_the_range_counts(self) -> None:
        old = value(HBA1C, date(2021, 1, 5), "60")
        assert cell_of(hba1c("2026-11-03", older=[old]), JULY).startswith("60 | mmol/mol | 7.6 %, converted | on 05-Jan-2021 | latest 50")

    def test_where_one_may_be_missing_it_is_not_known(self) -> None:
        failed = read("hba1c", "HbA1c", state="partial", reason="timeout")
        found = hba1c("2026-06-30", read=failed, latest=None, previous=None)
        assert cell_of(found, JULY) == "not known | latest not known"
        since = replace(failed, since=date(2026, 6, 30))
        assert cell_of(hba1c("2026-06-30", "2026-11-03", read=since), JULY).startswith("50 | mmol/mol")
        assert cell_of(hba1c("2026-06-30", "2026-11-03", read=since), MAY).startswith("not known | latest 51")

    def test_a_month_counts_when_it_is_over_and_is_named_before(self) -> None:
        assert cell_of(hba1c("2026-05-20", "2026-07", "2026-11-03"), JULY) == (
            "50 | mmol/mol | 6.7 %, converted | on 20-May-2026 | 51 (6.8 %) some time in Jul-2026; their order is not known | "
            "latest 52 (6.9 %) on 03-Nov-2026"
        )
        assert cell_of(hba1c("2026-07", "2026-11-03"), JULY) == (
            "not known | 50 mmol/mol (6.7 %) some time in Jul-2026; before or after is not known | "
            "latest 51 mmol/mol (6.8 %) on 03-Nov-2026"
        )

    def test_a_preliminary_value_counts_only_where_nothing_else_was(self) -> None:
        early, late = (value(HBA1C, day, text) for day, text in ((MARCH, "50"), (JUNE, "70")))
        found = panel(HBA1C, [early, late._replace(standing="preliminary")])
        assert [measured_then(found, day).value for day in (JULY, MARCH)] == [early, early]
        alone = panel(HBA1C, [late._replace(standing="preliminary")])
        assert cell_of(alone, JULY).startswith("70 | mmol/mol | 8.6 %, converted | preliminary | on 07-Jun-2026")

    def test_a_measures_lane_has_both_cells(self) -> None:
        weight = next(one for one in MEASURES if one.key != HBA1C.key)
        values = [value(weight, day, number) for day, number in ((MARCH, "70"), (NOVEMBER, "72"))]
        shown = history(panels=[panel(weight, values)], dyads=[TestWhereTheLineStands.ratings])
        found = view_of(shown, JULY).measures
        assert found
        (lane,) = found.lanes
        assert texts(lane) == [f"70 | {weight.label} | on 07-Mar-2026 | latest 72 on 07-Nov-2026"]

    def test_a_measure_without_any_value_keeps_its_cell_empty(self) -> None:
        shown = history(panels=[panel(HBA1C, [])], dyads=[TestWhereTheLineStands.ratings])
        found = view_of(shown, JULY).hba1c
        assert found
        assert found.lane.readings == ()


def total(shown: Dyad, day: date | None) -> list[str]:
    found = view_of(history(dyads=[shown]), day).alliance
    assert found
    return texts(found.total)


class TestAlliance:
    ratings = (
        rating("patient", MARCH, ("4.00", "4.00", "4.00")),
        rating("clinician", MARCH, ("4.00", "4.00", "4.33")),
        rating("patient", JULY, ("4.00", "3.00", "3.67")),
        rating("clinician", JULY, ("4.00", "4.33", "4.00")),
        rating("patient", NOVEMBER, ("3.67", "2.00", "3.33")),
    )

    def test_each_rater_has_the_score_of_that_day_and_the_latest_and_the_difference_is_that_days(self) -> None:
        assert total(dyad(self.ratings), JULY) == [
            "Patient | 3.56 | on 07-Jul-2026 | latest 3.00 on 07-Nov-2026",
            "Clinician | 4.11 | on 07-Jul-2026, the latest",
            "Difference 0.55 | same visit",
        ]

    def test_between_two_visits_it_is_the_one_before_with_its_date(self) -> None:
        assert total(dyad(self.ratings), JUNE)[0] == "Patient | 4.00 | on 07-Mar-2026 | latest 3.00 on 07-Nov-2026"

    def test_before_the_first_rating_there_is_none(self) -> None:
        assert total(dyad(self.ratings), date(2025, 1, 1))[0] == "Patient | none by 01-Jan-2025 | latest 3.00 on 07-Nov-2026"

    def test_where_ratings_may_be_missing_it_is_not_known(self) -> None:
        part = replace(dyad(self.ratings), whole=False)
        assert total(part, JULY)[0].startswith("Patient | not known | latest 3.00")
        assert total(replace(part, since=JULY), JULY)[0].startswith("Patient | 3.56")
        assert total(replace(part, since=JULY), JUNE)[0].startswith("Patient | not known")

    def test_elements_have_both_cells_in_one_line(self) -> None:
        found = view_of(history(dyads=[dyad(self.ratings)]), JULY).alliance
        assert found
        assert [texts(lane) for lane in found.elements] == [
            ["4.00 | latest 3.67", "4.00 | the latest"],
            ["3.00 | latest 2.00", "4.33 | the latest"],
            ["3.67 | latest 3.33", "4.00 | the latest"],
        ]
        between = view_of(history(dyads=[dyad(self.ratings)]), JUNE).alliance
        assert between
        assert texts(between.elements[0]) == ["4.00 | on 07-Mar-2026, latest 3.67", "4.00 | on 07-Mar-2026, latest 4.00"]
        latest = view_of(history(dyads=[dyad(self.ratings)]), None).alliance
        assert latest
        assert texts(latest.elements[0]) == ["3.67 | was 4.00", "4.00 | was 4.00"]

    def test_that_the_form_has_changed_in_between_is_said(self) -> None:
        last = replace(self.ratings[-1], version="0.2.0")
        shown = replace(dyad([*self.ratings[:-1], last]), version_breaks=frozenset({last.source}))
        assert "the form has changed in between" in total(shown, JULY)[0]
        assert "the form has changed" not in total(dyad(self.ratings), JULY)[0]

    def test_a_rating_kept_back_changes_no_cell(self) -> None:
        shown = waiting()
        day = shown.hidden[0].day
        held = view_of(shown, day)
        without = view_of(replace(shown, hidden=[]), day)
        assert held.alliance
        assert without.alliance
        assert held.alliance.total.readings == without.alliance.total.readings

    def test_a_rating_of_before_the_range_counts(self) -> None:
        old = rating("patient", date(2020, 5, 5), ("2.00", "2.00", "2.00"))
        shown = replace(dyad(self.ratings), before_range=[old])
        assert rated_then(shown, "patient", date(2025, 1, 1)).value is old


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("day", [MARCH, JULY, date(2025, 1, 1), TODAY])
def test_every_state_of_a_history_has_a_page_at_any_day(state: str, day: date) -> None:
    shown = STATES[state]()
    view = view_of(shown, day)
    lanes = [
        *([view.hba1c.lane] if view.hba1c else []),
        *(view.measures.lanes if view.measures else ()),
        *([view.alliance.total] if view.alliance else []),
    ]
    assert all(str(reading.value) != "–" for lane in lanes for reading in lane.readings)
