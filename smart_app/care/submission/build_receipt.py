"""The receipt: what of a submission is in the record, read back by id, and what is not. Reads only, except to settle an unknown outcome."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.not_answered import NotAnsweredReason
from fhir_mappings.people.person import Person
from fhir_mappings.sentence import NOTHING, Sentence, capitalised, dated, joined
from smart_app.care.record.access import permissions, reader
from smart_app.care.record.closed_visits import closed_visits
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.delivery import read_again, resolve
from smart_app.care.submission.judgement import UNCERTAIN
from smart_app.care.submission.receipt import NotWritten, Outcome, Receipt, StoredPart
from smart_app.care.submission.sealed_submission import (
    NOT_ANSWERED,
    PANEL,
    PROVENANCE,
    RESPONSE,
    ScoreLine,
    SealedSubmission,
    SubmissionPart,
    from_payload,
)
from smart_app.care.submission.stored_comparison import differences
from smart_app.care.submission.write_ladder import step_words
from smart_app.errors import FhirError, NotFound
from smart_app.fhir.client import Resource
from smart_app.fhir.gather import Failed, Loaded, gather
from smart_app.launch.context.launch_context import User
from smart_app.store import OutboxState

ReadBacks = Mapping[str, Loaded[Resource] | Failed]
_NAMES = {RESPONSE: Sentence("Answers"), PANEL: Sentence("Scores together"), PROVENANCE: Sentence("Who entered it (Provenance)")}
_NAMES_UNANSWERED = {RESPONSE: Sentence("Form, not answered"), NOT_ANSWERED: Sentence("The reason by itself (Observation)")}
_HELD_BACK = Sentence("kept back; the history shows it once you have rated this visit")
_NOTE_HELD_BACK = Sentence("Scores kept back; the history shows them once you have rated this visit.")
_SEALED = Sentence("Sealed in Rapport.")


def receipt(record: ChartRecord, *, key: str) -> Receipt:
    """How the submission stands now. SessionError when this launch has none of that key; failures of the server are in the receipt.

    Under blind entry a patient's scores are left out until the visit's rating was revealed; the history shows them once rated."""
    entry = resolve(record, key=key)
    sealed = from_payload(entry.payload)
    read = _read_back(record, sealed)
    state = read_again(record, entry, found=_carrier_found(read))
    shown = not closed_visits(record, [(sealed.informant, (sealed.clinician or "", sealed.visit))])
    stored = [part for part in sealed.parts if part.role in sealed.stored]
    return Receipt(
        key=key,
        outcome=_outcome(state, sealed),
        informant=sealed.informant,
        clinician=Person(reference=sealed.clinician, name=sealed.clinician_name) if sealed.clinician else None,
        instrument_title=sealed.instrument_title,
        version=sealed.instrument_version,
        answered=sealed.answered,
        of=sealed.of,
        visit=sealed.visit,
        submitted=sealed.authored,
        step=step_words(sealed.step),
        written=tuple(_written(sealed, part, read.get(part.role), shown=shown) for part in stored),
        not_written=tuple(_not_written(sealed, part, state, shown=shown) for part in sealed.missing),
        note_text=note_text(sealed, sent=sealed.authored.astimezone(record.zone), shown=shown, signed_in=record.context.user),
        reason=_reason(state, sealed),
        repeated=sealed.repeated,
        from_paper=sealed.from_paper,
        unscored=sealed.unscored,
        completable=state == "partly",
        late=sealed.late,
        decision=sealed.decision,
        not_answered=sealed.not_answered,
        decided_by=sealed.decided_by,
    )


def outcome_kept(record: ChartRecord, *, key: str) -> tuple[Outcome, bool | None]:
    """How it stands by what is kept here, where nothing can be asked of the record, and whether the form was declined. What is kept no more
    was stored; whether it held answers nobody can tell here (None)."""
    entry = record.services.store.outbox.get(key)
    if entry is None:
        return "saved", None
    sealed = from_payload(entry.payload)
    return _outcome(entry.state, sealed), sealed.not_answered is not None


def note_text(sealed: SealedSubmission, *, sent: datetime, shown: bool, signed_in: User) -> Sentence:
    """Plain text to paste into a note, without any id; `sent` is when, in the clinic's zone; scores only where they may be shown."""
    form = (
        Sentence("{instrument} ({form})", instrument=sealed.instrument_title, form=_FORMS[sealed.informant])
        if sealed.validated
        else Sentence(
            "{instrument} ({form}, not a validated instrument)", instrument=sealed.instrument_title, form=_FORMS[sealed.informant]
        )
    )
    told: list[Sentence] = [form, dated(sent.date())]
    if sealed.late:
        told.append(Sentence("about {visit}", visit=sealed.late.called(dated(sealed.late.day))))
    if sealed.clinician:
        told.append(Sentence("rated: {who}", who=_rated(sealed, sealed.clinician, signed_in)))
    first = Sentence("{told}.", told=joined(", ", told))
    if sealed.not_answered:
        return joined("\n", (first, Sentence("Not answered: {why}.", why=REASON_WORDS[sealed.not_answered])))
    answered = Sentence("{answered} of {count} items answered.", answered=sealed.answered, count=sealed.of)
    lines = [joined(" ", (first, Sentence("Typed in from paper."))) if sealed.from_paper else first, answered]
    if sealed.unscored:
        return joined("\n", (*lines, Sentence("Stored as answered, not scored. {why}", why=sealed.unscored)))
    return joined("\n", (*lines, _scores_text(sealed) if shown else _NOTE_HELD_BACK))


# Why a form was not answered, where it follows words of its own.
REASON_WORDS: Mapping[NotAnsweredReason, Sentence] = {
    "patient-declined": Sentence("the patient declined"),
    "no-time": Sentence("no time"),
    "not-offered": Sentence("not offered"),
    "could-not": Sentence("the patient could not"),
}
_FORMS: Mapping[Informant, Sentence] = {
    "patient": Sentence("patient's form"),
    "clinician": Sentence("clinician's form"),
    "observer": Sentence("observer's form"),
}


def _rated(sealed: SealedSubmission, reference: str, signed_in: User) -> str:
    """Who was rated, by name or by what else tells."""
    rated = Person(reference=reference, name=sealed.clinician_name)
    return rated.name or (signed_in.called if reference == signed_in.reference else rated.called)


def _scores_text(sealed: SealedSubmission) -> Sentence:
    """Every score with its maximum, or why there is none."""
    scored = Sentence("{scores}.", scores=joined("; ", [_score_text(line) for line in sealed.scores]))
    if not sealed.direction:
        return scored
    return joined(" ", (scored, Sentence("{direction}.", direction=capitalised(sealed.direction))))


def _score_text(line: ScoreLine) -> Sentence:
    if line.text:
        return Sentence("{score} {value} of {most}", score=line.title, value=line.text, most=line.high)
    return Sentence("{score} not scored ({reason})", score=line.title, reason=line.reason or NOTHING)


def _read_back(record: ChartRecord, sealed: SealedSubmission) -> ReadBacks:
    """Every stored resource, all at once, by id and past any cache: a search may answer from before the write. What may not be read, or is
    not offered to be, is not asked for: the 404 to it would say nothing of the entry."""
    client, allowed = reader(record), permissions(record)
    refused = {role: reason for role, place in sealed.stored.items() if (reason := allowed.why_not(place.partition("/")[0], "read"))}
    reads = {role: partial(client.read_reference, place, fresh=True) for role, place in sealed.stored.items() if role not in refused}
    found = gather(record.services.pool, reads, seconds=record.services.settings.read_deadline)
    return {**found, **{role: Failed(error=FhirError(reason)) for role, reason in refused.items()}}


def _carrier_found(read: ReadBacks) -> bool | None:
    """Whether the answers were found again at the place the server named; None where it did not say. Scores without them are no rating."""
    carrier = read.get(RESPONSE)
    if isinstance(carrier, Loaded):
        return True
    return False if _is_absent(carrier) else None


def _is_absent(read: Loaded[Resource] | Failed | None) -> bool:
    """Whether the server said that there is no such entry (404), or none any more (410)."""
    return isinstance(read, Failed) and isinstance(read.error, NotFound)


def _outcome(state: OutboxState, sealed: SealedSubmission) -> Outcome:
    """The state in the receipt's terms. Saved is only what has the answers in the record; of what could not be written at all, or is not
    there yet, it says so."""
    if state in {"discarded", "copied"} and sealed.placed:
        return "closed"
    if state == "stored":
        return "partly_saved" if sealed.missing else "saved"
    return _OUTCOMES[state]


_OUTCOMES: Mapping[OutboxState, Outcome] = {
    "sealed": "kept",
    "sending": "unknown",
    "partly": "partly_saved",
    "accepted": "accepted",
    "refused": "refused",
    "unknown": "unknown",
    "discarded": "discarded",
    "copied": "copied",
}


def _reason(state: OutboxState, sealed: SealedSubmission) -> Sentence | None:
    """Why it is not all there, and which better ways of writing were not open."""
    if state == "sending":
        return Sentence("It is being sent at this moment. Open this page again in a minute.")
    return joined(" ", [text for text in (sealed.reason, *sealed.notes) if text]) or None


def _written(sealed: SealedSubmission, part: SubmissionPart, read: Loaded[Resource] | Failed | None, *, shown: bool) -> StoredPart:
    """One stored part, with what reading it back gave."""
    outcome = sealed.outcome_of(part.role)
    line = StoredPart(
        what=part_name(sealed, part.role),
        value=_value(sealed, part.role, shown=shown),
        reference=outcome.reference or "",
        version=outcome.version,
        read_back="not_found" if _is_absent(read) else "not_read",
        note=read.reason if isinstance(read, Failed) else None,
    )
    return _compared(line, sealed, part, read.value) if isinstance(read, Loaded) else line


def _compared(line: StoredPart, sealed: SealedSubmission, part: SubmissionPart, stored: Resource) -> StoredPart:
    """The line with the version read, and whether it says what was sent."""
    found = differences(sealed, part, stored)
    meta = stored.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    note = Sentence("The stored entry differs in: {parts}.", parts=joined(", ", found)) if found else None
    return replace(line, version=str(version) if version else line.version, read_back="differs" if found else "same", note=note)


def _not_written(sealed: SealedSubmission, part: SubmissionPart, state: OutboxState, *, shown: bool) -> NotWritten:
    """One part that is not known to be stored: why, where it is, what to do."""
    said = _value(sealed, part.role, shown=shown)
    what = part_name(sealed, part.role) if said in {"", _HELD_BACK} else joined(", ", (part_name(sealed, part.role), said))
    outcome = sealed.outcome_of(part.role)
    why = outcome.why or sealed.reason or _UNTOLD.get(state, Sentence("It was not sent."))
    now, todo = _place_and_remedy(sealed, part, state)
    return NotWritten(what=what, scored=part.role not in {RESPONSE, NOT_ANSWERED, PROVENANCE}, why=why, now=now, todo=todo)


# Why, of a part of which nothing was noted while it may be on its way.
_UNTOLD: Mapping[OutboxState, Sentence] = {
    "sending": Sentence("It is being sent at this moment."),
    "unknown": Sentence("Rapport was interrupted while it was sent."),
}


def _place_and_remedy(sealed: SealedSubmission, part: SubmissionPart, state: OutboxState) -> tuple[Sentence, Sentence]:
    """Where the part is now, and what to do."""
    unknown = sealed.outcome_of(part.role).became in UNCERTAIN
    if state in {"unknown", "sending"} or (unknown and state == "partly"):
        return joined(" ", (_NOT_KNOWN, _SEALED)), Sentence("Do not enter it again. Check again in a minute.")
    if part.role == PROVENANCE and sealed.stored:
        return joined(" ", (_NOT_KNOWN, _AUDITED) if unknown else (_AUDITED,)), Sentence("Nothing. IT can read it there.")
    if state in {"discarded", "copied"}:
        copy = Sentence("A sealed copy stays as the record of the decision.")
        return joined(" ", (_NOT_KNOWN if unknown else _NOT_THERE, copy)), Sentence("Nothing.")
    if state == "accepted":
        return joined(" ", (_NOT_THERE, _SEALED)), _COPY_IF_NEEDED
    if part.role == NOT_ANSWERED and RESPONSE in sealed.stored:
        return Sentence("Not in the record; the response that says the same is."), Sentence("Nothing.")
    if RESPONSE in sealed.stored:
        return Sentence("Not in the record; the answers it was computed from are."), _COPY_IF_NEEDED
    if state == "refused":
        return _SEALED, Sentence("Try again later, or copy the text for the note; tell IT why it was refused.")
    return _SEALED, Sentence("Try again later, or copy the text for the note.")


_NOT_KNOWN = Sentence("Not known whether it is in the record.")
_NOT_THERE = Sentence("Not in the record.")
_AUDITED = Sentence("In Rapport's audit trail.")
_COPY_IF_NEEDED = Sentence("Copy the text for the note if the score is needed there.")


def part_name(sealed: SealedSubmission, role: str) -> str:
    """The part in words."""
    if sealed.not_answered and role in _NAMES_UNANSWERED:
        return _NAMES_UNANSWERED[role]
    return _NAMES.get(role) or next((line.title for line in sealed.scores if line.role == role), role)


def _value(sealed: SealedSubmission, role: str, *, shown: bool) -> Sentence:
    """What it says, in words; a patient's score only where it may be shown."""
    if sealed.not_answered:
        return NOTHING if role == PROVENANCE else REASON_WORDS[sealed.not_answered]
    if role == RESPONSE:
        return Sentence("{answered} of {count}", answered=sealed.answered, count=sealed.of)
    line = next((line for line in sealed.scores if line.role == role), None)
    if line is None or line.text is None:
        return NOTHING
    return Sentence("{value} of {most}", value=line.text, most=line.high) if shown else _HELD_BACK
