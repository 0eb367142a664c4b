"""A sign-in by POST in a real browser: in the chart's frame, across sites, under a policy for forms, and without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from smart_app.launch import flow
from tests.browser.chart import in_chart, in_tab
from tests.support.stands import Clinic

pytestmark = pytest.mark.system
OWEN = "falling-slowly"


@pytest.fixture(autouse=True)
def every_address_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_LONGEST_ADDRESS", 100)


# SMART D7
# IG 52
def test_posted_sign_in_reaches_the_dashboard_in_the_frame(tab: Page, reading_room: Clinic) -> None:
    posted: list[str] = []
    tab.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    frame = in_chart(tab, reading_room, OWEN)
    assert posted == [f"{reading_room.stand.ehr}/oauth/authorize"]
    assert frame.url.startswith(f"{reading_room.stand.app}/l/")


# SMART D7
def test_posted_sign_in_leaves_nothing_to_go_back_to(tab: Page, reading_room: Clinic) -> None:
    tab.goto(reading_room.stand.front)
    in_tab(tab, reading_room, OWEN)
    tab.go_back()
    expect(tab.get_by_role("heading", name="Patients")).to_be_visible()


# SMART D7
@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
def test_without_script_there_is_a_button(tab: Page, reading_room: Clinic) -> None:
    tab.goto(f"{reading_room.stand.ehr}/chart/{OWEN}/open")
    tab.get_by_role("button", name="Continue to the sign-in").click()
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()
