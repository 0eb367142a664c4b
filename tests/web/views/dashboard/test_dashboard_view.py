"""What the dashboard says about a history: every text is made in the view model."""

import re
from datetime import date, timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import codes_of, load_measures
from fhir_mappings.measures.measurement import Measurement, Remark, RemarkCode
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped, UntiedResource, untied
from smart_app.care.dashboard.history import HiddenRating, History
from smart_app.web.charts import plot
from smart_app.web.views.dashboard.dashboard_page import DashboardView, dashboard_view
from smart_app.web.views.dashboard.lanes.measure_rows import MeasuresPanel
from smart_app.web.views.parts import Lane, Words
from tests.web.states_history import STATES, oddities, partial, repaired, waiting
from tests.web.support_history import (
    CONTEXT,
    FACTS,
    HBA1C,
    MEASURES,
    NOW,
    TODAY,
    TOMAS,
    URLS,
    dyad,
    history,
    in_percent,
    moment,
    panel,
    rating,
    read,
    spread,
    value,
)

DAY = date(2026, 3, 10)


def view_of(shown: History, *, focus: date | None = None) -> DashboardView:
    return dashboard_view(shown, context=CONTEXT, urls=URLS, now=NOW, focus=focus)


def sentences(shown: History) -> list[str]:
    return ["".join(pieces) for pieces in (line.text for line in view_of(shown).summary.lines)]


def hba1c_lane(shown: History) -> Lane:
    found = view_of(shown).hba1c
    assert found
    return found.lane


def measures_of(shown: History) -> MeasuresPanel:
    found = view_of(shown).measures
    assert found
    return found


def lane_titled(title: str, shown: History) -> Lane:
    return next(lane for lane in measures_of(shown).lanes if lane.title == title)


def test_the_summary_states_from_to_and_when_and_which_element_moved_most() -> None:
    assert sentences(repaired()) == [
        (
            "Ingrid Halvorsen’s rating of the alliance with you went from 3.00 on 10-Mar-2026 to 4.17 on 10-Nov-2026; "
            "the steps (task) moved most, 2.25 to 4.00."
        ),
        "The patient’s rating fell from 4.17 to 3.00 by 10-Mar-2026 and has risen since to 4.17.",
        "HbA1c fell from 83 mmol/mol (9.7 %) to 62 mmol/mol (7.8 %) between 03-Mar-2026 and 03-Nov-2026.",
    ]


def test_the_summary_has_at_most_three_sentences_and_a_row_of_evidence_for_each() -> None:
    shown = repaired()
    found = view_of(replace(shown, changes=[*shown.changes, *shown.changes])).summary
    assert len(found.lines) == 3
    evidence = [(row[0], row[-1].count(",") + 1) for row in found.rows]
    assert evidence == [("Total, patient", 2), ("Task, patient", 2), ("Total, clinician", 2), ("Total, patient", 2), ("HbA1c", 2)]
    assert "Observation/hba1c-261103" in found.rows[-1][-1]


def test_a_first_value_is_not_called_a_change() -> None:
    only = value(HBA1C, DAY, "62")
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=None, later=only, scale=None)
    assert sentences(history(panels=[panel(HBA1C, [only])], changes=[change])) == ["The first HbA1c is 62 mmol/mol (7.8 %) (10-Mar-2026)."]


def test_a_bound_is_never_said_to_rise_or_fall() -> None:
    values = [value(HBA1C, DAY, "120")._replace(comparator=">"), value(HBA1C, DAY + timedelta(days=90), "62")]
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=values[0], later=values[1], scale=None)
    (said,) = sentences(history(panels=[panel(HBA1C, values)], changes=[change]))
    assert said.startswith("HbA1c was > 120 mmol/mol")
    assert "rose" not in said
    assert "fell" not in said


def test_an_unscored_earlier_rating_is_said_to_be_unscored() -> None:
    ratings = [rating("patient", DAY, ("3.00", None, "4.00")), rating("patient", TODAY, ("4.00", "4.00", "4.00"))]
    change = Change(kind="alliance", title="Total", informant="patient", earlier=ratings[0], later=ratings[1], scale="total")
    assert "was not scored on 10-Mar-2026 and is 4.00" in sentences(history(dyads=[dyad(ratings)], changes=[change]))[0]


def test_without_anything_the_summary_says_that_every_search_finished() -> None:
    assert sentences(STATES["new"]())[0].endswith("and every search finished.")


def test_without_anything_but_a_failed_read_the_summary_does_not_claim_none() -> None:
    failed = panel(HBA1C, [], report=read("hba1c", "HbA1c", state="failed", reason="timeout"))
    assert sentences(history(panels=[failed]))[0].endswith("not everything could be read, so there may be some.")


def test_latest_hba1c_is_given_as_reported_first_and_the_other_unit_marked_converted() -> None:
    (reading,) = hba1c_lane(repaired()).readings
    assert (reading.value, reading.unit) == ("62", "mmol/mol")
    assert reading.notes == ("7.8 %, converted", "was 69 (8.5 %) on 18-Aug-2026", "19 days ago · final")


def test_hba1c_reported_in_percent_keeps_its_digits_and_marks_mmol_as_converted() -> None:
    lane = hba1c_lane(history(panels=[panel(HBA1C, [value(HBA1C, DAY, "61"), in_percent(date(2026, 6, 1), "7.10")])]))
    assert (lane.readings[0].value, lane.readings[0].unit, lane.readings[0].notes[0]) == ("7.10", "%", "54 mmol/mol, converted")
    assert lane.plot
    assert [mark.shape for group in lane.plot.symbols for mark in group.symbols] == ["converted"]
    assert "7.10 %, converted" in [label.text for label in lane.plot.labels]


def test_both_hba1c_scales_stand_beside_the_plot_at_paired_heights() -> None:
    plot = hba1c_lane(repaired()).plot
    assert plot
    assert [tick.text for tick in plot.left] == ["48", "58", "75", "86"]
    assert [tick.text for tick in plot.right] == ["6.5", "7.5", "9.0", "10.0"]
    assert [tick.at for tick in plot.left] == [tick.at for tick in plot.right]


def test_latest_and_farthest_hba1c_stand_beside_the_line() -> None:
    plot = hba1c_lane(repaired()).plot
    assert plot
    assert [label.text for label in plot.labels] == ["62 (7.8 %)", "83 (9.7 %)", "corrected", "7.5 %, converted"]


def test_first_lowest_and_latest_total_of_the_patient_stand_beside_the_line() -> None:
    shown = view_of(repaired()).alliance
    assert shown
    assert shown.total.plot
    assert {"4.17", "3.00"} <= {label.text for label in shown.total.plot.labels if "value" in label.style}


def words_below(lane: Lane) -> list[str]:
    """What stands below its plot of what cannot be drawn."""
    return [one.words for one in lane.not_drawn]


def test_a_suspect_value_is_a_number_beneath_the_plot_in_its_own_words_and_no_line_passes_it() -> None:
    lane = hba1c_lane(partial())
    plot = lane.plot
    assert plot
    assert "recorded as “61 %”, not drawn" in [label.text for label in plot.labels]
    [said] = words_below(lane)
    assert "recorded as “61 %”, not drawn. " in said
    assert lane.alt.endswith(said)
    assert plot.lines[0].d.count("L") == 5
    assert "cross" not in {mark.shape for group in plot.symbols for mark in group.symbols}
    without = hba1c_lane(repaired()).plot
    assert without
    assert plot.height == without.height


def test_several_are_numbered_in_order_of_time_in_plot_and_words() -> None:
    days = [DAY + timedelta(days=90 * index) for index in range(3)]
    skips = [
        Skipped(source=f"Observation/{index}", measure="hba1c", what=HBA1C.title, when=moment(day), shown=f"7.{index}",
                reason=Sentence("No unit is recorded."), code="unit_missing")
        for index, day in reversed(list(enumerate(days)))
    ]  # fmt: skip
    lane = hba1c_lane(history(panels=[panel(HBA1C, [value(HBA1C, DAY, "61")], skipped=skips)]))
    assert words_below(lane) == [f"{day:%d-%b-%Y}: recorded as “7.{index}”, no unit: not drawn." for index, day in enumerate(days)]
    assert lane.plot
    assert [label.text for label in lane.plot.labels if "number" in label.style] == ["1", "2", "3"]


def test_an_entered_in_error_value_is_listed_but_leaves_no_number() -> None:
    shown = repaired()
    weight = lane_titled("Weight", shown)
    assert weight.plot
    assert not weight.plot.symbols
    assert any("184.6 kg" in row[1] for row in view_of(shown).not_shown.rows)


def test_an_older_latest_value_is_stated_when_the_range_holds_none() -> None:
    measures = measures_of(oddities())
    assert "LDL cholesterol" not in [lane.title for lane in measures.lanes]
    line = "LDL cholesterol: 1 older value, the last 3.10 mmol/L on 02-May-2019."
    assert measures.older == Words(lead="None in this range", lines=(line,))


def test_a_failed_read_is_a_notice_in_the_panel_with_a_way_to_try_again() -> None:
    measures = measures_of(partial())
    assert "Glucose" not in [lane.title for lane in measures.lanes]
    [notice] = measures.notices
    assert notice.title == "Glucose did not load."
    assert notice.text == "The server answered 503 twice. There may be results. Tried at 14:02."
    assert notice.action
    assert notice.action.href == "/l/abc/?years=2"
    assert "Glucose" not in repr((measures.empty, measures.older, measures.unusable))


def test_a_read_without_permission_offers_no_retry() -> None:
    notice = next(one for one in measures_of(oddities()).notices if one.title.startswith("Weight"))
    assert notice.action is None


def test_the_page_top_counts_failed_reads_and_unusable_hba1c() -> None:
    notice = view_of(partial()).incomplete
    assert notice
    assert notice.text.startswith("1 of 6 reads did not complete (Glucose). 1 HbA1c value could not be used")


def test_other_patients_resources_are_counted_and_never_listed() -> None:
    shown = history(panels=[panel(HBA1C, [], report=read("hba1c", "HbA1c", foreign=3))])
    foreign = Skipped(
        source="Observation/x",
        measure="hba1c",
        what=Sentence("HbA1c of Jo"),
        when=None,
        shown="5",
        reason=Sentence("r"),
        code="foreign_patient",
    )
    view = view_of(replace(shown, skipped=[foreign]))
    assert view.not_shown.foreign.startswith("3 resources the server returned belong to other patients")
    assert view.not_shown.rows == ()
    assert "Jo" not in repr(view)


def with_untied(*subjects: str) -> History:
    """An HbA1c search that returned nothing but results with these subjects, as did the one for other laboratory results."""
    left = tuple(
        UntiedResource(source=f"Observation/u{place}", subject=Sentence(subject), remedy=Sentence("IT: the address behind the proxy."))
        for place, subject in enumerate(subjects)
    )
    reports = [replace(read(key, title), untied=left) for key, title in (("hba1c", "HbA1c"), ("labs", "Laboratory"))]
    panels = [panel(HBA1C, [], report=reports[0]), panel(MEASURES[4], [], report=reports[1])]
    return replace(history(panels=panels, skipped=[untied(one) for one in left]), reads=reports)


def test_results_tied_to_nobody_are_counted_once_and_listed_with_what_it_can_do() -> None:
    view = view_of(with_untied("given by identifier only", "under another address (http://inner.example/fhir)"))
    assert view.incomplete
    assert view.incomplete.title == "This page may be incomplete."
    assert view.incomplete.text == (
        "2 results could not be tied to this patient: their subject is given by identifier only or under another address "
        "(http://inner.example/fhir). See “Not shown”."
    )
    assert "other patients" not in repr(view)
    assert (view.not_shown.foreign, view.not_shown.count) == ("", "2 values")
    assert [row[-1] for row in view.not_shown.rows] == ["Observation/u0", "Observation/u1"]
    assert all("IT: the address behind the proxy." in row for row in view.not_shown.rows)
    assert "Not recorded" not in repr(view.not_shown)


def test_nothing_is_called_not_found_where_a_result_could_not_be_tied() -> None:
    view = view_of(with_untied("missing"))
    assert view.hba1c
    assert view.measures
    assert (view.hba1c.lane.words, view.measures.empty) == (None, None)
    notices = [view.hba1c.lane.notice, *view.measures.notices]
    assert [one and one.text for one in notices] == ["1 result could not be tied to this patient; see “Not shown”."] * 2
    assert view.hba1c.standing.startswith("not known")
    assert "every search finished" not in repr(view.summary)
    assert "Search complete" not in repr(view.measures)


def cut(latest: bool = True) -> History:
    """HbA1c and weight of which only the newest were read; without `latest`, in no order."""
    since = date(2025, 5, 3) if latest else None
    reports = [
        replace(read(key, title, state="partial", reason=None if latest else "Only the first page was read"), since=since, lasting=latest)
        for key, title in (("hba1c", "HbA1c"), ("vitals", "Blood pressure and weight"))
    ]
    shown = [
        panel(HBA1C, spread(HBA1C, ("60", "61")), report=reports[0]),
        panel(MEASURES[3], spread(MEASURES[3], ("80",)), report=reports[1]),
    ]
    if not latest:
        shown = [replace(one, latest=None, previous=None) for one in shown]
    return replace(history(panels=shown), reads=[read("patient", "Patient"), *reports])


def test_a_list_that_is_complete_from_a_day_on_is_spoken_of_as_many() -> None:
    scores = replace(read("scores", "Alliance scores", state="partial", reason=None), since=date(2025, 5, 3))
    view = view_of(replace(history(), reads=[read("patient", "Patient"), scores]))
    assert view.incomplete
    assert view.incomplete.text.startswith("Alliance scores are complete from 03-May-2025 on. ")
    assert view.no_alliance
    assert view.no_alliance.notice
    assert view.no_alliance.notice.title == "Alliance scores are complete from 03-May-2025 on."


def test_what_is_complete_from_a_day_on_says_so_and_offers_no_second_try() -> None:
    view = view_of(cut())
    assert view.incomplete
    assert view.incomplete.action is None
    assert view.incomplete.text == (
        "HbA1c is complete from 03-May-2025 on and Weight is complete from 03-May-2025 on. "
        "What is older was not read: there are more results than one page asks for."
    )
    [notice] = measures_of(cut()).notices
    assert (notice.title, notice.action) == ("Weight is complete from 03-May-2025 on.", None)
    lane = lane_titled("Weight", cut())
    assert lane.readings[0].value == "80"
    assert "first value" not in repr(lane.readings)
    assert [row[0] for row in view.not_shown.rows] == ["Before 03-May-2025"] * 2
    assert [row[1] for row in view.sources.rows] == ["complete", *["complete from 03-May-2025 on"] * 2]


def test_of_what_came_in_no_order_nothing_is_latest_first_or_before() -> None:
    view = view_of(cut(latest=False))
    lane = lane_titled("Weight", cut(latest=False))
    assert [reading.unit for reading in lane.readings] == ["latest value not known"]
    assert lane.plot is not None
    assert view.hba1c
    assert "last" not in view.hba1c.standing
    assert view.hba1c.standing.startswith("2 results read · ")
    [sentence] = sentences(cut(latest=False))
    assert sentence.startswith("Nothing is compared: not everything could be read, so later or earlier ones may be missing.")
    assert sentence.endswith("0 ratings and 3 diabetes results were read.")


def test_older_values_of_a_part_are_not_called_the_last() -> None:
    values = spread(HBA1C, ("60", "61"))
    report = read("hba1c", "HbA1c", state="partial", reason="Only the first page was read")
    shown = replace(panel(HBA1C, values, report=report, start=TODAY), latest=None, previous=None)
    assert hba1c_lane(history(panels=[shown])).words == Words(
        lead="None in this range", lines=("2 older values; there may be later ones.",)
    )


def test_ratings_of_a_part_have_no_latest_and_no_first() -> None:
    whole = dyad([rating("patient", DAY, ("3.00", "3.00", "3.00"))])
    part = replace(whole, latest={}, previous={}, whole=False)
    shown = view_of(history(dyads=[part])).alliance
    assert shown
    assert "when last rated is not known" in shown.standing
    assert "not rated yet" not in repr(shown)
    assert shown.total.readings == ()
    known = view_of(history(dyads=[replace(whole, whole=False)])).alliance
    assert known
    assert "first rating" not in repr(known.total.readings)
    assert "None found" not in repr(view_of(history(dyads=[replace(part, ratings=[])])).alliance)


def test_none_found_lists_the_codes_asked_for() -> None:
    hba1c, ldl, egfr = (one for one in load_measures() if one.key in {"hba1c", "ldl", "egfr"})
    words = hba1c_lane(history(panels=[panel(hba1c, [])])).words
    assert words
    assert words.lead == f"None found under the {len(hba1c.codes)} codes asked for"
    words = measures_of(history(panels=[panel(ldl, []), panel(egfr, [])])).empty
    assert words
    assert words.lead == "No results in this record for: LDL cholesterol, eGFR."
    assert len(words.asked) == len(ldl.codes) + len(egfr.codes)
    assert f"{ldl.codes[0].display} ({ldl.codes[0].system}, {ldl.codes[0].code})" in words.asked


def test_a_panel_that_holds_a_measure_is_among_the_codes_asked_for() -> None:
    pressure = next(one for one in load_measures() if one.key == "blood-pressure")
    words = measures_of(history(panels=[panel(pressure, [])])).empty
    assert words
    assert len(words.asked) == len(codes_of((pressure,), pressure.group.key))


def test_a_standing_notice_of_the_server_is_shown_once_with_what_was_searched() -> None:
    shown = history()
    noted = replace(shown, reads=[replace(one, notes=("May not contain the entire record.",)) for one in shown.reads])
    view = view_of(noted)
    assert (view.sources.notes, view.incomplete) == (("May not contain the entire record.",), None)


def test_what_a_server_withholds_for_good_offers_no_second_try() -> None:
    withheld = read("hba1c", "HbA1c", state="partial", reason="The server said: “Withheld”.")
    for lasting, offered in ((True, False), (False, True)):
        lane = hba1c_lane(history(panels=[panel(HBA1C, [], report=replace(withheld, lasting=lasting))]))
        assert lane.notice
        assert lane.words is None
        assert lane.notice.text == "The server said: “Withheld”. There may be more. Tried at 14:02."
        assert (lane.notice.action is not None) is offered


def test_a_value_about_somebody_else_is_listed_and_leaves_no_number() -> None:
    about = Skipped(
        source="Observation/donor", measure="hba1c", what=Sentence("HbA1c"), when=moment(DAY), shown=None, code="about_another",
        reason=Sentence("It is about RelatedPerson/r, not about the patient."), remedy=Sentence("The source takes its focus away."),
    )  # fmt: skip
    view = view_of(history(panels=[panel(HBA1C, [], skipped=[about])]))
    assert view.hba1c
    assert view.hba1c.lane.plot is None
    assert view.incomplete is None
    [row] = view.not_shown.rows
    assert (row[1], row[-1]) == ("HbA1c", "Observation/donor")


def test_other_patients_data_is_said_first_where_some_is_tied_to_nobody_too() -> None:
    shown = with_untied("missing")
    view = view_of(replace(shown, reads=[replace(shown.reads[0], foreign=2), *shown.reads[1:]]))
    assert view.incomplete
    assert view.incomplete.title == "The server returned other patients’ data."
    assert "2 resources the server returned belong to other patients" in view.incomplete.text
    assert "1 result could not be tied to this patient" in view.incomplete.text


def test_empty_measures_share_one_sentence_that_says_the_search_is_complete() -> None:
    measures = measures_of(STATES["new"]())
    words = measures.empty
    assert words
    assert words.lead.startswith("No results in this record for: Time in range, Glucose, Blood pressure, ")
    assert words.lines == ("All dates. Searches complete, 14:02.",)
    assert (measures.groups, measures.notices, measures.not_drawn, measures.older) == ((), (), None, None)


def test_alliance_ratings_that_failed_to_load_are_not_called_none() -> None:
    shown = history()
    reads = [read("ratings", "Alliance answers", state="failed", reason="The server did not answer")]
    lane = view_of(replace(shown, reads=reads)).no_alliance
    assert lane
    assert lane.notice
    assert lane.words is None


def test_patient_and_clinician_are_two_named_lines_on_the_instruments_full_range() -> None:
    panel_shown = view_of(repaired()).alliance
    assert panel_shown
    plot = panel_shown.total.plot
    assert plot
    assert [stroke.style for stroke in plot.lines] == ["clinician", "patient"]
    assert {"Patient", "Clinician"} <= {label.text for label in plot.labels}
    assert [tick.text for tick in plot.left] == ["1", "2", "3", "4", "5"]
    assert [(reading.mark, reading.value) for reading in panel_shown.total.readings] == [
        ("patient", "4.17"),
        ("clinician", "3.92"),
        ("", ""),
    ]


def test_an_unscored_rating_breaks_the_line_and_says_how_many_were_answered() -> None:
    shown = view_of(repaired()).alliance
    assert shown
    assert shown.total.plot
    patient = next(stroke for stroke in shown.total.plot.lines if stroke.style == "patient")
    assert patient.d.count("M") == 2
    assert "patient not scored, 8 of 9 answered" in [label.text for label in shown.total.plot.labels]
    assert words_below(shown.elements[1])[0].endswith(": patient not scored, 2 of 3 answered.")


def test_a_score_recorded_as_absent_is_drawn_as_a_gap_with_the_reason_the_record_gives() -> None:
    ratings = [rating("patient", DAY + timedelta(days=60 * index), ("3.00", "3.00", "3.00")) for index in range(3)]
    said = "recorded without a score: Not Performed"
    absent = {
        key: replace(score, value=None, text=None, answered=0, reason=said, absent="not-performed")
        for key, score in ratings[1].scores.items()
    }
    ratings[1] = replace(ratings[1], scores=absent)
    shown = view_of(history(dyads=[dyad(ratings)])).alliance
    assert shown
    assert shown.total.plot
    assert shown.table
    assert shown.total.plot.lines == ()
    assert words_below(shown.total) == ["09-May-2026: patient not scored, recorded without a score: Not Performed."]
    assert shown.table.rows[1][1:5] == ("none: recorded without a score: Not Performed",) * 4


def test_ratings_of_another_version_are_never_joined() -> None:
    ratings = [rating("patient", DAY + timedelta(days=60 * index), ("3.00", "3.00", "3.00")) for index in range(4)]
    ratings[2:] = [replace(each, version="0.2.0") for each in ratings[2:]]
    shown = view_of(history(dyads=[dyad(ratings)])).alliance
    assert shown
    assert shown.total.plot
    assert len(shown.total.plot.lines) == 2


def test_no_alliance_line_over_more_than_thirteen_months() -> None:
    ratings = [rating("patient", day, ("3.00", "3.00", "3.00")) for day in (date(2025, 1, 1), date(2026, 2, 3))]
    shown = view_of(history(dyads=[dyad(ratings)])).alliance
    assert shown
    assert shown.total.plot
    assert shown.total.plot.lines == ()


def test_the_check_in_is_called_not_validated_where_it_is_drawn_and_in_the_sources() -> None:
    view = view_of(repaired())
    assert view.alliance
    assert "Rapport check-in, not validated" in view.alliance.total.about
    assert view.sources.instruments[0].startswith("Rapport check-in, not validated")


def test_the_elements_open_by_themselves_when_one_moved() -> None:
    shown = repaired()
    assert view_of(shown).alliance
    assert [getattr(view_of(each).alliance, "elements_open", None) for each in (shown, replace(shown, changes=shown.changes[:1]))] == [
        True,
        False,
    ]


def test_a_dyad_with_another_clinician_is_a_panel_of_its_own() -> None:
    view = view_of(STATES["two-dyads"]())
    assert view.alliance
    assert view.alliance.title == "Alliance with Sofia Lindqvist (you)"
    assert [each.title for each in view.other_dyads] == ["Alliance with Tomas Weiss"]


def test_ratings_pair_by_visit_newest_first() -> None:
    shown = view_of(repaired()).alliance
    assert shown
    assert shown.table
    assert len(shown.table.rows) == 10
    assert shown.table.head[:6] == ("Visit", "Patient total", "goal", "task", "bond", "Clinician total")
    assert shown.table.rows[0][:6] == ("10-Nov-2026", "4.17", "4.00", "4.00", "4.50", "3.92")
    assert shown.table.rows[2][1:4] == ("8 of 9", "3.50", "2 of 3")


def test_todays_hidden_rating_can_be_seen_by_rating_or_openly_without() -> None:
    view = view_of(waiting())
    assert view.waiting[0].text == "The patient rated today’s visit. Rate this visit to see it, or show without rating (recorded)."
    assert (view.waiting[0].clinician, view.waiting[0].visit) == ("Practitioner/sofia", "Encounter/e1")
    assert view.rate_first


def test_a_hidden_rating_of_another_clinicians_visit_cannot_be_rated_from_here() -> None:
    other = HiddenRating(clinician=TOMAS, mine=False, visit="Encounter/v", day=DAY, encounter="v")
    view = view_of(replace(repaired(), hidden=[other]))
    assert view.waiting[0].text.startswith("The patient rated the visit of 10-Mar-2026 with Tomas Weiss, who has not rated it yet.")
    assert not view.rate_first


def test_values_in_a_table_are_newest_first_with_units_as_reported() -> None:
    table = hba1c_lane(repaired()).table
    assert table
    assert table.summary == "Table of 9 values"
    assert table.rows[0] == ("03-Nov-2026", "62 mmol/mol", "7.8 %", "", "Northfield Laboratory")
    assert table.rows[2][3] == "corrected; comment: “was 97 mmol/mol”"
    assert table.rows[-2][:3] == ("04-Mar-2025", "7.5 %", "58 mmol/mol")


def with_both_units(day: date, mmol: str, percent: str) -> Measurement:
    """One specimen that its laboratory filed in both units."""
    own = value(HBA1C, day, mmol)
    return own._replace(
        other_sources=(f"{own.source}-ngsp",),
        also_reported=Quantity(text=percent, unit="%", label="%"),
        remarks=(Remark("disagrees", "does not agree with 9.9 % (Observation/x) of the same moment"),),
    )


def test_a_result_reported_in_both_units_shows_its_sources_own_numbers_and_names_every_resource() -> None:
    earlier, later = with_both_units(date(2025, 11, 3), "53", "7.0"), with_both_units(DAY, "70", "8.5")
    change = Change(kind="measure", title="HbA1c", informant=None, scale=None, earlier=earlier, later=later)
    shown = history(panels=[panel(HBA1C, [earlier, later])], changes=[change])
    assert sentences(shown) == ["HbA1c rose from 53 mmol/mol (7.0 %) to 70 mmol/mol (8.5 %) between 03-Nov-2025 and 10-Mar-2026."]
    assert view_of(shown).summary.rows[0][-1] == ", ".join((*earlier.sources, *later.sources))
    lane = hba1c_lane(shown)
    assert lane.readings[0].notes[:3] == (
        "8.5 %",
        "does not agree with 9.9 % (Observation/x) of the same moment",
        "was 53 (7.0 %) on 03-Nov-2025",
    )
    assert lane.table
    assert (lane.table.head, lane.table.rows[0]) == (
        ("Date", "As reported", "Remarks", "Source"),
        (
            "10-Mar-2026",
            "70 mmol/mol, 8.5 %",
            "does not agree with 9.9 % (Observation/x) of the same moment",
            f"Northfield Laboratory, {later.source}, {later.source}-ngsp",
        ),
    )
    assert lane.plot
    assert "70 (8.5 %)" in [label.text for label in lane.plot.labels]


def test_a_table_of_a_narrower_range_says_how_many_there_are_in_all() -> None:
    shown = panel(HBA1C, spread(HBA1C, ("60", "61", "62")), start=TODAY - timedelta(days=100))
    table = hba1c_lane(history(panels=[shown])).table
    assert table
    assert table.summary == "Table of 2 of 3 values"


def test_methods_are_named_lines_of_their_own() -> None:
    values = spread(HBA1C, ("60", "61", "62", "63"))
    values[1:3] = [each._replace(method="point of care") for each in values[1:3]]
    plot = hba1c_lane(history(panels=[panel(HBA1C, values)])).plot
    assert plot
    assert {"point of care", "usual method"} <= {label.text for label in plot.labels}
    assert [stroke.style for stroke in plot.dots] == ["measure dots", "measure other dots"]


def test_a_later_value_of_a_unit_apart_is_said_beside_the_latest_and_is_no_change() -> None:
    filtration = next(measure for measure in MEASURES if measure.key == "egfr")
    usual = value(filtration, date(2025, 12, 1), "48")
    apart = value(filtration, date(2026, 5, 1), "82")._replace(reported=Quantity("82", "mL/min", "mL/min"), method="not per 1.73 m²")
    shown = replace(panel(filtration, [usual]), points=[usual, apart], apart=apart, total=2)
    [reading] = lane_titled("eGFR", history(panels=[shown])).readings
    assert (reading.value, reading.unit) == ("48", "mL/min/1.73 m²")
    assert "since then 82 mL/min, not per 1.73 m²" in reading.notes
    assert not any("was" in note for note in reading.notes)


def test_everything_skipped_is_listed_newest_first_with_its_reason_and_source() -> None:
    shown = view_of(repaired()).not_shown
    assert [row[0] for row in shown.rows] == ["29-Jun-2026", "02-Feb-2026", "03-Mar-2025"]
    assert shown.rows[1] == ("02-Feb-2026", "Urine albumin, “24”", "No unit recorded.", "Observation/lab-88213")
    assert shown.count == "3 values"


def test_long_lists_of_what_is_not_shown_are_folded_but_whole() -> None:
    skips = [
        Skipped(
            source=f"Observation/{index}",
            measure=None,
            what=Sentence("Value"),
            when=moment(DAY),
            shown=None,
            reason=Sentence("no unit"),
            code="unit_missing",
        )
        for index in range(20)
    ]
    shown = view_of(replace(history(), skipped=skips)).not_shown
    assert len(shown.rows) + len(shown.more) == 20


def test_the_focus_line_stands_at_the_last_visit_and_steps_by_link() -> None:
    axis = view_of(repaired()).axis
    assert (axis.focus_day, axis.later) == ("10-Nov-2026", None)
    assert axis.earlier == "/l/abc/?years=2&at=2026-08-25#focus"
    moved = view_of(repaired(), focus=date(2026, 8, 25)).axis
    assert (moved.focus_day, moved.later) == ("25-Aug-2026", "/l/abc/?years=2&at=2026-11-10#focus")


@pytest.mark.parametrize(("banner", "shown"), [(True, True), (False, False)])
def test_the_banner_follows_the_ehr_and_the_name_stays_in_any_case(banner: bool, shown: bool) -> None:
    view = dashboard_view(repaired(), context=replace(CONTEXT, need_patient_banner=banner), urls=URLS, now=NOW)
    assert (view.banner is not None) is shown
    assert view.context.patient_name == (None if banner else "HALVORSEN, Ingrid (Ms)")


def test_a_record_that_takes_no_answers_says_why() -> None:
    view = view_of(replace(repaired(), facts=replace(FACTS, can_write=False), why_not_write="the server offers no create"))
    assert view.action_note == "Answers cannot be stored in this record: The server offers no create."


def test_weights_and_bars_keep_reported_pairs() -> None:
    pressure = lane_titled("Blood pressure", repaired())
    assert pressure.readings[0].value == "131/79"
    assert pressure.plot
    assert [stroke.style for stroke in pressure.plot.lines] == ["measure bar"]
    assert MEASURES[2].title == "Blood pressure"


# Dates of which nobody can tell which was first

YEAR = Moment(date(2026, 1, 1), "2026", "year")
CHANGE_WORDS = ("rose", "fell", " was ", "unchanged", "moved most")


def unordered() -> History:
    """9.9 % on a day of March beside 6.5 % some time in that year."""
    given = in_percent(date(2026, 3, 1), "9.9"), in_percent(YEAR.day, "6.5")._replace(when=YEAR)
    lane = replace(panel(HBA1C, list(given)), points=given[::-1], latest=given[0], previous=None, unordered=(given[1],))
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=given[1], later=given[0], scale=None)
    return history(panels=[lane], changes=[change])


def test_of_two_values_in_no_known_order_both_are_said_and_no_direction() -> None:
    assert sentences(unordered()) == [
        "HbA1c: 9.9 % (85 mmol/mol) on 01-Mar-2026; 6.5 % (48 mmol/mol) some time in 2026; their order is not known."
    ]


def test_of_more_values_in_no_known_order_the_rest_is_counted() -> None:
    shown = unordered()
    [lane] = shown.panels
    more = replace(shown, panels=[replace(lane, unordered=(*lane.unordered, *lane.unordered, lane.unordered[0]))])
    assert sentences(more)[0].endswith("6.5 % (48 mmol/mol) some time in 2026 and 2 values more; their order is not known.")
    assert "6.5 % some time in 2026 and 2 more; their order is not known" in hba1c_lane(more).readings[0].notes


def test_of_two_values_of_the_very_same_time_that_is_said() -> None:
    at = parse_moment("2026-03-01T09:00:00Z")
    assert at
    given = [in_percent(DAY, text)._replace(when=at) for text in ("9.9", "6.5")]
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=given[1], later=given[0], scale=None)
    [said] = sentences(history(panels=[panel(HBA1C, given)], changes=[change]))
    assert said.endswith("9.9 % (85 mmol/mol) on 01-Mar-2026; 6.5 % (48 mmol/mol) on 01-Mar-2026; both bear the same time.")


def test_no_line_joins_values_that_do_not_agree() -> None:
    remarks = (Remark("disagrees", "does not agree with 9.9 % (Observation/x) of the same moment"),)
    given = [in_percent(DAY, text)._replace(remarks=remarks) for text in ("6.5", "9.9")]
    plot = hba1c_lane(history(panels=[panel(HBA1C, given)])).plot
    assert plot
    assert plot.lines == ()


def test_beside_the_lane_nothing_is_called_the_one_before() -> None:
    [reading] = hba1c_lane(unordered()).readings
    assert (reading.value, reading.unit) == ("9.9", "%")
    assert "6.5 % some time in 2026; their order is not known" in reading.notes
    assert any(note.startswith("on 01-Mar-2026") for note in reading.notes)
    assert not any(word in " ".join(reading.notes) for word in (*CHANGE_WORDS, "first value"))


def test_no_line_and_no_words_tell_an_order_that_nobody_knows() -> None:
    lane = hba1c_lane(unordered())
    assert lane.plot
    assert lane.plot.lines == ()
    assert "among them 2026 (6.5 %) and 01-Mar-2026 (9.9 %)" in lane.alt
    page = view_of(unordered())
    assert page.hba1c
    assert "last some time in 2026" in page.hba1c.standing


def test_of_two_ratings_in_no_known_order_both_are_said_and_no_direction() -> None:
    later, earlier = rating("patient", DAY, ("4.00",) * 3), replace(rating("patient", YEAR.day, ("3.00",) * 3), when=YEAR)
    changes = [Change(kind="alliance", title="Total", informant="patient", earlier=earlier, later=later, scale="total")]
    shown = replace(dyad([earlier, later]), previous={}, unordered={"patient": earlier})
    both = "Ingrid Halvorsen’s rating of the alliance with you: 4.00 on 10-Mar-2026; 3.00 some time in 2026"
    assert sentences(history(dyads=[shown], changes=changes)) == [f"{both}; their order is not known."]
    lane = view_of(history(dyads=[shown], changes=changes)).alliance
    assert lane
    [reading] = lane.total.readings
    assert reading.notes == ("on 10-Mar-2026", "3.00 some time in 2026; their order is not known")
    assert lane.total.plot
    assert lane.total.plot.lines == ()


def test_a_value_dated_by_a_year_alone_is_said_to_be_of_that_year() -> None:
    only = in_percent(YEAR.day, "6.5")._replace(when=YEAR)
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=None, later=only, scale=None)
    shown = history(panels=[panel(HBA1C, [only])], changes=[change])
    assert sentences(shown) == ["The first HbA1c is 6.5 % (48 mmol/mol) (2026)."]
    assert hba1c_lane(shown).readings[0].notes[-1] == "some time in 2026 · final"


# What came with a value

VARIANT = (
    Remark("comment", "Haemoglobin <variant>; use fructosamine."),
    Remark("interpretation", "Indeterminate"),
    Remark("range", "4.0–6.0 %"),
)
LABORATORY = replace(HBA1C.group, reporter="the laboratory")
LAB_HBA1C = replace(HBA1C, group=LABORATORY)


def commented(*remarks: Remark) -> History:
    values = [in_percent(date(2025, 11, 3), "9.6"), in_percent(date(2026, 5, 4), "5.1")._replace(remarks=remarks)]
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=values[0], later=values[1], scale=None)
    return history(panels=[panel(LAB_HBA1C, values)], changes=[change])


def test_a_comment_an_interpretation_and_the_range_stand_in_the_table() -> None:
    table = hba1c_lane(commented(*VARIANT)).table
    assert table
    assert table.rows[0][table.head.index("Remarks")] == (
        "interpreted as “Indeterminate”; reference range 4.0–6.0 %; comment by the laboratory: “Haemoglobin <variant>; use fructosamine.”"
    )


def test_beside_the_lane_and_in_the_sentence_it_is_said_that_they_are_there() -> None:
    shown = commented(*VARIANT)
    notes = hba1c_lane(shown).readings[0].notes
    assert "with a comment by the laboratory" in notes
    assert "interpreted as “Indeterminate”" in notes
    assert sentences(shown)[0].endswith("5.1 % comes with a comment by the laboratory and is interpreted as “Indeterminate”.")


def test_a_commented_value_has_a_mark_at_its_point_and_the_lane_says_what_it_means() -> None:
    lane = hba1c_lane(commented(*VARIANT))
    assert lane.plot
    assert [mark.shape for group in lane.plot.symbols for mark in group.symbols].count("noted") == 1
    assert any("speech bubble" in line for line in lane.about)
    plain = hba1c_lane(commented(Remark("range", "4.0–6.0 %")))
    assert plain.plot
    assert "noted" not in [mark.shape for group in plain.plot.symbols for mark in group.symbols]
    assert not any("speech bubble" in line for line in plain.about)


@pytest.mark.parametrize(
    ("remarks", "said"),
    [
        ((Remark("comment", "x", "T. Weiss"),), "with a comment by T. Weiss"),
        ((Remark("comment", "x"), Remark("reported_by_patient")), "with a comment"),
        ((Remark("reported_by_patient"),), "reported by the patient"),
        ((Remark("reported_by_related_person"),), "reported by a related person"),
        ((Remark("supplied_for_patient"),), "supplied by the patient or for them"),
        ((Remark("dated_by_report"),), "dated by when it was reported"),
    ],
)
def test_who_says_so_and_what_dates_it_is_said_beside_the_lane_and_in_the_table(remarks: tuple[Remark, ...], said: str) -> None:
    lane = hba1c_lane(commented(*remarks))
    assert said in lane.readings[0].notes
    assert lane.table
    assert lane.table.rows[0][lane.table.head.index("Remarks")].startswith(said.removeprefix("with a ") if remarks[0].text is None else "")


def test_a_sentence_says_of_a_date_that_it_is_that_of_the_report() -> None:
    assert "and 04-May-2026 (date of the report)." in sentences(commented(Remark("dated_by_report")))[0]


def test_every_kind_of_remark_has_its_words() -> None:
    for code in get_args(RemarkCode):
        [row, *_] = (hba1c_lane(commented(Remark(code, "text"))).table or pytest.fail("no table")).rows
        assert row[3], code


# Digits


def test_digits_nobody_measures_stand_in_the_table_alone() -> None:
    values = [in_percent(date(2025, 11, 3), "5.86931334018925"), in_percent(date(2026, 5, 4), "5.8296822753908435")]
    change = Change(kind="measure", title="HbA1c", informant=None, earlier=values[0], later=values[1], scale=None)
    whole = replace(MEASURES[2], decimals=0)
    pressures = spread(whole, ("119.37737354123001/82.5391562434058",))
    shown = history(panels=[panel(HBA1C, values), panel(whole, pressures)], changes=[change])
    assert "from 5.87 % (41 mmol/mol) to 5.83 % (40 mmol/mol)" in sentences(shown)[0]
    lane = hba1c_lane(shown)
    assert lane.table
    assert lane.plot
    assert [row[1] for row in lane.table.rows] == ["5.8296822753908435 %", "5.86931334018925 %"]
    assert "5.8296822753908435 %" in view_of(shown).summary.rows[0][2]
    said = [*(label.text for label in lane.plot.labels), lane.alt, *(text for one in lane.readings for text in (one.value, *one.notes))]
    assert not [text for text in said if re.search(r"\d\.\d{3}", text)]
    pressure = lane_titled("Blood pressure", shown)
    assert (pressure.readings[0].value, pressure.readings[0].unit) == ("119/83", "mm Hg")


def test_a_move_that_rounding_hides_is_not_told_between_equal_numbers() -> None:
    values = [value(MEASURES[4], DAY, "2.3400001"), value(MEASURES[4], TODAY, "2.3400002")]
    change = Change(kind="measure", title="LDL", informant=None, earlier=values[0], later=values[1], scale=None)
    assert change.moved == "rose"
    [said] = sentences(history(panels=[panel(MEASURES[4], values)], changes=[change]))
    assert said == "LDL is unchanged at 2.34 mmol/L when rounded (10-Mar-2026 and 22-Nov-2026)."


def unusable(shown: str, code: str, day: date) -> plot.Plot:
    skip = Skipped(
        source="Observation/x", measure="hba1c", what=Sentence("HbA1c"), when=moment(day), shown=shown, code=code, reason=Sentence("Why.")
    )
    drawn = hba1c_lane(history(panels=[panel(HBA1C, spread(HBA1C, ("57", "58")), skipped=[skip])])).plot
    assert drawn
    return drawn


def test_a_suspect_value_is_quoted_in_the_plot_with_no_more_digits_than_fit() -> None:
    labels = [label.text for label in unusable("610.86931334018925 %", "unit_suspect", date(2026, 8, 11)).labels]
    assert "recorded as “610.86… %”, not drawn" in labels


def test_a_date_that_cannot_be_leaves_no_number() -> None:
    assert not unusable("6 %", "before_birth", DAY).symbols
