"""Answers to scores by the instrument's own rule. Total functions: every input gives a score or a reason, nothing raises."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from fhir_mappings.instrument import Instrument, Scale
from fhir_mappings.rating import Score

_HUNDREDTHS = Decimal("0.01")
_Key = tuple[Scale, tuple[tuple[str, int], ...]]
# Prepared once per instrument; the instrument is kept beside its keys, so that its id is never another's.
_PREPARED: dict[int, tuple[Instrument, tuple[_Key, ...]]] = {}


def _prepared(instrument: Instrument) -> tuple[_Key, ...]:
    """Each scale with its items and, for a reversed item, the sum its options mirror at (0: not reversed)."""
    known = _PREPARED.get(id(instrument))
    if known is not None and known[0] is instrument:
        return known[1]
    values = [option.value for option in instrument.options]
    mirror = min(values) + max(values)
    turned = {item.link_id: mirror if item.reverse else 0 for item in instrument.items}
    keys = tuple((scale, tuple((one, turned[one]) for one in scale.items)) for scale in instrument.scales)
    _PREPARED[id(instrument)] = (instrument, keys)
    return keys


def score(instrument: Instrument, values: Mapping[str, int]) -> dict[str, Score]:
    """Every scale's score, in the file's order. `values` maps link ids to option values; anything else in it is ignored."""
    found = {scale.key: _alone(scale, items, values) for scale, items in _prepared(instrument)}
    for scale in instrument.scales:
        unscored = [need for need in scale.needs if found[need].value is None]
        if unscored and found[scale.key].value is not None:
            found[scale.key] = _refused(found[scale.key], f"not scored, because {' and '.join(unscored)} is not")
    return found


def _alone(scale: Scale, items: tuple[tuple[str, int], ...], values: Mapping[str, int]) -> Score:
    """One scale's score by its own items."""
    total = answered = 0
    for link_id, mirror in items:
        value = values.get(link_id)
        if value is not None:
            answered += 1
            total += mirror - value if mirror else value
    of = len(items)
    if answered < scale.min_answered:
        reason = f"{answered} of {of} answered, the rule needs {scale.min_answered}"
        return Score(key=scale.key, value=None, text=None, answered=answered, of=of, prorated=False, reason=reason)
    found = _result(scale, total, answered)
    return Score(key=scale.key, value=found, text=str(found), answered=answered, of=of, prorated=answered < of, reason=None)


def _result(scale: Scale, total: int, answered: int) -> Decimal:
    """A mean to two decimals (half up), or a sum, prorated to all items where some are missing."""
    if scale.method == "mean":
        return (Decimal(total) / answered).quantize(_HUNDREDTHS, ROUND_HALF_UP)
    if answered == len(scale.items):
        return Decimal(total)
    return (Decimal(total) * len(scale.items) / answered).quantize(_HUNDREDTHS, ROUND_HALF_UP)


def _refused(given: Score, reason: str) -> Score:
    """The same count without a number."""
    return Score(key=given.key, value=None, text=None, answered=given.answered, of=given.of, prorated=False, reason=reason)
