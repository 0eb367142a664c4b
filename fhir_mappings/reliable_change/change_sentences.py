"""The sentences about change, for people: what moved, how far, and how far chance alone would reach. No verdicts, no causes.

Every one is a function of a fact (`fhir_mappings.reliable_change.findings`) and of the instrument whose words and scale it is told in.
"""

from decimal import ROUND_HALF_UP, Decimal

from fhir_mappings.instruments.instrument import Instrument, Scale
from fhir_mappings.reliable_change.findings import Badge, Caveat, ItemFall, NotSaid, ScoreChange, Shortage, WhyNotSaid
from fhir_mappings.reliable_change.measurement_error import EXACT, Decided, Level, Precision, Threshold
from fhir_mappings.reliable_change.score_series import Gap, SeriesRefused

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


def shown(number: Decimal, scale: Scale, *, more: int = 0) -> str:
    """A number of that scale as people read it: a mean to two decimals, a sum to none or one, and `more` where that hides a difference."""
    if scale.method == "sum" and number == number.to_integral_value():
        return f"{number.to_integral_value():f}"
    places = (2 if scale.method == "mean" else 1) + more
    return f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT):f}"


def _apart(first: Decimal, second: Decimal, scale: Scale) -> tuple[str, str]:
    """Two numbers with as many decimals as it takes to see that they differ."""
    pairs = [(shown(first, scale, more=more), shown(second, scale, more=more)) for more in range(_MORE_DIGITS)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


# One comparison


def sentence(instrument: Instrument, found: ScoreChange | ItemFall) -> str:
    """One finding in one or two sentences."""
    return _item_fall(found) if isinstance(found, ItemFall) else _score_change(instrument.scale(found.scale), found)


def _score_change(scale: Scale, found: ScoreChange) -> str:
    if found.rule == "left-ceiling":
        return _ceiling(scale, found)
    if found.change == 0:
        return f"{scale.title} is {shown(found.score, scale)}, the same as {_reference(scale, found)}."
    if found.reached is None:
        return f"{_moved(scale, found, shown(found.change.copy_abs(), scale))}. {_within(scale, found)}"
    limit = next(one for one in found.thresholds if one.level == found.reached)
    by, size = _apart(found.change.copy_abs(), limit.size, scale)
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
    by, size = _apart(found.change.copy_abs(), limit.size, scale)
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


def _item_fall(found: ItemFall) -> str:
    """Which items fell between the two latest responses."""
    if not found.items:
        return f"None of the {found.compared} items answered in both of the two latest ratings moved for the worse by two options or more."
    named = ", ".join(f"item {step.number} (by {step.options})" for step in found.items)
    moved = f"{len(found.items)} of {found.compared} items moved for the worse by two options or more"
    return f"{moved} since the previous rating: {named}."


# Caveats

_CAVEATS: dict[Caveat, str] = {
    "prorated": "A score in this comparison is prorated, because items were left out.",
    "language-unknown": "The language of one of the ratings is not recorded.",
    "own-scores-only": "Only this person's own earlier scores were used: there is no published reliability to use.",
    "optimistic": "Optimistic: the reliability is internal consistency (alpha), not retest, so the threshold is likely too small.",
    "unverified": "Unverified: the published figures behind the threshold have not been checked.",
    "lucky-peak": "The best of several scores is partly luck, so a fall from it looks larger than it is.",
    "observation": "An observation, not a change: no measurement error was published for it, and it is common where nothing has changed.",
}


def caveats(instrument: Instrument, found: ScoreChange | ItemFall) -> tuple[str, ...]:
    """What a reader must know beside the sentence."""
    return tuple(_caveat(instrument, found, one) for one in found.caveats)


def _caveat(instrument: Instrument, found: ScoreChange | ItemFall, caveat: Caveat) -> str:
    if caveat == "key":
        return instrument.why_unscored or ""
    if caveat == "interval":
        return _interval(found)
    if isinstance(found, ScoreChange) and caveat in {"no-room-to-rise", "no-room-to-fall"}:
        return _out_of_reach(instrument.scale(found.scale), found, caveat)
    return _CAVEATS[caveat]


def _interval(found: ScoreChange | ItemFall) -> str:
    """Over how long the reliability behind the threshold was measured."""
    precision = found.precision if isinstance(found, ScoreChange) else None
    measured = precision.entry.interval if precision else "not stated"
    return f"Interval of the retest behind the threshold: {measured}. Between visits further apart more varies by itself."


def _out_of_reach(scale: Scale, found: ScoreChange, caveat: Caveat) -> str:
    """A claim that the scale leaves no room for, at the higher level."""
    needed = f"from {shown(found.before.value, scale)} it takes more than {shown(found.thresholds[-1].size, scale)}"
    move, end = ("rise", scale.high) if caveat == "no-room-to-rise" else ("fall", scale.low)
    return f"No {move} could be told from chance: {needed}, and the scale ends at {end}."


# Why nothing is said

_NOT_SAID: dict[WhyNotSaid, str] = {
    "latest_not_scored": "The latest rating has no score, and an earlier change is not passed off as the latest.",
    "no_reliability": "No reliability has been published for this score and informant.",
    "reliability_incomplete": "A reliability has been published, but no spread to compute with.",
    "direction_unknown": "The instrument does not say which end of the scale is better.",
    "no_spread": "The earlier scores are all the same, so their usual range is not known.",
    "no_answers": "The two latest ratings share no answered item.",
}


def not_said(one: NotSaid) -> str:
    """Why a rule could not be applied, with what it needs."""
    if one.shortage is not None:
        return _too_few(one.shortage)
    if one.code == "choice_unknown":
        return f"There is no reliability entry “{one.choice}” for this score."
    return _NOT_SAID[one.code]


def _too_few(shortage: Shortage) -> str:
    if shortage.counted == "earlier":
        return f"{shortage.have} earlier scores; this person's own spread needs {shortage.needed}."
    return f"Too few points: {shortage.have} of the {shortage.needed} scores needed before anything is said about change."


def refused(instrument: Instrument, one: SeriesRefused) -> str:
    """Why a series is not compared at all by that instrument's rules."""
    if one.mixed:
        return f"The scores are of several {' and '.join(one.mixed)}, so they are not compared."
    return {
        "scale_unknown": f"{instrument.title} has no scale “{one.scale}”.",
        "other_form": f"The scores are not of {instrument.title} {instrument.version}.",
        "other_language": f"The scores are not of the {instrument.language} form.",
        "not_in_order": "The scores are not in the order of time.",
        "order_unknown": "Which of two scores was first is not known, so they are not compared.",
        "rating_twice": "One rating is there twice.",
    }[one.code]


def gap(instrument: Instrument, scale: str, one: Gap) -> str:
    """Why a rating is left out of that scale's series, as the end of a sentence: in the rating's own words where it says why."""
    if one.code == "out_of_range":
        bounds = instrument.scale(scale)
        return f"its score lies outside {bounds.low} to {bounds.high}"
    if one.code == "no_such_score":
        return "it has no score of this scale"
    return one.point.reason or "it is not scored"
