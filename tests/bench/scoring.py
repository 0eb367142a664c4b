"""Scoring 12-item responses, against the published expressions of the same scoring form in fhirpathpy and in fhirpath.js.

The expressions are compiled once, outside the measurement, and read parsed responses that carry weights; Rapport scores the same people's
answers. fhirpath.js measures itself, by Node's clock, so that no line between the processes is counted."""

import random
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fhir_mappings.definitions.scoring_questionnaire import score_link_id
from fhir_mappings.instruments.scoring import score
from tests.bench import twelve
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import Pair, interleaved, seconds_of
from tests.peers.fhirpath_python import CompiledForm
from tests.peers.node_peers import engine

GOAL_PYTHON, GOAL_NODE = 500, 50
_CENTS = Decimal("0.01")
Scores = dict[str, Decimal | None]
# Scoring takes microseconds, the expressions milliseconds: one measurement is that many rounds of everybody, or that many people.
_ROUNDS, _ASKED_OF_PYTHON, _ROUNDS_OF_NODE = 8, 4, 4


def _in_python(form: CompiledForm, responses: Sequence[Mapping[str, Any]]) -> list[Scores]:
    """Every response's scores by fhirpathpy."""
    return [_by_scale(form.scores(one)) for one in responses]


def _in_node(responses: Sequence[Mapping[str, Any]]) -> list[Scores]:
    """Every response's scores by fhirpath.js."""
    return [_by_scale(one) for one in engine("fhirpath").ask("scores", responses)]


def _by_scale(found: Mapping[str, Decimal | int | None]) -> Scores:
    """Scores by key, to two decimals."""
    return {scale.key: _rounded(found[score_link_id(scale)]) for scale in twelve.INSTRUMENT.scales}


def _rounded(number: Decimal | int | None) -> Decimal | None:
    return None if number is None else Decimal(number).quantize(_CENTS, ROUND_HALF_UP)


def _agree(python: CompiledForm) -> None:
    """AssertionError unless all three give the same scores, also where answers are missing."""
    rng = random.Random(12)
    asked = [twelve.answers(rng, missing=missing) for missing in (0, 0, 1, 2, 3, 6, 12)]
    responses = [twelve.response(values) for values in asked]
    ours = [{key: found.value for key, found in score(twelve.INSTRUMENT, values).items()} for values in asked]
    for name, theirs in (("fhirpathpy", _in_python(python, responses)), ("fhirpath.js", _in_node(responses))):
        if theirs != ours:
            raise AssertionError(f"{name} gives other scores: {theirs}, ours {ours}")


def _figure(name: str, pair: Pair, goal: float) -> Figure:
    raw = pair.text(ours="ours", other=name) + f"; a response, 4 scores, of {twelve.PEOPLE} people; all agree"
    title = f"scoring 12 items: times faster than {name}"
    return Figure(name=title, value=1 / pair.ratio, goal=goal, unit="×", raw=raw, at_least=True)


def measure(effort: Effort) -> Figures:
    """How many times faster than each engine."""
    python, node, people = CompiledForm(twelve.form()), engine("fhirpath"), twelve.people(seed=12)
    responses = [twelve.response(values) for values in people]
    node.ask("form", twelve.form())
    _agree(python)
    node.ask("responses", responses)
    ours = _each(lambda: [score(twelve.INSTRUMENT, values) for values in people * _ROUNDS], twelve.PEOPLE * _ROUNDS)
    in_python = _each(lambda: [python.scores(one) for one in responses[:_ASKED_OF_PYTHON]], _ASKED_OF_PYTHON)
    against_python = interleaved(ours, in_python, rounds=effort.rounds(40))
    against_node = interleaved(ours, lambda: float(node.ask("seconds", _ROUNDS_OF_NODE)), rounds=effort.rounds(40), unmeasured=5)
    return [_figure("fhirpathpy", against_python, GOAL_PYTHON), _figure("fhirpath.js", against_node, GOAL_NODE)]


def _each(act: Callable[[], object], count: int) -> Callable[[], float]:
    """A measurement of `act`, in seconds for one of the `count` responses it is about."""
    return lambda: seconds_of(act) / count
