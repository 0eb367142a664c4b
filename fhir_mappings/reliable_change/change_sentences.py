"""The sentences about change, for people: what moved, how far, and how far chance alone would reach. No verdicts, no causes.

Every one is a function of a fact (`fhir_mappings.reliable_change.findings`) and of the instrument whose words and scale it is told in.
What a score is compared with, and what a threshold stands for, are sentences of their own within them: phrases that are the same wherever
they stand.
"""

from decimal import ROUND_HALF_UP, Decimal

from fhir_mappings.instruments.instrument import Instrument, Scale
from fhir_mappings.reliable_change.findings import Badge, Caveat, ItemFall, NotSaid, ScoreChange, Shortage, WhyNotSaid
from fhir_mappings.reliable_change.measurement_error import EXACT, Decided, ErrorKind, Level, Precision, Threshold
from fhir_mappings.reliable_change.score_series import Gap, Kind, SeriesRefused
from fhir_mappings.sentence import Sentence, counted, joined, listed

_MORE_DIGITS = 6
# What lies within a threshold, by what decided it.
_NINETY_BY_CHANCE = Sentence("chance alone explains in 90 of 100 comparisons")
_WITHIN: dict[tuple[Decided, Level], Sentence] = {
    ("precision", "90 %"): _NINETY_BY_CHANCE,
    ("precision", "95 %"): Sentence("chance alone explains in 95 of 100 comparisons"),
    # Where the published error decides, the lower limit of a chart is the reliable change beside it (`precision.own_range`).
    ("precision", "2 sigma"): _NINETY_BY_CHANCE,
    ("precision", "3 sigma"): Sentence("chance alone explains, three standard errors of measurement"),
    ("spread", "90 %"): Sentence("this person's own ups and downs alone explain in 90 of 100 comparisons"),
    ("spread", "95 %"): Sentence("this person's own ups and downs alone explain in 95 of 100 comparisons"),
    ("spread", "2 sigma"): Sentence("this person's own ups and downs alone explain, two standard deviations"),
    ("spread", "3 sigma"): Sentence("this person's own ups and downs alone explain, three standard deviations"),
}
_UNCHECKED: dict[ErrorKind, Sentence] = {
    "published": Sentence("figures unverified"),
    "assumed": Sentence("error assumed, none published"),
    "site": Sentence("error declared by this site"),
}
_HELD_BACK: dict[Badge, Sentence] = {
    "straight-line": Sentence("It is not taken as a change, because every item has the same answer."),
    "at-ceiling": Sentence("It is not taken as a change, because the score stands at the end of its scale."),
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


def sentence(instrument: Instrument, found: ScoreChange | ItemFall) -> Sentence:
    """One finding in one or two sentences."""
    return _item_fall(found) if isinstance(found, ItemFall) else _score_change(instrument.scale(found.scale), found)


def _score_change(scale: Scale, found: ScoreChange) -> Sentence:
    if found.rule == "left-ceiling":
        return _ceiling(scale, found)
    if found.change == 0:
        reference = _reference(scale, found)
        return Sentence(
            "{scale} is {score}, the same as {reference}.", scale=scale.title, score=shown(found.score, scale), reference=reference
        )
    if found.reached is None:
        return joined(". ", (_moved(scale, found, shown(found.change.copy_abs(), scale)), _within(scale, found)))
    limit = next(one for one in found.thresholds if one.level == found.reached)
    by, size = _apart(found.change.copy_abs(), limit.size, scale)
    chance = _chance(found.precision, limit)
    said = Sentence("{change}: more than the {size} that {chance}.", change=_moved(scale, found, by), size=size, chance=chance)
    return joined(" ", (said, _HELD_BACK[found.held_back])) if found.held_back else said


def _moved(scale: Scale, found: ScoreChange, by: str) -> Sentence:
    """Which way and how far, without a full stop."""
    named: dict[str, str] = {"scale": scale.title, "by": by, "score": shown(found.score, scale), "reference": _reference(scale, found)}
    if found.moved == "rose":
        moved = Sentence("{scale} rose by {by}, to {score} from {reference}", **named)
    else:
        moved = Sentence("{scale} fell by {by}, to {score} from {reference}", **named)
    return Sentence("{change} ({direction})", change=moved, direction=scale.direction) if scale.better == "lower" else moved


def _reference(scale: Scale, found: ScoreChange) -> Sentence:
    """What the score is compared with, and its number."""
    value, many = shown(found.before.value, scale), len(found.before.points)
    if found.rule == "own-range":
        return counted("{value}, the mean of the {n} earlier score", "{value}, the mean of the {n} earlier scores", many, value=value)
    if found.rule == "baseline":
        return _baseline(value, many)
    if found.rule == "peak" and scale.better == "higher":
        return Sentence("its last highest point of {value}", value=value)
    if found.rule == "peak":
        return Sentence("its last lowest point of {value}", value=value)
    return Sentence("the previous {value}", value=value)


def _baseline(value: str, many: int) -> Sentence:
    if many == 1:
        return Sentence("the baseline of {value}, the first score", value=value)
    return counted(
        "the baseline of {value}, the mean of the first {n} score",
        "the baseline of {value}, the mean of the first {n} scores",
        many,
        value=value,
    )


def _within(scale: Scale, found: ScoreChange) -> Sentence:
    """What is said of a change that exceeds no threshold."""
    if found.rule == "peak" and not found.worse:
        return Sentence("It has not moved away from it for the worse.")
    limit = found.thresholds[0]
    by, size = _apart(found.change.copy_abs(), limit.size, scale)
    return Sentence("{by} is not more than the {size} that {chance}.", by=by, size=size, chance=_chance(found.precision, limit))


def _chance(precision: Precision | None, limit: Threshold) -> Sentence:
    """What a threshold stands for, with the assumption behind it."""
    said = _WITHIN[limit.decided_by, limit.level]
    if limit.decided_by != "precision" or precision is None:
        return said
    labels = [Sentence("optimistic: internal consistency")] if precision.optimistic else []
    labels += [_UNCHECKED[precision.kind]] if precision.entry.certainty == "unverified" else []
    return Sentence("{chance} ({labels})", chance=said, labels=joined("; ", labels)) if labels else said


def _ceiling(scale: Scale, found: ScoreChange) -> Sentence:
    end = scale.high if scale.better == "higher" else scale.low
    if found.before.value != end:
        return Sentence("{scale} did not stand at {end}, the end of its scale, before.", scale=scale.title, end=end)
    if found.score == end:
        return Sentence("{scale} is still at {end}, the end of its scale.", scale=scale.title, end=end)
    before, now = _apart(found.before.value, found.score, scale)
    return Sentence("{scale} left the end of its scale: {before} before, {now} now.", scale=scale.title, before=before, now=now)


# Items


def _item_fall(found: ItemFall) -> Sentence:
    """Which items fell between the two latest responses."""
    if not found.items:
        return counted(
            "None of the {n} items answered in both of the two latest ratings moved for the worse by two options or more.",
            "None of the {n} items answered in both of the two latest ratings moved for the worse by two options or more.",
            found.compared,
        )
    named = [Sentence("item {number} (by {options})", number=step.number, options=step.options) for step in found.items]
    return counted(
        "{fallen} of {n} items moved for the worse by two options or more since the previous rating: {items}.",
        "{fallen} of {n} items moved for the worse by two options or more since the previous rating: {items}.",
        found.compared,
        fallen=len(found.items),
        items=joined(", ", named),
    )


# Caveats

_CAVEATS: dict[Caveat, Sentence] = {
    "prorated": Sentence("A score in this comparison is prorated, because items were left out."),
    "language-unknown": Sentence("The language of one of the ratings is not recorded."),
    "assumed": Sentence("The error behind the threshold is assumed: none was published for this form."),
    "site": Sentence("The error behind the threshold was declared by this site for its own patients."),
    "optimistic": Sentence(
        "Optimistic: the reliability is internal consistency (alpha), not retest, so the threshold is likely too small."
    ),
    "unverified": Sentence("Unverified: the published figures behind the threshold have not been checked."),
    "lucky-peak": Sentence("The best of several scores is partly luck, so a fall from it looks larger than it is."),
    "observation": Sentence(
        "An observation, not a change: no measurement error was published for it, and it is common where nothing has changed."
    ),
}
_NOTHING = joined("", ())


def caveats(instrument: Instrument, found: ScoreChange | ItemFall) -> tuple[Sentence, ...]:
    """What a reader must know beside the sentence."""
    return tuple(_caveat(instrument, found, one) for one in found.caveats)


def _caveat(instrument: Instrument, found: ScoreChange | ItemFall, caveat: Caveat) -> Sentence:
    if caveat == "key":
        return instrument.why_unscored or _NOTHING
    if caveat == "interval":
        return _interval(found)
    if isinstance(found, ScoreChange) and caveat in {"no-room-to-rise", "no-room-to-fall"}:
        return _out_of_reach(instrument.scale(found.scale), found, caveat)
    return _CAVEATS[caveat]


def _interval(found: ScoreChange | ItemFall) -> Sentence:
    """Over how long the reliability behind the threshold was measured."""
    precision = found.precision if isinstance(found, ScoreChange) else None
    measured = precision.entry.interval if precision else Sentence("not stated")
    return Sentence(
        "Interval of the retest behind the threshold: {interval}. Between visits further apart more varies by itself.", interval=measured
    )


def _out_of_reach(scale: Scale, found: ScoreChange, caveat: Caveat) -> Sentence:
    """A claim that the scale leaves no room for, at the higher level."""
    start, size = shown(found.before.value, scale), shown(found.thresholds[-1].size, scale)
    if caveat == "no-room-to-rise":
        return Sentence(
            "No rise could be told from chance: from {start} it takes more than {size}, and the scale ends at {end}.",
            start=start,
            size=size,
            end=scale.high,
        )
    return Sentence(
        "No fall could be told from chance: from {start} it takes more than {size}, and the scale ends at {end}.",
        start=start,
        size=size,
        end=scale.low,
    )


# Why nothing is said

_NOT_SAID: dict[WhyNotSaid, Sentence] = {
    "latest_not_scored": Sentence("The latest rating has no score, and an earlier change is not passed off as the latest."),
    "no_reliability": Sentence("No reliability has been published for this score and informant."),
    "reliability_incomplete": Sentence("A reliability has been published, but no spread to compute with."),
    "direction_unknown": Sentence("The instrument does not say which end of the scale is better."),
    "no_answers": Sentence("The two latest ratings share no answered item."),
}


def not_said(one: NotSaid) -> Sentence:
    """Why a rule could not be applied, with what it needs."""
    if one.shortage is not None:
        return _too_few(one.shortage)
    if one.code == "choice_unknown":
        return Sentence("There is no reliability entry “{choice}” for this score.", choice=str(one.choice))
    return _NOT_SAID[one.code]


def _too_few(shortage: Shortage) -> Sentence:
    if shortage.counted == "earlier":
        return counted(
            "{n} earlier score; this person's own spread needs {needed}.",
            "{n} earlier scores; this person's own spread needs {needed}.",
            shortage.have,
            needed=shortage.needed,
        )
    return counted(
        "Too few points: {have} of the {n} score needed before anything is said about change.",
        "Too few points: {have} of the {n} scores needed before anything is said about change.",
        shortage.needed,
        have=shortage.have,
    )


_KINDS: dict[Kind, Sentence] = {
    "instruments": Sentence("instruments"),
    "versions": Sentence("versions"),
    "languages": Sentence("languages"),
    "informants": Sentence("informants"),
    "clinicians": Sentence("clinicians"),
    "observers": Sentence("observers"),
    "anchors": Sentence("sets of answer words"),
}


def refused(instrument: Instrument, one: SeriesRefused) -> Sentence:
    """Why a series is not compared at all by that instrument's rules."""
    if one.mixed:
        kinds = listed([_KINDS[kind] for kind in one.mixed])
        return Sentence("The scores are of several {kinds}, so they are not compared.", kinds=kinds)
    named: dict[str, str] = {"instrument": instrument.title, "version": instrument.version, "language": str(instrument.language)}
    return {
        "scale_unknown": Sentence("{instrument} has no scale “{scale}”.", **named, scale=one.scale),
        "other_form": Sentence("The scores are not of {instrument} {version}.", **named),
        "version_untold": Sentence("Which version of the form these scores are of is not recorded, so they are not compared."),
        "other_language": Sentence("The scores are not of the {language} form.", **named),
        "not_in_order": Sentence("The scores are not in the order of time."),
        "order_unknown": Sentence("Which of two scores was first is not known, so they are not compared."),
        "rating_twice": Sentence("One rating is there twice."),
    }[one.code]


def gap(instrument: Instrument, scale: str, one: Gap) -> Sentence:
    """Why a rating is left out of that scale's series, as the end of a sentence: in the rating's own words where it says why."""
    if one.code == "out_of_range":
        bounds = instrument.scale(scale)
        return Sentence("its score lies outside {low} to {high}", low=bounds.low, high=bounds.high)
    if one.code == "no_such_score":
        return Sentence("it has no score of this scale")
    return one.point.reason or Sentence("it is not scored")
