"""What the rules cost and find, measured: unchanged people that they speak up about by chance, and changed ones that they find. The figures
beside each rule and on the page are of this run; every drawn person is judged by the product's own code with `make campaign`."""

import sys
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from msgspec.structs import replace

from fhir_mappings.instruments.scores import Score
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, judge
from fhir_mappings.reliable_change.signals.signal_terms import load_terms
from fhir_mappings.reliable_change.signals.unchanged_rates import Simulated
from tests.documentation.reliable_change_page import reliable_change_page
from tests.fhir_mappings.reliable_change.simulation.figures import (
    ANY_NOTE,
    ANY_NOTE_AT_FIRST,
    ERRORS,
    NOTES_AT_FIRST,
    SEEDS,
    as_toml,
    figures,
    notes_of,
    rates_of,
    sem_of,
)
from tests.fhir_mappings.reliable_change.simulation.people import (
    CHECK_IN,
    COURSES,
    FORMS,
    RETESTS,
    WAI_SR,
    Answers,
    Form,
    changed,
    unchanged,
)
from tests.fhir_mappings.reliable_change.simulation.quick_rules import scores_of, spoken
from tests.fhir_mappings.samples import LIBRARY

# Of each group that is drawn, how many the product's own code judges too.
CAMPAIGN = settings().max_examples >= 5000
JUDGED = 2_000 if CAMPAIGN else 15
SOFIA = Person(reference="Practitioner/sofia", name="Sofia Lindqvist")


@cache
def run() -> Simulated:
    return figures()


def people_of(rule: str, form: Form, retest: str, error: str | None = None) -> Decimal:
    wanted = (rule, form.slug, Decimal(retest), Decimal(error) if error else ERRORS[form.slug])
    return next(one.people for one in run().rates if (one.rule, one.instrument, one.retest, one.error) == wanted)


# The people


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.slug))
@pytest.mark.parametrize("retest", RETESTS)
def test_the_drawn_people_answer_as_they_are_meant_to(form: Form, retest: float) -> None:
    groups = [group[:, :2] for group in unchanged(11, form, retest, 20_000)]
    answers = np.concatenate(groups)
    scores, items = scores_of(answers), answers[:, 0].astype(float)
    alpha = form.items / (form.items - 1) * (1 - items.var(axis=0).sum() / items.sum(axis=1).var())
    assert scores.mean() == pytest.approx(4.2, abs=0.02)
    assert scores.std() == pytest.approx(0.73, abs=0.02)
    assert np.corrcoef(scores[:, 0], scores[:, 1])[0, 1] == pytest.approx(retest, abs=0.02)
    assert 0.93 <= alpha <= 0.95
    assert 0.11 <= (scores == 5).mean() <= 0.18


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.slug))
def test_a_drop_is_one_standard_deviation_and_a_slow_decline_one_and_a_half(form: Form) -> None:
    for course in COURSES:
        scores = scores_of(changed(12, form, 0.775, 20_000, course))
        fallen = (scores[:, 0] - scores[:, -1]).mean()
        assert fallen == pytest.approx(0.73 * (1.5 if course.larger else 1), abs=0.03)


# The product's own code


def ratings(form: Form, answers: Answers) -> list[Rating]:
    """One person's visits, three months apart."""
    return [rating(form, visit, [int(value) for value in sheet]) for visit, sheet in enumerate(answers)]


def rating(form: Form, visit: int, sheet: list[int]) -> Rating:
    instrument, day = LIBRARY.get(form.slug), date(2024, 1, 10) + timedelta(days=91 * visit)
    values = {item.link_id: value for item, value in zip(instrument.items, sheet, strict=True)}
    return Rating(
        instrument=instrument.slug, version=instrument.version, language=instrument.language, informant="patient", clinician=SOFIA,
        when=Moment(day, day.isoformat(), "day"), visit=day.isoformat(), encounter=None, scores=scored(form, values), answers=values,
        declined=(), extra={}, standing="completed", source=f"QuestionnaireResponse/{visit}",
    )  # fmt: skip


def scored(form: Form, values: dict[str, int]) -> Mapping[str, Score]:
    """Its scores; of a form whose key nobody has confirmed yet, as if somebody had."""
    instrument = LIBRARY.get(form.slug)
    claims = tuple(replace(one, certainty="verified") for one in instrument.claims)
    return score(replace(instrument, claims=claims), values)


def said_of(form: Form, answers: Answers) -> list[set[str]]:
    """The rules with an error or a count that speak up, visit by visit."""
    given, found = ratings(form, answers), []
    for visit in range(2, len(given)):
        judged = judge(given[visit], given[: visit + 1], library=LIBRARY, terms=load_terms())
        assert isinstance(judged, Judgement)
        found.append({one.rule.id for one in judged.raised if one.rule.kind != "moved"})
    return found


@pytest.mark.timeout(0 if CAMPAIGN else 120)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.slug))
@pytest.mark.parametrize("retest", RETESTS)
def test_the_product_says_of_each_person_what_the_figures_count(form: Form, retest: float) -> None:
    rules = {rule.id for rule in load_terms().rules if not rule.instruments or form.slug in rule.instruments}
    groups = [group for seed in (SEEDS if CAMPAIGN else SEEDS[:1]) for group in unchanged(seed, form, retest, 2_000)]
    if retest == 0.775:
        groups += [changed(SEEDS[0], form, retest, 2_000, course) for course in COURSES]
    for group in groups:
        counted = {rule: speaks for rule, speaks in spoken(group, sem_of(form.slug)).items() if rule in rules}
        for person in range(min(JUDGED, len(group))):
            expected = [{rule for rule, speaks in counted.items() if speaks[person, visit]} for visit in range(2, group.shape[1])]
            assert said_of(form, group[person]) == expected, (form.slug, retest, person, group[person].tolist())


# What holds


def test_the_figures_beside_each_rule_and_on_the_page_are_of_this_run() -> None:
    kept = load_terms().simulated
    assert (kept.people, kept.seeds) == (run().people, run().seeds)
    for written, measured in ((kept.rates, run().rates), (kept.powers, run().powers), (kept.regressions, run().regressions)):
        assert len(written) == len(measured)
        for one, other in zip(written, measured, strict=True):
            for field in one.__struct_fields__:
                was, now = getattr(one, field), getattr(other, field)
                # numpy may draw a little differently one day; then the file is written anew.
                assert abs(was - now) <= Decimal("0.5") if isinstance(was, Decimal) else was == now, (one, other)
    sys.stdout.write(f"\n{as_toml(run())}")


def test_every_rule_that_can_speak_by_chance_has_its_rate() -> None:
    measured = {(one.rule, one.version, one.instrument) for one in load_terms().simulated.rates}
    for form in FORMS:
        for rule in load_terms().rules:
            if rule.kind not in {"answer", "cutoff", "moved"} and (not rule.instruments or form.slug in rule.instruments):
                assert (rule.id, rule.version, form.slug) in measured


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.slug))
def test_a_score_is_a_reason_to_talk_in_ten_of_a_hundred_unchanged_people_at_most(form: Form) -> None:
    rates = {retest: people_of("pooled", form, retest) for retest in ("0.70", "0.775", "0.85")}
    sys.stdout.write(f"{form.slug} at .55, the only retest known over months: {people_of('pooled', form, '0.55')}\n")
    assert max(rates.values()) <= 10
    assert people_of("pooled", form, "0.55") <= 14


def test_by_the_next_visit_half_of_the_drops_and_most_slow_declines_are_found() -> None:
    found = {(one.instrument, one.course): one.next for one in run().powers}
    drop, *slow = [found["rapport-check-in", course.name] for course in COURSES]
    assert drop >= 50
    assert min(slow) >= 60
    wai_drop, *wai_slow = [found["wai-sr", course.name] for course in COURSES]
    sys.stdout.write(f"WAI-SR with its published error of .438, drop found by the next visit: {wai_drop}\n")
    # Its published error is wider than what the drawn people vary by, so it finds a little less than half of the drops.
    assert wai_drop >= 45
    assert min(wai_slow) >= 60


@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form.slug))
def test_some_note_speaks_up_about_a_quarter_of_unchanged_people_at_most_in_every_run(form: Form) -> None:
    assert people_of(ANY_NOTE, form, "0.70") <= 25
    for seed in SEEDS:
        assert rates_of(2_000, (seed,), form, 0.70, sem_of(form.slug))[ANY_NOTE][0] <= 0.25


@pytest.mark.parametrize(("form", "demoted"), [(CHECK_IN, "peak"), (WAI_SR, "item-fall-three")], ids=["check-in", "wai-sr"])
def test_the_rule_that_is_only_shown_on_a_form_is_the_one_with_the_highest_rate_and_was_too_much(form: Form, demoted: str) -> None:
    assert set(NOTES_AT_FIRST) - set(notes_of(form.slug)) == {demoted}
    assert max(NOTES_AT_FIRST, key=lambda rule: people_of(rule, form, "0.70")) == demoted
    each = [rates_of(2_000, (seed,), form, 0.70, sem_of(form.slug))[ANY_NOTE_AT_FIRST][0] for seed in SEEDS]
    assert max(each) > 0.25


def test_the_page_shows_these_figures() -> None:
    page = Path(__file__).parents[4] / "docs" / "reliable-change.md"
    assert page.read_text(encoding="utf-8") == reliable_change_page()
