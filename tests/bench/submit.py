"""Submitting a form, from its POST to the 303, against POSTing the same bundle to the same HAPI FHIR server with the same HTTP client.

Both sides build nothing but the request; every submission has a fresh key. The app's side includes the outbox's commits."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import requests
import simplejson

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import demo_tag
from fhir_mappings.instruments.library import load_library
from fhir_mappings.instruments.scoring import score
from fhir_mappings.people.person import Person
from fhir_mappings.submission.transaction import Submission, submission_bundle
from smart_app import __version__
from smart_app.cli.demo.html_visitor import Page, PageForm
from smart_app.http import new_session
from tests.bench.desk import Desk, cookie_header, desk
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.timing import interleaved, seconds_of
from tests.peers.hapi_server import hapi

GOAL = 1.15
PAIRS = 40
CANONICAL = "https://w3id.org/rapport/fhir"
_PATIENT, _CLINICIAN = "rapport-bench-patient", "rapport-bench-clinician"
FHIR = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json", "Prefer": "return=minimal"}
TIMEOUT = 60


def measure(effort: Effort) -> Figures:
    """One figure."""
    session = new_session(pool=2)
    with hapi() as base:
        seed(session, base)
        with desk(base, _PATIENT) as at:
            page, form = at.walk.form("clinician")
            answers = {name: values[place % 2 + 2] for place, (name, values) in enumerate(form.radios.items()) if "-" in name}
            pair = interleaved(
                lambda: _through_the_app(session, at, page, form, answers),
                lambda: _direct(session, base, answers),
                rounds=max(30, effort.rounds(PAIRS)),
                unmeasured=5,
            )
    raw = pair.text(ours="through the app", other="direct")
    return [Figure(name="submit over the same bundle sent to HAPI direct", value=pair.ratio, goal=GOAL, unit="×", raw=raw)]


def seed(session: requests.Session, base: str) -> None:
    """The patient and the clinician, under ids of ours."""
    general = [{"reference": f"Practitioner/{_CLINICIAN}", "display": "Dr Synthetic"}]
    clinician = {"resourceType": "Practitioner", "id": _CLINICIAN, "name": [{"family": "Synthetic"}]}
    patient = {"resourceType": "Patient", "id": _PATIENT, "name": [{"family": "Measured"}], "generalPractitioner": general}
    for resource in (clinician, patient):
        address = f"{base}/{resource['resourceType']}/{resource['id']}"
        session.put(address, data=simplejson.dumps(resource), headers=FHIR, timeout=TIMEOUT).raise_for_status()


def _through_the_app(session: requests.Session, at: Desk, page: Page, form: PageForm, answers: dict[str, str]) -> float:
    """Seconds from the form's POST to its 303."""
    address = urljoin(page.url, form.action)
    fields = {**form.hidden, **answers, "key": str(uuid4()), "confirmed": "again"}
    origin = at.app.address
    headers = {"Cookie": cookie_header(at.cookies), "Origin": origin, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    return timed(lambda: session.post(address, data=fields, headers=headers, timeout=TIMEOUT, allow_redirects=False), 303)


def _direct(session: requests.Session, base: str, answers: dict[str, str]) -> float:
    """Seconds of one transaction."""
    body = simplejson.dumps(_bundle(answers), use_decimal=True, ensure_ascii=False).encode()
    return timed(lambda: session.post(base, data=body, headers=FHIR, timeout=TIMEOUT), 200)


def timed(send: Callable[[], requests.Response], wanted: int) -> float:
    """Seconds of one request. RuntimeError unless it was answered as it should be."""
    answers: list[requests.Response] = []
    taken = seconds_of(lambda: answers.append(send()))
    if answers[0].status_code != wanted:
        raise RuntimeError(f"a submission was answered with {answers[0].status_code}: {answers[0].text[:300]}")
    return taken


def _bundle(chosen: dict[str, str]) -> dict[str, Any]:
    """The clinician's submission as the app writes it."""
    scored = {item.link_id for item in load_library().get("rapport-check-in").items}
    extra = {name: value for name, value in chosen.items() if name not in scored}
    values = {name: int(value) for name, value in chosen.items() if name in scored}
    return submission_bundle(measured_submission(values, extra, key=str(uuid4())), base=CANONICAL)


def measured_submission(values: dict[str, int], extra: dict[str, str], *, key: str) -> Submission:
    """The clinician's, of this moment, with those answers."""
    instrument = load_library().get("rapport-check-in")
    now = datetime.now(UTC)
    clinician = Person(reference=f"Practitioner/{_CLINICIAN}", name="Dr Synthetic")
    return Submission(
        instrument=instrument,
        informant="clinician",
        answers=Answers(values=values, declined=(), extra=extra),
        scores=score(instrument, values),
        patient=_PATIENT,
        clinician=clinician,
        answered_by=clinician.reference,
        recorded_by=clinician.reference,
        encounter=None,
        authored=now,
        issued=now,
        key=key,
        app_version=__version__,
        tags=(demo_tag(CANONICAL),),
    )
