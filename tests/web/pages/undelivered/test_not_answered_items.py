"""That a form was not answered, where the record has not taken it: called what it is, to everybody who reads of it, and never a rating."""

import pytest

from smart_app.care.undelivered.decisions import discard_for_site
from smart_app.web.views.ended import refused_words
from tests.support.page import Page
from tests.web.clinic import SLUG, Clinic
from tests.web.pages.undelivered.test_item_pages import BY_MISTAKE, INGRID, SOFIA, TOMAS, follow, left, opens, posts, refuses


@pytest.fixture
def receipt(rapport: Clinic) -> Page:
    """Staff entered it, and the record did not take it."""
    chart = opens(rapport, SOFIA)
    refuses(rapport)
    page = rapport.get(f"{chart}handover/{SLUG}")
    return follow(rapport, posts(rapport, page, "/not-today/", reason="patient-declined"))


def discards(rapport: Clinic, receipt: Page) -> Page:
    page = rapport.get(next(link for link in receipt.links() if link.endswith("/decision/discarded")))
    return follow(rapport, posts(rapport, page, "/decision/", **BY_MISTAKE))


def test_its_author_reads_what_it_is_and_why(rapport: Clinic, receipt: Page) -> None:
    page = rapport.get(opens(rapport, SOFIA))
    assert "Rapport check-in, the patient’s, not answered (the patient declined), entered at" in page.text
    assert "the patient’s rating" not in left(page)


def test_a_colleague_reads_what_it_is_and_sends_it(rapport: Clinic, receipt: Page) -> None:
    page = rapport.get(opens(rapport, TOMAS))
    said = "The entry by Sofia Lindqvist of 04-Mar-2026 that the patient’s form was not answered"
    assert f"{said} has not reached the record." in left(page)
    rapport.ehr.faults.clear()
    assert f"{said} is in the record" in follow(rapport, posts(rapport, page, "/for-author/")).text
    assert [one["status"] for one in rapport.ehr.of_type("QuestionnaireResponse")] == ["stopped"]


def test_the_decision_says_what_is_discarded_and_its_author_is_told_of_no_rating(rapport: Clinic, receipt: Page) -> None:
    page = rapport.get(next(link for link in receipt.links() if link.endswith("/decision/discarded")))
    assert "not answered (the patient declined), entered at" in page.text
    assert "That the form was not answered is not in" in discards(rapport, receipt).text


def test_what_somebody_else_discarded_is_told_as_an_entry_and_not_as_a_rating(rapport: Clinic, receipt: Page) -> None:
    store = rapport.services.store
    key = receipt.action("/check-again").split("/receipt/")[1].split("/")[0]
    entry = store.outbox.get(key)
    assert entry is not None
    discard_for_site(store, entry, reason="by_mistake", by="Mona Fell", now=rapport.services.clock())
    page = rapport.get(opens(rapport, SOFIA))
    assert "The entry of 04-Mar-2026 that the patient’s form was not answered was discarded by Mona Fell" in page.text
    home = rapport.get(opens(rapport, INGRID))
    assert "That you did not answer Rapport check-in on 4 March 2026 was not put into your health record." in home.text


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("saved", "says that you would rather not answer today"),
        ("kept", "is kept safely here"),
        ("unknown", "whether it has reached your health record"),
        ("accepted", "whether it has reached your health record"),
        ("refused", "is kept safely here"),
        ("discarded", "was not put into your health record. Your clinic decided that"),
        ("copied", "Your clinic has noted"),
    ],
)  # fmt: skip
def test_a_patient_reads_how_it_stands_and_nothing_that_is_not_so(outcome: str, said: str) -> None:
    assert said in str(refused_words(outcome))  # type: ignore[arg-type]
