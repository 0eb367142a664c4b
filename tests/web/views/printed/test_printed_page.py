"""What is printed: the screen's own words and plots, the last visits by rater, and what is not drawn."""

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from fhir_mappings.r4.dates import Moment
from fhir_mappings.sentence import ENGLISH, Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import HiddenRating, History
from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.rendering.templates import environment
from smart_app.web.views.dashboard.dashboard_page import dashboard_view
from smart_app.web.views.printed.printed_page import PrintUrls, PrintView, print_view
from smart_app.web.views.printed.sheet_fit import Printed, fit_of
from smart_app.web.views.printed.visit_rows import LastVisits, last_visits
from tests.web.states_history import STATES
from tests.web.support_history import CONTEXT, HBA1C, NOW, SOFIA, TODAY, TOMAS, URLS, dyad, history, panel, rating, value
from tests.web.views.note.test_note_lines import FORM, RATED, answered, shown

PRINT = PrintUrls(history="/l/abc/?years=2", one_page="/l/abc/print?years=2", with_tables="/l/abc/print?years=2&tables=yes")


def view(of: History, **more: Any) -> PrintView:
    return print_view(of, context=CONTEXT, urls=PRINT, now=NOW, **more)


def page(of: History, **more: Any) -> BeautifulSoup:
    template = environment().get_template("pages/print.html")
    return BeautifulSoup(template.render(view=view(of, **more), csrf="guard", asset="/static/{}".format, nonce="once"), "html5lib")


def visits(of: History) -> LastVisits:
    found = view(of).visits
    assert found
    return found


def rows(of: History) -> list[tuple[str, ...]]:
    return [(row.visit, row.rater, *(row.scores or (row.words,)), row.answer, row.result) for row in visits(of).rows]


def skipped(days: int, shown_as: str | None = "7.9") -> Skipped:
    day = TODAY - timedelta(days=days)
    return Skipped(
        source=f"Observation/{days}", measure="hba1c", what=Sentence("HbA1c"), when=Moment(day=day, text=day.isoformat(), precision="day"),
        shown=shown_as, reason=Sentence("No unit recorded"), code="unit_missing",
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_paper_says_what_the_screen_said(state: str) -> None:
    of = STATES[state]()
    screen = dashboard_view(of, context=CONTEXT, urls=URLS, now=NOW)
    soup = page(of)
    text = " ".join(soup.get_text(" ").split())
    for line in screen.summary.lines:
        assert " ".join(line.text.split()) in text
    plots = [str(one["aria-label"]) for one in soup.select("svg.plot[role=img]")]
    lanes = [screen.alliance.total if screen.alliance else None, screen.hba1c.lane if screen.hba1c else None]
    assert plots == [lane.alt for lane in lanes if lane and lane.plot]
    assert not soup.select("details, form, .tables")
    assert {str(use["href"])[1:] for use in soup.find_all("use")} <= {str(tag["id"]) for tag in soup.select("svg.shapes [id]")}


def test_each_visit_has_a_row_for_each_rater_the_newest_first() -> None:
    assert rows(shown(answered("a-little"))) == [
        ("22-Nov-2026", "Patient", "3.00", "3.67", "2.00", "3.33", "Yes, a little", "78 mmol/mol (15-Nov-2026)"),
        ("", "Clinician", "3.78", "4.00", "4.00", "3.33", "not answered", ""),
        ("13-Sep-2026", "Patient", "3.56", "4.00", "3.00", "3.67", "Yes, a little", "71 mmol/mol (25-Jun-2026)"),
        ("", "Clinician", "4.11", "4.00", "4.33", "4.00", "not answered", ""),
    ]


def test_of_many_visits_the_last_four_are_in_the_table() -> None:
    found = visits(STATES["twelve-years"]())
    assert (found.title, len(found.rows)) == ("The last 4 visits", 8)
    assert visits(shown(RATED)).title == "All visits drawn"


def test_who_has_not_rated_and_what_was_not_scored_says_so() -> None:
    of = shown([*RATED[:2], rating("patient", TODAY, ("3.67", None, "3.33"))])
    assert rows(of)[:2] == [
        ("22-Nov-2026", "Patient", "8 of 9", "3.67", "2 of 3", "3.33", "No", "78 mmol/mol (15-Nov-2026)"),
        ("", "Clinician", "not rated", "", ""),
    ]


def test_a_form_that_does_not_ask_and_a_record_without_results_have_no_columns_of_them() -> None:
    of = shown(RATED, panel(HBA1C, []))
    silent = replace(of, dyads=[replace(of.dyads[0], instrument=replace(FORM, questions=()))])
    found = visits(silent)
    assert (found.asks, found.results) == (False, False)
    assert [one.get_text() for one in page(silent).select(".visits thead th")] == ["Visit", "By", "Total", "Goal", "Task", "Bond"]


def test_a_result_that_may_be_of_a_later_day_is_no_result_before() -> None:
    year = value(HBA1C, TODAY.replace(month=1, day=1), "60")._replace(when=Moment(TODAY.replace(month=1, day=1), "2026", "year"))
    found = last_visits(dyad(RATED), panel(HBA1C, [year]))
    assert found
    assert not found.results


def test_what_is_not_scored_or_not_drawn_has_no_table() -> None:
    of = shown(RATED).dyads[0]
    assert last_visits(replace(of, instrument=replace(FORM, scales=())), None) is None
    assert last_visits(replace(of, ratings=[]), None) is None


def test_of_two_pairs_it_is_the_one_that_is_drawn() -> None:
    theirs = [replace(one, clinician=TOMAS) for one in RATED]
    both = history(dyads=[dyad(theirs, clinician=TOMAS, mine=False), dyad(RATED[2:])])
    found = view(both)
    assert found.alliance
    assert "Sofia" in found.alliance.title
    assert found.visits
    assert len(found.visits.rows) == 2


def test_what_is_not_drawn_is_named_and_the_rest_counted() -> None:
    other = replace(skipped(3), measure="weight", source="Observation/weight")
    of = replace(shown(RATED, panel(HBA1C, [], skipped=[skipped(day) for day in (9, 5, 30, 60)])), skipped=(other,))
    assert list(view(of).not_drawn) == ["1 value more is listed under “Not shown” on the screen."]
    [words] = page(of).select(".numbered")
    assert [" ".join(one.get_text().split()) for one in words.select("span")] == [
        "1 23-Sep-2026: recorded as “7.9”, no unit: not drawn.",
        "2 23-Oct-2026: recorded as “7.9”, no unit: not drawn.",
        "3 13-Nov-2026: recorded as “7.9”, no unit: not drawn.",
        "4 17-Nov-2026: recorded as “7.9”, no unit: not drawn.",
    ]
    [alone] = page(shown(RATED, panel(HBA1C, [], skipped=[skipped(9, None)]))).select(".numbered span")
    assert " ".join(alone.get_text().split()) == "1 13-Nov-2026: No unit recorded."


def test_a_rating_kept_back_is_not_there_and_the_page_says_that_it_waits() -> None:
    waits = HiddenRating(clinician=SOFIA, mine=True, visit="Encounter/e1", day=TODAY, encounter="e1")
    of = shown(RATED[:2])
    kept = view(replace(of, hidden=(waits,)))
    assert kept.kept_back
    assert (kept.visits, kept.lines) == (view(of).visits, view(of).lines)


def test_the_banner_is_on_paper_whatever_the_record_system_shows() -> None:
    bare = print_view(shown(RATED), context=replace(CONTEXT, need_patient_banner=False), urls=PRINT, now=NOW)
    assert bare.banner.name == "HALVORSEN, Ingrid (Ms)"


def test_the_tables_come_on_request() -> None:
    found = view(STATES["repaired"](), tables=True).tables
    assert [one.title for one in found][:2] == ["Alliance with Sofia Lindqvist (you)", "HbA1c"]
    assert found[-1].title == "Not shown"
    soup = page(STATES["repaired"](), tables=True)
    assert len(soup.select(".tables table")) == len(found)
    assert [one.get_text() for one in soup.select(".choices a")] == ["‹ Back to the history", "Print one page"]


def test_the_longest_names_are_set_closer_so_that_they_stay_on_one_sheet() -> None:
    """In a browser, on A4 and on Letter, in tests/browser/test_print.py."""
    of = STATES["repaired"]()
    assert view(of).fit == ""
    name = "Maximiliane Freifrau von und zu Hohenlohe-Waldenburg-Schillingsfürst und Bartenstein zu Langenburg-Kirchberg"
    who = replace(SOFIA, name=name)
    long = replace(of, dyads=[replace(one, clinician=who) for one in of.dyads], patient=replace(of.patient, family=name))
    assert view(long).fit != ""
    assert page(long).select("div.sheet." + view(long).fit)


def test_signs_of_chinese_japanese_and_korean_take_the_room_of_two() -> None:
    parts = [Printed(texts=["山" * 60], line=300)]
    assert (fit_of(parts, ENGLISH), fit_of([Printed(texts=["山" * 600], line=300)], ENGLISH)) == ("", "closest")
    assert fit_of([Printed(texts=["a" * 600], line=300)], ENGLISH) == fit_of([Printed(texts=["山" * 300], line=300)], ENGLISH)


def test_an_english_page_is_reckoned_without_english_beneath() -> None:
    lengths = range(100, 9000, 50)
    sheets = [[Printed(texts=["a" * length], line=30)] for length in lengths]
    assert [fit_of(sheet, ENGLISH_PAGE) for sheet in sheets] == [fit_of(sheet, ENGLISH) for sheet in sheets]
