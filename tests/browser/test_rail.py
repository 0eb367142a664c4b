"""What cannot be drawn has its number beneath the plot and its words on the page, and the band its words, at every width."""

from itertools import combinations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessible import DESK, found_by_axe
from tests.browser.test_options import history
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
WIDTHS = (1280, 640, 390, 320)


def visible(found: Locator) -> list[Locator]:
    return [one for one in found.all() if one.is_visible()]


def apart(found: Locator) -> bool:
    boxes = [box for one in visible(found) if (box := one.bounding_box())]
    return all(one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"] for one, other in combinations(boxes, 2))


def test_numbers_and_words_are_there_at_every_width(tab: Page, reading_room: Clinic) -> None:
    history(tab, reading_room, "mixed-units")
    assert found_by_axe(tab) == ""
    lane = tab.locator("section[aria-labelledby=hba1c] .lane").first
    total = tab.locator("section[aria-labelledby=alliance] .lane:has(svg.plot[role=img])").first
    band = "band: baseline"
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": DESK["height"]})
        numbers = lane.locator(".plot text.number")
        assert visible(numbers)
        assert apart(numbers)
        assert apart(lane.locator(".plot g.note use"))
        said = visible(lane.locator(".numbered"))
        assert len(said) == 1
        expect(said[0]).to_contain_text("“57”, no unit: not drawn")
        assert [one.text_content() for one in said[0].locator("b").all()] == ["1", "2", "3"]
        spoken = [one.text_content() or "" for one in visible(total.locator("text.note, .below"))]
        assert len([one for one in spoken if band in one.lower()]) == 1
