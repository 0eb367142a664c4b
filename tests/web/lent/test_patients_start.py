"""The patient's first page: who it is for, who will see the answers; and what becomes of it when somebody says that it is not theirs."""

import pytest

from tests.support.page import Page
from tests.web.clinic import ITEMS, SLUG, Clinic
from tests.web.lent.lending import DESKTOP, Browser, begins, lend, loans_of, takes_back, trail


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


def types(browser: Browser, page: str, **answers: str) -> int:
    """What the script does while somebody answers."""
    form = browser.get(page)
    save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
    return int(browser.post(save, form.form("/answers") | answers).status_code)


def drafts_of(rapport: Clinic) -> list[str]:
    (loan,) = loans_of(rapport)
    return [draft.key for draft in rapport.services.store.drafts.of(loan.author)]


class TestStart:
    @pytest.fixture
    def start(self, tablet: Browser) -> Page:
        return tablet.get(lend(tablet, tablet.launch()).start)

    def test_asks_for_name_and_birth_date_and_says_first_who_will_see_the_answers(self, start: Page) -> None:
        assert start.soup.h1 is not None
        assert start.soup.h1.get_text() == "Is this you?"
        assert "Name Ingrid Halvorsen Born 14 March 1968" in start.text
        assert start.text.index("Who will see your answers and why") < start.text.index("Yes, that is me")
        assert "9 short questions, about 2 minutes." in start.text
        assert not start.soup.select("input[type=radio]")
        assert "Halvorsen" not in start.title

    def test_another_answer_than_yes_shows_no_question(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        for address in (handed.start, f"{handed.start}?draft=guessed-key-0001"):
            assert not tablet.get(address).soup.select("form.check")

    def test_yes_leads_to_the_form(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        assert tablet.get(handed.page).soup.select("form.check")
        assert tablet.get(handed.page).form("/answers")["key"] == handed.page.partition("=")[2]

    def test_another_patients_form_begins_nothing(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        page = tablet.get(handed.start)
        assert tablet.press(page, "/begin", patient="pat-2").status_code == 403
        assert tablet.press(page, "/not-me", patient="pat-2").status_code == 403
        assert [one.state for one in loans_of(rapport)] == ["out"]

    def test_what_of_name_and_birth_date_is_not_recorded_is_left_out_for_the_number(self, tablet: Browser, rapport: Clinic) -> None:
        number = {"type": {"coding": [{"code": "MR"}], "text": "MRN"}, "system": "urn:example:mrn", "value": "604 2218"}
        rapport.ehr.put({"resourceType": "Patient", "id": "pat-1", "name": [{"family": "Halvorsen"}], "identifier": [number]})
        chart = tablet.launch()
        before = tablet.get(f"{chart}handover/{SLUG}")
        answer = tablet.press(before, "/handover/", **{"identified-name": "yes", "identified-number": "yes"})
        rows = [one.get_text(" ") for one in tablet.get(answer.headers["Location"]).soup.select(".identity > div")]
        assert len(rows) == 2
        assert rows[0] == "Name Halvorsen"
        assert rows[1].endswith("604 2218")


class TestNotMe:
    """ "No, this is not me"."""

    def test_ends_the_page_at_once_and_shows_nothing_of_anybody(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        answer = tablet.press(tablet.get(handed.start), "/not-me")
        assert answer.status_code == 303
        page = tablet.get(answer.headers["Location"])
        assert "said that the page is not theirs" in page.text
        assert "give the device to a member of staff" in page.text
        assert not [name for name in ("alvorsen", "ALVORSEN", "1968") if name in page.html]
        assert not [link for link in page.links() if "/p/" in link]
        for address in (handed.start, handed.page):
            closed = tablet.get(address)
            assert closed.status == 403
            assert "alvorsen" not in closed.html.lower()

    def test_destroys_what_was_typed_and_takes_nothing_that_comes_late(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        assert types(tablet, handed.page, **{ITEMS[0]: "4"}) == 204
        form, start = tablet.get(handed.page), tablet.get(handed.start)
        assert len(drafts_of(rapport)) == 1
        tablet.press(start, "/not-me")
        assert drafts_of(rapport) == []
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        assert tablet.post(save, form.form("/answers") | {ITEMS[0]: "4"}).status_code == 403
        assert tablet.press(form, "/answers", **dict.fromkeys(ITEMS, "4")).status_code == 403
        assert drafts_of(rapport) == []
        assert rapport.ehr.posts() == []

    def test_what_was_typed_under_another_loan_stays(self, tablet: Browser, rapport: Clinic) -> None:
        desk = Browser(rapport=rapport, agent=DESKTOP)
        other, handed = lend(desk, desk.launch()), lend(tablet, tablet.launch())
        assert types(desk, other.page, **{ITEMS[0]: "4"}) == 204
        tablet.press(tablet.get(handed.start), "/not-me")
        assert "This goes on with what was answered" in desk.get(other.page).text

    def test_is_in_the_audit_trail_once(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        types(tablet, handed.page, **{ITEMS[0]: "4"})
        start = tablet.get(handed.start)
        tablet.press(start, "/not-me")
        tablet.press(start, "/not-me")
        ((_, detail),) = trail(rapport, "loan_not_me")
        assert detail == {"loan": loans_of(rapport)[0].id, "drafts": 1}

    def test_is_told_to_whoever_lent_it(self, tablet: Browser, rapport: Clinic) -> None:
        desk = Browser(rapport=rapport, agent=DESKTOP)
        chart = desk.launch("pat-2")
        handed = lend(tablet, tablet.launch())
        tablet.press(tablet.get(handed.start), "/not-me")
        assert "said that the page is not theirs" in desk.get(chart).text
        assert "said that the page is not theirs" in desk.get(f"{chart}loans").text
        again = desk.launch()
        assert "holder said that they are not this patient" in desk.get(f"{again}handover/{SLUG}").text
        assert "holder said" not in desk.get(f"{chart}handover/{SLUG}").text

    def test_the_device_comes_back_by_the_known_ways(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        tablet.press(tablet.get(handed.start), "/not-me")
        assert tablet.get(chart).status == 403
        assert takes_back(tablet, handed.code).headers["Location"] == chart
        assert tablet.get(chart).status == 200

    def test_after_the_answers_were_sent_it_is_too_late(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        start, form = tablet.get(handed.start), tablet.get(handed.page)
        tablet.press(form, "/answers", **dict.fromkeys(ITEMS, "4"))
        tablet.press(start, "/not-me")
        assert [one.state for one in loans_of(rapport)] == ["done"]
        assert trail(rapport, "loan_not_me") == []

    def test_begun_once_more_it_is_another_form(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        again = begins(tablet, handed.start)
        assert again != handed.page
        assert not tablet.get(handed.page).soup.select("form.check")
