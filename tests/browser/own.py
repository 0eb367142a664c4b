"""What people do in a browser without a chart: start on Rapport's own page, sign in at the EHR, answer for themselves."""

from playwright.sync_api import Page, expect

from tests.browser.chart import answer, send
from tests.support.stands import Clinic

EHR = "Northfield General, training EHR"


def at_start(tab: Page, clinic: Clinic) -> None:
    """Rapport's own page."""
    tab.goto(f"{clinic.stand.app}/start")
    expect(tab.get_by_role("heading", name="Start Rapport")).to_be_visible()


def at_sign_in(tab: Page, clinic: Clinic) -> None:
    """The EHR's sign-in, reached from there."""
    at_start(tab, clinic)
    tab.get_by_role("button", name=f"Sign in at {EHR}").click()
    expect(tab.get_by_role("heading", name="Sign in for Rapport")).to_be_visible()


def at_picker(tab: Page, clinic: Clinic) -> None:
    """The EHR's list of patients, signed in as a clinician."""
    at_sign_in(tab, clinic)
    tab.locator("button[value^='Practitioner/']").first.click()
    expect(tab.get_by_role("heading", name="Choose a patient for Rapport")).to_be_visible()


def at_own_page(tab: Page, clinic: Clinic, patient: str) -> None:
    """The patient's own page, from Rapport's own."""
    at_sign_in(tab, clinic)
    tab.locator(f"button[value='Patient/{patient}']").click()
    expect(tab.get_by_role("heading", name="Your page", exact=True)).to_be_visible()


def from_portal(tab: Page, clinic: Clinic, patient: str) -> None:
    """The patient's own page, from the portal."""
    tab.goto(f"{clinic.stand.ehr}/portal/{patient}")
    tab.get_by_role("link", name="Open Rapport").click()
    expect(tab.get_by_role("heading", name="Your page", exact=True)).to_be_visible()


def at_own_form(tab: Page, clinic: Clinic, patient: str) -> None:
    """The first form on the patient's own page."""
    from_portal(tab, clinic, patient)
    tab.get_by_role("link", name="Answer: ").first.click()
    expect(tab.locator("form.check")).to_be_visible()


def own_answers_sent(tab: Page, clinic: Clinic, patient: str) -> None:
    """The patient's whole part, to what became of it."""
    at_own_form(tab, clinic, patient)
    answer(tab, 4)
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
