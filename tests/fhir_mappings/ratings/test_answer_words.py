"""The words that the answers had when they were given: as they were stored, or those of the form where they are the same."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scores import Score
from fhir_mappings.ratings.rating import Rating, by_answer_words
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.reliable_change.score_series import series_of
from tests.fhir_mappings.ratings.test_rating_reader import read, scores_of
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, Json, stored, submission

OWN = {one.code: one.label for one in CHECK_IN.options}
OTHER = {"3": "Sometimes", "4": "Often", "5": "Always"}


def worded(words: Mapping[str, str | None], *, key: str = "k1", day: str = "2026-08-01") -> Json:
    """A response whose answers were stored in these words; None: in none."""
    response = stored(submission("444 345 554", key=key, encounter=key))["response"] | {"authored": day}
    for item in response["item"][0]["item"] + response["item"][1]["item"] + response["item"][2]["item"]:
        for answer in item.get("answer", ()):
            coding = answer["valueCoding"]
            coding.pop("display", None)
            if words.get(coding["code"]):
                coding["display"] = words[coding["code"]]
    return response


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (OWN, OWN), ({"4": "  mostly "}, OWN), ({}, {}), (OTHER, OTHER), ({"5": "Always"}, {"5": "Always"}),
        ({"3": "Partly", "4": "Often"}, {"3": "Partly", "4": "Often"}),
    ],
)  # fmt: skip
def test_they_are_the_forms_own_as_a_whole_or_what_was_stored(words: dict[str, str | None], told: dict[str, str]) -> None:
    [rating], skipped = read([worded(words)])
    assert (dict(rating.anchors), skipped) == (told, [])


def test_what_was_not_stored_with_answers_tells_none() -> None:
    [rating], _ = read(scores_of(stored(submission())))
    assert rating.anchors == {}
    [declined], _ = read(stored(submission("xxx xxx xxx")).values())
    assert declined.anchors == {}


def test_the_direct_questions_answer_is_no_word_of_the_scale() -> None:
    response = worded(OWN)
    response["item"][-1] = {"linkId": "difficult", "answer": [{"valueCoding": {"code": "no", "display": "Not in the least"}}]}
    assert read([response])[0][0].anchors == OWN


def test_a_pack_that_changes_its_words_begins_a_series_and_one_that_has_none_any_more_does_not() -> None:
    old, new = worded(OTHER, key="a"), worded(OWN, key="b", day="2026-09-01")
    assert [len(one.points) for one in series_of(read([old, new])[0], "total")] == [1, 1]
    silent = Library(tuple(replace(one, options=tuple(replace(each, label=None) for each in one.options)) for one in LIBRARY.instruments))
    both = [worded(OWN, key="a"), new]
    ratings, _ = read_ratings(silent, both, [], patient=WHO, base=BASE)
    assert [len(one.points) for one in series_of(ratings, "total")] == [2]


def test_in_another_language_nothing_is_compared_with_the_words_of_the_form() -> None:
    [rating], _ = read([worded({"4": "Mostly"}) | {"language": "fr"}])
    assert rating.anchors == {"4": "Mostly"}


def rated(words: dict[str, str]) -> Rating:
    [rating], _ = read([stored(submission())["response"]])
    assert isinstance(rating.scores["total"], Score)
    return replace(rating, anchors=words)


def test_ratings_that_share_no_answer_belong_together_and_one_contradiction_parts_them() -> None:
    low, high, other = rated({"1": "Never"}), rated({"5": "Always"}), rated({"5": "Completely"})
    assert by_answer_words([low, high], lambda one: one.anchors) == [(low, high)]
    assert by_answer_words([low, high, other], lambda one: one.anchors) == [(low, high), (other,)]
    assert by_answer_words([], lambda one: one.anchors) == []
