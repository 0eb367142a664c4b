"""What Rapport publishes and scores, in engines nobody here wrote: the scoring forms' expressions give the scores Rapport gives, on every
missing-data case of every scale, and every FHIRPath expression that is published can be run."""

import random
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.definitions.scoring_questionnaire import score_link_id, scoring_questionnaire
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import PANEL, rated_clinician
from fhir_mappings.instruments.instrument import Confirmation, Informant, Instrument, Scale
from fhir_mappings.instruments.scoring import by_key
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from fhir_mappings.submission.score_observations import observations
from fhir_mappings.submission.submission import Submission
from tests.fhir_mappings.invented import SCORED
from tests.fhir_mappings.samples import BASE, LIBRARY, submission
from tests.peers.extraction import filled_in, with_templates
from tests.peers.fhirpath_python import CompiledForm
from tests.peers.node_peers import Name, engine, fhirpath_expressions, fhirpath_problems

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
_SEED = 40
_CONFIRMED = Confirmation(by="a test", on=date(2026, 11, 22), source="nothing: for comparing engines only")
_HUNDREDTHS = Decimal("0.01")
Scores = dict[str, Decimal | None]
Json = dict[str, Any]


class Form(NamedTuple):
    """One informant's form of a scored instrument; its key counts as confirmed, so that responses carry weights."""

    instrument: Instrument
    informant: Informant

    @property
    def name(self) -> str:
        """As the test is called."""
        return f"{self.instrument.slug}-{self.informant}"

    def published(self) -> Json:
        """The scoring form."""
        return scoring_questionnaire(self.instrument, self.informant, base=BASE)

    def submission(self, answers: Answers) -> Submission:
        """The answers with their scores."""
        scores = by_key(self.instrument, answers.values)
        return submission(instrument=self.instrument, informant=self.informant, answers=answers, scores=scores)

    def response(self, answers: Answers) -> Json:
        """What Rapport stores of those answers."""
        return questionnaire_response(self.submission(answers), base=BASE)


FORMS = [
    Form(replace(one, confirmation=_CONFIRMED), informant)
    for one in (*LIBRARY.instruments, *SCORED)
    if one.scales
    for informant in one.forms
]
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def cases(instrument: Instrument) -> list[Answers]:
    """For every scale: none of its items answered, one fewer than the rule needs, just enough, all; the other items at random. What is not
    answered is left open, declined, or answered with an option without a value."""
    rng = random.Random(_SEED)
    found = [answered(instrument, {item.link_id for item in instrument.items}, rng)]
    for scale in instrument.scales:
        counts = sorted({0, scale.min_answered - 1, scale.min_answered, len(scale.items)})
        found.extend(answered(instrument, _some(instrument, scale, count, rng), rng) for count in counts)
    return found


def _some(instrument: Instrument, scale: Scale, count: int, rng: random.Random) -> set[str]:
    """The items to answer: `count` of the scale's, and of the others all, or half."""
    others = [item.link_id for item in instrument.items if item.link_id not in scale.items]
    return {*rng.sample(scale.items, count), *(one for one in others if rng.random() < rng.choice((0.5, 1)))}


def answered(instrument: Instrument, given: set[str], rng: random.Random) -> Answers:
    """Random values for the items `given`."""
    valued = [option.value for option in instrument.options if option.value is not None]
    unvalued = [option.code for option in instrument.options if option.value is None]
    left = {item.link_id: rng.choice(("open", "declined", *unvalued)) for item in instrument.items if item.link_id not in given}
    return Answers(
        values={item.link_id: rng.choice(valued) for item in instrument.items if item.link_id in given},
        declined=tuple(link_id for link_id, how in left.items() if how == "declined"),
        extra={link_id: how for link_id, how in left.items() if how in unvalued},
    )


def ours(form: Form, answers: Answers) -> Scores:
    """Rapport's own scores."""
    return {key: rounded(one.value) for key, one in by_key(form.instrument, answers.values).items()}


def rounded(number: Decimal | int | None) -> Decimal | None:
    """To two decimals, half up; what an engine of binary numbers calls 2.6666666666666665 is meant to the last digit but a few."""
    return None if number is None else Decimal(number).quantize(_HUNDREDTHS, ROUND_HALF_UP)


def scored_by(name: Name, form: Form, responses: Sequence[Json]) -> list[Scores]:
    """What an engine makes of the published form and the responses."""
    engine(name).ask("form", form.published())
    return [by_scale(form, one) for one in engine(name).ask("scores", responses)]


def by_scale(form: Form, found: Mapping[str, Decimal | int | None]) -> Scores:
    """Scores by key instead of link id."""
    return {scale.key: rounded(found.get(score_link_id(scale))) for scale in form.instrument.scales}


@every_form
@pytest.mark.parametrize("name", ["fhirpath", "lforms"])
def test_an_engine_gives_the_scores_rapport_gives_however_many_answers_are_missing(name: Name, form: Form) -> None:
    given = cases(form.instrument)
    assert scored_by(name, form, [form.response(one) for one in given]) == [ours(form, one) for one in given]


@every_form
def test_fhirpathpy_gives_the_scores_rapport_gives_however_many_answers_are_missing(form: Form) -> None:
    given, compiled = cases(form.instrument), CompiledForm(form.published())
    assert [by_scale(form, compiled.scores(form.response(one))) for one in given] == [ours(form, one) for one in given]


@every_form
def test_lhc_forms_takes_the_weights_from_the_form_where_a_response_has_none(form: Form) -> None:
    """A form filler starts from codes; the weights of a reversed item are the form's to say."""
    given = cases(form.instrument)[:4]
    bare = [_without_weights(form.response(one)) for one in given]
    assert scored_by("lforms", form, bare) == [ours(form, one) for one in given]


def _without_weights(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: {**value, "extension": []} if key == "valueCoding" else _without_weights(value) for key, value in node.items()}
    return [_without_weights(one) for one in node] if isinstance(node, list) else node


@every_form
def test_csiro_s_extraction_makes_the_observations_rapport_writes(form: Form) -> None:
    """From the response with the scores a form filler leaves in it, by templates made of the published form."""
    category = observations(form.submission(cases(form.instrument)[0]), base=BASE)[0][1]["category"]
    engine("extract").ask("form", with_templates(form.published(), clinician=rated_clinician(BASE), categories=category))
    for answers in cases(form.instrument):
        made = form.submission(answers)
        response = filled_in(form.response(answers), {f"score.{key}": one.value for key, one in made.scores.items()})
        found = engine("extract").ask("extracted", response) if made.scored() else {"entry": []}
        members = [resource for role, resource in observations(made, base=BASE) if role != PANEL]
        assert [_comparable(entry["resource"]) for entry in found["entry"]] == [_comparable(one) for one in members]


def _comparable(observation: Json) -> Json:
    """Without what a template cannot know (identifier, issue, the name beside a reference, our urn of the response), and with the number
    as a number: fhirpath.js hands decimals on as text."""
    quantity = observation["valueQuantity"]
    return {
        **{key: value for key, value in observation.items() if key not in {"identifier", "issued", "derivedFrom"}},
        "focus": [{"reference": one["reference"]} for one in observation["focus"]],
        "valueQuantity": {**quantity, "value": Decimal(quantity["value"])},
    }


def test_the_cases_hold_both_sides_of_every_threshold() -> None:
    for form in FORMS:
        found = [by_key(form.instrument, one.values) for one in cases(form.instrument)]
        for scale in form.instrument.scales:
            counts = {one[scale.key].answered for one in found}
            assert {0, scale.min_answered - 1, scale.min_answered, len(scale.items)} <= counts, (form.name, scale.key)


def test_every_published_expression_runs_in_fhirpath_js() -> None:
    published = [*definitions(LIBRARY, base=BASE), *(form.published() for form in FORMS)]
    assert [(one["url"], problem) for one in published for problem in fhirpath_problems(one)] == []
    assert sum(len(list(fhirpath_expressions(one))) for one in published) > 200


def _at(way: str, text: str) -> Json:
    """A resource with an expression at one of the places that have some."""
    expression = {"language": "text/fhirpath", "expression": text}
    question = "http://hl7.org/fhir/StructureDefinition/questionnaire-constraint"
    template = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-templateExtractValue"
    places: Mapping[str, Json] = {
        "calculation": {"item": [{"linkId": "a", "extension": [{"url": "calculated", "valueExpression": expression}]}]},
        "constraint of a question": {"extension": [{"url": question, "extension": [{"url": "expression", "valueString": text}]}]},
        "constraint of an element": {"differential": {"element": [{"path": "Extension", "constraint": [{"expression": text}]}]}},
        "context of an extension": {"context": [{"type": "fhirpath", "expression": text}]},
        "extraction template": {"contained": [{"_status": {"extension": [{"url": template, "valueString": text}]}}]},
    }
    return places[way]


@pytest.mark.parametrize(
    "way", ["calculation", "constraint of a question", "constraint of an element", "context of an extension", "extraction template"]
)
@pytest.mark.parametrize(
    ("text", "says"),
    [("item.where(linkId = 'goal'", "missing ')'"), ("item.wheer(a)", "no function wheer()"), ("%w1Gaol.count()", "no variable %w1Gaol")],
)
def test_an_expression_that_cannot_run_is_refused_wherever_it_stands(way: str, text: str, says: str) -> None:
    [problem] = fhirpath_problems(_at(way, text))
    assert says in problem
    assert fhirpath_problems(_at(way, "item.where(linkId = 'goal').count() + %resource.item.count()")) == []


def test_an_element_named_as_the_context_of_an_extension_is_no_expression() -> None:
    assert list(fhirpath_expressions({"context": [{"type": "element", "expression": "Observation.value[x]"}]})) == []
