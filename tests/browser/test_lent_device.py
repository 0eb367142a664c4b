"""A tablet in the patient's hands, in a browser: whatever they press, it shows their questions or that it is on loan."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chart import HAND_OVER, NAMES, answer, hand_over, in_chart, in_tab, patient_form, send, tab_to, take_back, to_history
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN, LUCA = "falling-slowly", "missing-items"
DESK, PHONE = {"viewport": {"width": 1280, "height": 800}}, {"viewport": {"width": 390, "height": 844}}
PLAIN = {**PHONE, "java_script_enabled": False}
TABLET = {"viewport": {"width": 768, "height": 1024}}
BOTH = pytest.mark.parametrize("options", [DESK, TABLET, PHONE, PLAIN], ids=["1280", "768", "390", "390, no script"])
OF_BOTH = pytest.mark.parametrize("other", [LUCA, OWEN], ids=["another patient", "the same patient"])


def on_loan(tab: Page) -> None:
    expect(tab.get_by_role("heading", name="On loan to the patient")).to_be_visible()
    assert NAMES[OWEN] not in tab.content()
    assert NAMES[LUCA] not in tab.content()


@BOTH
def test_back_twice_reload_and_a_typed_address_open_nothing(tab: Page, here: Clinic) -> None:
    chart = in_tab(tab, here, OWEN).url
    patient_form(tab)
    page = tab.url
    tab.go_back()
    expect(tab.get_by_role("heading", name="Is this you?")).to_be_visible()
    tab.go_back()
    on_loan(tab)
    tab.go_back()
    on_loan(tab)
    tab.reload()
    on_loan(tab)
    for address in (chart, f"{chart.split('?')[0]}?years=all", f"{here.stand.app}/", f"{here.stand.app}/start", here.stand.app):
        tab.goto(address)
        on_loan(tab)
    tab.goto(f"{here.stand.ehr}/chart/{LUCA}/open")
    on_loan(tab)
    tab.get_by_role("link", name="Back to the questions").click()
    expect(tab.get_by_role("heading", name="Is this you?")).to_be_visible()
    tab.goto(page)
    expect(tab.locator("form.check")).to_be_visible()


@BOTH
def test_the_page_of_thanks_has_no_way_to_the_chart_but_the_code(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, OWEN)
    patient_form(tab)
    answer(tab, 3)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert not [one.get_attribute("href") for one in tab.get_by_role("link").all() if "/l/" in str(one.get_attribute("href"))]
    for _ in range(3):
        tab.go_back()
        on_loan(tab)
    take_back(tab)
    expect(tab.get_by_role("heading", name="Saved in the record")).to_be_visible()
    to_history(tab)


def test_a_second_tab_with_another_chart_is_locked_and_opens_with_it(tab: Page, here: Clinic) -> None:
    other = in_tab(tab.context.new_page(), here, LUCA)
    in_tab(tab, here, OWEN)
    patient_form(tab)
    other.reload()
    on_loan(other)
    tab.goto(f"{here.stand.app}/lent")
    take_back(tab)
    other.goto(other.url)
    expect(other.locator("body")).to_contain_text(NAMES[LUCA])


@OF_BOTH
def test_lent_in_a_window_the_chart_in_a_frame_is_locked_until_its_user_signs_in(tab: Page, here: Clinic, other: str) -> None:
    frame = in_chart(tab, here, other)
    window = in_tab(tab.context.new_page(), here, OWEN)
    patient_form(window)
    frame.goto(frame.url)
    expect(frame.get_by_role("heading", name="You lent a tablet")).to_be_visible()
    assert NAMES[other] not in frame.content()


@OF_BOTH
def test_a_chart_opened_in_a_frame_while_the_window_is_lent_is_locked_too(tab: Page, here: Clinic, other: str) -> None:
    window = in_tab(tab.context.new_page(), here, OWEN)
    patient_form(window)
    tab.bring_to_front()
    tab.goto(f"{here.stand.ehr}/chart/{other}")
    frame = tab.frame_locator("iframe.app")
    expect(frame.get_by_role("heading", name="You lent a tablet")).to_be_visible()
    assert NAMES[other] not in frame.locator("body").inner_text()


def test_what_the_browser_keeps_for_its_back_button_shows_no_chart(tab: Page, here: Clinic) -> None:
    """However far somebody goes through the history, and whether or not a page comes out of the back-forward cache."""
    chart = in_tab(tab, here, LUCA)
    chart.goto(f"{chart.url.split('?')[0]}?years=all")
    in_tab(tab, here, OWEN)
    patient_form(tab)
    tab.go_back()
    expect(tab.get_by_role("heading", name="Is this you?")).to_be_visible()
    for go in (tab.go_back, tab.go_back, tab.go_back, tab.go_forward, tab.go_back):
        go()
        if here.stand.app in tab.url:
            on_loan(tab)
    assert tab.evaluate("performance.getEntriesByType('navigation')[0].type") == "back_forward"


@pytest.mark.parametrize("options", [DESK], ids=["1280"])
def test_the_way_back_is_walked_by_keyboard_alone(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, OWEN)
    tab.get_by_role("link", name=HAND_OVER).click()
    code = tab.locator(".return-code").inner_text()
    hand_over(tab)
    tab.goto(f"{here.stand.app}/lent")
    tab_to(tab, tab, "#code")
    tab.keyboard.type(code)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()


@OF_BOTH
def test_lent_in_a_frame_the_chart_in_a_window_is_locked(tab: Page, here: Clinic, other: str) -> None:
    window = in_tab(tab.context.new_page(), here, other)
    tab.bring_to_front()
    frame = in_chart(tab, here, OWEN)
    frame.get_by_role("link", name=HAND_OVER).click()
    expect(frame.get_by_text("own tabs and menus stay around")).to_be_visible()
    hand_over(frame)
    window.reload()
    expect(window.get_by_role("heading", name="You lent a tablet")).to_be_visible()
    tab.reload()
    expect(tab.frame_locator("iframe.app").get_by_role("heading", name="On loan to the patient")).to_be_visible()


def test_whoever_lent_it_signs_in_again_on_it(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, OWEN)
    patient_form(tab)
    # By the EHR's clock too it has to be later than the loan, and it counts in seconds.
    tab.wait_for_timeout(1_100)
    tab.goto(f"{here.stand.app}/lent")
    tab.get_by_role("button", name="Sign in again").click()
    tab.locator(f"button[value='Patient/{OWEN}']").click()
    on_loan(tab)
    expect(tab.get_by_role("alert")).to_contain_text("not a sign-in of whoever lent this device")
    tab.get_by_role("button", name="Sign in again").click()
    tab.locator("button[value='Practitioner/tomas-weiss']").click()
    on_loan(tab)
    tab.get_by_role("button", name="Sign in again").click()
    tab.locator("button[value='Practitioner/sofia-lindqvist']").click()
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()
