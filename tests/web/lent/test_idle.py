"""A patient's page that nobody uses: told before it closes, then closed, and the answers wait behind the question who began."""

import pytest

from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, Clinic, Handed
from tests.web.lent.lending import Browser, lend

FIVE = dict.fromkeys(ITEMS[:5], "4")


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


@pytest.fixture
def handed(tablet: Browser) -> Handed:
    return lend(tablet, tablet.launch())


def script(page: Page) -> dict[str, str]:
    (found,) = page.soup.select("script[data-stay]")
    return {name: str(value) for name, value in found.attrs.items()}


def kept_by_button(tablet: Browser, handed: Handed) -> Page:
    """Without a script: what was chosen is kept by a button, and the form comes back with it."""
    form = tablet.get(handed.page)
    (button,) = form.soup.select("noscript button[formaction]")
    answer = tablet.post(str(button["formaction"]), form.form("/answers") | FIVE)
    return tablet.get(answer.headers["Location"])


def test_the_script_is_told_to_leave_after_twelve_minutes_two_of_them_a_warning(tablet: Browser, handed: Handed) -> None:
    told = script(tablet.get(handed.page))
    assert told["data-idle"] == "720"
    assert told["data-over"].endswith("/idle")


def test_without_one_it_goes_after_ten_minutes_to_a_page_that_offers_to_go_on(tablet: Browser, handed: Handed, clock: Clock) -> None:
    assert kept_by_button(tablet, handed).checked() == FIVE
    (refresh,) = tablet.get(handed.page).soup.select("noscript meta[http-equiv=refresh]")
    seconds, _, address = str(refresh["content"]).partition(";url=")
    assert seconds == "600"
    clock.forward(minutes=10)
    page = tablet.get(address)
    assert "Are you still there?" in page.text
    assert "alvorsen" not in page.html.lower()
    assert str(page.soup.select("meta[http-equiv=refresh]")[0]["content"]).startswith("120;")
    clock.forward(minutes=1)
    assert tablet.get(next(link for link in page.links() if "/p/" in link)).checked() == FIVE
    clock.forward(minutes=11)
    assert tablet.get(handed.page).checked() == FIVE


def test_after_that_it_is_closed_and_the_answers_wait_behind_the_question(tablet: Browser, handed: Handed, clock: Clock) -> None:
    kept_by_button(tablet, handed)
    clock.forward(minutes=12)
    page = tablet.get(f"{handed.start}idle?{handed.page.partition('?')[2]}")
    assert "This page was closed" in page.text
    assert "alvorsen" not in page.html.lower()
    for address in (handed.page, next(link for link in page.links() if "/p/" in link)):
        assert "Did you begin this today?" in tablet.get(address).text


def test_a_page_that_was_closed_is_not_opened_by_what_comes_late(tablet: Browser, handed: Handed, clock: Clock) -> None:
    kept_by_button(tablet, handed)
    form = tablet.get(handed.page)
    told = script(form)
    clock.forward(minutes=12)
    assert tablet.post(told["data-stay"], {"csrf": told["data-csrf"]}).status_code == 204
    save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
    assert tablet.post(save, form.form("/answers") | FIVE).status_code == 204
    assert "Did you begin this today?" in tablet.get(handed.page).text


def test_what_is_used_stays(tablet: Browser, handed: Handed, clock: Clock) -> None:
    kept_by_button(tablet, handed)
    told = script(tablet.get(handed.page))
    for _ in range(3):
        clock.forward(minutes=9)
        assert tablet.post(told["data-stay"], {"csrf": told["data-csrf"]}).status_code == 204
    assert tablet.get(handed.page).checked() == FIVE
