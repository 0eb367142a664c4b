"""The pale band around a patient's first ratings: how far the latest may lie from them by chance, by the first part of the rule that may
be a reason to talk. Every figure is the engine's own; where it has none there is no band, and a line says why."""

from collections.abc import Mapping

from msgspec import Struct

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.r4.dates import position
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.measurement_error import ErrorKind
from fhir_mappings.reliable_change.pooled_scores import PooledChange, PooledPart
from fhir_mappings.reliable_change.signals.rating_judge import Judgement, Looked, NotUsed
from fhir_mappings.sentence import Sentence, Value
from smart_app.care.dashboard.history import Dyad, History
from smart_app.web import formats
from smart_app.web.charts.plot import Band
from smart_app.web.views.dashboard.change_verdicts import error_named, judged

_MISSING = Sentence("no band: ratings may be missing")
_NOT_USED = Sentence("no band: the latest rating is not compared with the first ones")
_WITHOUT: Mapping[str, Sentence] = {
    "too_few_points": Sentence("no band yet: it takes three ratings with a score"),
    "no_error": Sentence("no band: no error is published for this form, and none is assumed"),
    "no_score": Sentence("no band: the latest rating has no score"),
    "incomplete": _MISSING,
    "switched_off": Sentence("no band: this site does not use the rule"),
}


class BaselineBand(Struct, frozen=True, kw_only=True):
    """The band, or None, and the words beside it or in its place; `within` is said where the rule speaks up although the latest rating lies
    inside."""

    band: Band | None
    words: Sentence
    within: Sentence | None = None


def baseline_band(dyad: Dyad, scale: Scale, history: History) -> BaselineBand | None:
    """Of the patient's line of that scale, from ratings that whoever reads may see; None where no such rule is for it."""
    latest = dyad.latest.get("patient")
    if dyad.clinician is None or not any(one.informant == "patient" for one in dyad.ratings):
        return None
    if latest is None:
        return BaselineBand(band=None, words=_MISSING)
    found = judged(history, latest, "").found
    if not isinstance(found, Judgement):
        # Of two forms about one clinician only the newest is judged.
        return BaselineBand(band=None, words=_NOT_USED) if history.signals else None
    outcome = _pooled(found)
    if isinstance(outcome, NotUsed):
        return BaselineBand(band=None, words=_WITHOUT.get(outcome.because, _NOT_USED))
    if outcome is None or not isinstance(outcome.fact, PooledChange) or outcome.fact.scale != scale.key or found.error is None:
        return None
    return _around(dyad, scale, outcome, outcome.fact, found.error.kind)


def _pooled(found: Judgement) -> Looked | NotUsed | None:
    outcomes: tuple[Looked | NotUsed, ...] = (*found.raised, *found.quiet, *found.not_used)
    return next((one for one in outcomes if one.rule.kind == "pooled"), None)


def _around(dyad: Dyad, scale: Scale, looked: Looked, fact: PooledChange, kind: ErrorKind) -> BaselineBand:
    against_first, *against_two = fact.parts
    middle, limit = against_first.before.value, against_first.limit
    first = looked.points[0].when
    older = any(one.informant == "patient" and position(one.when) < position(first) for one in dyad.ratings)
    spoke = next((part for part in against_two if part.reached), None)
    inside = abs(fact.score - middle) <= limit
    return BaselineBand(
        # What was before the first of the series is compared with nothing in it.
        band=Band(low=float(middle - limit), middle=float(middle), high=float(middle + limit), since=first.day if older else None),
        words=_words(against_first, scale, kind),
        within=_within(spoke, scale, kind) if spoke and inside else None,
    )


def _within(part: PooledPart, scale: Scale, kind: ErrorKind) -> Sentence:
    """That the mean of the last two is more than chance all the same."""
    named: dict[str, Value] = {
        "by": shown(part.fall.copy_abs(), scale),
        "number": formats.in_words(len(part.before.points)),
        "error": error_named(kind, shown(part.limit, scale)),
    }
    if part.now.value > part.before.value:
        return Sentence(
            "The latest lies within the band; the mean of the last two is {by} above that of the first {number}, more than {error}.",
            **named,
        )
    return Sentence(
        "The latest lies within the band; the mean of the last two is {by} below that of the first {number}, more than {error}.", **named
    )


def _words(part: PooledPart, scale: Scale, kind: ErrorKind) -> Sentence:
    named: dict[str, Value] = {
        "baseline": shown(part.before.value, scale),
        "number": formats.in_words(len(part.before.points)),
        "limit": shown(part.limit, scale),
    }
    if kind == "assumed":
        return Sentence("band: baseline {baseline} (first {number}) ± {limit}, error assumed", **named)
    if kind == "site":
        return Sentence("band: baseline {baseline} (first {number}) ± {limit}, error declared by this site", **named)
    return Sentence("band: baseline {baseline} (first {number}) ± {limit}, error published", **named)
