"""What the app's process holds: rows and pages of its database, open files, threads."""

import threading
from pathlib import Path
from typing import Any

from smart_app.launch.discovery.smart_configuration import Discovery
from smart_app.services import AppServices, capability_cache
from tests.bench.clock import Clock

_TABLES = ("launches", "outbox", "audit")
# SQLite's own account of which table or index a page belongs to (sqlite.org/dbstat.html).
# It does not count the pages of pointers, one for every 819 others (sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages).
_POINTED_AT = 819
_AUDIT_PAGES = "SELECT count(*) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'audit')"


class Inside:
    """The running app, seen by who measures it."""

    def __init__(self, services: AppServices, clock: Clock) -> None:
        self._services = services
        self._clock = clock

    def forget(self, _: object = None) -> None:
        """Know nothing of any EHR, as after a start."""
        services = self._services
        services.launcher.discovery.__dict__.update(vars(Discovery(services.http, clock=self._clock)))
        empty = capability_cache(services.http, settings=services.settings, pool=services.pool, clock=self._clock)
        services.capabilities.__dict__.update(vars(empty))

    def purge(self, _: object = None) -> int:
        """How many rows a purge deleted."""
        return self._services.store.purge(self._clock())

    def holdings(self, _: object = None) -> dict[str, Any]:
        """Rows by table; `pages` of the file, of them `free` and `audit_pages`, whose trail is never purged; open `files`, `threads`."""
        with self._services.store.database.begin() as connection:

            def number(statement: str) -> int:
                return int(connection.exec_driver_sql(statement).scalar_one())

            trail = number(_AUDIT_PAGES)
            return {
                **{table: number(f"SELECT count(*) FROM {table}") for table in _TABLES},
                "pages": number("PRAGMA page_count"),
                "free": number("PRAGMA freelist_count"),
                "audit_pages": trail + trail // _POINTED_AT,
                "files": sum(1 for _ in Path("/proc/self/fd").iterdir()),
                "threads": threading.active_count(),
            }
