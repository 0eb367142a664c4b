"""A refusal that reaches a page which was called back, or whose launch is over: kept as answers are, in their place, and told to staff."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, SLUG, Clinic, code_on
from tests.web.lent.lending import DESKTOP, Browser, lend, trail
from tests.web.lent.test_declining import declines


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


@pytest.fixture
def desk(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport, agent=DESKTOP)


def calls_back(desk: Browser, chart: str) -> None:
    desk.press(desk.get(f"{chart}loans"), "/call-back")


def called_back(tablet: Browser, desk: Browser) -> tuple[str, Page]:
    """A chart at the desk, and what the tablet says to a refusal after the call."""
    mine = desk.launch()
    handed = lend(tablet, tablet.launch())
    asked = declines(tablet, handed.page, **dict.fromkeys(ITEMS[:5], "4"))
    calls_back(desk, mine)
    return mine, read(tablet.press(asked, "/declined"))


def test_called_back_it_waits_in_the_place_of_the_answers(tablet: Browser, desk: Browser, rapport: Clinic) -> None:
    mine, page = called_back(tablet, desk)
    assert (page.status, rapport.ehr.posts()) == (403, [])
    assert "That you would rather not answer today is kept" in page.text
    assert "HALVORSEN" not in page.html
    history = desk.get(mine)
    assert "The patient would rather not answer:" in history.text
    assert "Begun and not sent" not in history.text
    assert "of 9 answered" not in history.text
    offered = desk.get(f"{mine}handover/{SLUG}")
    assert "The patient would rather not answer at this visit. They said so themself" in offered.text


def test_staff_enter_it_with_one_tap_and_it_waits_no_more(tablet: Browser, desk: Browser, rapport: Clinic) -> None:
    mine, _ = called_back(tablet, desk)
    desk.press(desk.get(f"{mine}handover/{SLUG}"), "/not-today/", reason="patient-declined")
    assert [one["status"] for one in rapport.ehr.of_type("QuestionnaireResponse")] == ["stopped"]
    assert "The patient would rather not answer:" not in desk.get(mine).text


def test_it_is_offered_to_nobody_as_answers_and_goes_where_the_patient_answers_after_all(
    tablet: Browser, desk: Browser, rapport: Clinic
) -> None:
    mine, _ = called_back(tablet, desk)
    page = desk.get(f"{mine}handover/{SLUG}")
    fields: dict[str, Any] = {"after-all": "yes", "identified-name": "yes", "identified-born": "yes"}
    start = desk.get(desk.press(page, "/handover/", **fields).headers["Location"])
    form = desk.get(desk.press(start, "/begin").headers["Location"])
    assert not form.soup.select("input[checked]")
    answer = desk.press(form, "/answers", **dict.fromkeys(ITEMS, "4"))
    assert answer.status_code == 303
    thanks = desk.get(urlsplit(answer.headers["Location"]).path)
    taken = desk.press(thanks, "/take-back", code=code_on(page))
    assert "The patient would rather not answer:" not in desk.get(urlsplit(taken.headers["Location"]).path).text


def test_where_the_launch_is_over_it_says_that_it_is_kept(tablet: Browser, clock: Clock, rapport: Clinic) -> None:
    handed = lend(tablet, tablet.launch())
    asked = declines(tablet, handed.page, **{ITEMS[0]: "4"})
    clock.forward(minutes=rapport.services.settings.absolute_minutes + 1)
    page = read(tablet.press(asked, "/declined"))
    assert page.status >= 400
    assert "That you would rather not answer today is kept" in page.text


def test_from_another_page_none_is_kept(tablet: Browser, desk: Browser, rapport: Clinic) -> None:
    mine = desk.launch()
    asked = declines(tablet, lend(tablet, tablet.launch()).page)
    calls_back(desk, mine)
    assert tablet.press(asked, "/declined", csrf="guess").status_code == 403
    assert not trail(rapport, "draft_saved")
