"""What speaks up about each persona that is there for it: the engine over the resources the persona gives, and nothing besides."""

from datetime import UTC, date
from decimal import Decimal
from itertools import pairwise

import pytest

from fhir_mappings.instruments.library import load_library
from fhir_mappings.r4.references import PatientOnServer
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.reliable_change.pooled_scores import PooledChange
from fhir_mappings.reliable_change.signals.dyad_signals import Signal, signals
from fhir_mappings.reliable_change.signals.rating_judge import AnswerGiven, Judgement, Looked
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from smart_app.sandbox.personas import persona_canonicals
from smart_app.sandbox.personas.build import build, load_personas

TODAY = date(2026, 11, 22)
LIBRARY, TERMS = load_library(), load_terms()


def ratings(slug: str) -> list[Rating]:
    """What is read of a persona's record, oldest first."""
    resources = build(load_personas()[slug], TODAY)
    responses = [one for one in resources if one["resourceType"] == "QuestionnaireResponse"]
    scores = [one for one in resources if one["resourceType"] == "Observation" and "derivedFrom" in one]
    patient = PatientOnServer(id=slug, base="https://ehr.example/fhir")
    found, skipped = read_ratings(LIBRARY, responses, scores, patient=patient, base=persona_canonicals.BASE, zone=UTC)
    assert not skipped
    return sorted(found, key=lambda one: one.when.day)


def signal(slug: str, *, visits: int | None = None) -> Signal:
    """What the one pair's ratings say up to that visit, or the last."""
    known = ratings(slug)
    days = sorted({one.when.day for one in known})
    (found,) = signals([one for one in known if one.when.day in days[:visits]], library=LIBRARY, terms=TERMS)
    assert not found.not_judged
    return found


def of_patient(found: Signal) -> Judgement:
    return next(one for one in found.judgements if one.rating.informant == "patient")


def speaking(found: Signal) -> dict[str, str]:
    return {one.rule.id: one.rule.level for one in found.reasons}


def silent(found: Signal) -> set[str]:
    """The rules that looked and found nothing out of the ordinary."""
    return {one.rule.id for one in of_patient(found).quiet}


def reason(found: Signal, rule: str) -> Looked:
    return next(one for one in found.reasons if one.rule.id == rule)


def totals(slug: str) -> list[Decimal]:
    return [value for one in ratings(slug) if one.informant == "patient" and (value := one.scores["total"].value) is not None]


class TestADifficultVisit:
    def test_the_patients_own_answer_speaks_and_no_rule_on_a_score_does(self) -> None:
        found = signal("difficult-visit")
        assert found.level == "discuss"
        assert {rule: level for rule, level in speaking(found).items() if level != "shown"} == {"own-answer": "discuss"}
        assert reason(found, "own-answer").fact == AnswerGiven(question="difficult", option="a-little")
        assert {"pooled", "previous", "baseline", "item-fall-three", "item-fall"} <= silent(found)

    def test_the_total_hardly_moves_and_nothing_spoke_before(self) -> None:
        scored = totals("difficult-visit")
        assert max(scored) - min(scored) < Decimal("0.3")
        assert all(signal("difficult-visit", visits=many).level in {None, "shown"} for many in range(1, len(scored)))

    def test_it_is_answered_on_todays_form(self) -> None:
        assert {one.version for one in ratings("difficult-visit")} == {"0.2.0"}


class TestASteadySlide:
    def test_the_last_two_speak_and_no_single_step_does(self) -> None:
        found = signal("steady-slide")
        assert found.level == "discuss"
        assert {rule: level for rule, level in speaking(found).items() if level != "shown"} == {"pooled": "discuss"}
        fact = reason(found, "pooled").fact
        assert isinstance(fact, PooledChange)
        assert [(part.name, part.reached) for part in fact.parts] == [("latest", False), ("last-two", True)]
        assert {"own-answer", "previous", "baseline", "item-fall-three", "item-fall", "peak-check-in"} <= silent(found)

    def test_it_is_said_at_the_seventh_visit_and_not_before(self) -> None:
        scored = totals("steady-slide")
        assert len(scored) == 7
        assert all(earlier > later for earlier, later in pairwise(scored))
        assert all(signal("steady-slide", visits=many).level in {None, "shown"} for many in range(1, 7))

    def test_the_first_score_is_neither_extreme_nor_at_the_top(self) -> None:
        """Else what falls could be said to come back to the middle by itself."""
        judged = of_patient(signal("steady-slide"))
        assert (judged.extreme, judged.uninformative, judged.begins) == (None, (), ())


class TestUnchangedAtTheCeiling:
    def test_nothing_speaks_and_the_answers_are_called_uninformative(self) -> None:
        found = signal("unchanged-ceiling")
        assert (found.level, found.reasons) == (None, ())
        assert set(of_patient(found).uninformative) == {"at-ceiling", "straight-line"}

    def test_it_has_been_so_at_several_visits(self) -> None:
        assert totals("unchanged-ceiling") == [Decimal(5)] * 5


@pytest.mark.parametrize("slug", ["difficult-visit", "steady-slide", "unchanged-ceiling"])
def test_the_clinicians_own_line_stays_where_it_was(slug: str) -> None:
    assert "clinicians-line" not in speaking(signal(slug))
