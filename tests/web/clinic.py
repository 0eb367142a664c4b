"""The app beside an EHR at the wire: signs in as a browser does, and answers forms."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import responses
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace
from pydantic import SecretStr

from smart_app.app import create_app
from smart_app.registration import Issuer, PublicClient, load_registration
from smart_app.services import AppServices
from smart_app.settings import Settings
from tests.care.ehr import Ehr
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.fresh_database import fresh_database
from tests.support.page import Page, read

SLUG = "rapport-check-in"
ITEMS = tuple(f"{element}-{number}" for element in ("goal", "task", "bond") for number in (1, 2, 3))
FRAME = "https://ehr.example.org"
SCOPE = "launch openid fhirUser online_access patient/*.cruds"
SITE = "https://rapport.example.org"
OWN = {"Sec-Fetch-Site": "same-origin"}
# Two things that staff find to agree, on the hand-over page.
AGREED = {"identified-name": "yes", "identified-born": "yes"}


@dataclass(kw_only=True)
class Handed:
    """A device in the patient's hands: `start` is the address of their first page, `page` that of the form once they have said that it is
    them, or of the question whether they began what waits, `code` takes the device back."""

    start: str
    page: str
    code: str


def code_on(page: Page) -> str:
    """The return code of a hand-over page, "" where there is none."""
    shown = page.soup.select_one(".return-code")
    return shown.get_text(strip=True) if shown else ""


@dataclass(kw_only=True)
class Clinic:
    """`ehr` holds the records; `launch` opens a chart in a browser (`client`)."""

    app: Flask
    ehr: Ehr
    server: AuthorizationServer
    client: FlaskClient = field(init=False)
    _handed: dict[str, Handed] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.client = self.browser()

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    @property
    def services(self) -> AppServices:
        services: AppServices = self.app.extensions["rapport"]
        return services

    def get(self, path: str, client: FlaskClient | None = None) -> Page:
        return read((client or self.client).get(path, base_url=SITE))

    def begin(self, client: FlaskClient | None = None, launch: str = "abc+def==") -> Any:
        return (client or self.client).get(f"/launch?iss={BASE}&launch={launch}", base_url=SITE)

    def launch(self, *, patient: str = "pat-1", client: FlaskClient | None = None) -> str:
        """Open a chart; the path of its dashboard."""
        self.server.token["patient"] = patient
        callback = self.server.authorize(self.begin(client).headers["Location"])
        answer = (client or self.client).get(f"/callback?{urlencode(callback, doseq=True)}", base_url=SITE)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return urlsplit(answer.headers["Location"]).path

    def form(self, chart: str, informant: str = "patient") -> Page:
        """The form; the patient's own on this device, lent to them."""
        return self.get(self.lent(chart).page if informant == "patient" else f"{chart}check/{SLUG}/{informant}")

    def blank(self, chart: str, informant: str = "patient") -> dict[str, str]:
        """What the form sends beside the answers."""
        return self.form(chart, informant).form("/answers" if informant == "patient" else "/check/")

    def filled(self, chart: str, informant: str = "patient") -> dict[str, str]:
        return self.blank(chart, informant) | dict.fromkeys(ITEMS, "4")

    def send(self, chart: str, fields: dict[str, str], informant: str = "patient", **headers: str) -> Any:
        """The form sent. Once a patient's is taken, staff take the device back: where that leads, which is the receipt."""
        if informant != "patient":
            return self._post(f"{chart}check/{SLUG}/{informant}", fields, **headers)
        answer = self.patient_sends(chart, fields, **headers)
        return self.take_back(chart) if answer.status_code == 303 else answer

    def patient_sends(self, chart: str, fields: dict[str, str], **headers: str) -> Any:
        """The patient's form sent, and the device still in their hands."""
        return self._post(f"{self.lent(chart).start}answers", fields, **headers)

    def lent(self, chart: str, slug: str = SLUG, *, after_all: bool = False) -> Handed:
        """This device in the patient's hands: lent to them from that chart now, unless it was before; `after_all` also where they declined
        at this visit."""
        if chart not in self._handed:
            self._handed[chart] = self._hand_over(chart, slug, {**AGREED, "after-all": "yes"} if after_all else AGREED)
        return self._handed[chart]

    def take_back(self, chart: str) -> Any:
        """This device back from the patient, by its code."""
        fields = self.get("/lent").form("/lent/take-back") | {"code": self._handed.pop(chart).code}
        answer = self._post("/lent/take-back", fields)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return answer

    def _hand_over(self, chart: str, slug: str, agreed: dict[str, str]) -> Handed:
        page = self.get(f"{chart}handover/{slug}")
        assert page.status == 200, page.text
        answer = self._post(page.action("/handover/"), page.form("/handover/") | agreed)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        start = urlsplit(answer.headers["Location"]).path
        return Handed(start=start, page=self._begin(start), code=code_on(page))

    def _begin(self, start: str) -> str:
        """The patient says that it is them. Where something of theirs waits they are asked whether they began it instead, and the page
        that asks is the one they have."""
        first = self.get(start)
        if not first.goes("/begin"):
            return start
        return str(self._post(first.action("/begin"), first.form("/begin")).headers["Location"])

    def _post(self, path: str, fields: dict[str, str], **headers: str) -> Any:
        return self.client.post(path, data=fields, base_url=SITE, headers={**OWN, **headers})


def patient(identity: str, family: str, given: str) -> dict[str, Any]:
    name = [{"use": "official", "family": family, "given": [given]}]
    return {"resourceType": "Patient", "id": identity, "name": name, "birthDate": "1968-03-14", "gender": "female"}


def registered() -> Issuer:
    return Issuer(name="Example EHR", iss=BASE, client_id="rapport", auth=PublicClient(), scope=SCOPE, frame_ancestors=(FRAME,))


@contextmanager
def clinic(
    wire: responses.RequestsMock,
    server: AuthorizationServer,
    clock: Clock,
    *,
    folder: Path,
    issuer: Issuer | None = None,
    others: Sequence[Issuer] = (),
    ehr: Ehr | None = None,
    **more: Any,
) -> Iterator[Clinic]:
    """The app and the EHR, or the one given, while the block runs; `others` are registered as well."""
    ehr = ehr or Ehr(base=BASE)
    ehr.put(patient("pat-1", "Halvorsen", "Ingrid"), patient("pat-2", "Okafor", "Chidi"))
    ehr.attach(wire)
    settings = Settings(
        database_url=fresh_database(folder),
        # However busy the machine is, nothing is given up on that answers.
        **{
            "secret_keys": (SecretStr("a" * 43),),
            "read_timeout": 5,
            "read_deadline": 60,
            "base_url": SITE,
            "time_zone": "UTC",
            **more,
        },
    )
    registration = replace(load_registration(), issuers=tuple(others)).with_issuer(issuer or registered())
    app = create_app(settings, registration=registration, clock=clock)
    standing = Clinic(app=app, ehr=ehr, server=server)
    try:
        yield standing
    finally:
        standing.services.pool.shutdown()
        standing.services.http.close()
        standing.services.store.close()


def asked(wire: responses.RequestsMock) -> list[str]:
    return [urlsplit(str(call.request.url)).path for call in wire.calls]
