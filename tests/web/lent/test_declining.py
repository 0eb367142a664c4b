"""A patient may say no: one tap and one confirmation, and it is stored as that and not as a rating. Staff may say why nobody was asked."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.web.clinic import AGREED, ITEMS, SLUG, Clinic
from tests.web.lent.lending import DESKTOP, Browser, lend


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


def stored(rapport: Clinic, kind: str) -> list[dict[str, Any]]:
    return rapport.ehr.of_type(kind)


def declines(tablet: Browser, page: str, **answers: str) -> Any:
    """From the form by its button to the confirmation, and yes."""
    form = tablet.get(page)
    button = form.soup.select_one("button[formaction]")
    assert button is not None
    asked = tablet.post(str(button["formaction"]), form.form("/answers") | answers)
    assert asked.status_code == 303
    return tablet.get(asked.headers["Location"])


def test_the_page_before_says_what_staff_see_and_what_is_deleted(tablet: Browser, rapport: Clinic) -> None:
    handed = lend(tablet, tablet.launch())
    asked = declines(tablet, handed.page, **{ITEMS[0]: "4", ITEMS[1]: "2"})
    assert "You have answered 2 sentences. If you stop now they are deleted" in asked.text
    assert "will see “declined” in your health record, and no reason" in asked.text
    assert rapport.services.store.outbox.open_entries().entries == []
    back = next(link for link in asked.links() if "draft=" in link)
    assert len(tablet.get(back).soup.select("input[type=radio][checked]")) <= 2


def test_yes_ends_the_form_and_leads_to_no_chart(tablet: Browser) -> None:
    handed = lend(tablet, tablet.launch())
    answer = tablet.press(declines(tablet, handed.page, **{ITEMS[0]: "4"}), "/declined")
    assert answer.status_code == 303
    thanks = tablet.get(urlsplit(answer.headers["Location"]).path)
    assert "That is fine" in thanks.text
    assert not [link for link in thanks.links() if link.startswith("/l/")]
    assert tablet.get(handed.page).status == 403


def test_staff_say_in_one_tap_why_and_read_what_was_stored(tablet: Browser) -> None:
    chart = tablet.launch()
    page = tablet.get(f"{chart}handover/{SLUG}")
    answer = tablet.press(page, "/not-today/", reason="no-time")
    receipt = tablet.get(answer.headers["Location"])
    assert "That the form was not answered" in receipt.text
    assert "no time" in receipt.text


def test_it_is_asked_a_second_time_only_where_staff_confirm_it(tablet: Browser) -> None:
    chart = tablet.launch()
    tablet.press(tablet.get(f"{chart}handover/{SLUG}"), "/not-today/", reason="patient-declined")
    page = tablet.get(f"{chart}handover/{SLUG}")
    assert "The patient would rather not answer at this visit." in page.text
    refused = tablet.press(page, "/handover/", **AGREED)
    assert "It was not confirmed" in tablet.get(refused.headers["Location"]).text
    lent = tablet.press(page, "/handover/", **AGREED, **{"after-all": "yes"})
    assert "/p/" in lent.headers["Location"]


def test_another_reason_from_the_same_page_is_refused_and_the_first_holds(tablet: Browser) -> None:
    chart = tablet.launch()
    page = tablet.get(f"{chart}handover/{SLUG}")
    tablet.press(page, "/not-today/", reason="no-time")
    assert tablet.press(page, "/not-today/", reason="no-time").status_code == 303
    assert tablet.press(page, "/not-today/", reason="could-not").status_code >= 400
    assert tablet.press(page, "/not-today/", reason="whatever").status_code == 400


def test_in_the_lane_it_is_a_word_and_no_rating(tablet: Browser) -> None:
    chart = tablet.launch()
    tablet.press(tablet.get(f"{chart}handover/{SLUG}"), "/not-today/", reason="patient-declined")
    history = tablet.get(chart)
    assert "the patient declined" in history.text
    assert "Hand over after all" in history.text
    assert "kept back" not in history.text


def test_the_hand_over_page_says_who_said_so_and_when(tablet: Browser) -> None:
    chart = tablet.launch()
    tablet.press(tablet.get(f"{chart}handover/{SLUG}"), "/not-today/", reason="no-time")
    assert "There was no time for the patient’s form at this visit. You entered it on " in tablet.get(f"{chart}handover/{SLUG}").text


def test_also_where_the_patient_said_so_themself(tablet: Browser, rapport: Clinic) -> None:
    tablet.press(declines(tablet, lend(tablet, tablet.launch()).page), "/declined")
    elsewhere = Browser(rapport=rapport, agent=DESKTOP)
    page = elsewhere.get(f"{elsewhere.launch()}handover/{SLUG}")
    assert "The patient would rather not answer at this visit. They said so themself, on " in page.text


def test_a_link_too_is_made_only_where_staff_confirm_it(tablet: Browser) -> None:
    chart = tablet.launch()
    tablet.press(tablet.get(f"{chart}handover/{SLUG}"), "/not-today/", reason="patient-declined")
    page = tablet.get(f"{chart}handover/{SLUG}")
    refused = tablet.press(page, "/link", use="room")
    again = tablet.get(refused.headers["Location"].partition("#")[0])
    assert "so no link was made" in again.text
    assert not again.soup.select(".own-phone .shown")
    made = tablet.press(again, "/link", use="room", **{"after-all": "yes"})
    assert tablet.get(made.headers["Location"].partition("#")[0]).soup.select(".own-phone .shown")


def test_the_first_page_too_declines_in_one_tap_and_a_confirmation(tablet: Browser) -> None:
    first = tablet.get(lend(tablet, tablet.launch()).start)
    assert first.soup.select_one("button[name=rather-not]")
    asked = tablet.get(tablet.press(first, "/begin", **{"rather-not": "yes"}).headers["Location"])
    assert "You would rather not do this today?" in asked.text
    back = next(link for link in asked.links() if "draft=" in link)
    assert tablet.get(back).soup.select("input[type=radio]")
    thanks = tablet.press(asked, "/declined")
    assert "That is fine" in tablet.get(urlsplit(thanks.headers["Location"]).path).text
