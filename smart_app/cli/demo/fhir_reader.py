"""Reads the record back as any other FHIR client would: over REST, with a token of its own where the server wants one."""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import requests
import simplejson
from msgspec import Struct

from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import references_in
from smart_app.cli.demo.check_steps import expect
from smart_app.cli.demo.environment import READER_CLIENT, READER_REDIRECT, DemoEnvironment
from smart_app.cli.demo.seeded_results import day_in

_TIMEOUT = 60
_SCOPE = "launch patient/Patient.r patient/QuestionnaireResponse.rs patient/Observation.rs patient/Provenance.rs"


class FhirReader(Struct, frozen=True, kw_only=True):
    """Reads of one patient's record at `base`; its days are those of `zone`."""

    base: str
    patient: str
    token: str | None
    zone: ZoneInfo

    def _get(self, path: str) -> FhirJson:
        """One GET, past any cache: what was written a moment ago has to be in it. StepFailed unless it is answered with a resource."""
        headers = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        address = path if path.startswith(self.base) else f"{self.base}/{path}"
        answer = requests.get(address, headers=headers, timeout=_TIMEOUT)
        expect(answer.status_code == 200, f"GET {path.split('?', maxsplit=1)[0]} answered {answer.status_code}")
        resource: FhirJson = simplejson.loads(answer.text, use_decimal=True)
        return resource

    def read(self, reference: str) -> FhirJson:
        """A resource by `Type/id`."""
        return self._get(reference)

    def search(self, query: str) -> Iterator[FhirJson]:
        """Every resource a search finds, its pages followed."""
        bundle = self._get(query)
        while True:
            yield from (entry["resource"] for entry in bundle.get("entry", ()) if entry.get("search", {}).get("mode", "match") == "match")
            following = [link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"]
            if not following:
                return
            bundle = self._get(following[0])

    def responses_today(self) -> list[FhirJson]:
        """The QuestionnaireResponses of this patient authored today."""
        today = datetime.now(self.zone).date()
        found = self.search(f"QuestionnaireResponse?patient=Patient/{self.patient}&_count=50")
        return [one for one in found if day_in(self.zone, one.get("authored")) == today]

    def derived_from(self, responses: Sequence[FhirJson]) -> list[str]:
        """The responses and every Observation derived from them, as `Type/id`."""
        wanted = {f"QuestionnaireResponse/{one['id']}" for one in responses}
        observations = self.search(f"Observation?patient=Patient/{self.patient}&category=survey&_count=100")
        derived = [f"Observation/{one['id']}" for one in observations if _sources(one, self.base) & wanted]
        return [*wanted, *derived]


def _sources(observation: FhirJson, base: str) -> set[str]:
    """What an Observation is derived from, as `Type/id`."""
    return set(references_in(observation.get("derivedFrom"), base=base))


def reader_for(stand: DemoEnvironment, patient: str) -> FhirReader:
    """A reader of the record: straight from an open server, else with a token from a launch of its own."""
    if stand.upstream:
        return FhirReader(base=stand.upstream, patient=patient, token=None, zone=stand.zone)
    return FhirReader(base=stand.fhir, patient=patient, token=_token(stand, patient), zone=stand.zone)


def _token(stand: DemoEnvironment, patient: str) -> str:
    """An access token of the read-back client, by the whole SMART flow."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    launch = requests.post(f"{stand.ehr}/launches", json={"patient": patient, "client": READER_CLIENT}, timeout=_TIMEOUT).json()
    asked = {
        "response_type": "code",
        "client_id": READER_CLIENT,
        "redirect_uri": READER_REDIRECT,
        "scope": _SCOPE,
        "state": secrets.token_urlsafe(24),
        "aud": stand.fhir,
        "launch": launch["launch"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    answer = requests.get(f"{stand.ehr}/oauth/authorize", params=asked, allow_redirects=False, timeout=_TIMEOUT)
    code = parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", [""])[0]
    expect(bool(code), f"the EHR gave the read-back client no code: {answer.status_code}")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": READER_REDIRECT,
        "client_id": READER_CLIENT,
        "code_verifier": verifier,
    }
    token = requests.post(f"{stand.ehr}/oauth/token", data=form, timeout=_TIMEOUT)
    expect(token.status_code == 200, f"the EHR gave the read-back client no token: {token.status_code}")
    return str(token.json()["access_token"])
