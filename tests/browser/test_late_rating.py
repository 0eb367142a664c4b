"""A visit that its clinician did not rate then is rated from the history of another day."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import IN_BOTH_SCHEMES, check_page
from tests.browser.chart import answer, patient_rates, send, take_back, to_history
from tests.browser.test_pages import PHONE
from tests.support.stands import Clinic, utc_today

pytestmark = pytest.mark.system
OWEN = "falling-slowly"
DAYS = 12


def opened(tab: Page, here: Clinic, visit: str | None) -> Page:
    """The chart as it is opened from that visit, or from none."""
    wish = {"patient": OWEN, "encounter": visit}
    tab.goto(tab.request.post(f"{here.stand.ehr}/launches", data=wish).json()["launch_url"])
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()
    return tab


def answered_before(tab: Page, here: Clinic) -> str:
    """The patient has rated a visit of twelve days ago, and its clinician has not; the visit's id."""
    then = (utc_today() - timedelta(days=DAYS)).isoformat()
    visit = {"resourceType": "Encounter", "id": "visit-before", "status": "finished", "subject": {"reference": f"Patient/{OWEN}"}}
    here.record.send("PUT", "Encounter/visit-before", {**visit, "class": {"code": "AMB"}, "period": {"start": f"{then}T14:00:00Z"}})
    patient_rates(opened(tab, here, "visit-before"), 2)
    take_back(tab)
    [response] = rated(here, "Patient")
    here.record.send("PUT", f"QuestionnaireResponse/{response['id']}", {**response, "authored": f"{then}T14:20:00Z"})
    return "visit-before"


def rated(here: Clinic, by: str) -> list[dict[str, object]]:
    """The responses about that visit by the patient, or by the clinician."""
    found = here.record.search("QuestionnaireResponse", ("patient", OWEN), ("_count", "200")).get("entry", [])
    about = [one["resource"] for one in found if one["resource"].get("encounter", {}).get("reference") == "Encounter/visit-before"]
    return [one for one in about if one["source"]["reference"].startswith(by)]


@IN_BOTH_SCHEMES
def test_a_visit_of_before_is_rated_and_the_patients_rating_of_it_opens(tab: Page, here: Clinic, options: dict[str, str]) -> None:
    answered_before(tab, here)
    opened(tab, here, None)
    assert "2.00" not in tab.content()
    expect(tab.get_by_role("button", name="Show without rating")).to_be_visible()
    check_page(tab, "dashboard-late", options, phone=PHONE)
    tab.get_by_role("link", name="Rate this visit now").click()
    expect(tab.get_by_text("12 days ago")).to_be_visible()
    assert "visit-before" not in tab.url
    check_page(tab, "form-late", options, phone=PHONE)
    answer(tab, 4)
    send(tab)
    expect(tab.get_by_role("heading", name="Saved in the record")).to_be_visible()
    expect(tab.get_by_text("rated 12 days later")).to_be_visible()
    check_page(tab, "receipt-late", options, phone=PHONE)
    [mine] = rated(here, "Practitioner")
    assert str(mine["authored"]).startswith(utc_today().isoformat())
    to_history(tab)
    expect(tab.get_by_role("link", name="Rate this visit now")).to_have_count(0)
    assert "2.00" in tab.content()
    check_page(tab, "dashboard-late-rated", options, phone=PHONE)
