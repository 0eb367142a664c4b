"""Sending a sealed submission, once: claimed, sent by the ladder, sealed again as it then stands; looked up where nobody knows."""

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from smart_app.care.record.access import base_of, permissions, writer
from smart_app.care.record.record import AnyRecord, ChartRecord
from smart_app.care.submission.outcome_search import OutcomeSearch
from smart_app.care.submission.sealed_submission import SealedSubmission, WriteOutcome, from_payload, to_payload
from smart_app.care.submission.visit_state import check_in_use
from smart_app.care.submission.write_ladder import Attempt, Sender, State, climb
from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import Author, LaunchId
from smart_app.services import AppServices
from smart_app.store import OutboxEntry, OutboxState, author_of

_POLL = 0.1
# In read timeouts: how long a page waits for another request that is sending, and after how long that one's process must be gone
# (a transaction, a search and a second transaction take 15 s each by default).
_WAIT_FACTOR = 3
_GONE_FACTOR = 12


def deliver(record: ChartRecord, *, sealed: SealedSubmission) -> bool:
    """Seal a new submission and send it. False, and nothing done, when its key is known: whoever seals it first sends it, alone."""
    launch_id, author, outbox = record.launch, author_of(record.context), record.services.store.outbox
    if not outbox.put(sealed.key, launch_id=launch_id, payload=to_payload(sealed), state="sending", author=author):
        return False
    _finish(record, attempt=climb(sealed, _sender(record, launch_id)), launch_id=launch_id)
    return True


def send_again(record: ChartRecord, *, key: str) -> str:
    """Try once more for a submission that is kept or of unknown outcome; the key, for the receipt.

    What may have been sent is searched for first, and sent again only when it is certainly not there. NotOffered where the record is not in
    use any more."""
    check_in_use(record)
    send_sealed(record, entry_of(record, key=key, author=author_of(record.context)))
    return key


def send_sealed(record: AnyRecord, entry: OutboxEntry) -> None:
    """The same for an entry of the outbox as it was just read, with the access of whoever has it to send: the launch, or a job. Nothing is
    done while another is at it. SessionError where it was sealed for another server than the one of that access."""
    sealed = from_payload(entry.payload)
    if sealed.base != base_of(record.context):
        raise SessionError("These answers belong to another record system than the one opened here, so nothing was sent.")
    if not record.services.store.outbox.claim(entry.key):
        return
    launch_id = record.launch_id or entry.launch_id
    attempt = Attempt(sealed=sealed, state="sealed") if entry.state == "sealed" else _looked_up(record, sealed)
    if attempt.state == "sealed":
        attempt = climb(attempt.sealed, _sender(record, launch_id))
    _finish(record, attempt=attempt, launch_id=launch_id)


def resolve(record: ChartRecord, *, key: str) -> OutboxEntry:
    """The submission as it stands; one of unknown outcome is searched for on the server first. Sends nothing."""
    author = author_of(record.context)
    entry = entry_of(record, key=key, author=author)
    if entry.state != "unknown" or not record.services.store.outbox.claim(key):
        return entry
    attempt = _looked_up(record, from_payload(entry.payload))
    settled = "unknown" if attempt.state == "sealed" else attempt.state
    _finish(record, attempt=replace(attempt, state=settled), launch_id=record.launch)
    return entry_of(record, key=key, author=author)


class Undelivered(Struct, frozen=True, kw_only=True):
    """A submission the record does not show, and how it stands in the outbox."""

    sealed: SealedSubmission
    state: OutboxState


def undelivered(record: ChartRecord) -> tuple[Undelivered, ...]:
    """What this user has sent of this patient, in whatever launch, and the record has not acknowledged or does not show; newest first."""
    left = record.services.store.outbox.left_by(author_of(record.context))
    return tuple(Undelivered(sealed=from_payload(entry.payload), state=entry.state) for entry in left)


def read_again(record: ChartRecord, entry: OutboxEntry, *, found: bool | None) -> OutboxState:
    """The state of a submission after its answers were read back: `found` there, not there, or None where the server did not say. What was
    acknowledged and is not there is `accepted`, kept and never sent again, until it is found."""
    if entry.state not in {"acknowledged", "accepted"} or found is None:
        return entry.state
    state: State = "acknowledged" if found else "accepted"
    if state != entry.state:
        _finish(record, attempt=Attempt(sealed=from_payload(entry.payload), state=state), launch_id=entry.launch_id)
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
        raise SessionError("This launch has no such submission. Open Rapport from the chart again.")
    return entry


def _finish(record: AnyRecord, *, attempt: Attempt, launch_id: LaunchId) -> None:
    """Seal how it stands and record it, in one transaction."""
    sealed = attempt.sealed
    store = record.services.store
    who = Author(iss=record.context.iss, patient=sealed.patient, user=record.context.user)
    detail = {"key": sealed.key, "state": attempt.state, "step": sealed.step, "stored": sealed.stored}
    with store.database.begin() as together:
        store.outbox.reseal(sealed.key, attempt.state, launch_id=launch_id, payload=to_payload(sealed), within=together)
        store.audit.add("submission", launch_id=record.launch_id, context=who, detail=detail, within=together)


def _looked_up(record: AnyRecord, sealed: SealedSubmission) -> Attempt:
    """The submission after a search: acknowledged when all of it is there, `sealed` when the rest certainly is not, else unknown."""
    found = _outcome_search(record).find(sealed)
    known = replace(sealed.with_outcomes(found.outcomes), searched=record.services.clock())
    if not known.missing or _whole_transaction(known):
        return Attempt(sealed=replace(known, reason=None), state="acknowledged")
    if not found.certain:
        return Attempt(sealed=replace(known, reason=found.reason), state="unknown")
    return Attempt(sealed=replace(known, reason="The server was searched for it and does not list it."), state="sealed")


def _whole_transaction(sealed: SealedSubmission) -> bool:
    """A transaction is all or nothing: when everything that can be searched for is there, Provenance is too."""
    return sealed.step == "transaction" and bool(sealed.stored) and all(part.type == "Provenance" for part in sealed.missing)


def _sender(record: AnyRecord, launch_id: LaunchId) -> Sender:
    search = _outcome_search(record)
    return Sender(
        client=writer(record),
        permissions=permissions(record),
        find=partial(_outcomes_found, search),
        keep=partial(_keep, record.services, launch_id),
    )


def _outcome_search(record: AnyRecord) -> OutcomeSearch:
    capabilities = permissions(record).capabilities
    client = writer(record)
    return OutcomeSearch(
        client=client, capabilities=capabilities, pool=record.services.pool, seconds=record.services.settings.read_deadline
    )


def _outcomes_found(search: OutcomeSearch, sealed: SealedSubmission) -> Mapping[str, WriteOutcome]:
    return search.find(sealed).outcomes


def _keep(services: AppServices, launch_id: LaunchId, sealed: SealedSubmission) -> None:
    services.store.outbox.reseal(sealed.key, "sending", launch_id=launch_id, payload=to_payload(sealed))
