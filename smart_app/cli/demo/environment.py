"""A whole Rapport in one process: the app on `localhost`, the embedded EHR on `127.0.0.1`, so that one embeds the other across sites."""

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from smart_app.app import create_app
from smart_app.cli.demo.serving import port_of, served
from smart_app.cli.registration.keys import new_secret
from smart_app.registration import Issuer, OpenServer, Registration, load_registration
from smart_app.sandbox.authorization.clients import Client
from smart_app.sandbox.embedded_ehr import create_sandbox
from smart_app.sandbox.exchange.messages import FhirBackend
from smart_app.sandbox.exchange.relay import Relay
from smart_app.sandbox.faults.fault import NONE, Faults
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage
from smart_app.sandbox.personas.build import build_all
from smart_app.sandbox.personas.people import Resource
from smart_app.services import AppServices
from smart_app.settings import Settings, variable_of
from smart_app.web.languages.offered_languages import complete_catalogues

APP_CLIENT = "rapport"
READER_CLIENT = "rapport-check"
READER_REDIRECT = "http://127.0.0.1/read-back"
_UTC = ZoneInfo("UTC")


class DemoEnvironment(Struct, frozen=True, kw_only=True):
    """Addresses without a trailing slash. `ehr` is None when the app talks to a foreign server directly; `fhir` is the issuer's
    FHIR base; `upstream` the foreign server behind it, if any; `zone` where its clinic is."""

    app: str
    ehr: str | None
    fhir: str
    upstream: str | None
    zone: ZoneInfo = _UTC

    @property
    def front(self) -> str:
        """The one address to open."""
        return f"{self.ehr}/" if self.ehr else f"{self.app}/open?{urlencode({'iss': self.fhir})}"


def local_backend(resources: Sequence[Resource], *, today: date, store: Path | None, zone: ZoneInfo = _UTC) -> LocalServer:
    """The embedded EHR's own FHIR server: the personas, dated before `today` in `zone`, and what `--data` brought."""
    storage = Storage(f"sqlite:///{store}") if store else Storage()
    backend = LocalServer(storage, clock=lambda: datetime.now(UTC), new_id=lambda: str(uuid4()))
    backend.load([*build_all(today, zone=zone), *resources])
    return backend


def _settings(app: str, folder: Path, *, zone: ZoneInfo, database_url: str | None = None) -> Settings:
    """Settings of a stand: fresh keys, a database that goes with it unless one is named, and every language there is unless some are."""
    named = variable_of("languages") in os.environ
    languages: dict[str, Any] = {} if named else {"languages": complete_catalogues()}
    return Settings(
        base_url=app,
        secret_keys=(new_secret(),),
        database_url=database_url or f"sqlite:///{folder / 'rapport.sqlite'}",
        site_name="Northfield General",
        time_zone=zone.key,
        log_level="WARNING",
        **languages,
    )


def _embedded_issuer(shipped: Registration, ehr: str) -> Issuer:
    """The embedded EHR as `launch.json` describes it, at the address it has this time, and trusted from here on."""
    entry = next(issuer for issuer in shipped.issuers if issuer.demo_only)
    return replace(entry, iss=f"{ehr}/fhir", frame_ancestors=(ehr,), demo_only=False)


def _open_issuer(base: str) -> Issuer:
    """A foreign server without OAuth, synthetic data only."""
    return Issuer(name=f"Open FHIR server {base}", iss=base, client_id="", auth=OpenServer(), scope="", synthetic_data=True)


def _clients(app: str) -> dict[str, Client]:
    """The apps registered at the embedded EHR: Rapport, and the check's own reader."""
    return {
        APP_CLIENT: Client(redirect_uris=(f"{app}/callback",), launch_url=f"{app}/launch", name="Rapport"),
        READER_CLIENT: Client(redirect_uris=(READER_REDIRECT,), launch_url=READER_REDIRECT, name="Read-back check", on_chart=False),
    }


@contextmanager
def _rapport(settings: Settings, registration: Registration, listening: socket.socket) -> Iterator[None]:
    """The app, serving; everything it opened is closed afterwards."""
    app = create_app(settings, registration=registration)
    services: AppServices = app.extensions["rapport"]
    try:
        with served(app, listening):
            yield
    finally:
        services.pool.shutdown()
        services.http.close()
        services.store.close()


@contextmanager
def embedded(
    backend: FhirBackend,
    *,
    app_socket: socket.socket,
    ehr_socket: socket.socket,
    upstream: str | None = None,
    database_url: str | None = None,
    zone: ZoneInfo = _UTC,
    misbehaving: Faults = NONE,
) -> Iterator[DemoEnvironment]:
    """The app, on a database of its own or the one named, beside an embedded EHR over `backend`, `misbehaving` as a whole; the clinic of
    both is in `zone`."""
    app, ehr = f"http://localhost:{port_of(app_socket)}", f"http://127.0.0.1:{port_of(ehr_socket)}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rapport-")))
        sandbox = create_sandbox(backend, base_url=ehr, clients=_clients(app), misbehaving=misbehaving)
        stack.enter_context(served(sandbox, ehr_socket))
        shipped = load_registration(None)
        registration = shipped.with_issuer(_embedded_issuer(shipped, ehr))
        stack.enter_context(_rapport(_settings(app, folder, zone=zone, database_url=database_url), registration, app_socket))
        yield DemoEnvironment(app=app, ehr=ehr, fhir=f"{ehr}/fhir", upstream=upstream, zone=zone)


@contextmanager
def relayed(base: str, *, app_socket: socket.socket, ehr_socket: socket.socket, zone: ZoneInfo = _UTC) -> Iterator[DemoEnvironment]:
    """The app beside the embedded EHR, whose FHIR API relays to the open server at `base`."""
    with embedded(Relay(base), app_socket=app_socket, ehr_socket=ehr_socket, upstream=base, zone=zone) as stand:
        yield stand


@contextmanager
def direct(base: str, *, app_socket: socket.socket, zone: ZoneInfo = _UTC) -> Iterator[DemoEnvironment]:
    """The app alone, talking to the open server at `base`; the tester picks the patient."""
    app = f"http://localhost:{port_of(app_socket)}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rapport-")))
        registration = load_registration(None).with_issuer(_open_issuer(base))
        stack.enter_context(_rapport(_settings(app, folder, zone=zone), registration, app_socket))
        yield DemoEnvironment(app=app, ehr=None, fhir=base, upstream=base, zone=zone)
