"""A patient who has signed in declines at home: one tap, one confirmation, their own words about it, and nothing of a rating."""

from typing import Any
from urllib.parse import urlsplit

from tests.care.ehr import refusal
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, Clinic
from tests.web.pages.test_portal_pages import form_address, rapport, send

__all__ = ["rapport"]


def asks(rapport: Clinic, home: str, **answers: str) -> Page:
    """From the form by its button to the confirmation."""
    form = rapport.get(form_address(rapport.get(home)))
    button = form.soup.select_one("button.rather-not")
    assert button is not None
    asked = send(rapport, str(button["formaction"]), form.form("/own/answer/") | answers)
    assert asked.status_code == 303, asked.get_data(as_text=True)
    return rapport.get(asked.headers["Location"])


def confirms(rapport: Clinic, page: Page, **more: str) -> Any:
    return send(rapport, page.action("/declined"), page.form("/declined") | more)


def test_the_confirmation_says_what_is_deleted_and_leads_back_to_the_answers(rapport: Clinic) -> None:
    page = asks(rapport, rapport.launch(), **{ITEMS[0]: "4", ITEMS[1]: "2"})
    assert "You have answered 2 sentences. If you stop now they are deleted" in page.text
    back = next(link for link in page.links() if "draft=" in link)
    assert rapport.get(back).checked() == {ITEMS[0]: "4", ITEMS[1]: "2"}
    assert rapport.ehr.posts() == []


def test_it_is_stored_as_theirs_and_said_in_their_words(rapport: Clinic) -> None:
    home = rapport.launch()
    answer = confirms(rapport, asks(rapport, home, **{ITEMS[0]: "4"}))
    assert answer.status_code == 303
    page = rapport.get(answer.headers["Location"])
    assert "That is fine" in page.text
    assert "you would rather not answer today, and no reason" in page.text
    assert "None: you would rather not answer today" in page.text
    assert "0 of 9" not in page.text
    (response,) = rapport.ehr.of_type("QuestionnaireResponse")
    assert (response["status"], response["source"], response["author"]) == (
        "stopped", {"reference": "Patient/pat-1"}, {"reference": "Patient/pat-1"},
    )  # fmt: skip
    assert "item" not in response


def test_what_was_typed_is_gone_and_their_page_lists_no_rating(rapport: Clinic) -> None:
    home = rapport.launch()
    confirms(rapport, asks(rapport, home, **{ITEMS[0]: "4"}))
    page = rapport.get(home)
    assert "You would rather not answer it." in page.text
    assert "/own/given/" not in page.text
    assert rapport.get(form_address(page)).checked() == {}
    assert "Go on" not in rapport.get(form_address(page)).text


def test_where_the_record_does_not_take_it_they_can_try_again_and_it_is_there_once(rapport: Clinic) -> None:
    home = rapport.launch()
    rapport.ehr.faults.append(lambda method, path: refusal(503, "later") if method == "POST" else None)
    page = rapport.get(confirms(rapport, asks(rapport, home)).headers["Location"])
    assert "is kept safely here" in page.text
    assert "Rapport check-in, not answered." in rapport.get(home).text
    rapport.ehr.faults.clear()
    again = send(rapport, page.action("/again"), page.form("/again"))
    assert "Your health record says" in rapport.get(urlsplit(again.headers["Location"]).path).text
    assert [one["status"] for one in rapport.ehr.of_type("QuestionnaireResponse")] == ["stopped"]


def test_from_another_page_or_for_another_patient_nothing_is_stored(rapport: Clinic) -> None:
    page = asks(rapport, rapport.launch())
    assert confirms(rapport, page, csrf="guess").status_code >= 400
    assert confirms(rapport, page, patient="pat-2").status_code >= 400
    assert rapport.ehr.posts() == []


def test_once_the_sign_in_is_over_it_is_said_that_it_was_not_taken(rapport: Clinic) -> None:
    home = rapport.launch()
    asked, form = asks(rapport, home), rapport.get(home)
    send(rapport, form.action("/end"), form.form("/end"))
    page = read(confirms(rapport, asked))
    assert page.status >= 400
    assert "What you sent was not stored." in page.text
    assert rapport.ehr.posts() == []


def test_of_one_that_is_sealed_no_page_says_that_it_was_not(rapport: Clinic) -> None:
    asked = asks(rapport, rapport.launch())
    confirms(rapport, asked)
    page = read(confirms(rapport, asked, patient="pat-2"))
    assert page.status >= 400
    assert "nothing was stored" not in page.text
    assert "not stored" not in page.text
