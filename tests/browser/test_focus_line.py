"""The focus line in a browser: by link, by keys, by a tap and a click; the cells go with it, and nothing is taken from scrolling."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, ViewportSize, expect

from tests.browser.accessible import DESK, found_by_axe, keep_picture
from tests.browser.chart import in_tab
from tests.browser.watch import Watch
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
PERSONA = "difficult-visit"
FRAME: ViewportSize = {"width": 1024, "height": 640}
PHONE: ViewportSize = {"width": 390, "height": 844}


def cells(tab: Page) -> list[str]:
    return tab.locator("main .latest").all_text_contents()


def stepper(tab: Page) -> Locator:
    return tab.locator("#focus")


def day(tab: Page) -> str:
    return stepper(tab).locator("output").inner_text()


def places(tab: Page) -> set[str | None]:
    return {line.get_attribute("x1") for line in tab.locator("main .focus").all()}


def moved_to(tab: Page, when: str) -> None:
    """The line stands there, at one place in every lane, and the cells are of that day."""
    expect(stepper(tab).locator("output")).to_have_text(when)
    expect(tab.locator("main.moving")).to_have_count(0)
    assert len(places(tab)) == 1
    expect(tab.locator(".ticks .latest").first).to_have_text(re.compile(rf"On {when}, and latest"))


def stops(tab: Page) -> list[str]:
    return [stop.split(",")[1] for stop in (stepper(tab).get_attribute("data-stops") or "").split()]


def asked_for(tab: Page) -> str | None:
    found: str | None = tab.evaluate("new URLSearchParams(location.search).get('at')")
    return found


@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["without-script"])
def test_the_links_alone_move_line_and_cells(tab: Page, reading_room: Clinic, options: dict[str, object]) -> None:
    assert options
    in_tab(tab, reading_room, PERSONA)
    before, at = cells(tab), places(tab)
    latest = day(tab)
    tab.get_by_role("link", name="‹ earlier").click()
    expect(stepper(tab).locator("output")).not_to_have_text(latest)
    moved_to(tab, day(tab))
    assert (cells(tab) != before, places(tab) != at, tab.url.endswith("#focus")) == (True, True, True)
    tab.get_by_role("link", name="later ›").click()
    expect(stepper(tab).locator("output")).to_have_text(latest)
    assert cells(tab) == before


def test_keys_move_line_cells_and_address_and_nothing_else(tab: Page, reading_room: Clinic) -> None:
    in_tab(tab, reading_room, PERSONA)
    latest, days = day(tab), stops(tab)
    tab.locator("details.strip > summary").first.click()
    opened = tab.locator("details[open]").count()
    stepper(tab).focus()
    height = tab.evaluate("scrollY")
    tab.keyboard.press("Control+ArrowLeft")
    assert day(tab) == latest
    tab.keyboard.press("ArrowLeft")
    expect(stepper(tab).locator("output")).not_to_have_text(latest)
    moved_to(tab, day(tab))
    assert (asked_for(tab), tab.evaluate("scrollY"), tab.locator("details[open]").count()) == (days[-2], height, opened)
    expect(stepper(tab)).to_be_focused()
    shown = [day(tab), cells(tab), places(tab)]
    assert found_by_axe(tab) == ""
    tab.reload()
    assert [day(tab), cells(tab), places(tab)] == shown
    stepper(tab).focus()
    tab.keyboard.press("Home")
    expect(stepper(tab).locator("a").first).not_to_have_attribute("href", re.compile("."))
    expect(tab.locator("main.moving")).to_have_count(0)
    assert asked_for(tab) == days[0]
    tab.keyboard.press("End")
    expect(stepper(tab).locator("output")).to_have_text(latest)
    expect(tab.locator(".ticks .latest").first).to_have_text("Latest, and the one before")


def test_the_steps_are_announced_and_their_targets_are_large_enough(tab: Page, reading_room: Clinic) -> None:
    in_tab(tab, reading_room, PERSONA)
    expect(stepper(tab).locator("output")).to_have_attribute("aria-live", "polite")
    for size in (DESK, FRAME, PHONE):
        tab.set_viewport_size(size)
        box = stepper(tab).get_by_role("link").first.bounding_box()
        assert box
        assert (box["height"] >= 24, box["width"] >= 24) == (True, True)


@pytest.mark.parametrize("size", [DESK, FRAME, PHONE], ids=["1280", "1024", "390"])
def test_a_click_on_a_plot_goes_to_the_nearest_visit(tab: Page, reading_room: Clinic, size: ViewportSize) -> None:
    tab.set_viewport_size(size)
    in_tab(tab, reading_room, PERSONA)
    places_of = [float(stop.split(",")[0]) for stop in (stepper(tab).get_attribute("data-stops") or "").split()]
    plot = tab.locator(".plot:not(.axis)").first
    box = plot.bounding_box()
    assert box
    middle = (places_of[0] + places_of[1]) / 2
    plot.click(position={"x": box["width"] * (middle - 1) / 100, "y": 20})
    expect(tab.locator("main.moving")).to_have_count(0)
    expect(stepper(tab).locator("a").first).not_to_have_attribute("href", re.compile("."))
    moved_to(tab, day(tab))
    assert asked_for(tab) == stops(tab)[0]
    keep_picture(tab, f"focus-{size['width']}", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_a_tap_moves_the_line_and_scrolling_over_a_plot_does_not(chromium: Browser, reading_room: Clinic) -> None:
    context = chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    tab = context.new_page()
    try:
        in_tab(tab, reading_room, PERSONA)
        latest = day(tab)
        plot = tab.locator(".plot:not(.axis)").first
        plot.scroll_into_view_if_needed()
        assert plot.evaluate("one => getComputedStyle(one).touchAction") == "manipulation"
        box = plot.bounding_box()
        assert box
        x, y = box["x"] + box["width"] * 0.3, box["y"] + 40
        cdp = context.new_cdp_session(tab)
        for kind, dx, dy in (("Start", 0, 0), ("Move", 40, 30), ("Move", 80, 90)):
            cdp.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [{"x": x + dx, "y": y - dy}]})
        cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert (day(tab), tab.locator("main.moving").count()) == (latest, 0)
        plot.scroll_into_view_if_needed()
        plot.tap(position={"x": 1, "y": 40})
        expect(stepper(tab).locator("output")).not_to_have_text(latest)
        moved_to(tab, day(tab))
    finally:
        context.close()


def test_a_day_of_another_range_is_told_and_the_line_stands_at_its_latest_place(tab: Page, reading_room: Clinic) -> None:
    in_tab(tab, reading_room, PERSONA)
    latest = day(tab)
    for asked in ("1999-01-01", "a-day"):
        tab.goto(f"{tab.url.partition('?')[0].partition('#')[0]}?at={asked}")
        expect(tab.locator(".said")).to_contain_text("not in the range shown")
        assert day(tab) == latest
    stepper(tab).focus()
    tab.keyboard.press("ArrowLeft")
    expect(tab.locator(".said")).to_have_count(0)
    assert day(tab) != latest


# What goes with the line, as this page has it, or as the page at an address has it which no script has touched.
_WITH_THE_LINE = """async address => {
  const text = address && await (await fetch(address)).text();
  const page = address ? new DOMParser().parseFromString(text, "text/html") : document;
  const all = selector => [...page.querySelectorAll(selector)];
  return {
    cells: all("main :is(.latest, .cells, .compact summary > span:first-child)").map(one => one.innerHTML),
    links: all(".ranges a, #focus a").map(one => one.getAttribute("href")),
    places: all(".focus").map(one => `${one.getAttribute("x1")} ${one.getAttribute("x2")}`),
    day: page.querySelector("#focus output").textContent,
    said: all(".said").length,
  };
}"""


def with_the_line(tab: Page, address: str = "") -> object:
    found: object = tab.evaluate(_WITH_THE_LINE, address)
    return found


def reads(tab: Page) -> list[str]:
    """The addresses of the launch that are asked from now on, which read the record each."""
    asked: list[str] = []

    def note(request: Request) -> None:
        _, of_launch, rest = request.url.partition("/l/")
        asked.extend([rest.partition("/")[2]] if of_launch else [])

    tab.on("request", note)
    return asked


@pytest.mark.parametrize(
    ("persona", "years"),
    [
        (PERSONA, "1"),
        ("mixed-units", "2"),
        ("new-clinician", "all"),
        ("missing-items", "2"),
        ("strained-repaired", "5"),
        ("twelve-years", "all"),
    ],
)
def test_every_step_shows_what_the_page_of_that_day_does(tab: Page, reading_room: Clinic, persona: str, years: str) -> None:
    in_tab(tab, reading_room, persona)
    tab.goto(f"{tab.url.partition('?')[0].partition('#')[0]}?years={years}")
    days = stops(tab)
    stepper(tab).focus()
    asked = reads(tab)
    for one in reversed(days[:-1]):
        tab.keyboard.press("ArrowLeft")
        expect(tab.locator("main.moving")).to_have_count(0)
        assert asked_for(tab) == one
    assert asked == [f"stops?years={years}"]
    for one in [*days, *days[-2::-1]]:
        if asked_for(tab) != one:
            tab.keyboard.press("ArrowRight" if str(asked_for(tab)) < one else "ArrowLeft")
        assert with_the_line(tab) == with_the_line(tab, f"?years={years}&at={one}")
    # The last two lines asked for pages to compare with, and the steps for nothing.
    assert [one for one in asked if "at=" not in one] == [f"stops?years={years}"]


def test_steps_taken_while_the_stops_are_fetched_are_made_in_one(tab: Page, reading_room: Clinic) -> None:
    in_tab(tab, reading_room, PERSONA)
    days = stops(tab)
    asked = reads(tab)
    held: list[Route] = []
    tab.route("**/stops?*", lambda route: held.insert(0, route))
    stepper(tab).focus()
    for _ in range(3):
        tab.keyboard.press("ArrowLeft")
    expect(tab.locator("main.moving")).to_have_count(1)
    tab.wait_for_timeout(100)
    [one] = held
    one.continue_()
    expect(tab.locator("main.moving")).to_have_count(0)
    assert (asked_for(tab), len(asked)) == (days[-4], 1)


def test_the_day_is_kept_on_the_way_back_and_into_another_range(tab: Page, reading_room: Clinic) -> None:
    in_tab(tab, reading_room, PERSONA)
    tab.locator("#focus").press("ArrowLeft")
    expect(tab.locator("main.moving")).to_have_count(0)
    stood, there = with_the_line(tab), day(tab)
    tab.get_by_role("link", name="Copy for the note").click()
    expect(stepper(tab)).to_have_count(0)
    tab.go_back()
    moved_to(tab, there)
    assert with_the_line(tab) == stood
    tab.get_by_role("link", name="5 years").click()
    moved_to(tab, there)


def _breaks(route: Route) -> None:
    route.abort()


def _refuses(route: Route) -> None:
    route.fulfill(status=500, body="")


def _of_another_record(route: Route) -> None:
    route.fulfill(response=(answer := route.fetch()), body=answer.text().replace('data-read="', 'data-read="0'))


def _in_another_language(route: Route) -> None:
    route.fulfill(response=(answer := route.fetch()), body=answer.text().replace('lang="en"', 'lang="de"'))


def _short_of_a_cell(route: Route) -> None:
    route.fulfill(response=(answer := route.fetch()), body=answer.text().replace("<hr>", ""))


@pytest.mark.parametrize("answer", [_breaks, _refuses, _of_another_record, _in_another_language, _short_of_a_cell])
def test_where_the_stops_are_not_those_of_the_page_the_page_of_the_link_is_opened(
    tab: Page, reading_room: Clinic, watch: Watch, answer: Callable[[Route], None]
) -> None:
    in_tab(tab, reading_room, PERSONA)
    days, address = stops(tab), tab.url.partition("?")[0].partition("#")[0]
    tab.route("**/stops?*", answer)
    stepper(tab).focus()
    with tab.expect_navigation():
        tab.keyboard.press("ArrowLeft")
    expect(tab.locator("main.moving")).to_have_count(0)
    assert tab.url == f"{address}?at={days[-2]}#focus"
    assert with_the_line(tab) == with_the_line(tab, f"?at={days[-2]}")
    watch.complaints[:] = [one for one in watch.complaints if "stops" not in one and "Failed to load" not in one]
