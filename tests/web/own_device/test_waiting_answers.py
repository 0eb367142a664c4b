"""Answers by a link whose launch is over: sealed, sent unseen from a later launch, and never with more than was granted before."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.clock import Clock
from tests.support.page import Page, read
from tests.web.clinic import OWN, SCOPE, SITE, SLUG, Clinic, patient
from tests.web.lent.lending import trail
from tests.web.own_device.linking import Phone, links_of, made, says

TOMAS = {"fhirUser": "Practitioner/dr-2", "name": "Tomas Weiss", "sub": "user-2"}
ADA = {"fhirUser": "Practitioner/dr-1", "name": "Dr Ada Example", "sub": "user-1"}
WAITS = "The patient’s rating of 04-Mar-2026 has not reached the record."
ANSWERS_ONLY = "launch openid fhirUser patient/Patient.rs patient/QuestionnaireResponse.cruds"
READING = "launch openid fhirUser patient/*.rs"


def opens(rapport: Clinic, who: dict[str, str], *, scope: str = SCOPE) -> str:
    """A launch of that user; the EHR grants what it says."""
    rapport.server.claims |= who
    rapport.server.token["scope"] = scope
    rapport.client = rapport.browser()
    return rapport.launch()


def closes(rapport: Clinic, chart: str) -> None:
    page = rapport.get(chart)
    answer = rapport.client.post(page.action("/end"), data=page.form("/end"), base_url=SITE, headers=OWN)
    assert answer.status_code in {200, 303}


def answered(rapport: Clinic, *, scope: str = SCOPE) -> Phone:
    """Answers by a link whose launch is closed: they wait."""
    chart = opens(rapport, ADA, scope=scope)
    link, phone = made(rapport, chart, use="sent"), Phone(rapport=rapport)
    closes(rapport, chart)
    mine = phone.opens(link)
    assert phone.sends(mine).status_code == 303
    assert says(phone.thanks(mine), "Your answers are kept safely here. They are not in your health record yet;")
    return phone


def sends_on(rapport: Clinic, page: Page) -> Page:
    """By the button of the page that says that something waits."""
    fields = page.form("/for-author/")
    answer = rapport.client.post(page.action("/for-author/"), data=fields, base_url=SITE, headers=OWN)
    return rapport.get(answer.headers["Location"]) if answer.status_code == 303 else read(answer)


def of_type(rapport: Clinic, kind: str) -> list[dict[str, Any]]:
    return rapport.ehr.of_type(kind)


class TestOnceTheLaunchIsOver:
    def test_nothing_is_asked_of_the_record(self, rapport: Clinic) -> None:
        chart = opens(rapport, ADA)
        link, phone = made(rapport, chart, use="sent"), Phone(rapport=rapport)
        closes(rapport, chart)
        asked = len(rapport.ehr.log)
        mine = phone.opens(link)
        page = phone.get(mine)
        assert says(page, "HALVORSEN, Ingrid", "14 March 1968", "Dr Ada Example")
        phone.sends(mine)
        assert phone.thanks(mine).status == 200
        assert len(rapport.ehr.log) == asked
        assert links_of(rapport)[0].state == "used"

    def test_so_too_where_it_ended_by_its_time(self, rapport: Clinic, clock: Clock) -> None:
        link, phone = made(rapport, opens(rapport, ADA), use="sent"), Phone(rapport=rapport)
        clock.now += timedelta(hours=48)
        rapport.services.store.purge(clock())
        mine = phone.opens(link)
        assert phone.sends(mine).status_code == 303
        assert len(rapport.services.store.outbox.pending()) == 1
        assert of_type(rapport, "QuestionnaireResponse") == []

    def test_the_patient_at_their_form_keeps_no_launch_of_staff_open(self, rapport: Clinic, clock: Clock) -> None:
        chart = opens(rapport, ADA)
        phone = Phone(rapport=rapport)
        mine = phone.opens(made(rapport, chart, use="sent"))
        for _ in range(3):
            clock.now += timedelta(minutes=11)
            assert phone.get(mine).status == 200
        assert rapport.get(chart).status == 403

    @pytest.mark.parametrize("who", [TOMAS, ADA], ids=["a colleague", "whoever made it"])
    def test_it_is_sent_unseen_from_a_later_launch(self, rapport: Clinic, who: dict[str, str]) -> None:
        answered(rapport)
        page = rapport.get(opens(rapport, who))
        assert says(page, WAITS)
        assert not [link for link in page.links() if "/receipt/" in link]
        done = sends_on(rapport, page)
        assert says(done, "is in the record")
        assert "4.00" not in done.html
        (response,) = of_type(rapport, "QuestionnaireResponse")
        assert response["source"] == {"reference": "Patient/pat-1"}
        assert response["encounter"] == {"reference": "Encounter/enc-1"}
        (provenance,) = of_type(rapport, "Provenance")
        agents = {one["type"]["coding"][0]["code"]: one["who"].get("reference") for one in provenance["agent"]}
        assert (agents["author"], agents["transmitter"]) == ("Patient/pat-1", who["fhirUser"])
        ((_, detail),) = trail(rapport, "submission")
        assert detail["author"] == "Patient/pat-1"

    def test_at_another_patients_launch_nothing_is_said_of_it(self, rapport: Clinic) -> None:
        answered(rapport)
        rapport.client = rapport.browser()
        assert "has not reached the record" not in rapport.get(rapport.launch(patient="pat-2")).text


@pytest.mark.parametrize(
    ("who", "said"),
    [("proxy", "answered by somebody for the patient"), ("helped", "answered with somebody’s help"), ("self", "")],
)
def test_the_history_says_whose_word_it_was(rapport: Clinic, who: str, said: str) -> None:
    chart = opens(rapport, ADA)
    phone = Phone(rapport=rapport)
    phone.sends(phone.opens(made(rapport, chart), who=who))
    assert "answered" not in rapport.get(chart).text.replace("answered; rate first", "")
    rapport.send(chart, rapport.filled(chart, "clinician"), "clinician")
    page = rapport.get(chart)
    assert said in page.text
    assert ("answered by somebody" in page.text, "somebody’s help" in page.text) == (who == "proxy", who == "helped")


class TestNeverBeyond:
    def test_what_the_launch_was_granted_that_made_the_link(self, rapport: Clinic) -> None:
        answered(rapport, scope=ANSWERS_ONLY)
        done = sends_on(rapport, rapport.get(opens(rapport, TOMAS)))
        assert says(done, "is in the record")
        assert len(of_type(rapport, "QuestionnaireResponse")) == 1
        assert of_type(rapport, "Observation") == []
        assert of_type(rapport, "Provenance") == []

    def test_what_the_later_one_is_granted(self, rapport: Clinic) -> None:
        answered(rapport)
        chart = opens(rapport, TOMAS, scope=READING)
        done = sends_on(rapport, rapport.get(chart))
        assert says(done, "has not reached the record")
        assert of_type(rapport, "QuestionnaireResponse") == []
        assert len(rapport.services.store.outbox.pending()) == 1

    def test_no_link_is_made_where_answers_cannot_be_stored(self, rapport: Clinic) -> None:
        page = rapport.get(f"{opens(rapport, ADA, scope=READING)}handover/{SLUG}")
        assert says(page, "Answers cannot be stored in this record with this sign-in, so no link is made.")


class TestTheRecordMeanwhile:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"deceasedDateTime": "2026-03-04"}, "The record was closed to answers meanwhile"),
            ({"link": [{"type": "replaced-by", "other": {"reference": "Patient/pat-9"}}]}, "This record was replaced"),
        ],
        ids=["died", "merged"],
    )
    def test_closed_before_it_is_sent_it_stays_kept_and_says_so(self, rapport: Clinic, changed: dict[str, Any], said: str) -> None:
        answered(rapport)
        page = rapport.get(opens(rapport, TOMAS))
        rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), **changed})
        done = sends_on(rapport, page)
        assert says(done, said, "It stays kept.")
        assert of_type(rapport, "QuestionnaireResponse") == []
        assert len(rapport.services.store.outbox.pending()) == 1

    def test_closed_while_the_form_is_open_what_is_sent_is_sealed_and_waits(self, rapport: Clinic) -> None:
        phone = Phone(rapport=rapport)
        mine = phone.opens(made(rapport, opens(rapport, ADA)))
        fields = phone.fills(mine)
        rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), "deceasedDateTime": "2026-03-04"})
        assert phone.sends(mine, fields).status_code == 303
        assert says(phone.thanks(mine), "Your answers are kept safely here.")
        assert of_type(rapport, "QuestionnaireResponse") == []
        assert len(rapport.services.store.outbox.pending()) == 1

    def test_closed_before_the_form_is_opened_it_says_nothing_of_why(self, rapport: Clinic, clock: Clock) -> None:
        phone = Phone(rapport=rapport)
        mine = phone.opens(made(rapport, opens(rapport, ADA)))
        rapport.ehr.put({**patient("pat-1", "Halvorsen", "Ingrid"), "deceasedDateTime": "2026-03-04"})
        clock.now += timedelta(minutes=10)
        page = phone.get(mine)
        assert says(page, "These questions cannot be answered any more. Please ask your clinic.")
        assert "died" not in page.text.lower()

    def test_a_record_that_does_not_answer_takes_nothing_from_the_patient(self, rapport: Clinic) -> None:
        phone = Phone(rapport=rapport)
        mine = phone.opens(made(rapport, opens(rapport, ADA)))
        rapport.ehr.faults.append(lambda method, path: (503, {}, "down"))
        fields = phone.fills(mine)
        assert phone.sends(mine, fields).status_code == 303
        assert says(phone.thanks(mine), "Your answers are kept safely here.")
        assert len(rapport.services.store.outbox.pending()) == 1
