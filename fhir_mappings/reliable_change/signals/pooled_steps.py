"""The pooled rule followed through a series: what each score was in its two comparisons, so that one can see when it came close."""

from collections.abc import Iterator
from decimal import Decimal, localcontext

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.reliable_change.measurement_error import EXACT
from fhir_mappings.reliable_change.pooled_scores import NEEDS, PooledChange, PooledPart, pooled_change
from fhir_mappings.reliable_change.score_series import ScoredPoint, ScorePoint
from fhir_mappings.reliable_change.signals.rating_judge import Looked


class PooledStep(Struct, frozen=True, kw_only=True):
    """One score: how far it lies from the one before (None of the first), and the comparisons that were made of it, none of the first
    two. All by the rule and the error of the rating that is explained, whatever was valid on the day of the score."""

    point: ScorePoint
    value: Decimal
    since: Decimal | None
    parts: tuple[PooledPart, ...]


def pooled_steps(looked: Looked, instrument: Instrument) -> tuple[PooledStep, ...]:
    """The scores that a pooled rule looked at, the newest first; none of another rule."""
    if not isinstance(looked.fact, PooledChange):
        return ()
    with localcontext(EXACT):
        return tuple(_steps(looked, looked.fact, instrument))[::-1]


def _steps(looked: Looked, fact: PooledChange, instrument: Instrument) -> Iterator[PooledStep]:
    scored = [(point, point.value) for point in looked.points if point.value is not None]
    for place, (point, value) in enumerate(scored):
        since = value - scored[place - 1][1] if place else None
        yield PooledStep(point=point, value=value, since=since, parts=_parts(scored[: place + 1], looked, fact, instrument))


def _parts(scored: list[ScoredPoint], looked: Looked, fact: PooledChange, instrument: Instrument) -> tuple[PooledPart, ...]:
    better, first, second = instrument.scale(fact.scale).better, looked.rule.latest_z, looked.rule.pair_z
    if len(scored) < NEEDS or better is None or first is None or second is None:
        return ()
    return pooled_change(fact.scale, scored, better=better, sem=fact.sem, latest_z=first, pair_z=second).parts
