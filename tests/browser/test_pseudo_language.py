"""Every page in the languages of tests, from left to right and from right to left: everything that is no data was said through a catalogue,
nothing is too wide at any width, axe finds nothing, and each page leads on to itself in the other language.

The app is set up as a site that offers both would be, and chooses as it does for anybody: by what the browser asks for, by the site's first
language where a patient has none, and by the switch on the page."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask, Response, request
from playwright.sync_api import BrowserContext, Page, Route, expect

import smart_app.app
from smart_app.cli.demo import environment
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.launch import flow
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from smart_app.sandbox.personas.build import build_all
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, RIGHT_TO_LEFT
from smart_app.web.pages import published_documents
from tests.browser.accessible import DESK, found_by_axe, keep_picture
from tests.browser.chart import answer, send
from tests.browser.own import EHR
from tests.browser.spoken import outside
from tests.browser.watch import Watch
from tests.support.careless_server import careless
from tests.support.questionnaires import confirmed
from tests.support.stands import Clinic, clinic, foreign, utc_today

pytestmark = pytest.mark.system
WIDTHS = (320, 390, 768, 1280)
USED = "rapport-check-in,wai-sr,dds-17,care-empathy,blri-os-64,haq2-alliance,dses-8,wai-36"
WRITTEN_FOR, QUESTIONED = "missing-items", "new-clinician"
# Whose last answers are a reason to talk, or none that could be read.
SPOKEN_OF = ("difficult-visit", "steady-slide", "unchanged-ceiling")

# Addresses that answer with no page: files, documents for programs, and those that lead on to another address whatever happens.
NO_PAGE = {
    "print_pdf", "file_page_pdf", "file_copy", "check_copy",
    "static", "healthz", "readyz", "manifest", "jwks", "logo", "stay", "draft", "reveal", "open_chart", "check_again",
    "send_for_author", "decision_seen", "own_seen", "own_again", "go_on", "discard", "own_go_on", "own_discard",
    "own_draft", "own_stay", "options_ticked",
    "put_aside", "take_back", "why_data", "stops",
    "lend", "lent_begin", "lent_not_me", "lent_keep", "lent_draft", "lent_go_on", "lent_discard", "lent_stay",
    "take_back_from", "prove_here", "prove", "call_back", "let_go",
    "make_link", "end_link", "pass_guard", "mine_draft", "mine_go_on", "mine_discard", "mine_stay", "mine_rather_not", "mine_refuse",
    "lent_rather_not", "lent_refuse", "own_rather_not", "own_refuse", "not_today",
}  # fmt: skip
# Pages with words of rooms that are not said through a catalogue yet: forms, a patient's own, what is kept, errors. Empty once they are.
UNCONVERTED: frozenset[str] = frozenset()


@dataclass
class Told:
    """Which of the app's addresses have answered with a page."""

    answered: list[str | None] = field(default_factory=list)
    endpoints: set[str] = field(default_factory=set)

    def attach(self, app: Flask) -> Flask:
        """Notes its pages from here on."""
        app.after_request(self._note)
        self.endpoints |= {rule.endpoint for rule in app.url_map.iter_rules()}
        return app

    def _note(self, response: Response) -> Response:
        if request.headers.get("Sec-Fetch-Mode") == "navigate" and response.status_code not in {302, 303}:
            self.answered.append(request.endpoint)
        return response


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """Of every app that is made meanwhile, with eight instruments, four keys confirmed."""
    telling, make = Told(), smart_app.app.create_app
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAPPORT_INSTRUMENTS", USED)
        patch.setenv("RAPPORT_LANGUAGES", f"{LEFT_TO_RIGHT},{RIGHT_TO_LEFT}")
        patch.setattr(smart_app.app, "load_library", lambda: confirmed(("wai-sr", "dds-17", "care-empathy", "wai-36")))
        patch.setattr(environment, "create_app", lambda *given, **named: telling.attach(make(*given, **named)))
        yield telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms(Clinic):
    """A clinic, and the app on a server where nobody signs in."""

    open_stand: DemoEnvironment


@pytest.fixture(scope="module")
def reading_room(told: Told) -> Iterator[Rooms]:
    """One for all pages here."""
    assert told.answered == []
    people = [one for one in build_all(utc_today()) if one["resourceType"] in {"Patient", "Practitioner"}]
    backend = LocalServer(Storage(), clock=lambda: datetime.now(UTC), new_id=lambda: str(uuid4()))
    backend.load(people)
    with clinic() as one, careless(backend) as base, foreign(base, "direct") as other:
        yield Rooms(stand=one.stand, record=one.record, open_stand=other)


@pytest.fixture
def watch(reading_room: Rooms) -> Iterator[Watch]:
    """Over both."""
    stand = reading_room.stand
    watching = Watch(origins=(stand.app, str(stand.ehr), reading_room.open_stand.app))
    yield watching
    assert watching.complaints == []


# What is done on the way. Nothing is found by its words.


def dashboard(tab: Page, here: Clinic, patient: str, **wish: str) -> None:
    """That chart, opened by the EHR."""
    asked = "&".join(f"{name}={value}" for name, value in wish.items())
    tab.goto(f"{here.stand.ehr}/chart/{patient}/open?{asked}")
    expect(tab.locator("#sources")).to_be_visible()


def follow(tab: Page, part: str) -> None:
    """The first link to an address with that in it."""
    with tab.expect_navigation():
        tab.locator(f"main a[href*='{part}']").first.evaluate("one => { location = one.href }")


def post(tab: Page, part: str) -> None:
    """The first form whose address has that in it, whatever the browser would want filled in first."""
    with tab.expect_navigation():
        tab.locator(f"form[action*='{part}']").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")


def patient_form(tab: Page) -> str:
    follow(tab, "/handover/")
    code = handed_over(tab)
    begun(tab)
    return code


def handed_over(tab: Page) -> str:
    """From the hand-over page to the patient's first; the code that takes the device back."""
    code = tab.locator(".return-code").inner_text()
    for agreed in ("name", "born"):
        tab.locator(f"input[name=identified-{agreed}]").check()
    post(tab, "/handover/")
    return code


def begun(tab: Page) -> None:
    """From the patient's first page to their form."""
    post(tab, "/begin")
    expect(tab.locator("form.check")).to_be_visible()


def sent(tab: Page, option: int = 3) -> None:
    """The form that is open, answered whole and at once: how a form is answered is looked at in other tests."""
    tab.locator("form.check").evaluate(
        """(form, option) => form.querySelectorAll("fieldset").forEach(one => {
          const options = one.querySelectorAll(".options input");
          options[Math.min(option, options.length) - 1].checked = true;
        })""",
        option,
    )
    with tab.expect_navigation():
        send(tab)


# Pages in the order somebody comes to them.

Pages = Iterator[str]


def visit(tab: Page, here: Rooms) -> Pages:
    dashboard(tab, here, WRITTEN_FOR)
    yield "dashboard"
    follow(tab, "/handover/")
    yield "handover"
    code = handed_over(tab)
    yield "patient-start"
    begun(tab)
    yield "form-patient"
    post(tab, "/answers")
    yield "form-errors"
    sent(tab)
    yield "thanks"
    follow(tab, "/lent")
    yield "on-loan"
    tab.locator("#code").fill(code)
    post(tab, "/take-back")
    yield "receipt-patient"
    tab.goto(re.sub("receipt/.*", "loans", tab.url))
    yield "loans"
    dashboard(tab, here, WRITTEN_FOR)
    yield "dashboard-waiting"
    follow(tab, "/clinician")
    yield "form-clinician"
    sent(tab, 4)
    yield "receipt"


def own_phone(tab: Page, here: Rooms) -> Pages:
    """A one-time link: made and printed by staff, opened on the patient's own phone, which is the same browser here."""
    dashboard(tab, here, "views-differ")
    follow(tab, "/handover/")
    tab.locator("button[value=sent]").click()
    expect(tab.locator("#to-copy")).to_be_visible()
    yield "handover-link"
    handover, address = tab.url, tab.locator(".own-phone .address").inner_text()
    follow(tab, "/slip")
    yield "link-slip"
    tab.goto(address)
    yield "link-guard"
    (found,) = here.record.search("Patient", ("_id", "views-differ"))["entry"]
    year, month, day = found["resource"]["birthDate"].split("-")
    passes(tab, year="1950", month=month, day=day)
    yield "link-guard-wrong"
    passes(tab, year=year, month=month, day=day)
    yield "mine"
    would_decline(tab)
    yield "mine-declining"
    back_to_the_questions(tab)
    post(tab, "/answers")
    yield "mine-errors"
    sent(tab)
    yield "mine-thanks"
    tab.goto(address)
    yield "link-over"
    tab.goto(handover)
    yield "handover-answered"


def would_decline(tab: Page) -> None:
    """To the page before a form is declined."""
    with tab.expect_navigation():
        tab.locator("button.rather-not").click()


def back_to_the_questions(tab: Page) -> None:
    with tab.expect_navigation():
        tab.locator("main a.button").click()


def passes(tab: Page, **born: str) -> None:
    """The guard of a link, with that birth date."""
    for part, value in born.items():
        tab.locator(f"input[name={part}]").fill(value)
    tab.locator("input[value=helped]").check()
    post(tab, "/link/")


def history(tab: Page, here: Rooms) -> Pages:
    for patient in ("strained-repaired", "mixed-units", "entered-in-error", "new-patient", "sparse-banner", *SPOKEN_OF):
        dashboard(tab, here, patient)
        yield f"dashboard-{patient}"
    tab.goto(f"{tab.url.split('?')[0]}handover/rapport-check-in")
    yield "nothing-handed-over"
    dashboard(tab, here, "strained-repaired")
    follow(tab, "/options")
    yield "options"
    follow(tab, "show=hurtful")
    yield "options-by-choice"
    dashboard(tab, here, "strained-repaired")
    tab.goto(f"{tab.url.split('?')[0]}why")
    yield "why"
    dashboard(tab, here, "strained-repaired")
    follow(tab, "/rating/")
    yield "rating"
    dashboard(tab, here, "strained-repaired")
    tab.goto(f"{tab.url.split('?')[0]}note")
    yield "note"
    tab.goto(f"{tab.url.split('?')[0].removesuffix('note')}print?tables=yes")
    yield "print"
    follow(tab, "/print/file")
    yield "file-a-copy"
    post(tab, "/print/file")
    yield "filed-copy"
    dashboard(tab, here, "views-differ", user="Practitioner/tomas-weiss")
    yield "dashboard-colleagues-rating"


def undelivered(tab: Page, here: Rooms) -> Pages:
    dashboard(tab, here, "falling-slowly", fault="write-status=422")
    follow(tab, "/clinician")
    sent(tab)
    yield "receipt-kept"
    follow(tab, "/decision/discarded")
    yield "decision"
    post(tab, "/decision/")
    yield "decision-lacking"
    dashboard(tab, here, "falling-slowly")
    yield "dashboard-kept"
    dashboard(tab, here, "falling-slowly", user="Practitioner/tomas-weiss")
    yield "dashboard-colleagues-kept"
    post(tab, "/for-author/")
    yield "sent-for-author"


def interrupted(tab: Page, here: Rooms) -> Pages:
    dashboard(tab, here, "twelve-years")
    code = patient_form(tab)
    with tab.expect_response(re.compile("/draft")):
        answer(tab, 3, leave_out=9)
    tab.goto(f"{here.stand.app}/lent")
    tab.locator("#code").fill(code)
    post(tab, "/take-back")
    yield "dashboard-begun"
    follow(tab, "/handover/")
    code = handed_over(tab)
    yield "patient-resumes"
    post(tab, "/continue")
    yield "form-going-on"
    start, key = str(re.match(".*/p/[^/]+/", tab.url)[0]), tab.locator("form.check input[name=key]").input_value()  # type: ignore[index]
    tab.goto(f"{start}idle?draft={key}")
    yield "patient-idle"
    tab.goto(f"{start}?draft={key}")
    would_decline(tab)
    yield "patient-declining"
    back_to_the_questions(tab)
    window = tab.context.browser.new_context(user_agent="another device").new_page()  # type: ignore[union-attr]
    dashboard(window, here, "twelve-years")
    window.goto(f"{window.url.split('?')[0]}loans")
    post(window, "/call-back")
    window.context.close()
    tab.goto(f"{here.stand.app}/lent")
    yield "called-back"
    tab.locator("#code").fill(code)
    post(tab, "/take-back")
    yield "taken-back"
    dashboard(tab, here, "twelve-years")
    follow(tab, "/clinician")
    with tab.expect_response(re.compile("/draft/")):
        answer(tab, 3, leave_out=9)
    other = tab.context.new_page()
    other.goto(re.sub("check/.*", "", tab.url))
    post(other, "/end")
    other.close()
    expect(tab.locator("main > [role=status].notice")).to_be_visible()
    yield "form-closed-elsewhere"
    dashboard(tab, here, "twelve-years")
    other = tab.context.new_page()
    dashboard(other, here, "new-patient")
    other.close()
    expect(tab.locator("main > [role=status].notice")).to_be_visible()
    yield "other-chart-opened"
    post(tab, "/end")
    yield "closed"


def questionnaires(tab: Page, here: Rooms) -> Pages:
    dashboard(tab, here, QUESTIONED)
    yield "menu"
    follow(tab, "/care-empathy/patient")
    yield "paper"
    post(tab, "/check/")
    yield "paper-errors"
    dashboard(tab, here, QUESTIONED)
    follow(tab, "/dses-8/patient")
    sent(tab)
    yield "receipt-unscored"
    dashboard(tab, here, QUESTIONED)
    follow(tab, "/observer")
    yield "whom"
    post(tab, "/rated/")
    yield "whom-lacking"
    tab.get_by_role("radio").first.check()
    post(tab, "/rated/")
    yield "observers-form"
    sent(tab, 5)
    dashboard(tab, here, QUESTIONED)
    yield "dashboard-several"


def own(tab: Page, here: Rooms) -> Pages:
    tab.goto(f"{here.stand.app}/start")
    yield "start"
    tab.get_by_role("button", name=f"Sign in at {EHR}").click()
    tab.locator(f"button[value='Patient/{WRITTEN_FOR}']").click()
    expect(tab.locator("#sent")).to_be_visible()
    yield "own"
    follow(tab, "/own/")
    yield "own-form"
    would_decline(tab)
    yield "own-declining"
    back_to_the_questions(tab)
    post(tab, "/own/answer/")
    yield "own-form-errors"
    sent(tab, 4)
    yield "own-sent"
    follow(tab, "/own/given/")
    yield "own-answers"
    address = tab.url.partition("/own/")[0]
    tab.goto(f"{address}/")
    yield "own-refused"
    tab.goto(f"{address}/own/")
    post(tab, "/end")
    yield "own-closed"
    tab.goto(f"{address}/own/")
    yield "own-over"


def without_a_chart(tab: Page, here: Rooms) -> Pages:
    tab.goto(f"{here.stand.app}/")
    yield "about"
    with stopped(tab.context, f"{here.stand.ehr}/oauth/authorize*"):
        tab.goto(f"{here.stand.app}/start")
        tab.get_by_role("button", name=f"Sign in at {EHR}").click()
        expect(tab.locator("main a.button[href*='/oauth/authorize']")).to_be_visible()
        yield "onward"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(flow, "_LONGEST_ADDRESS", 100)
            tab.goto(f"{here.stand.ehr}/chart/{QUESTIONED}/open", wait_until="commit")
            expect(tab.locator("#authorize")).to_be_visible()
            yield "authorize"
    tab.goto(here.open_stand.front)
    yield "picker"


def errors(tab: Page, here: Rooms) -> Pages:
    tab.goto(f"{here.stand.app}/launch?iss={quote(here.stand.fhir, safe='')}&launch=x&cookies=tried")
    yield "error-cookies"
    tab.goto(f"{here.stand.app}/l/nothing-of-this-name/")
    yield "error-session"
    tab.goto(f"{here.stand.app}/launch?iss=https%3A%2F%2Funlisted.example%2Ffhir&launch=x")
    yield "error-launch"
    tab.goto(f"{here.stand.app}/nothing-of-this-name")
    yield "error-404"
    tab.goto(f"{here.stand.ehr}/chart/{QUESTIONED}/open?fault=read-status%3D403")
    yield "error-record"
    tab.goto(f"{here.stand.ehr}/chart/{QUESTIONED}/open?fault=patient-missing")
    yield "error-token"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published_documents, "about_view", failing)
        tab.goto(f"{here.stand.app}/")
        yield "error-500"


def failing(*_given: Any, **_named: Any) -> None:
    raise AssertionError("it was asked to")


@contextmanager
def stopped(context: BrowserContext, address: str) -> Iterator[None]:
    """Nothing comes of going there: the page that leads on stays."""

    def nothing(route: Route) -> None:
        route.fulfill(status=204)

    context.route(address, nothing)
    yield
    context.unroute(address)


# Each page by its name, and the address that has to have answered with it; None where that is nobody's or the page was there before.
WALKS: dict[Callable[[Page, Rooms], Pages], dict[str, str | None]] = {
    own_phone: {
        "handover-link": "handover",
        "link-slip": "link_slip",
        "link-guard": "link_guard",
        "link-guard-wrong": "link_guard",
        "mine": "mine",
        "mine-declining": "mine_decline",
        "mine-errors": "mine_submit",
        "mine-thanks": "mine_thanks",
        "link-over": "link_guard",
        "handover-answered": "handover",
    },
    visit: {
        "dashboard": "dashboard",
        "handover": "handover",
        "patient-start": "lent_form",
        "form-patient": "lent_form",
        "form-errors": "lent_submit",
        "thanks": "lent_thanks",
        "on-loan": "lent",
        "receipt-patient": "receipt",
        "loans": "loans",
        "dashboard-waiting": "dashboard",
        "form-clinician": "form",
        "receipt": "receipt",
    },
    history: {
        "dashboard-strained-repaired": "dashboard",
        "dashboard-mixed-units": "dashboard",
        "dashboard-entered-in-error": "dashboard",
        "dashboard-new-patient": "dashboard",
        "dashboard-sparse-banner": "dashboard",
        **{f"dashboard-{patient}": "dashboard" for patient in SPOKEN_OF},
        "nothing-handed-over": "handover",
        "options": "options",
        "options-by-choice": "options",
        "why": "why",
        "rating": "rating",
        "note": "note",
        "print": "print",
        "file-a-copy": "file_page",
        "filed-copy": "filed_copy",
        "dashboard-colleagues-rating": "dashboard",
    },
    undelivered: {
        "receipt-kept": "receipt",
        "decision": "decision",
        "decision-lacking": "decide",
        "dashboard-kept": "dashboard",
        "dashboard-colleagues-kept": "dashboard",
        "sent-for-author": "for_author",
    },
    interrupted: {
        "dashboard-begun": "dashboard",
        "patient-resumes": "lent_form",
        "form-going-on": "lent_form",
        "patient-idle": "lent_idle",
        "patient-declining": "lent_decline",
        "called-back": "lent",
        "taken-back": "take_back_here",
        "form-closed-elsewhere": None,
        "other-chart-opened": None,
        "closed": "end",
    },
    questionnaires: {
        "menu": "dashboard",
        "paper": "form",
        "paper-errors": "submit",
        "receipt-unscored": "receipt",
        "whom": "form",
        "whom-lacking": "choose",
        "observers-form": "form",
        "dashboard-several": "dashboard",
    },
    own: {
        "start": "start",
        "own": "own",
        "own-form": "own_form",
        "own-declining": "own_decline",
        "own-form-errors": "own_submit",
        "own-sent": "own_sent",
        "own-answers": "own_given",
        "own-refused": "dashboard",
        "own-closed": "end",
        "own-over": "own",
    },
    without_a_chart: {
        "about": "about",
        "onward": "start_at",
        "authorize": "launch",
        "picker": "open",
    },
    errors: {
        "error-cookies": "launch",
        "error-session": "dashboard",
        "error-launch": "launch",
        "error-404": None,
        "error-record": "dashboard",
        "error-token": "callback",
        "error-500": "about",
    },
}
# Pages that a second request would not give, and those that have no switch, since asked for once more they would not be the same.
ONCE = {"taken-back", "form-closed-elsewhere", "other-chart-opened", "closed", "own-closed", "onward"}
NO_SWITCH = {"authorize", "error-launch", "error-cookies", "error-token"}
# Of axe's rules, what takes four fifths of its time: once in a walk for each kind of page, since colours are neither another language's nor
# another patient's (tests/browser/test_pages.py measures them on every page, in both schemes).
COLOURS = ("color-contrast",)
# A page that goes on by itself: this one has told before, offers a way to stay for two minutes, and works without a script (WCAG 2.2.1).
GOES_ON = {"patient-idle": ("meta-refresh",)}


@pytest.mark.parametrize("options", [{"locale": LEFT_TO_RIGHT}], ids=[""])
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: str(walk.__name__))
def test_every_page_is_said_through_the_catalogue_fits_and_is_accessible(
    tab: Page, reading_room: Rooms, told: Told, walk: Callable[[Page, Rooms], Pages]
) -> None:
    faults: dict[str, list[str]] = {}
    walked: list[str] = []
    for name in walk(tab, reading_room):
        endpoint = WALKS[walk][name]
        assert endpoint is None or told.answered[-1] == endpoint, name
        first = endpoint is None or endpoint not in {WALKS[walk][one] for one in walked}
        walked.append(name)
        goes_on = GOES_ON.get(name, ())
        faults |= faults_of(tab, name) | axe_faults(tab, name, but=goes_on if first else (*goes_on, *COLOURS))
        if name not in ONCE:
            in_the_other_language(tab, name)
            # Another page of its kind is mirrored by the same markup and style sheets.
            faults |= faults_of(tab, name) | (axe_faults(tab, name, but=(*goes_on, *COLOURS)) if first else {})
    assert {name: found for name, found in faults.items() if found} == {}
    assert walked == list(WALKS[walk])


def in_the_other_language(tab: Page, name: str) -> None:
    """The same page, by its switch; where it has none, by the address that a switch leads to."""
    other = RIGHT_TO_LEFT if language_of(tab) == LEFT_TO_RIGHT else LEFT_TO_RIGHT
    if name in NO_SWITCH:
        path, _, query = tab.url.partition("?")
        # A page whose script has sent it on, where nothing comes of that, is never loaded whole.
        tab.goto(f"{path}?language={other}&{query}", wait_until="commit" if name == "authorize" else "load")
    else:
        tab.locator(f"nav.languages [lang='{other}']").click()
    expect(tab.locator("html"), name).to_have_attribute("lang", other)
    expect(tab.locator("main")).to_be_visible()


def language_of(tab: Page) -> str:
    """As the page says it."""
    return tab.locator("html").get_attribute("lang") or ""


# Of a page, everything that can be opened shut and open; and of the window.
_WIDTHS = """() => {
  const page = document.documentElement, folds = [...document.querySelectorAll("details:not([open])")], shut = page.scrollWidth;
  for (const one of folds) one.open = true;
  const open = page.scrollWidth;
  for (const one of folds) one.open = false;
  return [Math.max(shut, open), page.clientWidth];
}"""


def faults_of(tab: Page, name: str) -> dict[str, list[str]]:
    """What the open page does not say, and where it is too wide. A picture is kept, narrow from left to right and wide from right to
    left."""
    code = language_of(tab)
    said = [] if name in UNCONVERTED else [f"not said: {one}" for one in outside(tab)]
    wide = []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": DESK["height"]})
        if width == (WIDTHS[0] if code == LEFT_TO_RIGHT else WIDTHS[-1]):
            keep_picture(tab, f"said-{name}-{code}-{width}", full_page=True)
        taken, given = tab.evaluate(_WIDTHS)
        wide += [f"{taken} wide at {width}"] if taken > given else []
    return {f"{name} {code}": [*said, *wide]}


def axe_faults(tab: Page, name: str, *, but: Sequence[str]) -> dict[str, list[str]]:
    """What axe finds on it, by all rules `but` those."""
    found = found_by_axe(tab, but=but)
    return {f"{name} {language_of(tab)} axe": [found] if found else []}


# Where each element begins, from the left, and how wide it is; ticks within their plot; and of a text where its first and last sign stand.
_PLACES = """([parts, ticks]) => {
  const box = one => { const at = one.getBoundingClientRect(); return [at.left, at.width]; };
  const within = one => one.getBoundingClientRect().left - one.closest(".plot").getBoundingClientRect().left;
  const all = selector => [...document.querySelectorAll(selector)];
  return [parts.flatMap(all).map(box), all(ticks).map(within)];
}"""
_ENDS = """(one) => {
  const text = one.lastChild, at = index => {
    const range = document.createRange();
    range.setStart(text, index), range.setEnd(text, index + 1);
    return range.getBoundingClientRect().left;
  };
  return [at(0), at(text.length - 1)];
}"""


@pytest.mark.parametrize("options", [{"locale": RIGHT_TO_LEFT}], ids=[""])
def test_right_to_left_mirrors_the_page_but_not_time_and_not_a_form_in_english(tab: Page, reading_room: Rooms) -> None:
    dashboard(tab, reading_room, "strained-repaired")
    assert language_of(tab) == RIGHT_TO_LEFT
    asked = [
        [".banner > div", ".label", ".drawing", ".latest", ".opening > *"],
        ".ticks .plot line, .plot .tick, .plot use:not([href='#time'])",
    ]
    mirrored, ticks = tab.evaluate(_PLACES, asked)
    in_the_other_language(tab, "dashboard")
    plain, same = tab.evaluate(_PLACES, asked)
    assert len(plain) > len(asked[0])
    assert [DESK["width"] - left - width for left, width in mirrored] == pytest.approx([left for left, _ in plain], abs=1)
    assert len(same) > len(plain) / 2
    assert ticks == pytest.approx(same, abs=0.5)
    patient_form(tab)
    in_the_other_language(tab, "form")
    assert language_of(tab) == RIGHT_TO_LEFT
    first, last = tab.locator("legend").first.evaluate(_ENDS)
    assert first < last


# Every date of the page of which the year stands before the day, with what is around it.
_SPLIT = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), split = [];
  const place = (text, from, to) => {
    const range = document.createRange();
    range.setStart(text, from), range.setEnd(text, to);
    return range.getBoundingClientRect();
  };
  let dates = 0;
  while (walk.nextNode()) for (const found of walk.currentNode.data.matchAll(/\\d\\d-[A-Z][a-z]{2}-\\d{4}/g)) {
    const [day, year] = [place(walk.currentNode, found.index, found.index + 2), place(walk.currentNode, found.index + 7, found.index + 11)];
    if (!day.width) continue;
    dates += 1;
    if (Math.abs(day.top - year.top) < 2 && day.left > year.left) split.push(walk.currentNode.data);
  }
  return [dates, split];
}"""


@pytest.mark.parametrize("options", [{"locale": RIGHT_TO_LEFT}], ids=[""])
@pytest.mark.parametrize("patient", ["steady-slide", QUESTIONED, "mixed-units", WRITTEN_FOR])
def test_no_date_is_split_from_right_to_left(tab: Page, reading_room: Rooms, patient: str) -> None:
    dashboard(tab, reading_room, patient)
    assert language_of(tab) == RIGHT_TO_LEFT
    for step in ("", "ArrowLeft"):
        if step:
            tab.locator("#focus").press(step)
            expect(tab.locator(".moving")).to_have_count(0)
        dates, split = tab.evaluate(_SPLIT)
        assert (dates > 20, split) == (True, [])


def test_every_address_is_walked_to_or_answers_with_no_page(reading_room: Rooms, told: Told) -> None:
    assert reading_room.stand.app
    assert told.endpoints == {endpoint for pages in WALKS.values() for endpoint in pages.values() if endpoint} | NO_PAGE
