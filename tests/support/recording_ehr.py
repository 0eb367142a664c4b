"""An EHR of many patients at the wire that keeps, of every request, whose token it carried and which patients it named.

It is strict where a crossing would show: a refresh token works once, and a second use ends the family; an access token of another
patient is answered all the same, so that what would go wrong can be seen in the page as well as in the record.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import simplejson
from joserfc import jwt
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from tests.care.ehr import Ehr, statement
from tests.support.authorization_server import public, rsa_key
from tests.support.clock import Clock

BASE = "https://many.example.org/fhir"
_AUTH = "https://many.example.org/auth"
_NAMED = re.compile(r"pat-(\d{3})")
# Ids of what is stored begin with the number of the patient it is about.
_ID = re.compile(r"/(\d{1,3})00(\d{6})\b")
_KEPT_RESOURCES = 12


@dataclass(frozen=True, slots=True)
class Carried:
    """One FHIR request: whose token it carried (None: nobody's), which patients it named."""

    patient: str | None
    named: frozenset[str]
    write: bool


@dataclass(kw_only=True)
class Family:
    """The tokens of one launch."""

    patient: str
    refresh_token: str
    over: bool = False


class RecordingEhr(BaseAdapter):
    """Mount it on a session for `https://many.example.org/`."""

    def __init__(self, *, patients: int, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.charts = {f"pat-{number:03}": _chart(number) for number in range(1, patients + 1)}
        self.log: list[Carried] = []
        self.refreshed = 0
        self._families: dict[str, Family] = {}
        self._access: dict[str, str] = {}
        self._codes: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._lock = Lock()

    def close(self) -> None:
        """Nothing is open."""

    def authorize(self, authorize_url: str, *, patient: str) -> dict[str, str]:
        """Sign the clinician in within that patient's chart: the parameters of the callback."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(authorize_url).query).items()}
        with self._lock:
            code = f"code-{len(self._codes)}"
            self._codes[code] = (patient, asked)
        return {"code": code, "state": asked["state"]}

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """One answer."""
        parts = urlsplit(str(request.url))
        with self._lock:
            status, body = self._answer(request, parts.path, parts.query)
        raw = HTTPResponse(
            body=BytesIO(simplejson.dumps(body, use_decimal=True).encode()),
            headers={"Content-Type": "application/fhir+json"},
            status=status,
            preload_content=False,
        )
        response = requests.Response()
        response.status_code, response.raw, response.request, response.url = status, raw, request, str(request.url)
        response.headers.update(raw.headers)
        return response

    def crossings(self) -> list[Carried]:
        """Requests that named a patient other than their token's, or a patient without a token."""
        return [one for one in self.log if one.named - {one.patient}]

    def _answer(self, request: requests.PreparedRequest, path: str, query: str) -> tuple[int, Any]:
        match path:
            case "/fhir/.well-known/smart-configuration":
                return 200, _DISCOVERY
            case "/auth/keys":
                return 200, {"keys": [public(rsa_key())]}
            case "/auth/token":
                return self._tokens({name: values[0] for name, values in parse_qs(str(request.body)).items()})
            case "/fhir/metadata":
                return 200, statement()
        return self._fhir(request, unquote(f"{path}?{query}"))

    def _tokens(self, form: Mapping[str, str]) -> tuple[int, Any]:
        if form["grant_type"] == "authorization_code":
            patient, asked = self._codes.pop(form["code"])
            return 200, self._issued(Family(patient=patient, refresh_token="")) | {"id_token": self._id_token(asked["nonce"])}
        family = self._families[form["refresh_token"]]
        if family.over or family.refresh_token != form["refresh_token"]:
            family.over = True
            return 400, {"error": "invalid_grant"}
        self.refreshed += 1
        return 200, self._issued(family)

    def _issued(self, family: Family) -> dict[str, Any]:
        number = len(self._access)
        family.refresh_token = f"refresh-{number}"
        self._families[family.refresh_token] = family
        self._access[f"access-{number}"] = family.patient
        return {
            "access_token": f"access-{number}",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "launch openid fhirUser online_access patient/*.cruds",
            "patient": family.patient,
            "refresh_token": family.refresh_token,
        }

    def _id_token(self, nonce: str) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": _AUTH,
            "sub": "user-1",
            "aud": "rapport",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "fhirUser": "Practitioner/dr-1",
        }
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, rsa_key(), algorithms=["RS256"])

    def _fhir(self, request: requests.PreparedRequest, address: str) -> tuple[int, Any]:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        token = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
        said = f"{address} {body}"
        named = {f"pat-{number}" for number in _NAMED.findall(said)} | {f"pat-{int(number):03}" for number, _ in _ID.findall(said)}
        self.log.append(Carried(self._access.get(token), frozenset(named), request.method == "POST"))
        whose = min(named) if named else self._access.get(token, "pat-001")
        status, _, text = self.charts[whose]._answer(request)
        _trim(self.charts[whose])
        return status, simplejson.loads(text, use_decimal=True) if text else {}


_DISCOVERY = {
    "issuer": _AUTH,
    "jwks_uri": f"{_AUTH}/keys",
    "authorization_endpoint": f"{_AUTH}/authorize",
    "token_endpoint": f"{_AUTH}/token",
    "capabilities": ["launch-ehr", "client-public", "sso-openid-connect"],
    "code_challenge_methods_supported": ["S256"],
}


@dataclass(kw_only=True)
class _Chart(Ehr):
    """One patient's part of the record; `fixed` is never trimmed."""

    fixed: frozenset[str] = field(default_factory=frozenset)


def family_of(patient: str) -> str:
    """A name nobody else has, in letters: the page must hold it, and no other page."""
    number = int(patient.removeprefix("pat-"))
    return f"Zq{chr(97 + number // 26)}{chr(97 + number % 26)}familie"


def _chart(number: int) -> _Chart:
    patient = f"pat-{number:03}"
    chart = _Chart(base=BASE, count=number * 100_000_000)
    chart.put(
        {
            "resourceType": "Patient",
            "id": patient,
            "name": [{"use": "official", "family": family_of(patient), "given": ["Alex"]}],
            "birthDate": "1968-03-14",
        }
    )
    chart.fixed = frozenset(chart.resources)
    return chart


def _trim(chart: _Chart) -> None:
    """The oldest of what was stored goes: this is about whose it is, not how much."""
    extra = [place for place in chart.resources if place not in chart.fixed][:-_KEPT_RESOURCES]
    for place in extra:
        del chart.resources[place]
