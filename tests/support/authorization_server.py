"""An EHR's authorization server at the wire (`responses`): answers discovery, keys and token requests, and keeps what it was asked."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import requests
import responses
import simplejson
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from tests.support.clock import Clock

Answer = tuple[int, dict[str, str], str]
BASE = "https://ehr.example.org/fhir"
ISSUER = "https://ehr.example.org/auth"
SCOPE = "launch openid fhirUser online_access patient/Patient.r patient/Observation.crus"


@cache
def rsa_key(key_id: str = "one") -> RSAKey:
    """A signing key; made once per test run, because making one is slow."""
    return RSAKey.generate_key(2048, parameters={"kid": key_id}, private=True)


@cache
def ec_key(curve: str, key_id: str = "ec") -> ECKey:
    return ECKey.generate_key(curve, parameters={"kid": key_id}, private=True)


def public(key: RSAKey | ECKey, **changes: Any) -> dict[str, Any]:
    """The published form of a key; a change of None removes."""
    return without_none({**key.as_dict(private=False), **changes})


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class AuthorizationServer:
    """Truthful by default. A test changes `document`, `claims`, `token` (None removes a member) or `keys` to make it lie."""

    def __init__(self, mock: responses.RequestsMock, clock: Clock) -> None:
        self.mock = mock
        self.clock = clock
        self.document: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.token: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.keys = [public(rsa_key())]
        self.authorized: dict[str, str] = {}
        self.refresh_tokens = ["refresh-1"]
        for method, address, answer in (
            ("GET", f"{BASE}/.well-known/smart-configuration", self._discovery),
            ("GET", f"{ISSUER}/keys", self._key_set),
            ("POST", f"{ISSUER}/token", self._tokens),
        ):
            mock.add_callback(method, address, callback=answer)

    def authorize(self, authorize_url: str) -> dict[str, list[str]]:
        """Sign the user in: the parameters of the callback."""
        self.authorized = dict(parse_qsl(urlsplit(authorize_url).query))
        return {"code": ["code-1"], "state": [self.authorized["state"]]}

    def asked(self, path: str) -> int:
        return sum(1 for call in self.mock.calls if urlsplit(str(call.request.url)).path == path)

    def last_form(self) -> dict[str, str]:
        body = self.mock.calls[-1].request.body
        return dict(parse_qsl(body.decode() if isinstance(body, bytes) else str(body)))

    def id_token(self) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": "user-1",
            "aud": "rapport",
            "iat": now,
            "exp": now + 300,
            "nonce": self.authorized.get("nonce"),
            "fhirUser": "Practitioner/dr-1",
            "name": "Dr Ada Example",
        }
        header = without_none({"typ": "JWT", "alg": "RS256", "kid": "one", **self.header})
        # Not `jwt.encode`: it cannot write half a surrogate pair, which JSON can.
        said = json.dumps(without_none({**claims, **self.claims})).encode()
        return jws.serialize_compact(header, said, rsa_key(), algorithms=[header["alg"]])

    def _discovery(self, _request: requests.PreparedRequest) -> Answer:
        return _json(
            200,
            without_none(
                {
                    "issuer": ISSUER,
                    "jwks_uri": f"{ISSUER}/keys",
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "capabilities": ["launch-ehr", "client-public", "sso-openid-connect"],
                    "code_challenge_methods_supported": ["S256"],
                    **self.document,
                }
            ),
        )

    def _key_set(self, _request: requests.PreparedRequest) -> Answer:
        return _json(200, {"keys": self.keys})

    def _tokens(self, request: requests.PreparedRequest) -> Answer:
        form = {name: values[0] for name, values in parse_qs(str(request.body)).items()}
        refuse = self._code_problem(form) if form["grant_type"] == "authorization_code" else self._refresh_problem(form)
        if refuse:
            return _json(400, {"error": "invalid_grant", "error_description": refuse})
        self.refresh_tokens.append(f"refresh-{len(self.refresh_tokens) + 1}")
        answer = {
            "access_token": f"access-{len(self.refresh_tokens) - 1}",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": self.authorized.get("scope"),
            "patient": "pat-1",
            "encounter": "enc-1",
            "refresh_token": self.refresh_tokens[-1],
            "id_token": self.id_token(),
        }
        return _json(200, without_none({**answer, **self.token}))

    def _code_problem(self, form: dict[str, str]) -> str | None:
        if form["code"] != "code-1" or form["redirect_uri"] != self.authorized["redirect_uri"]:
            return "unknown code"
        digest = urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        return None if digest == self.authorized["code_challenge"] else "PKCE does not verify"

    def _refresh_problem(self, form: dict[str, str]) -> str | None:
        return None if form["refresh_token"] == self.refresh_tokens[-1] else "refresh token was used"


def _json(status: int, document: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/json"}, simplejson.dumps(document)


def counting_ids() -> Callable[[], str]:
    """Ids that differ and are long enough for PKCE."""
    numbers = iter(range(10_000))
    return lambda: f"secret-{next(numbers):0>40}"
