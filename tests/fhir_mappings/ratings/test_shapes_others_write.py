"""What other form fillers and servers are reported to write: read where it can be, said where it cannot, and never guessed."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_mappings.reliable_change.latest_change import rating_changes
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, judge
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from tests.fhir_mappings.ratings.test_rating_reader import codes_of, read, scores_of
from tests.fhir_mappings.samples import CHECK_IN, LIBRARY, Json, stored, submission

TERMS = load_terms()


def answered(answer: Any) -> tuple[Any, list[Any]]:
    """What is read of a response whose first item is answered so, and what is said of it."""
    response = stored(submission("444 444 444"))["response"]
    response["item"][0]["item"][0] |= {"answer": answer}
    [rating], skipped = read([response])
    return rating, skipped


@pytest.mark.parametrize(
    "answer",
    [
        # A form filler that answers strings as codings without a code: github.com/LHNCBC/lforms/issues/93
        [{"valueCoding": {"display": "Mostly"}}],
        # A coding that is not wrapped: github.com/medplum/medplum/issues/3077
        [{"system": f"{CHECK_IN.slug}-options", "code": "4", "display": "Mostly"}],
        # Options of whole numbers, sent as text or as numbers: github.com/NUMde/compass-numapp-frontend/pull/21
        [{"valueInteger": 4}],
        [{"valueString": "4"}],
        [{"valueDecimal": Decimal("4.0")}],
        [{"valueCoding": {"code": 4}}],
        # Another vocabulary's name of the answer: github.com/roux-ohdsi/allofus/issues/24
        [{"valueCoding": {"system": "http://loinc.org", "code": "LA6752-5"}}],
        [{"valueCoding": {"code": "4,0"}}],
    ],
)
def test_an_answer_whose_option_is_not_told_is_left_out_and_said(answer: list[Json]) -> None:
    rating, [skip] = answered(answer)
    assert "goal-1" not in rating.answers
    assert (skip.code, rating.scores["goal"].answered, rating.scores["total"].text) == ("answer_unreadable", 2, "4.00")


@pytest.mark.parametrize("answer", [[], [{}], [None], None])
def test_a_question_left_open_in_whatever_way_is_open_and_nothing_is_said(answer: Any) -> None:
    # An answer without a value stands for none: github.com/medplum/medplum/pull/7251, github.com/ahdis/matchbox-formfiller/issues/106
    rating, skipped = answered(answer)
    assert ("goal-1" not in rating.answers, rating.scores["goal"].answered, skipped) == (True, 2, [])


def test_a_code_without_its_system_is_one_of_the_form_it_stands_in() -> None:
    # github.com/LHNCBC/lforms/issues/198
    rating, skipped = answered([{"valueCoding": {"code": "2"}}])
    assert (rating.answers["goal-1"], skipped) == (2, [])


def test_answers_to_questions_that_the_form_does_not_have_are_counted_and_not_passed_off_as_open() -> None:
    # Questions renumbered or replaced under the same form: github.com/muccg/rdrf/issues/1629, github.com/e-valuation/EvaP/issues/316
    response = stored(submission("444 444 444"))["response"]
    for item in response["item"][0]["item"]:
        item["linkId"] = f"/{item['linkId']}"
    [rating], [skip] = read([response])
    assert (rating.scores["goal"].value, skip.code) == (None, "answer_unreadable")
    assert skip.reason == "3 answers belong to no question of this form."
    one = stored(submission("444 444 444"))["response"]
    one["item"].append({"linkId": "signature", "answer": [{"valueString": "I. H."}]})
    one["item"].append({"linkId": "left-open", "answer": []})
    assert [skip.reason for skip in read([one])[1]] == ["1 answer belongs to no question of this form."]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        # A decimal comma, a trailing point, a number with words: github.com/dcarbone/php-fhir/issues/101,
        # github.com/hapifhir/hapi-fhir/issues/7604, github.com/metriport/metriport/pull/1546
        ({"valueString": "4,00"}, "“4,00”"),
        ({"valueQuantity": {"value": "4."}}, "“4.”"),
        ({"valueString": "4.00 of 5"}, "“4.00 of 5”"),
        ({"valueQuantity": {"value": "NaN"}}, "“NaN”"),
        ({"valueQuantity": {"value": float("inf")}}, None),
        ({"valueQuantity": {}}, None),
        ({}, None),
    ],
)
def test_a_score_that_is_no_plain_number_is_listed_as_it_stands_and_the_answers_give_it(value: Json, shown: str | None) -> None:
    parts = stored(submission("444 444 444"))
    del parts["total"]["valueQuantity"]
    parts["total"] |= value
    [rating], [skip] = read(parts.values())
    assert (skip.code, skip.shown, rating.scores["total"].text) == ("value_missing", shown, "4.00")


def test_a_number_as_text_is_a_number() -> None:
    # github.com/microsoft/FHIR-Converter/issues/310
    parts = stored(submission("444 345 554"))
    parts["total"]["valueQuantity"]["value"] = "4.22"
    [rating], skipped = read(parts.values())
    assert (rating.scores["total"].value, skipped) == (Decimal("4.22"), [])


def test_the_same_answers_stored_with_more_digits_are_the_same_score() -> None:
    # Scores are stored as whole numbers by one program and with six digits by another: github.com/USM-CHU-FGuyon/BlendedICU/issues/19
    earlier, later = (stored(submission("444 345 554", key=key, encounter=key)) for key in ("a", "b"))
    for part in earlier.values():
        part["authored" if part["resourceType"] == "QuestionnaireResponse" else "effectiveDateTime"] = "2026-08-01"
    for role, many in (("total", "4.2222222222"), ("bond", "4.6666666667")):
        later[role]["valueQuantity"]["value"] = Decimal(many)
    ratings, skipped = read([*earlier.values(), *later.values()])
    assert skipped == []
    assert [one.moved for one in rating_changes(CHECK_IN, later=ratings[1], earlier=ratings[0])] == ["stayed"]
    found = judge(ratings[1], ratings, library=LIBRARY, terms=TERMS)
    assert isinstance(found, Judgement)
    assert found.raised == ()


def test_a_version_is_the_one_that_the_response_names_whatever_the_server_resolves() -> None:
    # github.com/hapifhir/hapi-fhir/issues/7354
    response = stored(submission("444 444 444"))["response"]
    old = response | {"id": "old", "identifier": None, "questionnaire": response["questionnaire"].replace("0.2.0", "0.1.0")}
    assert sorted(one.version for one in read([response, old])[0]) == ["0.1.0", "0.2.0"]


def test_a_response_that_names_its_form_by_an_id_gives_its_scores_all_the_same() -> None:
    # github.com/ohs-foundation/android-fhir/issues/1028
    parts = stored(submission("444 444 444"))
    parts["response"]["questionnaire"] = "Questionnaire/123"
    [rating], skipped = read(parts.values())
    assert (rating.answers, rating.scores["total"].text, skipped) == ({}, "4.00", [])
    assert codes_of(read([parts["response"]])[1]) == []
    assert scores_of(parts)
