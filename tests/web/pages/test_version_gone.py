"""A version whose file is gone, on the page."""

from tests.web.clinic import ITEMS, Clinic
from tests.web.pages.test_reveal import SOFIA, opens

GONE = "0.0.9"
WORDS = "This version of the form is not installed any more, so its scores are shown and not judged."


def answered(rapport: Clinic, value: str, *, rated: bool) -> str:
    """The chart after a visit, both of whose forms are of the version that is gone."""
    chart = opens(rapport, SOFIA)
    assert rapport.send(chart, rapport.blank(chart) | dict.fromkeys(ITEMS, value)).status_code == 303
    if rated:
        assert rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").status_code == 303
    for form in rapport.ehr.of_type("QuestionnaireResponse"):
        address = form["questionnaire"].partition("|")[0]
        rapport.ehr.put(form | {"questionnaire": f"{address}|{GONE}"})
    return opens(rapport, SOFIA)


def test_its_scores_stand_there_and_the_page_says_what_becomes_of_them(rapport: Clinic) -> None:
    page = rapport.get(answered(rapport, "2", rated=True))
    assert page.status == 200
    assert "Patient 2.00" in page.text
    assert f"version {GONE}" in page.text
    assert WORDS in page.text
    assert GONE in page.text


def test_before_the_clinician_has_rated_neither_score_nor_version_shows(rapport: Clinic) -> None:
    low, high = (rapport.get(answered(rapport, value, rated=False)).text for value in ("2", "5"))
    assert all(GONE not in text and WORDS not in text and "Patient 2.00" not in text for text in (low, high))
    assert "The patient has answered" in low or "kept back" in low
