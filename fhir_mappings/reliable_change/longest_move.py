"""The longest move within one series, and where it turned, as a plain fact: a score that fell and came back reads as that, where the first
and the latest alone would say that nothing happened. Nothing is judged here: the ends of such a move are the extremes of several scores."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.r4.dates import is_known_earlier
from fhir_mappings.reliable_change.score_series import ScoredPoint, ScoreSeries, mixed, scored_points

Way = Literal["fell", "rose"]
# Two scores are one step, which has no turning point.
_NEEDS = 3
# A way there counts as half of a turn when it is at least half as long as the way back; a shorter one is an up or down before the move. How
# a course is read, and no claim that either is more than chance.
_HALF = 2


class MoveSince(Struct, frozen=True, kw_only=True):
    """The move goes on to the latest score: `turn` is the highest score where it `fell` since, the lowest where it `rose`, and every one of
    the `since` scores after it lies below, or above. `gaps`: there are ratings after it of which nothing can be said."""

    turn: ScoredPoint
    latest: ScoredPoint
    way: Way
    since: int
    gaps: bool = False


class MoveTurned(Struct, frozen=True, kw_only=True):
    """From `start` the score `fell` or `rose` to `turn`, and came back some way to the `latest`. `back` is the farthest it came back, None
    where that is the latest."""

    start: ScoredPoint
    turn: ScoredPoint
    latest: ScoredPoint
    way: Way
    back: ScoredPoint | None


LongestMove = MoveSince | MoveTurned


class _Leg(Struct, frozen=True, kw_only=True):
    """From one place in the order to a later one, upwards (1) or downwards (-1)."""

    size: Decimal
    first: int
    last: int
    sign: Literal[1, -1]

    @property
    def way(self) -> Way:
        return "rose" if self.sign > 0 else "fell"


def longest_move(series: ScoreSeries, scale: Scale) -> LongestMove | None:
    """That of the scores of which it is known in which order they were given; None below three of them, where the latest is none of them,
    where none differs, or where the points are of several series."""
    every = scored_points(series, scale)
    points = _in_known_order(every)
    if len(points) < _NEEDS or points[-1] != every[-1] or mixed(series):
        return None
    values = [value for _, value in points]
    longest = _longest([leg for sign in _SIGNS if (leg := _largest(values, sign)) is not None])
    if longest is None:
        return None
    if longest.last < len(points) - 1:
        return _turned(points, longest)
    there = _way_there(values, longest)
    if there is not None:
        return _turned(points, there)
    turn, since = points[longest.first], len(points) - 1 - longest.first
    given = len(series.points) - 1 - series.points.index(turn[0])
    return MoveSince(turn=turn, latest=points[-1], way=longest.way, since=since, gaps=given != since)


_SIGNS: tuple[Literal[1, -1], ...] = (-1, 1)


def _in_known_order(scored: Sequence[ScoredPoint]) -> list[ScoredPoint]:
    """Without those of which nobody can tell whether they were given before or after their neighbour."""
    unknown = {
        place
        for later, (first, second) in enumerate(pairwise(scored), 1)
        if not is_known_earlier(first[0].when, second[0].when)
        for place in (later - 1, later)
    }
    return [point for place, point in enumerate(scored) if place not in unknown]


def _longest(legs: Iterable[_Leg]) -> _Leg | None:
    """Of two that are as long as each other the earlier, from which the other comes back."""
    return min(legs, key=lambda leg: (-leg.size, leg.first), default=None)


def _largest(values: Sequence[Decimal], sign: Literal[1, -1]) -> _Leg | None:
    """The largest move that way; of equal ones the latest, and from the latest place that it can be said to begin at."""
    found: _Leg | None = None
    first = 0
    for last in range(1, len(values)):
        if sign * (values[last - 1] - values[first]) <= 0:
            first = last - 1
        size = sign * (values[last] - values[first])
        if size > 0 and (found is None or size >= found.size):
            found = _Leg(size=size, first=first, last=last, sign=sign)
    return found


def _way_there(values: Sequence[Decimal], back: _Leg) -> _Leg | None:
    """The move the other way that ends where this one begins, where it is long enough to be half of a turn."""
    turn, sign = back.first, -1 if back.sign > 0 else 1
    sizes = [sign * (values[turn] - value) for value in values[:turn]]
    if not sizes or max(sizes) * _HALF < back.size:
        return None
    first = max(place for place, size in enumerate(sizes) if size == max(sizes))
    return _Leg(size=max(sizes), first=first, last=turn, sign=-1 if back.sign > 0 else 1)


def _turned(points: Sequence[ScoredPoint], leg: _Leg) -> MoveTurned:
    after = points[leg.last + 1 :]
    farthest = max(after, key=lambda point: -leg.sign * point[1])
    return MoveTurned(
        start=points[leg.first],
        turn=points[leg.last],
        latest=points[-1],
        way=leg.way,
        back=farthest if farthest[1] != points[-1][1] else None,
    )
