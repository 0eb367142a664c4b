"""The receipt: what of a submission is in the record, read back by id, and what is not. Reads only, except to settle an unknown outcome."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from fhir_mappings.people.person import Person
from smart_app.care.record.access import reader
from smart_app.care.record.closed_visits import closed_visits
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.delivery import resolve
from smart_app.care.submission.receipt import NotWritten, Outcome, Receipt, Written
from smart_app.care.submission.sealed_submission import PANEL, PROVENANCE, RESPONSE, Parcel, Part, Resource, from_payload
from smart_app.care.submission.stored_comparison import differences
from smart_app.care.submission.write_ladder import step_words
from smart_app.fhir.gather import Failed, Loaded, gather
from smart_app.store import OutboxState

ReadBacks = Mapping[str, Loaded[Resource] | Failed]
_NAMES = {RESPONSE: "Answers", PANEL: "Scores together", PROVENANCE: "Who entered it (Provenance)"}
_HELD_BACK = "kept back; the history shows it once you have rated this visit"
_SEALED = "Sealed in Rapport."


def receipt(record: ChartRecord, *, key: str) -> Receipt:
    """How the submission stands now. SessionError when this launch has none of that key; failures of the server are in the receipt.

    Under blind entry a patient's scores are left out until the visit's rating was revealed; the history shows them once rated."""
    entry = resolve(record, key=key)
    parcel = from_payload(entry.payload)
    read = _read_back(record, parcel)
    shown = not closed_visits(record, [(parcel.informant, (parcel.clinician or "", parcel.visit))])
    stored = [part for part in parcel.parts if part.role in parcel.stored]
    return Receipt(
        key=key,
        outcome=_outcome(entry.state, parcel),
        informant=parcel.informant,
        clinician=Person(reference=parcel.clinician, name=parcel.clinician_name) if parcel.clinician else None,
        instrument_title=parcel.instrument_title,
        version=parcel.instrument_version,
        answered=parcel.answered,
        of=parcel.of,
        visit=parcel.visit,
        submitted=parcel.authored,
        step=step_words(parcel.step),
        written=tuple(_written(parcel, part, read.get(part.role), shown=shown) for part in stored),
        not_written=tuple(_not_written(parcel, part, entry.state, shown=shown) for part in parcel.missing),
        note_text=note_text(parcel, sent=parcel.authored.astimezone(record.zone), shown=shown),
        reason=_reason(entry.state, parcel),
        repeated=parcel.repeated,
        from_paper=parcel.from_paper,
        unscored=parcel.unscored,
    )


def note_text(parcel: Parcel, *, sent: datetime, shown: bool) -> str:
    """Plain text to paste into a note; `sent` is when, in the clinic's zone; scores only where they may be shown."""
    unvalidated = "" if parcel.validated else ", not a validated instrument"
    rated = f", rated: {parcel.clinician_name or parcel.clinician}" if parcel.clinician else ""
    paper = " Typed in from paper." if parcel.from_paper else ""
    lines = [
        f"{parcel.instrument_title} ({parcel.informant}'s form{unvalidated}), {sent:%d-%b-%Y}{rated}.{paper}",
        f"{parcel.answered} of {parcel.of} items answered.",
    ]
    if parcel.unscored:
        return "\n".join([*lines, f"Stored as answered, not scored. {parcel.unscored}"])
    return "\n".join([*lines, _scores_text(parcel) if shown else f"Scores {_HELD_BACK}."])


def _scores_text(parcel: Parcel) -> str:
    """Every score with its maximum, or why there is none."""
    scored = [
        f"{line.title} {line.text} of {line.high}" if line.text else f"{line.title} not scored ({line.reason})" for line in parcel.scores
    ]
    direction = f" {parcel.direction[:1].upper()}{parcel.direction[1:]}." if parcel.direction else ""
    return f"{'; '.join(scored)}.{direction}"


def _read_back(record: ChartRecord, parcel: Parcel) -> ReadBacks:
    """Every stored resource, all at once, by id: a search may answer from before the write."""
    client = reader(record)
    reads = {role: partial(client.read_reference, reference) for role, reference in parcel.stored.items()}
    return gather(record.services.pool, reads, seconds=record.services.settings.read_deadline)


def _outcome(state: OutboxState, parcel: Parcel) -> Outcome:
    """The state in the receipt's terms: what is stored decides, except that unknown stays unknown."""
    if state in {"unknown", "sending"}:
        return "unknown"
    if not parcel.stored:
        return "refused" if state == "refused" else "kept"
    return "partly_saved" if parcel.missing else "saved"


def _reason(state: OutboxState, parcel: Parcel) -> str | None:
    """Why it is not all there, and which better ways of writing were not open."""
    if state == "sending":
        return "It is being sent at this moment. Open this page again in a minute."
    return " ".join(text for text in (parcel.reason, *parcel.notes) if text) or None


def _written(parcel: Parcel, part: Part, read: Loaded[Resource] | Failed | None, *, shown: bool) -> Written:
    """One stored part, with what reading it back gave."""
    fate = parcel.fate(part.role)
    line = Written(
        what=_what(parcel, part.role),
        value=_value(parcel, part.role, shown=shown),
        reference=fate.reference or "",
        version=fate.version,
        read_back="not_read",
        note=read.reason if isinstance(read, Failed) else None,
    )
    return _compared(line, parcel, part, read.value) if isinstance(read, Loaded) else line


def _compared(line: Written, parcel: Parcel, part: Part, stored: Resource) -> Written:
    """The line with the version read, and whether it says what was sent."""
    found = differences(parcel, part, stored)
    meta = stored.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    note = f"The stored entry differs in: {', '.join(found)}." if found else None
    return replace(line, version=str(version) if version else line.version, read_back="differs" if found else "same", note=note)


def _not_written(parcel: Parcel, part: Part, state: OutboxState, *, shown: bool) -> NotWritten:
    """One part that is not known to be stored: why, where it is, what to do."""
    said = _value(parcel, part.role, shown=shown)
    what = _what(parcel, part.role) if said in {"", _HELD_BACK} else f"{_what(parcel, part.role)}, {said}"
    why = parcel.fate(part.role).why or parcel.reason or "It was not sent."
    now, todo = _place_and_remedy(parcel, part, state)
    return NotWritten(what=what, why=why, now=now, todo=todo)


def _place_and_remedy(parcel: Parcel, part: Part, state: OutboxState) -> tuple[str, str]:
    """Where the part is now, and what to do."""
    if state in {"unknown", "sending"}:
        return f"Not known whether it is in the record. {_SEALED}", "Do not enter it again. Check again in a minute."
    if part.role == PROVENANCE and parcel.stored:
        return "In Rapport's audit trail.", "Nothing. IT can read it there."
    if parcel.stored:
        return "Not in the record; the answers it was computed from are.", "Copy the text for the note if the score is needed there."
    if state == "refused":
        return _SEALED, "Copy the text for the note, and tell IT why it was refused."
    return _SEALED, "Try again later, or copy the text for the note."


def _what(parcel: Parcel, role: str) -> str:
    """The part in words."""
    return _NAMES.get(role) or next((line.title for line in parcel.scores if line.role == role), role)


def _value(parcel: Parcel, role: str, *, shown: bool) -> str:
    """What it says, in words; a patient's score only where it may be shown."""
    if role == RESPONSE:
        return f"{parcel.answered} of {parcel.of}"
    line = next((line for line in parcel.scores if line.role == role), None)
    if line is None or line.text is None:
        return ""
    return f"{line.text} of {line.high}" if shown else _HELD_BACK
