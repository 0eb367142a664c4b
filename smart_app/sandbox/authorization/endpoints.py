"""The OAuth and OpenID Connect endpoints over HTTP: authorize, consent, token, revoke, introspect, keys and discovery."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.datastructures import MultiDict

from smart_app.sandbox.authorization.clients import ASSERTION_ALGORITHMS, ClientDesk, ClientRefused
from smart_app.sandbox.authorization.request import AuthorizationDesk, AuthorizationRequest, Declined, ReturnAddress, Stopped
from smart_app.sandbox.authorization.standalone import SignIn
from smart_app.sandbox.authorization.tokens import Grant, GrantRefused, Issued, Ledger
from smart_app.sandbox.ehr_keys import EhrSigningKey
from smart_app.sandbox.faults.fault import Answer, PublishedKey, Raw
from smart_app.sandbox.smart_scopes import CONTEXT_SCOPES

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)
# The colours and type of this EHR's own pages (static/ehr.css). Another address when any of it changes.
STYLE_PATH = "/styles/northfield-1.json"
STYLE = {
    "color_background": "#ffffff",
    "color_text": "#1d2733",
    "color_highlight": "#3a4a44",
    "color_error": "#9e2d2d",
    "dim_border_radius": "3px",
    "dim_font_size": "14px",
    "font_family_body": "system-ui, sans-serif",
    "font_family_heading": "system-ui, sans-serif",
}
_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]


class _BadRequest(Exception):
    """400 with an OAuth error code."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServer:
    """The endpoints. `issuer` is also the origin they live under; `fhir_base` what the tokens are good for."""

    issuer: str
    fhir_base: str
    desk: AuthorizationDesk
    client_desk: ClientDesk
    sign_in: SignIn
    ledger: Ledger
    key: EhrSigningKey = field(repr=False)
    clock: Callable[[], datetime]
    # What the launch that was signed last publishes besides.
    further_keys: list[PublishedKey] = field(default_factory=list, init=False, repr=False)

    def register(self, app: Flask) -> None:
        """Add every route to `app`."""
        routes = (
            ("/oauth/authorize", "authorize", self.authorize, ["GET", "POST"]),
            ("/oauth/consent", "consent", self.consent, ["POST"]),
            ("/oauth/token", "token", self.token, ["POST"]),
            ("/oauth/revoke", "revoke", self.revoke, ["POST"]),
            ("/oauth/introspect", "introspect", self.introspect, ["POST"]),
            ("/oauth/jwks", "jwks", self.jwks, ["GET"]),
            ("/.well-known/openid-configuration", "openid_configuration", self.openid_configuration, ["GET"]),
            ("/fhir/.well-known/smart-configuration", "smart_configuration", self.smart_configuration, ["GET"]),
            (STYLE_PATH, "style", self.style, ["GET"]),
        )
        for rule, endpoint, view, methods in routes:
            app.add_url_rule(rule, endpoint, view, methods=methods)
        self.sign_in.register(app)
        app.register_error_handler(Stopped, _stopped)
        app.register_error_handler(ClientRefused, _client_refused)
        app.register_error_handler(GrantRefused, _grant_refused)
        app.register_error_handler(_BadRequest, _bad_request)

    def authorize(self) -> Response | str:
        """A redirect with a code or an error; the consent page where the launch asks for one, the sign-in page where there is no launch."""
        parameters = _values(request.form if request.method == "POST" else request.args)
        address = self.desk.address(parameters)
        try:
            if "launch" not in parameters:
                return self.sign_in.ask(parameters, address)
            asked = self.desk.check(parameters, address)
        except Declined as declined:
            return _see_other(address.with_answer({"error": declined.error, "error_description": str(declined)}))
        # There are no passwords here: whoever has to sign in anew is asked to press a button.
        return self._ask_user(asked) if asked.launch.options.consent or asked.anew else _see_other(self.desk.approve(asked))

    def _ask_user(self, asked: AuthorizationRequest) -> str:
        client = self.desk.clients[asked.address.client_id]
        ticket = self.desk.consents.put(asked)
        return render_template("consent.html", app_name=client.name, scopes=asked.scope.split(), ticket=ticket)

    def consent(self) -> Response:
        """What the user decided on the consent page; its ticket is good once."""
        asked = self.desk.consents.take(request.form.get("ticket", ""))
        if asked is None:
            raise Stopped("This permission page was answered before, or is too old. Open the app from the chart again.")
        if request.form.get("decision") != "allow":
            return _see_other(_denied(asked.address))
        return _see_other(self.desk.approve(asked))

    def token(self) -> Response:
        """Tokens for a code or a refresh token."""
        form = _single_form()
        client_id = self._client(form)
        if form.get("grant_type") == "authorization_code":
            _need(form, "code", "redirect_uri", "code_verifier")
            issued = self.ledger.redeem_code(
                form["code"], client_id=client_id, redirect_uri=form["redirect_uri"], verifier=form["code_verifier"]
            )
            answer = {**self._token_answer(issued), **self._identity(issued.grant)}
            return _no_store(_sent(issued.grant.options.faults.token(answer)))
        if form.get("grant_type") == "refresh_token":
            _need(form, "refresh_token")
            instead = self._instead_of_renewal(form["refresh_token"], client_id)
            if instead is not None:
                return _no_store(_sent(instead))
            issued = self.ledger.refresh(form["refresh_token"], client_id=client_id, scope=form.get("scope"))
            return _no_store(_sent(issued.grant.options.faults.renewal(self._token_answer(issued))))
        raise _BadRequest("unsupported_grant_type", "grant_type must be authorization_code or refresh_token.")

    def _instead_of_renewal(self, refresh_token: str, client_id: str) -> Raw | None:
        """What a launch that misbehaves is answered in place of a renewal, its refresh token as good as before."""
        holding = self.ledger.holding(refresh_token, client_id=client_id)
        answer = holding.grant.options.faults.renewal({}) if holding else {}
        return answer if isinstance(answer, Raw) else None

    def revoke(self) -> Response:
        """RFC 7009."""
        form = _single_form()
        client_id = self._client(form)
        _need(form, "token")
        holding = self.ledger.holding(form["token"], client_id=client_id)
        instead = holding.grant.options.faults.revocation() if holding else None
        if instead is not None:
            return _no_store(_sent(instead))
        self.ledger.revoke(form["token"], client_id=client_id)
        return _no_store(Response(status=200))

    def introspect(self) -> Response:
        """RFC 7662, for a client's own tokens."""
        form = _single_form()
        client_id = self._client(form)
        _need(form, "token")
        holding = self.ledger.holding(form["token"], client_id=client_id)
        if holding is None:
            return _no_store(jsonify(active=False))
        grant = holding.grant
        told = {
            "active": True,
            "client_id": grant.client_id,
            "scope": grant.scope,
            "exp": int(holding.expires.timestamp()),
            "iss": self.issuer,
            "sub": self._subject(grant),
            "fhirUser": f"{self.fhir_base}/{grant.user.reference}",
        }
        return _no_store(jsonify({**told, **_context(grant)}))

    def jwks(self) -> Response:
        """The keys id_tokens verify with."""
        return jsonify({"keys": [*self.key.jwks()["keys"], *self.further_keys]})

    def openid_configuration(self) -> Response:
        """OpenID Connect discovery."""
        return jsonify({**self._endpoints(), **self._openid()})

    def smart_configuration(self) -> Response:
        """SMART discovery: https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#metadata."""
        return jsonify({**self._endpoints(), "capabilities": list(CAPABILITIES)})

    def style(self) -> Response:
        """How this EHR looks, for apps that were told of it."""
        return jsonify(STYLE)

    def _endpoints(self) -> dict[str, object]:
        oauth = f"{self.issuer}/oauth"
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{oauth}/jwks",
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "revocation_endpoint": f"{oauth}/revoke",
            "introspection_endpoint": f"{oauth}/introspect",
            "token_endpoint_auth_methods_supported": _AUTH_METHODS,
            "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": [
                *sorted(CONTEXT_SCOPES - {"launch/encounter"}),
                "patient/*.cruds",
                "user/*.cruds",
                "patient/*.*",
                "user/*.*",
            ],
        }

    def _openid(self) -> dict[str, object]:
        return {"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": [self.key.algorithm]}

    def _client(self, form: Mapping[str, str]) -> str:
        """The authenticated client of this request. A public one need not say again at a renewal who it is (RFC 6749 6): its token does."""
        named = request.headers.get("Authorization") or {"client_id", "client_assertion"} & form.keys()
        if form.get("grant_type") == "refresh_token" and not named:
            form = {**form, "client_id": self.ledger.owner(form.get("refresh_token", ""))}
        return self.client_desk.identify(form, request.headers.get("Authorization"), audience=f"{self.issuer}/oauth/token")

    def _token_answer(self, issued: Issued) -> dict[str, object]:
        grant = issued.grant
        answer: dict[str, object] = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "scope": grant.scope,
            "need_patient_banner": grant.options.need_patient_banner,
            **_context(grant),
        }
        if issued.refresh_token is not None:
            answer["refresh_token"] = issued.refresh_token
        if grant.options.intent is not None:
            answer["intent"] = grant.options.intent
        return answer | grant.options.context.told(style_url=f"{self.issuer}{STYLE_PATH}")

    def _identity(self, grant: Grant) -> dict[str, str]:
        """The id_token, when openid was granted."""
        scopes = grant.scope.split()
        if "openid" not in scopes:
            return {}
        now = int(self.clock().timestamp())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": self._subject(grant),
            "aud": grant.client_id,
            "iat": now,
            "exp": now + 300,
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        if grant.signed_in is not None:
            claims["auth_time"] = int(grant.signed_in.timestamp())
        if "fhirUser" in scopes:
            claims |= {"fhirUser": f"{self.fhir_base}/{grant.user.reference}", "name": grant.user.name}
        signed = grant.options.faults.id_token(claims, self.key)
        self.further_keys[:] = grant.options.faults.published()
        return {"id_token": signed} if signed is not None else {}

    def _subject(self, grant: Grant) -> str:
        """A stable name for the user that is no FHIR id."""
        return sha256(f"{self.issuer} {grant.user.reference}".encode()).hexdigest()[:32]


def _context(grant: Grant) -> dict[str, str]:
    """Launch context, for a grant that has a launch scope."""
    if {"launch", "launch/patient"}.isdisjoint(grant.scope.split()):
        return {}
    return {"patient": grant.patient, **({"encounter": grant.encounter} if grant.encounter else {})}


def _denied(address: ReturnAddress) -> str:
    return address.with_answer({"error": "access_denied", "error_description": "The user did not allow it."})


def _values(given: MultiDict[str, str]) -> dict[str, list[str]]:
    return {name: given.getlist(name) for name in given}


def _single_form() -> dict[str, str]:
    repeated = sorted(name for name, values in request.form.lists() if len(values) > 1)
    if repeated:
        raise _BadRequest("invalid_request", f"Given more than once: {', '.join(repeated)}.")
    return request.form.to_dict()


def _need(form: Mapping[str, str], *names: str) -> None:
    missing = [name for name in names if not form.get(name)]
    if missing:
        raise _BadRequest("invalid_request", f"Missing: {', '.join(missing)}.")


def _see_other(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _sent(answer: Answer | Raw) -> Response:
    """The answer as JSON; a raw one as it stands."""
    return Response(answer.body, status=answer.status, headers=list(answer.headers)) if isinstance(answer, Raw) else jsonify(answer)


def _no_store(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def _stopped(stopped: Stopped) -> tuple[str, int]:
    return render_template("stopped.html", reason=str(stopped)), 400


def _oauth_error(error: str, description: str, *, status: int) -> Response:
    response = jsonify(error=error, error_description=description)
    response.status_code = status
    return _no_store(response)


def _client_refused(refused: ClientRefused) -> Response:
    response = _oauth_error("invalid_client", str(refused), status=401)
    response.headers["WWW-Authenticate"] = 'Basic realm="token endpoint"'
    return response


def _grant_refused(refused: GrantRefused) -> Response:
    return _oauth_error(refused.error, str(refused), status=400)


def _bad_request(refused: _BadRequest) -> Response:
    return _oauth_error(refused.error, str(refused), status=400)
