"""What a launch is measured against: fhirclient (PyPI) in a Flask app of two routes, as its documentation shows, its state in Flask's
session cookie: `python -m tests.bench.fhirclient_process CLIENT_ID SCOPE`. It verifies no id_token, seals nothing and stores nothing.

Answers `cpu` (seconds of processor time used so far, all threads), `rss` (bytes resident) and `keep` (whether it keeps from now on what the
server's capability statement said of its sign-in; fhirclient itself reads it in every launch)."""

import secrets
import sys
import threading
import time
from typing import Any

from fhirclient.auth import FHIRAuth
from fhirclient.client import FHIRClient

# Loaded by fhirclient in the middle of the first launch otherwise.
from fhirclient.models import capabilitystatement as _loaded  # noqa: F401
from flask import Flask, Response, redirect, request, session  # noqa: TID251 - this is not Rapport

from tests.bench.kept_alive import listen
from tests.bench.peer import answer_commands
from tests.bench.resident import resident


class TwoRoutes:
    """The app."""

    def __init__(self, *, client_id: str, scope: str, redirect_uri: str) -> None:
        # fhirclient adds `launch` itself.
        self._settings = {"app_id": client_id, "scope": scope, "redirect_uri": redirect_uri}
        self._sign_in: dict[str, Any] | None = None
        self.keeps = False

    def app(self) -> Flask:
        """Its two routes."""
        app = Flask("two_routes", static_folder=None)
        app.secret_key = secrets.token_bytes(32)
        app.add_url_rule("/launch", "launch", self.launch)
        app.add_url_rule("/callback", "callback", self.callback)
        return app

    def launch(self) -> Any:
        """Send the browser to the sign-in."""
        given = {"api_base": request.args["iss"], "launch_token": request.args["launch"]}
        client = FHIRClient(settings={**self._settings, **given}, save_func=_save)
        if self._sign_in is not None and self.keeps:
            client.server.auth = FHIRAuth.create("oauth2", state=dict(self._sign_in))
        client.prepare()
        self._sign_in = client.server.auth.state
        return redirect(client.authorize_url, 303)

    def callback(self) -> Any:
        """Take the token."""
        client = FHIRClient(state=session["state"], save_func=_save)
        client.handle_callback(request.url)
        if client.patient_id is None or not client.ready:
            return Response("no patient", 500)
        return redirect("/patient", 303)

    def keep(self, whether: bool) -> None:
        """Keep what the capability statement said, or read it each time."""
        self.keeps = whether


def _save(state: dict[str, Any]) -> None:
    session["state"] = state


def main() -> None:
    """Serve until the input ends."""
    client_id, scope = sys.argv[1:]
    server = listen()
    address = f"http://localhost:{server.server_port}"
    routes = TwoRoutes(client_id=client_id, scope=scope, redirect_uri=f"{address}/callback")
    server.set_app(routes.app())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answer_commands(address, {"cpu": lambda _: time.process_time(), "rss": lambda _: resident(), "keep": routes.keep})


if __name__ == "__main__":
    main()
