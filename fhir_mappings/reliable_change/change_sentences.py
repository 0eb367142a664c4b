"""The sentences about change, for people: what moved, how far, and how far chance alone would reach. No verdicts, no causes."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from fhir_mappings.instruments.instrument import Instrument, Scale
from fhir_mappings.reliable_change.findings import Badge, ItemStep, ScoreChange
from fhir_mappings.reliable_change.measurement_error import Decided, Level, Precision, Threshold

_MORE_DIGITS = 6
# What lies within a threshold, by what decided it.
_WITHIN: dict[tuple[Decided, Level], str] = {
    ("precision", "90 %"): "chance alone explains in 90 of 100 comparisons",
    ("precision", "95 %"): "chance alone explains in 95 of 100 comparisons",
    # Where the published error decides, the lower limit of a chart is the reliable change beside it (`precision.own_range`).
    ("precision", "2 sigma"): "chance alone explains in 90 of 100 comparisons",
    ("precision", "3 sigma"): "chance alone explains, three standard errors of measurement",
    ("spread", "90 %"): "this person's own ups and downs alone explain in 90 of 100 comparisons",
    ("spread", "95 %"): "this person's own ups and downs alone explain in 95 of 100 comparisons",
    ("spread", "2 sigma"): "this person's own ups and downs alone explain, two standard deviations",
    ("spread", "3 sigma"): "this person's own ups and downs alone explain, three standard deviations",
    ("step", "2 sigma"): "two answers one option apart make",
    ("step", "3 sigma"): "three answers one option apart make",
}
_BECAUSE: dict[Badge, str] = {
    "straight-line": "every item has the same answer",
    "at-ceiling": "the score stands at the end of its scale",
}


def too_few(n: int, needed: int) -> str:
    """Why nothing is said yet."""
    return f"Too few points: {n} of the {needed} scores needed before anything is said about change."


def shown(number: Decimal, scale: Scale, *, more: int = 0) -> str:
    """A number of that scale as people read it: a mean to two decimals, a sum to none or one, and `more` where that hides a difference."""
    if scale.method == "sum" and number == number.to_integral_value():
        return f"{number.to_integral_value():f}"
    places = (2 if scale.method == "mean" else 1) + more
    return f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _apart(first: Decimal, second: Decimal, scale: Scale) -> tuple[str, str]:
    """Two numbers with as many decimals as it takes to see that they differ."""
    pairs = [(shown(first, scale, more=more), shown(second, scale, more=more)) for more in range(_MORE_DIGITS)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


# One comparison


def sentence(scale: Scale, found: ScoreChange) -> str:
    """One comparison in one or two sentences. `found` needs none yet."""
    if found.rule == "left-ceiling":
        return _ceiling(scale, found)
    if found.change == 0:
        return f"{scale.title} is {shown(found.score, scale)}, the same as {_reference(scale, found)}."
    if found.reached is None:
        return f"{_moved(scale, found, shown(abs(found.change), scale))}. {_within(scale, found)}"
    limit = next(one for one in found.thresholds if one.level == found.reached)
    by, size = _apart(abs(found.change), limit.size, scale)
    said = f"{_moved(scale, found, by)}: more than the {size} that {_chance(found.precision, limit)}."
    return f"{said} It is not taken as a change, because {_BECAUSE[found.held_back]}." if found.held_back else said


def _moved(scale: Scale, found: ScoreChange, by: str) -> str:
    way = f" ({scale.direction})" if scale.better == "lower" else ""
    return f"{scale.title} {found.moved} by {by}, to {shown(found.score, scale)} from {_reference(scale, found)}{way}"


def _reference(scale: Scale, found: ScoreChange) -> str:
    """What the score is compared with, and its number."""
    value, many = shown(found.before.value, scale), len(found.before.points)
    if found.rule == "own-range":
        return f"{value}, the mean of the {many} earlier scores"
    if found.rule == "baseline":
        return f"the baseline of {value}, {f'the mean of the first {many} scores' if many > 1 else 'the first score'}"
    if found.rule == "peak":
        return f"its last {'highest' if scale.better == 'higher' else 'lowest'} point of {value}"
    return f"the previous {value}"


def _within(scale: Scale, found: ScoreChange) -> str:
    """What is said of a change that exceeds no threshold."""
    if found.rule == "peak" and not found.worse:
        return "It has not moved away from it for the worse."
    limit = found.thresholds[0]
    by, size = _apart(abs(found.change), limit.size, scale)
    return f"{by} is not more than the {size} that {_chance(found.precision, limit)}."


def _chance(precision: Precision | None, limit: Threshold) -> str:
    """What a threshold stands for, with the assumption behind it."""
    said = _WITHIN[limit.decided_by, limit.level]
    if limit.decided_by != "precision" or precision is None:
        return said
    labels = ["optimistic: internal consistency"] if precision.optimistic else []
    labels += ["figures unverified"] if precision.entry.certainty == "unverified" else []
    return f"{said} ({'; '.join(labels)})" if labels else said


def _ceiling(scale: Scale, found: ScoreChange) -> str:
    end = scale.high if scale.better == "higher" else scale.low
    if found.before.value != end:
        return f"{scale.title} did not stand at {end}, the end of its scale, before."
    if found.score == end:
        return f"{scale.title} is still at {end}, the end of its scale."
    before, now = _apart(found.before.value, found.score, scale)
    return f"{scale.title} left the end of its scale: {before} before, {now} now."


# Items


def item_fall(steps: tuple[ItemStep, ...], compared: int) -> str:
    """Which items fell between the two latest responses."""
    if not steps:
        return f"None of the {compared} items answered in both of the two latest ratings moved for the worse by two options or more."
    named = ", ".join(f"item {step.number} (by {step.options})" for step in steps)
    return f"{len(steps)} of {compared} items moved for the worse by two options or more since the previous rating: {named}."


# Caveats


def caveats(instrument: Instrument, scale: Scale, found: ScoreChange) -> tuple[str, ...]:
    """What a reader must know beside the sentence. `found` needs none yet."""
    return (*key_caveats(instrument), *_of_points(found), *(_of_threshold(scale, found) if found.thresholds else ()))


def key_caveats(instrument: Instrument) -> tuple[str, ...]:
    """That nobody vouches for the scoring key, where that is so."""
    return (instrument.why_unscored,) if instrument.why_unscored else ()


def _of_points(found: ScoreChange) -> Iterator[str]:
    points = (*found.before.points, found.after)
    if any(point.prorated for point in points):
        yield "A score in this comparison is prorated, because items were left out."
    if len({point.origin.language for point in points}) > 1:
        yield "The language of one of the ratings is not recorded."


def _of_threshold(scale: Scale, found: ScoreChange) -> Iterator[str]:
    if found.precision is None:
        yield "Only this person's own earlier scores were used: there is no published reliability to use."
    elif found.precision.optimistic:
        yield "Optimistic: the reliability is internal consistency (alpha), not retest, so the threshold is likely too small."
    if found.precision is not None and found.precision.entry.certainty == "unverified":
        yield "Unverified: the published figures behind the threshold have not been checked."
    if found.rule == "peak" and found.reached is not None:
        yield "The best of several scores is partly luck, so a fall from it looks larger than it is."
    yield from _out_of_reach(scale, found)


def _out_of_reach(scale: Scale, found: ScoreChange) -> Iterator[str]:
    """The claims that the scale leaves no room for, at the higher level; beside a claim that was made they would only distract."""
    if found.reached is not None:
        return
    limit, start = found.thresholds[-1].size, found.before.value
    needed = f"from {shown(start, scale)} it takes more than {shown(limit, scale)}"
    if scale.high - start <= limit and not (found.rule == "peak" and scale.better == "higher"):
        yield f"No rise could be told from chance: {needed}, and the scale ends at {scale.high}."
    if start - scale.low <= limit and not (found.rule == "peak" and scale.better == "lower"):
        yield f"No fall could be told from chance: {needed}, and the scale ends at {scale.low}."
