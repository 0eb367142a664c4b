"""What a user has put aside of what ratings say about a patient: their own notes, sealed, found by that user and patient alone, and gone
after their time."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from smart_app.errors import NotOpened
from smart_app.launch.context.launch_context import Author, User
from smart_app.store.database import Database
from smart_app.store.drafts import owner_parts
from smart_app.store.seal import Sealer
from smart_app.store.tables import aside_notes
from smart_app.telemetry import log_not_opened

_TABLE = aside_notes.name
# Its time is over, as of `now`.
ASIDE_OVER = aside_notes.c.expires <= bindparam("now")
_THEIRS = aside_notes.c.owner.in_(bindparam("owners", expanding=True))
# The latest last: where two were kept of one source at the same time, it is what stands.
_SELECT = select(aside_notes).where(_THEIRS & (aside_notes.c.expires > bindparam("now"))).order_by(aside_notes.c.at, aside_notes.c.id)


class AsideNote(Struct, frozen=True, kw_only=True):
    """That what the rating `source` says was put aside, at that time and for a reason (a code); `rules` spoke then, as (id, version). No
    more is kept of what was said."""

    source: str
    reason: str
    at: datetime
    rules: tuple[tuple[str, int], ...]


class AsideNotes:
    """One row a user, patient and rating."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def keep(self, author: Author, note: AsideNote, *, ttl: timedelta, within: Connection | None = None) -> None:
        """Keep it for `ttl`, in place of what was kept of its rating before."""
        now, row_id, user = self._clock(), secrets.token_hex(32), author.user
        whose = [author.iss, author.patient, user.reference, user.issuer, user.subject]
        said = {"source": note.source, "reason": note.reason, "at": note.at.isoformat(), "rules": [list(one) for one in note.rules]}
        payload = self._sealer.seal({**said, "author": whose}, table=_TABLE, row=row_id)
        values = {"id": row_id, "owner": self._owners(author)[0], "payload": payload, "at": now, "expires": now + ttl}
        with self._database.begin(within) as connection:
            self._delete(connection, author, note.source)
            connection.execute(insert(aside_notes).values(values))

    def drop(self, author: Author, source: str, *, within: Connection | None = None) -> bool:
        """Forget what this user put aside of that rating; whether there was anything."""
        with self._database.begin(within) as connection:
            return self._delete(connection, author, source)

    def of(self, author: Author) -> Mapping[str, AsideNote]:
        """What this user has put aside of this patient, by its rating. What no key opens is counted and left out."""
        with self._database.begin() as connection:
            return {note.source: note for _, note in self._opened(connection, author)}

    def purge(self, now: datetime, *, at_most: int, within: Connection | None = None) -> int:
        """Delete what is past its time, `at_most` so many at a time; how many were."""
        over = select(aside_notes.c.id).where(ASIDE_OVER).limit(at_most)
        with self._database.begin(within) as connection:
            return connection.execute(delete(aside_notes).where(aside_notes.c.id.in_(over)), {"now": now}).rowcount

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        iss, patient, reference, issuer, subject = self._sealer.open(row.payload, table=_TABLE, row=row.id)["author"]
        author = Author(iss=iss, patient=patient, user=User(reference=reference, name=None, issuer=issuer, subject=subject))
        return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id), "owner": self._owners(author)[0]}

    def _delete(self, connection: Connection, author: Author, source: str) -> bool:
        # Which rating a row is about stands nowhere but in its seal.
        ids = [row_id for row_id, note in self._opened(connection, author) if note.source == source]
        if not ids:
            return False
        connection.execute(delete(aside_notes).where(aside_notes.c.id.in_(ids)))
        return True

    def _opened(self, connection: Connection, author: Author) -> Iterator[tuple[str, AsideNote]]:
        """Every row of theirs whose time is not over, with its id, the latest last."""
        for row in connection.execute(_SELECT, {"owners": self._owners(author), "now": self._clock()}).all():
            try:
                opened = self._sealer.open(row.payload, table=_TABLE, row=row.id)
            except NotOpened:
                log_not_opened(_TABLE)
                continue
            rules = tuple((name, version) for name, version in opened["rules"])
            at = datetime.fromisoformat(opened["at"])
            yield row.id, AsideNote(source=opened["source"], reason=opened["reason"], at=at, rules=rules)

    def _owners(self, author: Author) -> list[str]:
        return self._sealer.lookups(owner_parts("aside", author))
