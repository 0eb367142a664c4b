"""An EHR with two patients, a few apps, and a browserless app that walks the SMART launch over HTTP."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests
from flask import Flask
from joserfc.jwk import ECKey, RSAKey

from smart_app.sandbox.authorization.chart_launches import EhrUser
from smart_app.sandbox.authorization.clients import Client, PrivateKeyJwt, SecretBasic, SecretPost
from smart_app.sandbox.ehr_keys import EhrSigningKey, ec_key
from smart_app.sandbox.embedded_ehr import create_sandbox
from smart_app.sandbox.exchange.messages import FhirBackend
from smart_app.sandbox.scope_guard.token_reach import ScopeUse
from tests.sandbox.memory_backend import MemoryBackend
from tests.support.serving import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CALLBACK = "http://localhost:9/callback"
LAUNCH = "http://localhost:9/launch"
SCOPE = "launch openid fhirUser online_access patient/Patient.r patient/Observation.crus patient/Practitioner.r"
SURVEY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}
LABORATORY = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}
APP_KEY = ECKey.generate_key("P-384", parameters={"kid": "app-1", "use": "sig", "alg": "ES384"})
APP_RSA_KEY = RSAKey.generate_key(2048, parameters={"kid": "app-2", "use": "sig", "alg": "RS384"})
EHR_KEY: EhrSigningKey = ec_key()
USERS = (EhrUser(reference="Practitioner/sofia", name="Sofia Lindqvist"), EhrUser(reference="Practitioner/tom", name="Tom Aas"))


def observation(oid: str, patient: str, *, category: Mapping[str, str] = LABORATORY) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": oid,
        "status": "final",
        "category": [{"coding": [dict(category)]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
        "subject": {"reference": f"Patient/{patient}"},
    }


def chart_resources() -> list[dict[str, Any]]:
    purpose = {"url": "https://w3id.org/rapport/fhir/StructureDefinition/demo-purpose", "valueString": "Shows <nothing> & more."}
    going_on = {"resourceType": "Encounter", "id": "e1", "status": "in-progress", "subject": {"reference": "Patient/p1"}}
    return [
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"given": ["Ada"], "family": "Berg"}],
            "birthDate": "1968-03-14",
            "extension": [purpose],
        },
        {"resourceType": "Patient", "id": "p2", "name": [{"text": "Cleo Dahl"}]},
        {"resourceType": "Practitioner", "id": "sofia", "name": [{"given": ["Sofia"], "family": "Lindqvist"}]},
        {"resourceType": "Practitioner", "id": "tom", "name": [{"given": ["Tom"], "family": "Aas"}]},
        {"resourceType": "Questionnaire", "id": "q1", "status": "active"},
        going_on | {"period": {"start": "2026-11-22T08:30:00Z"}},
        going_on | {"id": "e0", "period": {"start": "2026-11-20T08:30:00Z"}},
        {"resourceType": "Encounter", "id": "e2", "status": "in-progress", "subject": {"reference": "Patient/p2"}},
        observation("a1", "p1"),
        observation("a2", "p1", category=SURVEY),
        observation("b1", "p2"),
    ]


def app_keys() -> Any:
    return {"keys": [APP_KEY.as_dict(private=False), APP_RSA_KEY.as_dict(private=False)]}


def clients() -> dict[str, Client]:
    common: dict[str, Any] = {"redirect_uris": (CALLBACK,), "launch_url": LAUNCH}
    return {
        "rapport": Client(name="Rapport", **common),
        "basic": Client(name="Basic", auth=SecretBasic(secret="s3cret"), **common),
        "post": Client(name="Post", auth=SecretPost(secret="s3cret"), **common),
        "signed": Client(name="Signed", auth=PrivateKeyJwt(jwks=app_keys), **common),
        "narrow": Client(name="Narrow", scope="launch patient/Observation.rs", on_chart=False, **common),
    }


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


class Late:
    """A WSGI app named before it exists: the EHR must know its own address, and the port comes first."""

    app: Flask

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        return self.app(environ, start_response)


@dataclass
class Ward:
    """A running EHR as an app sees it."""

    url: str
    backend: Any
    clock: Clock
    http: requests.Session
    touches: list[ScopeUse] = field(default_factory=list)

    @property
    def fhir(self) -> str:
        return f"{self.url}/fhir"

    def launch(self, patient: str = "p1", **asked: Any) -> str:
        answer = self.http.post(f"{self.url}/launches", json={"patient": patient, **asked})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["launch"])

    def question(self, launch: str, /, **changed: str | None) -> dict[str, str]:
        """The parameters of a good authorization request; None in `changed` takes one out."""
        good = {"response_type": "code", "client_id": "rapport", "redirect_uri": CALLBACK, "scope": SCOPE, "state": "st", "aud": self.fhir}
        pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "launch": launch, "nonce": "n1"}
        return {name: value for name, value in {**good, **pkce, **changed}.items() if value is not None}

    def authorize(self, question: Any) -> requests.Response:
        return self.http.get(f"{self.url}/oauth/authorize", params=question, allow_redirects=False)

    def code(self, question: Any) -> str:
        return returned(self.authorize(question))["code"]

    def token(self, *, auth: Any = None, **form: Any) -> requests.Response:
        return self.http.post(f"{self.url}/oauth/token", data=form, auth=auth)

    def redeem(self, code: str, /, **changed: str) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "client_id": "rapport",
        }
        return self.token(**{**form, **changed})

    def signed_in(self, scope: str = SCOPE, patient: str = "p1", **asked: Any) -> dict[str, Any]:
        """The token answer of a whole launch."""
        answer = self.redeem(self.code(self.question(self.launch(patient, **asked), scope=scope)))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def call(self, token: str, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return self.http.request(method, f"{self.fhir}/{path}" if path else self.fhir, headers=headers, **more)


def returned(answer: requests.Response) -> dict[str, str]:
    """What the app's redirect address was told."""
    assert answer.status_code == 303, answer.text
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == CALLBACK
    return dict(parse_qsl(address.query))


@contextmanager
def running_ward(backend: FhirBackend | None = None, *, users: tuple[EhrUser, ...] = USERS) -> Iterator[Ward]:
    """An EHR over `backend`, or over the small chart, on a real socket; ids are numbered, the clock stands still."""
    late, clock, numbers = Late(), Clock(), count(1)
    held = backend or MemoryBackend(*chart_resources())
    with serving(late) as url, requests.Session() as http:
        ward = Ward(url=url, backend=held, clock=clock, http=http)
        late.app = create_sandbox(
            held,
            base_url=url,
            clients=clients(),
            clock=clock,
            new_id=lambda: f"id-{next(numbers)}",
            signing_key=EHR_KEY,
            recorder=ward.touches.append,
            users=users,
        )
        yield ward
