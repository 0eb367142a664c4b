"""Why something was said, as data: the inputs with their dates, the rule and its version, the formula in words and in numbers, the
threshold and where it is from, what was not used, what would change it, and how often it speaks up by chance. A page and a machine read
the same."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Literal, assert_never

from msgspec import Struct

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.r4.dates import Moment
from fhir_mappings.reliable_change.change_sentences import caveats, sentence, shown
from fhir_mappings.reliable_change.findings import ItemFall, ScoreChange
from fhir_mappings.reliable_change.measurement_error import EXACT, Threshold, multiple_at
from fhir_mappings.reliable_change.pooled_scores import PooledChange, PooledPart
from fhir_mappings.reliable_change.score_series import ScorePoint
from fhir_mappings.reliable_change.signals import signal_sentences as words
from fhir_mappings.reliable_change.signals.error_rows import DeclaredError
from fhir_mappings.reliable_change.signals.rating_judge import AnswerGiven, CutoffReached, Judgement, Looked, Moves
from fhir_mappings.reliable_change.signals.rule_rows import SignalLevel
from fhir_mappings.reliable_change.signals.unchanged_rates import USUAL_RETEST, Power, Rate, Simulated
from fhir_mappings.sentence import Sentence

Role = Literal["latest", "previous", "first", "last-two", "reference", "answer"]


class WhyInput(Struct, frozen=True, kw_only=True):
    """One thing that went in: a score of a scale, or an answer (`of` its link id), as it was written. `roles` says what for."""

    when: Moment
    source: str
    of: str
    value: str
    roles: tuple[Role, ...]


class WhyPart(Struct, frozen=True, kw_only=True):
    """One comparison: in words, and in numbers (`3.11 to 4.22: 1.11; 2.58 × 0.40 × √(1 + 1/3) = 1.19`). `threshold` is its size, None where
    there is none."""

    formula: Sentence
    numbers: str
    threshold: Decimal | None
    reached: bool


class WhyUnused(Struct, frozen=True, kw_only=True):
    """A rule that was not used, and why."""

    rule: str
    version: int
    code: str
    reason: Sentence


class WhyNote(Struct, frozen=True, kw_only=True):
    """A sentence beside it, by a code that stays."""

    code: str
    said: Sentence


class Why(Struct, frozen=True, kw_only=True):
    """Everything behind one thing that was said. `speaks`: it was said; else the rule looked and stayed silent. `rates` are those of the
    simulation for that form and error, by retest, `powers` what it finds of people whose view has changed, `misses` the same in words."""

    rule: str
    version: int
    level: SignalLevel
    title: Sentence
    speaks: bool
    inputs: tuple[WhyInput, ...]
    parts: tuple[WhyPart, ...]
    threshold_source: str
    error: DeclaredError | None
    error_said: Sentence | None
    caveats: tuple[WhyNote, ...]
    not_used: tuple[WhyUnused, ...]
    would_change: tuple[WhyNote, ...]
    rates: tuple[Rate, ...]
    how_often: Sentence
    powers: tuple[Power, ...]
    misses: tuple[Sentence, ...]
    silence: Sentence


def explain(judged: Judgement, looked: Looked, simulated: Simulated) -> Why:
    """Why a rule said what it said, or stayed silent, about the rating of a judgement."""
    rule, measured = looked.rule, looked.rule.kind in {"pooled", "previous", "baseline", "peak", "own-range"}
    scale = next((one for one in judged.instrument.scales if one.key == rule.scale), None)
    error = judged.error if measured else None
    sem, computed = error.precision.sem if error else None, rule.kind not in {"answer", "cutoff", "moved"}
    rates = simulated.rates_of(rule.id, rule.version, judged.instrument.slug, sem)
    powers = simulated.powers_of(rule.id, rule.version, judged.instrument.slug, sem)
    usual = next((one for one in rates if one.retest == USUAL_RETEST), None)
    with localcontext(EXACT):
        return Why(
            rule=rule.id,
            version=rule.version,
            level=rule.level,
            title=rule.title,
            speaks=looked in judged.raised,
            inputs=tuple(_inputs(judged, looked)),
            parts=tuple(_parts(judged, looked)),
            threshold_source=rule.source,
            error=error,
            error_said=words.error_named(error, scale) if measured and scale else None,
            caveats=tuple(_caveats(judged, looked, scale, simulated)),
            not_used=tuple(
                WhyUnused(rule=one.rule.id, version=one.rule.version, code=one.because, reason=words.unused(judged, one))
                for one in judged.not_used
            ),
            would_change=tuple(_would_change(looked, scale)),
            rates=rates,
            how_often=words.how_often(usual, computed=computed),
            powers=powers,
            misses=tuple(map(words.missed, powers)) or ((words.NOT_SIMULATED if computed else words.UNSAID),),
            silence=words.SILENCE,
        )


# Inputs


def _inputs(judged: Judgement, looked: Looked) -> Iterator[WhyInput]:
    """What went in, the newest first."""
    fact, rating = looked.fact, judged.rating
    if isinstance(fact, AnswerGiven):
        yield WhyInput(when=rating.when, source=rating.source, of=fact.question, value=fact.option, roles=("answer",))
    elif isinstance(fact, CutoffReached):
        yield WhyInput(when=rating.when, source=rating.source, of=fact.scale, value=str(fact.score), roles=("latest",))
    elif isinstance(fact, PooledChange):
        yield from (_of_point(point, fact.scale, _pooled_roles(fact, point)) for point in reversed(looked.points))
    elif isinstance(fact, ScoreChange):
        yield _of_point(fact.after, fact.scale, ("latest",))
        yield from (_of_point(point, fact.scale, ("reference",)) for point in reversed(fact.before.points))
    elif isinstance(fact, ItemFall):
        for step in fact.items:
            yield WhyInput(when=fact.after.when, source=fact.after.source, of=step.link_id, value=str(step.after), roles=("latest",))
            yield WhyInput(when=fact.before.when, source=fact.before.source, of=step.link_id, value=str(step.before), roles=("previous",))
    elif isinstance(fact, Moves):
        for move in fact.moves:
            yield _of_point(move.after, move.scale, ("latest",))
            yield _of_point(move.before, move.scale, ("previous",))
    else:
        assert_never(fact)


def _of_point(point: ScorePoint, scale: str, roles: tuple[Role, ...]) -> WhyInput:
    return WhyInput(when=point.when, source=point.source, of=scale, value=str(point.value), roles=roles)


def _pooled_roles(fact: PooledChange, point: ScorePoint) -> tuple[Role, ...]:
    roles: dict[Role, bool] = {
        "latest": point.source == fact.after.source,
        "last-two": any(point in part.now.points for part in fact.parts if part.name == "last-two"),
        "first": any(point in part.before.points for part in fact.parts),
    }
    return tuple(role for role, has in roles.items() if has)


# Formula and numbers


def _parts(judged: Judgement, looked: Looked) -> Iterator[WhyPart]:
    fact, kind = looked.fact, looked.rule.kind
    if isinstance(fact, AnswerGiven):
        reached = fact.option in looked.rule.options
        yield WhyPart(formula=words.FORMULAS[kind], numbers=fact.option, threshold=None, reached=reached)
    elif isinstance(fact, CutoffReached):
        numbers = f"{fact.score}; {looked.rule.side} {fact.cutoff}"
        yield WhyPart(formula=words.FORMULAS[kind], numbers=numbers, threshold=fact.cutoff, reached=looked in judged.raised)
    elif isinstance(fact, PooledChange):
        scale = judged.instrument.scale(fact.scale)
        yield from (_pooled_part(part, fact.sem, scale) for part in fact.parts)
    elif isinstance(fact, ScoreChange):
        yield _compared_part(judged, looked, fact)
    elif isinstance(fact, ItemFall):
        numbers, least = f"{len(fact.items)}/{fact.compared}", looked.rule.items or 1
        yield WhyPart(formula=words.FORMULAS[kind], numbers=numbers, threshold=Decimal(least), reached=len(fact.items) >= least)
    elif isinstance(fact, Moves):
        for move in fact.moves:
            scale = judged.instrument.scale(move.scale)
            numbers = f"{_shown(move.after, scale)} − {_shown(move.before, scale)} = {shown(move.change, scale)}"
            yield WhyPart(formula=words.FORMULAS[kind], numbers=numbers, threshold=None, reached=move.change != 0)
    else:
        assert_never(fact)


def _shown(point: ScorePoint, scale: Scale) -> str:
    return shown(point.value, scale) if point.value is not None else "–"


def _pooled_part(part: PooledPart, sem: Decimal, scale: Scale) -> WhyPart:
    first, last = len(part.before.points), len(part.now.points)
    root = f"√({'1' if last == 1 else f'1/{last}'} + 1/{first})"
    numbers = (
        f"{shown(part.before.value, scale)} → {shown(part.now.value, scale)}: {shown(part.fall, scale, more=1)}; "
        f"{part.z} × {shown(sem, scale, more=1)} × {root} = {shown(part.limit, scale, more=1)}"
    )
    return WhyPart(formula=words.FORMULAS[part.name], numbers=numbers, threshold=part.limit, reached=part.reached)


def _compared_part(judged: Judgement, looked: Looked, fact: ScoreChange) -> WhyPart:
    scale = judged.instrument.scale(fact.scale)
    limit = next((one for one in fact.thresholds if one.level == looked.rule.at), None)
    moved = f"{shown(fact.before.value, scale)} → {shown(fact.score, scale)}: {shown(fact.change, scale, more=1)}"
    numbers = f"{moved}; {_product(limit, fact, scale)} = {shown(limit.size, scale, more=1)}" if limit is not None else moved
    threshold = limit.size if limit is not None else None
    return WhyPart(formula=words.FORMULAS[looked.rule.kind], numbers=numbers, threshold=threshold, reached=looked in judged.raised)


def _product(limit: Threshold, fact: ScoreChange, scale: Scale) -> str:
    """What a threshold is the product of. At three standard deviations the chart's limit is the wider of its two, always."""
    spread = fact.spread if limit.decided_by == "spread" or limit.level == "3 sigma" else None
    sem = fact.precision.sem if fact.precision is not None else Decimal(0)
    times = f"{multiple_at(limit.level)} × {shown(max(sem, spread or sem), scale, more=1)}"
    many = len(fact.before.points)
    return times if limit.level in {"2 sigma", "3 sigma"} else f"{times} × √(1 + {'1' if many == 1 else f'1/{many}'})"


# What a reader must know, and what would change it


def _caveats(judged: Judgement, looked: Looked, scale: Scale | None, simulated: Simulated) -> Iterator[WhyNote]:
    begun = words.begins(judged)
    if begun is not None:
        yield WhyNote(code="begins", said=begun)
    yield from map(_note, judged.uninformative, words.uninformative(judged))
    fact = looked.fact
    if isinstance(fact, ScoreChange | ItemFall):
        yield WhyNote(code="comparison", said=sentence(judged.instrument, fact))
        yield from map(_note, fact.caveats, caveats(judged.instrument, fact))
    if isinstance(fact, PooledChange | CutoffReached) and judged.instrument.why_unscored:
        yield WhyNote(code="key", said=judged.instrument.why_unscored)
    if isinstance(fact, PooledChange | ScoreChange) and scale is not None:
        said = caveats(judged.instrument, fact) if isinstance(fact, ScoreChange) else ()
        yield from (WhyNote(code="interval", said=one) for one in words.error_caveats(judged) if one not in said)
        nearer = words.regression(judged, scale, simulated.regression_of(judged.instrument.slug))
        if nearer is not None:
            yield WhyNote(code="regression", said=nearer)


def _note(code: str, said: Sentence) -> WhyNote:
    return WhyNote(code=code, said=said)


def _would_change(looked: Looked, scale: Scale | None) -> Iterator[WhyNote]:
    fact = looked.fact
    if isinstance(fact, AnswerGiven):
        yield WhyNote(code="another-answer", said=words.ANOTHER_ANSWER)
    elif isinstance(fact, PooledChange) and scale is not None:
        yield from _another_pooled(fact, scale)
    elif isinstance(fact, ScoreChange) and scale is not None:
        yield from _another_score(looked, fact, scale)
    yield WhyNote(code="later-rating", said=words.LATER_RATING)


def _another_pooled(fact: PooledChange, scale: Scale) -> Iterator[WhyNote]:
    """The nearest score with which neither part would have spoken, and the nearest error."""
    if not fact.reached:
        return
    sign = 1 if scale.better == "higher" else -1
    # Of the mean of several scores the latest is one: to move the mean by some, it moves by as many times that.
    needed = [fact.score + sign * len(part.now.points) * (part.fall - part.limit) for part in fact.parts if part.reached]
    yield _score(max(needed) if sign > 0 else min(needed), scale)
    yield _error(max(part.fall / (part.limit / fact.sem) for part in fact.parts), scale)


def _another_score(looked: Looked, fact: ScoreChange, scale: Scale) -> Iterator[WhyNote]:
    limit = next((one for one in fact.thresholds if one.level == looked.rule.at), None)
    if limit is None or abs(fact.change) <= limit.size or looked.rule.direction == "better":
        return
    yield _score(fact.before.value + (limit.size if fact.change > 0 else -limit.size), scale)
    if fact.precision is not None and limit.decided_by == "precision":
        yield _error(abs(fact.change) / (limit.size / fact.precision.sem), scale)


def _score(least: Decimal, scale: Scale) -> WhyNote:
    return WhyNote(code="another-score", said=words.another_score(least, scale))


def _error(least: Decimal, scale: Scale) -> WhyNote:
    return WhyNote(code="another-error", said=words.another_error(least, scale))
