"""One scale's scores in the order of time, and whether they may be compared: one form, one version, one language, one informant, one
clinician. Everything said about change starts from such a series."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.r4.dates import Moment, position
from fhir_mappings.ratings.rating import Rating


class Origin(Struct, frozen=True, kw_only=True):
    """What must be the same of two scores before they are compared. `language` is None where the record does not tell;
    `clinician` is the reference of the rated person, `observer` that of who observed ("" of the other informants)."""

    instrument: str
    version: str
    language: str | None
    informant: Informant
    clinician: str
    observer: str = ""


class Point(Struct, frozen=True, kw_only=True):
    """One rating's score of one scale: a number, or the `reason` why there is none. `answers` maps link id to option value."""

    origin: Origin
    when: Moment
    source: str
    value: Decimal | None
    prorated: bool
    reason: str | None
    answers: Mapping[str, int]


class Series(Struct, frozen=True, kw_only=True):
    """The points of one scale, oldest first."""

    scale: str
    points: tuple[Point, ...]


class Gap(Struct, frozen=True, kw_only=True):
    """A rating without a usable score. It is left out, never counted as zero."""

    point: Point
    reason: str


class Refused(Struct, frozen=True, kw_only=True):
    """Why a series is not compared at all: a stable `code` and a sentence."""

    code: str
    reason: str


def series_of(ratings: Iterable[Rating], scale: str) -> tuple[Series, ...]:
    """The ratings as series of that scale, one for each instrument, version, informant, clinician and observer, the oldest series first.

    A rating whose language is not recorded joins the others where those have one language at most, else a series of its own.
    """
    groups: dict[object, list[Point]] = {}
    for rating in sorted(ratings, key=lambda one: (position(one.when), one.source)):
        point = _point(rating, scale)
        origin = point.origin
        groups.setdefault((origin.instrument, origin.version, origin.informant, origin.clinician, origin.observer), []).append(point)
    return tuple(Series(scale=scale, points=points) for group in groups.values() for points in _by_language(group))


def _point(rating: Rating, scale: str) -> Point:
    score = rating.scores.get(scale)
    return Point(
        origin=Origin(
            instrument=rating.instrument,
            version=rating.version,
            language=rating.language,
            informant=rating.informant,
            # "" where nobody is rated: such a questionnaire is one series for each informant.
            clinician=rating.clinician.reference if rating.clinician else "",
            observer=rating.observer or "",
        ),
        when=rating.when,
        source=rating.source,
        value=score.value if score else None,
        prorated=score.prorated if score else False,
        reason=score.reason if score else "it has no score of this scale",
        answers=rating.answers,
    )


def _by_language(points: list[Point]) -> list[tuple[Point, ...]]:
    languages = list(dict.fromkeys(point.origin.language for point in points))
    if len([one for one in languages if one is not None]) <= 1:
        return [tuple(points)]
    return [tuple(point for point in points if point.origin.language == one) for one in languages]


def refusal(instrument: Instrument, series: Series) -> Refused | None:
    """Why the scores of a series may not be compared by that instrument's rules; None when they may."""
    if all(scale.key != series.scale for scale in instrument.scales):
        return Refused(code="scale_unknown", reason=f"{instrument.title} has no scale “{series.scale}”.")
    return _mixed(series) or _foreign(instrument, series) or _disordered(series)


def _mixed(series: Series) -> Refused | None:
    """Points that differ in what must be the same. A language that is not recorded contradicts none."""
    origins = [point.origin for point in series.points]
    kinds: dict[str, set[str]] = {
        "instruments": {one.instrument for one in origins},
        "versions": {one.version for one in origins},
        "languages": {one.language for one in origins if one.language is not None},
        "informants": {one.informant for one in origins},
        "clinicians": {one.clinician for one in origins},
        "observers": {one.observer for one in origins},
    }
    several = [name for name, values in kinds.items() if len(values) > 1]
    if not several:
        return None
    return Refused(code=f"mixed_{several[0]}", reason=f"The scores are of several {' and '.join(several)}, so they are not compared.")


def _foreign(instrument: Instrument, series: Series) -> Refused | None:
    """Points of another form than the one whose rules are to be used."""
    own = (instrument.slug, instrument.version)
    for origin in (point.origin for point in series.points):
        if (origin.instrument, origin.version) != own or origin.informant not in instrument.forms:
            return Refused(code="other_form", reason=f"The scores are not of {instrument.title} {instrument.version}.")
        if None not in {origin.language, instrument.language} and origin.language != instrument.language:
            return Refused(code="other_language", reason=f"The scores are not of the {instrument.language} form.")
    return None


def _disordered(series: Series) -> Refused | None:
    """Points that are not oldest first, or one rating twice."""
    if any(position(second.when) < position(first.when) for first, second in pairwise(series.points)):
        return Refused(code="not_in_order", reason="The scores are not in the order of time.")
    if len({point.source for point in series.points}) < len(series.points):
        return Refused(code="rating_twice", reason="One rating is there twice.")
    return None


def gap_in(point: Point, scale: Scale) -> Gap | None:
    """Why a point's score is not used; None for one that is."""
    if point.value is None:
        return Gap(point=point, reason=point.reason or "it is not scored")
    if not point.value.is_finite() or not scale.low <= point.value <= scale.high:
        return Gap(point=point, reason=f"its score lies outside {scale.low} to {scale.high}")
    return None
