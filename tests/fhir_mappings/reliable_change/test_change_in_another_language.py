"""What is said about change, and why nothing is, can be said in another language: of the English nothing stays but numbers."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import get_args

import pytest
from msgspec.structs import replace

from fhir_mappings.reliable_change.change_rules import findings
from fhir_mappings.reliable_change.change_sentences import caveats, gap, not_said, refused, sentence
from fhir_mappings.reliable_change.findings import Badge, Caveat, Findings, ItemFall, NotSaid, Rule, ScoreChange, WhyNotSaid
from fhir_mappings.reliable_change.measurement_error import ErrorKind, Precision
from fhir_mappings.reliable_change.score_series import Kind, ScoreSeries, SeriesRefused
from fhir_mappings.sentence import Sentence
from tests.fhir_mappings.reliable_change.test_change_rules import CHECK_IN, WAI_SR, answers, entry, known, of, point, said, series
from tests.fhir_mappings.speaking import left_over

LOWER = replace(
    known(entry(interval=Sentence("two weeks"))), scales=tuple(replace(one, better="lower") for one in CHECK_IN.scales), better="lower"
)
NEITHER = replace(
    known(entry(interval=Sentence("two weeks"))), scales=tuple(replace(one, better=None) for one in CHECK_IN.scales), better=None
)
INSTRUMENTS = (
    known(entry(interval=Sentence("two weeks"))),
    known(entry(r_type="alpha", certainty="unverified")),
    known(entry(mdc=Decimal("0.6"), interval=Sentence("two weeks"))),
    known(entry(sd=None)),
    replace(known(), claims=tuple(replace(one, certainty="unverified") for one in CHECK_IN.claims)),
    LOWER,
    NEITHER,
)
WAVES = (
    ("4", "4.1", "4.0"), ("3", "3", "3"), ("4.5", "4.5", "2"), ("2", "2", "4.5"), ("5", "5", "5"), ("5", "5", "4"), ("1", "1", "1"),
    ("1", "1", "3"), ("2", "2", "5"), ("4", "4", None), ("4", "4", "4", None), ("4",), ("3", "3.4", "3", "3.3", "3", "3.2", "1"),
    ("3", "3", "3", "3", "3", "3"), ("4.9", "4.9", "4.9"), ("1.2", "1.1", "1.2"), ("3", "3.3", "3", "3.3", "3", "3.3", "4"),
    ("4", "4", "9"),
)  # fmt: skip


def _series() -> Iterator[ScoreSeries]:
    for wave in WAVES:
        yield series(*wave)
        yield series(*wave, prorated=True, answers=answers("444 444 444"))
    fallen = [point(place, "4", answers=answers(signs)) for place, signs in enumerate(("444 555 444", "444 555 444", "442 255 444"))]
    yield ScoreSeries(scale="total", points=tuple(fallen))
    yield ScoreSeries(scale="total", points=tuple(replace(one, answers=answers("444 555 444")) for one in fallen))
    yield ScoreSeries(scale="total", points=tuple(point(place, "4", origin={"language": "en" if place else None}) for place in range(3)))


DECLARED = [
    Precision(entry=entry(certainty="unverified", interval=Sentence("two weeks")), sem=Decimal("0.3"), measured=False, kind=kind)
    for kind in get_args(ErrorKind)
]
FOUND = [
    (one, found)
    for one, given, error in (
        *product(INSTRUMENTS, list(_series()), (None,)),
        *product(INSTRUMENTS[:1], list(_series())[:8], DECLARED),
    )
    if isinstance(found := findings(one, given, error=error), Findings)
]
SAID = [(instrument, one) for instrument, found in FOUND for one in found.findings]
NOT_SAID = [*(one for _, found in FOUND for one in found.not_said), *said(known(entry()), series("3", "4", "5"), choice="nobody").not_said]


def test_every_finding_and_every_caveat() -> None:
    for instrument, one in SAID:
        for said_of_it in (sentence(instrument, one), *caveats(instrument, one)):
            assert isinstance(said_of_it, Sentence)
            assert left_over(said_of_it) == set()
    assert {one.rule for _, one in SAID} == {*get_args(Rule)}
    assert {caveat for _, one in SAID for caveat in one.caveats} == {*get_args(Caveat)}
    assert {one.held_back for _, one in SAID if isinstance(one, ScoreChange)} == {*get_args(Badge), None}
    assert {one.moved for _, one in SAID if isinstance(one, ScoreChange)} == {"rose", "fell", "stayed"}
    assert {bool(one.items) for _, one in SAID if isinstance(one, ItemFall)} == {True, False}


def test_every_reason_for_saying_nothing() -> None:
    for one in NOT_SAID:
        assert left_over(not_said(one)) <= {"nobody"}
    assert {one.code for one in NOT_SAID} == {*get_args(WhyNotSaid)}
    assert all(isinstance(not_said(one), Sentence) for one in NOT_SAID if isinstance(one, NotSaid))


def test_every_gap() -> None:
    told = [gap(instrument, found.scale, one) for instrument, found in FOUND for one in found.gaps]
    unknown = replace(series("4", "4").points[0], value=None, unknown=True)
    [nameless] = said(CHECK_IN, ScoreSeries(scale="total", points=(unknown,))).gaps
    for one in (*told, gap(CHECK_IN, "total", nameless)):
        # A reason that was read comes as it was said there.
        assert left_over(one) in (set(), {"of", "answered", "the", "rule", "needs"})


@pytest.mark.parametrize("mixed", [get_args(Kind)[:many] for many in range(1, 8)])
def test_every_refusal_of_scores_of_several_kinds(mixed: tuple[Kind, ...]) -> None:
    told = refused(CHECK_IN, SeriesRefused(code=f"mixed_{mixed[0]}", scale="total", mixed=mixed))
    assert left_over(told) == set()


def test_every_other_refusal() -> None:
    unordered = ScoreSeries(scale="total", points=series("4", "4").points[::-1])
    twice = ScoreSeries(scale="total", points=(point(0, "4"), replace(point(1, "4"), source="QuestionnaireResponse/0")))
    same_day = ScoreSeries(scale="total", points=(point(0, "4"), replace(point(0, "4"), source="QuestionnaireResponse/1")))
    given = [
        (CHECK_IN, replace(series("4"), scale="zeal")),
        (CHECK_IN, of(WAI_SR, series("4"))),
        (CHECK_IN, series("4", origin={"language": "de"})),
        (CHECK_IN, unordered),
        (CHECK_IN, twice),
        (CHECK_IN, same_day),
    ]
    found = [(instrument, findings(instrument, one)) for instrument, one in given]
    refusals = [(instrument, one) for instrument, one in found if isinstance(one, SeriesRefused)]
    assert [one.code for _, one in refusals] == [
        "scale_unknown",
        "other_form",
        "other_language",
        "not_in_order",
        "rating_twice",
        "order_unknown",
    ]
    assert {word for instrument, one in refusals for word in left_over(refused(instrument, one))} == {"zeal", "en"}
