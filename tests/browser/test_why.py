"""Why something is said, in the browser: what speaks stands open, what is silent opens by its address, and the same as data."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import DESK, IN_BOTH_SCHEMES, check_page, found_by_axe, keep_picture
from tests.browser.test_options import history, said_difficult
from tests.browser.test_pages import PHONE
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
SILENT = "why-1-rise-previous"


def why(tab: Page, part: str = "") -> None:
    """From the history, with its page's own address."""
    tab.goto(f"{tab.url.partition('?')[0].partition('#')[0]}why{part}")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("is said")


@IN_BOTH_SCHEMES
def test_the_reasons_stand_open_and_the_silent_rules_open_by_their_address(tab: Page, here: Clinic, options: dict[str, str]) -> None:
    said_difficult(tab, here)
    chart = tab.url.partition("?")[0]
    why(tab)
    expect(tab.get_by_role("heading", name="Why “to talk about” is said")).to_be_visible()
    expect(tab.locator("#why-1-own-answer")).to_contain_text("Was anything difficult between you and Sofia Lindqvist today?” Yes")
    expect(tab.locator(f"#{SILENT}")).not_to_be_visible()
    check_page(tab, "why", options, phone=PHONE)
    tab.set_viewport_size({"width": 390, "height": 844})
    keep_picture(tab, f"why-{options['color_scheme']}-390", full_page=True)
    tab.set_viewport_size(DESK)
    tab.goto("about:blank")
    tab.goto(f"{chart}why#{SILENT}")
    expect(tab.locator(f"#{SILENT}")).to_be_visible()
    data = tab.evaluate("address => fetch(address).then(answer => answer.json())", f"{chart}why.json")
    assert next(rule["rule"] for rule in data["signals"][0]["rules"] if rule["speaks"]) == "own-answer"
    tab.get_by_role("link", name="Back to the history").click()
    expect(tab.locator("#sources")).to_be_visible()


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"java_script_enabled": False}], ids=["forced", "without-script"])
def test_it_works_in_forced_colours_and_without_script(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    history(tab, here, "strained-repaired")
    why(tab)
    tab.locator(".signal > details > summary").first.click()
    expect(tab.locator(".signal > details > .rule").first).to_be_visible()
    if options.get("forced_colors"):
        keep_picture(tab, "why-forced", full_page=True)
        # Its colours are whoever chose them.
        assert found_by_axe(tab, but=("color-contrast",)) == ""
