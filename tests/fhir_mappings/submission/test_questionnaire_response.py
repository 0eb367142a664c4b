"""What is answered is stored, and what is stored is read back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.r4 import systems
from fhir_mappings.r4.validation import check
from fhir_mappings.ratings.answers_reader import read_answers
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from tests.fhir_mappings.samples import BASE, CHECK_IN, stored, submission

SIGNS = st.text(alphabet="12345x.", min_size=9, max_size=9)


def response(signs: str, **changes: Any) -> Any:
    return questionnaire_response(submission(signs, **changes), base=BASE)


@given(SIGNS, st.sampled_from(["no", "a-little", "yes", "rather-not-say", None]))
def test_every_form_is_read_back_as_it_was_answered(signs: str, difficult: str | None) -> None:
    made = submission(signs)
    extra = {"difficult": difficult} if difficult else {}
    answers = Answers(values=made.answers.values, declined=made.answers.declined, extra=extra)
    assert read_answers(CHECK_IN, questionnaire_response(replace(made, answers=answers), base=BASE)) == (answers, ())


def test_a_declined_item_has_a_reason_and_no_answer_and_an_open_one_is_left_out() -> None:
    made = response("4x. ... ...")
    first, second = made["item"][0]["item"]
    assert second["extension"] == [{"url": systems.DATA_ABSENT_REASON, "valueCode": "asked-declined"}]
    assert "answer" not in second
    assert "extension" not in first
    assert [group["linkId"] for group in made["item"]] == ["goal", "difficult"]


def test_the_weight_of_a_reversed_item_is_mirrored_and_its_code_is_not() -> None:
    turned = replace(CHECK_IN, items=tuple(replace(item, reverse=True) for item in CHECK_IN.items))
    coding = response("555 555 555", instrument=turned)["item"][0]["item"][0]["answer"][0]["valueCoding"]
    assert (coding["code"], coding["extension"][0]["valueDecimal"]) == ("5", 1)


def test_wording_that_may_not_ship_is_not_stored() -> None:
    closed = replace(CHECK_IN, rights=replace(CHECK_IN.rights, wording_ships=False))
    made = response("444 444 444", instrument=closed)
    check(made)
    assert "text" not in str(made["item"])


def test_no_name_is_stored_in_an_item() -> None:
    assert "{" not in "".join(item["text"] for group in response("444 444 444")["item"] for item in group.get("item", []))


@pytest.mark.parametrize(
    ("answer", "odd"),
    [
        ([{"valueCoding": {"code": "9"}}], ("goal-1 has an answer that is not on offer",)),
        ([{"valueCoding": {"code": "4"}}, {"valueCoding": {"code": "5"}}], ("goal-1 has 2 answers",)),
        ([{"valueInteger": 4}], ("goal-1 has an answer that is not on offer",)),
    ],
)
def test_an_answer_that_cannot_be_understood_is_said(answer: object, odd: tuple[str, ...]) -> None:
    answers, said = read_answers(CHECK_IN, {"item": [{"linkId": "goal-1", "answer": answer}]})
    assert (answers.values, said) == ({}, odd)


@pytest.mark.parametrize("absent", [None, [], {}])
def test_an_item_without_an_answer_is_open(absent: object) -> None:
    assert read_answers(CHECK_IN, {"item": [{"linkId": "goal-1", "answer": absent}]})[1] == ()


def test_a_nested_form_without_groups_is_read_too() -> None:
    flat = [{"linkId": "goal-1", "answer": [{"valueCoding": {"code": "4"}}]}]
    assert read_answers(CHECK_IN, {"item": flat})[0].values == {"goal-1": 4}


def test_an_item_that_stands_there_twice_with_different_answers_is_not_used() -> None:
    twice = [{"linkId": "goal-1", "answer": [{"valueCoding": {"code": code}}]} for code in ("2", "5")]
    answers, said = read_answers(CHECK_IN, {"item": twice})
    assert answers.values == {}
    assert said == ("goal-1 stands there twice",)


def test_an_item_both_answered_and_declined_counts_as_answered_and_only_once() -> None:
    both = [{"linkId": "goal-1", "extension": [{"valueCode": "asked-declined"}], "answer": [{"valueCoding": {"code": "4"}}]}]
    answers, _ = read_answers(CHECK_IN, {"item": both})
    assert (answers.values, answers.declined) == ({"goal-1": 4}, ())


@pytest.mark.parametrize(("answering", "display"), canonicals.ANSWERING.items())
def test_who_said_that_they_answer_stands_on_the_response(answering: Answering, display: str) -> None:
    response = stored(submission(answering=answering))["response"]
    (said,) = [one for one in response["extension"] if one["url"] == canonicals.answering(BASE)]
    assert said["valueCodeableConcept"]["coding"] == [{"system": canonicals.answering_system(BASE), "code": answering, "display": display}]


def test_where_it_was_not_asked_nothing_is_said_of_it() -> None:
    assert not [one for one in stored(submission())["response"]["extension"] if one["url"] == canonicals.answering(BASE)]


def test_somebody_who_answers_for_the_patient_is_not_called_the_patient() -> None:
    written = stored(submission(answering="proxy", answered_by=None, recorded_by=None))
    assert not {"source", "author"} & set(written["response"])
    assert "performer" not in written["total"]
    author, *_ = written["provenance"]["agent"]
    assert author["who"] == {"display": "Somebody who answered for the patient"}
    assert not [one for one in written["provenance"]["agent"] if one["type"]["coding"][0]["code"] == "enterer"]
