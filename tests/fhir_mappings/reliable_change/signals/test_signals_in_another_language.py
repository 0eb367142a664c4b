"""What a judgement says for people can be said in another language: of the English nothing stays but numbers and a site's own words."""

from typing import get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.reliable_change.findings import NotSaid
from fhir_mappings.reliable_change.signals import signal_sentences as words
from fhir_mappings.reliable_change.signals.explanation import Why, explain
from fhir_mappings.reliable_change.signals.rating_judge import Begin, Judgement, NotUsed, Unused
from fhir_mappings.reliable_change.signals.signal_terms import LeftOut
from fhir_mappings.sentence import Sentence
from tests.fhir_mappings.reliable_change.signals.test_judgement import SITE, TERMS, judged, rating, site, sliding
from tests.fhir_mappings.speaking import left_over

CASES = {
    "slide": sliding(extra={"difficult": "yes"}),
    "clinician": [replace(one, informant="clinician") for one in sliding()],
    "top": [rating(visit, 45) for visit in range(7)],
    "up and down": [rating(visit, sheet) for visit, sheet in enumerate((45, 45, 18, 45, 30, 18, 45))],
    "no error": [rating(visit, [7 - visit] * 6, instrument="hccq-6") for visit in range(4)],
    "distress": [rating(0, [2] * 17, instrument="dds-17", clinician=None)],
    "long ago": [rating(0, 40), rating(9, 30)],
}


def _notes(one: Why) -> list[Sentence]:
    return [note.said for note in (*one.caveats, *one.would_change)]


def spoken(found: Judgement) -> list[Sentence]:
    told = [explain(found, one, TERMS.simulated) for one in (*found.raised, *found.quiet)]
    of_whys = [
        each
        for one in told
        for each in (one.title, *_notes(one), one.how_often, *one.misses, one.silence, *(part.formula for part in one.parts))
    ]
    errors = [one.error_said for one in told if one.error_said is not None]
    begun = words.begins(found)
    unused = [words.unused(found, one) for one in found.not_used]
    return [*of_whys, *errors, *([begun] if begun else []), *unused, *words.uninformative(found), *words.error_caveats(found)]


@pytest.mark.parametrize("case", CASES)
def test_every_sentence_of_a_judgement(case: str) -> None:
    for one in spoken(judged(CASES[case])):
        assert isinstance(one, Sentence)
        assert left_over(one) == set()


def test_an_error_of_the_site_leaves_its_own_words_alone() -> None:
    found = judged(sliding(), site(SITE.format(value="0.30", people=50, begin="2024-01-01", end="2026-01-01")))
    assert {word for one in spoken(found) for word in left_over(one)} <= {"b", "person", "two", "weeks"}


def test_every_reason_has_its_sentence() -> None:
    found = judged(sliding())
    rule = found.raised[0].rule
    codes = [code for kinds in (Unused, LeftOut) for code in get_args(kinds)]
    told = {words.unused(found, NotUsed(rule=rule, because=code)) for code in codes}
    assert len(told) == len(codes)
    detail = NotSaid(rule="peak", code="direction_unknown")
    assert words.unused(found, NotUsed(rule=rule, because="not_said", detail=detail)).startswith("The instrument does not say")
    for begin in get_args(Begin):
        assert left_over(words.begins(replace(found, begins=(begin,))) or Sentence("nothing")) == set()
