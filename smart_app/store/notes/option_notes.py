"""Which options a user has ticked for a patient: their own note, sealed, found by that user and patient alone, and gone after its time."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from smart_app.errors import NotOpened
from smart_app.launch.context.launch_context import Author, User
from smart_app.store.database import Database
from smart_app.store.drafts import owner_parts
from smart_app.store.seal import Sealer
from smart_app.store.tables import option_notes
from smart_app.telemetry import log_not_opened

_TABLE = option_notes.name
# Its time is over, as of `now`.
NOTE_OVER = option_notes.c.expires <= bindparam("now")
_THEIRS = option_notes.c.owner.in_(bindparam("owners", expanding=True))
_SELECT = select(option_notes).where(_THEIRS & (option_notes.c.expires > bindparam("now"))).order_by(option_notes.c.updated.desc())


class OptionNote(Struct, frozen=True, kw_only=True):
    """`ticked` maps the id of an option to the day (`2026-12-01`) it was ticked on."""

    ticked: Mapping[str, str]
    expires: datetime


class OptionNotes:
    """One row a user and patient; none where nothing is ticked."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def keep(self, author: Author, ticked: Mapping[str, str], *, ttl: timedelta, within: Connection | None = None) -> None:
        """Keep it for `ttl` in place of what was kept before; nothing where nothing is ticked."""
        now, row_id, owners = self._clock(), secrets.token_hex(32), self._owners(author)
        user = author.user
        whose = [author.iss, author.patient, user.reference, user.issuer, user.subject]
        payload = self._sealer.seal({"ticked": dict(ticked), "author": whose}, table=_TABLE, row=row_id)
        with self._database.begin(within) as connection:
            connection.execute(delete(option_notes).where(_THEIRS), {"owners": owners})
            if ticked:
                values = {"id": row_id, "owner": owners[0], "payload": payload, "updated": now, "expires": now + ttl}
                connection.execute(insert(option_notes).values(values))

    def of(self, author: Author) -> OptionNote | None:
        """What this user keeps of this patient; None where there is nothing, or no key opens it, which is counted."""
        with self._database.begin() as connection:
            row = connection.execute(_SELECT, {"owners": self._owners(author), "now": self._clock()}).first()
        if row is None:
            return None
        try:
            opened = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        except NotOpened:
            log_not_opened(_TABLE)
            return None
        return OptionNote(ticked=opened["ticked"], expires=row.expires)

    def purge(self, now: datetime, *, at_most: int, within: Connection | None = None) -> int:
        """Delete what is past its time, `at_most` so many at a time; how many were."""
        over = select(option_notes.c.id).where(NOTE_OVER).limit(at_most)
        with self._database.begin(within) as connection:
            return connection.execute(delete(option_notes).where(option_notes.c.id.in_(over)), {"now": now}).rowcount

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        iss, patient, reference, issuer, subject = self._sealer.open(row.payload, table=_TABLE, row=row.id)["author"]
        author = Author(iss=iss, patient=patient, user=User(reference=reference, name=None, issuer=issuer, subject=subject))
        return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id), "owner": self._owners(author)[0]}

    def _owners(self, author: Author) -> list[str]:
        return self._sealer.lookups(owner_parts("options", author))
