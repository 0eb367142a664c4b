"""One rating for each visit: of what one informant gave of one dyad's visit the later is drawn, the others are listed."""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.r4.dates import position
from fhir_mappings.ratings.rating import Rating, form_named
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped

_Visit = tuple[str, str, str, str, str]
_RATING = Sentence("Rating")
_AFTER_SEEN = Sentence("It was given again after the other rating of that visit had been seen, so the one before is used.")


def later_of_each_visit(ratings: Iterable[Rating], titles: Mapping[str, Instrument]) -> tuple[list[Rating], list[Skipped]]:
    """The ratings that are drawn, oldest first, and those that gave way. `titles` are instruments by slug.

    What rates nobody has no dyad, and an observer who is not told from another may be two: those stay as they are. One that was given
    after its author had seen the other's of that visit never takes the place of one given before."""
    kept: list[Rating] = []
    visits: dict[_Visit, Rating] = {}
    skipped: list[Skipped] = []
    for rating in sorted(ratings, key=_order, reverse=True):
        visit = _visit(rating)
        later = None if visit is None else visits.setdefault(visit, rating)
        if later is None or later is rating:
            kept.append(rating)
        else:
            skipped.append(_given_way(rating, later, titles))
    return sorted(kept, key=_place), skipped


def _order(rating: Rating) -> tuple[bool, tuple[tuple[date, float], str]]:
    return not rating.given_after_seen, _place(rating)


def _place(rating: Rating) -> tuple[tuple[date, float], str]:
    """When it was given, and for equal moments something that is the same in whatever order a server answers."""
    return position(rating.when), rating.source


def _visit(rating: Rating) -> _Visit | None:
    """Whose rating of whom, by which instrument and at which visit; None where that cannot be one with another's."""
    if rating.clinician is None or (rating.informant == "observer" and rating.observer is None):
        return None
    return rating.clinician.reference, rating.instrument, rating.informant, rating.observer or "", rating.visit


def _given_way(rating: Rating, later: Rating, titles: Mapping[str, Instrument]) -> Skipped:
    instrument = titles.get(rating.instrument)
    again = Skipped(
        source=rating.source,
        measure=rating.instrument,
        what=form_named(instrument.title if instrument else _RATING, rating.informant),
        when=rating.when,
        shown=None,
        reason=Sentence("The same visit was rated again, later, as {source}.", source=later.source),
        code="rated_again",
    )
    if rating.given_after_seen and not later.given_after_seen:
        return replace(again, reason=_AFTER_SEEN, code="rated_after_seen")
    return again
