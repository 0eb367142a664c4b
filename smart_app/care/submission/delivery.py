"""Sending a sealed submission, once: claimed, sent by the ladder, sealed again as it then stands; looked up where nobody knows."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.sentence import Sentence
from smart_app.care.record.access import Permissions, base_of, permissions, writer
from smart_app.care.record.record import AnyRecord, ChartRecord, who_answers
from smart_app.care.submission.delivery_log import log_not_kept, log_outcome
from smart_app.care.submission.judgement import State, state_of, uncertain
from smart_app.care.submission.outcome_search import SETTLES_WITHIN, Found, OutcomeSearch
from smart_app.care.submission.real_references import with_loose
from smart_app.care.submission.sealed_submission import RESPONSE, SealedSubmission, WriteOutcome, from_payload, to_payload
from smart_app.care.submission.visit_state import check_in_use
from smart_app.care.submission.write_ladder import Sender, climb, with_found
from smart_app.errors import FROM_CHART_AGAIN, NotOpened, NotTriedAgain, OutcomeNotKept, SessionError, StoreError
from smart_app.launch.context.launch_context import Author, LaunchId, User
from smart_app.services import AppServices
from smart_app.store import OutboxEntry, OutboxState, PatientEntries, Transaction, author_of

_POLL = 0.1
# In read timeouts: how long a page waits for another request that is sending, and after how long that one's process must be gone
# (a transaction, a search and a second transaction take 15 s each by default).
_WAIT_FACTOR = 3
_GONE_FACTOR = 12


def deliver(record: ChartRecord, *, sealed: SealedSubmission) -> bool:
    """Seal a new submission and send it. False, and nothing done, when its key is known: whoever seals it first sends it, alone.

    StoreError when it could not be sealed: then nothing was sent. OutcomeNotKept when what became of it could not be written down."""
    launch_id, author, outbox = record.launch, author_of(record.context), record.services.store.outbox
    if not outbox.put(sealed.key, launch_id=launch_id, payload=to_payload(sealed), state="sending", author=author):
        return False
    tried = replace(sealed, attempt=1)
    _finish(record, climb(tried, _sender(record, tried, launch_id)), launch_id=launch_id)
    return True


def deliver_or_wait(record: ChartRecord, *, sealed: SealedSubmission) -> bool:
    """Seal what a patient has answered on a device of their own, and send it with the launch that made the link, whose user is named as its
    transmitter. Where that is over, or the record not in use any more or not to be read, it stays sealed for a later launch. False, and
    nothing done, when its key is known. LinkOver where others were accepted before."""
    device, outbox = record.own_device, record.services.store.outbox
    accepted = partial(device.accepted, sealed.key) if device else None
    author = who_answers(record)
    if not outbox.put(sealed.key, launch_id=record.launch, payload=to_payload(sealed), author=author, also=accepted):
        return False
    if device and not device.waits:
        with suppress(SessionError):
            check_in_use(record)
            send_sealed(record, entry_of(record, key=sealed.key))
    return True


def send_again(record: ChartRecord, *, key: str) -> str:
    """Try once more for a submission that is not all in the record, or not known to be; the key, for the receipt.

    What may have been sent is searched for first, and sent again only when it is certainly not there. NotTriedAgain where the record is not
    in use any more."""
    check_in_use(record)
    send_sealed(record, entry_of(record, key=key, author=author_of(record.context)))
    return key


def send_sealed(record: AnyRecord, entry: OutboxEntry) -> None:
    """The same for an entry of the outbox as it was just read, with the access of whoever has it to send: the launch, or a job. Who is not
    its author is named as its transmitter, and it stays its author's launch's. Nothing is done while another is at it. NotTriedAgain where
    it was sealed for another server or patient than the one of that access."""
    sealed = from_payload(entry.payload)
    _check_destination(record, sealed)
    transmitter = transmitter_of(record, entry)
    launch_id = entry.launch_id if transmitter else record.launch_id or entry.launch_id
    sealed.sent_by(transmitter)  # What would not be valid is found before it is claimed.
    if not record.services.store.outbox.claim(entry.key):
        return
    sealed = replace(sealed, attempt=sealed.attempt + 1)
    if entry.state != "sealed" or sealed.outcomes:
        sealed = with_found(*_looked_up(record, entry, sealed))
    if state_of(sealed) != "stored":
        sealed = sealed.sent_by(transmitter)
        sealed = climb(sealed, _sender(record, sealed, launch_id))
    _finish(record, sealed, launch_id=launch_id)


def transmitter_of(record: AnyRecord, entry: OutboxEntry) -> str | None:
    """Whoever sends it, where they are another person than its author; None where they are the author, or nobody knows who that is."""
    user = record.context.user
    return None if entry.author is None or _is_same(user, entry.author.user) else user.reference


def _is_same(one: User, other: User) -> bool:
    """As the outbox tells users: by the sign-in, and on an open server by the reference."""
    return (one.issuer, one.subject) == (other.issuer, other.subject) if one.subject else one.reference == other.reference


def _check_destination(record: AnyRecord, sealed: SealedSubmission) -> None:
    """That what was sealed goes to the server and the patient it was sealed for."""
    patient = getattr(record.context, "patient", sealed.patient)
    if sealed.base != base_of(record.context) or sealed.patient != patient:
        raise NotTriedAgain(Sentence("These answers belong to another record than the one opened here, so it was not tried again."))


def resolve(record: ChartRecord, *, key: str) -> OutboxEntry:
    """The submission as it stands; what of it is not known is searched for on the server first. Sends nothing."""
    author = author_of(record.context)
    entry = entry_of(record, key=key, author=author)
    sealed = from_payload(entry.payload)
    if entry.state not in {"unknown", "partly"} or not _is_unsure(entry, sealed) or not record.services.store.outbox.claim(key):
        return entry
    known, found = _looked_up(record, entry, sealed)
    settled = with_found(known, found)
    if settled.outcome_of(RESPONSE).reference is None:
        # Without the answers nothing proves that the server will not have them in a moment: a late commit comes after the search.
        settled = replace(known.with_outcomes(found.outcomes), reason=settled.reason)
    _finish(record, settled, launch_id=record.launch, sent=False)
    return entry_of(record, key=key, author=author)


def _is_unsure(entry: OutboxEntry, sealed: SealedSubmission) -> bool:
    """Whether a search can tell more. Of what was being sent when its process ended every part may be there."""
    return entry.state == "unknown" or bool(uncertain(sealed))


class Undelivered(Struct, frozen=True, kw_only=True):
    """A submission the record does not show, and how it stands in the outbox; `due`: the site asked for it to be tried again."""

    sealed: SealedSubmission
    state: OutboxState
    due: bool = False


class LeftBehind(Struct, frozen=True, kw_only=True):
    """What was sent and the record does not show, newest first; `unread` is what this version cannot read: when it was sent. `strange`: so
    many more of whomsoever that cannot be opened."""

    items: tuple[Undelivered, ...]
    unread: tuple[datetime, ...]
    strange: int


def kept_entries(record: ChartRecord) -> PatientEntries:
    """What the outbox keeps of this patient, for whoever is signed in."""
    return record.services.store.outbox.of_patient(author_of(record.context))


def undelivered(record: ChartRecord) -> tuple[Undelivered, ...]:
    """What this user has sent of this patient, in whatever launch, and is not stored or not shown; newest first."""
    return left_behind(kept_entries(record)).items


def left_behind(kept: PatientEntries) -> LeftBehind:
    """The same, with what cannot be read beside it: it takes none of the others with it."""
    items, unread = [], list(kept.unopened)
    for entry in kept.own:
        try:
            items.append(Undelivered(sealed=from_payload(entry.payload), state=entry.state, due=entry.due is not None))
        except NotOpened:
            unread.append(entry.created)
    return LeftBehind(items=tuple(items), unread=tuple(sorted(unread, reverse=True)), strange=kept.strange)


def read_again(record: ChartRecord, entry: OutboxEntry, *, found: bool | None) -> OutboxState:
    """The state of a submission after its answers were read back: `found` there, not there, or None where the server did not say. What was
    taken and is not there is `accepted`, kept and never sent again, until it is found."""
    if entry.state not in {"stored", "partly", "accepted"} or found is None:
        return entry.state
    sealed = from_payload(entry.payload)
    state: State = state_of(sealed) if found else "accepted"
    if state != entry.state:
        _finish(record, sealed, launch_id=entry.launch_id, state=state, sent=False)
    return state


def entry_of(record: ChartRecord, *, key: str, author: Author | None = None) -> OutboxEntry:
    """The sealed submission, once nobody is sending it any more or waiting makes no sense: of this launch, or left behind by an earlier
    one of `author`. SessionError when there is none of that key."""
    services, timeout = record.services, record.services.settings.read_timeout
    give_up = time.monotonic() + timeout * _WAIT_FACTOR
    gone = services.clock() - timedelta(seconds=timeout * _GONE_FACTOR)
    while (entry := _own_entry(record, key=key, author=author)).state == "sending" and time.monotonic() < give_up:
        if entry.updated < gone:
            services.store.outbox.recover(gone)
        time.sleep(_POLL)
    return entry


def _own_entry(record: ChartRecord, *, key: str, author: Author | None) -> OutboxEntry:
    outbox = record.services.store.outbox
    entry = outbox.get(key)
    theirs = entry is not None and (entry.launch_id == record.launch_id or (author is not None and outbox.belongs(key, author)))
    if entry is None or not theirs:
        raise SessionError(Sentence("This launch has no such submission."), reopen=FROM_CHART_AGAIN)
    return entry


def _finish(record: AnyRecord, sealed: SealedSubmission, *, launch_id: LaunchId, state: State | None = None, sent: bool = True) -> None:
    """Seal how it stands and record it, in one transaction. OutcomeNotKept where that fails: it was sent, or looked for, all the same, and
    is written down when the database answers again."""
    sealed = with_loose(replace(sealed, sent=record.services.clock()) if sent else sealed)
    state = state or state_of(sealed)
    log_outcome(sealed, state, sent=sent)
    write = partial(_written_down, record, sealed, launch_id=launch_id, state=state)
    try:
        write(None)
    except StoreError as error:
        record.services.store.outbox.let_go(sealed.key, write)
        raise OutcomeNotKept(_NOT_KEPT[state], detail=error.detail) from error


_LATER = Sentence("The next time Rapport is opened here, it says how it stands.")
_UNRECEIPTED = Sentence("Rapport's own database failed after it was sent, so there is no receipt yet. Do not enter it again.")
_NOT_WRITTEN = Sentence("It is sealed in Rapport, and nothing is lost. Do not enter it again. {later}", later=_LATER)
# Of a form that is sent again meanwhile.
SENT_BEFORE = Sentence(
    "This form was sent before, and Rapport's own database cannot be used right now. {not_written}", not_written=_NOT_WRITTEN
)
# What is said where it cannot be written down how it ended: what is known, and nothing else.
_NOT_KEPT: Mapping[State, Sentence] = {
    "stored": Sentence("What was sent is in the record. {no_receipt}", no_receipt=_UNRECEIPTED),
    "partly": Sentence("The answers are in the record, and not all that goes with them. {no_receipt}", no_receipt=_UNRECEIPTED),
    "accepted": Sentence(
        "The record accepted what was sent and does not show it just now. {no_receipt} {later}", no_receipt=_UNRECEIPTED, later=_LATER
    ),
    "sealed": Sentence("What was sent is not in the record yet. {sealed}", sealed=_NOT_WRITTEN),
    "refused": Sentence("The record did not take what was sent. {sealed}", sealed=_NOT_WRITTEN),
    "unknown": Sentence("It is not known whether the record has what was sent. {sealed}", sealed=_NOT_WRITTEN),
}


def _written_down(record: AnyRecord, sealed: SealedSubmission, within: Transaction | None, *, launch_id: LaunchId, state: State) -> None:
    store = record.services.store
    who = Author(iss=record.context.iss, patient=sealed.patient, user=record.context.user)
    detail: dict[str, object] = {"key": sealed.key, "state": state, "step": sealed.step, "stored": sealed.stored}
    if sealed.transmitter and sealed.author:
        detail["author"] = sealed.author.user.reference
    with store.database.begin(within) as together:
        store.outbox.reseal(sealed.key, state, launch_id=launch_id, payload=to_payload(sealed), author=sealed.author, within=together)
        store.audit.add("submission", launch_id=record.launch_id, context=who, detail=detail, within=together)


def _looked_up(record: AnyRecord, entry: OutboxEntry, sealed: SealedSubmission) -> tuple[SealedSubmission, Found]:
    """What a search of the server found, and the submission it was for: as sealed, or, where its process ended while it was sending, with
    every part as uncertain of which nothing was noted."""
    sealed = replace(sealed, sent=sealed.sent or sealed.authored)
    if entry.state == "unknown" and state_of(sealed) != "unknown":
        sealed = sealed.with_outcomes({part.role: _CUT_OFF for part in sealed.missing if _may_have_gone(sealed, part.role)})
        sealed = replace(sealed, sent=entry.updated)
    found = _outcome_search(record, sealed).find(sealed)
    return replace(sealed, searched=record.services.clock(), reason=found.reason), found


def _may_have_gone(sealed: SealedSubmission, role: str) -> bool:
    """Whether the try that was cut off may have sent it: what was noted of it is of an earlier try. Before authors were sealed, what was
    noted was also brought here from another state, by a migration, and holds."""
    return role not in sealed.outcomes or (sealed.author is not None and sealed.outcome_of(role).became != "left_out")


_CUT_OFF = WriteOutcome(why=Sentence("Rapport was interrupted while it was sent."), became="unknown")


def _sender(record: AnyRecord, sealed: SealedSubmission, launch_id: LaunchId) -> Sender:
    search = _outcome_search(record, sealed)
    return Sender(
        client=writer(record),
        permissions=_permissions(record, sealed),
        find=search.find,
        keep=partial(_keep, record.services, launch_id),
    )


def _permissions(record: AnyRecord, sealed: SealedSubmission) -> Permissions:
    """No more than both sign-ins may: the one it is sent with, and the one under which it was sealed."""
    return replace(permissions(record), sealed_scope=sealed.scope)


def _outcome_search(record: AnyRecord, sealed: SealedSubmission) -> OutcomeSearch:
    return OutcomeSearch(
        client=writer(record),
        capabilities=_permissions(record, sealed).capabilities,
        pool=record.services.pool,
        seconds=record.services.settings.read_deadline,
        settled=record.services.clock() - SETTLES_WITHIN,
    )


def _keep(services: AppServices, launch_id: LaunchId, sealed: SealedSubmission) -> None:
    """Progress, as far as it can be written down: what cannot be is searched for where it matters, and sending goes on, since to stop
    would leave in the record half of what can be there as a whole."""
    sealed = with_loose(sealed)
    try:
        services.store.outbox.reseal(sealed.key, "sending", launch_id=launch_id, payload=to_payload(sealed), author=sealed.author)
    except StoreError as error:
        log_not_kept("progress", error)
