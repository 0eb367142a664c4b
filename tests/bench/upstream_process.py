"""A FHIR server in a process of its own that costs next to nothing while it is measured against: every answer is worked out once, by
the embedded EHR's server, and served from memory after that. `python -m tests.bench.upstream_process [OBSERVATIONS …]` adds a patient
`measured-N` with N Observations for each number."""

import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.personas.build import build_all
from tests.bench.peer import answer_commands

Resource = dict[str, Any]
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
# Code, display, unit, lowest and highest value, category: what a diabetes clinic measures, LOINC and UCUM codes as in the measures files.
_KINDS = (
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", "6.1", "0.1", "laboratory"),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", "95", "3", "laboratory"),
    ("29463-7", "Body weight", "kg", "81.4", "0.3", "vital-signs"),
    ("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", "27.3", "0.1", "vital-signs"),
    ("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "mg/dL", "104", "2", "laboratory"),
)


def observations(patient: str, count: int, *, today: date) -> Iterator[Resource]:
    """A patient's results, the kinds in turn, spread evenly over the last two years, as a laboratory sends them."""
    for number in range(count):
        code, display, unit, lowest, step, category = _KINDS[number % len(_KINDS)]
        value = Decimal(lowest) + Decimal(step) * (number % 17)
        taken = datetime(today.year, today.month, today.day, 8, number % 60, tzinfo=UTC) - timedelta(days=number * 720 // count)
        yield {
            "resourceType": "Observation",
            "id": f"{patient}-{number}",
            "meta": {"versionId": "1", "lastUpdated": taken.isoformat(), "source": "urn:uuid:5f0c2e0a-3c5f-4f0d-9a57-6f1d5d0a7c11"},
            "identifier": [{"system": "https://laboratory.example/results", "value": f"{patient}-{number:06}"}],
            "status": "final",
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}],
            "code": {"coding": [{"system": _LOINC, "code": code, "display": display}], "text": display},
            "subject": {"reference": f"Patient/{patient}"},
            "encounter": {"reference": f"Encounter/{patient}-visit-{number // 5}"},
            "effectiveDateTime": taken.isoformat(),
            "issued": taken.isoformat(),
            "performer": [{"reference": "Organization/northfield-laboratory", "display": "Northfield laboratory"}],
            "valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit},
        }


def _patient(identity: str) -> Resource:
    name = {"use": "official", "family": "Measured", "given": ["Synthetic"]}
    general = [{"reference": "Practitioner/measuring", "display": "Dr Synthetic"}]
    return {
        "resourceType": "Patient",
        "id": identity,
        "name": [name],
        "birthDate": "1961-04-02",
        "gender": "female",
        "generalPractitioner": general,
    }


class Memory:
    """Answers by address: worked out at the first question, kept for the next ones. Counts who asks."""

    def __init__(self, backend: LocalServer) -> None:
        self._backend = backend
        self._known: dict[str, FhirResponse] = {}
        self._lock = threading.Lock()
        self._asked: list[str] = []
        self.delay = 0.0

    def answer(self, target: str, *, base: str) -> FhirResponse:
        """The answer to one GET, after the delay."""
        began = time.monotonic()
        found = self._known.get(target)
        if found is None:
            with self._lock:
                found = self._known.setdefault(target, self._worked_out(target, base=base))
        self._asked.append(target)
        if self.delay:
            time.sleep(max(0.0, began + self.delay - time.monotonic()))
        return found

    def _worked_out(self, target: str, *, base: str) -> FhirResponse:
        parts = urlsplit(target)
        path = parts.path.removeprefix("/fhir").strip("/")
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return self._backend.handle(FhirRequest(method="GET", path=path, base=base, query=query, headers={}))

    def set_delay(self, seconds: float) -> None:
        """Let every answer take so long."""
        self.delay = seconds

    def take_asked(self, _: object) -> list[str]:
        """The addresses asked for since the last call."""
        asked, self._asked = self._asked, []
        return asked


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    memory: Memory

    def do_GET(self) -> None:
        """One answer in one piece."""
        found = self.memory.answer(self.path, base=f"http://{self.headers['Host']}/fhir")
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def main() -> None:
    """Serve until the input ends."""
    today = datetime.now(UTC).date()
    backend = LocalServer()
    backend.load(build_all(today))
    for count in map(int, sys.argv[1:]):
        identity = f"measured-{count}"
        backend.load([_patient(identity), *observations(identity, count, today=today)])
    _Handler.memory = Memory(backend)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    commands = {"delay": _Handler.memory.set_delay, "asked": _Handler.memory.take_asked}
    answer_commands(f"http://127.0.0.1:{server.server_port}/fhir", commands)


if __name__ == "__main__":
    main()
