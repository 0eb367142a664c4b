"""The rule of blind entry, for every page that shows something of a patient's rating: which visits are still closed to whoever is signed
in."""

from collections.abc import Collection, Iterable, Mapping

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.sentence import Sentence
from smart_app.care.record.record import ChartRecord
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import User
from smart_app.store import Revealed

# The rated clinician's reference ("" where nobody is rated) and the visit: what pairs the two informants' ratings.
Visit = tuple[str, str]
# Who chose to see the patient's rating of a visit without the visit's being rated.
Choices = Mapping[Visit, Collection[Revealed]]
# Why a colleague looks, in words. Stored is the code, sealed.
REASONS: Mapping[str, Sentence] = {
    "cover": Sentence("I see this patient in place of the clinician"),
    "team": Sentence("The clinician asked me to look"),
    "safety": Sentence("I am concerned about the patient’s safety"),
    "patient": Sentence("The patient asked me to look"),
}


def choices(record: ChartRecord, ratings: Iterable[tuple[Informant, Visit]]) -> Choices:
    """Every choice, whoever made it, that matters to whoever is signed in: about the visits of these ratings that wait, and about those in
    which the patient rated them. One question to the store, none without such a visit."""
    context, given = record.context, set(ratings)
    own = {visit for informant, visit in given if informant == "patient" and visit[0] == context.user.reference}
    return record.services.store.reveals.of(context.iss, context.patient, own | _waiting(record, given))


def closed_visits(record: ChartRecord, ratings: Iterable[tuple[Informant, Visit]], *, made: Choices | None = None) -> set[Visit]:
    """The visits whose patient's rating is kept back from whoever is signed in: of these ratings, by whom and of which visit, there is none
    by the clinician, and they have not chosen to see the patient's without. Another's choice opens nothing. `made` are the `choices` about
    these ratings where they are known; else the store is asked, where anything waits."""
    given, user = set(ratings), record.context.user
    waiting = _waiting(record, given)
    # A choice of before was sealed with whatever reference there was; who cannot be told from others has none.
    if not waiting or not is_personal(user):
        return waiting
    known = choices(record, given) if made is None else made
    return {visit for visit in waiting if not any(one.user == user.reference for one in known.get(visit, ()))}


def _waiting(record: ChartRecord, given: Collection[tuple[Informant, Visit]]) -> set[Visit]:
    """The visits of which the clinician's own rating is not there; without a rated clinician there is no other rating to wait for."""
    if not record.services.settings.blind_entry:
        return set()
    rated = {visit for informant, visit in given if informant == "clinician"}
    return {visit for informant, visit in given if informant == "patient" and visit[0]} - rated


def is_personal(user: User) -> bool:
    """Whether the sign-in says which person it is: an open server names nobody, and lends a clinician's name to whoever comes."""
    return is_clinician(user.kind) and bool(user.subject)


def reveal(record: ChartRecord, *, clinician: str, visit: str, reason: str = "") -> None:
    """Show the patient's rating of that visit, without its being rated, to whoever is signed in and to nobody else; who chose so, and a
    colleague's reason, is recorded. SessionError without a person or, of a colleague's visit, without a reason."""
    store, context = record.services.store, record.context
    if not is_personal(context.user):
        raise SessionError(Sentence("This sign-in does not say which person you are, so nothing was shown and nothing recorded."))
    own = clinician == context.user.reference
    if not own and reason not in REASONS:
        raise SessionError(
            Sentence("A colleague’s visit is shown only for a reason, and none was chosen, so nothing was shown. Go back and choose one.")
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


def looked_at(record: ChartRecord, made: Choices) -> Choices:
    """Of these choices, those about ratings of whoever is signed in that somebody else made: who saw one before it was theirs to see."""
    me = record.context.user.reference
    others = {visit: [one for one in each if one.user != me] for visit, each in made.items() if visit[0] == me}
    return {visit: each for visit, each in others.items() if each}
