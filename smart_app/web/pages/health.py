"""The two addresses a load balancer asks."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response

from smart_app.errors import StoreError
from smart_app.store import NotOpenedRows, Store
from smart_app.web.pages.dependencies import Dependencies

# It is asked every few seconds, and rows do not lose their key from one to the next.
_COUNTED_FOR = timedelta(minutes=1)


def register(app: Flask, dependencies: Dependencies) -> None:
    """The two addresses."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", Readiness(dependencies.services.store, clock=dependencies.services.clock).answer)


def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


class Readiness:
    """Whether the database answers, has this version's schema, and holds no submission that nobody will deliver."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._counted: tuple[datetime, NotOpenedRows] | None = None

    def answer(self) -> Response:
        """Ready, with what is no hindrance; or not, and why. Of what no key opens there are counts."""
        try:
            self._store.check()
            found = self._not_opened()
        except StoreError:
            return Response("database not ready\n", status=503, mimetype="text/plain")
        if found.undelivered:
            return Response(_UNDELIVERABLE.format(count=found.undelivered), status=503, mimetype="text/plain")
        listed = "".join(f"row_not_opened {table} {rows}\n" for table, rows in found.rows.items())
        return Response(f"ready\n{listed}", mimetype="text/plain")

    def _not_opened(self) -> NotOpenedRows:
        now = self._clock()
        if self._counted is None or now - self._counted[0] >= _COUNTED_FOR:
            self._counted = now, self._store.not_opened()
        return self._counted[1]


# Words for whoever watches, a code and a number for what does.
_UNDELIVERABLE = "submission_not_opened {count}: sealed under a key that is not configured, see `rapport seal status`\n"
