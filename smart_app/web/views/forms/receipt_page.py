"""The receipt: what of a submission is in the record, read back by id, what is not, and what is not known."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from fhir_mappings.people.person import Person
from fhir_mappings.sentence import NOTHING, Sentence, capitalised, counted, joined, listed
from smart_app.care.record.patient_in_context import Patient
from smart_app.care.submission.build_receipt import REASON_WORDS
from smart_app.care.submission.receipt import NotWritten, Outcome, ReadBack, Receipt, StoredPart
from smart_app.care.submission.sealed_submission import Decision
from smart_app.care.undelivered.decisions import IN_NOTE, REASONS
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.web import formats
from smart_app.web.languages.after_colon import AfterColon
from smart_app.web.views.banner import Banner, clinician_banner
from smart_app.web.views.forms.kept_answers import moment_words
from smart_app.web.views.parts import Fact, Link

_READ_BACK: dict[ReadBack, Sentence] = {
    "same": Sentence("same"),
    "differs": Sentence("differs"),
    "not_found": Sentence("not found"),
    "not_read": Sentence("not read"),
}


class StoredRow(Struct, frozen=True, kw_only=True):
    """One stored resource; `id` is `Type/id`."""

    what: str
    value: Sentence
    id: str
    version: str
    read_back: Sentence
    note: Sentence


class LeftOutRow(Struct, frozen=True, kw_only=True):
    """What has the same fate for the same reason: one part by its name, or how many there are, and each named in `parts`."""

    what: str
    parts: tuple[str, ...]
    why: Sentence
    now: Sentence
    todo: Sentence


class ReceiptView(Struct, frozen=True, kw_only=True):
    """Everything the receipt prints. `tick` only where something is known to be stored; `check_again` only where that can settle
    or send something. `decide` leads to what its author may decide over it, `undecided` says why they may not just now."""

    banner: Banner | None
    patient_id: str
    headline: Sentence
    lead: Sentence
    tick: bool
    history: str
    check_again: str | None
    check_words: Sentence
    decide: tuple[Link, ...]
    undecided: Sentence
    written_title: Sentence
    written: tuple[StoredRow, ...]
    not_written: tuple[LeftOutRow, ...]
    facts: tuple[Fact, ...]
    note_text: Sentence
    synthetic: bool
    signed_in: str


_HEADLINES: dict[Outcome, Sentence] = {
    "saved": Sentence("Saved in the record"),
    "partly_saved": Sentence("Saved in the record, with something left out"),
    "accepted": Sentence("Accepted by the record, not found again"),
    "kept": Sentence("Not in the record yet: kept in Rapport"),
    "unknown": Sentence("Not known whether this was saved. Do not enter it again."),
    "refused": Sentence("The record did not take this: kept in Rapport"),
    "discarded": Sentence("Discarded: not in the record"),
    "copied": Sentence("Copied to the note: not in the record as a form"),
    "closed": Sentence("Saved in the record, and closed without the rest"),
}
# What the button says that can settle or send something.
_CHECK_WORDS: dict[Outcome, Sentence] = {
    "unknown": Sentence("Check again"),
    "accepted": Sentence("Look again"),
    "kept": Sentence("Try to store it again"),
    "refused": Sentence("Try to store it again"),
}

_COMPLETE = Sentence("Try to store the rest")


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
    headline = Sentence("Saved, but the record says something else than was sent") if alarm else _HEADLINES[receipt.outcome]
    return ReceiptView(
        banner=clinician_banner(patient, today=now.date()) if patient else None,
        patient_id=context.patient,
        headline=headline,
        lead=_lead(receipt, context, alarm=alarm),
        tick=saved and not alarm,
        history=urls.history,
        check_again=urls.check_again if receipt.outcome in _CHECK_WORDS or receipt.completable else None,
        check_words=_CHECK_WORDS.get(receipt.outcome, _COMPLETE if receipt.completable else NOTHING),
        decide=_decisions(receipt, urls),
        undecided=_MAY_BE_THERE if receipt.outcome == "unknown" else NOTHING,
        written_title=Sentence("Accepted") if receipt.outcome == "accepted" else Sentence("Written"),
        written=tuple(_row(part) for part in receipt.written),
        not_written=_left_out(receipt.not_written),
        facts=_facts(receipt, context, now),
        note_text=receipt.note_text,
        synthetic=context.synthetic,
        signed_in=context.user.called,
    )


# What the record does not have, and is not known to have.
_OPEN: frozenset[Outcome] = frozenset({"kept", "refused"})
_DECIDED: frozenset[Outcome] = frozenset({"discarded", "copied"})
_MAY_BE_THERE = Sentence("It cannot be discarded, or marked as copied to the note, while it may be in the record. Check again first.")


def _decisions(receipt: Receipt, urls: ReceiptUrls) -> tuple[Link, ...]:
    """Of what is partly there the decision is over the rest."""
    if receipt.completable:
        rest, without = Sentence("Rest copied to the note"), Sentence("Close without the rest")
        return Link(href=urls.copied, text=rest), Link(href=urls.discard, text=without)
    if receipt.outcome in _OPEN:
        return Link(href=urls.copied, text=Sentence("Copied to the note")), Link(href=urls.discard, text=Sentence("Discard"))
    return ()


def _lead(receipt: Receipt, context: LaunchContext, *, alarm: bool) -> Sentence:
    """One or two sentences under the headline."""
    told = [_standing(receipt, context.issuer_name)]
    if receipt.outcome in _DECIDED and receipt.written:
        told.append(Sentence("Parts of it are in the record all the same; they are listed below."))
    if receipt.unscored:
        told.append(Sentence("Stored as answered, not scored: {why}", why=AfterColon(receipt.unscored)))
    if receipt.repeated:
        told.append(Sentence("This was sent twice; it was stored only once."))
    if alarm:
        told.append(Sentence("Look at the entries marked “differs” in the chart."))
    return joined(" ", told)


def _standing(receipt: Receipt, record: str) -> Sentence:
    """Where what was sent is, as far as that is known."""
    says = _of_whom(receipt)(record, _read(receipt))
    more = _MORE.get(receipt.outcome)
    return joined(" ", (says[receipt.outcome], more)) if more else says[receipt.outcome]


def _of_whom(receipt: Receipt) -> Callable[[str, Sentence], Mapping[Outcome, Sentence]]:
    if receipt.not_answered:
        return _of_not_answered
    return _of_the_patients if receipt.informant == "patient" else _of_yours


def _of_not_answered(record: str, read: Sentence) -> Mapping[Outcome, Sentence]:
    """Of a form that was not answered."""
    sealed = Sentence("That the form was not answered is sealed in Rapport and nothing is lost.")
    there = Sentence("That the form was not answered is in {record}; {read}.", record=record, read=read)
    gone = Sentence("That the form was not answered is not in {record}: what was sealed in Rapport was discarded.", record=record)
    return {
        "saved": there,
        "partly_saved": Sentence("That the form was not answered is in {record}.", record=record),
        "accepted": Sentence("{record} accepted it and said where, but showed nothing there when asked again.", record=record),
        "kept": sealed,
        "unknown": joined(" ", (_UNSAID, sealed)),
        "refused": joined(" ", (sealed, Sentence("{record} refused to store it.", record=record))),
        "discarded": gone,
        "copied": Sentence("That the form was not answered is not in {record}: it was copied to the note.", record=record),
        "closed": there,
    }


def _of_the_patients(record: str, read: Sentence) -> Mapping[Outcome, Sentence]:
    sealed = Sentence("The patient's answers are sealed in Rapport and nothing is lost.")
    there = Sentence("The patient's answers are in {record}; {read}.", record=record, read=read)
    return {
        "saved": there,
        "partly_saved": Sentence("The patient's answers are in {record}.", record=record),
        "accepted": Sentence(
            "{record} accepted the patient's answers and said where, but showed nothing there when asked again.", record=record
        ),
        "kept": sealed,
        "unknown": joined(" ", (_UNSAID, sealed)),
        "refused": joined(" ", (sealed, Sentence("{record} refused to store it.", record=record))),
        "discarded": Sentence("The patient's answers are not in {record}: what was sealed in Rapport was discarded.", record=record),
        "copied": Sentence(
            "The patient's answers are not in {record} as a form: what was sealed in Rapport was copied to the note.", record=record
        ),
        "closed": there,
    }


def _of_yours(record: str, read: Sentence) -> Mapping[Outcome, Sentence]:
    sealed = Sentence("Your rating is sealed in Rapport and nothing is lost.")
    there = Sentence("Your rating is in {record}; {read}.", record=record, read=read)
    return {
        "saved": there,
        "partly_saved": Sentence("Your rating is in {record}.", record=record),
        "accepted": Sentence("{record} accepted your rating and said where, but showed nothing there when asked again.", record=record),
        "kept": sealed,
        "unknown": joined(" ", (_UNSAID, sealed)),
        "refused": joined(" ", (sealed, Sentence("{record} refused to store it.", record=record))),
        "discarded": Sentence("Your rating is not in {record}: what was sealed in Rapport was discarded.", record=record),
        "copied": Sentence("Your rating is not in {record} as a form: what was sealed in Rapport was copied to the note.", record=record),
        "closed": there,
    }


_UNSAID = Sentence("The server did not say whether it stored this.")
# What is said of whosesoever it is.
_MORE: Mapping[Outcome, Sentence] = {
    "partly_saved": Sentence("What is not there is listed below."),
    "accepted": Sentence("It may show later. A copy is sealed in Rapport. Do not enter it again."),
    "closed": Sentence("What is not there is listed below and not sent any more."),
}


def _read(receipt: Receipt) -> Sentence:
    """What reading back gave, in words."""
    absent, unread = (sum(part.read_back == kind for part in receipt.written) for kind in _NOT_READ)
    said = [
        *([counted("{n} entry could not be found again", "{n} entries could not be found again", absent)] if absent else []),
        *([counted("{n} entry could not be read back just now", "{n} entries could not be read back just now", unread)] if unread else []),
    ]
    return listed(said) if said else Sentence("every entry was read back")


_NOT_READ: tuple[ReadBack, ReadBack] = ("not_found", "not_read")


def _row(part: StoredPart) -> StoredRow:
    return StoredRow(
        what=part.what,
        value=part.value,
        id=part.reference,
        version=part.version or "",
        read_back=_READ_BACK[part.read_back],
        note=part.note or NOTHING,
    )


def _left_out(parts: Sequence[NotWritten]) -> tuple[LeftOutRow, ...]:
    """One row for all that share why, where and what to do."""
    alike: dict[tuple[Sentence, Sentence, Sentence], list[NotWritten]] = {}
    for part in parts:
        alike.setdefault((part.why, part.now, part.todo), []).append(part)
    return tuple(
        LeftOutRow(what=_called(same), parts=tuple(part.what for part in same) if len(same) > 1 else (), why=why, now=now, todo=todo)
        for (why, now, todo), same in alike.items()
    )


def _called(parts: Sequence[NotWritten]) -> str:
    """`Five scores:`, `Seven parts:`; one by its name."""
    number = len(parts)
    if number == 1:
        return parts[0].what
    how_many = capitalised(formats.in_words(number))
    if all(part.scored for part in parts):
        return counted("{how_many} score:", "{how_many} scores:", number, how_many=how_many)
    return counted("{how_many} part:", "{how_many} parts:", number, how_many=how_many)


def _rated(clinician: Person, context: LaunchContext) -> str:
    return clinician.name or (context.user.called if clinician.reference == context.user.reference else clinician.called)


def _late(receipt: Receipt, sent: date) -> tuple[Fact, ...]:
    """Which visit of before was rated, and how much later."""
    if receipt.late is None:
        return ()
    visit, days = capitalised(receipt.late.called(receipt.late.day)), (sent - receipt.late.day).days
    later = [counted("rated {n} day later", "rated {n} days later", days)] if days > 0 else []
    return (Fact(label=Sentence("Visit rated"), value=joined(", ", (visit, *later))),)


def _facts(receipt: Receipt, context: LaunchContext, now: datetime) -> tuple[Fact, ...]:
    answered_by = Sentence("the patient") if _is_patients(receipt) else context.user.called
    rated = (Fact(label=Sentence("Clinician rated"), value=_rated(receipt.clinician, context)),) if receipt.clinician else ()
    paper = (Fact(label=Sentence("Typed in from paper by"), value=context.user.called),) if receipt.from_paper else ()
    facts = (
        *rated,
        *_unanswered(receipt),
        Fact(label=Sentence("Decided by") if receipt.not_answered else Sentence("Answered by"), value=answered_by),
        *paper,
        *_late(receipt, receipt.submitted.astimezone(now.tzinfo).date()),
        Fact(label=Sentence("Sent"), value=moment_words(receipt.submitted, now)),
        Fact(
            label=Sentence("Form"),
            value=Sentence(
                "{instrument}, version {version}; {answered} of {count} answered",
                instrument=receipt.instrument_title,
                version=receipt.version,
                answered=receipt.answered,
                count=receipt.of,
            ),
        ),
        Fact(label=Sentence("Way of writing"), value=receipt.step),
        Fact(label=Sentence("Submission key"), value=receipt.key),
        *_decided(receipt.decision, now),
    )
    return (*facts, Fact(label=Sentence("Reason"), value=receipt.reason)) if receipt.reason else facts


def _is_patients(receipt: Receipt) -> bool:
    """Whether the patient answered, or decided that nothing is."""
    by = receipt.decided_by
    return receipt.informant == "patient" if by is None else by.startswith("Patient/")


def _unanswered(receipt: Receipt) -> tuple[Fact, ...]:
    """Why a form was not answered."""
    return (Fact(label=Sentence("Not answered"), value=REASON_WORDS[receipt.not_answered]),) if receipt.not_answered else ()


def _decided(decision: Decision | None, now: datetime) -> tuple[Fact, ...]:
    """Who decided over it, when and why."""
    if decision is None:
        return ()
    when = moment_words(decision.at, now)
    who = Fact(label=Sentence("Decided"), value=Sentence("by {who}, {when}", who=decision.who, when=when))
    why = {**REASONS, IN_NOTE: Sentence("It was copied to the note")}.get(decision.why)
    return (who, Fact(label=Sentence("Why"), value=why)) if why else (who,)
