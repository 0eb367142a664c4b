"""A change as a plain fact: which values are put side by side, and which way they moved."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from fhir_mappings.instruments.scores import Score
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, parse_moment
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.latest_change import Change, measure_change, rating_changes
from tests.fhir_mappings.samples import CHECK_IN

BEFORE, NOW = (Moment(day, day.isoformat(), "day") for day in (date(2026, 3, 10), date(2026, 6, 16)))
SOFIA = Person(reference="Practitioner/sofia", name="Sofia Lindqvist")
HBA1C = next(one for one in load_measures() if one.key == "hba1c")
SCALES = ("goal", "task", "bond", "total")


def rating(when: Moment, texts: tuple[str | None, ...]) -> Rating:
    """Goal, task, bond and total, None where not scored."""
    scores = {
        key: Score(key=key, value=Decimal(text) if text else None, text=text, answered=3, of=3, prorated=False, reason=None)
        for key, text in zip(SCALES, texts, strict=True)
    }
    return Rating(
        instrument=CHECK_IN.slug, version=CHECK_IN.version, informant="patient", clinician=SOFIA, when=when, visit=when.text,
        encounter=None, scores=scores, answers={}, declined=(), extra={}, standing="completed", source=f"QuestionnaireResponse/{when.text}",
    )  # fmt: skip


def value(when: Moment, text: str) -> Measurement:
    return Measurement(
        measure="hba1c", when=when, value=Decimal(text), paired=None, reported=Quantity(text, "mmol/mol", "mmol/mol"), reported_paired=None,
        converted=False, comparator=None, standing="final", method=None, source=f"Observation/{when.text}", performer=None,
    )  # fmt: skip


def rated(before: tuple[str | None, ...], after: tuple[str | None, ...]) -> tuple[Change, ...]:
    earlier, later = rating(BEFORE, before), rating(NOW, after)
    return rating_changes(CHECK_IN, later=later, earlier=earlier)


def measured(before: Measurement | None, after: Measurement) -> Change:
    return measure_change(HBA1C, later=after, earlier=before)


def test_the_total_comes_first_and_then_the_element_that_moved_most() -> None:
    total, element = rated(("4.00", "4.00", "4.50", "4.17"), ("4.25", "2.25", "4.00", "3.50"))
    assert [(one.kind, one.scale, one.title, one.moved) for one in (total, element)] == [
        ("alliance", "total", "Total", "fell"),
        ("element", "task", "Task", "fell"),
    ]
    assert total.informant == "patient"


def test_elements_that_did_not_move_and_totals_that_were_not_scored_are_not_stated() -> None:
    assert [one.scale for one in rated(("4.00",) * 4, ("4.00",) * 4)] == ["total"]
    assert [one.scale for one in rated(("4.00",) * 4, ("4.00", None, "4.50", None))] == ["bond"]
    assert rated(("4.00", None, None, None), (None, "4.00", "4.00", None)) == ()


def test_a_first_rating_has_nothing_beside_it() -> None:
    [first] = rating_changes(CHECK_IN, later=rating(NOW, ("4.00",) * 4), earlier=None)
    assert (first.scale, first.earlier, first.moved) == ("total", None, None)


@pytest.mark.parametrize(("before", "after", "moved"), [("60", "58", "fell"), ("58.0", "58", "stayed"), ("58", "60", "rose")])
def test_a_result_moved_or_stayed(before: str, after: str, moved: str) -> None:
    assert measured(value(BEFORE, before), value(NOW, after)).moved == moved


def test_no_direction_is_given_to_a_first_result_a_bound_or_a_score_that_is_missing() -> None:
    plain = value(NOW, "58")
    bound = plain._replace(comparator="<")
    assert [measured(*pair).moved for pair in ((None, plain), (bound, plain), (plain, bound))] == [None, None, None]
    total, _ = rated(("4.00", "4.00", "4.50", "4.17"), ("4.25", "2.25", "4.00", "3.50"))
    assert isinstance(total.earlier, Rating)
    unscored = replace(total.earlier, scores={})
    assert replace(total, earlier=unscored).moved is None


UNORDERED = [("2026", "2026-03-01"), ("2026-03", "2026-03-20"), ("2026-03-01", "2026-03-01"), ("2026-03-01", "2026-03-01T09:00:00Z")]


def at(text: str) -> Moment:
    moment = parse_moment(text)
    assert moment is not None
    return moment


@pytest.mark.parametrize(("one", "other"), UNORDERED)
def test_of_two_results_in_no_known_order_none_moved(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        change = measured(value(at(first), "48"), value(at(second), "85"))
        assert (change.ordered, change.moved) == (False, None)


@pytest.mark.parametrize(("one", "other"), UNORDERED)
def test_of_two_ratings_in_no_known_order_no_element_moved(one: str, other: str) -> None:
    scores = ("4.00", "4.00", "4.50", "4.17"), ("4.25", "2.25", "4.00", "3.50")
    [total] = rating_changes(CHECK_IN, later=rating(at(other), scores[1]), earlier=rating(at(one), scores[0]))
    assert (total.scale, total.ordered, total.moved) == ("total", False, None)


def test_a_year_and_a_day_of_the_next_are_in_order() -> None:
    change = measured(value(at("2025"), "48"), value(at("2026-03-01"), "85"))
    assert (change.ordered, change.moved) == (True, "rose")
