"""What a page offers, and in which words, as the record and the last submission stand; and that nothing else is taken."""

from typing import Any

import pytest
import requests

from tests.care.ehr import refusal
from tests.support.page import Page, read
from tests.web.clinic import ITEMS, SLUG, Clinic


def actions(page: Page) -> list[str]:
    return [link.get_text(" ", strip=True) for link in page.soup.select(".actions > a.button")]


def rate(rapport: Clinic, chart: str, value: str = "4", **more: str) -> Any:
    fields = rapport.blank(chart, "clinician") | dict.fromkeys(ITEMS, value) | more
    return rapport.send(chart, fields, "clinician")


def forgets(rapport: Clinic, *, kept: str = "Patient/") -> None:
    """What was stored is not brought back by any search, as where an answer of before the write is given again."""
    rapport.ehr.faults.append(
        lambda method, path: (
            (200, {}, '{"resourceType": "Bundle", "type": "searchset", "total": 0}')
            if method == "GET" and path in {"QuestionnaireResponse", "Observation"}
            else None
        )
    )


class TestAVisitThatWasRated:
    def test_it_says_so_with_the_score_and_no_longer_who_rates_first(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        before = rapport.get(chart)
        assert actions(before) == ["Hand over to patient", "Rate this visit"]
        assert "You rate first." in before.text
        assert rate(rapport, chart).status_code == 303
        page = rapport.get(chart)
        assert "You rated this visit: 4.00." in page.text
        assert actions(page) == ["Hand over to patient", "Rate it again"]
        assert "You rate first" not in page.text

    def test_it_is_rated_again_only_on_purpose(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rate(rapport, chart)
        assert "You rated this visit: 4.00." in rapport.form(chart, "clinician").text
        refused = read(rate(rapport, chart, "5"))
        assert (refused.status, len(rapport.ehr.of_type("QuestionnaireResponse"))) == (422, 1)
        assert "#confirmed-again" in refused.html
        assert rate(rapport, chart, "5", confirmed="again").status_code == 303
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 2

    def test_a_second_one_once_the_patients_can_be_seen_is_stored_as_that_and_the_first_still_counts(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rapport.send(chart, rapport.filled(chart))
        rate(rapport, chart)
        asked = read(rate(rapport, chart, "5", confirmed="again"))
        assert (asked.status, len(rapport.ehr.of_type("QuestionnaireResponse"))) == (422, 2)
        assert "the first stays the one that is drawn and compared" in asked.text
        assert "The box about the second rating" in asked.text
        assert rate(rapport, chart, "5", confirmed="after-seen").status_code == 303
        marked = [one for one in rapport.ehr.of_type("QuestionnaireResponse") if "given-after-seen" in str(one["extension"])]
        assert [one["author"]["reference"] for one in marked] == ["Practitioner/dr-1"]
        page = rapport.get(chart)
        assert "You rated this visit: 4.00." in page.text
        assert "given again after the other rating of that visit had been seen" in page.text
        # Also where a search answers from before either was stored.
        forgets(rapport)
        assert "You rated this visit: 4.00." in rapport.get(chart).text

    def test_two_forms_opened_side_by_side_are_not_both_stored_without_a_word(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        one, other = rapport.filled(chart, "clinician"), rapport.filled(chart, "clinician")
        assert rapport.send(chart, one, "clinician").status_code == 303
        assert rapport.send(chart, other, "clinician").status_code == 422
        # The same form once more is the first one's repetition.
        assert rapport.send(chart, one, "clinician").status_code == 303
        assert len(rapport.ehr.of_type("QuestionnaireResponse")) == 1

    def test_a_search_that_answers_from_before_does_not_hide_it(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rate(rapport, chart)
        forgets(rapport)
        assert "You rated this visit: 4.00." in rapport.get(chart).text
        assert rate(rapport, chart).status_code == 422

    def test_another_visits_rating_is_none_of_this_one(self, rapport: Clinic) -> None:
        rapport.server.token["encounter"] = "e1"
        rate(rapport, rapport.launch())
        rapport.server.token["encounter"] = "e2"
        chart = rapport.launch()
        assert "Rate this visit" in actions(rapport.get(chart))
        assert rate(rapport, chart).status_code == 303

    def test_the_patient_who_has_answered_is_handed_the_tablet_again_only_under_that_name(self, rapport: Clinic) -> None:
        chart = rapport.launch()
        rapport.send(chart, rapport.filled(chart))
        page = rapport.get(chart)
        assert actions(page)[0] == "Hand over again"
        assert page.soup.select_one(".actions .button-primary").get_text() == "Rate this visit"  # type: ignore[union-attr]
        rate(rapport, chart)
        assert rapport.get(chart).soup.select(".actions .button-primary") == []


@pytest.mark.parametrize(
    ("fault", "title", "stands"),
    [
        (requests.ReadTimeout("late"), "Not known whether it is in the record:", "is not known yet. Do not enter it again."),
        (refusal(429, "busy"), "Not in the record yet:", "is kept in Rapport and is not in the record yet."),
        (refusal(422, "no"), "The record did not take it:", "The record did not take your rating of this visit"),
    ],
)
def test_what_became_of_a_rating_is_called_what_it_is(rapport: Clinic, fault: Any, title: str, stands: str) -> None:
    chart = rapport.launch()
    fields = rapport.filled(chart, "clinician")
    rapport.ehr.faults.append(lambda method, path: fault if method == "POST" else None)
    if not isinstance(fault, tuple):
        forgets(rapport)
    rapport.send(chart, fields, "clinician")
    page = rapport.get(chart)
    assert title in page.text
    assert ("Not in the record:" in page.text) is False
    assert stands in page.text
    again = "Rate this visit" in actions(page)
    assert again == (fault == refusal(422, "no"))
    assert (rapport.form(chart, "clinician").status == 200) == again


def test_where_nothing_can_be_stored_nothing_is_called_rating_the_visit(rapport: Clinic) -> None:
    rapport.server.token["scope"] = "launch openid fhirUser patient/*.rs"
    page = rapport.get(rapport.launch())
    assert actions(page) == ["Hand over, kept in Rapport only", "Rate for the note"]
    assert "Answers cannot be stored in this record" in page.text
    assert "You rate first" not in page.text


class TestARatingThatWaits:
    def waiting(self, rapport: Clinic, *, then: str | None, encounter: str | None = "e1") -> Page:
        """The chart after the patient has rated in one visit, opened from another (`then`)."""
        rapport.server.token["encounter"] = encounter
        chart = rapport.launch()
        rapport.send(chart, rapport.filled(chart))
        rapport.server.token["encounter"] = then
        return rapport.get(rapport.launch())

    def test_of_this_visit_is_opened_by_rating_it(self, rapport: Clinic) -> None:
        page = self.waiting(rapport, then="e1")
        assert "The patient rated today’s visit. Rate this visit to see it, or show without rating (recorded)." in page.text
        assert page.soup.select_one(".actions .button-primary").get_text() == "Rate this visit"  # type: ignore[union-attr]

    def test_of_another_visit_is_opened_by_rating_that_one(self, rapport: Clinic) -> None:
        page = self.waiting(rapport, then="e2")
        assert "The patient rated today’s visit. Rate it now to see it, or show without rating (recorded)." in page.text
        assert [one.get_text() for one in page.soup.select(".waiting .button")] == ["Rate this visit now", "Show without rating"]

    def test_of_a_visit_that_is_over_does_not_wait_for_ever(self, rapport: Clinic) -> None:
        rapport.server.token["encounter"] = None
        chart = rapport.launch()
        rapport.send(chart, rapport.filled(chart))
        rapport.server.clock.forward(days=3)
        page = rapport.get(rapport.launch())
        assert (
            "It belongs to no visit that the record names, and a rating made now cannot be dated back. You can see it all the same: "
            "show without rating (recorded)." in page.text
        )
        assert "today" not in page.soup.select(".waiting")[0].get_text()

    def test_where_the_ehr_names_no_visit_none_is_spoken_of(self, rapport: Clinic) -> None:
        page = self.waiting(rapport, then=None, encounter=None)
        assert "The patient answered today." in page.text
        assert "today’s visit" not in page.text


def test_a_withdrawn_rating_is_not_called_unreadable(rapport: Clinic) -> None:
    chart = rapport.launch()
    rapport.send(chart, rapport.filled(chart))
    [response] = rapport.ehr.of_type("QuestionnaireResponse")
    rapport.ehr.put({**response, "status": "entered-in-error"})
    page = rapport.get(chart)
    assert "It was entered in error." in page.text
    assert "could not be read in full" not in page.text
    assert "Hand over to patient" in actions(page)


def test_other_questionnaires_follow_the_same_rule(rapport: Clinic) -> None:
    rapport.ehr.put({**rapport.ehr.resources["Patient/pat-1"], "deceasedBoolean": True})
    rapport.server.token["encounter"] = "e1"
    page = rapport.get(rapport.launch())
    assert actions(page) == ["Rate this visit"]
    assert f"/handover/{SLUG}" not in page.html
    assert "no form is handed over" in page.text
