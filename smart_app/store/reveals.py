"""Which clinician chose to see which visit's patient rating without its being rated first (blind entry): each for themself, with a reason
where the visit is a colleague's."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, insert, select
from sqlalchemy.exc import IntegrityError

from smart_app.errors import NotOpened
from smart_app.store.database import Database
from smart_app.store.seal import Sealer
from smart_app.store.tables import reveals
from smart_app.telemetry import log_not_opened

Visit = tuple[str, str]
_TABLE = reveals.name


class Revealed(Struct, frozen=True, kw_only=True):
    """One choice: whose (`user` their reference, `name` where it was known), when, and why where a reason was asked for."""

    user: str
    name: str | None
    reason: str | None
    at: datetime


class Reveals:
    """Found by keyed hashes: a row's id is one of issuer, patient, clinician, visit and user, its `visit` one of the first four, so that no
    id stands in the table. A row of before reveals were each user's own has the visit's hash for both; its user is the one sealed in it."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def add(
        self, *, issuer: str, patient: str, clinician: str, visit: str, user: str, name: str | None = None, reason: str | None = None
    ) -> None:
        """Record the choice of one user; made twice it stands once, as it was made first."""
        of_visit = (issuer, patient, clinician, visit)
        if any(one.user == user for one in self.of(issuer, patient, [(clinician, visit)]).get((clinician, visit), ())):
            return
        row_id = self._sealer.lookup((*of_visit, user))
        content = {"issuer": issuer, "patient": patient, "clinician": clinician, "visit": visit}
        payload = {**content, "user": user, "name": name, "reason": reason}
        values = {
            "id": row_id,
            "visit": self._sealer.lookup(of_visit),
            "payload": self._sealer.seal(payload, table=_TABLE, row=row_id),
            "created": self._clock(),
        }
        try:
            with self._database.begin() as connection:
                connection.execute(insert(reveals).values(values))
        except IntegrityError:
            return

    def of(self, issuer: str, patient: str, pairs: Iterable[Visit]) -> Mapping[Visit, Collection[Revealed]]:
        """Every choice about these (clinician, visit) pairs under any configured key, whoever made it, the first one first; no entry where
        there is none."""
        pair_of = {row_id: pair for pair in set(pairs) for row_id in self._sealer.lookups((issuer, patient, *pair))}
        if not pair_of:
            return {}
        wanted = select(reveals).where(reveals.c.visit.in_(sorted(pair_of))).order_by(reveals.c.created, reveals.c.id)
        with self._database.begin() as connection:
            rows = connection.execute(wanted).all()
        found: dict[Visit, list[Revealed]] = {}
        for row in rows:
            if (made := self._opened(row)) is not None:
                found.setdefault(pair_of[row.visit], []).append(made)
        return found

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them; its id is one of them. NotOpened where no key opens it."""
        made = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        of_visit = (made["issuer"], made["patient"], made["clinician"], made["visit"])
        row_id = self._sealer.lookup((*of_visit, made["user"]))
        payload = self._sealer.renewed(row.payload, table=_TABLE, row=row.id, to=row_id)
        return {"id": row_id, "visit": self._sealer.lookup(of_visit), "payload": payload}

    def _opened(self, row: Row[Any]) -> Revealed | None:
        """None for one that no key opens: it reveals nothing, and is counted."""
        try:
            made = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        except NotOpened:
            log_not_opened(_TABLE)
            return None
        return Revealed(user=made["user"], name=made.get("name"), reason=made.get("reason"), at=row.created)
