"""The whole app beside the embedded EHR over the wire, the EHR told to misbehave launch by launch; what it was asked is kept.

A second server stands for everywhere else: it is never to be asked anything.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import simplejson
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from pydantic import SecretStr
from sqlalchemy import func, select

from smart_app.app import create_app
from smart_app.registration import ClientAuth, Issuer, PrivateKeyJwt, PublicClient, Registration, SecretBasic, SecretPost, load_registration
from smart_app.sandbox.authorization import clients as ehr
from smart_app.sandbox.ehr_keys import EhrSigningKey, rsa_key
from smart_app.sandbox.embedded_ehr import create_sandbox
from smart_app.sandbox.faults.whole_ehr import whole_ehr_faults
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.services import AppServices
from smart_app.settings import Settings
from smart_app.store.tables import launches
from tests.sandbox.smart_ward import APP_KEY, APP_RSA_KEY, Late, app_keys
from tests.support.clock import Clock
from tests.support.fhir_calls import FhirCalls
from tests.support.fresh_database import fresh_database
from tests.support.page import Page, read
from tests.support.serving import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SITE = "https://rapport.example.org"
SLUG = "rapport-check-in"
ITEMS = tuple(f"{element}-{number}" for element in ("goal", "task", "bond") for number in (1, 2, 3))
_OWN = {"Sec-Fetch-Site": "same-origin"}
_HBA1C = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
_LABORATORY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
# The app's secrets, for its environment.
ENVIRON = {
    "FAULTY_SECRET": "s3cret",
    "FAULTY_EC": simplejson.dumps(APP_KEY.as_dict(private=True)),
    "FAULTY_RSA": simplejson.dumps(APP_RSA_KEY.as_dict(private=True)),
}
# How the app is registered, and how the EHR knows it.
CLIENT_TYPES: dict[str, tuple[ClientAuth, ehr.ClientAuth]] = {
    "public": (PublicClient(), ehr.Public()),
    "client_secret_basic": (SecretBasic(secret_env="FAULTY_SECRET"), ehr.SecretBasic(secret="s3cret")),
    "client_secret_post": (SecretPost(secret_env="FAULTY_SECRET"), ehr.SecretPost(secret="s3cret")),
    "private_key_jwt RS384": (PrivateKeyJwt(key_env="FAULTY_RSA"), ehr.PrivateKeyJwt(jwks=app_keys)),
    "private_key_jwt ES384": (PrivateKeyJwt(key_env="FAULTY_EC"), ehr.PrivateKeyJwt(jwks=app_keys)),
}


@cache
def _ehr_key() -> EhrSigningKey:
    return rsa_key()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as a server saw it."""

    method: str
    path: str
    query: str
    authorization: str


@dataclass
class Listening:
    """A WSGI app that notes what it is asked before it answers."""

    app: "WSGIApplication"
    heard: list[Asked] = field(default_factory=list)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        asked = Asked(
            environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), environ.get("HTTP_AUTHORIZATION", "")
        )
        self.heard.append(asked)
        return self.app(environ, start_response)

    def to(self, path: str) -> list[Asked]:
        return [one for one in self.heard if one.path == path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a launch ended: the page, and the path of the chart when one was opened."""

    page: Page
    chart: str | None
    client: FlaskClient


@dataclass(kw_only=True)
class FaultyClinic:
    """`elsewhere` is the address of the other server, `stranger` what it heard."""

    app: Flask
    url: str
    backend: LocalServer
    clock: Clock
    ehr: Listening
    elsewhere: str
    stranger: Listening
    http: requests.Session
    client_type: str
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def services(self) -> AppServices:
        services: AppServices = self.app.extensions["rapport"]
        return services

    @property
    def record(self) -> FhirCalls:
        return FhirCalls(self.backend)

    def admit(self) -> str:
        """A new patient with three HbA1c results; the id. What a test does is then about nobody else's chart."""
        patient = f"pat-{next(self.numbers)}"
        name = [{"use": "official", "family": f"Fam{patient.replace('-', '')}", "given": ["Ingrid"]}]
        self.backend.load({"resourceType": "Patient", "id": patient, "name": name, "birthDate": "1968-03-14"})
        for number, value in enumerate((7.1, 7.4, 8.0), start=1):
            self.backend.load(_result(patient, f"a{number}", f"2025-0{number * 3}-01", value))
        return patient

    def add_results(self, patient: str, number: int) -> None:
        """So many older results, one for each day before the first of the three."""
        first = date(2025, 3, 1)
        for place in range(1, number + 1):
            self.backend.load(_result(patient, f"b{place}", (first - timedelta(days=place)).isoformat(), 6.5))

    def fhir_requests(self) -> int:
        """What was asked of the FHIR server, its statement included."""
        return len([one for one in self.ehr.heard if one.path.startswith("/fhir")])

    def launch(self, *faults: str, patient: str | None = None, signing_in: Callable[[], object] = bool, **options: Any) -> Arrival:
        """Open a chart as a browser does, the EHR misbehaving so; `signing_in` is what happens before it sends the browser back."""
        client = self.app.test_client()
        wish = {"patient": patient or self.admit(), "client": self.client_type, "options": {"faults": list(faults), **options}}
        made = self.http.post(f"{self.url}/launches", json=wish)
        assert made.status_code == 201, made.text
        begun = client.get(f"/launch?{urlsplit(made.json()['launch_url']).query}", base_url=SITE)
        answer = self._authorized(begun)
        if answer is None:
            return Arrival(page=read(begun), chart=None, client=client)
        assert answer.status_code == 303, answer.text
        signing_in()
        back = client.get(f"/callback?{urlsplit(answer.headers['Location']).query}", base_url=SITE)
        while (answer := self._authorized(back)) is not None:
            back = client.get(f"/callback?{urlsplit(answer.headers['Location']).query}", base_url=SITE)
        if back.status_code != 303:
            return Arrival(page=read(back), chart=None, client=client)
        chart = urlsplit(back.headers["Location"]).path
        return Arrival(page=read(client.get(chart, base_url=SITE)), chart=chart, client=client)

    def _authorized(self, begun: Any) -> requests.Response | None:
        """The EHR's answer to the authorization request, sent as a redirect or as a form."""
        if begun.status_code == 303 and not begun.headers["Location"].startswith(self.url):
            return None
        if begun.status_code == 303:
            return self.http.get(begun.headers["Location"], allow_redirects=False)
        form = BeautifulSoup(begun.get_data(as_text=True), "html.parser").select_one(f"form[action^='{self.url}/oauth/authorize']")
        if form is None:
            return None
        fields = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
        return self.http.post(str(form["action"]), data=fields, allow_redirects=False)

    def get(self, arrival: Arrival) -> Page:
        """The chart's page once more."""
        assert arrival.chart is not None
        return read(arrival.client.get(arrival.chart, base_url=SITE))

    def rate(self, arrival: Arrival) -> Page:
        """The clinician's form filled in and sent; the receipt, or where else it led."""
        assert arrival.chart is not None, arrival.page.text
        form = read(arrival.client.get(f"{arrival.chart}check/{SLUG}/clinician", base_url=SITE))
        assert form.status == 200, form.text
        return self.post(arrival, form.action("/check/"), form.form("/check/") | dict.fromkeys(ITEMS, "4"))

    def post(self, arrival: Arrival, action: str, fields: dict[str, str]) -> Page:
        """A form of the app sent, and where it led."""
        answer = arrival.client.post(action, data=fields, base_url=SITE, headers=_OWN)
        if answer.status_code != 303:
            return read(answer)
        return read(arrival.client.get(urlsplit(answer.headers["Location"]).path, base_url=SITE))

    def stored(self, patient: str) -> dict[str, int]:
        """How many of each type are in the patient's record beside the three results."""
        found = {}
        for kind in ("QuestionnaireResponse", "Observation"):
            bundle = self.record.search(kind, ("patient", patient), ("_count", "200"))
            found[kind] = len(bundle.get("entry", []))
        return {**found, "Observation": found["Observation"] - 3}

    def token_requests(self) -> int:
        return len(self.ehr.to("/oauth/token"))

    def open_launches(self) -> int:
        """Launches the app keeps that are open."""
        with self.services.store.database.begin() as connection:
            return int(connection.execute(select(func.count()).select_from(launches).where(launches.c.kind == "open")).scalar_one())


def _result(patient: str, name: str, day: str, value: float) -> dict[str, Any]:
    """An HbA1c."""
    return {
        "resourceType": "Observation",
        "id": f"{patient}-{name}",
        "status": "final",
        "category": [_LABORATORY],
        "code": _HBA1C,
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
    }


def _known(auth: ehr.ClientAuth) -> ehr.Client:
    return ehr.Client(name="Rapport", redirect_uris=(f"{SITE}/callback",), launch_url=f"{SITE}/launch", auth=auth)


def _elsewhere() -> Flask:
    """Answers everything, gladly."""
    app = Flask("elsewhere")
    app.add_url_rule("/", "at", lambda path="": {"resourceType": "Bundle", "type": "searchset"}, methods=["GET", "POST"])
    app.add_url_rule("/<path:path>", "under", lambda path="": {"resourceType": "Bundle", "type": "searchset"}, methods=["GET", "POST"])
    return app


@contextmanager
def faulty_clinic(
    folder: Path, *, client_type: str = "public", entry: Mapping[str, Any] | None = None, ehr_faults: Sequence[str] = (), **settings: Any
) -> Iterator[FaultyClinic]:
    """The app and the EHR while the block runs. A client type with a secret needs ENVIRON in the environment; `entry` is what
    else the app's entry for this EHR says, `ehr_faults` how the EHR misbehaves as a whole."""
    clock, late = Clock(), Late()
    backend = LocalServer(clock=clock)
    backend.load({"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": "Lindqvist", "given": ["Sofia"]}]})
    heard, stranger = Listening(late), Listening(_elsewhere())
    with serving(heard) as url, serving(stranger) as elsewhere, requests.Session() as http:
        known = {client_type: _known(CLIENT_TYPES[client_type][1])}
        late.app = create_sandbox(
            backend, base_url=url, clients=known, clock=clock, signing_key=_ehr_key(), misbehaving=whole_ehr_faults(ehr_faults)
        )
        app = create_app(_settings(folder, settings), registration=_registration(url, client_type, entry or {}), clock=clock)
        standing = FaultyClinic(
            app=app,
            url=url,
            backend=backend,
            clock=clock,
            ehr=heard,
            elsewhere=elsewhere,
            stranger=stranger,
            http=http,
            client_type=client_type,
        )
        try:
            yield standing
        finally:
            standing.services.pool.shutdown()
            standing.services.http.close()
            standing.services.store.close()
            backend.close()


def _settings(folder: Path, more: dict[str, Any]) -> Settings:
    return Settings(**{"secret_keys": (SecretStr("a" * 43),), "database_url": fresh_database(folder), "base_url": SITE, **more})


def _registration(url: str, client_type: str, entry: Mapping[str, Any]) -> Registration:
    shipped = load_registration()
    issuer = Issuer(
        name="Faulty EHR", iss=f"{url}/fhir", client_id=client_type, auth=CLIENT_TYPES[client_type][0], scope=shipped.client.scope
    )
    return replace(shipped, issuers=()).with_issuer(replace(issuer, **entry))
