"""The audit trail: who did what with which patient's data, when. Rows are added and never changed; a chain shows where they were.

An event is numbered and linked in the transaction that stores it. Changing the head comes first: on both databases that is the lock
behind which several processes take turns, held until the transaction ends.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update

from smart_app.errors import NotOpened
from smart_app.launch.context.launch_context import Author, LaunchContext, LaunchId, User
from smart_app.store.audit_trail.audit_chain import Chain, ChainedEvent, Head
from smart_app.store.database import Database
from smart_app.store.seal import ID_BYTES, Sealer, digest
from smart_app.store.tables import audit, audit_head

_TABLE = audit.name
_INSERT = insert(audit)
_HEAD = audit_head.c
_TAKE_TURN = (
    update(audit_head)
    .where(_HEAD.id == 1)
    .values(sequence=_HEAD.sequence + 1)
    .returning(_HEAD.sequence, _HEAD.hash, _HEAD.anchor, _HEAD.anchor_hash)
)
_CLOSE = update(audit_head).where(_HEAD.id == 1).values(hash=bindparam("linked"), key_id=bindparam("key"), mac=bindparam("closed"))
_AT_ONCE = 500


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One event. `launch` is the digest of the launch id. `user` is the reference at the FHIR base `iss`, `user_key` the sign-in's
    (issuer, subject). What is not known of an event, or was not kept when it was written, is None. Of one that cannot be opened nothing
    is known; its detail names the key it was `not_opened` for want of."""

    sequence: int
    at: datetime
    event: str
    launch: str | None
    iss: str | None
    user: str | None
    user_key: tuple[str, str] | None
    patient: str | None
    detail: Mapping[str, Any]


class Audit:
    """Append only: there is no method that changes or deletes."""

    def __init__(self, database: Database, sealer: Sealer, chain: Chain, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._chain = chain
        self._clock = clock

    def add(
        self,
        event: str,
        *,
        launch_id: LaunchId | None,
        context: LaunchContext | Author | None,
        detail: Mapping[str, Any] | None = None,
        within: Connection | None = None,
    ) -> None:
        """Record an event, `within` a transaction or in one of its own. Who and which patient are taken from `context`, and sealed."""
        self.add_for(event, launch=digest(launch_id) if launch_id else None, context=context, detail=detail, within=within)

    def add_for(
        self,
        event: str,
        *,
        launch: str | None,
        context: LaunchContext | Author | None,
        detail: Mapping[str, Any] | None = None,
        within: Connection | None = None,
    ) -> None:
        """The same where only the launch's digest is known."""
        seal_row = secrets.token_hex(16)
        payload = self._sealer.seal({**_who(context), "detail": dict(detail or {})}, table=_TABLE, row=seal_row)
        patient = self._sealer.lookup(_patient_parts(context.iss, context.patient)) if context else None
        with self._database.begin(within) as connection:
            # The time is taken once it is this event's turn, so that it does not run backwards within one clock.
            head = Head(*connection.execute(_TAKE_TURN).one())
            written = ChainedEvent(at=self._clock(), event=event, launch=launch, patient=patient, seal_row=seal_row, payload=payload)
            link = self._chain.row(head.sequence, written, head.hash)
            values = {**written._asdict(), "id": head.sequence, "previous": head.hash, "key_id": link.key_id, "hash": link.hash}
            connection.execute(_INSERT, values)
            closed = self._chain.head(head._replace(hash=link.hash))
            connection.execute(_CLOSE, {"linked": link.hash, "key": closed.key_id, "closed": closed.hash})

    def entries(self, *, since: datetime | None = None, iss: str = "", patient: str | None = None) -> Sequence[AuditEntry]:
        """Every event, or those from `since` on, or those of one patient at the FHIR base `iss`; oldest first."""
        with self.reading(since=since, iss=iss, patient=patient) as found:
            return list(found)

    @contextmanager
    def reading(self, *, since: datetime | None = None, iss: str = "", patient: str | None = None) -> Iterator[Iterator[AuditEntry]]:
        """The same, a few at a time: a trail of years need not fit into memory."""
        wanted: Select[Any] = select(audit).order_by(audit.c.id)
        if since is not None:
            wanted = wanted.where(audit.c.at >= since)
        if patient is not None:
            wanted = wanted.where(audit.c.patient.in_(self._sealer.lookups(_patient_parts(iss, patient))))
        with self._database.begin() as connection, connection.execution_options(yield_per=_AT_ONCE).execute(wanted) as rows:
            yield map(self._entry, rows)

    def authors(self, launch_id: LaunchId) -> Sequence[Author]:
        """Who did something in that launch, about whom, by what can be opened of the trail."""
        wanted = select(audit).where(audit.c.launch == digest(launch_id)).order_by(audit.c.id)
        with self._database.begin() as connection:
            entries = [self._entry(row) for row in connection.execute(wanted)]
        return [author for one in entries if (author := _author(one)) is not None]

    def _entry(self, row: Row[Any]) -> AuditEntry:
        try:
            opened = self._sealer.open(row.payload, table=_TABLE, row=row.seal_row)
        except NotOpened:
            opened = {"user": None, "patient": None, "detail": {"not_opened": row.payload[:ID_BYTES].hex()}}
        key = opened.get("user_key")
        return AuditEntry(
            sequence=row.id,
            at=row.at,
            event=row.event,
            launch=row.launch,
            iss=opened.get("iss"),
            user=opened["user"],
            user_key=(key[0], key[1]) if key else None,
            patient=opened["patient"],
            detail=opened["detail"],
        )


def _who(context: LaunchContext | Author | None) -> dict[str, Any]:
    if context is None:
        return {"iss": None, "user": None, "user_key": None, "patient": None}
    user = context.user
    key = [user.issuer, user.subject] if user.subject else None
    return {"iss": context.iss, "user": user.reference, "user_key": key, "patient": context.patient}


def _author(entry: AuditEntry) -> Author | None:
    """Whoever it was, but for their name, which the trail does not hold."""
    if not (entry.iss and entry.user and entry.patient):
        return None
    issuer, subject = entry.user_key or ("", "")
    return Author(iss=entry.iss, patient=entry.patient, user=User(reference=entry.user, name=None, issuer=issuer, subject=subject))


def _patient_parts(iss: str, patient: str) -> tuple[str, str, str]:
    """A lookup of its own kind; the base without the slash some launches end it in."""
    return "audit", iss.rstrip("/"), patient
