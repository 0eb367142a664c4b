"""Of what the record has the answers of, and not all that goes with them, a named person can close the rest."""

import pytest

from smart_app.care.submission.sealed_submission import from_payload
from smart_app.care.undelivered.decisions import discard_for_site
from tests.care.ehr import refusal
from tests.support.page import Page, read
from tests.web.clinic import Clinic
from tests.web.pages.undelivered.test_item_pages import INGRID, SOFIA, TOMAS, follow, keeps, left, opens, posts

SCORES = ("Total 4.00 of 5", "Goal 4.00 of 5", "Task 4.00 of 5", "Bond 4.00 of 5")
NOT_TAKEN = {"reason": "rest_not_taken"}


def takes_no_scores(rapport: Clinic, status: int = 422) -> None:
    rapport.ehr.faults.append(
        lambda method, path: refusal(status, "no scores") if (method, path) in {("POST", ""), ("POST", "Observation")} else None
    )


def key_of(receipt: Page) -> str:
    return receipt.action("/check-again").split("/receipt/")[1].split("/")[0]


def asks(rapport: Clinic, receipt: Page, way: str) -> Page:
    return rapport.get(next(link for link in receipt.links() if link.endswith(f"/decision/{way}")))


def closes_for_site(rapport: Clinic, key: str) -> None:
    store = rapport.services.store
    entry = store.outbox.get(key)
    assert entry is not None
    discard_for_site(store, entry, reason="rest_not_taken", by="Mona Fell", now=rapport.services.clock())


@pytest.fixture
def receipt(rapport: Clinic) -> Page:
    chart = opens(rapport, SOFIA)
    takes_no_scores(rapport)
    return rapport.get(keeps(rapport, chart))


def test_it_says_what_stays_and_what_is_missing_and_keeps_the_text_of_it(rapport: Clinic, receipt: Page) -> None:
    assert "Saved in the record, with something left out" in receipt.text
    page = asks(rapport, receipt, "discarded")
    assert "The answers are in the record and stay there." in page.text
    missing = [one.get_text(strip=True) for one in page.soup.select("ul[aria-labelledby=rest] li")]
    assert sorted(missing) == ["Bond", "Goal", "Scores together", "Task", "Total"]
    assert "by mistake" not in page.text
    done = follow(rapport, posts(rapport, page, "/decision/", **NOT_TAKEN))
    assert "Saved in the record, and closed without the rest" in done.text
    assert "by Sofia Lindqvist, 09:30, 04-Mar-2026" in done.text
    assert "The record does not take the rest" in done.text
    assert all(score in done.text for score in SCORES)
    assert "/check-again" not in done.html
    assert "/decision/" not in done.html


def test_it_is_said_no_more_at_the_next_launch_and_the_rating_stays_given(rapport: Clinic, receipt: Page) -> None:
    follow(rapport, posts(rapport, asks(rapport, receipt, "discarded"), "/decision/", **NOT_TAKEN))
    page = rapport.get(opens(rapport, SOFIA))
    assert "Not all of it is in the record" not in left(page)
    assert "closed" not in left(page)
    [entry] = [entry for entry in rapport.services.store.audit.entries() if entry.event == "submission_decided"]
    assert (entry.user, entry.detail["why"]) == ("Practitioner/dr-1", "rest_not_taken")
    rapport.ehr.faults[:] = [lambda method, path: refusal(500, "x") if path == "QuestionnaireResponse" else None]
    assert 'value="again"' in rapport.form(opens(rapport, SOFIA), "clinician").html


def test_the_rest_can_be_in_the_note(rapport: Clinic, receipt: Page) -> None:
    page = asks(rapport, receipt, "copied")
    assert "Is the rest in the note?" in page.text
    done = follow(rapport, posts(rapport, page, "/decision/"))
    assert "Saved in the record, and closed without the rest" in done.text
    assert "It was copied to the note" in done.text
    assert "not in the record as a form" not in done.text


def test_no_reason_holds_that_would_take_the_answers_back(rapport: Clinic, receipt: Page) -> None:
    page = asks(rapport, receipt, "discarded")
    again = read(posts(rapport, page, "/decision/", reason="by_mistake"))
    assert "nothing was decided" in again.text
    entry = rapport.services.store.outbox.get(key_of(receipt))
    assert entry is not None
    assert entry.state == "partly"


def test_what_may_be_there_is_not_called_missing(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    takes_no_scores(rapport)
    rapport.ehr.faults[:] = [
        lambda method, path: (
            refusal(422 if path == "" else 504, "late")
            if (method, path) in {("POST", ""), ("POST", "Observation"), ("GET", "Observation")}
            else None
        )
    ]
    page = asks(rapport, rapport.get(keeps(rapport, chart)), "discarded")
    assert "Total: not known whether it is in the record" in page.text
    done = follow(rapport, posts(rapport, page, "/decision/", **NOT_TAKEN))
    assert "Not known whether it is in the record. A sealed copy stays as the record of the decision." in done.text


def test_author_and_patient_are_told_that_the_answers_stay_where_the_site_closed_it(rapport: Clinic) -> None:
    chart = opens(rapport, SOFIA)
    takes_no_scores(rapport)
    key = key_of(rapport.get(keeps(rapport, chart, "patient")))
    closes_for_site(rapport, key)
    page = rapport.get(opens(rapport, SOFIA))
    assert "The patient’s rating of 04-Mar-2026 is in the record and stays there." in left(page)
    assert "closed by Mona Fell on 04-Mar-2026: the record does not take the rest." in left(page)
    page = rapport.get(opens(rapport, INGRID))
    assert "are in your health record and stay there." in left(page)
    assert "Mona Fell decided that" in left(page)
    assert "not put into" not in page.text


def test_a_colleague_closes_nothing_of_theirs(rapport: Clinic, receipt: Page) -> None:
    key = key_of(receipt)
    chart = opens(rapport, TOMAS)
    assert rapport.get(f"{chart}receipt/{key}/decision/discarded").status == 403
    entry = rapport.services.store.outbox.get(key)
    assert entry is not None
    assert from_payload(entry.payload).decision is None
