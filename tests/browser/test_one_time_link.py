"""A one-time link on the patient's own phone, in a browser: the guard, the form and its thanks, and what the Back button brings."""

from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import found_by_axe
from tests.browser.chart import HAND_OVER, NAMES, answer, in_tab, rated_today, send, tab_to, to_history
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN = "falling-slowly"
PHONE, TABLET, DESK = ({"viewport": {"width": width, "height": height}} for width, height in ((390, 844), (768, 1024), (1280, 800)))
PLAIN = [{**size, "java_script_enabled": False} for size in (PHONE, TABLET, DESK)]
SIZES = pytest.mark.parametrize("options", PLAIN, ids=["390", "768", "1280"])


@pytest.fixture
def link(chromium: Browser, here: Clinic) -> str:
    """Made by staff at a desk of their own."""
    desk = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    tab = in_tab(desk.new_page(), here, OWEN)
    address = shown(tab)
    desk.close()
    return address


def shown(chart: Page, button: str = "Show a code") -> str:
    """From the dashboard to the hand-over page with a new link."""
    chart.get_by_role("link", name=HAND_OVER).click()
    chart.get_by_role("button", name=button).click()
    expect(chart.get_by_role("img", name="Code that holds the link")).to_be_visible()
    return chart.locator(".own-phone .address").inner_text()


def born(here: Clinic) -> date:
    (found,) = here.record.search("Patient", ("_id", OWEN))["entry"]
    return date.fromisoformat(found["resource"]["birthDate"])


def enters(phone: Page, day: date, who: str = "I answer myself") -> None:
    for name, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        phone.get_by_label(name).fill(str(value))
    phone.get_by_label(who, exact=True).check()
    phone.get_by_role("button", name="Go on").click()


def accessible(tab: Page) -> None:
    """What axe finds is nothing, and nothing scrolls sideways."""
    assert found_by_axe(tab) == ""
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@SIZES
def test_from_the_link_to_the_thanks_without_script(tab: Page, here: Clinic, link: str) -> None:
    tab.goto(link)
    expect(tab.get_by_text("Northfield General")).to_be_visible()
    assert NAMES[OWEN] not in tab.content()
    enters(tab, date(1950, 1, 1))
    expect(tab.get_by_role("alert")).to_contain_text("You can try 4 more times")
    enters(tab, born(here), "I answer myself, with somebody’s help")
    expect(tab.locator(".banner")).to_contain_text(NAMES[OWEN])
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    answer(tab, 3)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert not [one.get_attribute("href") for one in tab.get_by_role("link").all() if "/l/" in str(one.get_attribute("href"))]
    (response,) = rated_today(here, OWEN)
    assert response["source"] == {"reference": f"Patient/{OWEN}"}


@pytest.mark.parametrize("options", [*PLAIN[:2], DESK], ids=["390", "768", "1280, with script"])
def test_back_after_sending_shows_no_answers_and_sends_nothing_twice(tab: Page, here: Clinic, link: str) -> None:
    tab.goto(link)
    enters(tab, born(here))
    answer(tab, 3)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    tab.goto(link)
    expect(tab.get_by_role("heading", name="This link cannot be used any more")).to_be_visible()
    assert NAMES[OWEN] not in tab.content()
    assert len(rated_today(here, OWEN)) == 1


def test_a_reload_in_the_middle_loses_no_answer(tab: Page, here: Clinic, link: str) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto(link)
    enters(tab, born(here))
    tab.get_by_role("button", name="Next").click()
    with tab.expect_response(lambda one: one.url.endswith("/draft") and one.status == 204):
        tab.locator("form.check fieldset .options label").first.click()
    tab.goto(tab.url.partition("?")[0])
    tab.get_by_role("button", name="Continue with them").click()
    expect(tab.get_by_text("Answered before")).to_have_count(1)
    answer(tab, 3)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(rated_today(here, OWEN)) == 1


def test_the_guard_by_keyboard_alone(tab: Page, here: Clinic, link: str) -> None:
    day = born(here)
    tab.goto(link)
    for name, value in (("day", day.day), ("month", day.month), ("year", day.year)):
        tab_to(tab, tab, f"input[name={name}]")
        tab.keyboard.type(str(value))
    tab_to(tab, tab, "input[name=answering]")
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")
    expect(tab.locator("form.check")).to_be_visible()


@pytest.mark.parametrize("options", [PHONE, DESK, {**PHONE, "color_scheme": "dark"}], ids=["390", "1280", "dark"])
def test_guard_form_and_thanks_are_accessible(tab: Page, here: Clinic, link: str) -> None:
    tab.goto(link)
    accessible(tab)
    enters(tab, born(here))
    accessible(tab)
    answer(tab, 3)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    accessible(tab)


@pytest.mark.parametrize("options", [PHONE, DESK], ids=["390", "1280"])
def test_staff_read_how_it_stands_and_go_on(tab: Page, here: Clinic, chromium: Browser) -> None:
    address = shown(in_tab(tab, here, OWEN), "A link to send")
    text = tab.get_by_label("Text to send").input_value()
    assert text.startswith("Northfield General asks you to answer a few questions before ")
    assert f" {address} " in text
    accessible(tab)
    phone = chromium.new_page()
    phone.goto(address)
    enters(phone, born(here))
    tab.reload()
    expect(tab.get_by_text("Opened, and nothing sent yet")).to_be_visible()
    answer(phone, 3)
    send(phone)
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    phone.close()
    tab.reload()
    expect(tab.get_by_text("Answered.")).to_be_visible()
    to_history(tab)
