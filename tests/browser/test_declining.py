"""A patient says no on a lent device: one tap in sight from the first page, one confirmation, then a word in the history and on paper."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import found_by_axe
from tests.browser.chart import answer, begin
from tests.browser.test_patients_page import DESK, PHONE, PLAIN, TABLET, handed
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
WIDTHS = pytest.mark.parametrize("options", [DESK, TABLET, PHONE, PLAIN], ids=["1280", "768", "390", "390, no script"])
RATHER_NOT = re.compile("would rather not do this today")


def in_sight(tab: Page, text: re.Pattern[str]) -> bool:
    """Whether a button stands whole within the window as it is, without scrolling."""
    box = tab.get_by_role("button", name=text).bounding_box()
    assert box is not None
    assert tab.viewport_size is not None
    return box["y"] + box["height"] <= tab.viewport_size["height"] and box["x"] >= 0


@WIDTHS
def test_from_the_first_page_to_the_thanks(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    handed(tab, here)
    scripted = options.get("java_script_enabled", True)
    if scripted:
        assert found_by_axe(tab) == ""
    tab.get_by_role("button", name=RATHER_NOT).click()
    expect(tab.get_by_role("heading", name="You would rather not do this today?")).to_be_visible()
    assert in_sight(tab, re.compile("Yes, not today"))
    if scripted:
        assert found_by_axe(tab) == ""
    tab.get_by_role("button", name="Yes, not today").click()
    expect(tab.get_by_role("heading", name="That is fine")).to_be_visible()
    assert not [link for link in tab.locator("a").all() if "/l/" in (link.get_attribute("href") or "")]


@WIDTHS
def test_from_the_questions_and_back_to_them_nothing_is_lost(tab: Page, here: Clinic) -> None:
    handed(tab, here)
    begin(tab)
    answer(tab, 3, leave_out=4)
    tab.get_by_role("button", name=RATHER_NOT).first.click()
    expect(tab.get_by_text("You have answered 6 sentences.")).to_be_visible()
    tab.get_by_role("link", name="Go back to the questions").click()
    expect(tab.locator("form.check")).to_be_visible()
    assert tab.locator("form.check input[type=radio]:checked").count() == 6


def test_staff_read_a_word_in_the_lane_the_table_and_on_paper(tab: Page, here: Clinic) -> None:
    code = handed(tab, here)
    tab.get_by_role("button", name=RATHER_NOT).click()
    tab.get_by_role("button", name="Yes, not today").click()
    tab.get_by_label("Return code").fill(code)
    tab.get_by_role("button", name="Take it back").click()
    tab.get_by_role("link", name="Back to the history").click()
    expect(tab.get_by_text(": the patient declined").first).to_be_visible()
    assert tab.locator("table.scores td", has_text=re.compile("^declined$")).count() == 1
    chart = urlsplit(tab.url)._replace(query="", fragment="").geturl()
    tab.goto(f"{chart}print")
    expect(tab.get_by_text(": the patient declined").first).to_be_visible()
    tab.goto(f"{chart}handover/rapport-check-in")
    expect(tab.get_by_text("They said so themself").first).to_be_visible()
    assert found_by_axe(tab) == ""
