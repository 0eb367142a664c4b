"""What a record can hold that no rule was made for: shown with its words, judged where it can be, and nothing raises."""

import sys
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scores import Score
from fhir_mappings.r4.dates import Moment
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.reliable_change.signals import signal_sentences as words
from fhir_mappings.reliable_change.signals.dyad_signals import signals
from fhir_mappings.reliable_change.signals.explanation import explain
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, judge
from fhir_mappings.reliable_change.signals.signal_terms import load_terms, with_site_terms
from tests.fhir_mappings.ratings.test_rating_reader import scores_of
from tests.fhir_mappings.records import WHO
from tests.fhir_mappings.reliable_change.signals.test_judgement import BEGAN, SOFIA, TERMS, judged, left, raised, rating, sliding
from tests.fhir_mappings.samples import BASE, LIBRARY, stored, submission


def scored(one: Rating, value: str | None, *, key: str = "total") -> Rating:
    """The rating with that number in the place of one of its scores; None: without one."""
    if value is None:
        return replace(one, scores={name: each for name, each in one.scores.items() if name != key})
    score = Score(key=key, value=Decimal(value), text=value, answered=9, of=9, prorated=False, reason=None)
    return replace(one, scores={**one.scores, key: score})


def test_600_ratings_of_one_pair_are_judged_and_explained_without_going_deep() -> None:
    days = [BEGAN + timedelta(days=7 * visit) for visit in range(300)]
    visits = [rating(visit, 40 - visit % 3, day=day) for visit, day in enumerate(days)]
    visits += [replace(one, informant="clinician", source=f"{one.source}-c") for one in visits]
    deepest = sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    try:
        [found] = signals(visits, library=LIBRARY, terms=TERMS)
        told = [explain(one, looked, TERMS.simulated) for one in found.judgements for looked in (*one.raised, *one.quiet)]
    finally:
        sys.setrecursionlimit(deepest)
    assert ([one.n for one in found.judgements], len(told) > 8) == ([300, 300], True)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "0.99", "5.01", "-3", "999999999999", None])
def test_a_score_that_cannot_be_is_a_gap_and_is_compared_with_nothing(value: str | None) -> None:
    visits = sliding()
    last = judged([*visits[:4], scored(visits[4], value)])
    assert (last.level in {None, "shown"}, left(last)["pooled"]) == (True, "no_score")
    assert words.unused(last, next(one for one in last.not_used if one.rule.id == "pooled")) == "This rating has no score to judge."
    before = judged([visits[0], scored(visits[1], value), *visits[2:]])
    assert (before.n, raised(before)["pooled"]) == (4, "discuss")
    for found in (last, before):
        assert all(explain(found, one, TERMS.simulated).rule for one in (*found.raised, *found.quiet))


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "0", None])
def test_an_element_or_a_cut_off_that_cannot_be_read_raises_nothing(value: str | None) -> None:
    visits = sliding()
    assert isinstance(judge(scored(visits[4], value, key="goal"), visits[:4], library=LIBRARY, terms=TERMS), Judgement)
    form = scored(rating(0, [1] * 17, instrument="dds-17", clinician=None), value, key="physician-distress")
    assert judged([form]).level is None


def test_ratings_of_one_day_in_no_known_order_are_said_to_be_in_none() -> None:
    visits = [rating(visit, sheet, day=BEGAN) for visit, sheet in enumerate((45, 30, 20))]
    for order in (visits, visits[::-1]):
        [found] = signals(order, library=LIBRARY, terms=TERMS)
        [one] = [each for each in found.judgements if each.rating.source == found.source]
        said = {words.unused(one, each) for each in one.not_used if each.because == "refused"}
        assert (found.level, said) == (None, {"Which of two scores was first is not known, so they are not compared."})


def unanswered(library: Library) -> list[Rating]:
    """Three ratings of which the scores alone are in the record, read by that library."""
    found = []
    for place, signs in enumerate(("555 555 555", "555 555 555", "333 333 333")):
        day = (BEGAN + timedelta(days=90 * place)).isoformat()
        made = stored(submission(signs, key=f"k{place}", encounter=f"e{place}"))
        found += [part | {"effectiveDateTime": day} for part in scores_of(made)]
    ratings, skipped = read_ratings(library, [], found, patient=WHO, base=BASE)
    assert (len(ratings), skipped) == (3, [])
    return ratings


def test_scores_without_their_answers_are_judged_by_their_scores_alone() -> None:
    library = Library(tuple(one for one in LIBRARY.instruments if (one.slug, one.version) != ("rapport-check-in", "0.1.0")))
    found = judged(unanswered(library), library=library)
    assert (found.n, raised(found)["pooled"]) == (3, "discuss")
    assert (left(found)["own-answer"], found.uninformative) == ("no_answer", ())


def test_where_they_may_be_of_one_version_or_another_they_are_shown_and_not_compared() -> None:
    ratings = unanswered(LIBRARY)
    found = judged(ratings)
    assert (found.level, left(found)["pooled"]) == (None, "refused")
    one = next(one for one in found.not_used if one.rule.id == "pooled")
    assert words.unused(found, one) == "Which version of the form these scores are of is not recorded, so they are not compared."
    later = judged([*(replace(one, clinician=SOFIA) for one in ratings), rating(4, 40)])
    assert (later.n, later.begins[0]) == (1, "version")


def test_no_ratings_say_nothing() -> None:
    assert signals([], library=LIBRARY, terms=TERMS) == ()


# Old records


def test_an_old_chart_says_the_same_whatever_was_retired_added_switched_off_or_declared_later() -> None:
    """Every row of today is retired on a day, other ones begin, and the site's file has its say from that day on."""
    changed = BEGAN + timedelta(days=5 * 91)
    begin = changed.isoformat()
    rules = [replace(one, retired=changed) for one in TERMS.rules]
    rules += [replace(one, version=2, valid_from=changed, level="shown") for one in TERMS.rules if one.kind != "moved"]
    errors = [replace(one, retired=changed) for one in TERMS.errors]
    limits = [replace(one, retired=changed) for one in TERMS.limits]
    limits += [replace(one, valid_from=changed, longest_gap_days=30) for one in TERMS.limits]
    file = f"""
[[off]]
rule = "pooled"
valid_from = {begin}
by = "A. Person"
reason = "Tried."
[[error]]
instrument = "rapport-check-in"
value = "2.00"
people = 50
interval = "two weeks"
interval_days = 14
source = "Retest"
signed_by = "B. Person"
valid_from = {begin}
[[owner]]
role = "psychology team"
valid_from = {begin}
"""
    later = replace(TERMS, rules=tuple(rules), errors=tuple(errors), limits=tuple(limits))
    terms = with_site_terms(later, file, file="signals.toml", library=LIBRARY)
    visits = [replace(one, extra={"difficult": said}) for one, said in zip(sliding(), ("no", "no", "yes", "no", "a-little"), strict=True)]
    for many, informant in product(range(1, 6), ("patient", "clinician")):
        chart = [replace(one, informant=informant) for one in visits[:many]]
        then, now = (signals(chart, library=LIBRARY, terms=each) for each in (TERMS, terms))
        assert [(one.level, one.owner, [each.fact for each in one.reasons]) for one in now] == [
            (one.level, one.owner, [each.fact for each in one.reasons]) for one in then
        ]
        assert [one.error and one.error.precision for each in now for one in each.judgements] == [
            one.error and one.error.precision for each in then for one in each.judgements
        ]
    [new] = signals([*visits, rating(5, 18, extra={"difficult": "yes"})], library=LIBRARY, terms=terms)
    assert (new.level, new.owner.role) == ("shown", "psychology team")
    assert new.judgements[0].begins == ("gap",)
    assert load_terms() is TERMS


def test_a_rating_without_a_time_is_of_its_day_for_every_rule() -> None:
    day = BEGAN + timedelta(days=5 * 91)
    rules = tuple(replace(one, retired=day) if one.id == "own-answer" else one for one in TERMS.rules)
    terms = replace(TERMS, rules=rules)
    last = replace(rating(4, 40, extra={"difficult": "yes"}), when=Moment(day, day.isoformat(), "day"))
    assert left(judged([last], terms))["own-answer"] == "retired"
    eve = day - timedelta(days=1)
    assert raised(judged([replace(last, when=Moment(eve, eve.isoformat(), "day"))], terms))["own-answer"] == "discuss"
