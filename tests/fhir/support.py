"""FHIR servers for tests, at the wire: addresses, bundles, and a socket that misbehaves."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests import Session

from smart_app.fhir.client import FhirClient

BASE = "https://ehr.example/fhir"


def client(session: Session, *, base: str = BASE, token: str | None = "secret-token", timeout: float = 2.0, pages: int = 5) -> FhirClient:
    return FhirClient(base=base, http=session, token=token, timeout=timeout, page_limit=pages)


def observation(number: int, *, patient: str = "p1") -> dict[str, Any]:
    return {"resourceType": "Observation", "id": f"o{number}", "subject": {"reference": f"Patient/{patient}"}}


def page(*resources: dict[str, Any], following: str | None = None, **more: Any) -> dict[str, Any]:
    entries = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    links = [{"relation": "next", "url": following}] if following else []
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": links, **more}


def outcome(text: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid", "diagnostics": text}]}


def notice(text: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing", "details": {"text": text}}]}


@contextmanager
def raw_server(*pieces: bytes, pause: threading.Event | None = None) -> Iterator[str]:
    """A socket that reads a request, then sends the pieces (waiting for `pause` between them) and closes. Yields its base."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_answer, args=(listener, pieces, pause), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
    finally:
        if pause:
            pause.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _answer(listener: socket.socket, pieces: tuple[bytes, ...], pause: threading.Event | None) -> None:
    try:
        connection, _ = listener.accept()
    except OSError:
        return
    with connection:
        connection.recv(1 << 16)
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                return
            if pause and pause.wait(0.1):
                return
