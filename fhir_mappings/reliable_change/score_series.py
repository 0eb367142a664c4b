"""One scale's scores in the order of time, and whether they may be compared: one form, one version, one language, one informant, one
clinician. Everything said about change starts from such a series."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.r4.dates import Moment, is_known_earlier, position
from fhir_mappings.ratings.rating import Rating, by_answer_words, by_language
from fhir_mappings.sentence import Sentence

# What must be the same of all scores of one series.
Kind = Literal["instruments", "versions", "languages", "informants", "clinicians", "observers", "anchors"]


class Origin(Struct, frozen=True, kw_only=True):
    """What must be the same of two scores before they are compared. `language` is None and `version`
    empty where the record does not tell;
    `clinician` is the reference of the rated person, `observer` that of who observed ("" of the other informants), `anchors` the words
    of the options as pairs of code and name, empty where they are not told."""

    instrument: str
    version: str
    language: str | None
    informant: Informant
    clinician: str
    observer: str = ""
    anchors: tuple[tuple[str, str], ...] = ()


class ScorePoint(Struct, frozen=True, kw_only=True):
    """One rating's score of one scale: a number, or None with the `reason` the rating gives, if it gives one. `unknown`: the rating has
    no score of this scale at all. `answers` maps link id to option value."""

    origin: Origin
    when: Moment
    source: str
    value: Decimal | None
    prorated: bool
    reason: Sentence | None
    answers: Mapping[str, int]
    unknown: bool = False


class ScoreSeries(Struct, frozen=True, kw_only=True):
    """The points of one scale, oldest first."""

    scale: str
    points: tuple[ScorePoint, ...]


# A point with its number.
ScoredPoint = tuple[ScorePoint, Decimal]


class Gap(Struct, frozen=True, kw_only=True):
    """A rating without a usable score: it has none of this scale, none that could be scored, or one outside of the scale. It is left out,
    never counted as zero."""

    point: ScorePoint
    code: Literal["no_such_score", "not_scored", "out_of_range"]


class SeriesRefused(Struct, frozen=True, kw_only=True):
    """Why a series is not compared at all. `scale` is the key that was asked for; `mixed` says what differs, where the code is
    `mixed_…`."""

    code: str
    scale: str
    mixed: tuple[Kind, ...] = ()


def series_of(ratings: Iterable[Rating], scale: str) -> tuple[ScoreSeries, ...]:
    """The ratings as series of that scale, one for each instrument, version, informant, clinician, observer and set of anchors, the oldest
    series first.

    A rating whose language is not recorded joins the others where those have one language at most, else a series of its own; so does one
    whose words are not.
    """
    groups: dict[object, list[ScorePoint]] = {}
    for rating in sorted(ratings, key=lambda one: (position(one.when), one.source)):
        point = _point(rating, scale)
        origin = point.origin
        groups.setdefault(replace(origin, language=None, anchors=()), []).append(point)
    return tuple(
        ScoreSeries(scale=scale, points=points)
        for group in groups.values()
        for spoken in by_language(group, _language)
        for points in by_answer_words(spoken, _words)
    )


def _point(rating: Rating, scale: str) -> ScorePoint:
    score = rating.scores.get(scale)
    return ScorePoint(
        origin=Origin(
            instrument=rating.instrument,
            version=rating.version if rating.version_told else "",
            language=rating.language,
            informant=rating.informant,
            # "" where nobody is rated: such a questionnaire is one series for each informant.
            clinician=rating.clinician.reference if rating.clinician else "",
            observer=rating.observer or "",
            anchors=tuple(sorted(rating.anchors.items())),
        ),
        when=rating.when,
        source=rating.source,
        value=score.value if score else None,
        prorated=score.prorated if score else False,
        reason=score.reason if score else None,
        answers=rating.answers,
        unknown=score is None,
    )


def _language(point: ScorePoint) -> str | None:
    return point.origin.language


def _words(point: ScorePoint) -> Mapping[str, str]:
    return dict(point.origin.anchors)


def refusal(instrument: Instrument, series: ScoreSeries) -> SeriesRefused | None:
    """Why the scores of a series may not be compared by that instrument's rules; None when they may."""
    if all(scale.key != series.scale for scale in instrument.scales):
        return SeriesRefused(code="scale_unknown", scale=series.scale)
    return mixed(series) or _untold(series) or _foreign(instrument, series) or _disordered(series)


def mixed(series: ScoreSeries) -> SeriesRefused | None:
    """Points that differ in what must be the same. A language, or words, that are not recorded contradict none."""
    origins = [point.origin for point in series.points]
    kinds: dict[Kind, set[str]] = {
        "instruments": {one.instrument for one in origins},
        "versions": {one.version for one in origins},
        "languages": {one.language for one in origins if one.language is not None},
        "informants": {one.informant for one in origins},
        "clinicians": {one.clinician for one in origins},
        "observers": {one.observer for one in origins},
        "anchors": {points[0].source for points in by_answer_words(series.points, _words)},
    }
    several = tuple(name for name, values in kinds.items() if len(values) > 1)
    return SeriesRefused(code=f"mixed_{several[0]}", scale=series.scale, mixed=several) if several else None


def _untold(series: ScoreSeries) -> SeriesRefused | None:
    """Points of which nobody can tell the version: they may be of several."""
    told = all(point.origin.version for point in series.points)
    return None if told else SeriesRefused(code="version_untold", scale=series.scale)


def _foreign(instrument: Instrument, series: ScoreSeries) -> SeriesRefused | None:
    """Points of another form than the one whose rules are to be used."""
    own = (instrument.slug, instrument.version)
    for origin in (point.origin for point in series.points):
        if (origin.instrument, origin.version) != own or origin.informant not in instrument.forms:
            return SeriesRefused(code="other_form", scale=series.scale)
        if None not in {origin.language, instrument.language} and origin.language != instrument.language:
            return SeriesRefused(code="other_language", scale=series.scale)
    return None


def _disordered(series: ScoreSeries) -> SeriesRefused | None:
    """Points that are not oldest first, one rating twice, or two of which nobody can tell which was first."""
    if any(position(second.when) < position(first.when) for first, second in pairwise(series.points)):
        return SeriesRefused(code="not_in_order", scale=series.scale)
    if len({point.source for point in series.points}) < len(series.points):
        return SeriesRefused(code="rating_twice", scale=series.scale)
    if not all(is_known_earlier(first.when, second.when) for first, second in pairwise(series.points)):
        return SeriesRefused(code="order_unknown", scale=series.scale)
    return None


def gap_in(point: ScorePoint, scale: Scale) -> Gap | None:
    """Why a point's score is not used; None for one that is."""
    if point.value is None:
        return Gap(point=point, code="no_such_score" if point.unknown else "not_scored")
    if not point.value.is_finite() or not scale.low <= point.value <= scale.high:
        return Gap(point=point, code="out_of_range")
    return None


def scored_points(series: ScoreSeries, scale: Scale) -> list[ScoredPoint]:
    """The points that have a score to compare, each with its number."""
    return [(point, point.value) for point in series.points if point.value is not None and gap_in(point, scale) is None]


def since_the_last_gap(series: ScoreSeries, longest: int | None) -> ScoreSeries:
    """The points after the last time that two of them lay more than so many days apart: what is older is another time."""
    if longest is None:
        return series
    far = [place for place, (first, second) in enumerate(pairwise(series.points), 1) if (second.when.day - first.when.day).days > longest]
    return replace(series, points=series.points[far[-1] :]) if far else series
