"""Words in plots lie over no other words, on the narrowest page of two columns, in a frame and at a desk."""

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.browser.accessible import DESK
from tests.browser.chart import in_tab
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
SIZES: dict[str, ViewportSize] = {
    "561": {"width": 561, "height": 800},
    "1001": {"width": 1001, "height": 640},
    "1024": {"width": 1024, "height": 640},
    "1280": DESK,
}
# Every two of the words of a plot that are shown and meet; ticks of one axis stand as close as their values are. A line of text is higher
# than its letters.
_MEETING = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const meeting = [];
  let words = 0;
  for (const plot of document.querySelectorAll("svg.plot:not(.axis)")) {
    const texts = [...plot.querySelectorAll("text")].map(one => [one, one.getBoundingClientRect()]);
    const all = texts.map(([one, box]) => ({ said: one.textContent, tick: one.matches(".left, .right"), box }));
    const shown = all.filter(one => one.box.width);
    words += shown.filter(one => !one.tick).length;
    shown.forEach((one, place) => shown.slice(place + 1).forEach(other => {
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (!(one.tick && other.tick) && across > 1 && down > 2) meeting.push(`${one.said} | ${other.said}`);
    }));
  }
  return [words, meeting];
}"""


@pytest.mark.parametrize("years", ["2", "all"])
@pytest.mark.parametrize("persona", ["difficult-visit", "twelve-years", "mixed-units", "steady-slide", "missing-items"])
def test_no_words_lie_over_others(tab: Page, reading_room: Clinic, persona: str, years: str) -> None:
    in_tab(tab, reading_room, persona)
    tab.goto(f"{tab.url.partition('?')[0].partition('#')[0]}?years={years}")
    found: dict[str, list[str]] = {}
    for name, size in SIZES.items():
        tab.set_viewport_size(size)
        words, found[name] = tab.evaluate(_MEETING)
        assert words > 4
    assert found == {name: [] for name in SIZES}
