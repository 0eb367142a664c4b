"""An EHR on a loopback socket, as small as a launch needs it: sign-in description, keys, tokens, and a record that is read only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from flask import Flask, Response, request
from joserfc import jwt

from tests.care.ehr import Ehr
from tests.support.authorization_server import public, rsa_key
from tests.support.serving import serving

CLIENT = "rapport"
_SCOPE = "launch openid fhirUser patient/*.cruds"


@dataclass(kw_only=True)
class DeskEhr:
    """`address` is where it stands; `record` holds what can be read."""

    address: str = ""
    record: Ehr = field(default_factory=Ehr)
    signed_in: dict[str, tuple[str, str]] = field(default_factory=dict)
    turn: Lock = field(default_factory=Lock)

    @property
    def fhir(self) -> str:
        return f"{self.address}/fhir"

    def authorize(self, authorize_url: str, *, patient: str) -> dict[str, str]:
        """Sign the clinician in within that patient's chart: the parameters of the callback."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query))
        with self.turn:
            code = f"code-{len(self.signed_in)}"
            self.signed_in[code] = (patient, asked["nonce"])
        return {"code": code, "state": asked["state"]}

    def description(self) -> dict[str, Any]:
        return {
            "issuer": f"{self.address}/auth",
            "jwks_uri": f"{self.address}/auth/keys",
            "authorization_endpoint": f"{self.address}/auth/authorize",
            "token_endpoint": f"{self.address}/auth/token",
            "capabilities": ["launch-ehr", "client-public", "sso-openid-connect"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [public(rsa_key())]}

    def token(self) -> dict[str, Any]:
        patient, nonce = self.signed_in[request.form["code"]]
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": f"{self.address}/auth", "sub": "user-1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= {"fhirUser": "Practitioner/dr-1", "name": "Dr Ada Example"}
        return {
            "access_token": f"access-to-{patient}",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": _SCOPE,
            "patient": patient,
            "id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, rsa_key(), algorithms=["RS256"]),
        }

    def read(self, path: str) -> Response:
        asked = requests.Request("GET", f"{self.fhir}/{path}", params=list(request.args.items(multi=True))).prepare()
        status, headers, body = self.record._answer(asked)
        return Response(body, status=status, headers=headers)


@contextmanager
def desk_ehr(*patients: dict[str, Any]) -> Iterator[DeskEhr]:
    """The EHR with these patients, while the block runs."""
    ehr, app = DeskEhr(), Flask(__name__)
    app.add_url_rule("/fhir/.well-known/smart-configuration", "description", ehr.description)
    app.add_url_rule("/auth/keys", "keys", ehr.keys)
    app.add_url_rule("/auth/token", "token", ehr.token, methods=["POST"])
    app.add_url_rule("/fhir/<path:path>", "read", ehr.read)
    with serving(app) as address:
        ehr.address = address
        ehr.record = Ehr(base=ehr.fhir)
        ehr.record.put(*patients)
        yield ehr
