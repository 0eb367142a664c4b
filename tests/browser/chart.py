"""What a clinician and a patient do in a browser: open the chart, hand over, answer, send."""

import re
from collections.abc import Callable
from weakref import WeakKeyDictionary

from playwright.sync_api import BrowserContext, Frame, Locator, Page, expect

from tests.support.stands import Clinic, utc_today

View = Page | Frame
Press = Callable[[Locator], None]
NAMES = {"falling-slowly": "CASTELLANE", "missing-items": "FERRANT", "new-patient": "NYBERG"}
# What was answered or rated before can be so again.
HAND_OVER, RATE = re.compile("^Hand over"), re.compile("^Rate (this visit|it again)$")
_ANY_FOCUS = 150
_IS_AHEAD = "one => [...document.querySelectorAll('.now')].at(-1).compareDocumentPosition(one) === Node.DOCUMENT_POSITION_FOLLOWING"
_CODES: WeakKeyDictionary[BrowserContext, str] = WeakKeyDictionary()


def in_chart(tab: Page, clinic: Clinic, patient: str, *, sandbox: str = "") -> Frame:
    """Rapport's dashboard within the EHR's page, across sites; in a frame with that `sandbox`, where one is given."""
    tab.goto(f"{clinic.stand.ehr}/chart/{patient}{f'?sandbox={sandbox}' if sandbox else ''}")
    return dashboard_in(tab.locator("iframe.app"))


def dashboard_in(iframe: Locator) -> Frame:
    """The frame, once its launch has reached the dashboard."""
    frame = iframe.element_handle().content_frame()
    assert frame is not None
    expect(frame.get_by_role("heading", name="What changed")).to_be_visible()
    return frame


def in_tab(tab: Page, clinic: Clinic, patient: str) -> Page:
    """Rapport's dashboard in a tab of its own."""
    tab.goto(f"{clinic.stand.ehr}/chart/{patient}/open")
    expect(tab.get_by_role("heading", name="What changed")).to_be_visible()
    return tab


def to_front(view: View) -> None:
    """The tab of that view, as a person would choose it: a tab behind another is drawn rarely."""
    _page(view).bring_to_front()


def _page(view: View) -> Page:
    return view.page if isinstance(view, Frame) else view


def click(target: Locator) -> None:
    """With the mouse."""
    target.click()


def tap(target: Locator) -> None:
    """With a finger."""
    target.tap()


def patient_form(view: View, press: Press = click) -> None:
    """From the dashboard over the hand-over page to the patient's form."""
    press(view.get_by_role("link", name=HAND_OVER))
    hand_over(view, press)


def hand_over(view: View, press: Press = click) -> None:
    """From the hand-over page to the patient's form. The code that takes the device back is remembered, as staff would."""
    _CODES[_page(view).context] = view.locator(".return-code").inner_text()
    for agreed in ("name", "born"):
        press(view.locator(f"input[name=identified-{agreed}]"))
    press(view.get_by_role("button", name="Open the patient’s page"))
    begin(view, press)


def begin(view: View, press: Press = click) -> None:
    """From the patient's first page to their form, an empty one whatever another test left."""
    press(view.get_by_role("button", name=re.compile("^(Yes, that is me|No: delete them)")))
    expect(view.locator("form.check")).to_be_visible()


def take_back(view: View, press: Press = click) -> None:
    """The device, on a page that asks for the code."""
    view.get_by_label("Return code").fill(_CODES[_page(view).context])
    press(view.get_by_role("button", name="Take it back"))
    expect(view.get_by_label("Return code")).to_have_count(0)


def clinician_form(view: View, press: Press = click) -> None:
    """From the dashboard to the clinician's form."""
    press(view.get_by_role("link", name=RATE))
    expect(view.locator("form.check")).to_be_visible()


def answer(view: View, option: int, press: Press = click, *, leave_out: int = 0) -> None:
    """The same option, counted from 1, in every question but the last `leave_out`."""
    questions = view.locator("form.check fieldset")
    for place in range(questions.count() - leave_out):
        turn_to(view, questions.nth(place), press)
        labels = questions.nth(place).locator(".options label")
        press(labels.nth(min(option, labels.count()) - 1))


def turn_to(view: View, wanted: Locator, press: Press = click) -> None:
    """To a part of a form that asks one question at a time; nothing to do where it is whole."""
    while not wanted.is_visible():
        ahead = wanted.evaluate(_IS_AHEAD)
        press(view.locator("form.check .next" if ahead else "form.check .prior"))


def send(view: View, press: Press = click) -> None:
    """The form's one button, once what has to be confirmed is."""
    button = view.locator("form.check button.button-primary:not(.next)")
    turn_to(view, button, press)
    for box in view.locator("form.check input[name=confirmed]").all():
        box.check()
    press(button)


def patient_rates(view: View, option: int, press: Press = click) -> None:
    """The patient's whole part, to the thanks."""
    patient_form(view, press)
    answer(view, option, press)
    send(view, press)
    expect(view.get_by_role("heading", name="Thank you")).to_be_visible()


def clinician_rates(view: View, option: int, press: Press = click) -> None:
    """The clinician's whole part, to the receipt."""
    clinician_form(view, press)
    answer(view, option, press)
    send(view, press)
    expect(view.get_by_role("heading", name="Saved in the record")).to_be_visible()


def to_history(view: View, press: Press = click) -> None:
    """Back to the dashboard, from thanks or receipt."""
    if view.get_by_label("Return code").count():
        take_back(view, press)
    press(view.get_by_role("link", name="Back to the history"))
    expect(view.get_by_role("heading", name="What changed")).to_be_visible()


def tab_to(tab: Page, view: View, selector: str) -> None:
    """Press Tab until what matches has the focus. AssertionError when it never does."""
    for _ in range(_ANY_FOCUS):
        if view.evaluate("wanted => document.hasFocus() && document.activeElement.matches(wanted)", selector):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"the Tab key never reaches {selector}")


def rated_today(clinic: Clinic, patient: str) -> list[dict[str, object]]:
    """The patient's responses of today, as the record has them."""
    found = clinic.record.search("QuestionnaireResponse", ("patient", patient), ("_count", "200"))
    responses = [entry["resource"] for entry in found.get("entry", [])]
    return [one for one in responses if one["authored"].startswith(utc_today().isoformat())]
