"""Sessions in a real browser: cookies blocked, frames locked, tabs side by side, the back button, and a launch that ends meanwhile."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chart import (
    HAND_OVER,
    NAMES,
    View,
    answer,
    clinician_form,
    dashboard_in,
    in_chart,
    in_tab,
    patient_form,
    patient_rates,
    rated_today,
    send,
    take_back,
    to_front,
    to_history,
)
from tests.browser.conftest import FLAGS
from tests.browser.watch import Watch
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN, LUCA = "falling-slowly", "missing-items"
THIRD_PARTY_BLOCKED = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
ALL_BLOCKED = {"profile": {"default_content_setting_values": {"cookies": 2}}}
NO_COOKIE = "This browser keeps no cookie for Rapport here"


@pytest.fixture
def with_preferences(chromium: Browser, tmp_path: Path, watch: Watch) -> Iterator[Callable[[dict[str, Any]], Page]]:
    """A tab of a browser whose profile was set before it began."""
    opened = []

    def start(preferences: dict[str, Any]) -> Page:
        (tmp_path / "Default").mkdir()
        (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
        made = chromium.browser_type.launch_persistent_context(tmp_path, executable_path=shutil.which("chromium"), args=FLAGS)
        opened.append(made)
        tab = watch.over(made).new_page()
        tab.set_default_timeout(15_000)
        return tab

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def remembering(chromium: Browser, watch: Watch) -> Iterator[Page]:
    """A tab of a browser that keeps pages for its back button, as browsers do; Playwright's usual ones do not."""
    kept = "--disable-back-forward-cache"
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=FLAGS, ignore_default_args=[kept])
    tab = watch.over(browser.new_context()).new_page()
    tab.set_default_timeout(15_000)
    yield tab
    browser.close()


def close_rapport(view: View) -> None:
    view.get_by_role("button", name="Close", exact=True).click()
    expect(view.get_by_role("heading", name="Rapport is closed")).to_be_visible()


def told(view: View) -> Locator:
    """What the page says of its launch."""
    return view.locator("main > [role=status]")


def second_tab_of(first: Page) -> Page:
    """The same launch's dashboard in another tab."""
    other = first.context.new_page()
    other.goto(first.url)
    expect(other.get_by_role("heading", name="What changed")).to_be_visible()
    return other


# SMART 6.3.3
def test_the_whole_job_inside_the_frame_with_third_party_cookies_blocked(
    here: Clinic, with_preferences: Callable[[dict[str, Any]], Page]
) -> None:
    frame = in_chart(with_preferences(THIRD_PARTY_BLOCKED), here, OWEN)
    patient_rates(frame, 2)
    to_history(frame)
    assert len(rated_today(here, OWEN)) == 1


# SMART 6.3.4
def test_without_any_cookie_the_page_says_so_in_the_frame_and_in_a_window(
    reading_room: Clinic, with_preferences: Callable[[dict[str, Any]], Page]
) -> None:
    tab = with_preferences(ALL_BLOCKED)
    tab.goto(f"{reading_room.stand.ehr}/chart/{OWEN}")
    frame = tab.frame_locator("iframe.app")
    expect(frame.get_by_role("heading", name=NO_COOKIE)).to_be_visible()
    with tab.context.expect_page() as opening:
        frame.get_by_role("link", name="Open in a new window").click()
    window = opening.value
    expect(window.get_by_role("heading", name=NO_COOKIE)).to_be_visible()
    expect(window.get_by_role("link", name="Open in a new window")).to_have_count(0)
    assert NAMES[OWEN] not in window.content()


# SMART 6.3.8
@pytest.mark.parametrize("sandbox", ["1", "least"])
def test_the_whole_job_inside_a_sandboxed_frame(tab: Page, here: Clinic, sandbox: str) -> None:
    tab.goto(f"{here.stand.ehr}/chart/{OWEN}?sandbox={sandbox}")
    frame = dashboard_in(tab.locator("iframe.app"))
    patient_rates(frame, 2)
    to_history(frame)
    close_rapport(frame)
    assert len(rated_today(here, OWEN)) == 1


# SMART 6.3.8
def test_a_frame_without_an_origin_is_named_at_once_and_loses_nothing(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.ehr}/chart/{OWEN}?sandbox=no-origin")
    frame = dashboard_in(tab.locator("iframe.app"))
    expect(told(frame)).to_contain_text("in a locked frame, from which nothing can be sent")
    clinician_form(frame)
    expect(told(frame)).to_contain_text("locked frame")
    answer(frame, 2, leave_out=5)
    send(frame)
    expect(frame.get_by_role("heading", name="Your answers are kept, and not sent yet")).to_be_visible()
    again = in_tab(tab.context.new_page(), here, OWEN)
    clinician_form(again)
    expect(again.get_by_role("group", name="Answers not sent")).to_contain_text("5 of 9 were answered")
    assert rated_today(here, OWEN) == []


# SMART 6.3.10
def test_refreshing_the_first_tab_shows_its_own_patient_after_another_was_opened(tab: Page, reading_room: Clinic) -> None:
    first = in_tab(tab, reading_room, OWEN)
    second = in_tab(tab.context.new_page(), reading_room, LUCA)
    to_front(first)
    first.reload()
    expect(first.locator("body")).to_contain_text(NAMES[OWEN])
    assert NAMES[LUCA] not in first.content()
    assert NAMES[LUCA] in second.content()


# SMART 6.3.10
def test_the_same_patient_opened_twice_is_two_launches_that_end_apart(tab: Page, reading_room: Clinic) -> None:
    first = in_tab(tab, reading_room, OWEN)
    second = in_tab(tab.context.new_page(), reading_room, OWEN)
    assert first.url != second.url
    close_rapport(second)
    to_front(first)
    first.reload()
    expect(first.locator("body")).to_contain_text(NAMES[OWEN])


# SMART 6.3.7
def test_a_tab_is_warned_when_another_patients_chart_is_opened_and_never_switches(tab: Page, reading_room: Clinic) -> None:
    first = in_tab(tab, reading_room, OWEN)
    in_tab(tab.context.new_page(), reading_room, OWEN)
    expect(told(first)).to_be_empty()
    in_tab(tab.context.new_page(), reading_room, LUCA)
    to_front(first)
    expect(told(first)).to_contain_text("Another chart was opened in Rapport in this browser.")
    expect(first.locator(".banner")).to_contain_text(NAMES[OWEN])
    first.get_by_role("button", name="Hide").click()
    expect(told(first)).to_be_empty()


# SMART 6.3.7
def test_a_tab_of_a_launch_closed_elsewhere_shows_the_patient_no_more(tab: Page, reading_room: Clinic) -> None:
    first = in_tab(tab, reading_room, OWEN)
    close_rapport(second_tab_of(first))
    to_front(first)
    expect(told(first)).to_contain_text("Rapport was closed in another tab.")
    assert first.get_by_text(NAMES[OWEN]).count() == 0
    assert first.locator("main svg, main table").count() == 0


# SMART J5
def test_a_form_whose_launch_was_closed_elsewhere_keeps_its_answers_for_the_next(tab: Page, here: Clinic) -> None:
    first = in_tab(tab, here, OWEN)
    other = second_tab_of(first)
    to_front(first)
    clinician_form(first)
    answer(first, 2, leave_out=5)
    close_rapport(other)
    to_front(first)
    expect(first.locator("input[type=radio]:checked")).to_have_count(5)
    send(first)
    expect(first.get_by_role("heading", name="Your answers are kept, and not sent yet")).to_be_visible()
    assert NAMES[OWEN] not in first.content()
    assert rated_today(here, OWEN) == []
    again = in_tab(first, here, OWEN)
    clinician_form(again)
    again.get_by_role("button", name="Continue with them").click()
    expect(again.locator("input[type=radio]:checked")).to_have_count(5)


# SMART J5
def test_what_a_patient_typed_under_a_loan_waits_for_the_next_one_behind_a_question(tab: Page, here: Clinic) -> None:
    first = in_tab(tab, here, OWEN)
    patient_form(first)
    with first.expect_response("**/draft") as saving:
        answer(first, 2, leave_out=5)
    assert saving.value.status == 204
    first.goto(f"{here.stand.app}/lent")
    take_back(first)
    first.get_by_role("link", name=HAND_OVER).click()
    for agreed in ("name", "born"):
        first.locator(f"input[name=identified-{agreed}]").check()
    first.get_by_role("button", name="Open the patient’s page").click()
    expect(first.get_by_role("heading", name="Did you begin this today?")).to_be_visible()
    expect(first.locator("input[type=radio]")).to_have_count(0)
    first.get_by_role("button", name="Yes: go on with my answers").click()
    expect(first.locator("input[type=radio]:checked")).to_have_count(5)
    for place in range(5, 9):
        first.locator("form.check fieldset").nth(place).locator(".options label").nth(3).click()
    send(first)
    expect(first.get_by_role("heading", name="Thank you")).to_be_visible()
    (response,) = rated_today(here, OWEN)
    assert [str(response["item"]).count(f"'code': '{code}'") for code in ("2", "4")] == [5, 4]


# SMART J5
def test_what_is_typed_is_kept_without_being_sent(tab: Page, here: Clinic) -> None:
    first = in_tab(tab, here, OWEN)
    patient_form(first)
    with first.expect_response("**/draft") as saving:
        answer(first, 2, leave_out=5)
    assert saving.value.status == 204
    tab.context.clear_cookies()
    # It is a device like the one that was lent. By the EHR's clock too the sign-in has to be later, and it counts in seconds.
    again = tab.context.new_page()
    again.wait_for_timeout(1_100)
    again.goto(f"{here.stand.ehr}/chart/{OWEN}/open")
    again.get_by_role("button", name="Sign in again").click()
    again.locator("button[value='Practitioner/sofia-lindqvist']").click()
    expect(again.get_by_role("heading", name="What changed")).to_be_visible()
    again.get_by_role("link", name=HAND_OVER).first.click()
    for agreed in ("name", "born"):
        again.locator(f"input[name=identified-{agreed}]").check()
    again.get_by_role("button", name="Open the patient’s page").click()
    expect(again.get_by_role("main")).to_contain_text("5 of 9 were answered")


# SMART J8
def test_an_idle_page_warns_in_time_and_can_be_kept_open(tab: Page, reading_room: Clinic) -> None:
    tab.clock.install()
    page = in_tab(tab, reading_room, OWEN)
    page.clock.fast_forward("27:10")
    expect(told(page)).to_contain_text("This page closes in two minutes if it is not used.")
    page.get_by_role("button", name="Keep it open").click()
    expect(told(page)).to_be_empty()
    page.clock.fast_forward("29:30")
    expect(told(page)).to_contain_text("session has ended")
    assert page.get_by_text(NAMES[OWEN]).count() == 0


# SMART 6.3.10
def test_a_chart_that_the_browser_kept_does_not_come_back_once_the_device_is_lent(remembering: Page, here: Clinic) -> None:
    page = in_tab(remembering, here, OWEN)
    patient_form(page)
    page.go_back(wait_until="commit")
    expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    for _ in range(2):
        page.go_back(wait_until="commit")
        expect(page.get_by_role("heading", name="On loan to the patient")).to_be_visible()
        assert NAMES[OWEN] not in page.content()


# SMART 6.3.10
def test_back_after_sending_does_not_send_again(remembering: Page, here: Clinic) -> None:
    page = in_tab(remembering, here, OWEN)
    patient_rates(page, 2)
    page.go_back(wait_until="commit")
    # No form any more, and none that the browser kept.
    expect(page.get_by_role("heading", name="On loan to the patient")).to_be_visible()
    expect(page.locator("form.check")).to_have_count(0)
    assert len(rated_today(here, OWEN)) == 1


# SMART 6.3.10
def test_back_after_closing_shows_nothing_of_the_patient(remembering: Page, reading_room: Clinic) -> None:
    page = in_tab(remembering, reading_room, OWEN)
    close_rapport(page)
    page.go_back()
    expect(page.get_by_role("heading", name="This page cannot go on")).to_be_visible()
    assert NAMES[OWEN] not in page.content()
