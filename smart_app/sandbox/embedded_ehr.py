"""The EHR as one Flask app: its pages, its authorization server, and a FHIR API that only opens as far as a token goes."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from smart_app.sandbox.authorization.chart_launches import EhrUser, Lifetimes
from smart_app.sandbox.authorization.clients import Client, ClientDesk
from smart_app.sandbox.authorization.endpoints import AuthorizationServer
from smart_app.sandbox.authorization.records import Query, Records
from smart_app.sandbox.authorization.request import open_desk
from smart_app.sandbox.authorization.standalone import open_sign_in
from smart_app.sandbox.authorization.tokens import Ledger
from smart_app.sandbox.ehr_keys import EhrSigningKey, rsa_key
from smart_app.sandbox.ehr_pages import EhrPages
from smart_app.sandbox.exchange.flask_adapter import fhir_request, flask_response
from smart_app.sandbox.exchange.json_text import parsed, written
from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest, FhirResponse
from smart_app.sandbox.exchange.refusal import refusal
from smart_app.sandbox.faults.fault import NONE, Faults
from smart_app.sandbox.scope_guard.scope_enforcement import ScopeGuard
from smart_app.sandbox.scope_guard.token_reach import Recorder, ignore_touch

MAX_BODY = 32 * 1024 * 1024
_SECURITY_SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_OPEN_TO_BROWSER_APPS = ("/fhir", "/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/jwks", "/.well-known/")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def utc_now() -> datetime:
    """The clock of a running EHR."""
    return datetime.now(UTC)


def unguessable() -> str:
    """256 random bits for tokens, codes and launches."""
    return secrets.token_urlsafe(32)


def create_sandbox(
    backend: FhirBackend,
    *,
    base_url: str,
    clients: Mapping[str, Client],
    clock: Callable[[], datetime] = utc_now,
    new_id: Callable[[], str] = unguessable,
    users: tuple[EhrUser, ...] = (),
    title: str = "Northfield General",
    lifetimes: Lifetimes | None = None,
    signing_key: EhrSigningKey | None = None,
    recorder: Recorder = ignore_touch,
    patient_query: Query = (),
    user_query: Query = (),
    misbehaving: Faults = NONE,
) -> Flask:
    """An EHR over `backend`, reached at `base_url` (scheme, host and port); its FHIR base, the `iss` of launches, is `base_url`/fhir.

    `users` empty: every Practitioner may sign in. The two queries narrow which patients and users the pages offer.
    `misbehaving` are faults of the EHR as a whole; a launch brings its own.
    """
    base_url = base_url.rstrip("/")
    fhir_base, lifetimes, key = f"{base_url}/fhir", lifetimes or Lifetimes(), signing_key or rsa_key()
    app = Flask(__name__, template_folder="pages", static_folder="static", static_url_path="/assets")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY, TRUSTED_HOSTS=[urlsplit(base_url).hostname], EHR_ADDRESS=base_url
    )
    ledger = Ledger(lifetimes=lifetimes, clock=clock, new_id=new_id)
    desk = open_desk(clients, ledger=ledger, fhir_base=fhir_base, lifetimes=lifetimes, clock=clock, new_id=new_id)
    records = Records(backend=backend, base=fhir_base, patient_query=patient_query, user_query=user_query)
    pages = EhrPages(title=title, records=records, users=users, clients=clients, launches=desk.launches)
    server = AuthorizationServer(
        issuer=base_url,
        fhir_base=fhir_base,
        desk=desk,
        client_desk=ClientDesk(clients, clock=clock),
        sign_in=open_sign_in(desk, records, pages.users_here, title=title, lifetimes=lifetimes, clock=clock, new_id=new_id),
        ledger=ledger,
        key=key,
        clock=clock,
    )
    server.register(app)
    pages.register(app)
    guard = ScopeGuard(backend, recorder=recorder)
    FhirApi(base=fhir_base, backend=backend, guard=guard, ledger=ledger, issuer=base_url, misbehaving=misbehaving).register(app)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(SecurityError, _other_host)
    app.after_request(PageHeaders(policy=_content_policy(clients)).apply)
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirApi:
    """The FHIR base over HTTP. The capability statement is open to all; everything else needs a token."""

    base: str
    issuer: str
    backend: FhirBackend
    guard: ScopeGuard
    ledger: Ledger
    misbehaving: Faults = NONE

    def register(self, app: Flask) -> None:
        """Add every route to `app`."""
        app.add_url_rule("/fhir/metadata", "metadata", self.metadata)
        for rule in ("/fhir", "/fhir/", "/fhir/<path:path>"):
            app.add_url_rule(rule, "fhir", self.handle, methods=_METHODS, defaults=None if "<" in rule else {"path": ""})

    def metadata(self) -> Response:
        """The backend's capability statement, with how to get a token for it."""
        answer = self.backend.handle(self._request("metadata"))
        statement = parsed(answer.body)
        if statement is None or statement.get("resourceType") != "CapabilityStatement":
            return flask_response(answer)
        said = self._secured(self.misbehaving.statement(dict(statement)))
        return flask_response(FhirResponse(status=answer.status, headers=answer.headers, body=written(said)))

    def _secured(self, statement: dict[str, Any]) -> dict[str, Any]:
        implementation = {**statement.get("implementation", {"description": "Training EHR, synthetic data"}), "url": self.base}
        rest = [{**one, "security": self._security()} for one in statement.get("rest", [])]
        return {**statement, "implementation": implementation, "rest": rest}

    def _security(self) -> dict[str, Any]:
        """https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html, the older of its two ways."""
        places = {"authorize": "authorize", "token": "token", "revoke": "revoke", "introspect": "introspect"}
        uris = [{"url": name, "valueUri": f"{self.issuer}/oauth/{path}"} for name, path in places.items()]
        return {
            "cors": True,
            "extension": [{"url": _OAUTH_URIS, "extension": uris}],
            "service": [{"coding": [{"system": _SECURITY_SERVICE, "code": "SMART-on-FHIR"}], "text": "OAuth2 using SMART on FHIR"}],
        }

    def handle(self, path: str) -> Response:
        """One FHIR interaction within the token's reach."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return flask_response(refusal(401, "login", "An access token is needed.", authenticate='Bearer realm="fhir"'))
        grant = self.ledger.granted(token.strip())
        if grant is None:
            challenge = 'Bearer realm="fhir", error="invalid_token", error_description="The token is unknown, expired or revoked."'
            return flask_response(refusal(401, "login", "The access token is unknown, expired or revoked.", authenticate=challenge))
        honest = partial(self.guard.handle, grant=grant)
        return flask_response(grant.options.faults.fhir(self._request(path), honest))

    def _request(self, path: str) -> FhirRequest:
        """The request as backends take it. The base is this EHR's own whatever the address it was reached at, and the token stays here."""
        received = fhir_request(request, path, prefix="/fhir")
        headers = {name: value for name, value in received.headers.items() if name != "authorization"}
        return replace(received, base=self.base, headers=headers, method="GET" if received.method == "HEAD" else received.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHeaders:
    """The headers every answer carries. `policy` is the Content-Security-Policy of the pages."""

    policy: str

    def apply(self, response: Response) -> Response:
        """Add them, keeping what a view set itself."""
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if not request.path.startswith("/assets/"):
            response.headers["Cache-Control"] = "no-store"
        if request.path.startswith(_OPEN_TO_BROWSER_APPS):
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match, If-None-Exist, Prefer"
            response.headers["Access-Control-Allow-Methods"] = ", ".join(_METHODS)
            response.headers["Access-Control-Expose-Headers"] = "Content-Location, ETag, Location"
        return response


def _content_policy(clients: Mapping[str, Client]) -> str:
    """Own style, frames of the registered apps and of this EHR itself, no script at all.

    A browser holds `form-action` also against the redirect after a form, so the consent form names the apps too.
    """
    addresses = (address for client in clients.values() for address in (client.launch_url, *client.redirect_uris))
    origins = " ".join(dict.fromkeys(_origin(address) for address in addresses))
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'self'; "
        f"frame-src 'self' {origins}; form-action 'self' {origins}"
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _http_error(error: HTTPException) -> Response | tuple[str | Response, int]:
    """An OperationOutcome under the FHIR base, JSON for scripts, a page elsewhere."""
    status = error.code or 500
    if request.path.startswith("/fhir"):
        return flask_response(refusal(status, "not-found" if status == 404 else "processing", error.name))  # noqa: PLR2004
    if request.path == "/launches":
        return jsonify(error=error.name), status
    return render_template("stopped.html", reason=f"{error.name}."), status


def _other_host(_error: SecurityError) -> Response:
    """A request for a name that is not this EHR's. Plain text: without a known host no page can be addressed."""
    return Response(
        f"This EHR answers at {current_app.config['EHR_ADDRESS']} only.\n", status=400, content_type="text/plain; charset=utf-8"
    )
