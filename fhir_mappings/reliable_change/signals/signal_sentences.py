"""The sentences about a judgement, for people: why older ratings do not count, why a rule was not used, what would change what it said, how
often it speaks up by chance. No verdicts, no causes."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.reliable_change.change_sentences import not_said, refused, shown
from fhir_mappings.reliable_change.findings import Badge, NotSaid
from fhir_mappings.reliable_change.score_series import SeriesRefused
from fhir_mappings.reliable_change.signals.error_rows import DeclaredError
from fhir_mappings.reliable_change.signals.rating_judge import Begin, Judgement, NotUsed, Unused
from fhir_mappings.reliable_change.signals.signal_terms import LeftOut
from fhir_mappings.reliable_change.signals.unchanged_rates import Power, Rate, Regression
from fhir_mappings.sentence import Sentence, counted, listed

SILENCE = Sentence("Silence is no all-clear: a change may be too small, too new or too short to be told from chance.")
VERSION_GONE = Sentence("This version of the form is not installed any more, so its scores are shown and not judged.")
_BEGINS: dict[Begin, Sentence] = {
    "clinician": Sentence("another clinician"),
    "version": Sentence("another version of the form"),
    "language": Sentence("another language of the form"),
    "anchors": Sentence("other words for the answers"),
    "gap": Sentence("a long time without a rating"),
}
_UNUSED: dict[Unused | LeftOut, Sentence] = {
    "no_answer": Sentence("The question was not answered."),
    "no_score": Sentence("This rating has no score to judge."),
    "too_few_points": Sentence("Too few scores: three are needed since the series began."),
    "no_error": Sentence("No published error: look at the answers."),
    "refused": Sentence("The scores may not be compared."),
    "not_said": Sentence("It does not apply to these scores."),
    "uninformative": Sentence("The rise is not informative: every answer is alike, or the score is at the end of its scale."),
    "incomplete": Sentence("Not all ratings could be read, so that an earlier one may be missing."),
    "cutoff_gone": Sentence("The form's file has no such published cut-off."),
    "not_yet": Sentence("It was not in force yet on that day."),
    "retired": Sentence("It was retired before that day."),
    "switched_off": Sentence("This site had switched it off on that day."),
}
_UNINFORMATIVE: dict[Badge, Sentence] = {
    "straight-line": Sentence("Every answer is the same: not informative, ask openly."),
    "at-ceiling": Sentence("The score is at the best end of its scale: not informative, ask openly."),
}


def begins(judged: Judgement) -> Sentence | None:
    """Why older ratings do not count; None where all of them do."""
    if not judged.begins:
        return None
    return Sentence("Older ratings do not count here: {reasons}.", reasons=listed([_BEGINS[one] for one in judged.begins]))


def unused(judged: Judgement, one: NotUsed) -> Sentence:
    """Why a rule was not used, in the comparison's own words where it has some."""
    if isinstance(one.detail, SeriesRefused):
        return refused(judged.instrument, one.detail)
    if isinstance(one.detail, NotSaid) and one.because != "no_error":
        return not_said(one.detail)
    return _UNUSED[one.because]


def uninformative(judged: Judgement) -> tuple[Sentence, ...]:
    """What makes the answers tell little."""
    return tuple(_UNINFORMATIVE[one] for one in judged.uninformative)


def error_named(error: DeclaredError | None, scale: Scale) -> Sentence:
    """The error of a form, and whose it is."""
    if error is None:
        return _UNUSED["no_error"]
    size = shown(error.precision.sem, scale)
    if error.kind == "assumed":
        return Sentence("Error {size}: assumed; none published.", size=size)
    if error.kind == "site":
        return counted(
            "Error {size}: declared by this site from {n} person, signed by {who}.",
            "Error {size}: declared by this site from {n} people, signed by {who}.",
            error.people or 0,
            size=size,
            who=error.signed_by or "",
        )
    return Sentence("Error {size}: published, measured over {interval}.", size=size, interval=error.precision.entry.interval)


def error_caveats(judged: Judgement) -> tuple[Sentence, ...]:
    """What is uncertain in the error itself."""
    error, days = judged.error, judged.days_between
    if error is None or days is None:
        return ()
    if error.interval_days is not None and error.shorter_than(days):
        return (
            Sentence(
                "The error was measured over {measured} days and these visits are {apart} days apart, so that more varies by itself.",
                measured=error.interval_days,
                apart=days,
            ),
        )
    if error.interval_days is None and error.kind == "published":
        return (
            Sentence(
                "Interval of the retest behind the threshold: {interval}. Between visits further apart more varies by itself.",
                interval=error.precision.entry.interval,
            ),
        )
    return ()


def regression(judged: Judgement, scale: Scale, simulated: Regression | None) -> Sentence | None:
    """That an extreme first score is followed by one nearer the middle although nothing has changed; None where it was not extreme."""
    if judged.extreme is None or judged.first is None or judged.first.value is None:
        return None
    first = shown(judged.first.value, scale)
    if simulated is None:
        return Sentence("The first score, {first}, was extreme: the next is nearer the middle by itself.", first=first)
    if judged.extreme == "high":
        return Sentence(
            "The first score, {first}, was high: of people whose view had not changed the second was {by} lower on average (simulated).",
            first=first,
            by=shown(-simulated.high, scale),
        )
    return Sentence(
        "The first score, {first}, was low: of people whose view had not changed the second was {by} higher on average (simulated).",
        first=first,
        by=shown(simulated.low, scale),
    )


def how_often(rate: Rate | None, *, computed: bool) -> Sentence:
    """How often a rule speaks up in people whose view has not changed."""
    if not computed:
        return Sentence("Nothing is computed here: it is what was answered.")
    if rate is None:
        return Sentence("How often it speaks up by chance is not known for this form and error.")
    return Sentence(
        "In people whose view had not changed it spoke up about {people} of 100 within two years, at {visits} of 100 visits (simulated, "
        "retest {retest}).",
        people=rate.people,
        visits=rate.visits,
        retest=rate.retest,
    )


def missed(power: Power) -> Sentence:
    """What a rule found of people whose view did change, in one way."""
    at, following, retest = power.at, power.next, power.retest
    if power.course == "drop of one SD at visit 4 of 6":
        return Sentence(
            "Of 100 simulated people whose score dropped by one standard deviation at the fourth of six visits {at} were named by that "
            "visit and {following} by the next (retest {retest}).",
            at=at,
            following=following,
            retest=retest,
        )
    if power.course == "slow, 1.5 SD over visits 1 to 5 of 6":
        return Sentence(
            "Of 100 whose score slid by one and a half over the first five of six visits {at} were named by the fifth and {following} by "
            "the sixth (retest {retest}).",
            at=at,
            following=following,
            retest=retest,
        )
    if power.course == "slow, 1.5 SD over visits 3 to 7 of 8":
        return Sentence(
            "Of 100 whose score slid by one and a half from the third to the seventh of eight visits {at} were named by the seventh and "
            "{following} by the eighth (retest {retest}).",
            at=at,
            following=following,
            retest=retest,
        )
    return Sentence(
        "Of 100 simulated people ({course}) {at} were named by the visit that completes it and {following} by the next (retest {retest}).",
        course=power.course,
        at=at,
        following=following,
        retest=retest,
    )


def another_score(least: Decimal, scale: Scale) -> Sentence:
    """From which score on a rule would have been silent."""
    low, high = scale.low, scale.high
    if not low <= least <= high:
        return Sentence("No score within the scale would have changed it.")
    if scale.better == "lower":
        return Sentence("A score of {score} or less would have said nothing.", score=_outwards(least, scale, ROUND_FLOOR))
    return Sentence("A score of {score} or more would have said nothing.", score=_outwards(least, scale, ROUND_CEILING))


def another_error(least: Decimal, scale: Scale) -> Sentence:
    """From which error on it would have been."""
    return Sentence("With an error of {error} or more it would have said nothing.", error=_outwards(least, scale, ROUND_CEILING))


def _outwards(number: Decimal, scale: Scale, rounding: str) -> str:
    """Rounded so that what is said of the number is true of what is shown."""
    return f"{number.quantize(Decimal('0.01' if scale.method == 'mean' else '0.1'), rounding):f}"


NOT_SIMULATED = Sentence("What it misses is not known: it was not simulated for this form and error.")
UNSAID = Sentence("It sees what is answered: what a patient does not say, it misses.")
ANOTHER_ANSWER = Sentence("Only another answer to this question.")
LATER_RATING = Sentence("The next rating is judged anew; nothing of this one is kept.")
# A rule in words; the numbers of one case stand beside it.
FORMULAS: dict[str, Sentence] = {
    "answer": Sentence("The answer is one of those that say that something was difficult."),
    "cutoff": Sentence("The score stands at its author's cut-off or beyond."),
    "latest": Sentence("From the mean of the first scores to the latest, for the worse: more than z × error × √(1 + 1/n)."),
    "last-two": Sentence("From the mean of the first scores to that of the last two, for the worse: more than z × error × √(1/2 + 1/n)."),
    "previous": Sentence("From the previous score to the latest: more than z × error × √2."),
    "baseline": Sentence("From the mean of the first scores to the latest: more than z × error × √(1 + 1/n)."),
    "peak": Sentence("From the last best score to the latest, for the worse: more than z × error × √2."),
    "own-range": Sentence("From the mean of all earlier scores to the latest: more than three of this person's own standard deviations."),
    "item-fall": Sentence("Answers that moved for the worse by two options or more since the previous rating, counted."),
    "left-ceiling": Sentence("The previous score stood at the best end of the scale, and the latest does not."),
    "moved": Sentence("The latest score less the previous one."),
}
