"""What a patient who has signed in reads of their own answers: from their page and from the page after sending, on every screen and on
paper, with and without a script."""

import re
from io import BytesIO

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pypdf import PdfReader

from fhir_mappings.instruments.canonicals import options_system, questionnaire, rated_clinician
from fhir_mappings.instruments.library import load_library
from tests.browser.accessible import DESK, IN_BOTH_SCHEMES, SCREENS, check_page, keep_picture
from tests.browser.chart import in_tab
from tests.browser.own import from_portal, own_answers_sent
from tests.browser.test_pages import PHONE
from tests.support.stands import Clinic, utc_today

pytestmark = pytest.mark.system
CANONICAL = "https://w3id.org/rapport/fhir"
PATIENT = "strained-repaired"
SIZES: tuple[ViewportSize, ...] = ({"width": 390, "height": 844}, {"width": 768, "height": 1024}, DESK)
_PAGE = re.compile(rb"/Type\s*/Page\b")
SCORED = re.compile(r"score|total|reverse|higher|lower|rating|\d\.\d\d", re.IGNORECASE)


def newest(tab: Page, here: Clinic, patient: str = PATIENT) -> None:
    """What the patient answered last, from their page."""
    from_portal(tab, here, patient)
    tab.locator(".own-sent a").first.click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Your answers of ")


@IN_BOTH_SCHEMES
def test_each_opens_from_the_list_is_for_everybody_and_leads_back(tab: Page, reading_room: Clinic, options: dict[str, str]) -> None:
    from_portal(tab, reading_room, PATIENT)
    check_page(tab, "own-list", options, phone=PHONE)
    newest(tab, reading_room)
    check_page(tab, "own-answers", options, phone=PHONE)
    for size in SIZES:
        tab.set_viewport_size(size)
        keep_picture(tab, f"own-answers-{options['color_scheme']}-{size['width']}x{size['height']}")
    assert SCORED.search(tab.locator("main").inner_text()) is None
    assert tab.title() == "Your answers – Rapport"
    tab.get_by_role("link", name="Back to your page").click()
    expect(tab.get_by_role("heading", name="What you answered")).to_be_visible()


def test_by_keys_alone_it_is_opened_and_left(tab: Page, reading_room: Clinic) -> None:
    from_portal(tab, reading_room, PATIENT)
    tab.locator(".own-sent a").first.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_contain_text("Your answers of ")
    back = tab.get_by_role("link", name="Back to your page")
    back.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Your page", exact=True)).to_be_visible()


def test_what_was_just_sent_is_read_as_it_was_answered(tab: Page, here: Clinic) -> None:
    own_answers_sent(tab, here, "falling-slowly")
    tab.get_by_role("link", name="See what you sent").click()
    expect(tab.locator(".given dd")).to_have_count(9)
    expect(tab.get_by_text("Answered by you.")).to_be_visible()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_is_printed_with_whose_it_is_and_without_what_is_pressed(tab: Page, reading_room: Clinic, paper: str) -> None:
    newest(tab, reading_room)
    printed = tab.pdf(path=SCREENS / f"own-answers-{paper}.pdf", format=paper, prefer_css_page_size=True)
    assert len(_PAGE.findall(printed)) == 1
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 704, "height": 1047})
    keep_picture(tab, f"own-answers-print-{paper}", full_page=True)
    for one in ("link", "button"):
        expect(tab.get_by_role(one)).to_have_count(0)
    expect(tab.locator("header.banner")).to_contain_text("Born")
    expect(tab.get_by_role("heading", name="Who can read these answers")).to_be_visible()
    expect(tab.get_by_text("Print it with the browser")).not_to_be_visible()


def test_a_long_form_is_printed_whole_with_whose_it_is_on_every_page(tab: Page, here: Clinic) -> None:
    """64 items, cut between pages and never within one."""
    form = load_library().get("blri-os-64")
    chosen = form.options[0].code
    coding = {"system": options_system(form, base=CANONICAL), "code": chosen}
    here.record.create(
        {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "questionnaire": questionnaire(form, "patient", base=CANONICAL),
            "subject": {"reference": f"Patient/{PATIENT}"},
            "authored": utc_today().isoformat(),
            "source": {"reference": f"Patient/{PATIENT}"},
            "extension": [{"url": rated_clinician(CANONICAL), "valueReference": {"reference": "Practitioner/sofia-lindqvist"}}],
            "item": [{"linkId": one.link_id, "answer": [{"valueCoding": coding}]} for one in form.items],
        }
    )
    newest(tab, here)
    expect(tab.locator(".given dd")).to_have_count(64)
    keep_picture(tab, "own-answers-long", full_page=True)
    paper = PdfReader(BytesIO(tab.pdf(path=SCREENS / "own-answers-long.pdf", format="A4", prefer_css_page_size=True)))
    sheets = [page.extract_text() for page in paper.pages]
    assert len(sheets) > 1
    assert sorted(int(one) for sheet in sheets for one in re.findall(r"Item (\d+)", sheet)) == [*range(1, 65)]
    assert all("SOLHEIM" in sheet for sheet in sheets)


def test_after_signing_out_going_back_shows_nothing_of_it(tab: Page, here: Clinic) -> None:
    newest(tab, here)
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", name="You are signed out of Rapport")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("heading", name="This page cannot go on")).to_be_visible()
    assert "SOLHEIM" not in tab.content()
    assert tab.locator(".given").count() == 0


def test_the_button_prints(tab: Page, reading_room: Clinic) -> None:
    newest(tab, reading_room)
    expect(tab.get_by_text("Print it with the browser")).not_to_be_visible()
    tab.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes'; window.dispatchEvent(new Event('beforeprint')) } }")
    tab.get_by_role("button", name="Print").click()
    expect(tab.locator("body")).to_have_attribute("data-printed", "yes")
    expect(tab.get_by_role("alert")).not_to_be_visible()


@pytest.mark.parametrize("options", [{"java_script_enabled": False}], ids=["without-script"])
def test_without_a_script_it_is_read_and_says_how_it_is_printed(tab: Page, reading_room: Clinic) -> None:
    newest(tab, reading_room)
    expect(tab.locator(".given dd").first).to_be_visible()
    expect(tab.get_by_role("button", name="Print")).not_to_be_visible()
    expect(tab.get_by_text("Print it with the browser")).to_be_visible()


@pytest.mark.parametrize("options", [{"forced_colors": "active"}], ids=["forced"])
def test_in_forced_colours_what_was_chosen_is_still_told_from_the_question(tab: Page, reading_room: Clinic) -> None:
    newest(tab, reading_room)
    keep_picture(tab, "own-answers-forced", full_page=True)
    weights = tab.locator(".given > dl > div").first.evaluate("row => [...row.children].map(one => getComputedStyle(one).fontWeight)")
    assert weights[0] != weights[1]


def test_a_clinician_in_the_same_browser_does_not_reach_it(tab: Page, reading_room: Clinic) -> None:
    newest(tab, reading_room)
    address = tab.url
    chart = in_tab(tab, reading_room, PATIENT)
    chart.goto(f"{chart.url.partition('?')[0]}own/given/{address.rsplit('/', 1)[1]}")
    expect(chart.get_by_text("not_for_user")).to_be_attached()
    assert chart.locator(".given").count() == 0
