"""A rating as it was answered, in the browser: opened from the table of ratings, read on a desk, a phone, in the dark and on paper."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import DESK, IN_BOTH_SCHEMES, check_page, found_by_axe, keep_picture
from tests.browser.test_options import history, said_difficult
from tests.browser.test_pages import PHONE
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
GROUPS = ("Asked beside the items, never scored", "Changed: ", "The same: ")


def as_answered(tab: Page) -> None:
    """The newest rating, from its row."""
    table = tab.locator("details:has(table.scores)").first
    table.locator("summary").first.click()
    table.locator("tbody th a").first.click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("as answered")


@IN_BOTH_SCHEMES
def test_the_newest_rating_opens_from_its_row_and_leads_back(tab: Page, here: Clinic, options: dict[str, str]) -> None:
    said_difficult(tab, here)
    as_answered(tab)
    for place, group in enumerate(GROUPS):
        expect(tab.get_by_role("row").filter(has=tab.get_by_role("rowheader", name=group))).to_have_count(1)
        expect(tab.locator(".answered .group").nth(place)).to_contain_text(group)
    check_page(tab, "rating", options, phone=PHONE)
    tab.set_viewport_size({"width": 390, "height": 844})
    keep_picture(tab, f"rating-{options['color_scheme']}-390", full_page=True)
    expect(tab.locator("td.given", has_text="Yes")).to_be_visible()
    tab.set_viewport_size(DESK)
    tab.emulate_media(media="print")
    keep_picture(tab, f"rating-{options['color_scheme']}-print", full_page=True)
    expect(tab.get_by_role("link", name="Back to the history")).not_to_be_visible()
    tab.emulate_media(media="screen")
    tab.get_by_role("link", name="The same visit, rated by the clinician").click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Your rating of ")
    tab.get_by_role("link", name="Back to the history").click()
    expect(tab.locator("#sources")).to_be_visible()


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"java_script_enabled": False}], ids=["forced", "without-script"])
def test_it_works_in_forced_colours_and_without_script(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    history(tab, here, "strained-repaired")
    as_answered(tab)
    expect(tab.locator(".answered .strip").first).to_be_visible()
    if options.get("forced_colors"):
        keep_picture(tab, "rating-forced", full_page=True)
        # Its colours are whoever chose them.
        assert found_by_axe(tab, but=("color-contrast",)) == ""
