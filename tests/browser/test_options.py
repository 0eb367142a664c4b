"""Things people try, in the browser: opened from the history, by links alone, with ticks that stay."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import DESK, IN_BOTH_SCHEMES, check_page, found_by_axe, keep_picture
from tests.browser.chart import clinician_rates, patient_form, send, take_back, to_history
from tests.browser.test_pages import PHONE
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
CHART = "falling-slowly"


def history(tab: Page, here: Clinic, patient: str = CHART) -> None:
    tab.goto(f"{here.stand.ehr}/chart/{patient}/open")
    expect(tab.locator("#sources")).to_be_visible()


def said_difficult(tab: Page, here: Clinic) -> None:
    """The patient answers that something was difficult; then the clinician rates."""
    history(tab, here)
    patient_form(tab)
    tab.locator("form.check").evaluate(
        """form => form.querySelectorAll("fieldset").forEach((one, place) => {
          const options = one.querySelectorAll(".options input");
          options[Math.min(place < 3 || place > 5 ? 3 : 1, options.length - 1)].checked = true;
        })"""
    )
    tab.locator("input[name=difficult][value=yes]").evaluate("one => { one.checked = true }")
    send(tab)
    take_back(tab)
    history(tab, here)
    clinician_rates(tab, 4)
    to_history(tab)


@IN_BOTH_SCHEMES
def test_the_patients_own_answer_and_every_section_by_links(tab: Page, here: Clinic, options: dict[str, str]) -> None:
    said_difficult(tab, here)
    tab.get_by_role("link", name="Things people try").click()
    expect(tab.get_by_role("heading", name="From the patient’s own answer")).to_be_visible()
    check_page(tab, "options-answer", options, phone=PHONE)
    tab.set_viewport_size({"width": 390, "height": 844})
    keep_picture(tab, f"options-answer-{options['color_scheme']}-390", full_page=True)
    tab.set_viewport_size(DESK)
    tab.get_by_role("link", name="Steps (task)").click()
    tab.get_by_label("Exchange the step").check()
    tab.get_by_label("Give the reason").check()
    tab.get_by_role("button", name="Keep what is ticked").click()
    expect(tab.get_by_label("Exchange the step")).to_be_checked()
    expect(tab.get_by_text(re.compile("Kept until"))).to_be_visible()
    check_page(tab, "options-ticked", options, phone=PHONE)
    tab.get_by_role("link", name="Something hurtful was said").click()
    expect(tab.get_by_text("Here because you opened it.")).to_be_visible()
    history(tab, here, "new-patient")
    tab.get_by_role("link", name="Things people try").click()
    expect(tab.get_by_text("Nothing is ticked.")).to_be_visible()


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"java_script_enabled": False}], ids=["forced", "without-script"])
def test_it_works_in_forced_colours_and_without_script(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    history(tab, here)
    tab.get_by_role("link", name="Things people try").click()
    tab.get_by_role("link", name="Working together (bond)").click()
    tab.get_by_label("Name one effort").check()
    tab.get_by_role("button", name="Keep what is ticked").click()
    expect(tab.get_by_label("Name one effort")).to_be_checked()
    tab.get_by_role("link", name="2 others").click()
    expect(tab.get_by_label("Replace words of judgement")).not_to_be_checked()
    if options.get("forced_colors"):
        keep_picture(tab, "options-forced", full_page=True)
        # Its colours are whoever chose them.
        assert found_by_axe(tab, but=("color-contrast",)) == ""
