"""The patient's own page on a lent device, in a browser: who it is for, and what stays of what was answered."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import HAND_OVER, NAMES, begin, in_tab
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN = "falling-slowly"
DESK, TABLET = {"viewport": {"width": 1280, "height": 800}}, {"viewport": {"width": 768, "height": 1024}}
PHONE = {"viewport": {"width": 390, "height": 844}}
PLAIN = {**PHONE, "java_script_enabled": False}
WIDTHS = pytest.mark.parametrize("options", [DESK, TABLET, PHONE, PLAIN], ids=["1280", "768", "390", "390, no script"])


def handed(tab: Page, here: Clinic) -> str:
    """To the patient's first page, as staff hand the device over: the code that takes it back."""
    in_tab(tab, here, OWEN)
    tab.get_by_role("link", name=HAND_OVER).click()
    code = tab.locator(".return-code").inner_text()
    for agreed in ("name", "born"):
        tab.locator(f"input[name=identified-{agreed}]").check()
    tab.get_by_role("button", name="Open the patient’s page").click()
    expect(tab.get_by_role("heading", name="Is this you?")).to_be_visible()
    return code


@WIDTHS
def test_somebody_else_ends_the_page_and_sees_nothing_of_anybody(tab: Page, here: Clinic) -> None:
    code = handed(tab, here)
    start = tab.url
    for button in tab.locator(".doors .button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 52
        assert box["width"] >= min(tab.viewport_size["width"], 768) - 64  # type: ignore[index]
    begin(tab)
    tab.goto(start)
    tab.get_by_role("button", name="No, this is not me").click()
    expect(tab.get_by_text("said that the page is not theirs")).to_be_visible()
    assert NAMES[OWEN].lower() not in tab.content().lower()
    for _ in range(3):
        tab.go_back()
        assert NAMES[OWEN].lower() not in tab.content().lower()
    tab.goto(f"{here.stand.app}/lent")
    tab.get_by_label("Return code").fill(code)
    tab.get_by_role("button", name="Take it back").click()
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()


@pytest.mark.parametrize("options", [DESK, TABLET, PHONE], ids=["1280", "768", "390"])
def test_a_page_that_nobody_uses_says_so_and_then_shows_nothing_of_anybody(tab: Page, here: Clinic) -> None:
    tab.clock.install()
    handed(tab, here)
    begin(tab)
    with tab.expect_response("**/draft"):
        tab.locator(".options label").first.click()
        tab.clock.fast_forward("00:04")
    tab.clock.fast_forward("10:05")
    expect(tab.get_by_text("closes in two minutes")).to_be_visible()
    tab.get_by_role("button", name="Go on").click()
    expect(tab.get_by_text("closes in two minutes")).to_have_count(0)
    tab.clock.fast_forward("12:05")
    expect(tab.get_by_role("heading", name="This page was closed")).to_be_visible()
    assert NAMES[OWEN].lower() not in tab.content().lower()
    tab.get_by_role("link", name="Go on").click()
    expect(tab.get_by_role("heading", name="Did you begin this today?")).to_be_visible()
    expect(tab.locator("input[type=radio]")).to_have_count(0)
    tab.get_by_role("button", name="Yes: go on with my answers").click()
    expect(tab.locator("input[type=radio]:checked")).to_have_count(1)
