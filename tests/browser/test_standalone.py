"""Launches without a chart, in Chromium: a clinician who chooses a patient, and a patient who answers for themself."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chart import answer, in_tab, rated_today, send
from tests.browser.own import at_own_form, at_own_page, at_picker, at_sign_in, from_portal, own_answers_sent
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
PATIENT = "falling-slowly"


# SMART B5
def test_a_clinician_starts_here_chooses_a_patient_and_sees_the_history(tab: Page, reading_room: Clinic) -> None:
    at_picker(tab, reading_room)
    tab.locator(f"button[value='{PATIENT}']").click()
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()
    expect(tab.locator("header.banner")).to_contain_text("CASTELLANE")
    assert tab.url.startswith(f"{reading_room.stand.app}/l/")


def test_a_patient_answers_from_the_start_page_and_only_their_record_gets_it(tab: Page, here: Clinic) -> None:
    at_own_page(tab, here, PATIENT)
    expect(tab.locator("header.banner")).to_contain_text("CASTELLANE")
    tab.get_by_role("link", name="Answer: ").first.click()
    answer(tab, 4)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    (response,) = rated_today(here, PATIENT)
    assert response["author"] == response["source"] == {"reference": f"Patient/{PATIENT}"}
    tab.get_by_role("link", name="Your page").click()
    expect(tab.get_by_text("You answered it today.")).to_be_visible()


def test_a_patient_answers_from_the_portal_and_signs_out(tab: Page, here: Clinic) -> None:
    own_answers_sent(tab, here, PATIENT)
    assert len(rated_today(here, PATIENT)) == 1
    text = tab.locator("body").inner_text()
    assert re.search(r"score|total|\d\.\d\d", text, re.IGNORECASE) is None
    own = tab.url.partition("/own/")[0] + "/own/"
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", name="You are signed out of Rapport")).to_be_visible()
    tab.goto(own)
    expect(tab.get_by_role("heading", name="This page cannot go on")).to_be_visible()


def test_what_the_patient_sent_is_in_the_clinicians_history(context: BrowserContext, tab: Page, here: Clinic) -> None:
    own_answers_sent(tab, here, PATIENT)
    other = context.new_page()
    in_tab(other, here, PATIENT)
    expect(other.get_by_text(re.compile("waiting|rate this visit", re.IGNORECASE)).first).to_be_visible()


# SMART H5
def test_a_patient_who_types_the_clinicians_address_is_led_back(tab: Page, reading_room: Clinic) -> None:
    from_portal(tab, reading_room, PATIENT)
    tab.goto(tab.url.removesuffix("own/"))
    expect(tab.get_by_role("heading", name="This page is for your clinician")).to_be_visible()
    assert "CASTELLANE" not in tab.locator("body").inner_text()
    tab.get_by_role("link", name="Your own page").click()
    expect(tab.get_by_role("heading", name="Your page", exact=True)).to_be_visible()


def test_not_signing_in_leads_back_to_the_start(tab: Page, reading_room: Clinic) -> None:
    at_sign_in(tab, reading_room)
    tab.get_by_role("button", name="Do not sign in").click()
    expect(tab.get_by_role("link", name="Start again")).to_be_visible()
    tab.get_by_role("link", name="Start again").click()
    expect(tab.get_by_role("heading", name="Start Rapport")).to_be_visible()


def test_two_patients_in_two_tabs_stay_apart(context: BrowserContext, tab: Page, here: Clinic) -> None:
    at_own_form(tab, here, PATIENT)
    other = context.new_page()
    at_own_page(other, here, "missing-items")
    answer(tab, 2)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    other.reload()
    expect(other.locator("header.banner")).to_contain_text("FERRANT")
    assert (len(rated_today(here, PATIENT)), len(rated_today(here, "missing-items"))) == (1, 0)


def test_the_whole_of_it_works_without_javascript(chromium: Browser, reading_room: Clinic) -> None:
    """Up to the form; nothing here needs a script, the page on the way to the sign-in included."""
    plain = chromium.new_context(java_script_enabled=False)
    tab = plain.new_page()
    at_sign_in(tab, reading_room)
    tab.locator(f"button[value='Patient/{PATIENT}']").click()
    tab.get_by_role("link", name="Answer: ").first.click()
    expect(tab.locator("form.check")).to_be_visible()
    plain.close()
