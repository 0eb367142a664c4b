"""A form that asks one question at a time, in a browser: on a phone by itself, elsewhere on request, with a script and without, by keys,
over reloads and the Back button, to what was wrong and to the end."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessible import found_by_axe, keep_picture
from tests.browser.chart import RATE, answer, hand_over, in_tab, patient_form, rated_today, send, tab_to
from tests.browser.own import at_own_form
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN = "falling-slowly"
SMALL, PHONE, TABLET, DESK = (
    {"viewport": {"width": width, "height": height}} for width, height in ((320, 640), (390, 844), (768, 1024), (1280, 800))
)
PLAIN = {**PHONE, "java_script_enabled": False}
ONE, WHOLE = "One question at a time", "All questions on one page"


def asked(tab: Page) -> Locator:
    """The one question that is shown."""
    return tab.locator("form.check fieldset:visible")


def shows(tab: Page, place: str) -> None:
    expect(asked(tab)).to_have_count(1)
    expect(asked(tab).locator("legend")).to_contain_text(place)


def presses(tab: Page, name: str) -> None:
    tab.get_by_role("button", name=name, exact=True).click()


def chooses(tab: Page, option: str) -> None:
    asked(tab).locator(".options label", has_text=option).click()


@pytest.mark.parametrize("options", [SMALL, PHONE], ids=["320", "390"])
def test_a_phone_asks_one_at_a_time_by_itself_to_the_answers_in_the_record(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    shows(tab, "Question 1 of 9")
    for _ in range(9):
        choice, bar = asked(tab).locator(".options").bounding_box(), tab.locator(".send").bounding_box()
        assert choice is not None
        assert bar is not None
        assert choice["y"] + choice["height"] <= bar["y"]
        assert bar["y"] + bar["height"] <= tab.viewport_size["height"]  # type: ignore[index]
        assert min(label.bounding_box()["height"] for label in asked(tab).locator("label").all()) >= 44  # type: ignore[index]
        chooses(tab, "Mostly")
        presses(tab, "Next")
    shows(tab, "If you like")
    presses(tab, "Next")
    expect(tab.get_by_role("heading", name="Send my answers")).to_be_visible()
    expect(tab.get_by_text("Not answered yet:")).to_be_hidden()
    presses(tab, "Send my answers")
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(rated_today(here, OWEN)) == 1


@pytest.mark.parametrize("options", [TABLET, DESK], ids=["768", "1280"])
def test_a_wide_screen_shows_the_whole_form_until_it_is_asked_for(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    expect(asked(tab)).to_have_count(10)
    presses(tab, ONE)
    shows(tab, "Question 1 of 9")
    chooses(tab, "Partly")
    presses(tab, "Next")
    shows(tab, "Question 2 of 9")
    presses(tab, WHOLE)
    expect(asked(tab)).to_have_count(10)
    expect(tab.locator(".count")).to_be_visible()
    expect(tab.locator("form.check :checked")).to_have_count(1)


@pytest.mark.parametrize("options", [PHONE])
def test_what_was_chosen_for_this_form_stays_over_a_reload(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    presses(tab, WHOLE)
    expect(asked(tab)).to_have_count(10)
    tab.reload()
    expect(asked(tab)).to_have_count(10)


@pytest.mark.parametrize("options", [PHONE, PLAIN], ids=["script", "no script"])
def test_a_reload_and_the_back_button_keep_place_and_answers(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    patient_form(in_tab(tab, here, OWEN))
    if tab.get_by_role("button", name=ONE).is_visible():
        presses(tab, ONE)
    chooses(tab, "Partly")
    presses(tab, "Next")
    shows(tab, "Question 2 of 9")
    chooses(tab, "Mostly")
    kept = "draft" if options is PHONE else "answers"
    with tab.expect_response(f"**/{kept}"):
        presses(tab, "Next")
    shows(tab, "Question 3 of 9")
    tab.reload()
    shows(tab, "Question 3 of 9")
    expect(tab.locator("form.check :checked")).to_have_count(2)
    tab.go_back()
    shows(tab, "Question 2 of 9")
    expect(asked(tab).locator(":checked + span")).to_have_text("Mostly")
    tab.go_back()
    shows(tab, "Question 1 of 9")
    tab.go_forward()
    shows(tab, "Question 2 of 9")


@pytest.mark.parametrize("options", [PHONE, PLAIN], ids=["script", "no script"])
def test_what_is_missing_is_told_at_the_end_and_leads_to_its_question(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    if tab.get_by_role("button", name=ONE).is_visible():
        presses(tab, ONE)
    for number in range(1, 11):
        if number not in {3, 5, 10}:
            asked(tab).locator(".options label").nth(3).click()
        presses(tab, "Next")
    expect(tab.get_by_text("Not answered yet:")).to_be_visible()
    assert tab.locator(".open button").all_inner_texts() == ["Question 3 of 9", "Question 5 of 9"]
    presses(tab, "Question 5 of 9")
    shows(tab, "Question 5 of 9")
    tab.go_back()
    assert tab.locator(".open button").all_inner_texts() == ["Question 3 of 9", "Question 5 of 9"]
    presses(tab, "Question 5 of 9")
    asked(tab).get_by_label("I would rather not answer this one").check()
    for _ in range(6):
        presses(tab, "Next")
    presses(tab, "Send my answers")
    summary = tab.get_by_role("alert").filter(has_text="1 question has no answer yet")
    expect(summary).to_be_visible()
    expect(tab.get_by_text("Not answered yet:")).to_be_hidden()
    summary.get_by_role("link", name="Question 3").click()
    shows(tab, "Question 3 of 9")
    expect(tab.locator("form.check :checked")).to_have_count(8)
    chooses(tab, "Mostly")
    send(tab)
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()
    (response,) = rated_today(here, OWEN)
    assert response["status"] == "completed"


@pytest.mark.parametrize("options", [PHONE, DESK], ids=["390", "1280"])
def test_with_keys_alone_enter_turns_and_sends_nothing(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    if tab.get_by_role("button", name=ONE).is_visible():
        tab.get_by_role("button", name=ONE).press("Enter")
    else:
        asked(tab).focus()
    for _ in range(10):
        expect(asked(tab)).to_be_focused()
        tab.keyboard.press("Tab")
        tab.keyboard.press("Space")
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Send my answers")).to_be_visible()
    assert rated_today(here, OWEN) == []
    tab.get_by_role("button", name="Back", exact=True).press("Enter")
    shows(tab, "If you like")
    tab_to(tab, tab, "form.check .next")
    tab.keyboard.press("Enter")
    tab.get_by_role("button", name="Send my answers").press("Enter")
    expect(tab.get_by_role("heading", name="Thank you")).to_be_visible()


@pytest.mark.parametrize("options", [PHONE])
def test_a_screen_reader_hears_each_question_with_its_place_and_finds_the_ways_on(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    expect(tab.get_by_role("group", name="Question 1 of 9")).to_be_visible()
    expect(tab.get_by_role("radio")).to_have_count(5)
    assert found_by_axe(tab) == ""
    presses(tab, "Next")
    expect(tab.get_by_role("group", name="Question 2 of 9")).to_be_focused()
    for name in ("Back", "Next", "I would rather not do this today", "Who will see your answers and why", WHOLE):
        expect(tab.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(tab.locator(".banner")).to_be_visible()
    presses(tab, "Who will see your answers and why")
    expect(tab.get_by_role("heading", name="Who will see your answers and why")).to_be_visible()
    expect(asked(tab)).to_have_count(0)
    assert found_by_axe(tab) == ""
    presses(tab, "Next")
    shows(tab, "Question 1 of 9")
    tab.go_back()
    tab.go_back()
    shows(tab, "Question 2 of 9")


@pytest.mark.parametrize("options", [PHONE])
def test_somebody_who_would_rather_not_finds_what_they_answered_when_they_go_back(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    chooses(tab, "Partly")
    presses(tab, "Next")
    presses(tab, "I would rather not do this today")
    expect(tab.get_by_role("heading", level=1)).not_to_contain_text("Your view")
    tab.go_back()
    shows(tab, "Question 2 of 9")
    expect(tab.locator("form.check :checked")).to_have_count(1)


@pytest.mark.parametrize("options", [PHONE])
def test_at_home_the_first_screen_says_who_will_see_the_answers(tab: Page, here: Clinic) -> None:
    at_own_form(tab, here, OWEN)
    expect(tab.get_by_role("heading", name="Who will see your answers and why")).to_be_visible()
    expect(asked(tab)).to_have_count(0)
    presses(tab, "Next")
    shows(tab, "Question 1 of 9")
    chooses(tab, "Partly")
    with tab.expect_response("**/draft/**"):
        presses(tab, "Next")
    shows(tab, "Question 2 of 9")
    tab.reload()
    shows(tab, "Question 2 of 9")
    expect(tab.locator("form.check :checked")).to_have_count(1)
    keep_picture(tab, "one-at-a-time-own-390")


@pytest.mark.parametrize("options", [PHONE])
def test_a_clinicians_own_form_is_whole_on_a_phone_too_until_they_ask(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, OWEN)
    tab.get_by_role("link", name=RATE).first.click()
    assert asked(tab).count() > 1
    presses(tab, ONE)
    shows(tab, "Question 1 of")
    answer(tab, 4)
    send(tab)
    expect(tab.get_by_role("heading", level=1)).not_to_contain_text("Your view")
    expect(tab.locator("form.check")).to_have_count(0)


@pytest.mark.parametrize("options", [PHONE])
def test_on_paper_stands_the_whole_form(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, OWEN))
    shows(tab, "Question 1 of 9")
    tab.emulate_media(media="print")
    expect(asked(tab)).to_have_count(10)
    expect(tab.get_by_role("heading", name="Who will see your answers and why")).to_be_visible()


@pytest.mark.parametrize("options", [{**PHONE, "forced_colors": "active", "reduced_motion": "reduce"}])
def test_in_forced_colours_the_place_and_the_choice_are_seen(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, OWEN)
    tab.locator("a[href*='/handover/']").first.click()
    hand_over(tab)
    chooses(tab, "Partly")
    expect(tab.locator("progress")).to_be_visible()
    keep_picture(tab, "one-at-a-time-forced-390")
