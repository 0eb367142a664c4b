"""What one rating says by the rules of its day, and how loudly. Total: what cannot be judged is said with its reason, and nothing raises.

Nothing here knows who may see what: whoever calls it hands over the ratings this user may see, and no other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Instrument, Scale
from fhir_mappings.instruments.library import Library
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import position
from fhir_mappings.ratings.rating import PROXY, Rating, contradict
from fhir_mappings.reliable_change.change_rules import findings
from fhir_mappings.reliable_change.findings import Badge, Findings, ItemFall, NotSaid, ScoreChange
from fhir_mappings.reliable_change.measurement_error import NoPrecision
from fhir_mappings.reliable_change.pooled_scores import NEEDS, PooledChange, pooled_change
from fhir_mappings.reliable_change.score_series import (
    Origin,
    ScorePoint,
    ScoreSeries,
    SeriesRefused,
    scored_points,
    series_of,
    since_the_last_gap,
)
from fhir_mappings.reliable_change.signals.error_rows import DeclaredError, SeriesLimits
from fhir_mappings.reliable_change.signals.rule_rows import ELEMENTS, LEVELS, SignalLevel, SignalRule, published_cutoff
from fhir_mappings.reliable_change.signals.signal_terms import LeftOut, Terms

# What made a rating the first of a series although there are older ones by the same informant.
Begin = Literal["clinician", "version", "language", "anchors", "gap"]
# Why a rule that was in force said nothing, beside that it looked and found nothing.
Unused = Literal["no_answer", "no_score", "too_few_points", "no_error", "refused", "not_said", "uninformative", "cutoff_gone", "incomplete"]


class AnswerGiven(Struct, frozen=True, kw_only=True):
    """The code of the option chosen in a question beside the items."""

    question: str
    option: str


class CutoffReached(Struct, frozen=True, kw_only=True):
    """A score beside its author's cut-off."""

    scale: str
    score: Decimal
    cutoff: Decimal


class Move(Struct, frozen=True, kw_only=True):
    """One scale's latest score and the one before: a fact, without any error."""

    scale: str
    before: ScorePoint
    after: ScorePoint
    change: Decimal


class Moves(Struct, frozen=True, kw_only=True):
    """The scales that moved."""

    moves: tuple[Move, ...]


Fact = AnswerGiven | CutoffReached | PooledChange | ScoreChange | ItemFall | Moves


class Looked(Struct, frozen=True, kw_only=True):
    """What a rule saw, whether or not it speaks up about it."""

    rule: SignalRule
    fact: Fact
    points: tuple[ScorePoint, ...] = ()


class NotUsed(Struct, frozen=True, kw_only=True):
    """A rule that was not used, and why: it could not be (`because`), or was not in force on that day. `detail` is what the comparison
    itself says of it."""

    rule: SignalRule
    because: Unused | LeftOut
    detail: NotSaid | SeriesRefused | None = None


class Judgement(Struct, frozen=True, kw_only=True):
    """Everything that one rating says: `raised` the loudest first, `quiet` what was looked at and is not out of the ordinary. `begins` says
    why older ratings do not count; `n` counts the scores that do. `first` is the first of them, `extreme` how it lies. `uninformative`:
    all answers alike, or all at the top, tell nothing, and asking openly does."""

    rating: Rating
    instrument: Instrument
    raised: tuple[Looked, ...]
    quiet: tuple[Looked, ...]
    not_used: tuple[NotUsed, ...]
    error: DeclaredError | None
    begins: tuple[Begin, ...]
    n: int
    first: ScorePoint | None
    extreme: Literal["high", "low"] | None
    uninformative: tuple[Badge, ...]
    days_between: int | None

    @property
    def level(self) -> SignalLevel | None:
        """How loudly it speaks; None where nothing is said."""
        return self.raised[0].rule.level if self.raised else None


class NotJudged(Struct, frozen=True, kw_only=True):
    """A rating that no rule can be put to: no file says how that version is to be read."""

    rating: Rating
    code: Literal["version_gone"]


class _Bench(Struct, frozen=True, kw_only=True):
    """One rating on the table, with what it is compared with."""

    rating: Rating
    instrument: Instrument
    day: date
    terms: Terms
    among: tuple[Rating, ...]
    longest_gap: int | None
    series: Mapping[str, ScoreSeries]
    error: DeclaredError | None
    found: Findings | SeriesRefused
    complete: bool


def judge(rating: Rating, among: Iterable[Rating], *, library: Library, terms: Terms, complete: bool = True) -> Judgement | NotJudged:
    """What a rating says beside those of the patient's record that came before it, by what was valid on its day. Where older ones may be
    missing (not `complete`) it is compared with none: the first of those that were read need not be the first there are."""
    try:
        instrument = library.get(rating.instrument, version=rating.version, language=rating.language)
    except KeyError:
        return NotJudged(rating=rating, code="version_gone")
    bench = _bench(rating, instrument, among, terms, complete=complete)
    outcomes = [_by_rule(bench, rule) for rule in terms.rules_on(bench.day) if _concerns(rule, rating, instrument)]
    raised = [one for one, speaks in outcomes if isinstance(one, Looked) and speaks]
    limits, total = terms.limits_on(bench.day, instrument.slug), bench.series.get("total")
    scored = scored_points(total, instrument.scale("total")) if total and not isinstance(bench.found, SeriesRefused) else []
    return Judgement(
        rating=rating,
        instrument=instrument,
        raised=tuple(sorted(raised, key=lambda one: LEVELS.index(one.rule.level))),
        quiet=tuple(one for one, speaks in outcomes if isinstance(one, Looked) and not speaks),
        not_used=(*(one for one, _ in outcomes if isinstance(one, NotUsed)), *_left_out(bench)),
        error=bench.error,
        begins=_begins(bench),
        n=len(scored),
        first=scored[0][0] if scored else None,
        extreme=_extreme(scored[0][1], limits) if len(scored) > 1 else None,
        uninformative=bench.found.badges if isinstance(bench.found, Findings) else (),
        days_between=(scored[-1][0].when.day - scored[-2][0].when.day).days if len(scored) > 1 else None,
    )


def _concerns(rule: SignalRule, rating: Rating, instrument: Instrument) -> bool:
    """Whether it is a rule for this form, and these are the person's own words: nothing speaks up of what somebody said for them."""
    return rule.informant == rating.informant and rating.answering != PROXY and rule.is_for(instrument)


def _left_out(bench: _Bench) -> Iterator[NotUsed]:
    out = bench.terms.left_out_on(bench.day)
    yield from (NotUsed(rule=rule, because=why) for rule, why in out if _concerns(rule, bench.rating, bench.instrument))


# What is compared


def _bench(rating: Rating, instrument: Instrument, among: Iterable[Rating], terms: Terms, *, complete: bool) -> _Bench:
    day, place = rating.when.day, position(rating.when)
    older = [one for one in among if position(one.when) <= place and one.source != rating.source and one.informant == rating.informant]
    together = tuple(one for one in (*older, rating) if one.instrument == rating.instrument and _same_people(one, rating))
    limits = terms.limits_on(day, instrument.slug)
    gap = limits.longest_gap_days if limits else None
    series = {scale.key: _own_series(rating, together, scale.key, gap) for scale in instrument.scales}
    error = terms.error_on(day, instrument.slug, "total", rating.informant)
    precision = error.precision if error else NoPrecision(code="no_reliability", choice=None)
    total = series.get("total", ScoreSeries(scale="total", points=()))
    return _Bench(
        rating=rating,
        instrument=instrument,
        day=day,
        terms=terms,
        among=tuple(older),
        longest_gap=gap,
        series=series,
        error=error,
        found=findings(instrument, total, error=precision),
        complete=complete,
    )


def _same_people(one: Rating, other: Rating) -> bool:
    return _reference(one.clinician) == _reference(other.clinician) and one.observer == other.observer


def _reference(person: Person | None) -> str:
    return person.reference if person else ""


def _own_series(rating: Rating, together: Sequence[Rating], scale: str, longest: int | None) -> ScoreSeries:
    """The series that ends with the rating, from where it last began."""
    own = next(one for one in series_of(together, scale) if any(point.source == rating.source for point in one.points))
    # The rating itself is the latest, also where nobody can tell it from another of that day: the comparison then says so.
    points = sorted(own.points, key=lambda point: (position(point.when), point.source == rating.source))
    return since_the_last_gap(ScoreSeries(scale=scale, points=tuple(points)), longest)


def _begins(bench: _Bench) -> tuple[Begin, ...]:
    """Why the series begins where it does, although there are older ratings of that form; empty where it goes back to the first."""
    points = next((one.points for one in bench.series.values()), ())
    own = {point.source for point in points}
    before = [one for one in bench.among if one.instrument == bench.rating.instrument and one.source not in own]
    older = [one for one in before if not points or position(one.when) < position(points[0].when)]
    if not older or not points:
        return ()
    last = max(older, key=lambda one: (position(one.when), one.source))
    far = bench.longest_gap is not None and (points[0].when.day - last.when.day).days > bench.longest_gap
    # What is neither of another kind nor far away has words of its own, or none that are told among several sets.
    return tuple(_differences(_origin(last), points[0].origin)) or (("gap",) if far else ("anchors",))


def _origin(rating: Rating) -> Origin:
    return series_of([rating], "total")[0].points[0].origin


def _differences(before: Origin, now: Origin) -> Iterator[Begin]:
    if before.clinician != now.clinician:
        yield "clinician"
    if before.version != now.version:
        yield "version"
    if before.language != now.language:
        yield "language"
    elif before.version == now.version and contradict(dict(before.anchors), dict(now.anchors)):
        yield "anchors"


def _extreme(first: Decimal, limits: SeriesLimits | None) -> Literal["high", "low"] | None:
    if limits is None:
        return None
    if limits.first_high is not None and first >= limits.first_high:
        return "high"
    return "low" if limits.first_low is not None and first < limits.first_low else None


# Rules


def _by_rule(bench: _Bench, rule: SignalRule) -> tuple[Looked | NotUsed, bool]:
    """What a rule saw, and whether it speaks up about it."""
    if rule.kind == "answer":
        return _answer(bench, rule)
    if rule.kind == "cutoff":
        return _cutoff(bench, rule)
    if not bench.complete:
        return NotUsed(rule=rule, because="incomplete"), False
    if rule.kind == "moved":
        return _moved(bench, rule)
    if isinstance(bench.found, SeriesRefused):
        return NotUsed(rule=rule, because="refused", detail=bench.found), False
    if rule.kind == "pooled":
        return _pooled(bench, rule)
    return _compared(rule, bench.found)


def _answer(bench: _Bench, rule: SignalRule) -> tuple[Looked | NotUsed, bool]:
    option = bench.rating.extra.get(rule.question or "")
    if option is None:
        return NotUsed(rule=rule, because="no_answer"), False
    return Looked(rule=rule, fact=AnswerGiven(question=rule.question or "", option=option)), option in rule.options


def _cutoff(bench: _Bench, rule: SignalRule) -> tuple[Looked | NotUsed, bool]:
    cut, score = published_cutoff(rule, bench.instrument), bench.rating.scores.get(rule.scale)
    if cut is None:
        return NotUsed(rule=rule, because="cutoff_gone"), False
    if score is None or score.value is None or not score.value.is_finite():
        return NotUsed(rule=rule, because="no_score"), False
    reached = {"at least": score.value >= cut.value, "at most": score.value <= cut.value, "below": score.value < cut.value}[cut.side]
    return Looked(rule=rule, fact=CutoffReached(scale=rule.scale, score=score.value, cutoff=cut.value)), reached


def _pooled(bench: _Bench, rule: SignalRule) -> tuple[Looked | NotUsed, bool]:
    scale, series = _scale(bench.instrument, rule.scale), bench.series.get(rule.scale)
    if scale is None or series is None or scale.better is None or rule.latest_z is None or rule.pair_z is None:
        return NotUsed(rule=rule, because="no_score"), False
    scored = scored_points(series, scale)
    if not scored or scored[-1][0].source != bench.rating.source:
        return NotUsed(rule=rule, because="no_score"), False
    if len(scored) < NEEDS:
        return NotUsed(rule=rule, because="too_few_points"), False
    if bench.error is None:
        return NotUsed(rule=rule, because="no_error"), False
    sem = bench.error.precision.sem
    fact = pooled_change(scale.key, scored, better=scale.better, sem=sem, latest_z=rule.latest_z, pair_z=rule.pair_z)
    return Looked(rule=rule, fact=fact, points=tuple(point for point, _ in scored)), fact.reached


def _scale(instrument: Instrument, key: str) -> Scale | None:
    return next((one for one in instrument.scales if one.key == key), None)


def _compared(rule: SignalRule, found: Findings) -> tuple[Looked | NotUsed, bool]:
    """One of the comparisons of `change_rules`, at the level and in the direction of the row."""
    silent = next((one for one in found.not_said if one.rule == rule.kind), None)
    if silent is not None:
        because: Unused = "too_few_points" if silent.shortage else "no_error" if silent.code == "no_reliability" else "not_said"
        return NotUsed(rule=rule, because=because, detail=silent), False
    fact = next(one for one in found.findings if one.rule == rule.kind)
    looked = Looked(rule=rule, fact=fact)
    if isinstance(fact, ItemFall):
        return looked, len(fact.items) >= (rule.items or 1)
    if rule.kind == "left-ceiling":
        return looked, fact.observed
    exceeded = any(abs(fact.change) > one.size for one in fact.thresholds if one.level == rule.at)
    if exceeded and fact.held_back and rule.direction == "better":
        return NotUsed(rule=rule, because="uninformative"), False
    return looked, exceeded and fact.worse is (rule.direction == "worse")


def _moved(bench: _Bench, rule: SignalRule) -> tuple[Looked | NotUsed, bool]:
    keys = [scale.key for scale in bench.instrument.scales if (scale.key != "total" if rule.scale == ELEMENTS else scale.key == rule.scale)]
    moves = tuple(move for key in keys if (move := _move(bench, key)) is not None)
    if not moves:
        return NotUsed(rule=rule, because="no_score"), False
    changed = tuple(move for move in moves if move.change)
    return Looked(rule=rule, fact=Moves(moves=changed or moves)), bool(changed)


def _move(bench: _Bench, key: str) -> Move | None:
    """The latest score of a scale beside the one before; None where either is missing or their order is not known."""
    if isinstance(bench.found, SeriesRefused):
        return None
    scored = scored_points(bench.series[key], bench.instrument.scale(key))[-2:]
    if len(scored) < 2 or scored[-1][0].source != bench.rating.source:  # noqa: PLR2004 - one beside another
        return None
    (before, was), (after, now) = scored
    return Move(scale=key, before=before, after=after, change=now - was)
