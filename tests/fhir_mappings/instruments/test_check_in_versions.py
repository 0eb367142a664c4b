"""The check-in in two versions, side by side: each answered, scored and read by its own file."""

import pytest

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.scoring import score
from fhir_mappings.ratings.rating import Rating, version_breaks
from fhir_mappings.ratings.rating_reader import read_ratings
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, stored, submission, values

FIRST = LIBRARY.get("rapport-check-in", version="0.1.0")
NEW = {
    "goal-1": ("I had a say in what we are aiming for.", "{patient} had a say in what we are aiming for."),
    "task-3": ("I had a say in the next steps.", "{patient} had a say in the next steps."),
    "bond-1": ("I could say everything I wanted to say.", "{patient} could say everything they wanted to say."),
}


def read(*signs_and_forms: tuple[str, Instrument]) -> list[Rating]:
    responses = [
        stored(submission(signs, instrument=form, scores=score(form, values(signs)), key=f"k{place}"))["response"]
        for place, (signs, form) in enumerate(signs_and_forms)
    ]
    return read_ratings(LIBRARY, responses, [], patient=WHO, base=BASE)[0]


def test_new_forms_are_of_the_newest_version_and_the_older_one_is_still_known() -> None:
    assert (CHECK_IN.version, FIRST.version) == ("0.2.0", "0.1.0")
    assert [one.version for one in LIBRARY.newest if one.slug == "rapport-check-in"] == ["0.2.0"]


def test_the_newest_asks_about_having_a_say_and_no_more_about_confidence() -> None:
    before = {item.link_id: item.text for item in FIRST.items}
    changed = {item.link_id: (item.text["patient"], item.text["clinician"]) for item in CHECK_IN.items if item.text != before[item.link_id]}
    assert changed == NEW
    assert not [text for item in CHECK_IN.items for text in item.text.values() if "manage" in text]


@pytest.mark.parametrize("form", [FIRST, CHECK_IN])
def test_there_are_nine_items_three_of_each_element(form: Instrument) -> None:
    assert {scale.key: len(scale.items) for scale in form.scales} == {"total": 9, "goal": 3, "task": 3, "bond": 3}
    assert form.why_unscored is None


def test_the_time_asked_about_is_told_by_the_place_and_by_no_item() -> None:
    own = CHECK_IN.forms["patient"]
    assert ["today" in own.intro, "last visit" in own.intro_home] == [True, True]
    assert (CHECK_IN.recall, CHECK_IN.recall_home) == ("today's visit", "the last visit")
    assert not [text for item in CHECK_IN.items for text in item.text.values() if "oday" in text]


def test_the_direct_question_says_yes_where_it_means_yes() -> None:
    said = {form.version: [option.label for option in form.questions[0].options] for form in (FIRST, CHECK_IN)}
    assert said["0.2.0"] == ["No", "Yes, a little", "Yes", "I would rather not say"]
    assert said["0.1.0"][1] == "A little"


def test_no_label_promises_what_no_item_asks() -> None:
    assert not [scale.about for form in (FIRST, CHECK_IN) for scale in form.scales if "agreement" in scale.about]


def test_an_answer_is_scored_by_the_version_it_was_given_on() -> None:
    first, second = read(("444 345 554", FIRST), ("444 345 554", CHECK_IN))
    assert (first.version, second.version) == ("0.1.0", "0.2.0")
    assert {one.scores["total"].text for one in (first, second)} == {"4.22"}
    assert version_breaks([first, second]) == {second.source}
    assert version_breaks([second, second]) == frozenset()
