"""Answers typed and not sent: kept when the launch has ended, offered to the same user and patient, taken up only when asked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import responses
from msgspec.structs import replace

from smart_app.launch.context.launch_context import LaunchId, User
from smart_app.store import AuditEntry
from tests.support.authorization_server import ISSUER, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, OWN, SITE, SLUG, Clinic, clinic

FIVE = dict.fromkeys(ITEMS[:5], "4")
Ending = Callable[[Clinic, str], None]


def trail(rapport: Clinic, event: str) -> list[AuditEntry]:
    return [entry for entry in rapport.services.store.audit.entries() if entry.event == event]


def begun(rapport: Clinic, chart: str, informant: str = "clinician") -> dict[str, str]:
    """A form with five of nine answered."""
    return rapport.blank(chart, informant) | FIVE


def draft(rapport: Clinic, chart: str, informant: str) -> str:
    """Where a form is kept while it is typed; the patient's own under a loan."""
    return f"{rapport.lent(chart).start}draft" if informant == "patient" else f"{chart}draft/{SLUG}/{informant}"


def autosave(rapport: Clinic, chart: str, fields: dict[str, str], informant: str = "clinician", **headers: str) -> Any:
    return rapport.client.post(draft(rapport, chart, informant), data=fields, base_url=SITE, headers={**OWN, **headers})


def offer(rapport: Clinic, chart: str, informant: str = "clinician") -> str:
    box = rapport.form(chart, informant).soup.select_one("[aria-label='Answers not sent'] p")
    return box.get_text() if box else ""


def choose(rapport: Clinic, chart: str, what: str, informant: str = "clinician") -> Any:
    fields = rapport.form(chart, informant).form(f"/{what}")
    return rapport.client.post(f"{draft(rapport, chart, informant)}/{what}", data=fields, base_url=SITE, headers=OWN)


def go_on(rapport: Clinic, chart: str, informant: str = "clinician") -> Page:
    answer = choose(rapport, chart, "continue", informant)
    assert answer.status_code == 303
    return rapport.get(answer.headers["Location"])


def idle(rapport: Clinic, _: str) -> None:
    rapport.server.clock.forward(minutes=31)


def purged(rapport: Clinic, _: str) -> None:
    rapport.server.clock.forward(minutes=31)
    rapport.services.store.purge(rapport.services.clock())


def signed_out(rapport: Clinic, chart: str) -> None:
    rapport.client.post(f"{chart}end", data=rapport.get(chart).form("/end"), base_url=SITE, headers=OWN)


def renewal_refused(rapport: Clinic, _: str) -> None:
    rapport.server.refresh_tokens.append("rotated-away")
    rapport.server.clock.forward(seconds=290)


def another_patient_renewed(rapport: Clinic, _: str) -> None:
    rapport.server.token["patient"] = "pat-2"
    rapport.server.clock.forward(seconds=290)


def cookie_gone(rapport: Clinic, chart: str) -> None:
    name = rapport.services.store.launches.cookie_name_for(LaunchId(chart.split("/")[2]))
    rapport.client.delete_cookie(name, domain="rapport.example.org")


def sign_in_unreachable(rapport: Clinic, _: str) -> None:
    rapport.server.mock.replace("POST", f"{ISSUER}/token", status=503)
    rapport.server.clock.forward(minutes=6)


ENDINGS = [idle, purged, signed_out, renewal_refused, another_patient_renewed, cookie_gone, sign_in_unreachable]


class TestKept:
    # SMART J5
    @pytest.mark.parametrize("ending", ENDINGS)
    def test_what_is_sent_to_a_launch_that_has_ended_is_kept_and_not_sent(self, rapport: Clinic, ending: Ending) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        ending(rapport, chart)
        page = read(rapport.send(chart, fields, "clinician"))
        assert page.status in {403, 502}
        assert "Your answers are kept, and not sent yet" in page.text
        assert "5 of 9 answers are kept, sealed, until" in page.text
        assert not [name for name in ("alvorsen", "kafor", "pat-1", "/l/") if name in page.html]
        assert rapport.ehr.posts() == []
        (saved,) = trail(rapport, "draft_saved")
        assert (saved.patient, saved.user, saved.detail["why"] != "") == ("pat-1", "Practitioner/dr-1", True)
        assert "goal-1" not in str(saved.detail)

    # SMART J5
    def test_the_relaunched_form_offers_it_and_the_whole_job_can_be_finished(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        clock.forward(minutes=31)
        rapport.send(chart, fields, "clinician")
        chart = rapport.launch()
        assert offer(rapport, chart).startswith("5 of 9 were answered on 4 March 2026 at ")
        page = go_on(rapport, chart)
        rest = dict.fromkeys(ITEMS[5:], "2")
        answer = rapport.send(chart, page.form("/check/") | page.checked() | rest, "clinician")
        assert "/receipt/" in answer.headers["Location"]
        (sent,) = [one for one in rapport.ehr.resources.values() if one["resourceType"] == "QuestionnaireResponse"]
        codes = [answer["valueCoding"]["code"] for item in _leaves(sent["item"]) for answer in item.get("answer", [])]
        assert codes == ["4"] * 5 + ["2"] * 4
        assert offer(rapport, chart) == ""
        assert [entry.event for entry in rapport.services.store.audit.entries() if entry.event.startswith("draft")] == [
            "draft_saved",
            "draft_adopted",
        ]

    # SMART J5
    def test_what_is_typed_is_kept_while_the_launch_is_open_and_recorded_once(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        for more in ({}, {ITEMS[5]: "1"}, {ITEMS[6]: "1"}):
            fields |= more
            assert autosave(rapport, chart, fields).status_code == 204
            clock.forward(seconds=5)
        assert offer(rapport, chart).startswith("7 of 9 ")
        assert len(trail(rapport, "draft_saved")) == 1

    def test_an_incomplete_form_that_comes_back_is_kept_too(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        assert read(rapport.send(chart, begun(rapport, chart), "clinician")).status == 422
        assert offer(rapport, chart).startswith("5 of 9 ")

    def test_a_page_still_open_is_told_in_words_that_its_answers_are_kept(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        clock.forward(minutes=31)
        answer = autosave(rapport, chart, fields)
        assert (answer.status_code, answer.mimetype) == (410, "text/plain")
        assert "session has ended. 5 of 9 answers are kept until" in answer.get_data(as_text=True)

    def test_an_empty_form_leaves_nothing(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = rapport.blank(chart, "clinician")
        assert autosave(rapport, chart, fields).status_code == 204
        clock.forward(minutes=31)
        assert "not stored" in read(rapport.send(chart, fields, "clinician")).text
        assert offer(rapport, rapport.launch()) == ""

    def test_a_stream_of_saves_is_held_back(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        assert [autosave(rapport, chart, fields).status_code for _ in range(3)] == [204, 429, 429]

    def test_what_was_sent_is_not_kept_again_by_a_save_that_comes_late(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = rapport.filled(chart, "clinician")
        rapport.send(chart, fields, "clinician")
        autosave(rapport, chart, fields)
        assert offer(rapport, chart) == ""
        clock.forward(minutes=31)
        page = read(rapport.send(chart, fields, "clinician"))
        assert "This form was sent already" in page.text
        assert offer(rapport, rapport.launch()) == ""

    def test_drafts_end_after_the_hours_of_the_setting(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        autosave(rapport, chart, begun(rapport, chart))
        clock.forward(hours=23)
        assert offer(rapport, rapport.launch()) != ""
        clock.forward(hours=2)
        assert offer(rapport, rapport.launch()) == ""
        assert [(entry.patient, entry.detail["form"]) for entry in trail(rapport, "draft_expired")] == [("pat-1", SLUG)]


class TestWhoMayKeep:
    """A stranger with the address alone, or with another form's ticket, gains nothing."""

    @pytest.fixture
    def ended(self, rapport: Clinic, clock: Clock) -> tuple[str, dict[str, str]]:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        clock.forward(minutes=31)
        return chart, fields

    @pytest.mark.parametrize(
        "forged",
        [{"ticket": ""}, {"ticket": "guess"}, {"patient": "pat-2"}, {"key": "another-form-s-key"}],
        ids=["no-ticket", "guessed", "other-patient", "other-key"],
    )
    def test_a_form_that_does_not_fit_its_ticket_leaves_nothing(
        self, rapport: Clinic, ended: tuple[str, dict[str, str]], forged: dict[str, str]
    ) -> None:
        chart, fields = ended
        page = read(rapport.send(chart, fields | forged, "clinician"))
        assert (page.status, "not stored" in page.text) == (403, True)
        assert trail(rapport, "draft_saved") == []

    def test_another_sites_page_leaves_nothing(self, rapport: Clinic, ended: tuple[str, dict[str, str]]) -> None:
        chart, fields = ended
        assert rapport.send(chart, fields, "clinician", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert autosave(rapport, chart, fields, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert trail(rapport, "draft_saved") == []

    def test_a_browser_with_another_cookie_of_that_name_leaves_nothing(self, rapport: Clinic, ended: tuple[str, dict[str, str]]) -> None:
        chart, fields = ended
        name = rapport.services.store.launches.cookie_name_for(LaunchId(chart.split("/")[2]))
        rapport.client.set_cookie(name, "another", domain="rapport.example.org", secure=True)
        assert read(rapport.send(chart, fields, "clinician")).status == 403
        assert trail(rapport, "draft_saved") == []

    def test_a_ticket_of_long_ago_leaves_nothing(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        clock.forward(hours=33)
        assert "not stored" in read(rapport.send(chart, fields, "clinician")).text
        assert trail(rapport, "draft_saved") == []

    def test_a_forged_token_in_an_open_launch_keeps_nothing(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = begun(rapport, chart)
        assert rapport.send(chart, fields | {"csrf": "guess"}, "clinician").status_code == 403
        assert autosave(rapport, chart, fields | {"csrf": "guess"}).status_code == 403
        assert trail(rapport, "draft_saved") == []


class TestWhoIsOffered:
    @pytest.fixture
    def left(self, rapport: Clinic) -> None:
        """Five answers of Ingrid's left by Dr Example."""
        chart = rapport.launch()
        autosave(rapport, chart, begun(rapport, chart))

    @pytest.fixture
    def left_on_loan(self, rapport: Clinic) -> None:
        """Five of Ingrid's own, left on the device that was lent to her."""
        chart = rapport.launch()
        assert autosave(rapport, chart, begun(rapport, chart, "patient"), "patient").status_code == 204
        rapport.take_back(chart)

    # SMART 6.3.9
    @pytest.mark.usefixtures("left_on_loan")
    def test_of_a_patients_own_another_patient_is_offered_nothing(self, rapport: Clinic) -> None:
        assert offer(rapport, rapport.launch(patient="pat-2"), "patient") == ""

    # SMART 6.3.9
    @pytest.mark.usefixtures("left")
    def test_another_patient_is_offered_nothing(self, rapport: Clinic) -> None:
        assert offer(rapport, rapport.launch(patient="pat-2")) == ""

    # SMART 6.3.9
    @pytest.mark.usefixtures("left")
    def test_another_user_is_offered_nothing(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        other = User(reference="Practitioner/dr-1", name="Dr Ben Other", issuer=ISSUER, subject="user-2")
        complete = rapport.services.launcher.complete
        launcher = type(rapport.services.launcher)
        monkeypatch.setattr(launcher, "complete", lambda _, *given: replace(complete(*given), user=other))
        assert offer(rapport, rapport.launch()) == ""

    @pytest.mark.usefixtures("left")
    def test_the_other_informants_form_offers_nothing(self, rapport: Clinic) -> None:
        assert offer(rapport, rapport.launch(), "patient") == ""

    @pytest.mark.usefixtures("left")
    def test_another_version_of_the_form_offers_nothing(self, rapport: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        library = type(rapport.services.library)
        get = library.get
        monkeypatch.setattr(library, "get", lambda *given, **more: replace(get(*given, **more), version="9.9.9"))
        assert offer(rapport, rapport.launch()) == ""

    @pytest.mark.usefixtures("left")
    def test_another_visit_is_said(self, rapport: Clinic) -> None:
        rapport.server.token["encounter"] = "enc-2"
        assert "That was in another visit than the one open now." in offer(rapport, rapport.launch())

    @pytest.mark.usefixtures("left_on_loan")
    def test_the_history_says_what_was_begun_and_leads_over_the_hand_over_to_it(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        page = rapport.get(chart)
        assert "Begun and not sent: Rapport check-in, the patient’s, 5 of 9 answered by" in page.text
        link = next(link for link in page.soup.select(".notice a") if link.get_text() == "Go on")
        assert link["href"] == f"{chart}handover/{SLUG}"
        assert "Begun and not sent" not in rapport.get(rapport.launch(patient="pat-2")).text

    @pytest.mark.usefixtures("left")
    def test_nothing_is_taken_up_by_itself(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        page = rapport.form(chart, "clinician")
        assert (page.checked(), page.form("/check/").get("completes")) == ({}, None)
        assert read(rapport.send(chart, page.form("/check/"), "clinician")).status == 422
        assert rapport.ehr.posts() == []

    # SMART 6.3.9
    @pytest.mark.usefixtures("left_on_loan")
    def test_of_a_patients_answers_nothing_is_shown_before_they_say_that_they_began(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        asked = rapport.form(chart)
        assert "Did you begin this" in asked.text
        assert asked.checked() == {}
        page = go_on(rapport, chart, "patient")
        assert page.checked() == FIVE
        again = read(rapport.send(chart, page.form("/answers") | page.checked() | {ITEMS[5]: "2"}))
        assert (again.status, again.checked()) == (422, FIVE | {ITEMS[5]: "2"})
        assert "3 questions have no answer yet" in again.text

    @pytest.mark.usefixtures("left_on_loan")
    def test_an_answer_chosen_again_takes_the_place_of_the_one_before(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        page = go_on(rapport, chart, "patient")
        fields = page.form("/answers") | page.checked() | {ITEMS[0]: "1"} | dict.fromkeys(ITEMS[5:], "2")
        assert rapport.send(chart, fields).status_code == 303
        (sent,) = [one for one in rapport.ehr.resources.values() if one["resourceType"] == "QuestionnaireResponse"]
        codes = [answer["valueCoding"]["code"] for item in _leaves(sent["item"]) for answer in item.get("answer", [])]
        assert codes == ["1"] + ["4"] * 4 + ["2"] * 4

    @pytest.mark.usefixtures("left_on_loan")
    def test_going_on_and_being_interrupted_again_loses_nothing(self, rapport: Clinic, clock: Clock) -> None:
        chart = rapport.launch()
        page = go_on(rapport, chart, "patient")
        fields = page.form("/answers") | page.checked() | {ITEMS[5]: "2"}
        clock.forward(minutes=31)
        assert "6 of 9 answers are kept" in read(rapport.send(chart, fields)).text
        rapport.take_back(chart)
        assert "6 of 9 were answered" in rapport.form(rapport.launch()).text

    def test_a_clinicians_own_answers_come_back_chosen(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        autosave(rapport, chart, begun(rapport, chart, "clinician"), "clinician")
        page = go_on(rapport, rapport.launch(), "clinician")
        assert page.checked() == FIVE
        assert "Check the answers before you send them." in page.text

    def test_a_clinician_may_take_an_answer_of_before_back(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        declined = begun(rapport, chart, "clinician") | {f"{ITEMS[5]}.declined": "yes"}
        assert read(rapport.send(chart, declined, "clinician")).status == 422
        chart = rapport.launch()
        fields = go_on(rapport, chart, "clinician").form("/check/") | FIVE
        again = read(rapport.send(chart, fields, "clinician"))
        assert "4 items have no answer yet" in again.text.replace("questions", "items")
        assert offer(rapport, rapport.launch(), "clinician").startswith("5 of 9 ")

    def test_a_form_with_a_ticket_that_is_no_more_still_comes_back_with_its_answers(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        page = read(rapport.send(chart, begun(rapport, chart) | {"ticket": "of before"}, "clinician"))
        assert (page.status, page.checked()) == (422, FIVE)
        assert offer(rapport, chart) == ""

    @pytest.mark.usefixtures("left")
    def test_discarded_is_gone_and_recorded(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        answer = choose(rapport, chart, "discard")
        assert answer.status_code == 303
        assert offer(rapport, chart) == ""
        assert [entry.patient for entry in trail(rapport, "draft_discarded")] == ["pat-1"]

    @pytest.mark.usefixtures("left")
    def test_what_is_gone_meanwhile_cannot_be_gone_on_with(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        fields = rapport.form(chart, "clinician").form("/continue")
        choose(rapport, chart, "discard")
        answer = rapport.client.post(f"{chart}draft/{SLUG}/clinician/continue", data=fields, base_url=SITE, headers=OWN)
        assert (answer.status_code, "not kept any more" in read(answer).text) == (403, True)
        assert rapport.get(f"{chart}check/{SLUG}/clinician?draft={fields['key']}").status == 200

    @pytest.mark.usefixtures("left")
    def test_the_same_draft_taken_up_twice_is_stored_once(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rest = dict.fromkeys(ITEMS[5:], "2")
        first, second = (go_on(rapport, chart).form("/check/") | rest for _ in range(2))
        places = [rapport.send(chart, fields | FIVE, "clinician").headers["Location"] for fields in (first, second)]
        assert places[0] == places[1]
        assert len(rapport.ehr.posts()) == 1


class TestSentAndNotStored:
    """A form that reached a living launch whose EHR would not take it."""

    @pytest.fixture
    def refused(self, rapport: Clinic) -> str:
        """The path of the receipt, whose launch is closed then."""
        chart = rapport.launch()
        fields = rapport.filled(chart, "clinician")
        rapport.ehr.faults.append(lambda method, path: (401, {}, "") if method == "POST" else None)
        receipt = rapport.send(chart, fields, "clinician").headers["Location"]
        rapport.ehr.faults.clear()
        signed_out(rapport, chart)
        return str(receipt)

    # SMART J5
    def test_the_next_launch_of_the_same_user_finds_it_and_can_send_it_once(self, rapport: Clinic, refused: str) -> None:
        chart = rapport.launch()
        page = rapport.get(chart)
        assert "Not in the record yet: Rapport check-in, yours, sent at" in page.text
        link = next(str(link["href"]) for link in page.soup.select(".notice a") if link.get_text() == "See how it stands")
        assert link == f"{chart}{refused.split('/', 3)[3]}"
        fields = rapport.get(link).form("/check-again")
        for _ in range(2):
            answer = rapport.client.post(f"{link}/check-again", data=fields, base_url=SITE, headers=OWN)
            assert answer.status_code == 303
        responses_stored = [one for one in rapport.ehr.resources.values() if one["resourceType"] == "QuestionnaireResponse"]
        assert len(responses_stored) == 1
        assert "Not in the record" not in rapport.get(chart).text

    # SMART 6.3.9
    def test_another_patients_launch_finds_nothing_of_it(self, rapport: Clinic, refused: str) -> None:
        chart = rapport.launch(patient="pat-2")
        assert "Not in the record" not in rapport.get(chart).text
        assert rapport.get(f"{chart}{refused.split('/', 3)[3]}").status == 403

    def test_another_user_finds_nothing_of_it(self, rapport: Clinic, refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
        other = User(reference="Practitioner/dr-1", name="Dr Ben Other", issuer=ISSUER, subject="user-2")
        launcher = type(rapport.services.launcher)
        complete = launcher.complete
        monkeypatch.setattr(launcher, "complete", lambda *given: replace(complete(*given), user=other))
        chart = rapport.launch()
        assert "Not in the record" not in rapport.get(chart).text
        assert rapport.get(f"{chart}{refused.split('/', 3)[3]}").status == 403


class TestSettings:
    @pytest.fixture
    def brief(self, wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
        with clinic(wire, server, clock, folder=tmp_path, draft_hours=1) as standing:
            yield standing

    def test_a_site_may_keep_drafts_for_less(self, brief: Clinic, clock: Clock) -> None:
        chart = brief.launch()
        autosave(brief, chart, begun(brief, chart))
        clock.forward(minutes=61)
        assert offer(brief, brief.launch()) == ""


def _leaves(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The answered items of a response, whatever groups they stand in."""
    for item in items:
        yield from _leaves(item["item"]) if "item" in item else (item,)


# SMART 6.3.8
def test_what_is_sent_from_a_frame_without_an_origin_is_kept_and_the_page_says_why(rapport: Clinic) -> None:
    chart = rapport.launch()
    fields = begun(rapport, chart)
    locked = {"Sec-Fetch-Site": "cross-site", "Origin": "null"}
    page = read(rapport.send(chart, fields, "clinician", **locked))
    assert page.status == 403
    assert "in a locked frame, from which nothing can be sent" in page.text
    assert "5 of 9 answers are kept" in page.text
    assert rapport.send(chart, fields | {"csrf": "guess"}, "clinician", **locked).status_code == 403
    assert len(trail(rapport, "draft_saved")) == 1
    assert offer(rapport, rapport.launch()).startswith("5 of 9 ")
