"""The rules once more, for many people at once: what the product says of one, as arrays. A test holds the two to each other."""

import numpy as np
from numpy.typing import NDArray

from tests.fhir_mappings.reliable_change.simulation.people import Answers

Spoken = NDArray[np.bool_]
_Numbers = NDArray[np.float64]


# A fall that is exactly as large as its limit is within it. In binary 4.09 - 2.89 is a little more than 1.20, which the product, that
# reckons in decimals, does not take for more.
_HAIR = 1e-9


def _more(fall: _Numbers, limit: _Numbers | float) -> Spoken:
    beyond: Spoken = fall > limit + _HAIR
    return beyond


def scores_of(answers: Answers) -> _Numbers:
    """The means, with two decimals as they are stored."""
    scores: _Numbers = np.round(answers.mean(axis=2), 2)
    return scores


def spoken(answers: Answers, sem: float) -> dict[str, Spoken]:
    """By rule: at which visit it speaks up about whom. Below three scores none does."""
    scores = scores_of(answers)
    found: dict[str, Spoken] = {}
    for visit in range(2, scores.shape[1]):
        for rule, speaks in _at(answers, scores, visit, sem).items():
            found.setdefault(rule, np.zeros(scores.shape, dtype=bool))[:, visit] = speaks
    return found


def _at(answers: Answers, scores: _Numbers, visit: int, sem: float) -> dict[str, Spoken]:
    now, before, first = scores[:, visit], scores[:, visit - 1], min(3, visit)
    baseline = scores[:, :first].mean(axis=1)
    error = np.maximum(sem, _own_spread(scores[:, :visit])) if visit >= 5 else np.full(len(now), sem)
    change, of_mean = 1.96 * np.sqrt(2) * error, 1.96 * np.sqrt(1 + 1 / first) * error
    fallen = ((answers[:, visit - 1].astype(int) - answers[:, visit]) >= 2).sum(axis=1)
    informative = (now < 5) & (answers[:, visit].min(axis=1) < answers[:, visit].max(axis=1))
    found = {
        "pooled": _pooled(scores, visit, sem),
        "previous": _more(before - now, change),
        "baseline": _more(baseline - now, of_mean),
        "peak": _more(_last_peak(scores[:, :visit], change) - now, change),
        "item-fall-three": fallen >= 3,
        "item-fall": fallen >= 1,
        "left-ceiling": (before == 5) & (now < 5),
        "rise-previous": _more(now - before, change) & informative,
        "rise-baseline": _more(now - baseline, of_mean) & informative,
    }
    if visit >= 5:
        limit = np.maximum(3 * error, 1.96 * np.sqrt(2) * sem)
        found["own-range"] = _more(scores[:, :visit].mean(axis=1) - now, limit)
    # One rule, louder on some forms than on others.
    found["peak-check-in"] = found["peak"]
    return found


def _own_spread(earlier: _Numbers) -> _Numbers:
    spread: _Numbers = np.abs(np.diff(earlier, axis=1)).mean(axis=1) / 1.128
    return spread


def _pooled(scores: _Numbers, visit: int, sem: float) -> Spoken:
    first = min(3, visit)
    speaks = _more(scores[:, :first].mean(axis=1) - scores[:, visit], 2.58 * sem * np.sqrt(1 + 1 / first))
    if visit >= 3:
        base = 2 if visit == 3 else 3
        fall = scores[:, :base].mean(axis=1) - scores[:, visit - 1 : visit + 1].mean(axis=1)
        speaks |= _more(fall, 1.96 * sem * np.sqrt(1 / 2 + 1 / base))
    return speaks


def _last_peak(earlier: _Numbers, change: _Numbers) -> _Numbers:
    peak, looking = earlier[:, -1].copy(), np.ones(len(earlier), dtype=bool)
    for place in range(earlier.shape[1] - 2, -1, -1):
        looking &= ~_more(peak - earlier[:, place], change)
        peak = np.where(looking & (earlier[:, place] > peak), earlier[:, place], peak)
    return peak
