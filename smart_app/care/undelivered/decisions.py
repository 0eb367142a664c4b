"""What a named person decides over a submission that the record does not hold: copied to the note, or discarded for a reason; and who has
still to be told of it.

Where the record has the answers, and not all that goes with them, the decision is over the rest alone: what is there stays there. Nothing
is deleted: the sealed copy stays as the record of the decision. What is on its way, or answers that may be in the record, are nobody's to
decide over."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments.instrument import Informant
from fhir_mappings.instruments.not_answered import is_refusal
from fhir_mappings.sentence import NOTHING, Sentence
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.build_receipt import part_name
from smart_app.care.submission.delivery import entry_of, kept_entries
from smart_app.care.submission.judgement import uncertain
from smart_app.care.submission.sealed_submission import Decision, SealedSubmission, from_payload, readable, to_payload
from smart_app.errors import NotOffered
from smart_app.launch.context.launch_context import Author, LaunchContext, LaunchId
from smart_app.store import OutboxEntry, OutboxState, PatientEntries, Store, author_of

Way = Literal["copied", "discarded"]
# Why something is discarded, in words. Stored is the code: no free text, which may say something of the patient.
REASONS: Mapping[str, Sentence] = {
    "by_mistake": Sentence("It was entered by mistake"),
    "charted_otherwise": Sentence("It was entered in the chart another way"),
    "patient_asked": Sentence("The patient asked for it"),
    "rest_not_taken": Sentence("The record does not take the rest"),
    "rest_not_needed": Sentence("The rest is not needed in the record"),
}
# The same after a colon.
_BECAUSE: Mapping[str, Sentence] = {
    "by_mistake": Sentence("it was entered by mistake"),
    "charted_otherwise": Sentence("it was entered in the chart another way"),
    "patient_asked": Sentence("the patient asked for it"),
    "rest_not_taken": Sentence("the record does not take the rest"),
    "rest_not_needed": Sentence("the rest is not needed in the record"),
}
# Of answers that are in the record no reason of the first kind holds: closing takes nothing out of it.
_OVER_ALL = ("by_mistake", "charted_otherwise", "patient_asked")
_OVER_THE_REST = ("rest_not_taken", "rest_not_needed", "charted_otherwise")
IN_NOTE = "in_note"
_WHY_NOT: Mapping[OutboxState, Sentence] = {
    "sending": Sentence("It is being sent at this moment, so it may be in the record in a moment: nothing was decided."),
    "unknown": Sentence("It is not known whether the record has it, so it may be in the record: nothing was decided. Check again first."),
    "accepted": Sentence("The record has said that it took it, so it may be in the record: nothing was decided. Look again first."),
    "stored": Sentence("It is in the record by now, so there is nothing to decide."),
    "discarded": Sentence("It was discarded before, so nothing was changed."),
    "copied": Sentence("It was copied to the note before, so nothing was changed."),
}
_CHANGED = Sentence("How it stands has changed since this page was opened, so nothing was decided. Look at its receipt again.")
_NO_REASON = Sentence("It is discarded only for a reason, and none was chosen, so nothing was decided. Go back and choose one.")


class Discarded(Struct, frozen=True, kw_only=True):
    """A submission that was discarded, for who has not been told: by whom, when, and `because` of what, as it stands
    after a colon. `in_record`: its answers are in the record, and what was missing beside them was closed; `not_answered`: there were none,
    it said that the patient's form was not answered."""

    key: str
    informant: Informant
    instrument_title: str
    sent: datetime
    by: str
    at: datetime
    in_record: bool = False
    because: Sentence = NOTHING
    not_answered: bool = False


class Lacking(Struct, frozen=True, kw_only=True):
    """A part that is missing beside answers that are in the record, by its name; `uncertain`: it may be there."""

    name: str
    uncertain: bool


class Undecided(Struct, frozen=True, kw_only=True):
    """A submission somebody may decide over, as it stands: `seen` is what the decision holds good for. `rest` is what is missing where
    the record has the answers, and the decision is over that alone; `reasons` are the codes that hold."""

    sealed: SealedSubmission
    seen: str
    reasons: tuple[str, ...]
    rest: tuple[Lacking, ...]


def is_patients(sealed: SealedSubmission) -> bool:
    """Whether the patient answered it themself, or refused to, and so is told what was decided over it."""
    own = sealed.not_answered is None or is_refusal(sealed.not_answered)
    return own and sealed.informant == "patient" and not sealed.from_paper


def why_not_decide(state: OutboxState) -> Sentence:
    """Why nobody may decide over it as it stands; "" where its author may."""
    return _WHY_NOT.get(state, NOTHING)


def undecided(record: ChartRecord, *, key: str) -> Undecided:
    """The author's own submission, to decide over. SessionError when there is none of that key, NotOffered where it cannot be."""
    entry = _undecided(record, key)
    sealed = from_payload(entry.payload)
    return Undecided(sealed=sealed, seen=_seen(entry), reasons=reasons_over(sealed), rest=_rest(sealed) if sealed.placed else ())


def reasons_over(sealed: SealedSubmission) -> tuple[str, ...]:
    """The codes of the reasons for which it may be discarded as it stands."""
    return _OVER_THE_REST if sealed.placed else _OVER_ALL


def _rest(sealed: SealedSubmission) -> tuple[Lacking, ...]:
    unsure = uncertain(sealed)
    return tuple(Lacking(name=part_name(sealed, part.role), uncertain=part.role in unsure) for part in sealed.missing)


def decide(record: ChartRecord, *, key: str, way: Way, reason: str, seen: str) -> None:
    """Note that its author copied it to the note themself, or discards it. NotOffered without a reason, and where it stands otherwise
    than it was `seen`."""
    entry = _undecided(record, key)
    if way == "discarded" and reason not in reasons_over(from_payload(entry.payload)):
        raise NotOffered(_NO_REASON)
    if seen != _seen(entry):
        raise NotOffered(_CHANGED)
    context = record.context
    why = reason if way == "discarded" else IN_NOTE
    # Who decides it knows it.
    told: tuple[Literal["author", "patient"], ...] = ("author", "patient") if context.by_patient else ("author",)
    called = context.user.called
    unnamed = called if isinstance(called, Sentence) else None
    decision = Decision(by=str(called), called=unnamed, why=why, at=record.services.clock(), told=told)
    if not _decided(record.services.store, entry, way, decision, launch_id=record.launch, who=context):
        raise NotOffered(_CHANGED)


def discard_for_site(store: Store, entry: OutboxEntry, *, reason: str, by: str, now: datetime) -> None:
    """The same by whoever runs the site, whom the author and the patient are told of by that name."""
    if why_not := why_not_decide(entry.state):
        raise NotOffered(why_not)
    if reason not in (holding := reasons_over(from_payload(entry.payload))):
        codes = ", ".join(holding)
        raise NotOffered(
            Sentence("For that reason it is not discarded as it stands, so nothing was decided. Reasons that hold: {codes}.", codes=codes)
        )
    if not _decided(store, entry, "discarded", Decision(by=by, why=reason, at=now), launch_id=None, who=entry.author):
        raise NotOffered(_CHANGED)


def untold(record: ChartRecord, kept: PatientEntries) -> tuple[Discarded, ...]:
    """What whoever is signed in has still to be told was discarded: the author of their own, a patient of what they answered themself."""
    return tuple(_for_people(entry, sealed) for entry, sealed in _untold(record, kept))


def have_told(record: ChartRecord, *, key: str) -> None:
    """Note that whoever is signed in has read it; nothing where there is nothing to note."""
    reader = _reader(record.context)
    for entry, sealed in _untold(record, kept_entries(record)):
        if entry.key == key and sealed.decision:
            decision = replace(sealed.decision, told=(*sealed.decision.told, reader))
            payload = to_payload(replace(sealed, decision=decision))
            record.services.store.outbox.reseal(key, "discarded", launch_id=entry.launch_id, payload=payload, author=entry.author)


def _untold(record: ChartRecord, kept: PatientEntries) -> Sequence[tuple[OutboxEntry, SealedSubmission]]:
    context = record.context
    if context.by_patient:
        found = [(entry, sealed) for entry, sealed in readable(kept.discarded_about) if is_patients(sealed)]
    else:
        found = list(readable(kept.discarded_own))
    return [(entry, sealed) for entry, sealed in found if _has_to_be_told(sealed, _reader(context))]


def _reader(context: LaunchContext) -> Literal["author", "patient"]:
    return "patient" if context.by_patient else "author"


def _has_to_be_told(sealed: SealedSubmission, reader: Literal["author", "patient"]) -> bool:
    return sealed.decision is not None and reader not in sealed.decision.told


def _for_people(entry: OutboxEntry, sealed: SealedSubmission) -> Discarded:
    decision = sealed.decision or Decision(by="", why="", at=entry.updated)
    return Discarded(
        key=entry.key,
        informant=sealed.informant,
        instrument_title=sealed.instrument_title,
        sent=sealed.authored,
        by=decision.who,
        at=decision.at,
        in_record=sealed.placed,
        because=_BECAUSE.get(decision.why, NOTHING),
        not_answered=sealed.not_answered is not None,
    )


def _undecided(record: ChartRecord, key: str) -> OutboxEntry:
    entry = entry_of(record, key=key, author=author_of(record.context))
    if why_not := why_not_decide(entry.state):
        raise NotOffered(why_not)
    return entry


def _seen(entry: OutboxEntry) -> str:
    """What tells one way it stood from another: for a form to carry, and nothing else."""
    return f"{entry.state} {entry.updated.isoformat(timespec='milliseconds')}"


def _decided(
    store: Store, entry: OutboxEntry, way: Way, decision: Decision, *, launch_id: LaunchId | None, who: LaunchContext | Author | None
) -> bool:
    """Sealed with its decision and recorded, in one transaction; False where somebody was at it meanwhile."""
    payload = to_payload(replace(from_payload(entry.payload), decision=decision))
    detail = {"key": entry.key, "state": way, "why": decision.why, "by": decision.by}
    with store.database.begin() as together:
        if not store.outbox.decide(entry, way, launch_id=launch_id or entry.launch_id, payload=payload, within=together):
            return False
        store.audit.add("submission_decided", launch_id=launch_id, context=who, detail=detail, within=together)
    return True
