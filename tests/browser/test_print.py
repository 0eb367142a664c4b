"""What is printed: one page of A4 and of Letter for everybody, tables on further ones by choice, and from a frame in a tab of its own."""

import re

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Frame, Page, expect

from fhir_mappings.people.person import Person
from smart_app.care.dashboard.history import History
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.language_catalogue import read_catalogue
from smart_app.web.languages.page_language import PageLanguage
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, RIGHT_TO_LEFT, PseudoLanguage
from smart_app.web.rendering.static_files import load_static
from smart_app.web.rendering.templates import environment
from smart_app.web.views.printed.printed_page import PrintUrls, print_view
from tests.browser.accessible import DESK, SCREENS, found_by_axe, keep_picture
from tests.browser.chart import in_chart
from tests.browser.test_options import history
from tests.browser.test_pages import PERSONAS
from tests.browser.watch import Watch
from tests.support.stands import Clinic
from tests.web.states_history import STATES
from tests.web.support_history import CONTEXT, NOW

pytestmark = pytest.mark.system
_PAGE = re.compile(rb"/Type\s*/Page\b")
# 120 signs each, in two scripts; German is the longest that ships, and the languages of tests are longer still.
LONG_PATIENT = {"family": f"{'Wolfeschlegelsteinhausen-Bergerdorff ' * 2}{'山田' * 3}", "given": "Κωνσταντίνα Παπαδοπούλου Αναστασία Μαρία"}
LONG_CLINICIAN = f"Prof. Dr. med. {'Maximiliane Freifrau von und zu Hohenlohe-Waldenburg-Schillingsfürst ' * 2}"[:114] + "佐藤花子佐藤"
LANGUAGES = (CatalogueLanguage(catalogue=read_catalogue("de")), PseudoLanguage(code=LEFT_TO_RIGHT), PseudoLanguage(code=RIGHT_TO_LEFT))
STYLES = re.compile(r"<link rel=.stylesheet.*?>")


def with_longest_names(history: History) -> History:
    who = Person(reference="Practitioner/sofia", name=LONG_CLINICIAN)
    dyads = [replace(one, clinician=who if one.clinician else None) for one in history.dyads]
    return replace(history, patient=replace(history.patient, **LONG_PATIENT), dyads=dyads)


def sheet(history: History, language: PageLanguage) -> str:
    """The page with its style sheet in it."""
    context = replace(CONTEXT, user=replace(CONTEXT.user, name=LONG_CLINICIAN))
    view = print_view(history, context=context, urls=PrintUrls(history="/", one_page="/", with_tables="/"), now=NOW, language=language)
    page = environment(language).get_template("pages/print.html").render(view=view, csrf="", asset="{}".format, nonce="once")
    return STYLES.sub("", page).replace("</head>", f"<style>{load_static().assets['print.css'].content.decode()}</style></head>")


def pages(tab: Page, name: str = "", *, paper: str = "A4") -> int:
    path = SCREENS / f"print-{name}.pdf" if name else None
    return len(_PAGE.findall(tab.pdf(path=path, format=paper, prefer_css_page_size=True)))


def printed(tab: Page, here: Clinic, patient: str, query: str = "") -> None:
    history(tab, here, patient)
    tab.goto(f"{tab.url.partition('?')[0].partition('#')[0]}print{query}")
    expect(tab.get_by_role("heading", name="Alliance and HbA1c", exact=True)).to_be_visible()


@pytest.mark.parametrize("patient", PERSONAS)
def test_it_is_one_page(tab: Page, reading_room: Clinic, patient: str) -> None:
    printed(tab, reading_room, patient)
    assert (pages(tab, patient), pages(tab, paper="Letter")) == (1, 1)
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 704, "height": 1047})
    keep_picture(tab, f"print-{patient}", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 704
    assert tab.evaluate("document.querySelector('main').getBoundingClientRect().bottom") <= 1047


def test_tables_come_on_further_pages_by_choice(tab: Page, reading_room: Clinic) -> None:
    printed(tab, reading_room, "strained-repaired")
    tab.get_by_role("link", name="Print with tables").click()
    expect(tab.get_by_role("link", name="Print one page")).to_be_visible()
    assert pages(tab, "tables") > 1
    tab.set_viewport_size(DESK)
    assert found_by_axe(tab) == ""


def test_twelve_years_in_one_page(tab: Page, reading_room: Clinic) -> None:
    printed(tab, reading_room, "twelve-years", "?years=all")
    assert (pages(tab, "twelve-years-all"), pages(tab, paper="Letter")) == (1, 1)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: str(one.code))
def test_the_longest_names_and_the_most_words_are_still_one_sheet(chromium: Browser, language: PageLanguage) -> None:
    page = chromium.new_page()
    for state, make in STATES.items():
        page.set_content(sheet(with_longest_names(make()), language))
        assert (state, pages(page), pages(page, paper="Letter")) == (state, 1, 1)
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 703, "height": 970})
        keep_picture(page, f"print-long-{state}-{language.code}", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 703
    page.close()


@pytest.mark.parametrize("sandbox", ["1", "tabs", "prints", "least"])
def test_a_sandboxed_frame_that_may_not_print_says_what_to_do(tab: Page, reading_room: Clinic, watch: Watch, sandbox: str) -> None:
    frame = in_chart(tab, reading_room, "strained-repaired", sandbox=sandbox)
    link = frame.get_by_role("link", name="Print one page")
    if sandbox in {"1", "tabs"}:
        with tab.context.expect_page() as opened:
            link.click()
        shown: Page | Frame = opened.value
    else:
        link.click()
        shown = frame
    expect(shown.get_by_role("button", name="Print")).to_be_visible()
    shown.get_by_role("button", name="Print").click()
    told = shown.get_by_role("alert").filter(has_text="The record system keeps Rapport from printing here.")
    expect(told).to_have_count(0 if sandbox in {"1", "prints"} else 1)
    # Chromium says of each what the sandbox forbids.
    watch.complaints[:] = [one for one in watch.complaints if "sandbox" not in one]


def test_from_a_frame_the_link_opens_a_tab_of_its_own(tab: Page, reading_room: Clinic) -> None:
    frame = in_chart(tab, reading_room, "strained-repaired")
    with tab.context.expect_page() as opened:
        frame.get_by_role("link", name="Print one page").click()
    page = opened.value
    expect(page.get_by_role("heading", name="Alliance and HbA1c", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    assert page.locator("h1").evaluate("one => getComputedStyle(one).fontWeight") == "600"
    assert pages(page, "from-a-frame") == 1
    assert "/print" not in frame.url
