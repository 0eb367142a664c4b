"""What stood at every stop of the focus line, asked for once by a page that is open: one read, one entry in the audit trail."""

from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest
import responses
from bs4 import BeautifulSoup

from smart_app.sandbox.personas.build import build, build_staff, load_personas
from tests.care.ehr import Ehr, refusal
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import Page
from tests.web.clinic import SITE, Clinic, clinic

PERSONA = "difficult-visit"


@pytest.fixture
def stood(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """A clinic whose EHR holds a history of several visits."""
    ehr = Ehr(base=BASE)
    ehr.put(*build_staff(), *build(load_personas()[PERSONA], clock().date()))
    server.claims |= {"fhirUser": "Practitioner/sofia-lindqvist", "name": "Sofia Lindqvist"}
    with clinic(wire, server, clock, folder=tmp_path, ehr=ehr) as standing:
        yield standing


def told(rapport: Clinic, page: Page) -> BeautifulSoup:
    """What a page is told of its stops: no page, as only its script reads it."""
    [stepper] = page.soup.select("#focus")
    answer = rapport.client.get(str(stepper["data-told"]), base_url=SITE)
    assert (answer.status_code, answer.headers["Cache-Control"], answer.headers["Content-Language"]) == (200, "no-store", "en")
    html5lib.HTMLParser(strict=True).parse(answer.text)
    return BeautifulSoup(answer.text, "html.parser")


def mark(soup: BeautifulSoup) -> object:
    [marked] = soup.select("[data-read]")
    return marked["data-read"]


def days(page: Page) -> list[str]:
    return [stop.partition(",")[2] for stop in str(page.soup.select("#focus")[0]["data-stops"]).split()]


def reads_kept(rapport: Clinic) -> int:
    return [entry.event for entry in rapport.services.store.audit.entries()].count("history_read")


@pytest.mark.parametrize("query", ["", "?years=1", "?years=all", "?years=all&at=2001-01-01"])
def test_a_range_is_told_by_one_read_and_every_stop_of_it(stood: Clinic, query: str) -> None:
    chart = stood.launch(patient=PERSONA)
    before, kept = len(stood.ehr.log), reads_kept(stood)
    page = stood.get(f"{chart}{query}")
    of_page = len(stood.ehr.log) - before
    stops = told(stood, page)
    assert (len(stood.ehr.log) - before - of_page, reads_kept(stood) - kept) == (of_page, 2)
    assert [section["data-day"] for section in stops.select("section")] == days(page)
    assert len(days(page)) > 2
    assert mark(stops) == mark(page.soup)


def test_of_a_record_that_has_changed_the_mark_is_another(stood: Clinic) -> None:
    chart = stood.launch(patient=PERSONA)
    page = stood.get(chart)
    first = next(one for one in stood.ehr.of_type("Observation") if "valueQuantity" in one)
    stood.ehr.put({**first, "valueQuantity": {**first["valueQuantity"], "value": first["valueQuantity"]["value"] + 1}})
    assert mark(told(stood, page)) != mark(page.soup)
    assert mark(told(stood, page)) == mark(stood.get(chart).soup)


def test_of_a_read_that_failed_the_mark_is_another(stood: Clinic) -> None:
    page = stood.get(stood.launch(patient=PERSONA))
    stood.ehr.faults.append(lambda _, path: refusal(500, "out of order") if path.startswith("Observation") else None)
    assert mark(told(stood, page)) != mark(page.soup)


def test_nobody_else_is_told(stood: Clinic) -> None:
    answer = stood.browser().get(f"{stood.launch(patient=PERSONA)}stops", base_url=SITE)
    assert (answer.status_code >= 400, b"data-read" in answer.data) == (True, False)


def test_of_another_patient_there_is_nothing(stood: Clinic) -> None:
    answer = stood.client.get(f"{stood.launch()}stops", base_url=SITE)
    assert (answer.status_code, b"data-read" in answer.data, b"<section" in answer.data) == (200, True, False)
