"""Sentences that look beyond the last step: where the longest move of the range turned, how a result stands among the others, and what is
said where the newest form has no total."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Scale
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.r4.dates import position
from fhir_mappings.ratings.rating import Rating, by_language, language_of
from fhir_mappings.reliable_change.change_sentences import shown
from fhir_mappings.reliable_change.latest_change import Change, rating_changes
from fhir_mappings.reliable_change.longest_move import LongestMove, MoveSince, longest_move
from fhir_mappings.reliable_change.score_series import ScoredPoint, series_of
from fhir_mappings.reliable_change.signals.rating_judge import Judgement
from fhir_mappings.sentence import Sentence, Value, counted
from smart_app.care.dashboard.history import Dyad, History, Panel
from smart_app.web import formats
from smart_app.web.languages.unbroken import Unbroken
from smart_app.web.views.dashboard.change_verdicts import Judged
from smart_app.web.views.dashboard.lanes import remark_words
from smart_app.web.views.dashboard.lanes.measure_lanes import both_units

_TOTAL = "total"
# Of two results the step itself tells which is the higher.
_FEWEST = 3


# The longest move


def move_in_range(dyad: Dyad, latest: Rating, says: Judged) -> LongestMove | None:
    """That of the patient's drawn ratings that may be compared with the latest, from where the rules let the series begin."""
    own = [one for one in dyad.ratings if one.informant == latest.informant]
    form, found = dyad.form_of(latest), says.found
    for series in series_of(own, _TOTAL):
        if any(point.source == latest.source for point in series.points):
            since = found.first.when if isinstance(found, Judgement) and found.first else series.points[0].when
            points = tuple(point for point in series.points if position(since) <= position(point.when) <= position(latest.when))
            move = longest_move(replace(series, points=points), form.scale(_TOTAL))
            return move if move and move.latest[0].source == latest.source else None
    return None


def course(move: LongestMove, scale: Scale) -> Sentence:
    """The move with its turning point, in a sentence."""
    value = shown(move.turn[1], scale)
    if isinstance(move, MoveSince):
        return _gone_on(move, {"value": value, "day": _on(move.turn), "number": formats.in_words(move.since)})
    places: dict[str, Value] = {
        "before": shown(move.start[1], scale),
        "value": value,
        "day": _day(move.turn),
        "latest": shown(move.latest[1], scale),
    }
    if move.back is None:
        if move.way == "fell":
            return Sentence("The patient’s rating fell from {before} to {value} by {day} and has risen since to {latest}.", **places)
        return Sentence("The patient’s rating rose from {before} to {value} by {day} and has fallen since to {latest}.", **places)
    places |= {"back": shown(move.back[1], scale), "then": _on(move.back)}
    if move.way == "fell":
        return Sentence(
            "The patient’s rating fell from {before} to {value} by {day}, had risen to {back} {then}, and is {latest} now.", **places
        )
    return Sentence(
        "The patient’s rating rose from {before} to {value} by {day}, had fallen to {back} {then}, and is {latest} now.", **places
    )


def _gone_on(move: MoveSince, places: dict[str, Value]) -> Sentence:
    """Of a rating without a score nobody knows where it lay, so that it is no visit at which the score was lower."""
    if move.gaps and move.way == "fell":
        return counted(
            "The patient’s rating was highest at {value} {day} and has been lower at the scored visit since.",
            "The patient’s rating was highest at {value} {day} and has been lower at each of the {number} scored visits since.",
            move.since,
            **places,
        )
    if move.gaps:
        return counted(
            "The patient’s rating was lowest at {value} {day} and has been higher at the scored visit since.",
            "The patient’s rating was lowest at {value} {day} and has been higher at each of the {number} scored visits since.",
            move.since,
            **places,
        )
    if move.way == "fell":
        return counted(
            "The patient’s rating was highest at {value} {day} and has been lower at the visit since.",
            "The patient’s rating was highest at {value} {day} and has been lower at each of the {number} visits since.",
            move.since,
            **places,
        )
    return counted(
        "The patient’s rating was lowest at {value} {day} and has been higher at the visit since.",
        "The patient’s rating was lowest at {value} {day} and has been higher at each of the {number} visits since.",
        move.since,
        **places,
    )


def _on(point: ScoredPoint) -> Unbroken:
    return Unbroken(formats.on(point[0].when))


def _day(point: ScoredPoint) -> Unbroken:
    return Unbroken(formats.short_moment(point[0].when))


# A result among the others


def among_results(later: object, history: History) -> Sentence | None:
    """How the latest result stands among those of the range that may be compared: of its method, with a plain number. None where some may
    be missing, or where all are alike."""
    if not isinstance(later, Measurement):
        return None
    panel = next((one for one in history.panels if one.measure.key == later.measure), None)
    if panel is None or later not in panel.points or not panel.read.covers(history.start):
        return None
    several = [one for one in panel.points if one.method == later.method and _is_comparable(one)]
    if len(several) < _FEWEST or later not in several or len({one.value for one in several}) == 1:
        return None
    return _standing(later, several, panel)


def _is_comparable(one: Measurement) -> bool:
    return one.comparator is None and one.standing != "preliminary" and not remark_words.stands_alone(one.remarks)


def _standing(later: Measurement, several: Sequence[Measurement], panel: Panel) -> Sentence:
    # Of equal ones the latest is named.
    highest, lowest = max(reversed(several), key=lambda one: one.value), min(reversed(several), key=lambda one: one.value)
    high, low = (Unbroken(both_units(panel.measure, one)) for one in (highest, lowest))
    top, bottom = (Unbroken(formats.on(one.when)) for one in (highest, lowest))
    others = [one.value for one in several if one is not later]
    many = len(several)
    if later.value > max(others):
        return counted(
            "The highest of {n} comparable result in this range; lowest {low} {day}.",
            "The highest of {n} comparable results in this range; lowest {low} {day}.",
            many,
            low=low,
            day=bottom,
        )
    if later.value < min(others):
        return counted(
            "The lowest of {n} comparable result in this range; highest {high} {day}.",
            "The lowest of {n} comparable results in this range; highest {high} {day}.",
            many,
            high=high,
            day=top,
        )
    return counted(
        "Of {n} comparable result in this range the highest is {high} {day}, the lowest {low} {then}.",
        "Of {n} comparable results in this range the highest is {high} {day}, the lowest {low} {then}.",
        many,
        high=high,
        day=top,
        low=low,
        then=bottom,
    )


# The newest form without a total


class UnscoredNewest(Struct, frozen=True, kw_only=True):
    """The patient's newest form, which has no total: what is `said` of it, what the sentences that `follow` are about, and the changes of
    `before` it."""

    rating: Rating
    said: Sentence
    follows: Sentence
    before: tuple[Change, ...]


def unscored_newest(history: History) -> UnscoredNewest | None:
    """Of whoever reads, where their patient's newest form is scored by a total and has none."""
    own = (one for one in history.dyads if one.mine and "patient" in one.latest and not one.instrument.why_unscored)
    dyad = next(own, None)
    newest = dyad.latest["patient"] if dyad else None
    if dyad is None or newest is None or not any(scale.key == _TOTAL for scale in dyad.instrument.scales) or _has_total(newest):
        return None
    before = _before(dyad, newest)
    follows = Sentence("What follows is about the last one that has a total.") if before else Sentence("None before it has a total.")
    return UnscoredNewest(rating=newest, said=_why_none(dyad, newest), follows=follows, before=before)


def _has_total(rating: Rating) -> bool:
    score = rating.scores.get(_TOTAL)
    return score is not None and score.value is not None


def _why_none(dyad: Dyad, newest: Rating) -> Sentence:
    day, items = Unbroken(formats.short_moment(newest.when)), {item.link_id for item in dyad.form_of(newest).items}
    if items and items <= {*newest.declined}:
        return Sentence("The newest form, of {day}, was declined.", day=day)
    if any(score.value is not None for score in newest.scores.values()):
        return Sentence("The newest form, of {day}, has no total.", day=day)
    return Sentence("The newest form, of {day}, could not be scored.", day=day)


def _before(dyad: Dyad, newest: Rating) -> tuple[Change, ...]:
    """The changes of the last form that has a total, beside the one before it in the same version and language."""
    known = {one.source: one for one in (*dyad.ratings, *dyad.previous.values()) if one.informant == newest.informant}
    scored = sorted((one for one in known.values() if _has_total(one) and one.source != newest.source), key=lambda one: position(one.when))
    if not scored:
        return ()
    last = scored[-1]
    same = by_language([one for one in scored if one.version == last.version], language_of)
    own = next(group for group in same if group[-1] is last)
    return rating_changes(dyad.form_of(last), later=last, earlier=own[-2] if len(own) > 1 else None)
