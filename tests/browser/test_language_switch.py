"""Another language chosen in a browser: with the keyboard, in the EHR's frame, on a form that is half answered."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.accessible import check_page
from tests.browser.chart import View, answer, in_chart, in_tab, patient_form
from tests.support.stands import Clinic, clinic

pytestmark = pytest.mark.system
PATIENT = "falling-slowly"
PHONE: ViewportSize = {"width": 320, "height": 640}
LIGHT = {"color_scheme": "light"}


@pytest.fixture(scope="module")
def reading_room() -> Iterator[Clinic]:
    """A site that offers the language of tests too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAPPORT_LANGUAGES", "en,en-XA")
        with clinic() as standing:
            yield standing


def speaks(view: View, code: str) -> None:
    expect(view.locator("html")).to_have_attribute("lang", code)


@pytest.mark.parametrize("options", [{"java_script_enabled": True}, {"java_script_enabled": False}], ids=["script", "no script"])
def test_a_choice_in_the_frame_is_staffs_alone(tab: Page, reading_room: Clinic) -> None:
    frame = in_chart(tab, reading_room, PATIENT)
    speaks(frame, "en")
    frame.get_by_role("link", name="en-XA").press("Enter")
    speaks(frame, "en-XA")
    frame.locator("a[href*='/handover/']").first.click()
    speaks(frame, "en-XA")
    for agreed in ("name", "born"):
        frame.locator(f"input[name=identified-{agreed}]").check()
    frame.locator("button.button-primary").click()
    # On the first page of somebody who began today, too.
    expect(frame.get_by_role("button", name="No, this is not me")).to_be_visible()
    speaks(frame, "en")


@pytest.mark.parametrize("options", [{"java_script_enabled": True}, {"java_script_enabled": False}], ids=["script", "no script"])
def test_a_form_comes_back_in_it_with_what_was_answered(tab: Page, reading_room: Clinic) -> None:
    view = in_tab(tab, reading_room, PATIENT)
    patient_form(view)
    answer(view, 3, leave_out=2)
    given = view.locator("form.check :checked").count()
    view.get_by_role("navigation", name="Language").get_by_role("button", name="en-XA").press("Enter")
    speaks(view, "en-XA")
    assert given == view.locator("form.check :checked").count() > 0
    expect(view.locator("#problems")).to_have_count(0)


def test_enter_in_a_form_sends_it_and_chooses_no_language(tab: Page, reading_room: Clinic) -> None:
    view = in_tab(tab, reading_room, PATIENT)
    patient_form(view)
    answer(view, 3, leave_out=2)
    view.locator("form.check :checked").first.press("Enter")
    expect(view.locator("#problems")).to_be_visible()
    speaks(view, "en")


@pytest.mark.parametrize("options", [LIGHT])
def test_it_has_room_and_axe_finds_nothing(tab: Page, reading_room: Clinic, options: dict[str, str]) -> None:
    view = in_tab(tab, reading_room, PATIENT)
    check_page(tab, "languages-dashboard", options, phone=PHONE)
    patient_form(view)
    check_page(tab, "languages-form", options, phone=PHONE)
