"""A FHIR server that promises every search parameter and then answers each search with everybody's resources."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from flask import Flask

from smart_app.sandbox.exchange.flask_adapter import fhir_blueprint
from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest, FhirResponse
from tests.support.serving import serving

_PAGING = {"_count", "_page"}


@dataclass(frozen=True, slots=True)
class Careless:
    """Forgets what a search asked for; reads, creates and the CapabilityStatement are the backend's own."""

    backend: FhirBackend

    def handle(self, request: FhirRequest) -> FhirResponse:
        """The backend's answer to the request without its filters."""
        searched = request.method == "GET" and request.path[:1].isupper() and "/" not in request.path
        kept = tuple((name, value) for name, value in request.query if name in _PAGING)
        return self.backend.handle(replace(request, query=kept) if searched else request)


@contextmanager
def careless(backend: FhirBackend) -> Iterator[str]:
    """Its FHIR base on a loopback port."""
    app = Flask(__name__)
    app.register_blueprint(fhir_blueprint(Careless(backend)))
    with serving(app) as address:
        yield f"{address}/fhir"
