"""Lanes of visits, education and medicines: what is drawn, what is said of it, and what is never said."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.events.education_codes import load_education_codes
from fhir_mappings.events.education_reader import read_education
from fhir_mappings.events.event_rules import EventContext
from fhir_mappings.events.medicine_reader import read_medicines
from fhir_mappings.events.visit_reader import read_visits
from fhir_mappings.sentence import Sentence
from smart_app.care.dashboard.history import EventLane, History
from smart_app.web.views.dashboard.dashboard_page import DashboardView, dashboard_view
from smart_app.web.views.parts import Lane
from tests.fhir_mappings.events.records_of_events import COMPLETED, booking, encounter, medicine, procedure, referral
from tests.fhir_mappings.records import WHO
from tests.web.states_history import repaired
from tests.web.support_history import CONTEXT, NOW, TODAY, URLS, history, lane_of

HERE = EventContext(patient=WHO)


def visits(*encounters: Any, **report: Any) -> EventLane:
    return lane_of("visit", read_visits(encounters, HERE), **report)


def education(*resources: Any, **report: Any) -> EventLane:
    kinds = [[one for one in resources if one["resourceType"] == kind] for kind in ("ServiceRequest", "Appointment", "Procedure")]
    return lane_of("education", read_education(*kinds, codes=load_education_codes(), context=HERE), **report)


def medicines(*requests: Any, **report: Any) -> EventLane:
    return lane_of("medicine", read_medicines(requests, HERE), **report)


def shown(*lanes: EventLane, on: History | None = None) -> DashboardView:
    whole = on or history()
    found = replace(whole, events=lanes, reads=[*whole.reads, *(one for lane in lanes for one in lane.reads)])
    return dashboard_view(found, context=CONTEXT, urls=URLS, now=NOW)


def only(lane: EventLane) -> Lane:
    panel = shown(lane).events
    assert panel is not None
    [found] = panel.lanes
    return found


def labels(lane: Lane) -> list[str]:
    assert lane.plot
    return [str(label.text) for label in lane.plot.labels]


def symbols(lane: Lane) -> list[str]:
    assert lane.plot
    return [symbol.shape for group in lane.plot.symbols for symbol in group.symbols]


def rows(lane: Lane) -> Sequence[tuple[str, ...]]:
    assert lane.table
    return lane.table.rows


def with_sofia(**more: Any) -> dict[str, Any]:
    return encounter(participant=[{"individual": {"reference": "Practitioner/sofia", "display": "Sofia Lindqvist"}}], **more)


class TestWhereNothingIsAskedFor:
    def test_there_is_no_panel(self) -> None:
        assert dashboard_view(repaired(), context=CONTEXT, urls=URLS, now=NOW).events is None

    def test_one_kind_alone_gives_the_panel_its_name(self) -> None:
        panels = [shown(visits(encounter())).events, shown(visits(encounter()), medicines(medicine())).events]
        assert [str(one.title) for one in panels if one] == ["Visits", "Visits, education and medicines"]


class TestVisits:
    def test_filled_with_you_and_open_others(self) -> None:
        lane = only(visits(encounter(), with_sofia(id="e2", period={"start": "2026-09-01"}), encounter(id="e3", participant=None)))
        assert lane.plot
        assert [stroke.style for stroke in lane.plot.dots] == ["measure dots"]
        assert symbols(lane) == ["converted"]
        assert [row[3] for row in rows(lane)] == ["with you", "with whom is not said", "with Dr Tomas Weiss"]
        assert (lane.readings[0].unit, lane.readings[0].notes) == ("01-Sep-2026", ("with you", "before: 14-Mar-2026"))

    def test_the_status_is_the_records(self) -> None:
        [row] = rows(only(visits(encounter(status="in-progress", period={"start": "2026-03", "end": "2026-04-02"}))))
        said = "with Dr Tomas Weiss; until 02-Apr-2026; month only, drawn at its start"
        assert row == ("Mar-2026", "Diabetes review", "in-progress", said, "Encounter/e1")

    def test_a_visit_before_the_axis_is_told(self) -> None:
        lane = only(visits(encounter(period={"start": "2012-05-01"})))
        assert lane.plot is None
        assert lane.words
        assert [str(line) for line in lane.words.lines] == ["01-May-2012: Diabetes review"]

    def test_the_table_has_those_of_the_range_and_says_of_how_many(self) -> None:
        days = [TODAY - timedelta(days=place) for place in range(1500)]
        lane = only(visits(*(encounter(id=f"e{n}", period={"start": day.isoformat()}) for n, day in enumerate(days))))
        assert lane.table
        shown = len(rows(lane))
        assert 700 < shown < 740
        assert str(lane.table.summary) == f"Table of {shown} of 1500 events"

    def test_a_visit_that_goes_on_has_no_end_and_one_by_video_is_a_visit(self) -> None:
        video = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}
        going_on = encounter(status="in-progress", period={"start": TODAY.isoformat()}, type=None, **{"class": video})
        [row] = rows(only(visits(going_on)))
        assert row == (f"{TODAY:%d-%b-%Y}", "visit", "in-progress", "with Dr Tomas Weiss", "Encounter/e1")

    def test_none_is_said_of_a_whole_read_only(self) -> None:
        whole, failed = only(visits()), only(visits(state="failed", reason="timeout"))
        assert whole.words
        assert failed.notice is not None
        assert "There may be some." in str(failed.notice.text)
        assert (str(whole.words.lead), whole.notice) == ("None found", None)
        assert failed.words is None
        assert failed.notice


class TestEducation:
    def test_words_stand_above_marks_and_the_table_has_the_records_status(self) -> None:
        lane = only(
            education(
                referral(authoredOn="2025-01-10"),
                booking(status="noshow", start="2025-08-20"),
                procedure(COMPLETED, performedDateTime="2026-06-10"),
            )
        )
        assert labels(lane) == ["referred", "no-show recorded", "completed"]
        assert [row[2] for row in rows(lane)] == ["completed", "noshow", "active"]
        assert symbols(lane) == ["more", "cross"]
        assert lane.alt == "Diabetes education: 10-Jan-2025: referred; 20-Aug-2025: no-show recorded; 10-Jun-2026: completed"

    def test_steps_of_one_kind_after_each_other_have_their_words_once(self) -> None:
        lane = only(education(*(procedure(id=f"p{n}", performedDateTime=f"2026-0{n}-03") for n in range(1, 7))))
        assert labels(lane) == ["attended, 6 times"]
        assert lane.listed == ()
        assert lane.readings[0].unit == "attended"

    def test_a_clash_drops_the_later_word_to_the_list_below(self) -> None:
        lane = only(education(referral(authoredOn="2026-04-02"), booking(start="2026-04-09T10:00:00Z")))
        assert labels(lane) == ["referred"]
        assert [str(line) for line in lane.listed] == ["09-Apr-2026: booked"]
        assert [str(line) for line in lane.below] == ["02-Apr-2026: referred · 09-Apr-2026: booked"]

    def test_sessions_in_a_row_have_words_once_and_the_booking_of_one_has_none(self) -> None:
        days = ("2026-06-10", "2026-06-17", "2026-06-24")
        lane = only(
            education(
                referral(authoredOn="2025-02-02"),
                *(procedure(id=f"p{day}", performedDateTime=day) for day in days),
                booking(status="fulfilled", start="2026-06-10T14:00:00Z"),
                booking(id="a2", status="fulfilled", start="2025-06-10T14:00:00Z"),
            )
        )
        assert labels(lane) == ["referred", "came", "attended, 3 times"]
        assert len(rows(lane)) == 6

    def test_what_was_declined_is_said_in_words_of_its_own(self) -> None:
        lane = only(education(referral(code={"coding": [{"system": "http://snomed.info/sct", "code": "306591000000103"}]})))
        assert labels(lane) == ["recorded as declined"]

    def test_what_is_booked_ahead_is_named_and_not_drawn_at_the_edge(self) -> None:
        lane = only(education(referral(), booking(start="2027-02-01T10:00:00Z")))
        assert labels(lane) == ["referred"]
        assert [str(line) for line in lane.listed] == ["01-Feb-2027: booked"]
        assert lane.readings[0].unit == "referred"

    def test_without_any_the_codes_asked_for_are_told(self) -> None:
        lane = only(education())
        assert lane.words
        assert len(lane.words.asked) == 5


class TestMedicines:
    def test_the_first_in_this_record_is_never_called_a_start(self) -> None:
        view = shown(medicines(medicine(), medicine(id="m2", authoredOn="2026-09-01")))
        assert view.events
        [lane] = view.events.lanes
        assert [str(line) for line in lane.about] == ["first in this record", "no stops are read"]
        assert lane.readings[0].notes == ("first in this record, 04-May-2026",)
        assert "start" not in " ".join([lane.title, *map(str, lane.about), *labels(lane), *(cell for row in rows(lane) for cell in row)])

    def test_of_a_part_read_it_is_the_earliest_read_and_the_latest_is_not_known(self) -> None:
        lane = only(medicines(medicine(), state="partial", reason="Only the first page was read."))
        assert str(lane.about[0]) == "earliest of what was read"
        assert lane.readings[0].unit == "latest not known"
        assert lane.notice

    def test_what_else_the_record_says_stands_in_the_table(self) -> None:
        lane = only(
            medicines(
                medicine(priorPrescription={"reference": "MedicationRequest/m0"}),
                medicine(id="m2", authoredOn=None),
                medicine("Metformin", "6809", id="m3", reportedBoolean=True, status="stopped"),
                medicine("Metformin", "6809", id="m4", authoredOn="2026-08-01"),
            )
        )
        assert [(row[1], row[2], row[3]) for row in rows(lane)] == [
            ("Metformin", "first stopped, latest active", "2 requests, the latest of 01-Aug-2026; as somebody reported it"),
            (
                "Empagliflozin 10 mg",
                "active",
                "another request of it has no date, so this need not be the first; says that it replaces an earlier one",
            ),
        ]

    def test_sixty_of_them_are_marks_a_short_list_and_a_table(self) -> None:
        days = [TODAY - timedelta(days=11 * n) for n in range(60)]
        lane = only(medicines(*(medicine(f"Medicine {n}", str(n), id=f"m{n}", authoredOn=day.isoformat()) for n, day in enumerate(days))))
        assert len(rows(lane)) == 60
        [listed] = lane.listed
        assert str(listed).count(" · ") == 6
        assert str(listed).endswith("more in the table")
        assert lane.alt == "Medicines: 60 marks, in the table by date"

    def test_a_name_in_another_script_is_cut_by_its_width_and_whole_in_the_table(self) -> None:
        name = "インスリン グラルギン（遺伝子組換え）注射液 Insulin glargine solution for injection, pre-filled pen, 300 units per mL, 3 mL"
        assert len(name) > 90
        lane = only(medicines(medicine(name, authoredOn="2025-12-01")))
        assert labels(lane) == ["インスリン グラルギン（遺伝子…"]
        assert rows(lane)[0][1] == name
        assert str(lane.below[0]) == f"01-Dec-2025: {name[:60]}…"

    def test_a_name_from_right_to_left_turns_nothing_round_beside_it(self) -> None:
        lane = only(medicines(medicine("إنسولين جلارجين", authoredOn="2025-12-01"), medicine("Metformin", "6809", id="m2")))
        assert [str(line) for line in lane.below] == ["01-Dec-2025: \u2068إنسولين جلارجين\u2069 · 04-May-2026: Metformin"]
        assert labels(lane) == ["\u2068إنسولين جلارجين\u2069", "Metformin"]

    def test_a_name_gives_up_its_strength_before_its_place(self) -> None:
        lane = only(
            medicines(
                medicine("Empagliflozin 10 mg", "1", authoredOn="2025-12-08"),
                medicine("Insulin glargine 100 units/mL", "2", id="m2", authoredOn="2026-08-02"),
            )
        )
        assert labels(lane) == ["Empagliflozin 10 mg", "Insulin glargine…"]
        assert [str(line) for line in lane.below] == ["08-Dec-2025: Empagliflozin 10 mg · 02-Aug-2026: Insulin glargine 100 units/mL"]

    def test_what_nobody_named_says_so(self) -> None:
        lane = only(medicines(medicine(medicationCodeableConcept=None), medicine("Metformin", "6809", id="m2", authoredOn="2025-05-04")))
        assert [row[1] for row in rows(lane)] == ["a medicine without a name", "Metformin"]

    def test_of_a_read_that_is_not_whole_the_earliest_is_not_the_first(self) -> None:
        lane = only(medicines(medicine(), state="partial", reason="Page 2 did not come"))
        assert [str(line) for line in lane.about] == ["earliest of what was read", "no stops are read"]
        assert str(lane.readings[0].unit) == "latest not known"
        assert lane.notice
        assert str(lane.notice.title) == "The list of medicines is incomplete."

    def test_a_long_name_is_cut_in_the_plot_and_whole_in_the_table(self) -> None:
        name = "Insulin degludec and liraglutide solution for injection"
        lane = only(medicines(medicine(name)))
        assert labels(lane) == ["Insulin degludec and liragl…"]
        assert rows(lane)[0][1] == name


class TestTheRestOfThePage:
    def test_a_read_of_events_that_failed_takes_nothing_from_what_changed(self) -> None:
        before = dashboard_view(repaired(), context=CONTEXT, urls=URLS, now=NOW).summary
        assert shown(visits(state="failed", reason="timeout"), on=repaired()).summary == before

    @pytest.mark.parametrize(("state", "said"), [("failed", True), ("unsupported", False)])
    def test_the_top_says_what_failed_and_not_what_a_server_never_offers(self, state: Any, said: bool) -> None:
        assert (shown(visits(state=state, reason="no"), on=repaired()).incomplete is not None) is said

    def test_events_that_are_not_shown_are_no_values(self) -> None:
        skipped = read_visits([encounter(period=None)], HERE).skipped
        view = dashboard_view(replace(history(), skipped=list(skipped)), context=CONTEXT, urls=URLS, now=NOW)
        assert view.not_shown.count == "1 event"
        assert view.not_shown.rows == (
            ("Not recorded", "Visit, “Diabetes review”", "No date is recorded that could be read.", "Encounter/e1"),
        )

    def test_the_axis_is_that_of_ratings_and_results(self) -> None:
        before = dashboard_view(repaired(), context=CONTEXT, urls=URLS, now=NOW).axis
        assert shown(visits(encounter(period={"start": "1990-01-01"})), on=repaired()).axis == before


def test_every_text_of_a_lane_is_a_sentence_or_the_records() -> None:
    lane = only(education(referral()))
    assert isinstance(lane.title, Sentence)
    assert all(isinstance(line, Sentence) for line in (*lane.about, lane.alt, *lane.below, *lane.listed))
    assert date(2026, 4, 2) <= TODAY


class TestADayOfBefore:
    """What stands in a lane's cells with the focus line on a day: the last on or before it, and the latest."""

    DAY = date(2026, 7, 7)

    def cell(self, lane: EventLane) -> tuple[str, list[str]]:
        rated = repaired()
        found = replace(rated, events=[lane], reads=[*rated.reads, *lane.reads])
        events = dashboard_view(found, context=CONTEXT, urls=URLS, now=NOW, focus=self.DAY).events
        assert events
        [reading] = events.lanes[0].readings
        return str(reading.unit), [str(note) for note in reading.notes]

    def test_of_visits_it_is_with_whom(self) -> None:
        before = encounter(period={"start": "2026-06-30"})
        assert self.cell(visits(before, with_sofia(id="e2", period={"start": "2026-09-01"}))) == (
            "with Dr Tomas Weiss",
            ["on 30-Jun-2026", "latest with you on 01-Sep-2026"],
        )
        assert self.cell(visits(before)) == ("with Dr Tomas Weiss", ["on 30-Jun-2026, the latest"])

    def test_of_a_course_it_is_the_step(self) -> None:
        steps = education(referral(authoredOn="2026-01-10"), procedure(COMPLETED, performedDateTime="2026-08-10"))
        assert self.cell(steps) == ("referred", ["on 10-Jan-2026", "latest completed on 10-Aug-2026"])

    def test_a_booking_that_lies_ahead_is_not_the_latest(self) -> None:
        steps = education(referral(authoredOn="2026-01-10"), booking(start="2027-02-01T10:00:00Z"))
        assert self.cell(steps) == ("referred", ["on 10-Jan-2026, the latest"])

    def test_of_medicines_none_and_not_known_are_told_apart(self) -> None:
        later = medicine(authoredOn="2026-09-01")
        assert self.cell(medicines(later)) == ("none by 07-Jul-2026", ["latest Empagliflozin 10 mg on 01-Sep-2026"])
        assert self.cell(medicines(later, state="partial", reason="Only the first page was read.")) == ("not known", ["latest not known"])

    def test_two_of_one_day_stand_side_by_side(self) -> None:
        both = medicines(medicine(authoredOn="2026-05-04"), medicine("Metformin", "6809", id="m2", authoredOn="2026-05-04"))
        unit, notes = self.cell(both)
        assert unit in {"Metformin", "Empagliflozin 10 mg"}
        assert notes[0] == "on 04-May-2026"
        assert notes[1].endswith("on 04-May-2026; their order is not known")
