"""What of a history is open to everybody: the ratings of visits that the rated clinician has rated. Who chose to see a rating without that
opened it for themself alone, and so it counts for nothing here. Whatever leaves Rapport for readers that nobody knows is made of these.

It is the same whoever asks: nothing in it is of whoever is signed in, and nothing of a visit that is still closed to anybody, not even that
there is one."""

from collections.abc import Iterable

from msgspec.structs import replace

from fhir_mappings.ratings.not_answered_reader import NotAnswered
from fhir_mappings.ratings.rating import Rating
from smart_app.care.dashboard.blind_entry import visit_of


def open_ratings(given: Iterable[Rating]) -> tuple[Rating, ...]:
    """Those of such visits, with their scores and without what was answered beside them: a direct answer is the patient's to whoever they
    gave it to. It holds where blind entry is switched off too: then a clinician sees at once what everybody may still not."""
    ratings = tuple(given)
    rated = _rated(ratings)
    return tuple(replace(one, extra={}) for one in ratings if visit_of(one) in rated)


def open_not_answered(found: Iterable[NotAnswered], given: Iterable[Rating]) -> tuple[NotAnswered, ...]:
    """The forms of such visits that were not answered: of others a copy says nothing, not even that there were any."""
    rated = _rated(given)
    return tuple(one for one in found if one.clinician and (one.clinician.reference, one.visit) in rated)


def _rated(given: Iterable[Rating]) -> set[tuple[str, str]]:
    """The visits that the rated clinician has rated."""
    return {visit_of(one) for one in given if one.informant == "clinician" and one.clinician}
