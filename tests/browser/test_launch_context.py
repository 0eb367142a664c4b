"""A task, a card and a style of the EHR, in a real browser under the pages' own policy."""

import pytest
from playwright.sync_api import Page, expect

from smart_app.sandbox.authorization.endpoints import STYLE
from tests.browser.chart import in_chart
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN = "falling-slowly"


# SMART B7
def test_task_and_card_of_the_chart_open_their_forms(tab: Page, reading_room: Clinic) -> None:
    in_chart(tab, reading_room, OWEN)
    tab.get_by_role("link", name="Task: check-in with the patient").click()
    frame = tab.frame_locator("iframe.app")
    expect(frame.get_by_role("heading", name="Hand over to")).to_be_visible()
    tab.get_by_role("link", name="Card: rate this visit").click()
    expect(frame.get_by_role("button", name="Save this rating")).to_be_visible()


# SMART I
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_style_is_worn_on_screen_in_the_scheme_it_fits(tab: Page, reading_room: Clinic, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    tab.goto(f"{reading_room.stand.ehr}/chart/{OWEN}/open")
    plain = ink(tab)
    open_styled(tab, reading_room)
    assert ink(tab) == (as_rgb(STYLE["color_text"]) if scheme == "light" else plain)
    assert tab.evaluate("getComputedStyle(document.body).fontFamily") == "system-ui, sans-serif"


# SMART I
def test_style_leaves_print_and_forced_colours_alone(tab: Page, reading_room: Clinic) -> None:
    open_styled(tab, reading_room)
    tab.emulate_media(media="print", color_scheme="light")
    assert ink(tab) == "rgb(0, 0, 0)"
    tab.emulate_media(media="screen", forced_colors="active", color_scheme="light")
    assert ink(tab) == "rgb(0, 0, 0)"


def open_styled(tab: Page, clinic: Clinic) -> None:
    """A history that wears the style: pages do not wait for it, so the first may be without."""
    tab.goto(f"{clinic.stand.ehr}/chart/{OWEN}/open?style=1")
    for _ in range(20):
        if tab.locator("head style").count():
            return
        tab.reload()
    pytest.fail("the style never came")


def ink(tab: Page) -> str:
    """The colour text is drawn in."""
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()
    return str(tab.evaluate("getComputedStyle(document.body).color"))


def as_rgb(text: str) -> str:
    """A colour as the browser says it."""
    return f"rgb({', '.join(str(part) for part in bytes.fromhex(text[1:]))})"
