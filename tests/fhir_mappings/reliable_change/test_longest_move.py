"""Where the longest move of a series turned: a course that fell and came back reads as that."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.r4.dates import Moment, is_known_earlier
from fhir_mappings.reliable_change.longest_move import LongestMove, MoveSince, MoveTurned, longest_move
from fhir_mappings.reliable_change.score_series import Origin, ScorePoint, ScoreSeries
from tests.fhir_mappings.samples import CHECK_IN

BEGAN = date(2025, 1, 20)
TOTAL = CHECK_IN.scale("total")
ORIGIN = Origin(
    instrument=CHECK_IN.slug, version=CHECK_IN.version, language="en", informant="patient", clinician="Practitioner/sofia"
)  # fmt: skip
NINTHS = st.integers(9, 45).map(lambda total: (Decimal(total) / 9).quantize(Decimal("0.01")))
SCORES = st.lists(st.none() | NINTHS, max_size=14)


def on(day: date) -> Moment:
    return Moment(day, day.isoformat(), "day")


def point(place: int, value: Decimal | None, when: Moment | None = None) -> ScorePoint:
    return ScorePoint(
        origin=ORIGIN, when=when or on(BEGAN + timedelta(days=90 * place)), source=f"QuestionnaireResponse/{place}", value=value,
        prorated=False, reason=None, answers={},
    )  # fmt: skip


def series(values: Sequence[Decimal | str | None]) -> ScoreSeries:
    points = [point(place, Decimal(value) if value is not None else None) for place, value in enumerate(values)]
    return ScoreSeries(scale="total", points=tuple(points))


def move(*values: Decimal | str | None) -> LongestMove | None:
    return longest_move(series(values), TOTAL)


def told(found: LongestMove | None) -> tuple[object, ...]:
    """Its kind and its numbers, in the order in which they are said."""
    if isinstance(found, MoveSince):
        return ("since", found.way, str(found.turn[1]), found.since)
    if isinstance(found, MoveTurned):
        return (
            "turned",
            found.way,
            *(str(one[1]) for one in (found.start, found.turn, *([found.back] if found.back else []), found.latest)),
        )
    return ()


# By example


def test_a_slide_is_told_from_where_it_was_highest() -> None:
    assert told(move("4.33", "4.56", "4.44", "4.11", "4.00", "3.56", "3.00")) == ("since", "fell", "4.56", 5)


def test_strained_and_then_repaired_is_told_as_a_fall_and_a_rise() -> None:
    assert told(move("4.33", "4.00", "3.22", "2.67", "3.44", "4.22")) == ("turned", "fell", "4.33", "2.67", "4.22")


def test_so_it_is_where_the_way_back_is_longer_or_as_long() -> None:
    assert told(move("4.22", "3.00", "4.22")) == ("turned", "fell", "4.22", "3.00", "4.22")
    assert told(move("4.22", "3.00", "3.67", "4.56")) == ("turned", "fell", "4.22", "3.00", "4.56")


def test_a_small_up_or_down_before_it_is_no_half_of_a_turn() -> None:
    assert told(move("3.33", "3.00", "3.67", "4.56")) == ("since", "rose", "3.00", 2)


def test_what_came_back_and_went_again_is_not_told_as_come_back() -> None:
    assert told(move("4.56", "2.44", "4.22", "3.00")) == ("turned", "fell", "4.56", "2.44", "4.22", "3.00")


def test_nothing_is_told_of_two_or_of_what_never_moved() -> None:
    assert move("4.00", "3.00") is move("4.00", "4.00", "4.00") is move() is None


def test_a_rating_without_a_score_is_passed_over() -> None:
    found = move("4.56", None, "4.00", "3.56")
    assert told(found) == ("since", "fell", "4.56", 2)
    assert isinstance(found, MoveSince)
    assert found.gaps


def test_a_rating_without_a_score_from_before_is_none_of_those_since() -> None:
    found = move("4.33", None, "4.56", "4.00", "3.56")
    assert isinstance(found, MoveSince)
    assert (found.since, found.gaps) == (2, False)


def test_scores_of_several_series_are_never_joined() -> None:
    points = series(("4.56", "4.00", "3.00")).points
    others = [{"version": "0.0.9"}, {"language": "de"}, {"clinician": "Practitioner/tomas"}, {"informant": "clinician"}, {"anchors": "b"}]
    own = replace(points[0], origin=replace(ORIGIN, anchors="a"))
    for other in others:
        mixed = (replace(own, origin=replace(own.origin, **other)), own, *points[1:])
        assert longest_move(ScoreSeries(scale="total", points=mixed), TOTAL) is None, other


def test_ratings_in_no_known_order_are_left_out_and_a_latest_that_is_one_ends_it() -> None:
    usual = series(("4.56", "2.00", "4.00", "3.56", "3.00")).points
    same = replace(usual[2], when=usual[1].when)
    found = longest_move(ScoreSeries(scale="total", points=(usual[0], usual[1], same, *usual[3:])), TOTAL)
    assert told(found) == ("since", "fell", "4.56", 2)
    last = replace(usual[4], when=usual[3].when)
    assert longest_move(ScoreSeries(scale="total", points=(*usual[:4], last)), TOTAL) is None


# Of any course


@given(SCORES)
def test_what_is_told_is_true_of_the_scores(values: list[Decimal | None]) -> None:
    found, scored = move(*values), [value for value in values if value is not None]
    if len(scored) < 3 or len(set(scored)) == 1:
        assert found is None
        return
    assert found is not None
    sign = 1 if found.way == "rose" else -1
    order = [point.source for point in series(values).points if point.value is not None]
    after = scored[order.index(found.turn[0].source) + 1 :]
    assert found.latest[1] == scored[-1]
    if isinstance(found, MoveSince):
        assert len(after) == found.since
        assert all(sign * (value - found.turn[1]) > 0 for value in after)
        assert all(sign * (value - found.turn[1]) >= 0 for value in scored)
    else:
        assert order.index(found.start[0].source) < order.index(found.turn[0].source)
        assert sign * (found.turn[1] - found.start[1]) > 0
        assert all(sign * (value - found.turn[1]) <= 0 for value in after)
        assert sign * (found.turn[1] - found.latest[1]) > 0
        farthest = found.back or found.latest
        assert all(sign * (value - farthest[1]) >= 0 for value in after)
        assert (found.back is None) is (farthest[1] == scored[-1])


@given(SCORES)
def test_no_two_scores_lie_farther_apart_than_those_that_are_told(values: list[Decimal | None]) -> None:
    found, scored = move(*values), [value for value in values if value is not None]
    if found is None:
        return
    ends = [found.latest, found.turn, *([found.start] if isinstance(found, MoveTurned) else [])]
    told_of = [one[1] for one in ends] + ([found.back[1]] if isinstance(found, MoveTurned) and found.back else [])
    steps = [abs(one - other) for place, one in enumerate(scored) for other in scored[place + 1 :]]
    assert max(told_of) - min(told_of) == max(steps)


@given(SCORES)
def test_turned_upside_down_it_is_the_same_move_the_other_way(values: list[Decimal | None]) -> None:
    found, turned = move(*values), move(*(None if value is None else 6 - value for value in values))
    swapped = {"fell": "rose", "rose": "fell"}
    if found is None or turned is None:
        assert found is turned
        return
    assert (type(found), swapped[found.way], found.turn[0].source) == (type(turned), turned.way, turned.turn[0].source)


@given(st.lists(st.tuples(NINTHS, st.integers(0, 400), st.sampled_from(["day", "month", "year"])), min_size=1, max_size=10))
def test_every_two_it_names_are_known_to_be_in_that_order(given_on: list[tuple[Decimal, int, str]]) -> None:
    points = []
    for place, (value, after, precision) in enumerate(sorted(given_on, key=lambda one: one[1])):
        day = BEGAN + timedelta(days=after)
        begin = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[precision]
        points.append(point(place, value, Moment(begin, begin.isoformat(), precision)))  # type: ignore[arg-type] # one of the three
    ordered = sorted(points, key=lambda one: (one.when.day, one.source))
    found = longest_move(ScoreSeries(scale="total", points=tuple(ordered)), TOTAL)
    if found is None:
        return
    named = [found.turn, found.latest] if isinstance(found, MoveSince) else [found.start, found.turn, found.latest]
    assert all(is_known_earlier(one[0].when, other[0].when) for one, other in pairwise(named))
