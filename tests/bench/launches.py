"""Launches from the embedded EHR, step by step as a browser takes them."""

import time
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import requests

from smart_app.registration import load_registration
from tests.bench.ehr_process import patient_id
from tests.bench.peer import Peer

PATIENTS = 200
OURS, PEERS = "rapport", "fhirclient"
_TIMEOUT = 60
# After its last byte the server still closes the request.
_SETTLE = 0.005


@dataclass
class Browser:
    """Opens an app from the EHR again and again, each time as a new browser would; connections are kept."""

    ehr: Peer
    app: Peer
    client_id: str
    opened: int = 0
    _http: requests.Session = field(default_factory=requests.Session)

    def __enter__(self) -> Self:
        """Make the app known to the EHR."""
        self._http.trust_env = False
        self.ehr.ask("register", [self.client_id, f"{self.app.address}/callback", f"{self.app.address}/launch"])
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connections."""
        self._http.close()

    def launch(self, *, settle: float = _SETTLE) -> float:
        """One launch, of the next patient: seconds of the app's processor time from `/launch` to the 303 after the callback, and what
        it goes on with in the `settle` seconds after."""
        address = self.ehr.ask("launch", [self.client_id, patient_id(self.opened % PATIENTS)])
        self.opened += 1
        before = float(self.app.ask("cpu"))
        self._through(address)
        time.sleep(settle)
        return float(self.app.ask("cpu")) - before

    def _through(self, address: str) -> None:
        """To the sign-in, back to the app, and to where that sends the browser."""
        authorize, cookies = self._step(address, {})
        callback, _ = self._step(authorize, {})
        landed, _ = self._step(callback, cookies)
        if not urlsplit(landed).path.startswith(("/l/", "/patient")):
            raise RuntimeError(f"a launch ended at {urlsplit(landed).path}")

    def _step(self, address: str, cookies: dict[str, str]) -> tuple[str, dict[str, str]]:
        """Where one request is redirected to, and the cookies set."""
        header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        answer = self._http.get(address, headers=header if cookies else {}, timeout=_TIMEOUT, allow_redirects=False)
        self._http.cookies.clear()
        if answer.status_code not in {302, 303}:
            raise RuntimeError(f"{urlsplit(address).path} answered {answer.status_code}: {answer.text[:300]}")
        pairs = (line.split(";")[0].partition("=") for line in answer.raw.headers.getlist("Set-Cookie"))
        return answer.headers["Location"], {name: value for name, _, value in pairs}


def scope() -> str:
    """What Rapport asks for, without `launch`, which fhirclient adds itself."""
    return load_registration(None).client.scope.removeprefix("launch ")
