"""Copy for the note, in the browser: by a button, by a selection where the clipboard is closed, and without script."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import DESK, IN_BOTH_SCHEMES, check_page
from tests.browser.chart import in_chart
from tests.browser.test_options import history
from tests.browser.test_pages import PHONE
from tests.browser.watch import Watch
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
CLOSED = "Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false"


def note(tab: Page, here: Clinic, patient: str = "strained-repaired") -> str:
    history(tab, here, patient)
    tab.get_by_role("link", name="Copy for the note").click()
    box = tab.get_by_role("textbox", name="Copy for the note")
    expect(box).to_be_visible()
    return box.input_value()


@IN_BOTH_SCHEMES
def test_the_button_copies_the_lines_and_what_is_ticked_is_left_out_at_once(tab: Page, here: Clinic, options: dict[str, str]) -> None:
    text = note(tab, here)
    assert len(text.split("\n")) == 6
    check_page(tab, "note", options, phone=PHONE)
    tab.set_viewport_size(DESK)
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.get_by_role("button", name="Copy", exact=True).click()
    expect(tab.locator("#copied")).to_have_text("Copied.")
    assert tab.evaluate("navigator.clipboard.readText()") == text
    with tab.expect_navigation():
        tab.get_by_label("the elements").check()
    expect(tab.get_by_label("the elements")).to_be_checked()
    assert "(goal" in text
    assert "(goal" not in tab.locator("#lines").input_value()


def test_a_frame_without_leave_to_write_to_the_clipboard_copies_by_selection(tab: Page, here: Clinic, watch: Watch) -> None:
    """Chromium refuses `writeText` in a frame of another origin without `allow="clipboard-write"`."""
    frame = in_chart(tab, here, "strained-repaired")
    frame.get_by_role("link", name="Copy for the note").click()
    text = frame.locator("#lines").input_value()
    assert frame.evaluate("navigator.clipboard.writeText('x').then(() => 'written', (one) => one.name)") == "NotAllowedError"
    frame.get_by_role("button", name="Copy", exact=True).click()
    expect(frame.locator("#copied")).to_have_text("Copied.")
    tab.context.grant_permissions(["clipboard-read"], origin=here.stand.ehr)
    tab.locator("body").click(position={"x": 5, "y": 5})  # it is read by the page that has the focus
    assert tab.evaluate("navigator.clipboard.readText()") == text
    watch.complaints[:] = [one for one in watch.complaints if "Clipboard API has been blocked" not in one]


def test_where_the_clipboard_is_closed_the_lines_are_selected_and_the_page_says_so(tab: Page, here: Clinic) -> None:
    text = note(tab, here)
    tab.evaluate(CLOSED)
    tab.get_by_role("button", name="Copy", exact=True).click()
    expect(tab.get_by_text("All lines are selected")).to_be_visible()
    assert tab.evaluate("(box => box.value.slice(box.selectionStart, box.selectionEnd))(document.getElementById('lines'))") == text


@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["without-script"])
def test_without_script_the_box_is_selected_by_hand(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    note(tab, here)
    expect(tab.locator("#copy")).to_be_hidden()
    expect(tab.get_by_text("Click into the box, select all")).to_be_visible()
    tab.get_by_label("what the patient answered of difficulty").check()
    with tab.expect_navigation():
        tab.get_by_role("button", name="Show the lines so").click()
    assert len(tab.locator("#lines").input_value().split("\n")) == 5
