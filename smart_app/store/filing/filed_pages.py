"""Pages that somebody was shown before they are filed in the record, and what became of those that were: sealed, the user's own, and gone
after their time. It is no outbox: what is not filed is not sent by anybody else."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from smart_app.errors import NotOpened
from smart_app.launch.context.launch_context import Author, User
from smart_app.store.database import Database
from smart_app.store.drafts import owner_parts
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import filed_pages
from smart_app.telemetry import log_not_opened

# `not_filed`: the record certainly does not hold it. `not_known`: it may.
FilingState = Literal["shown", "sending", "filed", "not_filed", "not_known"]
_TABLE = filed_pages.name
_AT_ONCE = 4
# Its time is over, as of `now`.
FILING_OVER = filed_pages.c.expires <= bindparam("now")
_ALIVE = filed_pages.c.expires > bindparam("now")
_THEIRS = filed_pages.c.owner.in_(bindparam("owners", expanding=True))
_SELECT = select(filed_pages).where((filed_pages.c.id == bindparam("wanted")) & _THEIRS & _ALIVE)
_ALIKE = select(filed_pages).where(filed_pages.c.alike.in_(bindparam("alike", expanding=True)) & _ALIVE).order_by(filed_pages.c.updated)
_SHOWN = select(filed_pages.c.id).where(_THEIRS & (filed_pages.c.state == "shown")).order_by(filed_pages.c.updated.desc())


class KeptPage(Struct, frozen=True, kw_only=True):
    """One page by its key: how it stands since when, and whatever was sealed of it."""

    key: str
    state: FilingState
    updated: datetime
    payload: Mapping[str, Any]


class FiledPages:
    """One row a page that was shown."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def show(self, author: Author, key: str, payload: Mapping[str, Any], *, alike: str, ttl: timedelta) -> None:
        """Keep a page that is shown for `ttl`; `alike` is what pages of one content have in common. Of those that a user was shown and has
        not filed the last few are kept."""
        now, row_id, owners = self._clock(), digest(key), self._owners(author)
        values = {
            "id": row_id,
            "owner": owners[0],
            "alike": self._sealer.lookups(_alike_parts(author, alike))[0],
            "state": "shown",
            "payload": self._sealed(row_id, author, key, alike, payload),
            "updated": now,
            "expires": now + ttl,
        }
        with self._database.begin() as connection:
            earlier = connection.execute(_SHOWN, {"owners": owners}).scalars().all()[_AT_ONCE - 1 :]
            connection.execute(delete(filed_pages).where(filed_pages.c.id.in_(earlier)))
            connection.execute(insert(filed_pages).values(values))

    def get(self, author: Author, key: str) -> KeptPage | None:
        """The page of that key, where this user was shown it; None also for one that no key opens, which is counted."""
        wanted = {"wanted": digest(key), "owners": self._owners(author), "now": self._clock()}
        with self._database.begin() as connection:
            row = connection.execute(_SELECT, wanted).first()
        return self._opened(row) if row is not None else None

    def alike(self, author: Author, alike: str) -> list[KeptPage]:
        """Every page of that content about this patient that somebody sent, whoever it was, the first one first."""
        wanted = {"alike": self._sealer.lookups(_alike_parts(author, alike)), "now": self._clock()}
        with self._database.begin() as connection:
            rows = connection.execute(_ALIKE, wanted).all()
        return [one for row in rows if row.state != "shown" and (one := self._opened(row)) is not None]

    def claim(self, author: Author, key: str, *, was: Collection[FilingState], ttl: timedelta) -> bool:
        """Begin to send it, where it stands so and nobody else has begun."""
        now = self._clock()
        mine = (filed_pages.c.id == digest(key)) & filed_pages.c.owner.in_(self._owners(author)) & filed_pages.c.state.in_(was)
        with self._database.begin() as connection:
            begun = update(filed_pages).where(mine, filed_pages.c.expires > now).values(state="sending", updated=now, expires=now + ttl)
            return connection.execute(begun).rowcount == 1

    def settle(
        self, author: Author, key: str, state: FilingState, payload: Mapping[str, Any], *, alike: str, within: Connection | None = None
    ) -> None:
        """What has become of it."""
        row_id = digest(key)
        mine = (filed_pages.c.id == row_id) & filed_pages.c.owner.in_(self._owners(author))
        values = {"state": state, "payload": self._sealed(row_id, author, key, alike, payload), "updated": self._clock()}
        with self._database.begin(within) as connection:
            connection.execute(update(filed_pages).where(mine).values(values))

    def purge(self, now: datetime, *, at_most: int, within: Connection | None = None) -> int:
        """Delete what is past its time, `at_most` so many at a time; how many were."""
        over = select(filed_pages.c.id).where(FILING_OVER).limit(at_most)
        with self._database.begin(within) as connection:
            return connection.execute(delete(filed_pages).where(filed_pages.c.id.in_(over)), {"now": now}).rowcount

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        opened = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        iss, patient, reference, issuer, subject = opened["author"]
        author = Author(iss=iss, patient=patient, user=User(reference=reference, name=None, issuer=issuer, subject=subject))
        return {
            "payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id),
            "owner": self._owners(author)[0],
            "alike": self._sealer.lookups(_alike_parts(author, opened["alike"]))[0],
        }

    def _sealed(self, row_id: str, author: Author, key: str, alike: str, payload: Mapping[str, Any]) -> bytes:
        user = author.user
        whose = [author.iss, author.patient, user.reference, user.issuer, user.subject]
        return self._sealer.seal({"page": dict(payload), "key": key, "alike": alike, "author": whose}, table=_TABLE, row=row_id)

    def _opened(self, row: Row[Any]) -> KeptPage | None:
        try:
            opened = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        except NotOpened:
            log_not_opened(_TABLE)
            return None
        return KeptPage(key=opened["key"], state=row.state, updated=row.updated, payload=opened["page"])

    def _owners(self, author: Author) -> list[str]:
        return self._sealer.lookups(owner_parts("filing", author))


def _alike_parts(author: Author, alike: str) -> tuple[str, ...]:
    return "alike", author.iss.rstrip("/"), author.patient, alike
