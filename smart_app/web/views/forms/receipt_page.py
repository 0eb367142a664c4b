"""The receipt: what of a submission is in the record, read back by id, what is not, and what is not known."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from msgspec import Struct

from fhir_mappings.people.person import Person
from fhir_mappings.sentence import full_sentence
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.submission.receipt import NotWritten, Outcome, ReadBack, Receipt, StoredPart
from smart_app.care.submission.sealed_submission import Decision
from smart_app.care.undelivered.decisions import IN_NOTE, REASONS
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.views.banner import Banner, clinician_banner
from smart_app.web.views.parts import Fact, Link

_READ_BACK: dict[ReadBack, str] = {"same": "same", "differs": "differs", "not_found": "not found", "not_read": "not read"}


class StoredRow(Struct, frozen=True, kw_only=True):
    """One stored resource; `id` is `Type/id`."""

    what: str
    value: str
    id: str
    version: str
    read_back: str
    note: str


class LeftOutRow(Struct, frozen=True, kw_only=True):
    """What has the same fate for the same reason: one part by its name, or how many there are, and each named in `parts`."""

    what: str
    parts: tuple[str, ...]
    why: str
    now: str
    todo: str


class ReceiptView(Struct, frozen=True, kw_only=True):
    """Everything the receipt prints. `tick` only where something is known to be stored; `check_again` only where that can settle
    or send something. `decide` leads to what its author may decide over it, `undecided` says why they may not just now."""

    banner: Banner | None
    patient_id: str
    headline: str
    lead: str
    tick: bool
    history: str
    check_again: str | None
    check_words: str
    decide: tuple[Link, ...]
    undecided: str
    written_title: str
    written: tuple[StoredRow, ...]
    not_written: tuple[LeftOutRow, ...]
    facts: tuple[Fact, ...]
    note_text: str
    synthetic: bool
    signed_in: str


_HEADLINES: dict[Outcome, str] = {
    "saved": "Saved in the record",
    "partly_saved": "Saved in the record, with something left out",
    "accepted": "Accepted by the record, not found again",
    "kept": "Not in the record yet: kept in Rapport",
    "unknown": "Not known whether this was saved. Do not enter it again.",
    "refused": "The record did not take this: kept in Rapport",
    "discarded": "Discarded: not in the record",
    "copied": "Copied to the note: not in the record as a form",
    "closed": "Saved in the record, and closed without the rest",
}
# What the button says that can settle or send something.
_CHECK_WORDS: dict[Outcome, str] = {
    "unknown": "Check again",
    "accepted": "Look again",
    "kept": "Try to store it again",
    "refused": "Try to store it again",
}

_COMPLETE = "Try to store the rest"


class ReceiptUrls(Struct, frozen=True, kw_only=True):
    """Where a receipt leads."""

    history: str
    check_again: str
    copied: str
    discard: str


def receipt_view(receipt: Receipt, *, context: LaunchContext, patient: Patient | None, urls: ReceiptUrls, now: datetime) -> ReceiptView:
    """The page of one receipt. `patient` is None when the record did not give it just now; `now` is aware and gives the zone."""
    saved = receipt.outcome in {"saved", "partly_saved", "closed"}
    alarm = saved and any(part.read_back == "differs" for part in receipt.written)
    headline = "Saved, but the record says something else than was sent" if alarm else _HEADLINES[receipt.outcome]
    return ReceiptView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        patient_id=context.patient,
        headline=headline,
        lead=_lead(receipt, context, alarm=alarm),
        tick=saved and not alarm,
        history=urls.history,
        check_again=urls.check_again if receipt.outcome in _CHECK_WORDS or receipt.completable else None,
        check_words=_CHECK_WORDS.get(receipt.outcome, _COMPLETE if receipt.completable else ""),
        decide=_decisions(receipt, urls),
        undecided=_MAY_BE_THERE if receipt.outcome == "unknown" else "",
        written_title="Accepted" if receipt.outcome == "accepted" else "Written",
        written=tuple(_row(part) for part in receipt.written),
        not_written=_left_out(receipt.not_written),
        facts=_facts(receipt, context, now.tzinfo),
        note_text=receipt.note_text,
        synthetic=context.synthetic,
        signed_in=context.user.called,
    )


# What the record does not have, and is not known to have.
_OPEN: frozenset[Outcome] = frozenset({"kept", "refused"})
_DECIDED: frozenset[Outcome] = frozenset({"discarded", "copied"})
_MAY_BE_THERE = "It cannot be discarded, or marked as copied to the note, while it may be in the record. Check again first."


def _decisions(receipt: Receipt, urls: ReceiptUrls) -> tuple[Link, ...]:
    """Of what is partly there the decision is over the rest."""
    if receipt.completable:
        return Link(href=urls.copied, text="Rest copied to the note"), Link(href=urls.discard, text="Close without the rest")
    if receipt.outcome in _OPEN:
        return Link(href=urls.copied, text="Copied to the note"), Link(href=urls.discard, text="Discard")
    return ()


def _lead(receipt: Receipt, context: LaunchContext, *, alarm: bool) -> str:
    """One or two sentences under the headline."""
    patients = receipt.informant == "patient"
    whose, verb = ("The patient's answers", "are") if patients else ("Your rating", "is")
    sentences = {
        "saved": f"{whose} {verb} in {context.issuer_name}; {_read(receipt)}.",
        "partly_saved": f"{whose} {verb} in {context.issuer_name}. What is not there is listed below.",
        "accepted": f"{context.issuer_name} accepted {_in_sentence(whose)} and said where, but showed nothing there when asked again. "
        "It may show later. A copy is sealed in Rapport. Do not enter it again.",
        "kept": f"{whose} {verb} sealed in Rapport and nothing is lost.",
        "unknown": f"The server did not say whether it stored this. {whose} {verb} sealed in Rapport and nothing is lost.",
        "refused": f"{whose} {verb} sealed in Rapport and nothing is lost. {context.issuer_name} refused to store it.",
        "discarded": f"{whose} {verb} not in {context.issuer_name}: what was sealed in Rapport was discarded.",
        "copied": f"{whose} {verb} not in {context.issuer_name} as a form: what was sealed in Rapport was copied to the note.",
        "closed": f"{whose} {verb} in {context.issuer_name}; {_read(receipt)}. What is not there is listed below and not sent any more.",
    }
    parts = " Parts of it are in the record all the same; they are listed below." if receipt.outcome in _DECIDED and receipt.written else ""
    again = " This was sent twice; it was stored only once." if receipt.repeated else ""
    warning = " Look at the entries marked “differs” in the chart." if alarm else ""
    unscored = f" Stored as answered, not scored: {_in_sentence(receipt.unscored)}" if receipt.unscored else ""
    return f"{sentences[receipt.outcome]}{parts}{unscored}{again}{warning}"


def _in_sentence(sentence: str) -> str:
    """A sentence as the end of another one."""
    return sentence[:1].lower() + sentence[1:]


def _read(receipt: Receipt) -> str:
    """What reading back gave, in words."""
    counted = ((sum(part.read_back == kind for part in receipt.written), words) for kind, words in _NOT_READ)
    said = [f"{formats.count(number, 'entry', 'entries')} {words}" for number, words in counted if number]
    return " and ".join(said) or "every entry was read back"


_NOT_READ: tuple[tuple[ReadBack, str], ...] = (("not_found", "could not be found again"), ("not_read", "could not be read back just now"))


def _row(part: StoredPart) -> StoredRow:
    return StoredRow(
        what=part.what,
        value=part.value,
        id=part.reference,
        version=part.version or "",
        read_back=_READ_BACK[part.read_back],
        note=part.note or "",
    )


def _left_out(parts: Sequence[NotWritten]) -> tuple[LeftOutRow, ...]:
    """One row for all that share why, where and what to do."""
    alike: dict[tuple[str, str, str], list[NotWritten]] = {}
    for part in parts:
        alike.setdefault((part.why, part.now, part.todo), []).append(part)
    return tuple(
        LeftOutRow(what=_called(same), parts=tuple(part.what for part in same) if len(same) > 1 else (), why=why, now=now, todo=todo)
        for (why, now, todo), same in alike.items()
    )


def _called(parts: Sequence[NotWritten]) -> str:
    """`Five scores:`, `Seven parts:`; one by its name."""
    if len(parts) == 1:
        return next(part.what for part in parts)
    return f"{formats.in_words(len(parts)).capitalize()} {'scores' if all(part.scored for part in parts) else 'parts'}:"


def _rated(clinician: Person, context: LaunchContext) -> str:
    return clinician.name or (context.user.called if clinician.reference == context.user.reference else clinician.called)


def _late(receipt: Receipt, sent: date) -> tuple[Fact, ...]:
    """Which visit of before was rated, and how much later."""
    if receipt.late is None:
        return ()
    days = (sent - receipt.late.day).days
    later = f", rated {formats.count(days, 'day')} later" if days > 0 else ""
    return (Fact(label="Visit rated", value=f"{full_sentence(receipt.late.called(formats.short_date(receipt.late.day)))[:-1]}{later}"),)


def _facts(receipt: Receipt, context: LaunchContext, zone: tzinfo | None) -> tuple[Fact, ...]:
    sent = receipt.submitted.astimezone(zone)
    answered_by = "the patient" if receipt.informant == "patient" else context.user.called
    rated = (Fact(label="Clinician rated", value=_rated(receipt.clinician, context)),) if receipt.clinician else ()
    paper = (Fact(label="Typed in from paper by", value=context.user.called),) if receipt.from_paper else ()
    facts = (
        *rated,
        Fact(label="Answered by", value=answered_by),
        *paper,
        *_late(receipt, sent.date()),
        Fact(label="Sent", value=f"{formats.clock(sent, zone)}, {formats.short_date(sent.date())}"),
        Fact(label="Form", value=f"{receipt.instrument_title}, version {receipt.version}; {receipt.answered} of {receipt.of} answered"),
        Fact(label="Way of writing", value=receipt.step),
        Fact(label="Submission key", value=receipt.key),
        *_decided(receipt.decision, zone),
    )
    return (*facts, Fact(label="Reason", value=receipt.reason)) if receipt.reason else facts


def _decided(decision: Decision | None, zone: tzinfo | None) -> tuple[Fact, ...]:
    """Who decided over it, when and why."""
    if decision is None:
        return ()
    at = decision.at.astimezone(zone)
    who = Fact(label="Decided", value=f"by {decision.by}, {formats.clock(at, zone)}, {formats.short_date(at.date())}")
    why = {**REASONS, IN_NOTE: "It was copied to the note"}.get(decision.why)
    return (who, Fact(label="Why", value=why)) if why else (who,)
