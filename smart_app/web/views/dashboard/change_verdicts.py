"""What the rules say of a change, in a line: more than the form's error or within it, and whose error that is; else why nothing is said.
Every figure is the engine's own: nothing is computed here."""

from decimal import Decimal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.findings import ScoreChange
from fhir_mappings.reliable_change.latest_change import Change
from fhir_mappings.reliable_change.longest_move import LongestMove, MoveTurned
from fhir_mappings.reliable_change.measurement_error import ErrorKind
from fhir_mappings.reliable_change.pooled_scores import PooledChange, PooledPart
from fhir_mappings.reliable_change.signals import signal_sentences
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, Looked, NotJudged, NotUsed
from fhir_mappings.reliable_change.signals.rule_rows import RuleKind
from fhir_mappings.sentence import Sentence, joined
from smart_app.care.dashboard.history import History
from smart_app.web import formats
from smart_app.web.languages.unbroken import Unbroken

NOT_THE_NEWEST = Sentence("Not judged: only the newest form is.")
_NO_ERROR = Sentence("No error is known for this form: look at the answers.")
_TOP = Sentence("It stands at the top of its scale: a fall can be seen, a rise cannot; ask openly.")
_BEST_END = Sentence("It stands at the best end of its scale: only a change for the worse can be seen; ask openly.")
_NO_RULE = Sentence("No rule of this site looks at it.")
EXTREMES = Sentence("The highest or lowest of several is partly chance.")
_FEW = {
    1: Sentence("One rating: there is none to compare it with yet."),
    2: Sentence("Two ratings: too few to tell a run from chance."),
}
_MOST_DIGITS = 6


class Judged(Struct, frozen=True, kw_only=True):
    """What the rules say of a rating, None where nobody asked them; `why` is where all of it stands, "" where there is no such page."""

    found: Judgement | NotJudged | None
    why: str


class _Against(Struct, frozen=True, kw_only=True):
    """A comparison that the engine made: with what, at which size it is more than chance, and whose error that rests on (None: this
    person's own ups and downs)."""

    fact: ScoreChange
    limit: Decimal
    kind: ErrorKind | None


def judged(history: History, rating: Rating, why: str) -> Judged:
    """What the signals have on a rating, and the place of that signal on the page of reasons."""
    for number, signal in enumerate(history.signals, 1):
        every: tuple[Judgement | NotJudged, ...] = (*signal.judgements, *signal.not_judged)
        for one in every:
            if one.rating.source == rating.source:
                return Judged(found=one, why=f"{why}#why-{number}" if why else "")
    return Judged(found=None, why="")


# The last step


def of_step(says: Judged, change: Change) -> Sentence | None:
    """The last step against the form's error."""
    found = says.found
    if not isinstance(found, Judgement):
        return signal_sentences.VERSION_GONE if found else None
    scale = found.instrument.scale(change.scale or "total")
    worse = _is_worse(scale, fell=change.moved == "fell") if change.moved in {"rose", "fell"} else None
    if "at-ceiling" in found.uninformative and worse is not True:
        return _TOP if scale.better == "higher" else _BEST_END
    said = _step(found, scale, change, worse=worse)
    alike = "straight-line" in found.uninformative and worse is not True
    return joined(" ", [said, *signal_sentences.uninformative(found)]) if alike else said


def _is_worse(scale: Scale, *, fell: bool) -> bool | None:
    return None if scale.better is None else fell is (scale.better == "higher")


def _step(found: Judgement, scale: Scale, change: Change, *, worse: bool | None) -> Sentence:
    if found.n in _FEW:
        begins = signal_sentences.begins(found)
        return joined(" ", [*([begins] if begins else []), _FEW[found.n]])
    against = _against(found, "previous", worse=worse)
    if isinstance(against, Sentence):
        return against
    fact = against.fact
    outcome, [before] = _outcome(fact.change, against.limit, against.kind, scale), fact.before.points
    if isinstance(change.earlier, Rating) and change.earlier.source != before.source:
        score, day = shown(fact.before.value, scale), Unbroken(formats.on(before.when))
        return Sentence("Against {before} {day}, the last score before it: {outcome}.", before=score, day=day, outcome=outcome)
    return Sentence("This step alone is {outcome}.", outcome=outcome)


# The longest move


def of_move(says: Judged, move: LongestMove, scale: str) -> Sentence | None:
    """A move that goes on to the latest score is judged against the first scores; one that turned by the two ratings at its ends."""
    found = says.found
    return _move(found, move, found.instrument.scale(scale)) if isinstance(found, Judgement) else None


def _move(found: Judgement, move: LongestMove, scale: Scale) -> Sentence:
    worse = _is_worse(scale, fell=move.way == "fell")
    if not isinstance(move, MoveTurned):
        return _since(found, scale, worse=worse)
    against = _against(found, "previous", worse=worse)
    if isinstance(against, Sentence):
        return against
    size = (move.turn[1] - move.start[1]).copy_abs()
    return Sentence(
        "{by} between these two ratings: {outcome}.",
        by=shown(size, scale),
        outcome=_outcome(size, against.limit, against.kind, scale),
    )


def _since(found: Judgement, scale: Scale, *, worse: bool | None) -> Sentence:
    pooled = _looked(found, "pooled", worse=True) if worse else None
    if isinstance(pooled, Looked) and isinstance(pooled.fact, PooledChange) and found.error:
        for part in pooled.fact.parts:
            if part.reached:
                return _pooled(part, scale, found.error.kind)
    against = _against(found, "baseline", worse=worse)
    if isinstance(against, Sentence):
        return against
    fact = against.fact
    return _latest(fact.change, len(fact.before.points), _outcome(fact.change, against.limit, against.kind, scale), scale)


def _pooled(part: PooledPart, scale: Scale, kind: ErrorKind) -> Sentence:
    change, first = part.now.value - part.before.value, len(part.before.points)
    outcome = _outcome(change, part.limit, kind, scale)
    if part.name == "latest":
        return _latest(change, first, outcome, scale)
    by, number = shown(change.copy_abs(), scale), formats.in_words(first)
    if change < 0:
        return Sentence(
            "The mean of the last two is {by} below that of the first {number} ratings: {outcome}.", by=by, number=number, outcome=outcome
        )
    return Sentence(
        "The mean of the last two is {by} above that of the first {number} ratings: {outcome}.", by=by, number=number, outcome=outcome
    )


def _latest(change: Decimal, first: int, outcome: Sentence, scale: Scale) -> Sentence:
    by, number = shown(change.copy_abs(), scale), formats.in_words(first)
    if change < 0:
        return Sentence(
            "The latest is {by} below the mean of the first {number} ratings: {outcome}.", by=by, number=number, outcome=outcome
        )
    if change > 0:
        return Sentence(
            "The latest is {by} above the mean of the first {number} ratings: {outcome}.", by=by, number=number, outcome=outcome
        )
    return Sentence("The latest is the mean of the first {number} ratings.", number=number)


# What the engine compared, and how that is called


def _against(found: Judgement, kind: RuleKind, *, worse: bool | None) -> _Against | Sentence:
    """What a rule of that kind compared, or why it did not."""
    one = _looked(found, kind, worse=worse)
    if one is None:
        return _NO_RULE
    if isinstance(one, NotUsed):
        return _NO_ERROR if one.because == "no_error" else signal_sentences.unused(found, one)
    fact = one.fact
    limit = next((each for each in fact.thresholds if each.level == one.rule.at), None) if isinstance(fact, ScoreChange) else None
    if not isinstance(fact, ScoreChange) or limit is None or fact.precision is None:
        return _NO_ERROR
    return _Against(fact=fact, limit=limit.size, kind=fact.precision.kind if limit.decided_by == "precision" else None)


def _looked(found: Judgement, kind: RuleKind, *, worse: bool | None) -> Looked | NotUsed | None:
    """The rule of that kind that is for a change that way, where one is; what it saw, or why it was not used."""
    outcomes: tuple[Looked | NotUsed, ...] = (*found.raised, *found.quiet, *found.not_used)
    every = [one for one in outcomes if one.rule.kind == kind]
    fitting = [one for one in every if worse is None or (one.rule.direction == "worse") is worse]
    return next(iter([*fitting, *every]), None)


def _outcome(change: Decimal, limit: Decimal, kind: ErrorKind | None, scale: Scale) -> Sentence:
    more, size = abs(change) > limit, _size(change, limit, scale)
    if kind == "assumed" and more:
        return Sentence("more than the assumed error ({size}; none is published for this form)", size=size)
    error = error_named(kind, size)
    return Sentence("more than {error}", error=error) if more else Sentence("within {error}", error=error)


def error_named(kind: ErrorKind | None, size: str) -> Sentence:
    """Whose error it is, and its size; None is this person's own ups and downs."""
    if kind is None:
        return Sentence("this person’s own ups and downs ({size})", size=size)
    if kind == "site":
        return Sentence("the error this site declared ({size})", size=size)
    return Sentence("the assumed error ({size})", size=size) if kind == "assumed" else Sentence("the published error ({size})", size=size)


def _size(change: Decimal, limit: Decimal, scale: Scale) -> str:
    """The limit, with as many more digits as it takes to see on which side of it the change is."""
    sizes = [(shown(limit, scale, more=more), shown(change.copy_abs(), scale, more=more)) for more in range(_MOST_DIGITS)]
    return next((one for one, other in sizes if one != other), sizes[0][0])
