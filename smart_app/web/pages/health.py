"""The two addresses a load balancer asks."""

from flask import Flask, Response

from smart_app.errors import StoreError
from smart_app.store import Store
from smart_app.web.pages.dependencies import Dependencies


def register(app: Flask, dependencies: Dependencies) -> None:
    """The two addresses."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", lambda: readyz(dependencies.services.store))


def healthz() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


def readyz(store: Store) -> Response:
    """The database answers and has this version's schema."""
    try:
        store.check()
    except StoreError:
        return Response("database not ready\n", status=503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")
