"""The measures as low rows: as low as they are said to be, nothing over anything else, at every width, opened without script."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import found_by_axe, keep_picture
from tests.browser.test_options import history
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
HEIGHTS = "rows => rows.map(row => row.getBoundingClientRect().height)"
# Words of a row that reach over each other: its name, its count, its two values.
OVER = """rows => rows.flatMap(row => {
  const boxes = [...row.querySelectorAll(":is(h3, h4), summary, .cells p")].map(one => {
    const range = document.createRange(); range.selectNodeContents(one); return range.getBoundingClientRect(); });
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)).map(() => row.innerText); })"""


@pytest.mark.parametrize("patient", ["strained-repaired", "mixed-units", "twelve-years"])
def test_a_row_is_thirty_six_pixels_and_its_words_stand_apart(tab: Page, reading_room: Clinic, patient: str) -> None:
    history(tab, reading_room, patient)
    rows = tab.locator(".compact:not(.heads)")
    assert rows.count() > 3
    assert max(rows.evaluate_all(HEIGHTS)) <= 36
    for width in (1280, 1024, 640, 390, 320):
        tab.set_viewport_size({"width": width, "height": 900})
        assert rows.evaluate_all(OVER) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        keep_picture(tab.locator(".measures"), f"rows-{patient}-{width}")


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
def test_a_row_opens_to_its_lane_and_table_and_stays(tab: Page, reading_room: Clinic, options: dict[str, object]) -> None:
    assert options
    history(tab, reading_room, "strained-repaired")
    row = tab.locator(".compact", has=tab.get_by_role("heading", name="Weight"))
    before = row.locator(".plot").first.bounding_box()
    row.locator("summary").click()
    expect(row.get_by_role("table")).to_be_visible()
    expect(row.locator(".lane .plot")).to_be_visible()
    after, lane = row.locator(".plot").first.bounding_box(), row.locator(".lane .plot").bounding_box()
    assert before
    assert after
    assert lane
    assert (before["x"], before["width"], before["height"]) == (after["x"], after["width"], after["height"])
    # One day stands at one place in both.
    assert (lane["x"], lane["width"]) == (after["x"], after["width"])


def test_nothing_is_wrong_with_rows_opened(tab: Page, reading_room: Clinic) -> None:
    history(tab, reading_room, "mixed-units")
    for summary in tab.locator(".compact summary").all():
        summary.click()
    assert found_by_axe(tab) == ""
