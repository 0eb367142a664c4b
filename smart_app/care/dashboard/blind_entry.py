"""Blind entry: a patient's rating of a visit stays out of everything until its clinician has rated that visit,
or chose to see it without. Applied to the raw resources, before anything else reads them, so nothing downstream can leak."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.r4.references import references_in
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from smart_app.care.dashboard.history import HiddenRating
from smart_app.care.record.access import base_of
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


def apply(record: ChartRecord, ratings: Iterable[Rating], *, skipped: Iterable[Skipped], resources: Sequence[Resource]) -> VisibleRatings:
    """The ratings that may be seen, and where the others stand. A form declined whole is no rating: it closes no visit. `skipped` are the
    parts of these `resources` that could not be read, as nobody knows what they say."""
    given = tuple(ratings)
    none = _declined_whole(record, given, skipped, resources)
    visits = [(rating.informant, visit_of(rating)) for rating in given if rating.source not in none]
    made = choices(record, visits)
    closed = closed_visits(record, visits, made=made)
    held = [rating for rating in given if _kept_back(rating, closed)]
    seen = tuple(rating for rating in given if not _kept_back(rating, closed))
    sources = frozenset(rating.source for rating in held)
    return VisibleRatings(ratings=seen, hidden=_hidden(record, held), held=sources, choices=made)


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


def _declined_whole(
    record: ChartRecord, given: Iterable[Rating], skipped: Iterable[Skipped], resources: Sequence[Resource]
) -> frozenset[str]:
    """The sources of the patient's forms of which every item was declined and nothing else is there, not even unread."""
    silent = [one for one in given if one.informant == "patient" and one.declined and not (one.answers or one.extra)]
    bare = [one for one in silent if _is_whole(record, one)]
    if not bare:
        return frozenset()
    base, by_source = base_of(record.context), {_own_reference(one): one for one in resources}
    unread = {skip.source for skip in skipped}
    unread |= {of for source in unread for of in _references(by_source.get(source, {}).get("derivedFrom"), base)}
    return frozenset(one.source for one in bare) - unread


def _is_whole(record: ChartRecord, rating: Rating) -> bool:
    """Whether all items of the form were declined, and no score says otherwise."""
    form = record.services.library.get(rating.instrument, version=rating.version)
    scored = any(score.value is not None for score in rating.scores.values())
    return not scored and {item.link_id for item in form.items} <= set(rating.declined)


def _hidden(record: ChartRecord, held: Iterable[Rating]) -> tuple[HiddenRating, ...]:
    """One line per visit, newest first: where and when, and whether the clinician has let it wait; nothing else."""
    mine, today = record.context.user.reference, record.now().date()
    within = timedelta(days=record.services.settings.rate_within_days)
    by_visit = {visit_of(rating): rating for rating in held}
    lines = [
        HiddenRating(
            clinician=clinician,
            mine=clinician.reference == mine,
            visit=rating.visit,
            day=rating.when.day,
            encounter=rating.encounter,
            overdue=today - rating.when.day > within,
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
_OF_THE_ENTRY = frozenset(
    {"entered_in_error", "retracted", "replaced", "not_completed", "status_not_final", "date_missing", "clinician_missing"}
)
_STRIPPED = Sentence("It could not be read in full. What it holds is kept back until its visit is rated.")
