"""What may be said about change in one series of scores: the rules, as pure functions. Formulas, sources and limits:
docs/reliable-change.md.

Total: every series gives what may be said, or the reason why nothing may; nothing raises. Nothing is claimed below three scores.
What comes out are facts; `fhir_mappings.reliable_change.change_sentences` makes the sentences of them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument, Item, Scale
from fhir_mappings.reliable_change.findings import (
    Badge,
    Caveat,
    Findings,
    ItemFall,
    ItemStep,
    Moved,
    NotSaid,
    Reference,
    Rule,
    ScoreChange,
    Shortage,
)
from fhir_mappings.reliable_change.measurement_error import (
    EXACT,
    SPREAD_NEEDS,
    Choice,
    Level,
    NoPrecision,
    Precision,
    Threshold,
    own_range,
    own_spread,
    precision_of,
    reliable_change,
)
from fhir_mappings.reliable_change.score_series import ScoredPoint, ScorePoint, ScoreSeries, SeriesRefused, gap_in, refusal, scored_points

NEEDS = 3
STEEP = 2
_SCORE_RULES: tuple[Rule, ...] = ("previous", "baseline", "peak", "own-range", "left-ceiling")
_Said = ScoreChange | ItemFall | NotSaid


class _Case(Struct, frozen=True, kw_only=True):
    """One series, prepared: `earlier` are the scores before the latest, `badges` what makes a rise worth little."""

    instrument: Instrument
    scale: Scale
    latest: ScoredPoint
    earlier: tuple[ScoredPoint, ...]
    precision: Precision | NoPrecision
    spread: Decimal | None
    badges: tuple[Badge, ...]

    @property
    def n(self) -> int:
        return len(self.earlier) + 1

    @property
    def entry(self) -> Precision | None:
        return self.precision if isinstance(self.precision, Precision) else None


def findings(
    instrument: Instrument,
    series: ScoreSeries,
    *,
    choice: Choice = None,
    baseline: Literal[1, 2, 3] = 3,
    error: Precision | NoPrecision | None = None,
) -> Findings | SeriesRefused:
    """What may be said about the latest point of the series by that instrument's rules; Refused when its scores may not be compared.

    `error` is the error to measure by; without it the instrument's file has one or none, and `choice` picks the entry (see
    `precision_of`). `baseline` is how many of the first scores make the baseline, at most.
    """
    refused = refusal(instrument, series)
    if refused is not None:
        return refused
    scale = instrument.scale(series.scale)
    gaps = tuple(gap for point in series.points if (gap := gap_in(point, scale)) is not None)
    scored = scored_points(series, scale)
    badges = _badges(instrument, scale, series.points[-1]) if series.points else ()
    precision = error or _published(instrument, series, choice)
    with localcontext(EXACT):
        said = tuple(_said(instrument, series, scored, precision=precision, baseline=baseline, badges=badges))
    return Findings(
        scale=scale.key,
        n=len(scored),
        findings=tuple(one for one in said if not isinstance(one, NotSaid)),
        not_said=tuple(one for one in said if isinstance(one, NotSaid)),
        badges=badges,
        gaps=gaps,
    )


def _published(instrument: Instrument, series: ScoreSeries, choice: Choice) -> Precision | NoPrecision:
    if not series.points:
        return NoPrecision(code="no_reliability", choice=choice)
    return precision_of(instrument, series.scale, series.points[-1].origin.informant, choice)


def _said(
    instrument: Instrument,
    series: ScoreSeries,
    scored: list[ScoredPoint],
    *,
    precision: Precision | NoPrecision,
    baseline: int,
    badges: tuple[Badge, ...],
) -> Iterator[_Said]:
    if len(scored) < NEEDS:
        shortage = Shortage(have=len(scored), needed=NEEDS, counted="all")
        yield from (NotSaid(rule=rule, code="too_few_points", shortage=shortage) for rule in (*_SCORE_RULES, "item-fall"))
        return
    scale = instrument.scale(series.scale)
    if scored[-1][0] is series.points[-1]:
        yield from _scores_said(_case(instrument, scale, scored, precision, badges), baseline)
    else:
        # An earlier change is not passed off as the latest.
        yield from (NotSaid(rule=rule, code="latest_not_scored") for rule in _SCORE_RULES)
    yield _item_fall(instrument, scale, series.points, len(scored))


def _case(
    instrument: Instrument, scale: Scale, scored: list[ScoredPoint], precision: Precision | NoPrecision, badges: tuple[Badge, ...]
) -> _Case:
    earlier = tuple(scored[:-1])
    return _Case(
        instrument=instrument,
        scale=scale,
        latest=scored[-1],
        earlier=earlier,
        precision=precision,
        spread=own_spread([value for _, value in earlier]),
        badges=badges,
    )


# Badges


def _badges(instrument: Instrument, scale: Scale, latest: ScorePoint) -> tuple[Badge, ...]:
    """What makes a rise worth little: every item answered alike, or a score at its best end."""
    values = [latest.answers[item.link_id] for item in instrument.items if item.link_id in latest.answers]
    straight: tuple[Badge, ...] = ("straight-line",) if len(values) > 1 and len(set(values)) == 1 else ()
    ceiling: tuple[Badge, ...] = ("at-ceiling",) if gap_in(latest, scale) is None and latest.value == _best_end(scale) else ()
    return straight + ceiling


def _best_end(scale: Scale) -> int | None:
    """The end of the scale to hope for; None where the instrument does not say."""
    return {"higher": scale.high, "lower": scale.low, None: None}[scale.better]


# Scores


def _scores_said(case: _Case, baseline: int) -> Iterator[_Said]:
    if isinstance(case.precision, NoPrecision):
        rules: tuple[Rule, ...] = ("previous", "baseline", "peak", "own-range")
        yield from (NotSaid(rule=rule, code=case.precision.code, choice=case.precision.choice) for rule in rules)
    else:
        yield from _reliable(case, case.precision, baseline)
        yield _own_range(case, case.precision)
    yield _left_ceiling(case)


def _reliable(case: _Case, precision: Precision, baseline: int) -> Iterator[_Said]:
    """The latest score against the previous one, the baseline and the last peak."""
    thresholds = reliable_change(precision.sem, case.spread)
    yield _compared(case, "previous", case.earlier[-1:], thresholds)
    first = case.earlier[:baseline]
    yield _compared(case, "baseline", first, reliable_change(precision.sem, case.spread, of=len(first)))
    if case.scale.better is None:
        yield _undirected("peak")
    else:
        yield _compared(case, "peak", (_last_peak(case, thresholds[-1].size),), thresholds)


def _undirected(rule: Rule) -> NotSaid:
    return NotSaid(rule=rule, code="direction_unknown")


def _last_peak(case: _Case, threshold: Decimal) -> ScoredPoint:
    """The best score since the last improvement larger than chance: smaller ups and downs on a way down are not taken for a peak."""
    sign = 1 if case.scale.better == "higher" else -1
    peak = case.earlier[-1]
    for one in reversed(case.earlier[:-1]):
        if sign * (peak[1] - one[1]) > threshold:
            break
        if sign * (one[1] - peak[1]) > 0:
            peak = one
    return peak


def _own_range(case: _Case, precision: Precision) -> _Said:
    """The latest score against this person's usual range: an individuals chart, its centre line and limits from earlier scores only."""
    if case.spread is None:
        shortage = Shortage(have=len(case.earlier), needed=SPREAD_NEEDS, counted="earlier")
        return NotSaid(rule="own-range", code="too_few_points", shortage=shortage)
    return _compared(case, "own-range", case.earlier, own_range(precision.sem, case.spread))


def _left_ceiling(case: _Case) -> _Said:
    """Whether the previous score stood at the best end of the scale and the latest does not. It has no threshold
    and no error, so it is an observation."""
    end = _best_end(case.scale)
    if end is None:
        return _undirected("left-ceiling")
    left = case.earlier[-1][1] == end != case.latest[1]
    return _compared(case, "left-ceiling", case.earlier[-1:], (), observed=left)


def _compared(
    case: _Case, rule: Rule, before: tuple[ScoredPoint, ...], thresholds: tuple[Threshold, ...], *, observed: bool = False
) -> ScoreChange:
    """One comparison. Claimed is only what exceeds a threshold; a rule without one says what it `observed`."""
    after, score = case.latest
    reference = Reference(value=sum((value for _, value in before), Decimal(0)) / len(before), points=tuple(point for point, _ in before))
    change = score - reference.value
    worse = _worse(case.scale, change)
    reached = _reached(change, thresholds) if rule != "peak" or worse else None
    held_back = case.badges[0] if case.badges and reached and _promising(case.scale, change) else None
    return ScoreChange(
        rule=rule,
        scale=case.scale.key,
        before=reference,
        after=after,
        score=score,
        n=case.n,
        change=change,
        moved=_moved(change),
        worse=worse,
        thresholds=thresholds,
        reached=reached,
        precision=case.entry if thresholds else None,
        spread=case.spread if thresholds else None,
        claimed=reached is not None and held_back is None,
        held_back=held_back,
        caveats=(*_caveats(case, rule, reference, thresholds, reached), *_of_observation(observed=observed)),
        observed=observed,
    )


def _moved(change: Decimal) -> Moved:
    if change == 0:
        return "stayed"
    return "fell" if change < 0 else "rose"


def _worse(scale: Scale, change: Decimal) -> bool | None:
    """Whether a change is for the worse; None where nothing moved or the instrument does not say."""
    if change == 0 or scale.better is None:
        return None
    return (change < 0) == (scale.better == "higher")


def _promising(scale: Scale, change: Decimal) -> bool:
    """A change towards the better end; upwards where the instrument does not say which that is."""
    return change < 0 if scale.better == "lower" else change > 0


def _reached(change: Decimal, thresholds: tuple[Threshold, ...]) -> Level | None:
    """The highest threshold that the change exceeds."""
    exceeded = [one.level for one in thresholds if abs(change) > one.size]
    return exceeded[-1] if exceeded else None


# Caveats


def _of_key(instrument: Instrument) -> tuple[Caveat, ...]:
    return ("key",) if instrument.why_unscored else ()


def _of_observation(*, observed: bool) -> tuple[Caveat, ...]:
    return ("observation",) if observed else ()


def _caveats(case: _Case, rule: Rule, before: Reference, thresholds: tuple[Threshold, ...], reached: Level | None) -> tuple[Caveat, ...]:
    of_thresholds = _of_thresholds(case, rule, before, thresholds, reached) if thresholds else ()
    return (*_of_key(case.instrument), *_of_points((*before.points, case.latest[0])), *of_thresholds)


def _of_points(points: tuple[ScorePoint, ...]) -> Iterator[Caveat]:
    if any(point.prorated for point in points):
        yield "prorated"
    if len({point.origin.language for point in points}) > 1:
        yield "language-unknown"


def _of_thresholds(
    case: _Case, rule: Rule, before: Reference, thresholds: tuple[Threshold, ...], reached: Level | None
) -> Iterator[Caveat]:
    yield from _of_precision(case.entry)
    if rule == "peak" and reached is not None:
        yield "lucky-peak"
    # Beside a claim that was made, those that cannot be made would only distract.
    if reached is None:
        yield from _out_of_reach(case.scale, rule, before.value, thresholds[-1].size)


def _of_precision(precision: Precision | None) -> Iterator[Caveat]:
    if precision is None:
        return
    if precision.kind == "assumed":
        yield "assumed"
        return
    yield "optimistic" if precision.optimistic else "interval"
    if precision.kind == "site":
        yield "site"
    elif precision.entry.certainty == "unverified":
        yield "unverified"


def _out_of_reach(scale: Scale, rule: Rule, start: Decimal, limit: Decimal) -> Iterator[Caveat]:
    """The claims that the scale leaves no room for, at the higher level."""
    if scale.high - start <= limit and not (rule == "peak" and scale.better == "higher"):
        yield "no-room-to-rise"
    if start - scale.low <= limit and not (rule == "peak" and scale.better == "lower"):
        yield "no-room-to-fall"


# Items


def _item_fall(instrument: Instrument, scale: Scale, points: tuple[ScorePoint, ...], n: int) -> _Said:
    """Items that moved for the worse by two options or more between the two latest responses: an observation, as no error of a single
    answer is known."""
    if scale.better is None:
        return _undirected("item-fall")
    before, after = points[-2:]
    both = [item for item in map(instrument.item, scale.items) if item.link_id in before.answers and item.link_id in after.answers]
    if not both:
        return NotSaid(rule="item-fall", code="no_answers")
    steps = tuple(step for item in both if (step := _step(instrument, scale, item, before.answers, after.answers)) is not None)
    return ItemFall(
        rule="item-fall",
        scale=scale.key,
        before=before,
        after=after,
        n=n,
        compared=len(both),
        items=steps,
        observed=bool(steps),
        caveats=(*_of_key(instrument), *_of_observation(observed=bool(steps))),
    )


def _step(instrument: Instrument, scale: Scale, item: Item, before: Mapping[str, int], after: Mapping[str, int]) -> ItemStep | None:
    """How far one item moved for the worse, in options; None for less than two. Options without a value have no place in their order."""
    order = sorted(option.value for option in instrument.options if option.value is not None)
    was, now = before[item.link_id], after[item.link_id]
    if was not in order or now not in order:
        return None
    steps = order.index(was) - order.index(now)
    options = steps if (scale.better == "higher") != item.reverse else -steps
    if options < STEEP:
        return None
    return ItemStep(link_id=item.link_id, number=item.number, before=was, after=now, options=options)
