"""Submissions on their way: sealed here before the first byte goes out, kept until the record has acknowledged them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, LargeBinary, Row, Table, Update, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from fhir_mappings.sentence import Sentence
from smart_app.errors import NotOpened, StoreError
from smart_app.launch.context.launch_context import Author, LaunchId
from smart_app.store.database import Database, Transaction
from smart_app.store.drafts import owner_parts
from smart_app.store.late_outcomes import LateOutcomes
from smart_app.store.seal import ID_BYTES, Sealer, digest
from smart_app.store.tables import outbox
from smart_app.telemetry import log_not_opened

# "stored": the answers, and every other part that could be. "partly": the answers, and not all that should be with them. "accepted": the
# answers, by the record's word, which shows nothing at their place. "discarded" and "copied" are a named person's decision, over
# all of it or over what is missing beside the answers.
OutboxState = Literal["sealed", "sending", "stored", "partly", "accepted", "refused", "unknown", "discarded", "copied"]
_TABLE = outbox.name
UNFINISHED = ("sealed", "sending", "unknown", "refused", "partly", "accepted")
_SENDABLE = ("sealed", "unknown", "refused", "partly")
# Built once: SQLAlchemy takes longer to build a statement and to find it in its cache than SQLite to execute it.
_INSERT = insert(outbox)
_SELECT = select(outbox).where(outbox.c.id == bindparam("wanted"))
_MARK = update(outbox).where(outbox.c.id == bindparam("wanted")).values(state=bindparam("to"), updated=bindparam("now"))
_RESEAL = _MARK.values(payload=bindparam("sealed"), due=None)
_RESEAL_FOUND = _RESEAL.values(owner=bindparam("whose"), patient=bindparam("whom"))
_KNOWN = select(outbox.c.id).where(outbox.c.id == bindparam("wanted"))
# Let go by a process that could not write it down, unless somebody has taken it up since.
_IS_LET_GO = and_(outbox.c.state == "sending", outbox.c.updated <= bindparam("let_go"))
_RELEASE = update(outbox).where(outbox.c.id == bindparam("wanted"), _IS_LET_GO).values(state="unknown", updated=bindparam("now"))
# Sent by a process that is gone, and stored in the record for long enough, as of `sent_before` and `stored_before`.
STUCK = and_(outbox.c.state == "sending", outbox.c.updated < bindparam("sent_before"))
DONE = and_(outbox.c.state == "stored", outbox.c.updated < bindparam("stored_before"))
_RECOVER = update(outbox).where(STUCK).values(state="unknown", updated=bindparam("now"))
_PURGE = delete(outbox).where(DONE)
_OWN = outbox.c.owner.in_(bindparam("owners", expanding=True))
_LEFT = _OWN & outbox.c.state.in_(UNFINISHED)
_LATEST = 20
_SELECT_OWN = select(outbox).where(_OWN).order_by(outbox.c.created.desc(), outbox.c.id).limit(_LATEST)
_SELECT_SENDING = select(outbox).where(outbox.c.state == "sending")
# What is on its way still, and what somebody discarded, as its author or its patient may not have been told yet.
_KEPT = outbox.c.state.in_((*UNFINISHED, "discarded"))
_OF_PATIENT = _KEPT & (_OWN | outbox.c.patient.in_(bindparam("patients", expanding=True)))
_SELECT_UNFINISHED = select(outbox).where(outbox.c.state.in_(UNFINISHED)).order_by(outbox.c.created, outbox.c.id)
_IS_ABOUT = select(outbox.c.id).where(outbox.c.id == bindparam("wanted"), outbox.c.patient.in_(bindparam("patients", expanding=True)))
# As it was seen: by nobody sent, changed or decided over since.
_DECIDE = (
    update(outbox)
    .where(outbox.c.id == bindparam("wanted"), outbox.c.state == bindparam("seen"), outbox.c.updated == bindparam("seen_at"))
    .values(state=bindparam("to"), updated=bindparam("now"), payload=bindparam("sealed"), due=None)
)
_HAS_LEFT = select(outbox.c.id).where(_LEFT, outbox.c.id == bindparam("wanted"))


class OutboxEntry(Struct, frozen=True, kw_only=True):
    """One submission. `key` is its submission key, `payload` what `put` or the last `reseal` stored. `author` is None for one sealed
    before its author was sealed with it; `due` when somebody asked for it to be tried again, None once it was."""

    key: str
    launch_id: LaunchId
    state: OutboxState
    payload: dict[str, Any]
    created: datetime
    updated: datetime
    author: Author | None = None
    due: datetime | None = None


class OpenEntries(Struct, frozen=True, kw_only=True):
    """What the record has not acknowledged, oldest first; `unopened`: how many more there are that no configured key opens."""

    entries: Sequence[OutboxEntry]
    unopened: int


class PatientEntries(Struct, frozen=True, kw_only=True):
    """Of one patient, for one user: what of theirs (`own`) and of anybody's (`about`) the record has not acknowledged, newest first, and
    what of it was discarded, the latest first. `unopened` is when those of their own were sent that cannot be opened. `strange`: so many
    of whomsoever are on their way that no configured key opens; whose they are cannot be told, as what finds them was made with the key."""

    own: Sequence[OutboxEntry]
    about: Sequence[OutboxEntry]
    discarded_own: Sequence[OutboxEntry]
    discarded_about: Sequence[OutboxEntry]
    unopened: Sequence[datetime]
    strange: int


class Outbox:
    """Submissions by key. sealed → sending → stored | partly | accepted | refused | unknown; what is sealed, unknown, refused or partly
    stored may be sent again, by one at a time. One whose place shows nothing is `accepted`: not sent again. Only what is stored is ever
    purged; what is discarded or copied to the note stays as the record of that decision."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._late = LateOutcomes()
        found = or_(_OF_PATIENT, undeliverable(sealer.key_ids))
        self._of_patient = select(outbox).where(found).order_by(outbox.c.created.desc(), outbox.c.id)

    def put(
        self,
        key: str,
        *,
        launch_id: LaunchId,
        payload: dict[str, Any],
        state: Literal["sealed", "sending"] = "sealed",
        author: Author | None = None,
        also: Callable[[Transaction], None] | None = None,
    ) -> bool:
        """Seal a submission; on the disk when this returns True. False when the key exists already: nothing was changed.
        Put as `sending` it is the caller's to send, without a claim. `author` finds it again when its launch has ended. `also` is done in
        the same transaction, and nothing is sealed where it raises."""
        now = self._clock()
        values = {
            "id": digest(key),
            "state": state,
            "payload": self._sealed(key, launch_id, payload, author),
            "created": now,
            "updated": now,
        }
        values["owner"], values["patient"] = self._found_by(author) if author else (None, None)
        try:
            with self._database.durable() as connection:
                connection.execute(_INSERT, values)
                if also is not None:
                    also(connection)
        except IntegrityError:
            return False
        return True

    def claim(self, key: str) -> bool:
        """Take the right to send what is sealed, unknown, refused or partly stored; False when another request has it or there is nothing
        to send."""
        row = digest(key)
        let_go, waiting = self._late.since(row), outbox.c.state.in_(_SENDABLE)
        mine = waiting if let_go is None else or_(waiting, and_(outbox.c.state == "sending", outbox.c.updated <= let_go))
        statement = update(outbox).where(outbox.c.id == row, mine).values(state="sending", updated=self._clock())
        with self._database.begin() as connection:
            claimed = connection.execute(statement).rowcount == 1
        if claimed:
            self._late.drop(row)
        return claimed

    def let_go(self, key: str, write: Callable[[Transaction], None]) -> None:
        """Nobody is sending it any more, and how it ended could not be written down. To this process it is unknown from now on; `write` is
        tried until the database takes it, in one transaction, unless somebody takes it up before."""
        row, now = digest(key), self._clock()
        self._late.add(row, since=now, write=lambda: self._write_late(row, now, write))

    def _write_late(self, row: str, let_go: datetime, write: Callable[[Transaction], None]) -> None:
        with self._database.begin() as connection:
            if connection.execute(_RELEASE, {"wanted": row, "let_go": let_go, "now": self._clock()}).rowcount:
                write(connection)

    def close(self) -> None:
        """Write down nothing more."""
        self._late.close()

    def mark(self, key: str, state: OutboxState) -> None:
        """Set the state. Raises KeyError for an unknown key."""
        with self._database.begin() as connection:
            _change(connection, _MARK, key, {"to": state, "now": self._clock()})

    def ask_again(self, key: str, *, within: Connection | None = None) -> bool:
        """Mark what can be sent again as due; False where nothing can be."""
        statement = update(outbox).where(outbox.c.id == digest(key), outbox.c.state.in_(_SENDABLE)).values(due=self._clock())
        with self._database.begin(within) as connection:
            return connection.execute(statement).rowcount == 1

    def reseal(
        self,
        key: str,
        state: OutboxState,
        *,
        launch_id: LaunchId,
        payload: dict[str, Any],
        author: Author | None = None,
        within: Connection | None = None,
    ) -> None:
        """Set the state and the payload, for the launch and the author that `put` it; `within` a transaction, or in one of its own.
        It is due no more. Without an author the one sealed before stays. Raises KeyError for an unknown key."""
        with self._database.begin(within) as connection:
            whose = author or self._author_of(connection, key)
            values = {"to": state, "now": self._clock(), "sealed": self._sealed(key, launch_id, payload, whose)}
            if whose is None:
                _change(connection, _RESEAL, key, values)
                return
            owner, patient = self._found_by(whose)
            _change(connection, _RESEAL_FOUND, key, {**values, "whose": owner, "whom": patient})

    def get(self, key: str) -> OutboxEntry | None:
        """The submission, or None. NotOpened where no key opens it."""
        with self._database.begin() as connection:
            row = connection.execute(_SELECT, {"wanted": digest(key)}).one_or_none()
        return None if row is None else self._entry(row)

    def knows(self, key: str) -> bool:
        """Whether there is a submission of that key, whether or not it can be opened."""
        with self._database.begin() as connection:
            return connection.execute(_KNOWN, {"wanted": digest(key)}).first() is not None

    def pending(self) -> Sequence[OutboxEntry]:
        """What the record has not acknowledged, oldest first."""
        with self._database.begin() as connection:
            rows = connection.execute(_SELECT_UNFINISHED).all()
        return list(self._entries(rows))

    def open_entries(self) -> OpenEntries:
        """The same, with those that cannot be opened counted."""
        with self._database.begin() as connection:
            rows = connection.execute(_SELECT_UNFINISHED).all()
        opened = list(self._entries(rows))
        return OpenEntries(entries=opened, unopened=len(rows) - len(opened))

    def decide(
        self,
        seen: OutboxEntry,
        state: Literal["discarded", "copied"],
        *,
        launch_id: LaunchId,
        payload: dict[str, Any],
        within: Connection | None = None,
    ) -> bool:
        """Note a decision over a submission as it was `seen`; False, and nothing done, where it stands otherwise by now."""
        values = {
            "wanted": digest(seen.key),
            "seen": seen.state,
            "seen_at": seen.updated,
            "to": state,
            "now": self._clock(),
            "sealed": self._sealed(seen.key, launch_id, payload, seen.author),
        }
        with self._database.begin(within) as connection:
            return connection.execute(_DECIDE, values).rowcount == 1

    def is_about(self, key: str, iss: str, patient: str) -> bool:
        """Whether that submission is about this patient, whoever sent it and however it stands."""
        with self._database.begin() as connection:
            return connection.execute(_IS_ABOUT, {"wanted": digest(key), "patients": self._patients(iss, patient)}).first() is not None

    def of_patient(self, user: Author) -> PatientEntries:
        """Everything a page says of what was sent of their patient: one question, and each row opened once."""
        owners, patients = self._owners(user), self._patients(user.iss, user.patient)
        with self._database.begin() as connection:
            rows = connection.execute(self._of_patient, {"owners": owners, "patients": patients}).all()
        own = [row for row in rows if row.owner in owners]
        about = [row for row in rows if row.patient in patients]
        mine = {row.id: row for row in (*own, *about)}
        opened = {row.id: entry for row in mine.values() for entry in self._entries([row])}
        return PatientEntries(
            own=_open(own, opened),
            about=_open(about, opened),
            discarded_own=_discarded(own, opened),
            discarded_about=_discarded(about, opened),
            unopened=[row.created for row in own if row.state != "discarded" and row.id not in opened],
            strange=len(rows) - len(mine),
        )

    def sent_by(self, author: Author) -> Iterator[OutboxEntry]:
        """The latest submissions of this user about this patient that are still here, acknowledged ones among them, newest first; each is
        opened when it is looked at."""
        with self._database.begin() as connection:
            rows = connection.execute(_SELECT_OWN, {"owners": self._owners(author)}).all()
        return self._entries(rows)

    def belongs(self, key: str, author: Author) -> bool:
        """Whether this user sent that submission about this patient, in whatever launch, and it is not acknowledged."""
        with self._database.begin() as connection:
            return connection.execute(_HAS_LEFT, {"wanted": digest(key), "owners": self._owners(author)}).first() is not None

    def launches_sending(self) -> frozenset[str]:
        """The digests of the launches from which something is on its way at this moment. What no key opens any more was not sealed by
        this process, so it is not sending either."""
        with self._database.begin() as connection:
            rows = connection.execute(_SELECT_SENDING).all()
        found = set()
        for row in rows:
            with suppress(StoreError):
                found.add(digest(self._entry(row).launch_id))
        return frozenset(found)

    def resealed(self, row: Row[Any], *, candidates: Callable[[LaunchId], Sequence[Author]]) -> dict[str, Any] | None:
        """The columns as the first key makes them. Who sent what was sealed before the author was sealed with it is one of the
        `candidates` of its launch: the one whose lookup is the row's. None where none is, as the row's lookup cannot be made anew
        then. NotOpened where no key opens it."""
        opened = self._opened(row)
        author = _author(opened)
        if author is not None:
            owner, patient = self._found_by(author)
            return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id), "owner": owner, "patient": patient}
        if row.owner is None:
            return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id)}
        proven = next((one for one in candidates(LaunchId(opened["launch_id"])) if row.owner in self._owners(one)), None)
        if proven is None:
            return None
        owner, patient = self._found_by(proven)
        envelope = self._sealer.seal({**opened, "author": msgspec.to_builtins(proven)}, table=_TABLE, row=row.id)
        return {"payload": envelope, "owner": owner, "patient": patient}

    def _found_by(self, author: Author) -> tuple[str, str]:
        """What finds a submission of theirs, and any about that patient, under the first key."""
        return self._owners(author)[0], self._patients(author.iss, author.patient)[0]

    def _author_of(self, connection: Connection, key: str) -> Author | None:
        row = connection.execute(_SELECT, {"wanted": digest(key)}).one_or_none()
        return None if row is None else _author(self._opened(row))

    def _owners(self, author: Author) -> list[str]:
        return self._sealer.lookups(owner_parts("outbox", author))

    def _patients(self, iss: str, patient: str) -> list[str]:
        return self._sealer.lookups(("outbox patient", iss.rstrip("/"), patient))

    def recover(self, before: datetime, *, within: Connection | None = None) -> int:
        """Turn into unknown what has been `sending` since before `before`: its process is gone, and the outcome must be looked up."""
        with self._database.begin(within) as connection:
            return connection.execute(_RECOVER, {"sent_before": before, "now": self._clock()}).rowcount

    def purge(self, before: datetime, *, within: Connection | None = None) -> int:
        """Delete what was stored before `before`; anything else stays for good. How many."""
        with self._database.begin(within) as connection:
            return connection.execute(_PURGE, {"stored_before": before}).rowcount

    def _sealed(self, key: str, launch_id: LaunchId, payload: dict[str, Any], author: Author | None) -> bytes:
        """With the author, who is found again by a lookup made with the secret key: without them a change of keys would lose it."""
        envelope = {"key": key, "launch_id": launch_id, "payload": payload, "author": msgspec.to_builtins(author)}
        return self._sealer.seal(envelope, table=_TABLE, row=digest(key))

    def _opened(self, row: Row[Any]) -> dict[str, Any]:
        opened: dict[str, Any] = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        return opened

    def _entries(self, rows: Sequence[Row[Any]]) -> Iterator[OutboxEntry]:
        """Those that can be opened: one that cannot takes none of the others with it, and is counted."""
        for row in rows:
            try:
                yield self._entry(row)
            except NotOpened:
                log_not_opened(_TABLE)

    def _state(self, row: Row[Any]) -> OutboxState:
        """As it is written, but for what this process knows better."""
        state: OutboxState = row.state
        let_go = self._late.since(row.id)
        return "unknown" if state == "sending" and let_go is not None and row.updated <= let_go else state

    def _entry(self, row: Row[Any]) -> OutboxEntry:
        opened = self._opened(row)
        return OutboxEntry(
            key=opened["key"],
            launch_id=LaunchId(opened["launch_id"]),
            state=self._state(row),
            payload=opened["payload"],
            created=row.created,
            updated=row.updated,
            author=_author(opened),
            due=row.due,
        )


def undeliverable(key_ids: Sequence[bytes]) -> ColumnElement[bool]:
    """Submissions on their way that were sealed under other keys than these."""
    return outbox.c.state.in_(UNFINISHED) & key_of(outbox).not_in(key_ids)


def key_of(table: Table) -> ColumnElement[bytes]:
    """The id of the key a row was sealed under: the beginning of what was sealed."""
    return func.substr(table.c.payload, 1, ID_BYTES, type_=LargeBinary)


def _open(rows: Iterable[Row[Any]], opened: Mapping[str, OutboxEntry]) -> Sequence[OutboxEntry]:
    return [opened[row.id] for row in rows if row.state != "discarded" and row.id in opened]


def _discarded(rows: Iterable[Row[Any]], opened: Mapping[str, OutboxEntry]) -> Sequence[OutboxEntry]:
    found = [opened[row.id] for row in rows if row.state == "discarded" and row.id in opened]
    return sorted(found, key=lambda entry: entry.updated, reverse=True)


def _author(opened: dict[str, Any]) -> Author | None:
    """None for one sealed before its author was sealed with it."""
    try:
        return msgspec.convert(opened.get("author"), Author | None)
    except msgspec.ValidationError as error:
        raise NotOpened(Sentence("A stored submission was sealed by another version of Rapport."), detail=f"table {_TABLE}") from error


def _change(connection: Connection, statement: Update, key: str, values: dict[str, Any]) -> None:
    if not connection.execute(statement, {"wanted": digest(key), **values}).rowcount:
        raise KeyError(key)
