"""A form on the patient's own device: nothing before the guard, one form behind it, one accepted answer."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses

from tests.support.at_once import at_once
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic
from tests.web.lent.lending import Browser, is_on_loan, lend, trail
from tests.web.own_device.linking import BORN, WRONG, Phone, address_on, links_of, made, says, shown


@pytest.fixture
def chart(rapport: Clinic) -> str:
    return rapport.launch()


@pytest.fixture
def phone(rapport: Clinic) -> Phone:
    return Phone(rapport=rapport)


@pytest.fixture
def berlin(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(wire, server, clock, folder=tmp_path, time_zone="Europe/Berlin", link_hours=47) as standing:
        yield standing


def responses_of(rapport: Clinic, patient: str = "pat-1") -> list[dict[str, Any]]:
    stored = rapport.ehr.of_type("QuestionnaireResponse")
    return [one for one in stored if one["subject"]["reference"] == f"Patient/{patient}"]


class TestFromCodeToThanks:
    def test_the_answers_are_the_patients_sent_by_whoever_made_the_link(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        mine = phone.opens(made(rapport, chart), who="helped")
        answer = phone.sends(mine)
        assert answer.status_code == 303
        assert says(phone.thanks(mine), "Thank you", "Your answers are in your health record.", "You can close this page now.")
        (response,) = responses_of(rapport)
        assert (response["source"], response["author"]) == ({"reference": "Patient/pat-1"}, {"reference": "Patient/pat-1"})
        codes = [one["valueCodeableConcept"]["coding"][0]["code"] for one in response["extension"] if "answering" in one["url"]]
        assert codes == ["helped"]
        (provenance,) = rapport.ehr.of_type("Provenance")
        agents = {one["type"]["coding"][0]["code"]: one["who"].get("reference") for one in provenance["agent"]}
        assert (agents["author"], agents["transmitter"]) == ("Patient/pat-1", "Practitioner/dr-1")

    def test_it_is_about_the_clinician_who_made_it(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        mine = phone.opens(made(rapport, chart))
        phone.sends(mine)
        (response,) = responses_of(rapport)
        (rated,) = [one["valueReference"]["reference"] for one in response["extension"] if "rated-clinician" in one["url"]]
        assert rated == "Practitioner/dr-1"

    def test_an_incomplete_form_comes_back_and_uses_nothing_up(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        mine = phone.opens(made(rapport, chart))
        fields = phone.fills(mine)
        answer = phone.sends(mine, {name: value for name, value in fields.items() if name != "goal-1"})
        assert answer.status_code == 422
        assert links_of(rapport)[0].state == "opened"
        assert phone.sends(mine, fields).status_code == 303

    def test_every_step_is_recorded(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        phone.tries(link, WRONG)
        phone.sends(phone.opens(link, who="proxy"))
        events = trail(rapport, "link_made", "link_date_refused", "link_opened", "link_used")
        assert [event for event, _ in events] == ["link_made", "link_date_refused", "link_opened", "link_used"]
        assert {detail["link"] for _, detail in events} == {links_of(rapport)[0].id}
        assert [detail.get("answering") for _, detail in events[2:]] == ["proxy", "proxy"]


class TestBeforeTheGuard:
    def test_the_page_says_whose_clinic_it_is_and_nothing_of_anybody(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        page = phone.get(made(rapport, chart))
        assert page.status == 200
        assert says(page, "Example EHR")
        for secret in ("Halvorsen", "HALVORSEN", "Ingrid", "1968", "pat-1", "dr-1", "Ada", "check-in", "diabetes", "alliance"):
            assert secret not in page.html, secret

    def test_no_address_names_anybody(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        mine = phone.opens(link)
        for address in (link, mine):
            assert re.fullmatch(r"/(link|mine)/[A-Za-z0-9_-]+/?", address)
        assert link.split("/")[2] not in mine

    @pytest.mark.parametrize("where", ["before", "behind"])
    def test_no_page_is_kept_framed_indexed_or_passed_on(self, rapport: Clinic, chart: str, phone: Phone, where: str) -> None:
        link = made(rapport, chart)
        answer = phone.ask(link if where == "before" else phone.opens(link))
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
    def test_whatever_a_scanner_asks_for_uses_nothing_up(self, rapport: Clinic, chart: str, phone: Phone, method: str) -> None:
        link = made(rapport, chart)
        for headers in ({}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "Mozilla/5.0 (compatible; SafeLinks)"}):
            for _ in range(5):
                assert phone.ask(link, method, **headers).status_code in {200, 405}
        (found,) = links_of(rapport)
        assert (found.state, found.tries) == ("open", 5)
        assert phone.sends(phone.opens(link)).status_code == 303

    def test_a_scanner_that_sends_the_form_empty_has_made_no_try(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        for born in ({}, {"day": "", "month": "", "year": ""}, {**BORN, "day": "31", "month": "2"}, {**BORN, "year": "x"}):
            answer = phone.tries(link, born)
            assert says(phone.get(answer.headers["Location"]), "Enter the day, the month and the year, and say who answers.")
        assert phone.tries(link, BORN, who="nobody").status_code == 303
        assert links_of(rapport)[0].tries == 5

    @pytest.mark.parametrize("shape", ["{}", "{}.", "{})", "{}/", "{}%20", "{}。", "{}?utm_source=mail", "<{}>"])
    def test_it_opens_however_a_message_has_cut_it(self, rapport: Clinic, chart: str, phone: Phone, shape: str) -> None:
        link = made(rapport, chart)
        folder, code = link.rsplit("/", 1)
        for written in (code, code.upper(), code.replace("-", "")):
            assert phone.get(f"{folder}/{shape.format(written)}").status == 200
        assert phone.opens(f"{folder}/{shape.format(code.upper())}").startswith("/mine/")

    def test_a_form_of_another_page_lets_nobody_in(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link, other = made(rapport, chart), made(rapport, rapport.launch(patient="pat-2"))
        token = phone.get(other).form("/link/")["csrf"]
        assert phone.post(link, {**BORN, "answering": "self", "csrf": token}).status_code == 403
        assert phone.post(link, {**BORN, "answering": "self"}).status_code == 403
        assert {one.tries for one in links_of(rapport)} == {5}

    @pytest.mark.parametrize("address", ["/link/guess", "/link/aaaaa-aaaaa-aaaaa-aaaaa-aaaaaa", "/mine/guess/", "/mine/guess/thanks"])
    def test_an_address_that_never_was_says_what_one_that_is_over_says(self, rapport: Clinic, phone: Phone, address: str) -> None:
        page = phone.get(address)
        assert page.status == 410
        assert says(page, "This link cannot be used any more", "ask your clinic for a new link")


class TestGuard:
    def test_a_wrong_date_says_how_many_tries_are_left(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        answer = phone.tries(made(rapport, chart), WRONG)
        assert says(phone.get(answer.headers["Location"]), "This birth date does not fit. You can try 4 more times")

    def test_five_wrong_ones_over_many_browsers_and_it_is_dead_and_staff_read_so(self, rapport: Clinic, chart: str) -> None:
        link = made(rapport, chart)
        for _ in range(5):
            assert Phone(rapport=rapport).tries(link, WRONG).status_code == 303
        assert Phone(rapport=rapport).tries(link).status_code == 410
        assert links_of(rapport)[0].state == "dead"
        assert says(rapport.get(f"{chart}handover/{SLUG}"), "Closed after five wrong birth dates.")

    def test_a_date_guessed_ten_thousand_times_gets_five_tries(self, rapport: Clinic, chart: str) -> None:
        link = made(rapport, chart)
        phones = [Phone(rapport=rapport) for _ in range(8)]
        token = phones[0].get(link).form("/link/")["csrf"]

        def guess() -> int:
            opened = 0
            for number in range(1_250):
                born = {"day": str(number % 13 + 15), "month": str(number % 12 + 1), "year": str(1930 + number % 60)}
                answer = phones[number % 8].post(link, {"csrf": token, "answering": "self", **born})
                opened += "/mine/" in answer.headers.get("Location", "")
            return opened

        assert at_once(8, guess) == [0] * 8
        assert (links_of(rapport)[0].state, links_of(rapport)[0].tries) == ("dead", 0)
        assert len(trail(rapport, "link_date_refused")) == 5

    def test_another_browser_that_has_the_link_has_to_pass_it_too(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        mine, other = phone.opens(link), Phone(rapport=rapport)
        assert other.get(mine).status == 403
        assert says(other.get(link), "Birth date")
        assert other.opens(link) != mine

    def test_the_cookie_is_this_hosts_alone_and_out_of_reach_of_scripts_and_frames(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        answer = phone.tries(made(rapport, chart))
        (cookie,) = answer.headers.getlist("Set-Cookie")
        name, *attributes = cookie.split("; ")
        assert name.startswith("__Host-rapport-own-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
        assert name.partition("=")[2] not in answer.headers["Location"]

    def test_the_page_behind_it_reaches_nothing_else(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        mine = phone.opens(made(rapport, chart))
        assert {href.split("/")[1] for href in phone.get(mine).links() if not href.startswith("#")} <= {"static"}
        for address in (chart, f"{chart}handover/{SLUG}", f"{chart}check/{SLUG}/patient", f"{chart}own/"):
            assert phone.get(address).status == 403


class TestBesideOthers:
    def test_two_links_in_one_browser_store_each_to_its_own_patient(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        first, second = phone.opens(made(rapport, chart)), phone.opens(made(rapport, rapport.launch(patient="pat-2")))
        assert says(phone.get(first), "HALVORSEN, Ingrid")
        assert says(phone.get(second), "OKAFOR, Chidi")
        assert [phone.sends(second).status_code, phone.sends(first).status_code] == [303, 303]
        assert [len(responses_of(rapport, who)) for who in ("pat-1", "pat-2")] == [1, 1]

    def test_in_a_clinicians_browser_the_form_is_the_patients_and_the_chart_stays_open(self, rapport: Clinic, chart: str) -> None:
        desk = Phone(rapport=rapport)
        desk.client = rapport.client
        mine = desk.opens(made(rapport, chart))
        assert desk.get(mine).status == 200
        assert chart.split("/")[2] not in desk.get(mine).html
        assert desk.get(chart).status == 200

    def test_a_browser_on_loan_opens_no_link(self, rapport: Clinic, chart: str) -> None:
        link, tablet = made(rapport, chart), Browser(rapport=rapport)
        lend(tablet, tablet.launch())
        assert is_on_loan(tablet.get(link))
        assert links_of(rapport)[0].state == "open"

    def test_a_device_lent_meanwhile_does_not_hold_up_the_phone(self, rapport: Clinic, phone: Phone) -> None:
        tablet = Browser(rapport=rapport)
        rapport.client = tablet.client
        chart = tablet.launch()
        mine = phone.opens(made(rapport, chart))
        lend(tablet, chart)
        assert phone.sends(mine).status_code == 303
        assert len(responses_of(rapport)) == 1


class TestOnce:
    def test_a_link_that_was_used_opens_nothing_for_anybody(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        mine = phone.opens(link)
        phone.sends(mine)
        assert Phone(rapport=rapport).tries(link).status_code == 410
        assert phone.get(link).status == 410
        assert phone.ask(mine).status_code == 303

    def test_sent_twice_from_the_same_page_it_is_stored_once(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        mine = phone.opens(made(rapport, chart))
        fields = phone.fills(mine)
        assert [phone.sends(mine, fields).status_code for _ in range(3)] == [303] * 3
        assert len(responses_of(rapport)) == 1

    def test_of_two_browsers_one_answer_is_accepted_and_the_other_is_told(self, rapport: Clinic, chart: str) -> None:
        link = made(rapport, chart)
        one, other = Phone(rapport=rapport), Phone(rapport=rapport)
        mine, theirs = one.opens(link), other.opens(link)
        fields = other.fills(theirs, "2")
        assert one.sends(mine).status_code == 303
        refused = read(other.sends(theirs, fields))
        assert refused.status == 410
        assert says(refused, "What was sent just now was not taken: the questions were answered before, or the link has ended.")
        assert len(responses_of(rapport)) == 1

    def test_of_eight_browsers_at_the_same_moment_one_answer_is_accepted(self, rapport: Clinic, chart: str) -> None:
        link = made(rapport, chart)
        phones = [Phone(rapport=rapport) for _ in range(8)]
        ready = iter([(phone, mine, phone.fills(mine)) for phone in phones for mine in [phone.opens(link)]])
        taken = list(ready)
        each = iter(taken)

        def send() -> int:
            phone, mine, fields = next(each)
            return int(phone.sends(mine, fields).status_code)

        assert sorted(at_once(8, send)) == [303] + [410] * 7
        assert len(responses_of(rapport)) == 1

    def test_a_link_of_one_patient_never_takes_the_form_of_another(self, rapport: Clinic, chart: str) -> None:
        ingrid = Phone(rapport=rapport)
        first = ingrid.opens(made(rapport, chart))
        chidi = Phone(rapport=rapport)
        second = chidi.opens(made(rapport, rapport.launch(patient="pat-2")))
        fields = ingrid.fills(first)
        crossed = {**fields, "csrf": chidi.fills(second)["csrf"]}
        assert chidi.sends(second, crossed).status_code == 403
        assert (responses_of(rapport), responses_of(rapport, "pat-2")) == ([], [])

    def test_a_new_link_ends_the_one_before(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        before = made(rapport, chart)
        mine = phone.opens(before)
        fields = phone.fills(mine)
        made(rapport, chart)
        assert phone.get(before).status == 410
        assert says(read(phone.sends(mine, fields)), "Your answers are kept, and not sent yet", "Ask your clinic for a new link.")
        assert responses_of(rapport) == []


class TestTime:
    def test_a_code_for_the_room_is_over_after_half_an_hour(self, rapport: Clinic, chart: str, phone: Phone, clock: Clock) -> None:
        link = made(rapport, chart)
        clock.now += timedelta(minutes=29)
        assert phone.get(link).status == 200
        clock.now += timedelta(minutes=1)
        assert phone.get(link).status == 410

    def test_a_link_to_send_lasts_as_the_site_says(self, rapport: Clinic, chart: str, phone: Phone, clock: Clock) -> None:
        link = made(rapport, chart, use="sent")
        clock.now += timedelta(hours=71, minutes=59)
        assert phone.get(link).status == 200
        clock.now += timedelta(minutes=1)
        assert phone.get(link).status == 410

    def test_its_end_is_an_instant_whatever_the_clinics_clocks_do(self, berlin: Clinic, clock: Clock) -> None:
        # In the night to 29 March 2026 they go from 2 to 3.
        clock.now = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)
        link, phone = made(berlin, berlin.launch(), use="sent"), Phone(rapport=berlin)
        assert says(berlin.get(f"{berlin.launch()}handover/{SLUG}"), "good until 12:00, 30-Mar-2026")
        clock.now += timedelta(hours=46, minutes=59)
        assert phone.get(link).status == 200
        clock.now += timedelta(minutes=1)
        assert phone.get(link).status == 410

    def test_a_site_may_make_none_to_send(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        with clinic(wire, server, clock, folder=tmp_path, link_hours=0) as site:
            chart = site.launch()
            page = site.get(f"{chart}handover/{SLUG}")
            assert says(page, "Show a code, for half an hour")
            assert "A link to send" not in page.text
            fields = {**page.form("/link"), "use": "sent"}
            answer = site.client.post(f"{chart}handover/{SLUG}/link", data=fields, base_url=SITE, headers=OWN)
            assert answer.status_code == 403
            assert links_of(site) == []

    def test_what_was_typed_when_it_ends_waits_for_the_next_link(self, rapport: Clinic, chart: str, phone: Phone, clock: Clock) -> None:
        mine = phone.opens(made(rapport, chart))
        fields = phone.fills(mine)
        clock.now += timedelta(minutes=31)
        kept = read(phone.sends(mine, fields))
        assert kept.status == 410
        assert says(kept, "Your answers are kept, and not sent yet", "9 of 9 answers")
        again = phone.opens(made(rapport, rapport.launch()))
        assert says(phone.get(again), "Continue with them")
        assert phone.get(again).checked() == {}


class TestStaff:
    def test_read_how_the_links_of_the_visit_stand(self, rapport: Clinic, chart: str, phone: Phone, clock: Clock) -> None:
        link = made(rapport, chart)
        handover = f"{chart}handover/{SLUG}"
        assert says(rapport.get(handover), "Links of this visit", "Not opened yet; good until")
        phone.tries(link, WRONG)
        assert says(rapport.get(handover), "1 wrong birth date so far.")
        mine = phone.opens(link)
        assert says(rapport.get(handover), "Opened, and nothing sent yet")
        phone.sends(mine)
        assert says(rapport.get(handover), "Answered.")

    def test_end_one(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        page = rapport.get(f"{chart}handover/{SLUG}")
        answer = rapport.client.post(page.action("/end"), data=page.form("/end"), base_url=SITE, headers=OWN)
        assert answer.status_code == 303
        assert phone.get(link).status == 410
        assert says(rapport.get(f"{chart}handover/{SLUG}"), "Ended.")

    def test_cannot_end_another_patients(self, rapport: Clinic, chart: str, phone: Phone) -> None:
        link = made(rapport, chart)
        other = rapport.launch(patient="pat-2")
        fields = {**rapport.get(f"{other}handover/{SLUG}").form("/link"), "use": "room"}
        path = f"{other}handover/{SLUG}/link/{links_of(rapport)[0].id}/end"
        answer = rapport.client.post(path, data=fields, base_url=SITE, headers=OWN)
        assert answer.status_code == 403
        assert phone.get(link).status == 200

    def test_the_text_to_send_names_the_clinic_and_nobody(self, rapport: Clinic, chart: str) -> None:
        page = shown(rapport, chart, use="sent")
        box = page.soup.select_one("#to-copy")
        assert box is not None
        text = box.get_text()
        assert text.startswith("Example EHR asks you to answer a few questions before")
        assert address_on(page) in text
        assert not any(name in text for name in ("Ingrid", "Halvorsen", "pat-1", "1968", "Ada"))
        assert shown(rapport, chart).soup.select_one("#to-copy") is None

    def test_the_slip_has_code_and_clinic_and_nothing_of_anybody(self, rapport: Clinic, chart: str) -> None:
        page = shown(rapport, chart)
        slip = rapport.get(next(href for href in page.links() if "/slip" in href))
        assert says(slip, "Example EHR")
        assert slip.soup.select_one("svg.qr path") is not None
        assert address_on(slip) == address_on(page)
        assert not any(name in slip.html for name in ("Ingrid", "Halvorsen", "HALVORSEN", "pat-1", "1968", "Ada"))

    def test_the_code_is_shown_to_the_launch_that_made_it_alone(self, rapport: Clinic, chart: str) -> None:
        page = shown(rapport, chart)
        sealed = next(href for href in page.links() if "/slip" in href).partition("link=")[2]
        other = rapport.launch(patient="pat-2")
        assert rapport.get(f"{other}handover/{SLUG}?link={sealed}").status == 403
        assert rapport.get(f"{other}handover/{SLUG}/slip?link={sealed}").status == 403
        assert rapport.get(f"{chart}handover/{SLUG}/slip").status == 403

    def test_no_link_without_a_full_birth_date(self, rapport: Clinic) -> None:
        rapport.ehr.put({"resourceType": "Patient", "id": "pat-3", "name": [{"family": "Moe", "given": ["Liv"]}], "birthDate": "1968",
                         "identifier": [{"use": "usual", "value": "77"}]})  # fmt: skip
        chart = rapport.launch(patient="pat-3")
        page = rapport.get(f"{chart}handover/{SLUG}")
        assert says(page, "The record has no full birth date, which guards the link, so none is made.")
        token = page.form("/handover/")
        answer = rapport.client.post(f"{chart}handover/{SLUG}/link", data=token, base_url=SITE, headers=OWN)
        assert answer.status_code == 403
        assert links_of(rapport, "pat-3") == []


def test_the_items_are_those_of_the_form(rapport: Clinic, chart: str, phone: Phone) -> None:
    page = phone.get(phone.opens(made(rapport, chart)))
    assert {one["name"] for one in page.soup.select("input[type=radio]")} >= set(ITEMS)
    assert says(page, "HALVORSEN, Ingrid", "14 March 1968", "Not you, or not your name at the top? Close this page, and tell your clinic.")
    assert says(page, "Please send your answers before")


def test_the_language_that_was_chosen_before_the_guard_goes_along(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    with clinic(wire, server, clock, folder=tmp_path, languages=("en", "de")) as site:
        link, phone = made(site, site.launch()), Phone(rapport=site)
        assert phone.get(f"{link}?language=de").soup.html["lang"] == "de"  # type: ignore[index]
        wrong = phone.tries(f"{link}?language=de", WRONG)
        assert phone.get(wrong.headers["Location"]).soup.html["lang"] == "de"  # type: ignore[index]
        right = phone.tries(f"{link}?language=de")
        page = phone.get(right.headers["Location"])
        assert page.soup.html["lang"] == "de"  # type: ignore[index]
        mine = right.headers["Location"].partition("?")[0]
        assert phone.get(mine).soup.html["lang"] == "de"  # type: ignore[index]
