"""A lent device knows one form: whatever else is asked of it answers that it is on loan."""

import pytest

from smart_app.care.sessions.room_for_launches import NEWEST_OPEN
from tests.support.authorization_server import BASE
from tests.support.clock import Clock
from tests.web.clinic import AGREED, ITEMS, SLUG, Clinic, code_on
from tests.web.lent.lending import (
    DESKTOP,
    TABLET,
    Browser,
    answers,
    begins,
    is_on_loan,
    lend,
    loans_of,
    signed_in_now,
    takes_back,
    trail,
)


@pytest.fixture
def tablet(rapport: Clinic) -> Browser:
    return Browser(rapport=rapport)


class TestHandingOver:
    def test_needs_two_identifiers_that_agree(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        page = tablet.get(f"{chart}handover/{SLUG}")
        for ticked in ({}, {"identified-name": "yes"}, {"identified-name": "yes", "identified-number": "yes"}):
            answer = tablet.press(page, "/handover/", **ticked)
            assert answer.status_code == 303
            assert "Fewer than two are ticked" in tablet.get(answer.headers["Location"]).text
        assert not loans_of(rapport)
        assert tablet.get(chart).status == 200

    def test_what_was_ticked_stays_ticked(self, tablet: Browser) -> None:
        chart = tablet.launch()
        page = tablet.get(f"{chart}handover/{SLUG}")
        answer = tablet.press(page, "/handover/", **{"identified-born": "yes"})
        again = tablet.get(answer.headers["Location"])
        assert [str(box["name"]) for box in again.soup.select("input[type=checkbox][checked]")] == ["identified-born"]

    def test_with_fewer_than_two_on_record_nothing_is_handed_over(self, tablet: Browser, rapport: Clinic) -> None:
        rapport.ehr.put({"resourceType": "Patient", "id": "pat-1", "name": [{"family": "Halvorsen"}], "gender": "female"})
        page = tablet.get(f"{tablet.launch()}handover/{SLUG}")
        assert "fewer than two" in page.text
        assert not page.soup.select("form[action*='/handover/']")

    def test_shows_the_patient_their_form_and_a_code_of_six_digits_once(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        page = tablet.get(f"{chart}handover/{SLUG}")
        code = code_on(page).replace(" ", "")
        assert len(code) == 6
        assert code.isdigit()
        assert code_on(tablet.get(f"{chart}handover/{SLUG}")) != code_on(page)
        answer = tablet.press(page, "/handover/", **AGREED)
        assert answer.headers["Clear-Site-Data"] == '"cache"'
        start = tablet.get(answer.headers["Location"])
        form = tablet.get(begins(tablet, answer.headers["Location"]))
        assert form.soup.select("form.check")
        assert code not in start.html + form.html
        assert trail(rapport, "lent")[0][1]["form"] == SLUG

    def test_another_patients_form_lends_nothing(self, tablet: Browser, rapport: Clinic) -> None:
        page = tablet.get(f"{tablet.launch()}handover/{SLUG}")
        assert tablet.press(page, "/handover/", **AGREED, patient="pat-2").status_code == 403
        assert not loans_of(rapport)

    def test_a_code_made_for_another_launch_is_not_taken(self, tablet: Browser, rapport: Clinic) -> None:
        first, second = tablet.launch(), tablet.launch()
        sealed = tablet.get(f"{first}handover/{SLUG}").form("/handover/")["sealed"]
        page = tablet.get(f"{second}handover/{SLUG}")
        assert tablet.press(page, "/handover/", **AGREED, sealed=sealed).status_code == 403
        assert not loans_of(rapport)

    def test_says_so_where_a_page_of_the_patient_is_out_already(self, tablet: Browser, rapport: Clinic) -> None:
        lend(tablet, tablet.launch())
        page = (desk := Browser(rapport=rapport, agent=DESKTOP)).get(f"{desk.launch()}handover/{SLUG}")
        assert "out on a device already, since 09:30" in page.text

    def test_says_in_a_frame_that_the_ehrs_own_tabs_stay(self, tablet: Browser) -> None:
        page = tablet.get(f"{tablet.launch()}handover/{SLUG}", **{"Sec-Fetch-Dest": "iframe"})
        assert "own tabs and menus stay around" in page.text


class TestLock:
    @pytest.fixture
    def chart(self, tablet: Browser) -> str:
        return tablet.launch()

    def test_every_address_of_the_launch_says_on_loan(self, tablet: Browser, chart: str, rapport: Clinic) -> None:
        lend(tablet, chart)
        places = [
            rule.rule.replace("<launch_id>", chart.split("/")[2])
            for rule in rapport.app.url_map.iter_rules()
            if rule.rule.startswith("/l/<launch_id>") and "GET" in (rule.methods or ())
        ]
        assert len(places) > 10
        for place in places:
            page = tablet.get(place.replace("<slug>", SLUG).replace("<informant>", "clinician").replace("<key>", "a" * 20))
            assert is_on_loan(page), place

    def test_so_does_what_is_sent_to_one(self, tablet: Browser, chart: str) -> None:
        form = tablet.get(f"{chart}check/{SLUG}/clinician")
        lend(tablet, chart)
        assert tablet.press(form, "/check/", **dict.fromkeys(ITEMS, "4")).status_code == 403

    @pytest.mark.parametrize(
        "path", ["/", "/start", f"/launch?iss={BASE}&launch=abc", "/callback?code=1&state=2", f"/open?iss={BASE}", "/no-such-page"]
    )
    def test_so_does_every_way_in(self, tablet: Browser, chart: str, path: str) -> None:
        lend(tablet, chart)
        assert is_on_loan(tablet.get(path))

    def test_a_second_tab_with_another_patients_chart_is_locked_too(self, tablet: Browser) -> None:
        other, chart = tablet.launch("pat-2"), tablet.launch()
        lend(tablet, chart)
        assert is_on_loan(tablet.get(other))

    def test_a_launch_whose_cookie_comes_under_the_loan_is_locked_too(self, tablet: Browser, chart: str, rapport: Clinic) -> None:
        elsewhere = Browser(rapport=rapport, agent=DESKTOP)
        other = elsewhere.launch("pat-2")
        handed = lend(tablet, chart)
        assert elsewhere.get(other).status == 200
        for cookie in (elsewhere.client._cookies or {}).values():
            tablet.client.set_cookie(cookie.key, cookie.value, domain="rapport.example.org", secure=True, path="/")
        assert tablet.get(handed.page).status == 200
        assert is_on_loan(elsewhere.get(other))

    def test_without_the_loans_cookie_the_launch_stays_locked(self, tablet: Browser, chart: str, rapport: Clinic) -> None:
        handed = lend(tablet, chart)
        tablet.client.delete_cookie(rapport.services.store.loans.cookie_name, domain="rapport.example.org", path="/")
        page = tablet.get(chart)
        assert is_on_loan(page)
        assert tablet.get(handed.page).status == 403
        assert tablet.press(page, "/take-back", code=handed.code).status_code == 303
        assert tablet.get(chart).status == 200

    def test_it_holds_after_the_loans_time_is_over(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        chart = tablet.launch()
        lend(tablet, chart)
        for _ in range(60):
            clock.forward(minutes=10)
            tablet.ask(chart)
        rapport.services.store.purge(clock())
        assert tablet.get(chart).status == 403
        assert trail(rapport, "loan_expired")
        assert not loans_of(rapport)


class TestSameUser:
    """Frame and window have separate cookies."""

    def test_their_launch_with_the_same_browser_is_locked_and_a_sign_in_opens_it_alone(
        self, tablet: Browser, rapport: Clinic, clock: Clock
    ) -> None:
        frame, other = Browser(rapport=rapport), Browser(rapport=rapport)
        framed, third = frame.launch("pat-2"), other.launch("pat-2")
        chart = tablet.launch()
        lend(tablet, chart)
        clock.forward(minutes=2)
        page = frame.get(framed)
        assert page.status == 403
        assert "You lent a tablet" in page.text
        assert not page.soup.select("#code")
        answer = frame.signs_in_again(page, auth_time=signed_in_now(rapport))
        assert answer.status_code == 303
        assert frame.get(answer.headers["Location"]).status == 200
        assert other.get(third).status == 403
        assert is_on_loan(tablet.get(chart))

    def test_a_patients_and_a_colleagues_sign_in_do_not(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        frame = Browser(rapport=rapport)
        framed = frame.launch("pat-2")
        lend(tablet, tablet.launch())
        clock.forward(minutes=2)
        for user in ("Patient/pat-1", "Practitioner/dr-2"):
            answer = frame.signs_in_again(frame.get(framed), auth_time=signed_in_now(rapport), fhirUser=user)
            assert answer.status_code == 403
            assert frame.get(framed).status == 403

    def test_a_launch_begun_since_with_the_same_browser_is_locked_too(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        lend(tablet, tablet.launch())
        clock.forward(minutes=2)
        frame = Browser(rapport=rapport)
        framed = frame.launch("pat-2")
        page = frame.get(framed)
        assert (page.status, page.soup.h1.get_text()) == (403, "You lent a tablet")  # type: ignore[union-attr]
        assert "OKAFOR" not in page.html
        assert frame.signs_in_again(page, auth_time=signed_in_now(rapport)).headers["Location"] == framed
        assert [frame.get(framed).status for _ in range(3)] == [200] * 3
        assert len(trail(rapport, "launch_unlocked")) == 1

    def test_a_sign_in_begun_in_a_frame_before_and_ended_since_opens_nothing(self, tablet: Browser, rapport: Clinic) -> None:
        frame = Browser(rapport=rapport)
        begun = frame.ask(f"/launch?iss={BASE}&launch=abc").headers["Location"]
        lend(tablet, tablet.launch())
        answer = frame.come_back(begun, "pat-2")
        assert answer.status_code == 303
        page = frame.get(answer.headers["Location"])
        assert (page.status, "You lent a tablet" in page.text, "OKAFOR" in page.html) == (403, True, False)

    def test_a_launch_that_comes_with_the_lent_browser_since_is_locked_too(self, tablet: Browser, rapport: Clinic) -> None:
        moved = Browser(rapport=rapport, agent=DESKTOP)
        chart = moved.launch("pat-2")
        lend(tablet, tablet.launch())
        assert moved.get(chart).status == 200
        moved.agent = TABLET
        assert moved.get(chart).status == 403
        moved.agent = DESKTOP
        assert moved.get(chart).status == 403

    def test_unlocked_under_one_loan_it_is_locked_by_the_next(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        frame, other = Browser(rapport=rapport), Browser(rapport=rapport)
        framed, mine, chart = frame.launch("pat-2"), other.launch("pat-2"), tablet.launch()
        lend(tablet, chart)
        clock.forward(seconds=40)
        for one, place in ((frame, framed), (other, mine)):
            one.signs_in_again(one.get(place), auth_time=signed_in_now(rapport))
            assert one.get(place).status == 200
        clock.forward(seconds=40)
        lend(other, mine)
        assert frame.get(framed).status == 403
        clock.forward(seconds=40)
        frame.signs_in_again(frame.get(framed), auth_time=signed_in_now(rapport))
        assert frame.get(framed).status == 200

    def test_a_sign_in_between_two_loans_unlocks_of_the_first_alone(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        """Begun after the first device was lent, it says nothing of the second."""
        frame, second = Browser(rapport=rapport), Browser(rapport=rapport, agent=DESKTOP)
        framed, mine = frame.launch("pat-2"), second.launch()
        lend(tablet, tablet.launch())
        clock.forward(seconds=40)
        page, signed_in = frame.get(framed), signed_in_now(rapport)
        clock.forward(seconds=40)
        second.agent = TABLET
        second.signs_in_again(second.get(mine), auth_time=signed_in_now(rapport))
        lend(second, mine)
        clock.forward(seconds=40)
        frame.signs_in_again(page, auth_time=signed_in)
        assert frame.get(framed).status == 403

    def test_its_cookie_in_the_lent_browser_weighs_more_than_the_sign_in(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        frame = Browser(rapport=rapport)
        framed = frame.launch("pat-2")
        handed = lend(tablet, tablet.launch())
        clock.forward(minutes=2)
        frame.signs_in_again(frame.get(framed), auth_time=signed_in_now(rapport))
        for cookie in (frame.client._cookies or {}).values():
            tablet.client.set_cookie(cookie.key, cookie.value, domain="rapport.example.org", secure=True, path="/")
        assert tablet.get(handed.page).status == 200
        assert is_on_loan(frame.get(framed))

    def test_none_that_is_locked_gives_way_to_newer_ones(self, tablet: Browser, rapport: Clinic) -> None:
        lend(tablet, tablet.launch())
        frame = Browser(rapport=rapport)
        first = frame.launched("pat-2").headers["Location"]
        for _ in range(NEWEST_OPEN):
            frame.launched("pat-2")
        assert "You lent a tablet" in frame.get(first).text

    def test_their_launch_with_another_browser_begun_since_goes_on(self, tablet: Browser, rapport: Clinic) -> None:
        lend(tablet, tablet.launch())
        desk, colleague = Browser(rapport=rapport, agent=DESKTOP), Browser(rapport=rapport)
        assert desk.get(desk.launch("pat-2")).status == 200
        assert colleague.get(colleague.launch(fhirUser="Practitioner/dr-2", sub="user-2")).status == 200

    def test_their_launch_with_another_browser_goes_on(self, tablet: Browser, rapport: Clinic) -> None:
        desk = Browser(rapport=rapport, agent=DESKTOP)
        chart = desk.launch("pat-2")
        lend(tablet, tablet.launch())
        assert desk.get(chart).status == 200

    def test_a_colleagues_launch_goes_on(self, tablet: Browser, rapport: Clinic) -> None:
        colleague = Browser(rapport=rapport)
        chart = colleague.launch(fhirUser="Practitioner/dr-2", sub="user-2")
        lend(tablet, tablet.launch())
        assert colleague.get(chart).status == 200

    def test_which_browser_a_launch_last_came_with_decides(self, tablet: Browser, rapport: Clinic) -> None:
        moved = Browser(rapport=rapport, agent=DESKTOP)
        chart = moved.launch("pat-2")
        moved.agent = TABLET
        assert moved.get(chart).status == 200
        lend(tablet, tablet.launch())
        assert moved.get(chart).status == 403


class TestWhileAQuestionIsOnTheScreen:
    def test_a_patients_and_a_colleagues_sign_in_elsewhere_change_nothing(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        form = tablet.get(handed.page)
        phone, colleague = Browser(rapport=rapport), Browser(rapport=rapport)
        home = phone.launch(fhirUser="Patient/pat-1", sub="the patient")
        assert phone.get(home).status == 200
        assert colleague.get(colleague.launch(fhirUser="Practitioner/dr-2", sub="user-2")).status == 200
        assert is_on_loan(tablet.get(chart))
        assert tablet.press(form, "/answers", **dict.fromkeys(ITEMS, "4")).status_code == 303
        assert is_on_loan(tablet.get(chart))

    def test_a_call_back_ends_it_and_what_was_saved_is_offered_again(self, tablet: Browser, rapport: Clinic) -> None:
        desk = Browser(rapport=rapport, agent=DESKTOP)
        mine = desk.launch()
        handed = lend(tablet, tablet.launch())
        form = tablet.get(handed.page)
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        assert tablet.post(save, form.form("/answers") | {ITEMS[0]: "4"}).status_code == 204
        assert desk.press(desk.get(f"{mine}loans"), "/call-back").status_code == 303
        for path in (handed.page, form.action("/answers"), save):
            assert tablet.get(path).status in {403, 405}
        assert "1 of 9 were answered" in desk.get(lend(desk, mine).page).text


class TestPatientsPage:
    def test_answers_go_out_and_nothing_leads_to_the_chart(self, tablet: Browser, rapport: Clinic) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        form = tablet.get(handed.page)
        assert chart.split("/")[2] not in form.html
        thanks = tablet.get(answers(tablet, handed))
        assert "Thank you" in thanks.text
        assert "Your answers are in your health record." in thanks.text
        assert not [link for link in thanks.links() if "/l/" in link]
        assert chart.split("/")[2] not in thanks.html

    def test_going_back_from_the_thanks_shows_no_form(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        answers(tablet, handed)
        page = tablet.get(handed.page)
        assert is_on_loan(page)
        assert "The form is finished." in page.text

    def test_sent_twice_it_is_thanked_once_more(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        form = tablet.get(handed.page)
        given = dict.fromkeys(ITEMS, "4")
        first, second = tablet.press(form, "/answers", **given), tablet.press(form, "/answers", **given)
        assert first.headers["Location"] == second.headers["Location"]

    def test_an_incomplete_form_comes_back_with_what_was_given(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        answer = tablet.press(tablet.get(handed.page), "/answers", **{ITEMS[0]: "4"})
        assert answer.status_code == 422
        assert tablet.get(handed.page).status == 200

    def test_what_is_typed_is_kept_and_gone_on_with_under_the_loan(self, tablet: Browser) -> None:
        handed = lend(tablet, tablet.launch())
        form = tablet.get(handed.page)
        save = str(form.soup.select_one("form.check")["data-save"])  # type: ignore[index]
        assert tablet.post(save, form.form("/answers") | {ITEMS[0]: "4"}).status_code == 204
        assert "This goes on with what was answered" in tablet.get(handed.page).text

    def test_another_browser_cannot_open_it(self, tablet: Browser, rapport: Clinic) -> None:
        handed = lend(tablet, tablet.launch())
        assert Browser(rapport=rapport).get(handed.page).status == 403

    def test_no_page_of_the_launch_opens_with_the_loans_token(self, tablet: Browser) -> None:
        chart = tablet.launch()
        handed = lend(tablet, chart)
        fields = tablet.get(handed.page).form("/answers")
        for place in ("end", "reveal", "stay", f"handover/{SLUG}"):
            assert tablet.post(f"{chart}{place}", fields).status_code == 403
        takes_back(tablet, handed.code)
        assert tablet.get(chart).status == 200

    def test_a_record_closed_meanwhile_is_the_staffs_to_read(self, tablet: Browser, rapport: Clinic, clock: Clock) -> None:
        handed = lend(tablet, tablet.launch())
        form = tablet.get(handed.page)
        dead = {"resourceType": "Patient", "id": "pat-1", "name": [{"family": "Halvorsen"}], "birthDate": "1968-03-14"}
        rapport.ehr.put({**dead, "deceasedDateTime": "2026-03-01"})
        clock.forward(minutes=10)
        for answer in (tablet.ask(handed.page), tablet.press(form, "/answers", **dict.fromkeys(ITEMS, "4"))):
            page = answer.get_data(as_text=True)
            assert answer.status_code == 403
            assert "Please give the device back to a member of staff." in page
            assert "died" not in page.lower()
