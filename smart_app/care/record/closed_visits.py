"""The rule of blind entry, for every page that shows something of a patient's rating: which visits are still closed to whoever is signed
in."""

from collections.abc import Collection, Iterable, Mapping

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.clinicians import is_clinician
from smart_app.care.record.record import ChartRecord
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import User
from smart_app.store import Revealed

# The rated clinician's reference ("" where nobody is rated) and the visit: what pairs the two informants' ratings.
Visit = tuple[str, str]
# Why a colleague looks, in words. Stored is the code, sealed.
REASONS: Mapping[str, str] = {
    "cover": "I see this patient in place of the clinician",
    "team": "The clinician asked me to look",
    "safety": "I am concerned about the patient’s safety",
    "patient": "The patient asked me to look",
}


def closed_visits(record: ChartRecord, ratings: Iterable[tuple[Informant, Visit]]) -> set[Visit]:
    """The visits whose patient's rating is kept back from whoever is signed in: of these ratings, by whom and of which visit, there is none
    by the clinician, and they have not chosen to see the patient's without. Another's choice opens nothing.
    One question to the store, none without such a visit."""
    services, context = record.services, record.context
    if not services.settings.blind_entry:
        return set()
    given = set(ratings)
    rated = {visit for informant, visit in given if informant == "clinician"}
    # Without a rated clinician there is no other rating to wait for.
    waiting = {visit for informant, visit in given if informant == "patient" and visit[0]} - rated
    if not waiting:
        return set()
    # A choice of before was sealed with whatever reference there was; who cannot be told from others has none.
    seen = (
        services.store.reveals.among(context.iss, context.patient, waiting, user=context.user.reference)
        if is_personal(context.user)
        else set()
    )
    return waiting - seen


def is_personal(user: User) -> bool:
    """Whether the sign-in says which person it is: an open server names nobody, and lends a clinician's name to whoever comes."""
    return is_clinician(user.kind) and bool(user.subject)


def reveal(record: ChartRecord, *, clinician: str, visit: str, reason: str = "") -> None:
    """Show the patient's rating of that visit, without its being rated, to whoever is signed in and to nobody else; who chose so, and a
    colleague's reason, is recorded. SessionError without a person or, of a colleague's visit, without a reason."""
    store, context = record.services.store, record.context
    if not is_personal(context.user):
        raise SessionError("This sign-in does not say which person you are, so nothing was shown and nothing recorded.")
    own = clinician == context.user.reference
    if not own and reason not in REASONS:
        raise SessionError(
            "A colleague’s visit is shown only for a reason, and none was chosen, so nothing was shown. Go back and choose one."
        )
    given = None if own else reason
    store.reveals.add(
        issuer=context.iss,
        patient=context.patient,
        clinician=clinician,
        visit=visit,
        user=context.user.reference,
        name=context.user.name,
        reason=given,
    )
    detail = {"clinician": clinician, "visit": visit, "reason": given}
    store.audit.add("reveal", launch_id=record.launch_id, context=context, detail=detail)


def looked_at(record: ChartRecord, visits: Iterable[Visit]) -> Mapping[Visit, Collection[Revealed]]:
    """Who, other than whoever is signed in, saw the patient's rating of these visits before it was theirs to see; none without a visit."""
    context = record.context
    made = record.services.store.reveals.of(context.iss, context.patient, visits)
    others = {visit: [one for one in each if one.user != context.user.reference] for visit, each in made.items()}
    return {visit: each for visit, each in others.items() if each}
