"""A form that was not answered, wherever the history is shown: a word with its day and whose decision it was, and never a rating."""

from datetime import date, timedelta
from typing import Any

from bs4 import BeautifulSoup
from msgspec.structs import replace

from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.people.person import Person
from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.sentence import ENGLISH
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.open_to_everybody import open_not_answered
from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.rendering.templates import environment
from smart_app.web.views.dashboard.dashboard_page import DashboardView, dashboard_view
from smart_app.web.views.note.note_lines import note_lines
from smart_app.web.views.printed.paper import paper
from smart_app.web.views.printed.printed_page import PrintUrls, PrintView, print_view
from tests.web.support_history import CHECK_IN, CONTEXT, NOW, SOFIA, TODAY, TOMAS, URLS, dyad, history, moment, rating

BEFORE = TODAY - timedelta(days=70)
PAPER = PrintUrls(history="/l/abc/", one_page="/l/abc/print", with_tables="/l/abc/print?tables=yes")


def refused(
    day: date = TODAY, reason: NotAnsweredReason = "patient-declined", clinician: Person | None = SOFIA, **changes: Any
) -> NotAnswered:
    known = NotAnswered(
        instrument=CHECK_IN.slug,
        title=CHECK_IN.title,
        informant="patient",
        reason=reason,
        clinician=clinician,
        when=moment(day),
        visit=day.isoformat(),
        encounter=None,
        decided_by="Patient/p1",
        entered_by="Patient/p1",
        source=f"QuestionnaireResponse/no-{day:%y%m%d}",
    )
    return replace(known, **changes)


def told(*held: NotAnswered, both: bool = True) -> History:
    """Sofia's dyad with a visit that both have rated, a visit of today that she has, and what was not answered."""
    rated = [rating("patient", BEFORE, ("4.00", "3.00", "3.67")), rating("clinician", BEFORE, ("4.00", "4.33", "4.00"))]
    today = [rating("clinician", TODAY, ("4.00", "4.00", "3.33"))] if both else []
    return replace(history(dyads=[dyad([*rated, *today])]), not_answered=held)


def screen(of: History) -> DashboardView:
    return dashboard_view(of, context=CONTEXT, urls=URLS, now=NOW)


def printed(of: History) -> PrintView:
    return print_view(of, context=CONTEXT, urls=PAPER, now=NOW, tables=True)


def html(page: str, view: DashboardView | PrintView) -> BeautifulSoup:
    template = environment().get_template(f"pages/{page}.html")
    return BeautifulSoup(template.render(view=view, csrf="guard", asset="/static/{}".format, nonce="once"), "html5lib")


def first_line(of: History) -> str:
    return note_lines(of, clinician="Sofia Lindqvist", me=SOFIA.reference, zone=NOW.tzinfo, synthetic=False)[0].said(ENGLISH)


class TestInTheTable:
    def rows(self, of: History) -> list[tuple[str, ...]]:
        panel = screen(of).alliance
        assert panel is not None
        assert panel.table is not None
        return [tuple(str(cell) for cell in row) for row in panel.table.rows]

    def test_beside_the_clinicians_rating_of_the_visit_stands_a_word(self) -> None:
        found = self.rows(told(refused()))
        assert found[0][:3] == ("22-Nov-2026", "declined", "")
        assert found[0][-1] == "the patient declined"
        assert len(found) == 2

    def test_a_visit_with_nothing_else_has_a_row_that_leads_nowhere(self) -> None:
        of = told(refused(reason="no-time"), both=False)
        panel = screen(of).alliance
        assert panel is not None
        assert panel.table is not None
        assert self.rows(of)[0][:2] == ("22-Nov-2026", "no time")
        assert "not rated" in self.rows(of)[0]
        assert panel.table.opens[0] == ""
        assert panel.table.summary == "Table of 2 ratings"

    def test_it_is_in_no_figure(self) -> None:
        without, with_it = screen(told(both=False)), screen(told(refused(), both=False))
        assert without.summary == with_it.summary
        assert without.alliance
        assert with_it.alliance
        assert without.alliance.standing == with_it.alliance.standing
        assert without.alliance.total.plot == with_it.alliance.total.plot


class TestUnderTheLane:
    def test_the_newest_have_a_line_each_and_the_older_one_together(self) -> None:
        days = [TODAY - timedelta(days=30 * place) for place in range(5, 0, -1)]
        panel = screen(told(*(refused(day) for day in days))).alliance
        assert panel is not None
        lines = [str(line) for line in panel.total.unanswered]
        assert len(lines) == 4
        assert lines[0] == "× 23-Oct-2026: the patient declined"
        assert lines[3] == "× before: 25-Jul-2026 declined, 25-Jun-2026 declined"

    def test_of_a_clinician_of_whom_no_rating_is_shown_it_says_whom_it_is_about(self) -> None:
        view = screen(told(refused(clinician=TOMAS)))
        assert [str(line) for line in view.unanswered] == ["× 22-Nov-2026, Rapport check-in about Tomas Weiss: the patient declined"]
        assert view.alliance
        assert not view.alliance.total.unanswered
        assert "about Tomas Weiss: the patient declined" in html("dashboard", view).get_text()

    def test_without_any_rating_it_stands_where_they_would_also_where_some_could_not_be_read(self) -> None:
        none = replace(history(), not_answered=(refused(),))
        failed = replace(none, reads=[replace(one, state="failed") if one.key == "ratings" else one for one in none.reads])
        for of in (none, failed):
            lane = screen(of).no_alliance
            assert lane is not None
            assert "the patient declined" in str(lane.unanswered[0])


class TestOnPaper:
    def test_the_printed_page_has_the_word_under_the_plot_and_in_the_visits(self) -> None:
        page = html("print", printed(told(refused(reason="could-not"))))
        assert "× 22-Nov-2026: the patient could not answer (entered by staff)" in page.get_text()
        assert "could not" in [cell.get_text() for cell in page.select("table.visits td")]

    def test_so_has_the_pdf(self) -> None:
        set_page: Any = paper(printed(told(refused())), language=ENGLISH_PAGE)
        assert set_page["panels"][0]["unanswered"] == ["× 22-Nov-2026: the patient declined"]
        assert "declined" in [row["words"] for row in set_page["visits"]["rows"]]

    def test_a_filed_copy_says_it_of_visits_that_the_clinician_has_rated_and_of_no_others(self) -> None:
        ratings = told().dyads[0].ratings
        closed, opened = refused(TODAY - timedelta(days=7)), refused()
        assert open_not_answered([closed, opened], ratings) == (opened,)
        assert open_not_answered([refused(clinician=None)], ratings) == ()


class TestInTheNote:
    def test_the_first_line_says_it_of_the_visit_that_is_noted(self) -> None:
        assert first_line(told(refused())).endswith("The patient’s form of 22-Nov-2026: the patient declined.")

    def test_and_of_a_later_one_and_never_of_one_before(self) -> None:
        assert "the patient declined" in first_line(told(refused(), both=False))
        assert "the patient declined" not in first_line(told(refused(BEFORE - timedelta(days=1))))

    def test_where_nothing_is_rated_it_says_it_of_whoever_is_signed_in_alone(self) -> None:
        none = history()
        assert "the patient declined" in first_line(replace(none, not_answered=(refused(),)))
        assert "the patient declined" not in first_line(replace(none, not_answered=(refused(clinician=TOMAS),)))
