"""Copy for the note, as a clinician opens it: from the history, by what they may see, with what they leave out, and kept nowhere."""

import pytest

from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, SITE, Clinic
from tests.web.pages.test_options import rated
from tests.web.pages.test_reveal import NOOR, SOFIA, opens

SAME = dict.fromkeys(ITEMS, "4")
LINK = "Copy for the note"


def note(rapport: Clinic, chart: str, query: str = "") -> Page:
    return rapport.get(f"{chart}note{query}")


def lines(page: Page) -> list[str]:
    box = page.soup.select_one("textarea")
    assert box is not None
    return box.get_text().strip().split("\n")


def left_out(page: Page) -> list[str]:
    return [str(one["value"]) for one in page.soup.select(".leave-out [name=without][checked]")]


def test_the_history_leads_there_in_its_own_range(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    [link] = [one for one in rapport.get(f"{chart}?years=5").soup.select(".actions a") if one.get_text() == LINK]
    page = rapport.get(str(link["href"]))
    assert (page.status, page.title) == (200, f"{LINK} – Rapport")
    assert page.headers["Cache-Control"] == "no-store"
    assert [str(one["value"]) for one in page.soup.select(".leave-out [name=years]")] == ["5"]
    assert any(one.endswith("?years=5") for one in page.links())
    assert len(lines(page)) == 6
    assert lines(page)[0].startswith("Working alliance with Sofia Lindqvist, visit of ")


def test_the_box_is_one_to_read_and_select_and_the_button_waits_for_its_script(rapport: Clinic) -> None:
    page = note(rapport, rated(rapport, SAME))
    box, button = page.soup.select_one("textarea"), page.soup.select_one("#copy")
    assert box is not None
    assert button is not None
    assert box.has_attr("readonly")
    assert not box.has_attr("name")
    assert button.has_attr("hidden")
    assert "Click into the box, select all (Ctrl+A, on a Mac ⌘A) and copy." in page.text
    assert [str(one["src"]).rpartition("/")[2] for one in page.soup.select("script[src]")] == ["note.js", "print.js", "session.js"]
    assert all(one.has_attr("nonce") for one in page.soup.select("script"))


def test_what_is_left_out_is_left_out_once(rapport: Clinic) -> None:
    chart = rated(rapport, SAME | {"difficult": "yes"})
    assert "own answer of" in lines(note(rapport, chart))[3]
    page = note(rapport, chart, "?without=difficulty&without=elements&without=nothing-of-this-name")
    assert left_out(page) == ["difficulty", "elements"]
    assert len(lines(page)) == 5
    assert not [word for word in ("difficult", "goal 4.00") if word in " ".join(lines(page))]
    again = note(rapport, chart)
    assert (left_out(again), len(lines(again))) == ([], 6)
    assert "goal 4.00" in lines(again)[1]


def test_nothing_is_kept_and_only_that_it_was_read_is_recorded(rapport: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    chart = rated(rapport, SAME | {"difficult": "yes"})
    kept = dict(rapport.ehr.resources)
    note(rapport, chart, "?without=elements")
    [entry] = [one for one in rapport.services.store.audit.entries() if one.event == "note_read"]
    assert (entry.user, entry.patient, dict(entry.detail)) == ("Practitioner/dr-1", "pat-1", {})
    assert rapport.ehr.resources == kept
    assert rapport.client.post(f"{chart}note", base_url=SITE).status_code == 405
    said = capsys.readouterr()
    assert not [word for word in ("Halvorsen", "difficult", "dr-1", "elements") if word in said.out + said.err]


def test_of_a_rating_kept_back_there_is_no_word_until_the_visit_is_rated(rapport: Clinic) -> None:
    chart = rated(rapport, SAME | {"difficult": "yes"}, blind=True)
    page = note(rapport, chart)
    assert lines(page)[0] == "Working alliance with Sofia Lindqvist: no rating to show."
    assert "own answer" not in page.text
    assert "is kept back from you until you have rated that visit" in page.text
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    page = note(rapport, chart)
    assert "kept back" not in page.text
    assert lines(page)[3].endswith(": Yes.")


def test_of_two_clinicians_each_takes_their_own(rapport: Clinic, clock: Clock) -> None:
    rated(rapport, SAME)
    clock.forward(days=1)
    chart = opens(rapport, NOOR)
    assert rapport.send(chart, rapport.blank(chart) | dict.fromkeys(ITEMS, "2")).status_code == 303
    assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
    first, totals, *_ = lines(note(rapport, chart))
    assert first.startswith("Working alliance with Noor Haddad")
    assert "Patient: 2.00" in totals
    first, totals, *_ = lines(note(rapport, opens(rapport, SOFIA)))
    assert first.startswith("Working alliance with Sofia Lindqvist")
    assert "Patient: 4.00" in totals


def test_where_ratings_may_be_missing_the_lines_say_so(rapport: Clinic) -> None:
    chart = rated(rapport, SAME)
    rapport.ehr.faults.append(lambda _method, path: (500, {}, "") if path == "QuestionnaireResponse" else None)
    assert "Not everything could be read (" in lines(note(rapport, chart))[5]


def test_it_is_no_patients_page(rapport: Clinic) -> None:
    chart = opens(rapport, {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "pat"})
    page = rapport.get(f"{chart.partition('own/')[0]}note")
    assert page.status == 403
    assert "Working alliance" not in page.html


def test_another_browser_is_let_in_by_no_address(rapport: Clinic) -> None:
    page = rapport.get(f"{rated(rapport, SAME)}note", rapport.browser())
    assert page.status == 403
    assert "Working alliance" not in page.html
