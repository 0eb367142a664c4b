"""Which clinician chose to see which visit's patient rating without rating it first (blind entry)."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from smart_app.store.database import Database
from smart_app.store.seal import Sealer
from smart_app.store.tables import reveals

Visit = tuple[str, str]
_TABLE = reveals.name


class Reveals:
    """Found by keyed hashes of issuer, patient, clinician and visit, so that no id stands in the table."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def add(self, *, issuer: str, patient: str, clinician: str, visit: str, user: str) -> None:
        """Record the choice; made twice it stands once."""
        row_id = self._sealer.lookup((issuer, patient, clinician, visit))
        payload = {"issuer": issuer, "patient": patient, "clinician": clinician, "visit": visit, "user": user}
        sealed = self._sealer.seal(payload, table=_TABLE, row=row_id)
        try:
            with self._database.begin() as connection:
                connection.execute(insert(reveals).values(id=row_id, payload=sealed, created=self._clock()))
        except IntegrityError:
            return

    def among(self, issuer: str, patient: str, pairs: Iterable[Visit]) -> set[Visit]:
        """Those (clinician, visit) pairs that were revealed, under any configured key."""
        pair_of = {row_id: pair for pair in set(pairs) for row_id in self._sealer.lookups((issuer, patient, *pair))}
        if not pair_of:
            return set()
        with self._database.begin() as connection:
            found = connection.execute(select(reveals.c.id).where(reveals.c.id.in_(sorted(pair_of)))).scalars().all()
        return {pair_of[row_id] for row_id in found}
