"""What is kept, on the pages: all of it offered to its author, unseen to a colleague, decided over by name, and told."""

import re
from pathlib import Path
from typing import Any

import pytest
import responses

from smart_app.care.undelivered.decisions import discard_for_site
from tests.care.ehr import refusal
from tests.support.authorization_server import AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, Clinic, clinic

SOFIA = {"fhirUser": "Practitioner/dr-1", "name": "Sofia Lindqvist", "sub": "user-1"}
TOMAS = {"fhirUser": "Practitioner/dr-2", "name": "Tomas Weiss", "sub": "user-2"}
INGRID = {"fhirUser": "Patient/pat-1", "name": "Ingrid Halvorsen", "sub": "patient-1"}
BY_MISTAKE = {"reason": "by_mistake"}


def opens(rapport: Clinic, who: dict[str, str]) -> str:
    rapport.server.claims |= who
    rapport.client = rapport.browser()
    return rapport.launch()


def refuses(rapport: Clinic, status: int = 422) -> None:
    rapport.ehr.faults.append(lambda method, path: refusal(status, "goal-1 is 4") if method == "POST" and path != "token" else None)


def keeps(rapport: Clinic, chart: str, informant: str = "clinician", value: str = "4") -> str:
    """One more form that the record does not take; its receipt."""
    fields = rapport.blank(chart, informant) | dict.fromkeys(ITEMS, value) | {"confirmed": "again"}
    answer = rapport.send(chart, fields, informant)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"]).replace("/thanks/", "/receipt/")


def posts(rapport: Clinic, page: Page, action: str, **more: str) -> Any:
    fields = {name: value for name, value in page.form(action).items() if name != "reason"} | more
    return rapport.client.post(page.action(action), data=fields, base_url=SITE, headers=OWN)


def follow(rapport: Clinic, answer: Any) -> Page:
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return rapport.get(answer.headers["Location"])


def left(page: Page) -> str:
    return " ".join(one.get_text(" ", strip=True) for one in page.soup.select(".notice"))


class TestTheirOwn:
    def test_every_one_is_offered_in_one_block_with_a_way_to_its_receipt(self, rapport: Clinic) -> None:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        receipts = [keeps(rapport, chart, "patient") for _ in range(5)]
        chart = opens(rapport, SOFIA)
        page = rapport.get(chart)
        [block] = page.soup.select("section.left")
        links = {str(link["href"]).rsplit("/", 1)[1] for link in block.select("a")}
        assert links == {one.rsplit("/", 1)[1] for one in receipts}
        assert "5 forms" in block.get_text()
        assert len(block.select("details li")) == 2
        assert block.get_text().count("The record did not take it: Rapport check-in, the patient’s, sent at") == 5
        assert "goal-1 is 4" not in page.text
        assert "Try to store it again" in rapport.get(f"{chart}receipt/{links.pop()}").text

    def test_what_it_asked_for_says_so(self, rapport: Clinic) -> None:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        key = keeps(rapport, chart).rsplit("/", 1)[1]
        assert "asked for it" not in rapport.get(chart).text
        assert rapport.services.store.outbox.ask_again(key)
        assert "IT asked for it to be tried again." in rapport.get(chart).text

    def test_where_the_patient_cannot_be_read_nothing_is_sent_and_the_page_says_so(self, rapport: Clinic) -> None:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        receipt = rapport.get(keeps(rapport, chart))
        rapport.ehr.faults[:] = [lambda method, path: refusal(500, "x") if path.startswith("Patient/") else None]
        page = read(posts(rapport, receipt, "/check-again"))
        assert page.status == 503
        assert "not tried again" in page.text
        assert "It stays kept in Rapport" in page.text
        assert rapport.ehr.of_type("QuestionnaireResponse") == []


class TestAColleague:
    @pytest.fixture
    def page(self, rapport: Clinic) -> Page:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        keeps(rapport, chart)
        return rapport.get(opens(rapport, TOMAS))

    def test_reads_whose_it_is_and_of_which_day_and_nothing_else(self, page: Page) -> None:
        assert "A rating by Sofia Lindqvist of 04-Mar-2026 has not reached the record." in left(page)
        assert "goal-1" not in page.html
        assert not [link for link in page.links() if "/receipt/" in link]

    def test_sends_it_for_them_and_is_told_how_it_stands(self, rapport: Clinic, page: Page) -> None:
        rapport.ehr.faults.clear()
        done = follow(rapport, posts(rapport, page, "/for-author/"))
        assert "A rating by Sofia Lindqvist of 04-Mar-2026 is in the record" in done.text
        assert "HALVORSEN, Ingrid" in done.text
        assert "4.00" not in done.text
        assert not done.soup.select("form")
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1
        assert "has not reached the record" not in rapport.get(page.action("/end").removesuffix("end")).text

    def test_is_told_that_it_did_not_go_and_not_why(self, rapport: Clinic, page: Page) -> None:
        done = follow(rapport, posts(rapport, page, "/for-author/"))
        assert "has not reached the record" in done.text
        assert "goal-1" not in done.text
        assert done.action("/for-author/")

    def test_reads_three_at_a_glance_and_the_others_behind_one_line(self, rapport: Clinic) -> None:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        for _ in range(5):
            keeps(rapport, chart, "patient")
        page = rapport.get(opens(rapport, TOMAS))
        folded = page.soup.select_one("details.others-left")
        assert folded is not None
        assert "2 older ones of colleagues" in folded.get_text()
        assert len(folded.select("form[action*='/for-author/'] button")) == 2
        assert len(page.soup.select("form[action*='/for-author/'] button")) == 5

    def test_cannot_send_what_was_refused_for_want_of_permission(self, rapport: Clinic) -> None:
        chart = opens(rapport, SOFIA)
        refuses(rapport, 403)
        keeps(rapport, chart)
        page = rapport.get(opens(rapport, TOMAS))
        assert "only its author can send it" in left(page)
        assert "/for-author/" not in page.html

    @pytest.mark.parametrize("wrong", [{"csrf": ""}, {"patient": "pat-2"}])
    def test_sends_nothing_from_a_page_that_is_not_this_launchs(self, rapport: Clinic, page: Page, wrong: dict[str, str]) -> None:
        rapport.ehr.faults.clear()
        assert posts(rapport, page, "/for-author/", **wrong).status_code == 403
        assert rapport.ehr.of_type("QuestionnaireResponse") == []

    def test_the_page_is_the_same_whatever_was_answered(self, rapport: Clinic) -> None:
        refuses(rapport)
        pages = []
        for value in ("1", "5"):
            key = keeps(rapport, opens(rapport, SOFIA), "patient", value).rsplit("/", 1)[1]
            page = rapport.get(opens(rapport, TOMAS))
            assert "The patient’s rating of 04-Mar-2026, given with Sofia Lindqvist, has not reached the record." in left(page)
            pages.append(re.sub(r"/l/[^/\"]+/", "", str(page.soup.select_one("main"))).replace(key, "KEY"))
            rapport.services.store.outbox.mark(key, "stored")
        first, second = (re.sub(r'name="csrf" type="hidden" value="[^"]*"|value="[0-9a-f]{64}"', "", one) for one in pages)
        assert first == second


class TestADecision:
    @pytest.fixture
    def receipt(self, rapport: Clinic) -> Page:
        chart = opens(rapport, SOFIA)
        refuses(rapport)
        return rapport.get(keeps(rapport, chart))

    def asks(self, rapport: Clinic, receipt: Page, way: str) -> Page:
        return rapport.get(next(link for link in receipt.links() if link.endswith(f"/decision/{way}")))

    def test_discarding_wants_a_reason_and_is_on_the_receipt(self, rapport: Clinic, receipt: Page) -> None:
        page = self.asks(rapport, receipt, "discarded")
        again = read(posts(rapport, page, "/decision/"))
        assert (again.status, "Choose a reason." in again.text) == (422, True)
        done = follow(rapport, posts(rapport, again, "/decision/", **BY_MISTAKE))
        assert "Discarded: not in the record" in done.text
        assert "by Sofia Lindqvist, 09:30, 04-Mar-2026" in done.text
        assert "It was entered by mistake" in done.text
        assert "/decision/" not in done.html
        assert "/check-again" not in done.html
        [entry] = [entry for entry in rapport.services.store.audit.entries() if entry.event == "submission_decided"]
        assert (entry.user, entry.detail["state"], entry.detail["why"]) == ("Practitioner/dr-1", "discarded", "by_mistake")

    def test_in_another_language_it_comes_back_with_the_reason_chosen_so_far_and_nothing_is_decided(
        self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        with clinic(wire, server, clock, folder=tmp_path, languages=("en", "en-XA")) as rapport:
            chart = opens(rapport, SOFIA)
            refuses(rapport)
            receipt = rapport.get(keeps(rapport, chart))
            page = self.asks(rapport, receipt, "discarded")
            assert {str(one["form"]) for one in page.soup.select(".languages button")} == {"form"}
            for reason, chosen in ((BY_MISTAKE, BY_MISTAKE), ({}, {}), ({"reason": "<none>"}, {})):
                back = read(posts(rapport, page, "/decision/", language="en-XA", **reason))
                assert (back.status, back.headers["Content-Language"], back.checked()) == (200, "en-XA", chosen)
                assert back.soup.select_one("[role=alert]") is None
            assert [entry for entry in rapport.services.store.audit.entries() if entry.event == "submission_decided"] == []
            lacking = read(posts(rapport, page, "/decision/"))
            assert (lacking.status, lacking.headers["Content-Language"]) == (422, "en-XA")
            assert lacking.soup.select_one(".languages button[value=en]") is not None

    def test_the_page_says_whom_it_is_about_and_does_not_wait_for_a_record_that_is_down(self, rapport: Clinic, receipt: Page) -> None:
        assert "HALVORSEN, Ingrid" in self.asks(rapport, receipt, "discarded").text
        rapport.ehr.faults.append(lambda method, path: refusal(500, "x"))
        rapport.server.clock.forward(minutes=6)
        page = self.asks(rapport, receipt, "discarded")
        assert (page.status, "HALVORSEN" in page.text) == (200, False)

    def test_copied_to_the_note_is_their_word_for_it(self, rapport: Clinic, receipt: Page) -> None:
        done = follow(rapport, posts(rapport, self.asks(rapport, receipt, "copied"), "/decision/"))
        assert "Copied to the note: not in the record as a form" in done.text
        chart = opens(rapport, SOFIA)
        assert "did not take it" not in rapport.get(chart).text

    def test_who_discarded_it_is_told_nothing_and_it_is_never_sent(self, rapport: Clinic, receipt: Page) -> None:
        again = dict(receipt.form("/check-again"))
        follow(rapport, posts(rapport, self.asks(rapport, receipt, "discarded"), "/decision/", **BY_MISTAKE))
        rapport.ehr.faults.clear()
        rapport.client.post(receipt.action("/check-again"), data=again, base_url=SITE, headers=OWN)
        assert rapport.ehr.of_type("QuestionnaireResponse") == []
        assert "discarded" not in rapport.get(opens(rapport, SOFIA)).text

    def test_of_two_tabs_the_second_changes_nothing(self, rapport: Clinic, receipt: Page) -> None:
        first, second = self.asks(rapport, receipt, "discarded"), self.asks(rapport, receipt, "copied")
        follow(rapport, posts(rapport, first, "/decision/", **BY_MISTAKE))
        page = read(posts(rapport, second, "/decision/"))
        assert page.status == 403
        assert "It was discarded before, so nothing was changed." in page.text

    def test_what_was_tried_again_since_the_page_was_opened_is_not_decided_over(self, rapport: Clinic, receipt: Page) -> None:
        page = self.asks(rapport, receipt, "discarded")
        rapport.server.clock.forward(seconds=5)
        posts(rapport, receipt, "/check-again")
        answer = read(posts(rapport, page, "/decision/", **BY_MISTAKE))
        assert "has changed since this page was opened, so nothing was decided" in answer.text

    @pytest.mark.parametrize(("state", "why"), [("unknown", "it may be in the record"), ("stored", "in the record by now")])
    def test_what_may_be_in_the_record_is_not_discarded(self, rapport: Clinic, receipt: Page, state: Any, why: str) -> None:
        page = self.asks(rapport, receipt, "discarded")
        rapport.services.store.outbox.mark(page.action("/decision/").split("/receipt/")[1].split("/")[0], state)
        answer = read(posts(rapport, page, "/decision/", **BY_MISTAKE))
        assert (answer.status, why in answer.text) == (403, True)

    def test_an_outcome_that_is_not_known_offers_no_decision_and_says_why(self, rapport: Clinic) -> None:
        rapport.ehr.faults.append(lambda method, path: refusal(504, "late") if method == "POST" or path != "Patient/pat-1" else None)
        page = rapport.get(keeps(rapport, opens(rapport, SOFIA)))
        assert "/decision/" not in page.html
        assert "It cannot be discarded" in page.text

    @pytest.mark.parametrize("wrong", [{"csrf": ""}, {"patient": "pat-2"}])
    def test_nothing_is_decided_from_a_page_that_is_not_this_launchs(self, rapport: Clinic, receipt: Page, wrong: dict[str, str]) -> None:
        page = self.asks(rapport, receipt, "discarded")
        assert posts(rapport, page, "/decision/", **BY_MISTAKE, **wrong).status_code == 403
        assert "/decision/discarded" in rapport.get(page.action("/decision/").split("/decision/")[0]).html

    def test_a_colleague_decides_over_nothing_of_theirs(self, rapport: Clinic, receipt: Page) -> None:
        key = receipt.action("/check-again").split("/receipt/")[1].split("/")[0]
        chart = opens(rapport, TOMAS)
        assert rapport.get(f"{chart}receipt/{key}/decision/discarded").status == 403


class TestWhoIsTold:
    def discarded_by_the_site(self, rapport: Clinic, informant: str = "clinician") -> None:
        refuses(rapport)
        key = keeps(rapport, opens(rapport, SOFIA), informant).rsplit("/", 1)[1]
        store = rapport.services.store
        entry = store.outbox.get(key)
        assert entry is not None
        discard_for_site(store, entry, reason="charted_otherwise", by="Mona Fell", now=rapport.services.clock())

    def test_its_author_reads_it_at_each_launch_until_they_have_seen_it(self, rapport: Clinic) -> None:
        self.discarded_by_the_site(rapport)
        for _ in range(2):
            page = rapport.get(opens(rapport, SOFIA))
            assert "Your rating of 04-Mar-2026 was discarded by Mona Fell on 04-Mar-2026: it was entered in the chart another way." in left(
                page
            )
        assert "discarded" not in left(follow(rapport, posts(rapport, page, "/seen")))
        assert "discarded" not in left(rapport.get(opens(rapport, SOFIA)))

    def test_a_colleague_is_told_nothing_of_it(self, rapport: Clinic) -> None:
        self.discarded_by_the_site(rapport)
        assert "discarded" not in left(rapport.get(opens(rapport, TOMAS)))

    def test_a_patient_reads_on_their_page_what_became_of_their_answers(self, rapport: Clinic) -> None:
        self.discarded_by_the_site(rapport, "patient")
        page = rapport.get(opens(rapport, INGRID))
        said = (
            "Your answers of 4 March 2026 (Rapport check-in) were not put into your health record. Mona Fell decided that on 4 March 2026"
        )
        assert said in left(page)
        assert "were not put" not in follow(rapport, posts(rapport, page, "/seen")).text
        assert "discarded by Mona Fell" in left(rapport.get(opens(rapport, SOFIA)))

    def test_a_patient_is_told_nothing_of_a_clinicians_own(self, rapport: Clinic) -> None:
        self.discarded_by_the_site(rapport)
        assert "not put into" not in rapport.get(opens(rapport, INGRID)).text


class TestAPatientsOwnPage:
    def test_it_offers_what_they_sent_that_is_not_in_the_record(self, rapport: Clinic) -> None:
        rapport.ehr.put({**rapport.ehr.resources["Patient/pat-1"], "generalPractitioner": [{"reference": "Practitioner/dr-1"}]})
        home = opens(rapport, INGRID)
        refuses(rapport)
        address = next(link for link in rapport.get(home).links() if "/own/answer/" in link)
        form = rapport.get(address)
        fields = form.form("/own/answer/") | dict.fromkeys(ITEMS, "4")
        assert rapport.client.post(address, data=fields, base_url=SITE, headers=OWN).status_code == 303
        home = opens(rapport, INGRID)
        page = rapport.get(home)
        assert "Your health record did not take it. It is kept safely here." in page.text
        assert "4.00" not in page.text
        assert "goal-1" not in page.text
        sent = rapport.get(next(link for link in page.links() if "/own/sent/" in link))
        rapport.ehr.faults.clear()
        assert "Your answers are in your health record." in follow(rapport, posts(rapport, sent, "/again")).text
        assert "Not all the way there yet" not in rapport.get(home).text
