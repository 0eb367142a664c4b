"""A whole Rapport for a test: beside the embedded EHR, or on a foreign server, on free ports."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import requests

from smart_app.cli.demo.check import Subject, Walk
from smart_app.cli.demo.environment import DemoEnvironment, direct, embedded, relayed
from smart_app.cli.demo.html_visitor import HtmlVisitor
from smart_app.cli.demo.serving import take_port
from smart_app.sandbox.personas import load_personas
from smart_app.sandbox.seeding.data_file import LaunchChoices
from smart_app.sandbox.seeding.seed import clean, seed
from tests.support.everybody import everybody
from tests.support.fhir_calls import FhirCalls


def utc_today() -> date:
    """Today in UTC, as the personas' dates are."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """The app beside the embedded EHR; `record` asks the EHR's store itself, past every token."""

    stand: DemoEnvironment
    record: FhirCalls


@contextmanager
def clinic(*, database_url: str | None = None) -> Iterator[Clinic]:
    """All personas, a fresh record."""
    backend = everybody(utc_today())
    app_socket, ehr_socket = take_port(0)[0], take_port(0)[0]
    try:
        with embedded(backend, app_socket=app_socket, ehr_socket=ehr_socket, database_url=database_url) as stand:
            yield Clinic(stand=stand, record=FhirCalls(backend))
    finally:
        backend.close()


@contextmanager
def foreign(base: str, way: str) -> Iterator[DemoEnvironment]:
    """The app on the open server at `base`, `relayed` through the embedded EHR or `direct`."""
    if way == "direct":
        with direct(base, app_socket=take_port(0)[0]) as stand:
            yield stand
        return
    with relayed(base, app_socket=take_port(0)[0], ehr_socket=take_port(0)[0]) as stand:
        yield stand


@contextmanager
def opened(stand: DemoEnvironment, patient: str) -> Iterator[Walk]:
    """A clinician at that patient's dashboard."""
    with closing(HtmlVisitor()) as visitor:
        walk = Walk(stand=stand, subject=Subject(patient=patient), visitor=visitor)
        walk.open()
        yield walk


@contextmanager
def seeded(base: str, *slugs: str) -> Iterator[LaunchChoices]:
    """Those personas on the server at `base`, dated today; everything tagged as demo data is taken out before and after."""
    personas = [load_personas()[slug] for slug in slugs]
    with requests.Session() as session:
        clean(base, session=session)
        yield seed(base, utc_today(), session=session, personas=personas).choices
        clean(base, session=session)
