"""The audit trail: who did what with which patient's data, when. Rows are added and never changed."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from smart_app.launch.context import LaunchId
from smart_app.store.database import Database
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import audit

_TABLE = audit.name
_INSERT = insert(audit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One event. `launch` is the digest of the launch id, or None."""

    at: datetime
    event: str
    launch: str | None
    user: str | None
    patient: str | None
    detail: Mapping[str, Any]


class Audit:
    """Append only: there is no method that changes or deletes."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def add(
        self,
        event: str,
        *,
        launch_id: LaunchId | None,
        user: str | None,
        patient: str | None,
        detail: Mapping[str, Any],
        within: Connection | None = None,
    ) -> None:
        """Record an event, `within` a transaction or in one of its own; user, patient and detail are sealed."""
        seal_row = secrets.token_hex(16)
        payload = self._sealer.seal({"user": user, "patient": patient, "detail": dict(detail)}, table=_TABLE, row=seal_row)
        launch = digest(launch_id) if launch_id else None
        with self._database.begin(within) as connection:
            connection.execute(_INSERT, {"at": self._clock(), "event": event, "launch": launch, "seal_row": seal_row, "payload": payload})

    def entries(self) -> Sequence[AuditEntry]:
        """Every event, oldest first."""
        with self._database.begin() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.id)).all()
        return [self._entry(row) for row in rows]

    def _entry(self, row: Row[Any]) -> AuditEntry:
        opened = self._sealer.open(row.payload, table=_TABLE, row=row.seal_row)
        return AuditEntry(at=row.at, event=row.event, launch=row.launch, **opened)
