"""How far a score may move by chance: the standard error of measurement from what was published, one person's own spread, and the
thresholds that follow. Formulas, sources and what is not claimed: docs/reliable-change.md.

Decimals throughout; they are computed under `EXACT` and rounded only where a person reads them.
"""

from decimal import Context, Decimal, localcontext
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument, Reliability

Level = Literal["90 %", "95 %", "2 sigma", "3 sigma"]
# What made a threshold as large as it is: the form's error, or this person's own spread.
Decided = Literal["precision", "spread"]
# Whose error it is: published, assumed by this project where nobody published one, or declared by a site for its own patients.
ErrorKind = Literal["published", "assumed", "site"]
Choice = int | str | None

EXACT = Context(prec=40)
# Ten digits fewer, so that 11.86 divided and multiplied again is 11.86.
_SETTLED = Context(prec=30)
# Two-sided quantiles of the normal distribution (Jacobson & Truax 1991 use 1.96; 1.645 is the 90 % level).
_QUANTILES: dict[Level, Decimal] = {"90 %": Decimal("1.645"), "95 %": Decimal("1.96")}
_SIGMAS: dict[Level, Decimal] = {"2 sigma": Decimal(2), "3 sigma": Decimal(3)}
# The two levels of a chart stand beside the two of a reliable change: a note, and more than a note.
_BESIDE: dict[Level, Level] = {"2 sigma": "90 %", "3 sigma": "95 %"}
# Mean moving range of two to standard deviation (d2 of the individuals chart).
_D2 = Decimal("1.128")
SPREAD_NEEDS = 5
# No scale is that long, and no number this size was ever published for one.
_ABSURD = 12


class Precision(Struct, frozen=True, kw_only=True):
    """The standard error of measurement `sem`, in the score's own points, and the entry it comes from. `measured`: the entry carries
    a published smallest detectable change, which is used instead of `sd` and `r`. Of an error that was assumed or declared by a site the
    entry says over which time, in whom and by whom."""

    entry: Reliability
    sem: Decimal
    measured: bool
    kind: ErrorKind = "published"

    @property
    def optimistic(self) -> bool:
        """From internal consistency, which leaves out what varies from one day to the next."""
        return not self.measured and self.kind == "published" and self.entry.r_type == "alpha"


class NoPrecision(Struct, frozen=True, kw_only=True):
    """Why there is no measurement error to use: nothing was published, the `choice` that was asked for is not there, or what was published
    leaves out what is needed."""

    code: Literal["no_reliability", "choice_unknown", "reliability_incomplete"]
    choice: Choice


class Threshold(Struct, frozen=True, kw_only=True):
    """How far a score must move to say something at that level: more than `size`, in the score's own points. `decided_by` says which
    was the larger: `precision`, the error between people, or `spread`, this person's own."""

    level: Level
    size: Decimal
    decided_by: Decided


def precision_of(instrument: Instrument, scale: str, informant: Informant, choice: Choice = None) -> Precision | NoPrecision:
    """The measurement error to use for that scale and informant, or why there is none.

    The order, and why:

    1. a published smallest detectable change (`mdc`): measured in one sample from repeated answers, so it needs no spread of one
       study put together with the reliability of another;
    2. `sd` with a retest reliability or an intraclass correlation: it counts what varies from one day to the next;
    3. `sd` with alpha, only when nothing better is there: it leaves that out, and is called optimistic.

    Within a rank the first in the file wins. A site may choose another entry: `choice` is its place among the entries of this scale and
    informant (from 0, in the order of the file) or its population's text. A choice that is not there, or cannot be used, is
    refused; nothing else is put in its place.
    """
    entries = [one for one in instrument.reliability if (one.scale, one.informant) == (scale, informant)]
    if not entries:
        return NoPrecision(code="no_reliability", choice=choice)
    wanted = entries if choice is None else _wanted(entries, choice)
    if not wanted:
        return NoPrecision(code="choice_unknown", choice=choice)
    found = [precision for one in wanted if (precision := precision_from(one)) is not None]
    if not found:
        return NoPrecision(code="reliability_incomplete", choice=choice)
    return min(found, key=_rank)


def _wanted(entries: list[Reliability], choice: int | str) -> list[Reliability]:
    if isinstance(choice, str):
        return [one for one in entries if one.population == choice]
    return [entries[choice]] if 0 <= choice < len(entries) else []


def _rank(precision: Precision) -> int:
    if precision.measured:
        return 0
    return 2 if precision.optimistic else 1


def precision_from(entry: Reliability) -> Precision | None:
    """What an entry gives; None when it is incomplete or leaves no error at all, which no questionnaire has."""
    if entry.mdc is not None:
        sem = _sem_of_mdc(entry.mdc) if _usable(entry.mdc) else Decimal(0)
        return Precision(entry=entry, sem=sem, measured=True) if sem > 0 else None
    if entry.sd is None or entry.r is None or entry.r_type is None:
        return None
    if not _usable(entry.sd) or not entry.r.is_finite() or not 0 <= entry.r < 1:
        return None
    return Precision(entry=entry, sem=standard_error(entry.sd, entry.r), measured=False)


def _usable(number: Decimal) -> bool:
    """A positive number of a size that can be computed with."""
    return number.is_finite() and number > 0 and abs(number.adjusted()) < _ABSURD


def standard_error(sd: Decimal, r: Decimal) -> Decimal:
    """SEM = SD·√(1 − r), in the points of `sd`; `r` is below 1."""
    with localcontext(EXACT):
        return sd * (1 - r).sqrt()


def _sem_of_mdc(mdc: Decimal) -> Decimal:
    """A smallest detectable change is published at the 95 % level: MDC = 1.96·√2·SEM."""
    with localcontext(EXACT):
        return mdc / (_QUANTILES["95 %"] * Decimal(2).sqrt())


def own_spread(earlier: list[Decimal]) -> Decimal | None:
    """One person's own standard deviation from the earlier scores: mean moving range over 1.128. None below five scores."""
    if len(earlier) < SPREAD_NEEDS:
        return None
    with localcontext(EXACT):
        ranges = [abs(second - first) for first, second in pairwise(earlier)]
        return sum(ranges, Decimal(0)) / len(ranges) / _D2


def reliable_change(sem: Decimal, spread: Decimal | None, *, of: int = 1) -> tuple[Threshold, ...]:
    """Thresholds of the difference between a score and another, or the mean `of` several, at 90 % and 95 %: z·√(1 + 1/n) times the larger
    of `sem` and `spread` (Jacobson & Truax 1991; the stricter of the two spreads after Gumz 2012)."""
    larger = sem if spread is None else max(sem, spread)
    decided: Decided = "precision" if larger == sem else "spread"
    return tuple(Threshold(level=level, size=times_error(z, larger, 1, of), decided_by=decided) for level, z in _QUANTILES.items())


def own_range(sem: Decimal, spread: Decimal) -> tuple[Threshold, ...]:
    """Thresholds of the distance from the mean of the earlier scores: two and three times `spread`, which is never taken below `sem`, and
    never less than the reliable change at the level beside it."""
    return tuple(_limit(level, sem, spread) for level in _SIGMAS)


def _limit(level: Level, sem: Decimal, spread: Decimal) -> Threshold:
    with localcontext(EXACT):
        own = _SIGMAS[level] * max(sem, spread)
    between = times_error(_QUANTILES[_BESIDE[level]], sem, 1, 1)
    decided: Decided = "spread" if spread > sem and own > between else "precision"
    return Threshold(level=level, size=_SETTLED.plus(max(own, between)), decided_by=decided)


def multiple_at(level: Level) -> Decimal:
    """How many errors a level stands for: the quantile of a reliable change, or the standard deviations of a chart."""
    return _QUANTILES.get(level) or _SIGMAS[level]


def times_error(z: Decimal, error: Decimal, first: int, second: int) -> Decimal:
    """z·√(1/first + 1/second)·error: how far the means of so many scores differ by chance."""
    with localcontext(EXACT):
        return _SETTLED.plus(z * (Decimal(1) / first + Decimal(1) / second).sqrt() * error)
