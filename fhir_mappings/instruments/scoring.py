"""Answers to scores by the instrument's own rule. Total functions: every input gives a score or a reason, nothing raises."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial

from fhir_mappings.instruments.instrument import MOST_PREPARED, Instrument, Scale
from fhir_mappings.instruments.scores import NO_KEY, RULE_NOT_MET, Score
from fhir_mappings.sentence import Sentence, listed

_ONES, _HUNDREDTHS = Decimal(1), Decimal("0.01")
# An item of a scale as (link id, sign, shift): the weight of an answer is sign × value + shift.
_Weighed = tuple[str, int, int]
# A scale's key, its items, and the score for a total of weights and a count of answers. A score follows from these two alone, and they
# take few values, so scores are kept: 12 items with four scores take 6 µs instead of 19.
_Key = tuple[str, tuple[_Weighed, ...], Callable[[int, int], Score]]
_KEPT = 1024


@lru_cache(MOST_PREPARED)
def _prepared(instrument: Instrument) -> tuple[_Key, ...]:
    """Each scale with its items; a reversed item is mirrored between the lowest and the highest option."""
    values = [option.value for option in instrument.options if option.value is not None]
    mirror = min(values) + max(values) if values else 0
    turned = {item.link_id: (-1, mirror) if item.reverse else (1, 0) for item in instrument.items}
    return tuple(
        (scale.key, tuple((one, *turned[one]) for one in scale.items), lru_cache(_KEPT)(partial(_alone, scale)))
        for scale in instrument.scales
    )


def score(instrument: Instrument, values: Mapping[str, int]) -> dict[str, Score]:
    """Every scale's score, in the file's order; none of them while the key is neither verified nor confirmed. `values` maps link ids
    to option values; anything else in it is ignored."""
    found = by_key(instrument, values)
    why = instrument.why_unscored
    return found if why is None else {key: _refused(one, why, absent=NO_KEY) for key, one in found.items()}


def by_key(instrument: Instrument, values: Mapping[str, int]) -> dict[str, Score]:
    """Every scale's score by the key as it stands, whoever vouches for it."""
    found = {key: scored(*_counted(items, values)) for key, items, scored in _prepared(instrument)}
    needing = [scale for scale in instrument.scales if scale.needs]
    # One round for each, because what a score needs may be refused for its own needs, wherever it stands in the file.
    for scale in needing * len(needing):
        unscored = [need for need in scale.needs if found[need].value is None]
        if unscored and found[scale.key].value is not None:
            needs = listed([instrument.scale(need).title_within for need in unscored])
            found[scale.key] = _refused(found[scale.key], Sentence("it needs the score of {scales}", scales=needs), absent=RULE_NOT_MET)
    return found


def _counted(items: tuple[_Weighed, ...], values: Mapping[str, int]) -> tuple[int, int]:
    """The total of the answers' weights, and how many there are."""
    total = answered = 0
    for link_id, sign, shift in items:
        value = values.get(link_id)
        if value is not None:
            answered += 1
            total += sign * value + shift
    return total, answered


def _alone(scale: Scale, total: int, answered: int) -> Score:
    """One scale's score by its own items."""
    of = len(scale.items)
    if answered < scale.min_answered:
        reason = Sentence("{answered} of {of} answered, the rule needs {least}", answered=answered, of=of, least=scale.min_answered)
        return Score(key=scale.key, value=None, text=None, answered=answered, of=of, prorated=False, reason=reason, absent=RULE_NOT_MET)
    found = _result(scale, total, answered)
    return Score(key=scale.key, value=found, text=str(found), answered=answered, of=of, prorated=answered < of, reason=None)


def _result(scale: Scale, total: int, answered: int) -> Decimal:
    """A mean, or a sum prorated to all items where some are missing, times the factor: to two decimals (half up), and exact where it is
    a whole number and no mean."""
    of = 1 if scale.method == "mean" else len(scale.items)
    exact = Decimal(total) * of * scale.factor / answered
    whole = scale.method == "sum" and exact == exact.to_integral_value()
    return exact.quantize(_ONES) if whole else exact.quantize(_HUNDREDTHS, ROUND_HALF_UP)


def _refused(given: Score, reason: Sentence, *, absent: str) -> Score:
    """The same count without a number."""
    return Score(key=given.key, value=None, text=None, answered=given.answered, of=given.of, prorated=False, reason=reason, absent=absent)
