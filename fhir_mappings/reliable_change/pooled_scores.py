"""The rule that may be a reason to talk: the latest score against the mean of the first, and the mean of the last two against it. Its false
alarms and what it finds: docs/reliable-change.md."""

from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Better
from fhir_mappings.reliable_change.findings import Reference
from fhir_mappings.reliable_change.measurement_error import EXACT, times_error
from fhir_mappings.reliable_change.score_series import ScoredPoint, ScorePoint

NEEDS = 3
_BASELINE = 3
# The last two are judged from the fourth score on; there against the first two, as the third is one of the last two's neighbours.
_PAIR_NEEDS = 4
_PAIR = 2


class PooledPart(Struct, frozen=True, kw_only=True):
    """One of the two comparisons: `fall` is how far `now` lies from `before` towards the worse end, negative towards the better one; more
    than `limit` is more than chance. `z` and the numbers of scores in both means are what the limit is made of."""

    name: Literal["latest", "last-two"]
    before: Reference
    now: Reference
    z: Decimal
    fall: Decimal
    limit: Decimal

    @property
    def reached(self) -> bool:
        """Whether it is more than chance."""
        return self.fall > self.limit


class PooledChange(Struct, frozen=True, kw_only=True):
    """The latest of `n` scores by both comparisons; either is enough. `sem` is the error it was judged by."""

    scale: str
    after: ScorePoint
    score: Decimal
    n: int
    sem: Decimal
    parts: tuple[PooledPart, ...]

    @property
    def reached(self) -> bool:
        """Whether one of them is more than chance."""
        return any(part.reached for part in self.parts)


def pooled_change(
    scale: str, scored: Sequence[ScoredPoint], *, better: Better, sem: Decimal, latest_z: Decimal, pair_z: Decimal
) -> PooledChange:
    """The comparisons of the latest of three scores or more. The score that is judged is never in its own baseline."""
    with localcontext(EXACT):
        parts = tuple(_parts(scored, better=better, sem=sem, latest_z=latest_z, pair_z=pair_z))
    point, score = scored[-1]
    return PooledChange(scale=scale, after=point, score=score, n=len(scored), sem=sem, parts=parts)


def _parts(scored: Sequence[ScoredPoint], *, better: Better, sem: Decimal, latest_z: Decimal, pair_z: Decimal) -> Iterator[PooledPart]:
    many, sign = len(scored), 1 if better == "higher" else -1
    sets: list[tuple[Literal["latest", "last-two"], int, int, Decimal]] = [("latest", min(_BASELINE, many - 1), 1, latest_z)]
    sets += [("last-two", _PAIR if many == _PAIR_NEEDS else _BASELINE, _PAIR, pair_z)] if many >= _PAIR_NEEDS else []
    for name, first, last, z in sets:
        before, now = _mean(scored[:first]), _mean(scored[-last:])
        fall = sign * (before.value - now.value)
        yield PooledPart(name=name, before=before, now=now, z=z, fall=fall, limit=times_error(z, sem, last, first))


def _mean(several: Sequence[ScoredPoint]) -> Reference:
    return Reference(value=sum((value for _, value in several), Decimal(0)) / len(several), points=tuple(point for point, _ in several))
