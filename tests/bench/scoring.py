"""Scoring one 12-item response, against fhirpathpy's compiled expressions on the same answers.

The expressions are written for this comparison, in the form that fhirpathpy, fhirpath.js and LHC-Forms all understand: the
weight of an answer stands in an extension of its coding. They are compiled once, outside the measurement."""

import random
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

from fhir_mappings.instrument import Instrument
from fhir_mappings.instrument_file import read_instrument
from fhir_mappings.scoring import score
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import interleaved, seconds_of

GOAL = 50
SCALES = ("goal", "task", "bond")
ITEMS = {scale: tuple(f"{scale}-{number}" for number in range(1, 5)) for scale in SCALES}
_WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_WEIGHTS = f"item.answer.value.extension.where(url='{_WEIGHT}' or url='{_ORDINAL}').value"
_MEAN = "iif(%w.count() >= {needed}, %w.aggregate($this + $total, 0) / %w.count(), {{}})"
_CENTS = Decimal("0.01")
# Scoring takes microseconds: one measurement is many calls.
_CALLS = 400

_HEAD = """
[instrument]
slug = "twelve"
version = "1.0.0"
language = "en"
title = "Twelve items, made for measuring"
description = "No instrument anybody uses."
validated = false
direction = "higher = more"
[rights]
holder = "The Rapport project"
licence = "Apache-2.0"
terms = "For measuring only."
wording_ships = false
[[citation]]
text = "Made up for measuring."
certainty = "unverified"
[[claim]]
part = "options"
source = "Made up for measuring."
certainty = "verified"
[[claim]]
part = "subscales"
source = "Made up for measuring."
certainty = "verified"
[[claim]]
part = "reversal"
source = "Made up for measuring."
certainty = "verified"
[[claim]]
part = "scores"
source = "Made up for measuring."
certainty = "verified"
[[claim]]
part = "missing"
source = "Made up for measuring."
certainty = "verified"
[form.patient]
title = "Twelve"
intro = "Twelve."
minutes = 1
"""


def _toml() -> str:
    """The instrument as a file: four items to each of three subscales, a mean of each and of all."""
    parts = [_HEAD]
    parts += [f'[[option]]\ncode = "{value}"\nvalue = {value}' for value in range(1, 6)]
    numbers = iter(range(1, 13))
    for scale, items in ITEMS.items():
        parts.append(f'[[section]]\nkey = "{scale}"\ntitle.patient = "{scale}"\nhelp.patient = "{scale}"\nitems = {list(items)}')
        parts += [f'[[item]]\nlink_id = "{one}"\nnumber = {next(numbers)}\nscale = "{scale}"\ntext = {{}}' for one in items]
    everything = [one for items in ITEMS.values() for one in items]
    parts += [_scale("total", everything, least=10), *(_scale(scale, list(items), least=3) for scale, items in ITEMS.items())]
    return "\n".join(parts)


def _scale(key: str, items: list[str], *, least: int) -> str:
    return f'[[scale]]\nkey = "{key}"\ntitle = "{key}"\nabout = "{key}"\nmethod = "mean"\nitems = {items}\nmin_answered = {least}'


def _response(answers: Mapping[str, int]) -> dict[str, Any]:
    """The same answers as a QuestionnaireResponse, one group to a subscale."""
    groups = [{"linkId": scale, "item": [_item(one, answers[one]) for one in items if one in answers]} for scale, items in ITEMS.items()]
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": groups}


def _item(link_id: str, value: int) -> dict[str, Any]:
    coding = {"code": str(value), "extension": [{"url": _WEIGHT, "valueDecimal": value}]}
    return {"linkId": link_id, "answer": [{"valueCoding": coding}]}


class Expressions:
    """Four scores as compiled FHIRPath: the weights of a scale as a variable, their guarded mean."""

    def __init__(self) -> None:
        model = models["r4"]
        groups = {"total": ("item", 10)} | {scale: (f"item.where(linkId='{scale}')", 3) for scale in SCALES}
        self._compiled = {
            key: (
                fhirpathpy.compile(f"QuestionnaireResponse.{path}.{_WEIGHTS}", model),
                fhirpathpy.compile(_MEAN.format(needed=needed), model),
            )
            for key, (path, needed) in groups.items()
        }

    def scores(self, response: Mapping[str, Any]) -> dict[str, Decimal | None]:
        """Every score; None where too few items are answered."""
        return {key: self._score(weights(response, {}), mean) for key, (weights, mean) in self._compiled.items()}

    @staticmethod
    def _score(weights: list[Any], mean: Callable[..., list[Any]]) -> Decimal | None:
        found = mean({}, {"w": weights})
        return Decimal(str(found[0])) if found else None


def _agree(instrument: Instrument, expressions: Expressions, answers: Mapping[str, int]) -> None:
    """AssertionError unless both give the same scores, to two decimals."""
    ours = {key: found.value for key, found in score(instrument, answers).items()}
    theirs = expressions.scores(_response(answers))
    rounded = {key: None if one is None else one.quantize(_CENTS, ROUND_HALF_UP) for key, one in theirs.items()}
    if ours != rounded:
        raise AssertionError(f"the scores differ: {ours} and {rounded} of {answers}")


def _answers(rng: random.Random, *, missing: int) -> dict[str, int]:
    everything = [one for items in ITEMS.values() for one in items]
    return {one: rng.randint(1, 5) for one in rng.sample(everything, len(everything) - missing)}


def measure(effort: Effort) -> Figures:
    """One figure: how many times faster."""
    instrument, expressions, rng = read_instrument(_toml(), file="twelve.toml"), Expressions(), random.Random(12)
    for missing in (0, 0, 1, 2, 3, 6, 12):
        _agree(instrument, expressions, _answers(rng, missing=missing))
    answers = _answers(rng, missing=0)
    response = _response(answers)
    pair = interleaved(
        lambda: seconds_of(lambda: [score(instrument, answers) for _ in range(_CALLS)]) / _CALLS,
        lambda: seconds_of(lambda: expressions.scores(response)),
        rounds=effort.rounds(60),
    )
    raw = pair.text(ours="ours", other="fhirpathpy") + "; 4 scores, both agree on complete and incomplete answers"
    return [
        Figure(name="scoring 12 items: times faster than fhirpathpy", value=1 / pair.ratio, goal=GOAL, unit="×", raw=raw, at_least=True)
    ]
