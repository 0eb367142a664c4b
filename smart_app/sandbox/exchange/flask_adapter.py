"""Flask in front of a FhirBackend: requests under `/fhir` become FhirRequest, answers go out unchanged."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from flask import Blueprint, Request, Response, request

from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest, FhirResponse

Authorize = Callable[[FhirRequest], FhirResponse | None]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def fhir_blueprint(backend: FhirBackend, authorize: Authorize | None = None, *, prefix: str = "/fhir") -> Blueprint:
    """The FHIR base at `prefix`. `authorize` sees every request first: the response it returns is sent instead, None lets it pass.

    CORS and the smart-configuration are the app's business, not this blueprint's.
    """
    blueprint = Blueprint("fhir", __name__)

    def answer(path: str = "") -> Response:
        """One exchange with the backend."""
        exchange = fhir_request(request, path, prefix=prefix)
        refused = authorize(exchange) if authorize else None
        return flask_response(refused or backend.handle(exchange))

    for rule in (prefix, f"{prefix}/", f"{prefix}/<path:path>"):
        blueprint.add_url_rule(rule, "answer", answer, methods=METHODS, strict_slashes=False, provide_automatic_options=False)
    return blueprint


def fhir_request(received: Request, path: str, *, prefix: str) -> FhirRequest:
    """Flask's request as a FhirRequest; the base is the address it was reached at."""
    return FhirRequest(
        method=received.method,
        path=path.rstrip("/"),
        base=received.url_root.rstrip("/") + prefix,
        query=tuple(parse_qsl(received.query_string.decode("latin-1"), keep_blank_values=True)),
        headers={name.lower(): value for name, value in received.headers.items()},
        body=received.get_data(cache=False),
    )


def flask_response(answered: FhirResponse) -> Response:
    """The answer as it stands; no Content-Type of Flask's own where there is no body."""
    response = Response(answered.body, status=answered.status, headers=dict(answered.headers))
    if "Content-Type" not in answered.headers:
        del response.headers["Content-Type"]
    return response
