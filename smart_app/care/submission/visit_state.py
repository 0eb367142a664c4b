"""What the rule of the pages decides from: how this visit stands with whoever is signed in, read from the record and from the outbox."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.not_answered import REFUSED, NotAnsweredReason
from fhir_mappings.r4.possible_dates import PossibleDates
from fhir_mappings.ratings.not_answered_reader import NotAnswered, read_not_answered, standing
from fhir_mappings.ratings.rating import Rating
from fhir_mappings.ratings.rating_reader import read_ratings
from fhir_mappings.sentence import NOTHING, Sentence, joined
from fhir_mappings.skipped import Skipped
from smart_app.care.forms.asked_form import AskedForm
from smart_app.care.forms.saved_drafts import saved_refusal
from smart_app.care.record.access import patient_on_server, permissions
from smart_app.care.record.page_rule import NOT_SENT_INTO, Confirmation, Fate, Known, PageFacts, PageOffers, Place, offers_for
from smart_app.care.record.patient_in_context import Patient, open_patient, patient_read_again, remember_patient
from smart_app.care.record.reads import ANSWERS, read_all
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.sealed_submission import SealedSubmission, readable
from smart_app.care.submission.write_ladder import why_not_write
from smart_app.errors import FhirError, NotFound, NotOffered, NotSentNow, NotTriedAgain
from smart_app.fhir.client import Resource
from smart_app.store import OutboxState, author_of

_TOTAL = "total"
_FATES: Mapping[OutboxState, Fate] = {
    "sealed": "kept",
    "sending": "unknown",
    "unknown": "unknown",
    "accepted": "unknown",
    "refused": "refused",
    "stored": "stored",
    "partly": "stored",
    "discarded": "none",
    "copied": "none",
}


class GivenRating(Struct, frozen=True, kw_only=True):
    """Whether there is a rating of this visit by one form, and its total (None: none, or not scored)."""

    known: Known = "unknown"
    score: str | None = None


class VisitState(Struct, frozen=True, kw_only=True):
    """The facts, and the total this clinician gave the visit where they have rated it (None: not rated, or not scored)."""

    facts: PageFacts
    own_score: str | None = None


class NotAnsweredHere(Struct, frozen=True, kw_only=True):
    """Why the patient's form was not answered at this visit, on which day that was said, and by whom: the patient themself, whoever is
    signed in or other staff; "unknown" where that is not told."""

    reason: NotAnsweredReason
    day: date
    said_by: Literal["patient", "you", "staff", "unknown"]


_NOT_ASKED = GivenRating()
SentRating = tuple[Fate, SealedSubmission | None]


def visit_now(record: ChartRecord) -> str:
    """What is rated from here: the visit the EHR names, else this day at the clinic."""
    encounter = record.context.encounter
    return f"Encounter/{encounter}" if encounter else record.now().date().isoformat()


def given_rating(record: ChartRecord, ratings: Iterable[Rating], *, informant: Informant, instrument: str, whole: bool) -> GivenRating:
    """That informant's rating of this visit by that form, about whoever is signed in or about nobody in particular: the latest of
    `ratings`, which are in order of time, `whole` where they are known to be all."""
    visit, me = visit_now(record), record.context.user.reference
    wanted = (informant, instrument, visit)
    found = [one for one in ratings if (one.informant, one.instrument, one.visit) == wanted and _whose(one) in {None, me}]
    if not found:
        return GivenRating(known="no" if whole else "unknown")
    # One that was given after the patient's was seen takes no other's place.
    drawn = [one for one in found if not one.given_after_seen] or found
    total = drawn[-1].scores.get(_TOTAL)
    return GivenRating(known="yes", score=total.text if total else None)


def visit_state(
    record: ChartRecord,
    *,
    patient: Patient,
    own: GivenRating = _NOT_ASKED,
    theirs: GivenRating = _NOT_ASKED,
    not_answered: NotAnsweredReason | None = None,
    rate_by: str = "",
    known_sent: Mapping[str, SentRating] | None = None,
) -> VisitState:
    """How the visit stands: `own` rating of whoever is signed in, by the form `rate_by` ("" where it does not matter), and the
    patient's; why the patient's form was `not_answered`. `known_sent` are their `ratings_sent` by that form where they were asked for."""
    # Beside a rating that is in the record it changes nothing what was sent.
    asks = known_sent is None and rate_by and own.known != "yes"
    sent, sealed = (ratings_sent(record, rate_by) if asks else known_sent or {}).get(visit_now(record), ("none", None))
    facts = PageFacts(
        standing=patient.standing(record.now().date()),
        can_write=why_not_write(permissions(record)) is None,
        place=_place(record),
        clinician_rated=own.known,
        patient_rated=theirs.known,
        sent=sent,
        blind=record.services.settings.blind_entry,
        not_answered=not_answered,
    )
    return VisitState(facts=facts, own_score=own.score if own.known == "yes" else _total_of(sealed))


def state_for_form(record: ChartRecord, asked: AskedForm) -> tuple[Patient, VisitState]:
    """The patient, and how the visit stands for the form asked for. Ratings are read only for a clinician's own, which alone depends on
    them. FhirError when the patient cannot be read."""
    if asked.informant != "clinician":
        patient = open_patient(record)
        return patient, visit_state(record, patient=patient)
    own, theirs = _recent_ratings(record, asked.slug)
    patient = open_patient(record)
    return patient, visit_state(record, patient=patient, own=own, theirs=theirs, rate_by=asked.slug)


def _recent_ratings(record: ChartRecord, instrument: str) -> tuple[GivenRating, GivenRating]:
    """Their own and the patient's of this visit, as the form was opened with them moments ago, so that sending the form waits for no
    further read: what was sent from here meanwhile the outbox knows."""
    context, recent = record.context, record.services.recent
    name = f"rating of {context.patient} by {context.user.reference}, {instrument}, {visit_now(record)}"
    known = recent.get(context.iss, name, context.access_token)
    if known is not None:
        return GivenRating(known=known["known"], score=known["score"]), GivenRating(known=known["theirs"])
    try:
        readings = read_all(record, only=(ANSWERS,))
    except FhirError:
        # The patient may be known from moments ago, and then the form can be filled in.
        return _NOT_ASKED, _NOT_ASKED
    remember_patient(record, readings.patient)
    ratings, whole = _ratings(record, readings.resources[ANSWERS]), readings.reports[ANSWERS].whole
    found = given_rating(record, ratings, informant="clinician", instrument=instrument, whole=whole)
    theirs = given_rating(record, ratings, informant="patient", instrument=instrument, whole=whole)
    recent.keep(context.iss, name, context.access_token, {"known": found.known, "score": found.score, "theirs": theirs.known})
    return found, theirs


def offers_for_form(record: ChartRecord, asked: AskedForm) -> tuple[Patient, VisitState, PageOffers]:
    """The same, with what the rule makes of it."""
    patient, state = state_for_form(record, asked)
    return patient, state, offers_for(state.facts)


def refusal(offers: PageOffers, asked: AskedForm) -> Sentence:
    """Why the form asked for is not offered; "" where it is."""
    if asked.alone:
        return NOTHING if offers.answer else offers.stopped_home
    if _is_patients(asked):
        return offers.stopped
    if asked.informant == "clinician" and offers.rate == "no":
        return offers.stands or offers.stopped
    return NOTHING


def unconfirmed(record: ChartRecord, asked: AskedForm, *, confirmed: Collection[str]) -> tuple[Confirmation, ...]:
    """What whoever sends the form has to confirm and has not. NotOffered where no page would offer it now. A record that cannot be read at
    this moment stops nothing: what was answered is sealed before it is sent, and nothing is lost."""
    try:
        _, _, offers = offers_for_form(record, asked)
    except FhirError:
        return ()
    if why := refusal(offers, asked):
        raise NotOffered(Sentence("{why} What was entered was not stored.", why=why))
    return () if asked.alone or _is_patients(asked) else tuple(one for one in offers.confirm if one not in confirmed)


def check_asked_here(record: ChartRecord, asked: AskedForm) -> None:
    """NotOffered where the patient is asked nothing here as the record stands, so that there is nothing not to answer either."""
    try:
        _, _, offers = offers_for_form(record, asked)
    except FhirError:
        return
    if why := offers.stopped_home if asked.alone else offers.stopped:
        raise NotOffered(Sentence("{why} What was entered was not stored.", why=why))


def not_answered_here(record: ChartRecord, asked: AskedForm) -> NotAnsweredHere | None:
    """Why the patient's form about whoever is signed in was not answered at this visit, by the record and by what was sent from here; None
    where it was, where it is open, and where the record cannot be read just now."""
    try:
        readings = read_all(record, only=(ANSWERS,))
    except FhirError:
        return _not_answered_sent(record, asked) or _refusal_kept(record, asked)
    ratings, refused = _ratings(record, readings.resources[ANSWERS]), not_answered_in(record, readings.resources[ANSWERS], ())[0]
    held, _ = standing(refused, ratings)
    theirs = given_rating(record, ratings, informant="patient", instrument=asked.slug, whole=False)
    if theirs.known == "yes":
        return None
    one = _held(record, held, asked.slug)
    if one is None:
        return _not_answered_sent(record, asked) or _refusal_kept(record, asked)
    return NotAnsweredHere(reason=one.reason, day=one.when.day, said_by=_said_by(record, one.entered_by))


def _said_by(record: ChartRecord, entered_by: str | None) -> Literal["patient", "you", "staff", "unknown"]:
    if entered_by is None:
        return "unknown"
    if entered_by == f"Patient/{record.context.patient}":
        return "patient"
    return "you" if entered_by == record.context.user.reference else "staff"


def not_answered_in(
    record: ChartRecord, responses: Sequence[Resource], scores: Sequence[Resource], *, possible: PossibleDates | None = None
) -> tuple[list[NotAnswered], list[Skipped]]:
    """The patient's forms that were not answered, among what was read."""
    services = record.services
    return read_not_answered(
        services.library,
        responses,
        scores,
        patient=patient_on_server(record.context),
        base=services.settings.canonical_base,
        zone=record.zone,
        possible=possible,
    )


def not_answered_of(record: ChartRecord, held: Iterable[NotAnswered], instrument: str) -> NotAnsweredReason | None:
    """Why that form of the patient's, about whoever is signed in or about nobody, was not answered at this visit."""
    one = _held(record, held, instrument)
    return one.reason if one else None


def _held(record: ChartRecord, held: Iterable[NotAnswered], instrument: str) -> NotAnswered | None:
    wanted, me = ("patient", instrument, visit_now(record)), record.context.user.reference
    return next((one for one in held if (one.informant, one.instrument, one.visit) == wanted and _whose(one) in {None, me}), None)


def _not_answered_sent(record: ChartRecord, asked: AskedForm) -> NotAnsweredHere | None:
    """The same by what whoever is signed in last sent of this form at this visit, wherever it has got to."""
    visit, me = visit_now(record), record.context.user.reference
    for entry, sealed in readable(record.services.store.outbox.sent_by(author_of(record.context))):
        if (sealed.slug, sealed.informant, sealed.visit) == (asked.slug, "patient", visit) and sealed.clinician in {None, me}:
            return None if _fate(entry.state, sealed) == "none" else _sealed_reason(record, sealed)
    return None


def _sealed_reason(record: ChartRecord, sealed: SealedSubmission) -> NotAnsweredHere | None:
    if sealed.not_answered is None:
        return None
    day, said_by = sealed.authored.astimezone(record.zone).date(), _said_by(record, sealed.entered_by)
    return NotAnsweredHere(reason=sealed.not_answered, day=day, said_by=said_by)


def _refusal_kept(record: ChartRecord, asked: AskedForm) -> NotAnsweredHere | None:
    """The patient's own words, where they reached a page that was over and nobody has entered them yet."""
    kept = saved_refusal(record, asked)
    return NotAnsweredHere(reason=REFUSED, day=kept.saved.astimezone(record.zone).date(), said_by="patient") if kept else None


def check_in_use(record: ChartRecord) -> None:
    """NotTriedAgain where what is kept here would now be sent into a record that was replaced or is out of use, or of somebody who has
    died: whether it still belongs there nobody has said. The patient is read again for it; where they cannot be read nothing is sent."""
    if record.services.registration.find(record.context.iss) is None:
        raise NotTriedAgain(_NOT_REGISTERED)
    try:
        standing = patient_read_again(record).standing(record.now().date())
    except NotFound as error:
        raise NotSentNow(_NOBODY) from error
    except FhirError as error:
        raise NotSentNow(joined(" ", (error.user_message, _NOT_READ))) from error
    if standing != "current":
        raise NotTriedAgain(NOT_SENT_INTO[standing])


_NOT_REGISTERED = Sentence(
    "Rapport is not registered with this record system any more, so it was not tried again. It stays kept in Rapport; your IT can enter "
    "the system in launch.json again."
)
_NOBODY = Sentence(
    "The record has no such patient any more, as after two records were joined, so it was not tried again. It stays kept in Rapport."
)
_NOT_READ = Sentence(
    "Without the patient’s entry nobody can tell whether this record is still in use, so it was not tried again. It stays kept in Rapport."
)


def _is_patients(asked: AskedForm) -> bool:
    return asked.informant == "patient" and not asked.from_paper


def _ratings(record: ChartRecord, answers: Sequence[Resource]) -> list[Rating]:
    services = record.services
    found, _ = read_ratings(
        services.library,
        answers,
        (),
        patient=patient_on_server(record.context),
        base=services.settings.canonical_base,
        zone=record.zone,
    )
    return found


def _place(record: ChartRecord) -> Place:
    if record.context.by_patient:
        return "home"
    return "visit" if record.context.encounter else "day"


def _whose(rating: Rating | NotAnswered) -> str | None:
    return rating.clinician.reference if rating.clinician else None


def ratings_sent(record: ChartRecord, instrument: str) -> Mapping[str, SentRating]:
    """What became of the ratings by that form that whoever is signed in last sent: of each visit the latest that counts, and what was
    sent."""
    me, found = record.context.user.reference, dict[str, SentRating]()
    every = readable(record.services.store.outbox.sent_by(author_of(record.context)))
    for entry, sealed in sorted(every, key=lambda one: one[1].after_seen):
        if (sealed.slug, sealed.informant) == (instrument, "clinician") and sealed.clinician in {None, me}:
            found.setdefault(sealed.visit, (_fate(entry.state, sealed), sealed))
    return found


def _fate(state: OutboxState, sealed: SealedSubmission) -> Fate:
    """A rating of which somebody closed what was missing is in the record all the same."""
    fate = _FATES[state]
    return "stored" if fate == "none" and sealed.placed else fate


def _total_of(sealed: SealedSubmission | None) -> str | None:
    return next((line.text for line in sealed.scores if line.role == _TOTAL), None) if sealed else None
