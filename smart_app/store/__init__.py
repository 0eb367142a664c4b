"""The one door to the app's own database: launches, outbox, audit, reveals. Payloads are sealed at rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from smart_app.errors import StoreError
from smart_app.store.audit import Audit, AuditEntry
from smart_app.store.database import Database
from smart_app.store.launches import Launches, OpenLaunch, PendingCookie
from smart_app.store.migrate import is_current, upgrade
from smart_app.store.outbox import Outbox, OutboxEntry, OutboxState
from smart_app.store.reveals import Reveals
from smart_app.store.seal import Sealer, parse_key

__all__ = ["AuditEntry", "OpenLaunch", "OutboxEntry", "OutboxState", "PendingCookie", "Store", "open_store", "parse_key"]

# A send takes seconds; what is still `sending` after this belongs to a process that is gone.
_SENDING_AT_MOST = timedelta(minutes=10)
# Long enough for a receipt to be opened again on the day, no longer than needed: the record has it.
_ACKNOWLEDGED_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Everything the app keeps between requests."""

    launches: Launches
    outbox: Outbox
    reveals: Reveals
    audit: Audit
    database: Database

    def purge(self, now: datetime) -> int:
        """Delete ended launches and submissions acknowledged a day ago, release stuck ones; how many rows were deleted."""
        self.outbox.recover(now - _SENDING_AT_MOST)
        return self.launches.purge(now) + self.outbox.purge(now - _ACKNOWLEDGED_KEPT)

    def check(self) -> None:
        """Readiness: raises StoreError unless the database answers and has the schema of this version."""
        if not is_current(self.database):
            raise StoreError("The database has another schema than this version of Rapport.", detail="restart to migrate")

    def close(self) -> None:
        """Give every connection back."""
        self.database.close()


def open_store(database_url: str, keys: Sequence[bytes], *, clock: Callable[[], datetime]) -> Store:
    """The store behind `database_url`, migrated to the newest schema; the first of `keys` (32 bytes each) seals, all open.
    Raises ConfigurationError for an unusable address or key, StoreError when the database cannot be reached or is newer."""
    sealer = Sealer(keys)
    database = Database(database_url)
    try:
        upgrade(database)
    except StoreError:
        database.close()
        raise
    return Store(
        launches=Launches(database, sealer, clock=clock),
        outbox=Outbox(database, sealer, clock=clock),
        reveals=Reveals(database, sealer, clock=clock),
        audit=Audit(database, sealer, clock=clock),
        database=database,
    )
