"""The embedded EHR in a process of its own, with many patients: `python -m tests.bench.ehr_process PATIENTS`.

Answers `register` ([client id, redirect URI, launch address]: an app it knows from then on), `launch` ([client id, patient id]: the address
that opens the app), `asked` (the paths apps asked for since the last call) and `later` (moves its clock on by so many seconds)."""

import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from smart_app.sandbox.authorization.chart_launches import EhrUser
from smart_app.sandbox.authorization.clients import Client
from smart_app.sandbox.embedded_ehr import create_sandbox
from smart_app.sandbox.fhir_server.server import LocalServer
from tests.bench.clock import Clock
from tests.bench.kept_alive import listen
from tests.bench.peer import answer_commands

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Where the browser goes, not the app.
_BROWSERS = "/oauth/authorize"


class Ward:
    """The EHR's app, and what was asked of it."""

    def __init__(self, address: str, *, patients: int) -> None:
        self._clients: dict[str, Client] = {}
        self._asked: list[str] = []
        self.clock = Clock()
        backend = LocalServer()
        backend.load({"resourceType": "Patient", "id": patient_id(number)} for number in range(patients))
        users = (EhrUser(reference="Practitioner/measuring", name="Dr Synthetic"),)
        self._app = create_sandbox(backend, base_url=address, clients=self._clients, users=users, clock=self.clock)
        self._asks = self._app.test_client

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """One request."""
        path = environ["PATH_INFO"]
        if path != _BROWSERS:
            self._asked.append(path)
        return self._app(environ, start_response)

    def register(self, asked: list[str]) -> None:
        """Know an app."""
        client_id, redirect_uri, launch_url = asked
        self._clients[client_id] = Client(redirect_uris=(redirect_uri,), launch_url=launch_url, name=client_id)

    def launch(self, asked: list[str]) -> str:
        """The address that opens the app on a patient."""
        client_id, patient = asked
        answer = self._asks().post("/launches", json={"client": client_id, "patient": patient}, base_url=self._app.config["EHR_ADDRESS"])
        return str(answer.get_json()["launch_url"])

    def take_asked(self, _: object) -> list[str]:
        """The paths since the last call."""
        asked, self._asked = self._asked, []
        return asked


def patient_id(number: int) -> str:
    """The id of one of the patients."""
    return f"measured-{number}"


def main() -> None:
    """Serve until the input ends."""
    server = listen()
    address = f"http://127.0.0.1:{server.server_port}"
    ward = Ward(address, patients=int(sys.argv[1]))
    server.set_app(ward)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    commands: dict[str, Callable[[Any], Any]] = {
        "register": ward.register,
        "launch": ward.launch,
        "asked": ward.take_asked,
        "later": ward.clock.move,
    }
    answer_commands(address, commands)


if __name__ == "__main__":
    main()
