"""A visit of before is rated from the history: which one it is stands on the form, in the record and on the receipt."""

from pathlib import Path
from typing import Any

import pytest
import responses

from tests.care.ehr import refusal
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic

SAYS_BEGUN = "The patient rated the visit of 04-Mar-2026. Will you still rate it? If not, see it now: show without rating (recorded)."


@pytest.fixture
def rated(rapport: Clinic) -> Clinic:
    """The patient has rated a visit on 4 March; twelve days later the chart is opened from another one."""
    rapport.server.token["encounter"] = "e1"
    chart = rapport.launch()
    rapport.send(chart, rapport.filled(chart))
    rapport.server.clock.forward(days=12)
    rapport.server.token["encounter"] = "e2"
    return rapport


def visit(**changed: Any) -> dict[str, Any]:
    own = {"subject": {"reference": "Patient/pat-1"}, "period": {"start": "2026-03-03T16:00:00Z"}}
    return {"resourceType": "Encounter", "id": "e1", "status": "finished", **own, **changed}


def late_link(page: Page) -> str:
    [link] = page.soup.select(".waiting a.button")
    assert link.get_text() == "Rate this visit now"
    return str(link["href"])


def late_form(rapport: Clinic, chart: str) -> Page:
    return rapport.get(late_link(rapport.get(chart)))


def posted(rapport: Clinic, action: str, fields: dict[str, str]) -> Page:
    answer = rapport.client.post(action, data=fields, base_url=SITE, headers=OWN)
    return read(answer) if answer.status_code != 303 else rapport.get(answer.headers["Location"])


def send(rapport: Clinic, form: Page, *, value: str = "4", **more: str) -> Page:
    return posted(rapport, form.action("/check/"), form.form("/check/") | dict.fromkeys(ITEMS, value) | more)


def clinicians(rapport: Clinic) -> list[dict[str, Any]]:
    return [one for one in rapport.ehr.of_type("QuestionnaireResponse") if one["source"]["reference"].startswith("Practitioner/")]


def test_the_whole_way_from_the_history_to_the_receipt_and_back(rated: Clinic) -> None:
    rated.ehr.put(visit())
    chart = rated.launch()
    page = rated.get(chart)
    assert SAYS_BEGUN in page.text
    assert "Show without rating" in page.text
    assert "e1" not in late_link(page)
    form = late_form(rated, chart)
    assert (
        "You are rating the visit of 03-Mar-2026, 13 days ago. Your rating is stored with that visit and dated today. Where the form says "
        "“today”, that visit is meant." in form.text
    )
    receipt = send(rated, form)
    assert "Saved in the record" in receipt.text
    assert "Visit rated The visit of 03-Mar-2026, rated 13 days later" in receipt.text
    assert "16-Mar-2026, about the visit of 03-Mar-2026" in receipt.text
    [stored] = clinicians(rated)
    assert (stored["encounter"], stored["authored"][:10]) == ({"reference": "Encounter/e1"}, "2026-03-16")
    page = rated.get(chart)
    assert page.soup.select(".waiting") == []
    assert "clinician rated 12 days after the patient" in page.text
    row = page.soup.select("table.scores tbody tr")[0]
    assert row.get_text(" ", strip=True).startswith("04-Mar-2026")
    # The visit open now is another one.
    assert page.soup.select_one(".actions > a.button:last-of-type").get_text() == "Rate this visit"  # type: ignore[union-attr]


def test_where_the_visit_may_not_be_read_the_day_is_that_of_the_patients_answers(rated: Clinic) -> None:
    chart = rated.launch()
    form = late_form(rated, chart)
    assert "You are rating the visit that the patient answered about on 04-Mar-2026, 12 days ago." in form.text
    receipt = send(rated, form)
    assert "The visit that the patient answered about on 04-Mar-2026, rated 12 days later" in receipt.text


def test_an_incomplete_form_comes_back_for_the_same_visit(rated: Clinic) -> None:
    rated.ehr.put(visit())
    form = late_form(rated, rated.launch())
    back = posted(rated, form.action("/check/"), form.form("/check/") | {"goal-1": "4"})
    assert (back.status, "You are rating the visit of 03-Mar-2026, 13 days ago." in back.text) == (422, True)
    assert "Saved in the record" in send(rated, back).text
    assert [one["encounter"]["reference"] for one in clinicians(rated)] == ["Encounter/e1"]


def test_answers_that_were_kept_are_gone_on_with_for_the_same_visit(rated: Clinic) -> None:
    chart = rated.launch()
    form = late_form(rated, chart)
    fields = form.form("/check/") | dict.fromkeys(ITEMS[:5], "4")
    rated.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    again = late_form(rated, chart)
    assert "5 of 9 were answered" in again.text
    assert "another visit" not in again.soup.select_one("[aria-label='Answers not sent']").get_text()  # type: ignore[union-attr]
    gone_on = posted(rated, again.action("/continue"), again.form("/continue"))
    assert "You are rating the visit" in gone_on.text
    assert "Saved in the record" in send(rated, gone_on).text
    assert [one["encounter"]["reference"] for one in clinicians(rated)] == ["Encounter/e1"]


def test_the_history_leads_back_to_the_visit_such_answers_are_of(rated: Clinic) -> None:
    chart = rated.launch()
    fields = late_form(rated, chart).form("/check/") | dict.fromkeys(ITEMS[:5], "4")
    rated.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    again = rated.launch()
    [link] = [link for link in rated.get(again).soup.select(".notice a") if link.get_text() == "Go on"]
    form = rated.get(str(link["href"]))
    assert "You are rating the visit that the patient answered about on 04-Mar-2026" in form.text
    assert "5 of 9 were answered" in form.text
    # Answers of the visit that is open now lead to its own form.
    rated.client.post(form.action("/discard"), data=form.form("/discard"), base_url=SITE, headers=OWN)
    fields = rated.form(again, "clinician").form("/check/") | dict.fromkeys(ITEMS[:5], "4")
    rated.client.post(f"{again}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    [link] = [link for link in rated.get(again).soup.select(".notice a") if link.get_text() == "Go on"]
    assert link["href"] == f"{again}check/{SLUG}/clinician"


def test_the_form_of_the_visit_open_now_says_of_such_answers_that_they_are_of_another(rated: Clinic) -> None:
    chart = rated.launch()
    fields = late_form(rated, chart).form("/check/") | dict.fromkeys(ITEMS[:5], "4")
    rated.client.post(f"{chart}draft/{SLUG}/clinician", data=fields, base_url=SITE, headers=OWN)
    here = rated.form(chart, "clinician")
    assert "That was in another visit than the one open now." in here.text


def test_a_visit_that_was_rated_meanwhile_says_so_and_is_rated_again_only_on_purpose(rated: Clinic) -> None:
    chart = rated.launch()
    link = late_link(rated.get(chart))
    other = rated.get(link)
    send(rated, rated.get(link))
    assert "You rated this visit: 4.00." in rated.get(link).text
    assert (send(rated, other).status, len(clinicians(rated))) == (422, 1)
    assert "Saved in the record" in send(rated, rated.get(link), confirmed="after-seen", value="5").text
    assert "You rated this visit: 4.00." in rated.get(link).text


def test_what_is_on_its_way_is_not_offered_again_and_its_form_is_refused(rated: Clinic) -> None:
    chart = rated.launch()
    link = late_link(rated.get(chart))
    form = rated.get(link)
    rated.ehr.faults.append(lambda method, _path: refusal(429, "busy") if method == "POST" else None)
    assert "kept in Rapport" in send(rated, form).text
    page = rated.get(chart)
    assert page.soup.select(".waiting a.button") == []
    assert "It appears once your own rating is in the record. You can see it all the same" in page.text
    assert rated.get(link).status == 403


@pytest.mark.parametrize("wrong", [{"subject": {"reference": "Patient/pat-2"}}, {"status": "entered-in-error"}])
def test_a_visit_the_record_does_not_call_this_patients_is_not_rated(rated: Clinic, wrong: dict[str, Any]) -> None:
    rated.ehr.put(visit(**wrong))
    chart = rated.launch()
    form = late_form(rated, chart)
    assert (form.status, "so it is not rated" in form.text) == (403, True)


def test_where_nothing_can_be_stored_it_is_not_offered(rated: Clinic) -> None:
    rated.server.token["scope"] = "launch openid fhirUser patient/*.rs"
    page = rated.get(rated.launch())
    assert page.soup.select(".waiting a.button") == []
    assert "Your own rating cannot be stored in this record, so it need not wait for it." in page.text


def test_a_colleagues_visit_is_not_rated_in_their_place(rated: Clinic) -> None:
    rated.server.claims |= {"fhirUser": "Practitioner/dr-2", "name": "Tomas Weiss", "sub": "user-2"}
    rated.client = rated.browser()
    page = rated.get(rated.launch())
    assert page.soup.select(".waiting a.button") == []
    assert "who has not rated it yet" in page.text


@pytest.mark.parametrize("note", ["made-up", "", "%00"])
def test_a_note_nobody_made_opens_no_other_visit(rated: Clinic, note: str) -> None:
    chart = rated.launch()
    page = rated.get(f"{chart}check/{SLUG}/clinician?late={note}")
    assert page.status == (200 if not note else 403)
    assert "You are rating" not in page.text


@pytest.mark.parametrize(
    ("days", "asks"), [(7, "The patient has answered; rate first."), (8, "The patient’s answers have waited 8 days for your rating.")]
)
def test_after_the_sites_days_the_page_asks_once_more_and_offers_to_see_it_without(rapport: Clinic, days: int, asks: str) -> None:
    """Seven where the site says nothing."""
    rapport.server.token["encounter"] = "e1"
    rapport.send(chart := rapport.launch(), rapport.filled(chart))
    rapport.server.clock.forward(days=days)
    page = rapport.get(rapport.launch())
    [waiting] = page.soup.select(".waiting")
    assert asks in waiting.get_text(" ")
    assert waiting.find("b") is not None
    assert ("Will you still rate it? If not, see it now" in page.text) == (days == 8)
    assert [one.get_text() for one in waiting.select(".button")] == ["Show without rating"]


def test_the_days_are_the_sites(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> None:
    with clinic(wire, server, clock, folder=tmp_path, rate_within_days=30) as here:
        here.server.token["encounter"] = "e1"
        here.send(chart := here.launch(), here.filled(chart))
        said = []
        for days in (30, 1):
            clock.forward(days=days)
            said.append("Will you still rate it?" in here.get(here.launch()).text)
    assert said == [False, True]


def test_a_colleague_is_not_asked(rapport: Clinic) -> None:
    rapport.server.token["encounter"] = "e1"
    rapport.send(chart := rapport.launch(), rapport.filled(chart))
    rapport.server.clock.forward(days=20)
    rapport.server.claims |= {"fhirUser": "Practitioner/dr-2", "name": "Tomas Weiss", "sub": "user-2"}
    [waiting] = rapport.get(rapport.launch(client=(other := rapport.browser())), other).soup.select(".waiting")
    assert waiting.find("b") is None
    assert "still rate it" not in waiting.get_text()
