"""The page that is printed, as a clinician opens it."""

from tests.web.clinic import ITEMS, Clinic
from tests.web.pages.test_options import rated
from tests.web.pages.test_reveal import SOFIA, opens

SAME = dict.fromkeys(ITEMS, "4")


def test_the_history_and_the_note_lead_there_in_their_range(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    for here in (f"{chart}?years=5", f"{chart}note?years=5"):
        [link] = [one for one in rapport.get(here).soup.select("a[data-tab]") if one.get_text() == "Print one page"]
        assert not link.has_attr("target")
        page = rapport.get(str(link["href"]))
        assert (page.status, page.title) == (200, "History on one page – Rapport")
        assert "Halvorsen" not in page.title
        assert page.headers["Cache-Control"] == "no-store"
        assert "5 years, time to scale" in page.text
        assert "HALVORSEN, Ingrid" in page.text
    assert "print_read" in [entry.event for entry in rapport.services.store.audit.entries()]


def test_the_tables_are_a_second_choice(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    page = rapport.get(f"{chart}print")
    assert not page.soup.select(".tables")
    [link] = [one for one in page.soup.select("a") if one.get_text() == "Print with tables"]
    assert rapport.get(str(link["href"])).soup.select(".tables table")


def test_of_a_rating_kept_back_nothing_is_printed_until_the_visit_is_rated(rapport: Clinic) -> None:
    chart = rated(rapport, SAME | {"difficult": "yes"}, blind=True)
    page = rapport.get(f"{chart}print?tables=yes")
    assert "4.00" not in page.text
    assert "is kept back from you until you have rated that visit" in page.text
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    page = rapport.get(f"{chart}print")
    assert "answered that something was difficult between you" in page.text
    assert [one.get_text() for one in page.soup.select(".visits tbody tr:first-child td:nth-child(3)")] == ["4.00"]


def test_it_is_no_patients_page(rapport: Clinic) -> None:
    chart = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
    assert rapport.get(f"{chart.partition('own/')[0]}print").status == 403
    assert rapport.get(f"{rated(rapport, SAME)}print", rapport.browser()).status == 403


def test_whoever_is_signed_in_is_on_the_page(rapport: Clinic) -> None:
    assert "Signed in: Sofia Lindqvist" in rapport.get(f"{opens(rapport, SOFIA)}print").text
