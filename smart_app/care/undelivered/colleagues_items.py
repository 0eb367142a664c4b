"""What colleagues have sent of this patient and the record has not: seen without anything it says, and sent in their place.

A colleague reads whose it is and of which day. Nothing of it depends on what was answered: neither how many answers there are, nor why the
record refused them, nor whether the scores are with them. That a form was not answered is no answer; why stays unsaid."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.people.clinicians import is_clinician
from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.delivery import send_sealed, transmitter_of
from smart_app.care.submission.judgement import for_want_of_permission
from smart_app.care.submission.sealed_submission import SealedSubmission, from_payload, readable
from smart_app.care.submission.visit_state import check_in_use
from smart_app.errors import NotTriedAgain, SessionError
from smart_app.launch.oauth.scopes import allows
from smart_app.store import OutboxEntry, OutboxState, PatientEntries

# Where the answers are not known to be in the record. What is missing beside answers that are there depends on them.
_WITHOUT_ANSWERS: Mapping[OutboxState, Literal["waiting", "sending", "unknown"]] = {
    "sealed": "waiting",
    "refused": "waiting",
    "sending": "sending",
    "unknown": "unknown",
}
_CARRIER = "QuestionnaireResponse"
# "placed": the record has the answers, or has said that it took them. "decided": discarded, or copied to the note.
Standing = Literal["waiting", "sending", "unknown", "placed", "decided"]


class ColleaguesItem(Struct, frozen=True, kw_only=True):
    """What somebody else's sign-in left: `author` is their name, None where the sign-in had none; `sent` is when. `why_not` says why only
    its author can send it, "" where whoever is signed in may; `stopped`: it says that the patient's form was not answered."""

    key: str
    informant: Informant
    from_paper: bool
    author: str | None
    by_patient: bool
    sent: datetime
    standing: Standing
    why_not: Sentence
    stopped: bool = False


def left_by_others(record: ChartRecord, kept: PatientEntries) -> tuple[ColleaguesItem, ...]:
    """What of this patient others have sent and the record has no answers of; newest first, and nothing for who is no clinician."""
    if not is_clinician(record.context.user.kind):
        return ()
    entries = readable(kept.about)
    return tuple(_item(entry, sealed) for entry, sealed in entries if entry.state in _WITHOUT_ANSWERS and transmitter_of(record, entry))


def colleagues_item(record: ChartRecord, *, key: str) -> ColleaguesItem:
    """One of them as it stands now, also when it is there by now. SessionError where this patient has none of that key by somebody else."""
    entry = _entry_of_another(record, key)
    return _item(entry, from_payload(entry.payload))


def send_for_author(record: ChartRecord, *, key: str) -> None:
    """Try once more what a colleague or the patient sent: searched for first, as theirs, with whoever is signed in as its transmitter.
    NotTriedAgain where only the author can, or the record is not in use any more."""
    entry = _entry_of_another(record, key)
    if entry.state not in _WITHOUT_ANSWERS:
        return
    if why_not := _why_not(from_payload(entry.payload)):
        raise NotTriedAgain(Sentence("{why_not} It was not tried again.", why_not=why_not))
    check_in_use(record)
    send_sealed(record, entry)


def _entry_of_another(record: ChartRecord, key: str) -> OutboxEntry:
    outbox, context = record.services.store.outbox, record.context
    entry = outbox.get(key) if outbox.is_about(key, context.iss, context.patient) else None
    if entry is None or not is_clinician(context.user.kind) or transmitter_of(record, entry) is None:
        raise SessionError(Sentence("There is nothing of a colleague to send under this address."))
    return entry


def _item(entry: OutboxEntry, sealed: SealedSubmission) -> ColleaguesItem:
    user = entry.author.user if entry.author else None
    return ColleaguesItem(
        key=entry.key,
        informant=sealed.informant,
        from_paper=sealed.from_paper,
        author=user.name if user else None,
        by_patient=user is not None and user.kind == "Patient",
        sent=sealed.authored,
        standing=_standing(entry.state, sealed),
        why_not=_why_not(sealed),
        stopped=sealed.not_answered is not None,
    )


def _standing(state: OutboxState, sealed: SealedSubmission) -> Standing:
    decided = state in {"discarded", "copied"} and not sealed.placed
    return _WITHOUT_ANSWERS.get(state) or ("decided" if decided else "placed")


def _why_not(sealed: SealedSubmission) -> Sentence:
    """What was refused for want of permission is tried with nobody else's; nor is what its own sign-in could not have written."""
    permitted = sealed.scope is not None and allows(sealed.scope, _CARRIER, "c")
    if permitted and not for_want_of_permission(sealed):
        return NOTHING
    return Sentence(
        "The sign-in it was sent with had no permission to write it, so only its author can send it, with a sign-in of their own."
    )
