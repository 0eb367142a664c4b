"""Scoring stored responses anew from their JSON: parse, read the answers, score. Against parsing the same JSON alone."""

import json
import time

import simplejson

from fhir_mappings.instruments.scoring import score
from fhir_mappings.ratings.answers_reader import read_answers
from tests.bench import twelve
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import interleaved

GOAL = 3
# A response takes tens of microseconds: one measurement is everybody's, that often.
_ROUNDS = 4


def _rescored(text: str) -> object:
    answers, odd = read_answers(twelve.INSTRUMENT, json.loads(text))
    if odd:
        raise AssertionError(f"a response of ours is odd: {odd}")
    return score(twelve.INSTRUMENT, answers.values)


def _seconds_to_rescore(texts: list[str]) -> float:
    """Processor time for one response."""
    began = time.process_time()
    for text in texts:
        _rescored(text)
    return (time.process_time() - began) / len(texts)


def _seconds_to_parse(texts: list[str]) -> float:
    """Processor time for one response."""
    began = time.process_time()
    for text in texts:
        json.loads(text)
    return (time.process_time() - began) / len(texts)


def measure(effort: Effort) -> Figures:
    """One figure."""
    people = twelve.people(seed=7)
    texts = [simplejson.dumps(twelve.response(values), use_decimal=True) for values in people]
    if [_rescored(text) for text in texts] != [score(twelve.INSTRUMENT, values) for values in people]:
        raise AssertionError("a stored response is scored otherwise than its answers")
    asked = texts * _ROUNDS
    pair = interleaved(lambda: _seconds_to_rescore(asked), lambda: _seconds_to_parse(asked), rounds=effort.rounds(60))
    raw = pair.text(ours="parse, read and score", other="parse") + f"; a response of {len(texts[0])} bytes, of {len(people)} people"
    return [Figure(name="re-scoring stored responses against parsing their JSON", value=pair.ratio, goal=GOAL, unit="×", raw=raw)]
