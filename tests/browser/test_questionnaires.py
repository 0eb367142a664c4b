"""Questionnaires beside the check-in, in a browser: typed in from paper, not scored, and about nobody; pictures are kept."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

import smart_app.app
from tests.browser.accessible import check_in_both_schemes
from tests.browser.chart import answer, clinician_rates, in_tab, send, to_history
from tests.support.questionnaires import confirmed
from tests.support.stands import Clinic, clinic

pytestmark = pytest.mark.system
USED = "rapport-check-in,wai-sr,dds-17,care-empathy,blri-os-64,haq2-alliance,dses-8,wai-36"
PATIENT = "new-clinician"
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def reading_room() -> Iterator[Clinic]:
    """A site with eight instruments, four keys confirmed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAPPORT_INSTRUMENTS", USED)
        patch.setattr(smart_app.app, "load_library", lambda: confirmed(("wai-sr", "dds-17", "care-empathy", "wai-36")))
        with clinic() as standing:
            yield standing


def sheet(tab: Page, here: Clinic, slug: str) -> None:
    """The page a sheet is typed in on, from the dashboard's menu."""
    in_tab(tab, here, PATIENT).get_by_text("Other questionnaires").click()
    tab.locator(f"details.others a[href$='/{slug}/patient']").click()
    expect(tab.locator("form.paper")).to_be_visible()


def long_sheet(tab: Page, here: Clinic) -> None:
    sheet(tab, here, "blri-os-64")


def ten_options(tab: Page, here: Clinic) -> None:
    sheet(tab, here, "dses-8")


def does_not_apply(tab: Page, here: Clinic) -> None:
    sheet(tab, here, "care-empathy")


def long_sheet_unanswered(tab: Page, here: Clinic) -> None:
    long_sheet(tab, here)
    send(tab)
    expect(tab.get_by_text("and 54 more")).to_be_visible()


def unscored_receipt(tab: Page, here: Clinic) -> None:
    sheet(tab, here, "haq2-alliance")
    answer(tab, 4)
    send(tab)
    expect(tab.locator(".done").get_by_text("Stored as answered, not scored")).to_be_visible()


def menu(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, PATIENT).get_by_text("Other questionnaires").click()
    expect(tab.locator("details.others li")).to_have_count(7)


def three_instruments(tab: Page, here: Clinic) -> None:
    """Check-in, WAI-SR, DDS-17 and DSES-8."""
    for slug in ("wai-sr", "dds-17", "dses-8"):
        sheet(tab, here, slug)
        answer(tab, 4)
        send(tab)
        expect(tab.get_by_role("heading", name="Saved in the record")).to_be_visible()
    to_history(tab)
    clinician_rates(tab, 3)
    to_history(tab)
    expect(tab.get_by_role("heading", name="Questionnaires about living with diabetes")).to_be_visible()


def whom(tab: Page, here: Clinic) -> None:
    """Before the observer's form: the clinicians of the chart."""
    in_tab(tab, here, PATIENT).get_by_text("Other questionnaires").click()
    tab.get_by_role("link", name="Rate another clinician, as observer").click()
    expect(tab.get_by_role("heading", name="Whom do you rate?")).to_be_visible()


def nobody(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, "sparse-banner").get_by_text("Other questionnaires").click()
    tab.get_by_role("link", name="Rate another clinician, as observer").click()
    expect(tab.get_by_role("heading", name="What to do")).to_be_visible()


def observers_sheet(tab: Page, here: Clinic) -> None:
    whom(tab, here)
    tab.get_by_role("radio").first.check()
    tab.get_by_role("button", name="Go on to the form").click()
    expect(tab.get_by_text("You rate how")).to_be_visible()


def observed(tab: Page, here: Clinic) -> None:
    """The other clinician's lines, the observer's among them."""
    observers_sheet(tab, here)
    answer(tab, 5)
    send(tab)
    expect(tab.get_by_role("heading", name="Saved in the record")).to_be_visible()
    to_history(tab)
    expect(tab.locator("path.observer.dots").first).to_be_attached()


PAGES: dict[str, Callable[[Page, Clinic], None]] = {
    "menu": menu,
    "paper-64": long_sheet,
    "paper-64-errors": long_sheet_unanswered,
    "paper-ten-options": ten_options,
    "paper-does-not-apply": does_not_apply,
    "receipt-unscored": unscored_receipt,
    "dashboard-several": three_instruments,
    "observer-whom": whom,
    "observer-nobody": nobody,
    "observer-sheet": observers_sheet,
    "observer-dashboard": observed,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits(tab: Page, reading_room: Clinic, name: str) -> None:
    PAGES[name](tab, reading_room)
    check_in_both_schemes(tab, f"questionnaires-{name}", phone=PHONE)


def chosen(tab: Page) -> list[str]:
    found: list[str] = tab.evaluate("[...document.querySelectorAll('input:checked')].map(one => one.value)")
    return found


def test_digits_fill_a_sheet_in_from_the_keyboard(tab: Page, reading_room: Clinic) -> None:
    long_sheet(tab, reading_room)
    tab.locator("#item-1 input").first.focus()
    for key in ("-", "2", "3", "7", "1", "-", "3"):
        tab.keyboard.press(key)
    assert chosen(tab) == ["minus-2", "3", "1", "minus-3"]
    expect(tab.locator("#item-5 input").first).to_be_focused()
    expect(tab.locator(".count")).to_be_visible()


def test_a_zero_stands_for_ten_and_the_last_answer_leads_to_the_button(tab: Page, reading_room: Clinic) -> None:
    ten_options(tab, reading_room)
    tab.locator("#item-1 input").first.focus()
    for _ in range(8):
        tab.keyboard.press("0")
    assert chosen(tab) == ["10"] * 8
    expect(tab.get_by_role("button", name="Save these answers")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Saved in the record")).to_be_visible()


@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["no-script"])
def test_a_sheet_is_filled_in_without_script(tab: Page, reading_room: Clinic, options: dict[str, bool]) -> None:
    tab.goto(f"{reading_room.stand.ehr}/chart/{PATIENT}/open")
    tab.get_by_text("Other questionnaires").click()
    tab.locator("details.others a[href$='/dds-17/patient']").click()
    expect(tab.locator("#keys")).to_be_hidden()
    answer(tab, 2)
    send(tab)
    expect(tab.get_by_role("heading", name="Saved in the record")).to_be_visible()


def test_ten_options_stay_in_one_row_on_a_phone_even_where_one_is_missing(tab: Page, reading_room: Clinic) -> None:
    ten_options(tab, reading_room)
    send(tab)
    expect(tab.locator("#item-5-problem")).to_be_visible()
    tab.set_viewport_size(PHONE)
    tops = tab.evaluate("[...document.querySelectorAll('#item-5 .options label')].map(one => one.getBoundingClientRect().top)")
    assert len(tops) == 10
    assert len(set(tops)) == 1
