"""What a patient began on a lent device: it stays at a reload, waits behind a question, and ends with the clinic's day."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import responses

from smart_app.clinic_time import day_ends
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import ITEMS, Clinic, Handed, clinic
from tests.web.lent.lending import Browser, lend, loans_of, takes_back

FIVE = dict.fromkeys(ITEMS[:5], "4")


def types(browser: Browser, page: str, answers: dict[str, str]) -> None:
    form = browser.get(page)
    save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
    assert browser.post(save, form.form("/answers") | answers).status_code == 204


def asks(page: Page) -> bool:
    """Whether it asks who began, and shows no answer and no question."""
    assert not page.soup.select("input[type=radio]")
    return page.soup.h1 is not None and page.soup.h1.get_text() == "Did you begin this today?"


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


@pytest.fixture
def begun(tablet: Browser) -> Handed:
    handed = lend(tablet, tablet.launch())
    types(tablet, handed.page, FIVE)
    return handed


class TestResuming:
    def test_a_reload_keeps_the_answers(self, tablet: Browser, begun: Handed) -> None:
        assert tablet.get(begun.page).checked() == FIVE

    def test_opened_anew_it_asks_before_it_shows_anything(self, tablet: Browser, begun: Handed) -> None:
        page = tablet.get(begun.start)
        assert asks(page)
        assert "5 of 9 were answered" in page.text

    def test_yes_goes_on_with_them_and_sends_them_all(self, tablet: Browser, begun: Handed, rapport: Clinic) -> None:
        onward = tablet.press(tablet.get(begun.start), "/draft/continue")
        form = tablet.get(onward.headers["Location"])
        assert form.checked() == FIVE
        assert tablet.press(form, "/answers", **form.checked(), **dict.fromkeys(ITEMS[5:], "2")).status_code == 303
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    def test_no_destroys_them_and_begins_with_an_empty_form(self, tablet: Browser, begun: Handed, rapport: Clinic) -> None:
        onward = tablet.press(tablet.get(begun.start), "/draft/discard")
        assert tablet.get(onward.headers["Location"]).checked() == {}
        (loan,) = loans_of(rapport)
        assert rapport.services.store.drafts.of(loan.author) == []

    def test_not_me_is_offered_there_too(self, tablet: Browser, begun: Handed) -> None:
        assert "said that the page is not theirs" in tablet.get(tablet.press(tablet.get(begun.start), "/not-me").headers["Location"]).text

    def test_taken_back_and_lent_again_they_wait_behind_the_question(self, tablet: Browser, begun: Handed) -> None:
        chart = takes_back(tablet, begun.code).headers["Location"]
        before = tablet.get(f"{chart}handover/rapport-check-in")
        answer = tablet.press(before, "/handover/", **{"identified-name": "yes", "identified-born": "yes"})
        assert asks(tablet.get(answer.headers["Location"]))

    def test_staff_have_no_way_to_them(self, tablet: Browser, begun: Handed) -> None:
        chart = takes_back(tablet, begun.code).headers["Location"]
        answer = tablet.ask(f"{chart}check/rapport-check-in/patient")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{chart}handover/rapport-check-in")
        assert tablet.get(f"{chart}handover/rapport-check-in").checked() == {}


class TestTheClinicsDay:
    """The zone is the entry's: here the site's."""

    ZONE = "Europe/Berlin"

    @pytest.fixture
    def rapport(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        with clinic(wire, server, clock, folder=tmp_path, time_zone=self.ZONE) as standing:
            yield standing

    def test_drafts_of_a_loan_end_with_it_and_not_a_minute_before(
        self, tablet: Browser, begun: Handed, rapport: Clinic, clock: Clock
    ) -> None:
        (loan,) = loans_of(rapport)
        midnight = day_ends(clock().astimezone(ZoneInfo(self.ZONE)))
        assert (midnight.hour, midnight.minute) == (23, 0)
        clock.forward(seconds=int((midnight - clock()).total_seconds()) - 1)
        assert len(rapport.services.store.drafts.of(loan.author)) == 1
        clock.forward(seconds=1)
        assert rapport.services.store.drafts.of(loan.author) == []


@pytest.mark.parametrize(
    ("zone", "now", "ends"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 59, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
        # There is no midnight on the day the clocks go forward: the day begins at one.
        ("Africa/Cairo", datetime(2026, 4, 23, 12, tzinfo=UTC), datetime(2026, 4, 23, 22, tzinfo=UTC)),
        # Midnight comes twice on the day the clocks go back: the day begins at the first.
        ("America/Havana", datetime(2026, 10, 31, 12, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_the_first_moment_of_the_next_one(zone: str, now: datetime, ends: datetime) -> None:
    assert day_ends(now.astimezone(ZoneInfo(zone))) == ends
