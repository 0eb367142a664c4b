"""What is printed: one A4 page for everybody, tables on further ones by choice, and from a frame in a tab of its own."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import DESK, SCREENS, found_by_axe
from tests.browser.chart import in_chart
from tests.browser.test_options import history
from tests.browser.test_pages import PERSONAS
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
_PAGE = re.compile(rb"/Type\s*/Page\b")


def pages(tab: Page, name: str = "") -> int:
    path = SCREENS / f"print-{name}.pdf" if name else None
    return len(_PAGE.findall(tab.pdf(path=path, prefer_css_page_size=True)))


def printed(tab: Page, here: Clinic, patient: str, query: str = "") -> None:
    history(tab, here, patient)
    tab.goto(f"{tab.url.partition('?')[0].partition('#')[0]}print{query}")
    expect(tab.get_by_role("heading", name="Alliance and HbA1c", exact=True)).to_be_visible()


@pytest.mark.parametrize("patient", PERSONAS)
def test_it_is_one_page(tab: Page, reading_room: Clinic, patient: str) -> None:
    printed(tab, reading_room, patient)
    assert pages(tab, patient) == 1
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 704, "height": 1047})
    tab.screenshot(path=SCREENS / f"print-{patient}.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 704
    assert tab.evaluate("document.querySelector('main').getBoundingClientRect().bottom") <= 1047


def test_tables_come_on_further_pages_by_choice(tab: Page, reading_room: Clinic) -> None:
    printed(tab, reading_room, "strained-repaired")
    tab.get_by_role("link", name="Print with tables").click()
    expect(tab.get_by_role("link", name="Print one page")).to_be_visible()
    assert pages(tab, "tables") > 1
    tab.set_viewport_size(DESK)
    assert found_by_axe(tab) == ""


def test_twelve_years_in_one_page(tab: Page, reading_room: Clinic) -> None:
    printed(tab, reading_room, "twelve-years", "?years=all")
    assert pages(tab, "twelve-years-all") == 1


def test_from_a_frame_the_link_opens_a_tab_of_its_own(tab: Page, reading_room: Clinic) -> None:
    frame = in_chart(tab, reading_room, "strained-repaired")
    with tab.context.expect_page() as opened:
        frame.get_by_role("link", name="Print one page").click()
    page = opened.value
    expect(page.get_by_role("heading", name="Alliance and HbA1c", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    assert page.locator("h1").evaluate("one => getComputedStyle(one).fontWeight") == "600"
    assert pages(page, "from-a-frame") == 1
    assert "/print" not in frame.url
