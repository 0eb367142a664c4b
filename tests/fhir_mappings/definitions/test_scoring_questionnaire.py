"""The published scoring forms: the capture form's items with weights, and expressions that score as we do."""

import random
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models
from msgspec.structs import replace

from fhir_mappings.definitions.questionnaire import questionnaire
from fhir_mappings.definitions.scoring_questionnaire import scoring_questionnaire
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.instrument import Confirmation, Instrument, Scale
from fhir_mappings.instruments.scoring import by_key
from fhir_mappings.r4 import systems
from fhir_mappings.r4.validation import check
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from tests.fhir_mappings.invented import FACTOR, MANY, NEEDS, NEGATIVE, SCORED, UNCONFIRMED, UNSCORED, scale
from tests.fhir_mappings.samples import BASE, CHECK_IN, LIBRARY, submission

_SEED = 4
# fhirpathpy takes a tenth of a second for a long form: fewer answers are made up for one.
_FEW = 9
CONFIRMATION = Confirmation(by="A. Reader", on=date(2026, 3, 1), source="The manual")
SHIPPED = [one for one in LIBRARY.instruments if one.scales]


def form(instrument: Instrument) -> Any:
    return scoring_questionnaire(instrument, next(iter(instrument.forms)), base=BASE)


def leaves(items: list[Any]) -> Iterator[Any]:
    for item in items:
        yield from leaves(item["item"]) if "item" in item else [item]


def extension(node: Any, url: str) -> Any:
    return next(one for one in node["extension"] if one["url"] == url)


def answered(instrument: Instrument, missing: int, rng: random.Random, *, without_value: bool = False) -> Answers:
    """Random answers with that many items left open, or answered with an option without a value."""
    valued = [option.value for option in instrument.options if option.value is not None]
    keys = [item.link_id for item in instrument.items]
    left = rng.sample(keys, missing)
    empty = next((option.code for option in instrument.options if option.value is None), None)
    extra = dict.fromkeys(left, empty) if without_value and empty else {}
    return Answers(values={key: rng.choice(valued) for key in keys if key not in left}, declined=(), extra=extra)


def response(instrument: Instrument, answers: Answers) -> Any:
    """The stored response, with weights also where this site has not confirmed the key."""
    informant = next(iter(instrument.forms))
    confirmed = replace(instrument, confirmation=CONFIRMATION)
    return questionnaire_response(submission(instrument=confirmed, informant=informant, answers=answers, scores={}), base=BASE)


def calculated(published: Any, given: Any) -> Mapping[str, Decimal | None]:
    """What the published form's own expressions make of a response, as a form filler runs them; to two decimals."""
    model, context = models["r4"], {"resource": given}
    for one in published["extension"]:
        if one["url"] == systems.VARIABLE:
            made = one["valueExpression"]
            context[made["name"]] = fhirpathpy.evaluate(given, made["expression"], context, model)
    found: dict[str, Decimal | None] = {}
    for item in published["item"]:
        if item["linkId"].startswith("score."):
            expression = extension(item, systems.CALCULATED)["valueExpression"]["expression"]
            result = fhirpathpy.evaluate(given, expression, context, model)
            found[item["linkId"].removeprefix("score.")] = _hundredths(result[0]) if result else None
    return found


def _hundredths(number: Any) -> Decimal:
    return Decimal(str(number)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def ours(instrument: Instrument, answers: Answers) -> Mapping[str, Decimal | None]:
    return {key: None if one.value is None else _hundredths(one.value) for key, one in by_key(instrument, answers.values).items()}


@pytest.mark.parametrize("instrument", [*SHIPPED, *(one for one in SCORED if one is not MANY)], ids=lambda one: one.slug)
def test_the_expressions_score_as_we_do_however_many_answers_are_missing(instrument: Instrument) -> None:
    published, rng = form(instrument), random.Random(_SEED)
    for missing in range(len(instrument.items) + 1):
        for _ in range(3 if len(instrument.items) <= _FEW else 1):
            answers = answered(instrument, missing, rng, without_value=rng.random() < 0.5)
            assert calculated(published, response(instrument, answers)) == ours(instrument, answers)


@pytest.mark.parametrize("missing", [0, 1, 6])
def test_the_expressions_of_64_items_score_as_we_do(missing: int) -> None:
    answers = answered(MANY, missing, random.Random(_SEED))
    assert calculated(form(MANY), response(MANY, answers)) == ours(MANY, answers)


@pytest.mark.parametrize("scales", [NEEDS.scales, NEEDS.scales[::-1]], ids=["needed first", "needed last"])
def test_a_score_that_needs_another_is_empty_with_it_and_with_what_that_needs(scales: tuple[Scale, ...]) -> None:
    instrument = replace(NEEDS, scales=scales)
    answers = Answers(values={f"item-{number}": 3 for number in (1, 4, 5, 6)}, declined=(), extra={})
    found = calculated(form(instrument), response(instrument, answers))
    assert found == ours(instrument, answers) == {"goal": None, "bond": None, "total": None}


def test_zero_is_a_score_and_nothing_answered_is_none() -> None:
    nothing = Answers(values={}, declined=(), extra={})
    zeros = Answers(values={item.link_id: 5 if item.reverse else 0 for item in FACTOR.items}, declined=(), extra={})
    assert calculated(form(FACTOR), response(FACTOR, nothing)) == {"total": None, "quarter": None, "some": None}
    assert set(calculated(form(FACTOR), response(FACTOR, zeros)).values()) == {Decimal("0.00")}


def test_a_weight_written_the_old_way_counts_as_well() -> None:
    answers = answered(NEGATIVE, 0, random.Random(_SEED))
    given = response(NEGATIVE, answers)
    for item in leaves(given["item"]):
        item["answer"][0]["valueCoding"]["extension"][0]["url"] = systems.ORDINAL_VALUE
    assert calculated(form(NEGATIVE), given) == ours(NEGATIVE, answers)


@pytest.mark.parametrize("instrument", [*SHIPPED, *SCORED, UNCONFIRMED], ids=lambda one: one.slug)
def test_the_scoring_form_asks_what_the_capture_form_asks_and_adds_hidden_scores(instrument: Instrument) -> None:
    for informant in instrument.forms:
        capture: Any = questionnaire(instrument, informant, base=BASE)
        made: Any = scoring_questionnaire(instrument, informant, base=BASE)
        check(made)
        asked = [one for one in leaves(made["item"]) if one["type"] == "choice"]
        bare = [{**one, "answerOption": [{"valueCoding": option["valueCoding"]} for option in one["answerOption"]]} for one in asked]
        assert bare == list(leaves(capture["item"]))
        assert made["derivedFrom"] == [f"{capture['url']}|{capture['version']}"]
        assert (made["url"], made["version"]) == (f"{capture['url']}-scoring", instrument.version)
        scores = made["item"][len(capture["item"]) :]
        assert [one["linkId"] for one in scores] == [f"score.{scale.key}" for scale in instrument.scales]
        for one in scores:
            assert (one["type"], one["readOnly"], one["required"]) == ("decimal", True, False)
            assert extension(one, systems.HIDDEN)["valueBoolean"] is True
            assert extension(one, systems.UNIT)["valueCoding"]["code"] == "{score}"


def test_the_kind_of_derivation_is_said_on_the_canonical_it_is_about() -> None:
    [said] = form(CHECK_IN)["_derivedFrom"]
    assert said["extension"][0]["url"] == "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
    assert said["extension"][0]["valueCoding"]["code"] == "extends"


def test_a_reversed_item_carries_reversed_weights_and_an_option_without_a_value_none() -> None:
    weights = {
        item["linkId"]: [option["extension"][0]["valueDecimal"] for option in item["answerOption"]]
        for item in leaves(form(NEGATIVE)["item"])
        if item["type"] == "choice"
    }
    assert weights["item-1"] == [-3, -2, -1, 1, 2, 3]
    assert weights["item-2"] == [3, 2, 1, -1, -2, -3]
    [last] = {len(item["answerOption"][-1]) for item in leaves(form(SCORED[1])["item"]) if item["type"] == "choice"}
    assert last == 1


def test_a_question_that_is_never_scored_has_no_weights() -> None:
    [asked] = [item for item in leaves(form(CHECK_IN)["item"]) if item["linkId"] == "difficult"]
    assert not any("extension" in option for option in asked["answerOption"])


def test_a_form_whose_key_nobody_confirmed_is_a_draft_that_says_so() -> None:
    made = form(UNCONFIRMED)
    assert (made["status"], made["experimental"]) == ("draft", True)
    assert "not verified" in made["description"]
    assert "must be confirmed" in made["description"]
    assert "not verified" in made["text"]["div"]
    confirmed = replace(UNCONFIRMED, confirmation=CONFIRMATION)
    assert (form(confirmed)["status"], form(confirmed)["experimental"]) == ("active", False)
    assert "A. Reader" in form(confirmed)["text"]["div"]


def test_an_instrument_without_scales_has_no_scoring_form() -> None:
    with pytest.raises(ValueError, match="has no scales"):
        form(UNSCORED)


def test_variables_are_names_fhirpath_can_read_and_no_two_are_the_same() -> None:
    alike = replace(NEEDS, scales=(scale("a-1", (1,)), scale("a1", (2,))))
    names = [one["valueExpression"]["name"] for one in form(alike)["extension"] if one["url"] == systems.VARIABLE]
    assert names == ["w1A1", "w2A1"]
