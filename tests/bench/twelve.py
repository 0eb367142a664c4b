"""Twelve items made for measuring: an instrument with three subscales and four scores, and people's answers to it."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from fhir_mappings.definitions.scoring_questionnaire import scoring_questionnaire
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.scoring import score
from fhir_mappings.instruments.toml_reader import read_instrument
from fhir_mappings.people.person import Person
from fhir_mappings.submission.questionnaire_response import questionnaire_response
from fhir_mappings.submission.submission import Submission

BASE = "https://bench.example.org/fhir"
PEOPLE = 50
_AT = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)
_ITEMS = {scale: tuple(f"{scale}-{number}" for number in range(1, 5)) for scale in ("goal", "task", "bond")}
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
    for scale, items in _ITEMS.items():
        parts.append(f'[[section]]\nkey = "{scale}"\ntitle.patient = "{scale}"\nhelp.patient = "{scale}"\nitems = {list(items)}')
        parts += [f'[[item]]\nlink_id = "{one}"\nnumber = {next(numbers)}\nscale = "{scale}"\ntext = {{}}' for one in items]
    everything = [one for items in _ITEMS.values() for one in items]
    parts += [_scale("total", everything, least=10), *(_scale(scale, list(items), least=3) for scale, items in _ITEMS.items())]
    return "\n".join(parts)


def _scale(key: str, items: list[str], *, least: int) -> str:
    return f'[[scale]]\nkey = "{key}"\ntitle = "{key}"\nabout = "{key}"\nmethod = "mean"\nitems = {items}\nmin_answered = {least}'


INSTRUMENT = read_instrument(_toml(), file="twelve.toml")


def answers(rng: random.Random, *, missing: int) -> dict[str, int]:
    """Somebody's answers, with that many items left open."""
    everything = [item.link_id for item in INSTRUMENT.items]
    return {one: rng.randint(1, 5) for one in rng.sample(everything, len(everything) - missing)}


def people(*, seed: int) -> list[dict[str, int]]:
    """Complete answers of many people, so that nothing measured is measured on one total alone."""
    rng = random.Random(seed)
    return [answers(rng, missing=0) for _ in range(PEOPLE)]


def submission(values: Mapping[str, int]) -> Submission:
    """A patient's answers, scored."""
    return replace(_FRAME, answers=Answers(values=values, declined=(), extra={}), scores=score(INSTRUMENT, values))


def response(values: Mapping[str, int]) -> dict[str, Any]:
    """The response Rapport stores of those answers."""
    return questionnaire_response(submission(values), base=BASE)


def form() -> dict[str, Any]:
    """The published scoring form."""
    return scoring_questionnaire(INSTRUMENT, "patient", base=BASE)


_FRAME = Submission(
    instrument=INSTRUMENT, informant="patient", answers=Answers(values={}, declined=(), extra={}), scores={}, patient="p1",
    clinician=Person(reference="Practitioner/sofia", name="Sofia Lindqvist"), answered_by="Patient/p1", recorded_by="Patient/p1",
    encounter="e1", authored=_AT, issued=_AT, key="k1", app_version="0.1.0",
)  # fmt: skip
