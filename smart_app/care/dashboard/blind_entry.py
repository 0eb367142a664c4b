"""Blind entry: a patient's rating of a visit stays out of everything until its clinician has rated that visit,
or chose to see it without. Applied to the raw resources, before anything else reads them, so nothing downstream can leak."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.references import references_in
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import HiddenRating
from smart_app.care.record.closed_visits import Choices, Visit, choices, closed_visits
from smart_app.care.record.record import ChartRecord
from smart_app.fhir.client import Resource
from smart_app.services import AppServices


class VisibleRatings(Struct, frozen=True, kw_only=True):
    """What the signed-in clinician may see of a patient's ratings. `held` are the sources (`Type/id`) of those kept back; `choices` those
    made to see one all the same."""

    ratings: tuple[Rating, ...]
    hidden: tuple[HiddenRating, ...]
    held: frozenset[str]
    choices: Choices


def visit_of(rating: Rating) -> Visit:
    """The dyad's clinician ("" where nobody is rated) and the visit: what pairs the two informants' ratings."""
    return rating.clinician.reference if rating.clinician else "", rating.visit


def apply(record: ChartRecord, ratings: Iterable[Rating]) -> VisibleRatings:
    """The ratings that may be seen, and where the others stand."""
    given = tuple(ratings)
    visits = [(rating.informant, visit_of(rating)) for rating in given]
    made = choices(record, visits)
    closed = closed_visits(record, visits, made=made)
    held = [rating for rating in given if _kept_back(rating, closed)]
    seen = tuple(rating for rating in given if not _kept_back(rating, closed))
    sources = frozenset(rating.source for rating in held)
    return VisibleRatings(ratings=seen, hidden=_hidden(held, mine=record.context.user.reference), held=sources, choices=made)


def without_content(
    services: AppServices, skipped: Iterable[Skipped], *, visible: VisibleRatings, resources: Sequence[Resource], base: str
) -> list[Skipped]:
    """The skipped parts of ratings, those that may belong to a rating kept back stripped of what they say."""
    if not services.settings.blind_entry:
        return list(skipped)
    seen = {rating.source for rating in visible.ratings}
    by_source = {_own_reference(resource): resource for resource in resources}
    open_forms = {instrument.slug for instrument in services.library.newest if instrument.rated != "clinician"}
    return [
        skip if skip.measure in open_forms or _may_show(skip, by_source.get(skip.source), seen=seen, base=base) else _stripped(skip)
        for skip in skipped
    ]


def not_held(resources: Iterable[Resource], *, visible: VisibleRatings, base: str) -> list[Resource]:
    """The resources that are no part of a rating kept back: what may be counted."""
    return [
        resource
        for resource in resources
        if visible.held.isdisjoint([_own_reference(resource), *_references(resource.get("derivedFrom"), base)])
    ]


def _own_reference(resource: Resource) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _kept_back(rating: Rating, closed: set[Visit]) -> bool:
    return rating.informant == "patient" and visit_of(rating) in closed


def _hidden(held: Iterable[Rating], *, mine: str) -> tuple[HiddenRating, ...]:
    """One line per visit, newest first: where and when, nothing else."""
    by_visit = {visit_of(rating): rating for rating in held}
    lines = [
        HiddenRating(
            clinician=clinician,
            mine=clinician.reference == mine,
            visit=rating.visit,
            day=rating.when.day,
            encounter=rating.encounter,
        )
        for rating in by_visit.values()
        if (clinician := rating.clinician)
    ]
    return tuple(sorted(lines, key=lambda line: line.day, reverse=True))


def _may_show(skip: Skipped, resource: Resource | None, *, seen: set[str], base: str) -> bool:
    """Whether the skipped part is certainly not of a rating kept back: not the patient's, or part of one that is seen."""
    if resource is None:
        return False
    authors = [*_references(resource.get("source"), base), *_references(resource.get("performer"), base)]
    if authors and not any(author.startswith("Patient/") for author in authors):
        return True
    return skip.source in seen or not seen.isdisjoint(_references(resource.get("derivedFrom"), base))


def _references(value: object, base: str) -> list[str]:
    return list(references_in(value if isinstance(value, list) else [value], base=base))


def _stripped(skip: Skipped) -> Skipped:
    """A reason that says how the entry stands, and nothing of what was answered, stays."""
    reason = skip.reason if skip.code in _OF_THE_ENTRY else _STRIPPED
    return replace(skip, what=Sentence("A patient's rating"), shown=None, reason=reason, remedy=None)


# What was withdrawn, or never finished, is not "unreadable" and waits for nobody's rating.
_OF_THE_ENTRY = frozenset({"entered_in_error", "not_completed", "status_not_final", "date_missing", "clinician_missing"})
_STRIPPED = Sentence("It could not be read in full. What it holds is kept back until its visit is rated.")
