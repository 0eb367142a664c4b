"""How a lent device comes back: the code, a new sign-in of whoever lent it, a call from another device; nothing else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import responses
from msgspec.structs import replace

from smart_app.registration import OpenServer
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import ITEMS, SLUG, Clinic, clinic, code_on, registered
from tests.web.lent.lending import DESKTOP, Browser, answers, is_on_loan, lend, loans_of, signed_in_now, takes_back, trail


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


def wrong(code: str, *, by: int = 1) -> str:
    return f"{(int(code.replace(' ', '')) + by) % 1_000_000:06}"


class TestByCode:
    def test_it_opens_the_chart_again_and_every_other_one(self, tablet: Browser, rapport: Clinic) -> None:
        frame = Browser(rapport=rapport)
        other, framed, chart = tablet.launch("pat-2"), frame.launch("pat-2"), tablet.launch()
        handed = lend(tablet, chart)
        answer = takes_back(tablet, handed.code)
        assert (answer.status_code, answer.headers["Location"]) == (303, chart)
        assert [tablet.get(chart).status, tablet.get(other).status, frame.get(framed).status] == [200, 200, 200]
        assert tablet.get(handed.page).status == 403
        assert [detail["how"] for _, detail in trail(rapport, "loan_ended")] == ["code"]

    def test_on_the_page_of_thanks_too(self, tablet: Browser) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        thanks = tablet.get(answers(tablet, handed))
        back = tablet.press(thanks, "/take-back", code=handed.code).headers["Location"]
        assert back.startswith(f"{chart}receipt/")
        assert "Saved in the record" in tablet.get(back).text

    def test_five_wrong_ones_close_it_for_good(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        page = tablet.get("/lent")
        said = [tablet.get(tablet.press(page, "/take-back", code=wrong(handed.code)).headers["Location"]).text for _ in range(5)]
        assert "4 more tries" in said[0]
        assert "1 more try" in said[3]
        assert "wrong five times and is closed for good" in said[4]
        closed = tablet.get(tablet.press(page, "/take-back", code=handed.code).headers["Location"])
        assert not closed.soup.select("#code")
        assert is_on_loan(tablet.get(chart))
        assert [detail["left"] for _, detail in trail(rapport, "loan_code_refused")] == [4, 3, 2, 1, 0]

    def test_guessed_ten_thousand_times_over_many_addresses_and_launches(self, tablet: Browser, rapport: Clinic) -> None:
        """Five guesses are judged in all, however they come: from the loan's own address, and from those of its launches."""
        charts = [tablet.launch("pat-2") for _ in range(4)]
        chart = tablet.launch()
        handed = lend(tablet, chart)
        lent = tablet.get("/lent")
        doors = [lent]
        name = rapport.services.store.loans.cookie_name
        (loan,) = loans_of(rapport)
        cookie = next(one for one in (tablet.client._cookies or {}).values() if one.key == name)
        tablet.client.delete_cookie(name, domain="rapport.example.org", path="/")
        doors += [tablet.get(one) for one in (*charts, chart)]
        assert len({page.action("take-back") for page in doors}) == 6
        for place, page in enumerate(doors[1:], 1):
            assert tablet.press(page, "/take-back", code=wrong(handed.code, by=place)).status_code == 403
        tablet.client.set_cookie(name, cookie.value, domain="rapport.example.org", secure=True, path="/")
        for page in doors:
            tablet.press(page, "/take-back", code=handed.code)
        # Past the pages: what they all ask.
        tries = {rapport.services.store.loans.try_code(loan.id, f"{number:06}") for number in range(10_000)}
        assert tries == {"closed"}
        assert is_on_loan(tablet.get(chart))

    def test_tried_at_the_same_moment_by_many_five_are_judged(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        (loan,) = loans_of(rapport)
        store = rapport.services.store
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: store.loans.try_code(loan.id, wrong(handed.code)), range(40)))
        assert (found.count("wrong"), found.count("closed")) == (5, 35)

    def test_guessed_ten_thousand_times_by_many_at_once_five_are_judged(self, tablet: Browser, rapport: Clinic) -> None:
        """What every address asks, from all its threads; the doors before them are above."""
        chart = tablet.launch()
        handed = lend(tablet, chart)
        (loan,) = loans_of(rapport)
        store, right = rapport.services.store, handed.code.replace(" ", "")
        guesses = [one for number in range(10_001) if (one := f"{number * 97:06}") != right][:10_000]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda guess: store.loans.try_code(loan.id, guess), guesses))
        assert (found.count("wrong"), found.count("closed")) == (5, 9_995)
        assert tablet.press(tablet.get(chart), "sign-in").status_code == 200
        assert store.loans.try_code(loan.id, right) == "closed"
        assert is_on_loan(tablet.get(chart))

    def test_only_from_our_own_page(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        assert tablet.post("/lent/take-back", {"code": handed.code}).status_code == 403
        assert is_on_loan(tablet.get(chart))
        assert loans_of(rapport)[0].tries == 5


class TestBySignIn:
    def test_of_whoever_lent_it_opens_the_chart(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        chart = tablet.launch()
        lend(tablet, chart)
        clock.forward(minutes=2)
        answer = tablet.signs_in_again(tablet.get("/lent"), auth_time=signed_in_now(rapport))
        assert (answer.status_code, answer.headers["Location"]) == (303, chart)
        assert rapport.server.authorized["max_age"] == "0"
        assert rapport.server.authorized["scope"] == "openid fhirUser"
        assert tablet.get(chart).status == 200
        assert [detail["how"] for _, detail in trail(rapport, "loan_ended")] == ["sign_in"]

    @pytest.mark.parametrize(
        "claims",
        [
            {"fhirUser": "Patient/pat-1", "sub": "the patient"},
            {"fhirUser": "Practitioner/dr-2", "sub": "a colleague"},
            {"fhirUser": "https://elsewhere.example.org/fhir/Practitioner/dr-1"},
            {"fhirUser": None},
        ],
    )
    def test_of_anybody_else_opens_nothing(self, tablet: Browser, rapport: Clinic, clock: Clock, claims: dict[str, str]) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        clock.forward(minutes=2)
        page = read(tablet.signs_in_again(tablet.get("/lent"), auth_time=signed_in_now(rapport), **claims))
        assert is_on_loan(page)
        assert "not a sign-in of whoever lent this device" in page.text
        assert is_on_loan(tablet.get(chart))
        assert tablet.get(handed.page).status == 200
        assert trail(rapport, "loan_sign_in_refused")

    @pytest.mark.parametrize("ago", [timedelta(minutes=4), timedelta(hours=2)])
    def test_of_before_the_loan_opens_nothing(self, tablet: Browser, rapport: Clinic, clock: Clock, ago: timedelta) -> None:
        chart = tablet.launch()
        lend(tablet, chart)
        clock.forward(minutes=2)
        before = int((clock() - ago).timestamp())
        page = read(tablet.signs_in_again(tablet.get("/lent"), auth_time=before))
        assert is_on_loan(page)
        assert "did not ask for a new sign-in" in page.text
        assert is_on_loan(tablet.get(chart))

    def test_an_ehr_whose_clock_runs_fast_makes_no_earlier_sign_in_a_later_one(
        self, tablet: Browser, rapport: Clinic, clock: Clock
    ) -> None:
        chart = tablet.launch()
        lend(tablet, chart)
        clock.forward(seconds=30)
        fast = int(clock().timestamp()) + 60
        page = read(tablet.signs_in_again(tablet.get("/lent"), auth_time=fast - 50, iat=fast))
        assert is_on_loan(page)
        assert is_on_loan(tablet.get(chart))

    def test_of_unknown_time_opens_nothing(self, tablet: Browser, clock: Clock) -> None:
        chart = tablet.launch()
        lend(tablet, chart)
        clock.forward(minutes=2)
        page = read(tablet.signs_in_again(tablet.get("/lent")))
        assert "does not say when somebody signed in" in page.text
        assert is_on_loan(tablet.get(chart))

    def test_that_was_begun_before_the_loan_opens_nothing(self, tablet: Browser, rapport: Clinic) -> None:
        """Left waiting at the EHR's sign-in, and finished by whoever has the device."""
        begun = tablet.ask("/launch?iss=https://ehr.example.org/fhir&launch=abc").headers["Location"]
        lend(tablet, tablet.launch())
        assert is_on_loan(read(tablet.come_back(begun, auth_time=signed_in_now(rapport))))

    def test_no_launch_begins_with_it(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        lend(tablet, tablet.launch())
        clock.forward(minutes=2)
        before = len(trail(rapport, "launch"))
        tablet.signs_in_again(tablet.get("/lent"), auth_time=signed_in_now(rapport))
        assert len(trail(rapport, "launch")) == before


class TestCalledBack:
    @pytest.fixture
    def desk(self, rapport: Clinic) -> Browser:
        return Browser(rapport=rapport, agent=DESKTOP)

    @staticmethod
    def call(desk: Browser, chart: str) -> None:
        page = desk.get(chart)
        assert f"{chart}loans" in page.links()
        assert desk.press(desk.get(f"{chart}loans"), "/call-back").status_code == 303

    def test_the_patients_page_ends_and_every_locked_launch_is_closed(self, tablet: Browser, desk: Browser, rapport: Clinic) -> None:
        frame = Browser(rapport=rapport)
        framed, other, chart, mine = frame.launch("pat-2"), tablet.launch("pat-2"), tablet.launch(), desk.launch("pat-2")
        handed = lend(tablet, chart)
        assert tablet.get(handed.page).status == 200
        self.call(desk, mine)
        page = tablet.get(handed.page)
        assert page.status == 403
        assert "called back" in page.text
        assert [tablet.get(chart).status, tablet.get(other).status, frame.get(framed).status] == [403, 403, 403]
        assert "session has ended" in frame.get(framed).text
        assert desk.get(mine).status == 200
        assert trail(rapport, "loan_called_back")[0][1]["how"] == "call_back"
        assert len(trail(rapport, "ended_by_call_back")) == 3

    def test_answers_sent_afterwards_are_not_taken(self, tablet: Browser, desk: Browser) -> None:
        mine = desk.launch("pat-2")
        handed = lend(tablet, tablet.launch())
        form = tablet.get(handed.page)
        self.call(desk, mine)
        assert tablet.press(form, "/answers").status_code == 403

    def test_what_is_sent_or_saved_afterwards_waits_unread_with_the_form(self, tablet: Browser, desk: Browser, rapport: Clinic) -> None:
        mine = desk.launch()
        handed = lend(tablet, tablet.launch())
        form = tablet.get(handed.page)
        self.call(desk, mine)
        page = read(tablet.press(form, "/answers", **dict.fromkeys(ITEMS[:5], "4")))
        assert (page.status, "The answers on the page are kept" in page.text, rapport.ehr.posts()) == (403, True, [])
        assert "HALVORSEN" not in page.html
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        assert tablet.post(save, form.form("/answers") | dict.fromkeys(ITEMS[:6], "4")).status_code == 403
        offered = desk.get(lend(desk, mine).page)
        assert "6 of 9 were answered" in offered.text
        assert offered.checked() == {}

    def test_from_another_page_nothing_is_kept_afterwards(self, tablet: Browser, desk: Browser, rapport: Clinic) -> None:
        mine = desk.launch()
        form = tablet.get(lend(tablet, tablet.launch()).page)
        self.call(desk, mine)
        assert tablet.press(form, "/answers", **dict.fromkeys(ITEMS, "4"), csrf="guess").status_code == 403
        assert not trail(rapport, "draft_saved")

    def test_a_new_launch_there_asks_for_a_new_sign_in(self, tablet: Browser, desk: Browser, rapport: Clinic, clock: Clock) -> None:
        mine = desk.launch("pat-2")
        lend(tablet, tablet.launch())
        self.call(desk, mine)
        clock.forward(minutes=2)
        assert tablet.launched().status_code == 403
        assert tablet.launched(auth_time=int((clock() - timedelta(hours=1)).timestamp())).status_code == 403
        assert tablet.launched(auth_time=signed_in_now(rapport), fhirUser="Patient/pat-1").status_code == 403
        chart = tablet.launch(auth_time=signed_in_now(rapport))
        assert rapport.server.authorized["max_age"] == "0"
        assert tablet.get(chart).status == 200
        assert not loans_of(rapport)

    @pytest.mark.parametrize(
        "claims",
        [
            {"fhirUser": "Practitioner/dr-2", "sub": "a colleague"},
            {"fhirUser": "Patient/pat-1", "sub": "the patient"},
            {"fhirUser": "https://elsewhere.example.org/fhir/Practitioner/dr-1"},
        ],
    )
    def test_anybody_elses_new_sign_in_opens_nothing(
        self, tablet: Browser, desk: Browser, rapport: Clinic, clock: Clock, claims: dict[str, str]
    ) -> None:
        mine = desk.launch("pat-2")
        lend(tablet, tablet.launch())
        self.call(desk, mine)
        clock.forward(minutes=2)
        launches = len(trail(rapport, "launch"))
        page = read(tablet.launched(auth_time=signed_in_now(rapport), **claims))
        assert (page.status, page.soup.h1.get_text()) == (403, "This device was called back")  # type: ignore[union-attr]
        assert "HALVORSEN" not in page.html
        assert loans_of(rapport)[0].state == "called_back"
        assert len(trail(rapport, "launch")) == launches

    def test_a_colleague_is_told_why_and_it_is_recorded(self, tablet: Browser, desk: Browser, rapport: Clinic, clock: Clock) -> None:
        mine = desk.launch("pat-2")
        lend(tablet, tablet.launch())
        self.call(desk, mine)
        clock.forward(minutes=2)
        colleague = {"fhirUser": "Practitioner/dr-2", "sub": "a colleague"}
        page = read(tablet.launched(auth_time=signed_in_now(rapport), **colleague))
        assert "not a sign-in of whoever lent this device" in page.text
        assert len(trail(rapport, "loan_sign_in_refused")) == 1
        assert tablet.launched(auth_time=signed_in_now(rapport)).status_code == 303

    def test_said_to_be_back_with_whoever_lent_it_its_browser_is_one_as_any_other(
        self, tablet: Browser, desk: Browser, rapport: Clinic
    ) -> None:
        mine = desk.launch("pat-2")
        handed = lend(tablet, chart := tablet.launch())
        self.call(desk, mine)
        page = desk.get(f"{mine}loans")
        assert "only with the device in your hands" in page.text
        assert "Calling a device back ends" not in page.text
        assert "called back and is still closed" in desk.get(mine).text
        assert desk.press(page, "/let-go").status_code == 303
        assert "No device of yours is on loan." in desk.get(f"{mine}loans").text
        assert [detail["how"] for _, detail in trail(rapport, "loan_ended")] == ["let_go"]
        assert [tablet.get(handed.page).status, tablet.get(chart).status] == [403, 403]
        assert tablet.get("/").status == 200
        assert tablet.get(tablet.launch()).status == 200

    def test_it_cannot_be_said_of_one_that_was_not_called_back(self, tablet: Browser, desk: Browser, rapport: Clinic) -> None:
        mine = desk.launch("pat-2")
        handed = lend(tablet, tablet.launch())
        (loan,) = loans_of(rapport)
        fields = {"csrf": desk.get(mine).form("/end")["csrf"], "patient": "pat-2"}
        assert not desk.get(f"{mine}loans").soup.select("form[action$='/let-go']")
        assert desk.post(f"{mine}loans/{loan.id}/let-go", fields).status_code == 403
        assert tablet.get(handed.page).status == 200

    def test_nor_by_a_colleague_nor_from_another_page(self, tablet: Browser, desk: Browser, rapport: Clinic) -> None:
        mine = desk.launch("pat-2")
        lend(tablet, tablet.launch())
        self.call(desk, mine)
        (loan,) = loans_of(rapport)
        colleague = Browser(rapport=rapport, agent=DESKTOP)
        chart = colleague.launch(fhirUser="Practitioner/dr-2", sub="user-2")
        fields = {"csrf": colleague.get(chart).form("/end")["csrf"], "patient": "pat-1"}
        assert colleague.post(f"{chart}loans/{loan.id}/let-go", fields).status_code == 403
        assert desk.post(f"{mine}loans/{loan.id}/let-go", {"csrf": "guess", "patient": "pat-2"}).status_code == 403
        assert loans_of(rapport)[0].state == "called_back"

    def test_or_its_code(self, tablet: Browser, desk: Browser, rapport: Clinic) -> None:
        mine = desk.launch("pat-2")
        chart = tablet.launch()
        handed = lend(tablet, chart)
        self.call(desk, mine)
        assert "The device is back" in read(takes_back(tablet, handed.code)).text
        assert tablet.get(chart).status == 403
        assert not loans_of(rapport)
        assert tablet.launched().status_code == 303

    def test_a_colleague_calls_nothing_back(self, tablet: Browser, rapport: Clinic) -> None:
        colleague = Browser(rapport=rapport, agent=DESKTOP)
        chart = colleague.launch(fhirUser="Practitioner/dr-2", sub="user-2")
        handed = lend(tablet, tablet.launch())
        (loan,) = loans_of(rapport)
        assert "No device of yours is on loan." in colleague.get(f"{chart}loans").text
        fields = {"csrf": colleague.get(chart).form("/end")["csrf"], "patient": "pat-1"}
        assert colleague.post(f"{chart}loans/{loan.id}/call-back", fields).status_code == 403
        assert tablet.get(handed.page).status == 200


class TestOpenServer:
    """Nobody signs in there."""

    @pytest.fixture
    def rapport(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        open_server = replace(registered(), auth=OpenServer(), client_id="", scope="", synthetic_data=True, frame_ancestors=())
        with clinic(wire, server, clock, folder=tmp_path, issuer=open_server) as standing:
            standing.ehr.put({"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": "Lindqvist", "given": ["Sofia"]}]})
            yield standing

    @staticmethod
    def picks(browser: Browser, patient: str = "pat-1") -> str:
        page = browser.get(f"/open?iss={BASE}&id={patient}")
        return str(urlsplit(browser.press(page, "/open", patient=patient).headers["Location"]).path)

    def test_called_back_it_opens_by_no_list_of_patients_but_once_it_is_said_to_be_back(self, tablet: Browser, rapport: Clinic) -> None:
        desk = Browser(rapport=rapport, agent=DESKTOP)
        mine, chart = self.picks(desk, "pat-2"), self.picks(tablet)
        lend(tablet, chart)
        assert not tablet.get("/lent").soup.select("form[action*='sign-in']")
        TestCalledBack.call(desk, mine)
        page = tablet.get(f"/open?iss={BASE}")
        assert (page.status, page.soup.h1.get_text()) == (403, "This device was called back")  # type: ignore[union-attr]
        assert "say that it is back with them" in page.text
        assert "sign in" not in page.text
        assert tablet.post("/open", {"iss": BASE, "patient": "pat-1"}).status_code == 403
        assert desk.press(desk.get(f"{mine}loans"), "/let-go").status_code == 303
        assert tablet.get(self.picks(tablet)).status == 200


class TestSiteWithoutCodes:
    @pytest.fixture
    def rapport(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        with clinic(wire, server, clock, folder=tmp_path, return_code=False) as standing:
            yield standing

    def test_no_code_is_shown_and_none_is_asked_for(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        assert not code_on(tablet.get(f"{chart}handover/{SLUG}"))
        handed = lend(tablet, chart)
        assert not tablet.get("/lent").soup.select("#code")
        assert not tablet.get(answers(tablet, handed)).soup.select("#code")
        (loan,) = loans_of(rapport)
        assert rapport.services.store.loans.try_code(loan.id, "") == "closed"

    def test_a_sign_in_brings_it_back(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        chart = tablet.launch()
        lend(tablet, chart)
        clock.forward(minutes=1)
        assert tablet.signs_in_again(tablet.get("/lent"), auth_time=signed_in_now(rapport)).headers["Location"] == chart
