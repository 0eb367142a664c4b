"""The line above "What changed", in the browser: a bar of ink that every colour scheme shows, above the first heading."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import DESK, keep_picture
from tests.browser.chart import in_tab
from tests.support.stands import Clinic

pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["light", "dark", "forced"]
)
def test_it_stands_first_beside_a_bar_that_is_seen(tab: Page, reading_room: Clinic, options: dict[str, str]) -> None:
    in_tab(tab, reading_room, "falling-slowly")
    box = tab.get_by_role("region", name="To talk about")
    expect(box).to_contain_text("answered that something was a little difficult between you.")
    for width, height in ((DESK["width"], DESK["height"]), (390, 844)):
        tab.set_viewport_size({"width": width, "height": height})
        keep_picture(tab, f"to-talk-{'-'.join(options.values())}-{width}", full_page=True)
        bar, thickness, ink, ground = box.evaluate(
            """one => {
              const own = getComputedStyle(one), page = getComputedStyle(document.body);
              return [own.borderInlineStartColor, own.borderInlineStartWidth, page.color, page.backgroundColor];
            }"""
        )
        assert (bar, thickness, bar == ground) == (ink, "4px", False)
        places = [box.bounding_box(), tab.get_by_role("heading", name="What changed").bounding_box()]
        assert all(places)
        assert places[0]["y"] + places[0]["height"] <= places[1]["y"]  # type: ignore[index]
        assert tab.evaluate("document.documentElement.scrollWidth") == width
