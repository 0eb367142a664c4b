"""A response's bundle from its answers, against CSIRO's template-based extraction from the same response.

Ours scores and writes response, panel, scores and provenance; theirs finds the scores calculated in the response and makes the score
Observations alone, by templates made of the published scoring form. It measures itself, by Node's clock."""

from collections.abc import Iterable, Mapping
from typing import Any
from unittest.mock import patch

from fhir_mappings.instruments import canonicals
from fhir_mappings.submission import transaction
from fhir_mappings.submission.score_observations import observations
from tests.bench import twelve
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import Pair, interleaved, seconds_of
from tests.peers.extraction import filled_in, with_templates
from tests.peers.node_peers import engine

GOAL_BEFORE, GOAL_AFTER = 10, 3
_ASKED = 5


def _unchecked(resources: Iterable[Mapping[str, Any]]) -> None:
    """In the place of the validation that is left out."""


def _bundles(people: list[dict[str, int]]) -> list[object]:
    return [transaction.submission_bundle(twelve.submission(values), base=twelve.BASE) for values in people]


def _prepare(people: list[dict[str, int]]) -> None:
    """Give the engine the form and the filled-in responses. AssertionError when it makes other scores of them than ours."""
    made = [twelve.submission(values) for values in people]
    members = [[one for _, one in observations(each, base=twelve.BASE)[1:]] for each in made]
    responses = [
        filled_in(twelve.response(each.answers.values), {f"score.{key}": one.value for key, one in each.scores.items()}) for each in made
    ]
    templates = with_templates(twelve.form(), clinician=canonicals.rated_clinician(twelve.BASE), categories=members[0][0]["category"])
    engine("extract").ask("form", templates)
    theirs = engine("extract").ask("responses", responses)
    if [[_value(entry["resource"]) for entry in one["entry"]] for one in theirs] != [list(map(_value, one)) for one in members]:
        raise AssertionError("the extracted scores are others than ours")


def _value(observation: Mapping[str, Any]) -> tuple[str, float]:
    return observation["code"]["coding"][0]["code"], float(observation["valueQuantity"]["value"])


def _figure(when: str, pair: Pair, goal: float) -> Figure:
    raw = pair.text(ours="ours", other="sdc-template-extract") + "; 4 scores, which agree"
    name = f"response to bundle, {when}: times faster"
    return Figure(name=name, value=1 / pair.ratio, goal=goal, unit="×", raw=raw, at_least=True)


def measure(effort: Effort) -> Figures:
    """Before our validation of what we write, and after it."""
    people = twelve.people(seed=3)[:_ASKED]
    _prepare(people)
    rounds = effort.rounds(20)
    after = interleaved(lambda: _ours(people), _theirs, rounds=rounds)
    with patch.object(transaction, "check_all", _unchecked):
        before = interleaved(lambda: _ours(people), _theirs, rounds=rounds)
    return [_figure("before validation", before, GOAL_BEFORE), _figure("after validation", after, GOAL_AFTER)]


def _ours(people: list[dict[str, int]]) -> float:
    """Seconds for one response."""
    return seconds_of(lambda: _bundles(people)) / len(people)


def _theirs() -> float:
    """Seconds for one response."""
    return float(engine("extract").ask("seconds", 1))
