"""Rapport inside the EHR's chart, in a real browser, across sites: the EHR on 127.0.0.1, the app on localhost."""

import re

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser, Page, expect

from tests.browser.chart import (
    NAMES,
    answer,
    clinician_form,
    clinician_rates,
    dashboard_in,
    in_chart,
    in_tab,
    patient_form,
    patient_rates,
    rated_today,
    send,
    tab_to,
    tap,
    to_front,
    to_history,
)
from tests.support.serving import serving
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN, LUCA = "falling-slowly", "missing-items"


def framed_site() -> Flask:
    """Sets one plain and one partitioned cookie, and says which come back."""
    app = Flask("framed")

    @app.get("/")
    def set_both() -> Response:
        answer = Response("<a href='/back'>on</a>")
        answer.set_cookie("plain", "1", secure=True, samesite="None")
        answer.set_cookie("partitioned", "1", secure=True, samesite="None", partitioned=True)
        return answer

    app.add_url_rule("/back", "back", lambda: " ".join(sorted(request.cookies)))
    return app


# SMART 6.3.3
def test_this_browser_blocks_third_party_cookies_as_browsers_do(chromium: Browser) -> None:
    outer = Flask("outer")
    with serving(framed_site()) as inner, serving(outer) as address, chromium.new_context() as context:
        framed = inner.replace("127.0.0.1", "localhost")
        outer.add_url_rule("/", "page", lambda: f"<iframe src='{framed}'></iframe>")
        tab = context.new_page()
        tab.goto(address)
        frame = tab.frame_locator("iframe")
        frame.get_by_role("link").click()
        expect(frame.locator("body")).to_have_text("partitioned")


# SMART 6.3.3
def test_the_launch_reaches_the_dashboard_inside_the_frame(tab: Page, reading_room: Clinic) -> None:
    frame = in_chart(tab, reading_room, OWEN)
    assert frame.url.startswith(f"{reading_room.stand.app}/l/")
    expect(frame.locator("body")).to_contain_text(NAMES[OWEN])


@pytest.mark.parametrize("options", [{}, {"has_touch": True, "viewport": {"width": 820, "height": 1180}}], ids=["mouse", "touch"])
def test_patient_and_clinician_rate_inside_the_frame(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    press = tap if options else None
    frame = in_chart(tab, here, OWEN)
    given = {"press": press} if press else {}
    patient_rates(frame, 2, **given)
    expect(frame.locator("body")).not_to_contain_text(re.compile(r"\d\.\d\d"))
    to_history(frame, **given)
    clinician_rates(frame, 4, **given)
    expect(frame.get_by_role("table").first).to_contain_text("same")
    assert len(rated_today(here, OWEN)) == 2


def test_the_patient_answers_by_keyboard_alone(tab: Page, here: Clinic) -> None:
    frame = in_chart(tab, here, OWEN)
    tab_to(tab, frame, "a[href*='/handover/']")
    tab.keyboard.press("Enter")
    frame.wait_for_url("**/handover/**")
    for agreed in ("name", "born"):
        tab_to(tab, frame, f"input[name=identified-{agreed}]")
        tab.keyboard.press("Space")
    tab_to(tab, frame, "form[action*='/handover/'] button")
    tab.keyboard.press("Enter")
    frame.wait_for_url("**/p/**")
    tab_to(tab, frame, "form[action$='/begin'] button")
    tab.keyboard.press("Enter")
    expect(frame.locator("form.check")).to_be_visible()
    for name in [one.get_attribute("id") for one in frame.locator("form.check fieldset").all()]:
        tab_to(tab, frame, f"#{name} input[type=radio]")
        tab.keyboard.press("Space")
        tab.keyboard.press("ArrowDown")
    tab_to(tab, frame, "form.check button.button-primary:not(.next)")
    tab.keyboard.press("Enter")
    expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(rated_today(here, OWEN)) == 1


def test_the_patients_rating_stays_hidden_until_the_clinician_has_rated(tab: Page, here: Clinic) -> None:
    frame = in_chart(tab, here, OWEN)
    patient_rates(frame, 2)
    to_history(frame)
    expect(frame.get_by_role("button", name="Show without rating")).to_be_visible()
    assert "2.00" not in frame.content()
    clinician_rates(frame, 4)
    to_history(frame)
    expect(frame.get_by_role("button", name="Show without rating")).to_have_count(0)
    assert "2.00" in frame.content()


def test_a_hidden_rating_can_be_shown_without_rating(tab: Page, here: Clinic) -> None:
    frame = in_chart(tab, here, OWEN)
    patient_rates(frame, 2)
    to_history(frame)
    frame.get_by_role("button", name="Show without rating").click()
    expect(frame.get_by_role("button", name="Show without rating")).to_have_count(0)
    assert "2.00" in frame.content()


def test_an_incomplete_form_says_what_is_missing_and_keeps_the_answers(tab: Page, here: Clinic) -> None:
    frame = in_chart(tab, here, OWEN)
    patient_form(frame)
    answer(frame, 2, leave_out=3)
    send(frame)
    expect(frame.get_by_role("alert")).to_contain_text("2 questions have no answer yet")
    expect(frame.locator("input[type=radio]:checked")).to_have_count(7)
    missing = frame.get_by_role("alert").get_by_role("link")
    missing.first.click()
    expect(frame.locator("fieldset.wrong").first).to_be_in_viewport()
    assert rated_today(here, OWEN) == []
    answer(frame, 2)
    send(frame)
    expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()
    assert len(rated_today(here, OWEN)) == 1


# SMART L
@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["no-script"])
def test_the_whole_job_needs_no_script(tab: Page, here: Clinic, options: dict[str, object]) -> None:
    frame = in_chart(tab, here, OWEN)
    patient_rates(frame, 2)
    to_history(frame)
    clinician_rates(frame, 4)
    to_history(frame)
    assert len(rated_today(here, OWEN)) == 2


# SMART B4
# SMART 6.3.10
@pytest.mark.parametrize("side_by_side", [False, True], ids=["tabs", "pair"])
def test_two_open_charts_never_show_or_write_the_others_patient(tab: Page, here: Clinic, side_by_side: bool) -> None:
    if side_by_side:
        tab.goto(f"{here.stand.ehr}/pair/{OWEN}/{LUCA}")
        frames = [dashboard_in(tab.locator("iframe.app").nth(place)) for place in (0, 1)]
    else:
        frames = [in_chart(tab, here, OWEN), in_chart(tab.context.new_page(), here, LUCA)]
    for frame in frames:
        to_front(frame)
        clinician_form(frame)
    for frame, option in zip(frames, (2, 4), strict=True):
        to_front(frame)
        answer(frame, option)
    for frame in frames:
        to_front(frame)
        send(frame)
        expect(frame.get_by_role("heading", name="Saved in the record")).to_be_visible()
        to_history(frame)
    for frame, own, other in zip(frames, (OWEN, LUCA), (LUCA, OWEN), strict=True):
        assert (NAMES[own] in frame.content(), NAMES[other] in frame.content().upper(), f"{other}." in frame.content()) == (
            True,
            False,
            False,
        )
    for patient, value in ((OWEN, "2"), (LUCA, "4")):
        (response,) = rated_today(here, patient)
        assert response["subject"] == {"reference": f"Patient/{patient}"}
        assert f"'code': '{value}'" in str(response["item"])


# SMART 6.3.10
def test_going_back_in_one_tab_does_not_send_its_form_for_the_other_chart(tab: Page, here: Clinic) -> None:
    first = in_tab(tab, here, OWEN)
    clinician_form(first)
    second = in_tab(tab.context.new_page(), here, LUCA)
    clinician_form(second)
    to_front(first)
    first.go_back()
    first.go_forward()
    answer(first, 2)
    send(first)
    expect(first.get_by_role("heading", name="Saved in the record")).to_be_visible()
    assert (len(rated_today(here, OWEN)), len(rated_today(here, LUCA))) == (1, 0)
