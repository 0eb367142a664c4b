"""Declining on a device of the patient's own: stored as their refusal, once, and waiting as answers do where the launch is over."""

from typing import Any

import pytest

from tests.support.clock import Clock
from tests.web.clinic import Clinic
from tests.web.lent.lending import trail
from tests.web.own_device.linking import Phone, links_of, made, says
from tests.web.own_device.test_waiting_answers import ADA, closes, of_type, opens


@pytest.fixture
def phone(rapport: Clinic) -> Phone:
    return Phone(rapport=rapport)


def declines(phone: Phone, mine: str) -> Any:
    """From the form by its button to the confirmation, and yes."""
    form = phone.get(mine)
    button = form.soup.select_one("button.rather-not")
    assert button is not None
    asked = phone.post(str(button["formaction"]), form.form("/answers"))
    assert asked.status_code == 303
    confirmed = phone.get(asked.headers["Location"])
    return phone.post(confirmed.action("/declined"), confirmed.form("/declined"))


def test_it_is_stored_as_the_patients_refusal_and_uses_the_link_up(rapport: Clinic, phone: Phone) -> None:
    link = made(rapport, rapport.launch())
    mine = phone.opens(link)
    assert declines(phone, mine).status_code == 303
    assert says(phone.thanks(mine), "That is fine", "you would rather not answer today, and no reason")
    (response,) = of_type(rapport, "QuestionnaireResponse")
    assert (response["status"], response["source"]) == ("stopped", {"reference": "Patient/pat-1"})
    assert "item" not in response
    assert (links_of(rapport)[0].state, phone.ask(link).status_code) == ("used", 410)
    assert [event for event, _ in trail(rapport, "link_used")] == ["link_used"]


def test_once_declined_no_answers_are_taken_by_it(rapport: Clinic, phone: Phone) -> None:
    mine = phone.opens(made(rapport, rapport.launch()))
    fields = phone.fills(mine)
    declines(phone, mine)
    assert phone.sends(mine, fields | {"key": "another"}).status_code != 303
    assert len(of_type(rapport, "QuestionnaireResponse")) == 1


def test_where_the_launch_is_over_it_waits(rapport: Clinic, phone: Phone) -> None:
    chart = opens(rapport, ADA)
    link = made(rapport, chart, use="sent")
    closes(rapport, chart)
    mine = phone.opens(link)
    assert declines(phone, mine).status_code == 303
    assert says(phone.thanks(mine), "That is fine", "is kept safely here")
    assert of_type(rapport, "QuestionnaireResponse") == []


def test_whoever_answers_for_the_patient_is_not_asked(rapport: Clinic, phone: Phone) -> None:
    mine = phone.opens(made(rapport, rapport.launch()), who="proxy")
    assert phone.get(mine).soup.select_one("button.rather-not") is None


def test_once_what_was_sent_is_kept_here_no_more_nothing_is_said_of_answers(rapport: Clinic, phone: Phone, clock: Clock) -> None:
    chart = opens(rapport, ADA)
    mine = phone.opens(made(rapport, chart, use="sent"))
    declines(phone, mine)
    closes(rapport, chart)
    for _ in range(2):
        clock.forward(hours=25)
        rapport.services.store.purge(clock())
    assert rapport.services.store.outbox.get(links_of(rapport)[0].sent) is None
    assert says(phone.thanks(mine), "What you sent is in your health record.")
    assert "Your answers" not in phone.thanks(mine).text
