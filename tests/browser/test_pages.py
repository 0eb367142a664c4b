"""Every page, light and dark, wide and narrow: axe finds nothing, nothing scrolls sideways, and a picture of each is kept."""

import re
from collections.abc import Callable, Iterator
from secrets import token_hex
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.browser.accessible import DESK, check_in_both_schemes
from tests.browser.chart import HAND_OVER, answer, clinician_form, clinician_rates, in_tab, patient_form, patient_rates, send
from tests.browser.own import at_own_form, at_picker, at_sign_in, at_start, from_portal, own_answers_sent
from tests.support.stands import Clinic, clinic

pytestmark = pytest.mark.system
PERSONAS = (
    "strained-repaired",
    "falling-slowly",
    "views-differ",
    "new-clinician",
    "mixed-units",
    "entered-in-error",
    "new-patient",
    "twelve-years",
    "difficult-visit",
    "steady-slide",
    "unchanged-ceiling",
)
WRITTEN_FOR = "missing-items"
PHONE: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def reading_room() -> Iterator[Clinic]:
    """One clinic for all pages here: those that write do so for one patient whose dashboard is not looked at."""
    with clinic() as standing:
        yield standing


def dashboard(patient: str) -> Callable[[Page, Clinic], object]:
    return lambda tab, here: in_tab(tab, here, patient)


def empty_patient_form(tab: Page, here: Clinic) -> None:
    patient_form(in_tab(tab, here, WRITTEN_FOR))


def empty_clinician_form(tab: Page, here: Clinic) -> None:
    clinician_form(in_tab(tab, here, WRITTEN_FOR))


def form_with_errors(tab: Page, here: Clinic) -> None:
    empty_patient_form(tab, here)
    answer(tab, 3, leave_out=4)
    send(tab)
    expect(tab.get_by_role("alert")).to_be_visible()


def handover(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, WRITTEN_FOR).get_by_role("link", name=HAND_OVER).click()
    expect(tab.get_by_role("button", name="Open the patient’s page")).to_be_visible()


def thanks(tab: Page, here: Clinic) -> None:
    patient_rates(in_tab(tab, here, WRITTEN_FOR), 3)


def on_loan(tab: Page, here: Clinic) -> None:
    """After a code that was wrong."""
    empty_patient_form(tab, here)
    tab.goto(f"{here.stand.app}/lent")
    tab.get_by_label("Return code").fill("no code")
    tab.get_by_role("button", name="Take it back").click()
    expect(tab.get_by_role("alert")).to_contain_text("4 more tries")


def lent_elsewhere(tab: Page, here: Clinic) -> None:
    """In a frame's own cookies."""
    lent(tab, here, agent=tab.evaluate("navigator.userAgent"))
    tab.goto(f"{here.stand.ehr}/chart/falling-slowly/open")
    expect(tab.get_by_role("heading", name="You lent a tablet")).to_be_visible()


def devices_on_loan(tab: Page, here: Clinic) -> None:
    lent(tab, here)
    tab.goto(f"{in_tab(tab, here, 'falling-slowly').url.split('?')[0]}loans")
    expect(tab.get_by_role("button", name="Call it back").first).to_be_visible()


def devices_called_back(tab: Page, here: Clinic) -> None:
    devices_on_loan(tab, here)
    tab.get_by_role("button", name="Call it back").last.click()
    expect(tab.get_by_role("button", name="It is back with me").last).to_be_visible()


def called_back(tab: Page, here: Clinic) -> None:
    device = lent(tab, here)
    devices_called_back(tab, here)
    while tab.get_by_role("button", name="Call it back").count():
        tab.get_by_role("button", name="Call it back").first.click()
    for cookie in device.cookies():
        if "loan" in cookie["name"]:
            tab.context.add_cookies([cookie])  # type: ignore[list-item]
    tab.goto(f"{here.stand.app}/lent")
    expect(tab.get_by_role("heading", name="This device was called back")).to_be_visible()


def lent(tab: Page, here: Clinic, *, agent: str = "") -> BrowserContext:
    """Another device of the same clinician, with a patient."""
    device = tab.context.browser.new_context(user_agent=agent or f"Tablet {token_hex(4)}")  # type: ignore[union-attr]
    empty_patient_form(device.new_page(), here)
    return device


def waiting_rating(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, "views-differ")
    expect(tab.get_by_role("button", name="Show without rating")).to_be_visible()


def colleagues_rating(tab: Page, here: Clinic) -> None:
    """A rating that waits for another clinician."""
    wish = {"patient": "views-differ", "user": "Practitioner/tomas-weiss"}
    tab.goto(tab.request.post(f"{here.stand.ehr}/launches", data=wish).json()["launch_url"])
    expect(tab.get_by_label("Why")).to_be_visible()


def nothing_handed_over(tab: Page, here: Clinic) -> None:
    """Of somebody who has died."""
    tab.goto(f"{in_tab(tab, here, 'sparse-banner').url.split('?')[0]}handover/rapport-check-in")
    expect(tab.get_by_role("heading", name="Nothing is handed over")).to_be_visible()


def confirming(tab: Page, here: Clinic) -> None:
    """A form with something to confirm."""
    tab.goto(f"{in_tab(tab, here, 'sparse-banner').url.split('?')[0]}check/rapport-check-in/clinician")
    answer(tab, 3)
    tab.locator("form.check").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    expect(tab.get_by_role("alert")).to_be_visible()


def receipt(tab: Page, here: Clinic) -> None:
    clinician_rates(in_tab(tab, here, WRITTEN_FOR), 3)


def unknown_launch(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.app}/l/nothing-of-this-name/")
    expect(tab.get_by_text("RP-")).to_be_visible()


def unlisted_ehr(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.app}/launch?iss=https%3A%2F%2Funlisted.example%2Ffhir&launch=x")
    expect(tab.get_by_text("RP-")).to_be_visible()


def ehr_front(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.ehr}/")


def ehr_chart(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.ehr}/chart/falling-slowly")
    expect(tab.frame_locator("iframe.app").get_by_role("heading", name="What changed")).to_be_visible()


def closed(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, "falling-slowly").get_by_role("button", name="Close").click()
    expect(tab.get_by_role("heading", name="Rapport is closed")).to_be_visible()


def own_page(tab: Page, here: Clinic) -> None:
    from_portal(tab, here, "falling-slowly")


def own_form(tab: Page, here: Clinic) -> None:
    at_own_form(tab, here, WRITTEN_FOR)


def own_sent(tab: Page, here: Clinic) -> None:
    own_answers_sent(tab, here, WRITTEN_FOR)


def own_refused(tab: Page, here: Clinic) -> None:
    from_portal(tab, here, "falling-slowly")
    tab.goto(tab.url.removesuffix("own/"))
    expect(tab.get_by_text("RP-")).to_be_visible()


def about(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.app}/")
    expect(tab.get_by_role("link", name="Start without a chart")).to_be_visible()


def ehr_portal(tab: Page, here: Clinic) -> None:
    tab.goto(f"{here.stand.ehr}/portal/falling-slowly")


def answers_kept(tab: Page, here: Clinic) -> None:
    """A form sent after its launch was closed in another tab; what was typed was saved before, as it is within three seconds."""
    empty_clinician_form(tab, here)
    with tab.expect_response(re.compile("/draft/")):
        answer(tab, 3, leave_out=4)
    other = tab.context.new_page()
    other.goto(re.sub("check/.*", "", tab.url))
    other.get_by_role("button", name="Close", exact=True).click()
    expect(other.get_by_role("heading", name="Rapport is closed")).to_be_visible()
    other.close()
    send(tab)
    expect(tab.get_by_role("heading", name="Your answers are kept")).to_be_visible()


def form_offering(tab: Page, here: Clinic) -> None:
    """The form of the next launch."""
    answers_kept(tab, here)
    empty_clinician_form(tab, here)
    expect(tab.get_by_role("group", name="Answers not sent")).to_be_visible()


def begun(tab: Page, here: Clinic) -> None:
    """The history of the next launch."""
    answers_kept(tab, here)
    in_tab(tab, here, WRITTEN_FOR)
    expect(tab.get_by_text("Begun and not sent:").first).to_be_visible()


def form_going_on(tab: Page, here: Clinic) -> None:
    form_offering(tab, here)
    tab.get_by_role("button", name="Continue with them").click()
    expect(tab.get_by_text("This goes on with what was answered")).to_be_visible()


def cookies_blocked(tab: Page, here: Clinic) -> None:
    """What a browser comes to that keeps no cookie."""
    tab.goto(f"{here.stand.app}/launch?iss={quote(here.stand.fhir, safe='')}&launch=x&cookies=tried")
    expect(tab.get_by_role("heading", name="keeps no cookie")).to_be_visible()


def other_chart_opened(tab: Page, here: Clinic) -> None:
    in_tab(tab, here, "falling-slowly")
    other = tab.context.new_page()
    in_tab(other, here, "new-patient")
    other.close()
    expect(tab.get_by_role("button", name="Hide")).to_be_visible()


def about_to_end(tab: Page, here: Clinic) -> None:
    tab.clock.install()
    in_tab(tab, here, "falling-slowly")
    tab.clock.fast_forward("27:30")
    expect(tab.get_by_role("button", name="Keep it open")).to_be_visible()


PAGES: dict[str, Callable[[Page, Clinic], object]] = {
    **{f"dashboard-{slug}": dashboard(slug) for slug in PERSONAS},
    "dashboard-rating-waiting": waiting_rating,
    "dashboard-colleagues-rating": colleagues_rating,
    "dashboard-dead": dashboard("sparse-banner"),
    "nothing-handed-over": nothing_handed_over,
    "form-confirming": confirming,
    "form-patient": empty_patient_form,
    "form-clinician": empty_clinician_form,
    "form-errors": form_with_errors,
    "form-offering": form_offering,
    "form-going-on": form_going_on,
    "answers-kept": answers_kept,
    "dashboard-begun": begun,
    "cookies-blocked": cookies_blocked,
    "other-chart-opened": other_chart_opened,
    "about-to-end": about_to_end,
    "handover": handover,
    "thanks": thanks,
    "on-loan": on_loan,
    "lent-elsewhere": lent_elsewhere,
    "devices-on-loan": devices_on_loan,
    "devices-called-back": devices_called_back,
    "called-back": called_back,
    "receipt": receipt,
    "error-session": unknown_launch,
    "error-launch": unlisted_ehr,
    "ehr-front": ehr_front,
    "ehr-chart": ehr_chart,
    "closed": closed,
    "about": about,
    "start": at_start,
    "own": own_page,
    "own-form": own_form,
    "own-sent": own_sent,
    "own-refused": own_refused,
    "ehr-sign-in": at_sign_in,
    "ehr-picker": at_picker,
    "ehr-portal": ehr_portal,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits(tab: Page, reading_room: Clinic, name: str) -> None:
    PAGES[name](tab, reading_room)
    check_in_both_schemes(tab, name, phone=PHONE)


@pytest.mark.parametrize("patient", ["falling-slowly", "strained-repaired", "views-differ", "difficult-visit", "steady-slide"])
def test_the_first_screen_says_what_changed_and_shows_alliance_and_hba1c(tab: Page, reading_room: Clinic, patient: str) -> None:
    in_tab(tab, reading_room, patient)
    lanes = [tab.get_by_role("heading", name="What changed").locator("xpath=ancestor::div[@class='opening']/div/div[@class='changes']")]
    lanes += [tab.locator(f"section[aria-labelledby={one}] svg.plot[role=img]").first for one in ("alliance", "hba1c")]
    boxes = [lane.bounding_box() for lane in lanes]
    assert all(box and box["y"] >= 0 and box["y"] + box["height"] <= DESK["height"] for box in boxes), boxes
    assert all(box and box["width"] > 300 for box in boxes)


# SMART 6.3.7
# SMART J7
# IG 9
def test_no_patient_is_named_in_title_address_or_storage(tab: Page, context: BrowserContext, reading_room: Clinic) -> None:
    in_tab(tab, reading_room, "falling-slowly")
    assert re.search("castellane|owen|falling-slowly|517 3046", tab.title() + tab.url, re.IGNORECASE) is None
    assert tab.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    kept = [one for one in context.cookies() if one["domain"] == "localhost"]
    assert [(one["httpOnly"], one["secure"], one["sameSite"], one["name"].startswith("__Host-")) for one in kept] == [
        (True, True, "None", True)
    ]
