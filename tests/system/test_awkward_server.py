"""Servers that answer a search with other patients' records: none of it is shown, and the page says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests

from smart_app.cli.demo.check import Walk
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.cli.demo.html_visitor import Page
from smart_app.sandbox.seeding.data_file import LaunchChoices
from tests.support.careless_server import careless
from tests.support.everybody import everybody
from tests.support.stands import foreign, opened, seeded, utc_today

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]
# Two patients of the same clinic, by what only one of the two charts may show.
OWEN, LUCA = "Castellane", "Ferrant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awkward:
    """The app on a server that ignores parameters, and whom it holds."""

    stand: DemoEnvironment
    choices: LaunchChoices

    def patient(self, family: str) -> str:
        """The id of the patient of that name."""
        return next(one.id for one in self.choices.patients if one.label.startswith(family))

    @contextmanager
    def opened(self, family: str) -> Iterator[Walk]:
        """A clinician at that patient's dashboard."""
        with opened(self.stand, self.patient(family)) as walk:
            yield walk


@pytest.fixture(scope="module")
def sekmet_ward(sekmet_base: str) -> Iterator[Awkward]:
    with seeded(sekmet_base, "falling-slowly", "missing-items") as choices, foreign(sekmet_base, "direct") as stand:
        yield Awkward(stand=stand, choices=choices)


@pytest.fixture(scope="module")
def careless_ward() -> Iterator[DemoEnvironment]:
    """Everybody's records behind every search, although the CapabilityStatement promises each parameter."""
    backend = everybody(utc_today())
    with careless(backend) as base, foreign(base, "direct") as stand:
        yield stand
    backend.close()


def rated(walk: Walk, informant: str) -> Page:
    """Where a whole form of that informant leads."""
    page, form = walk.form(informant)
    return walk.visitor.send(page, form, {name: values[2] for name, values in form.radios.items() if name[-1].isdigit()})


@pytest.mark.parametrize(("shown", "other"), [(OWEN, LUCA), (LUCA, OWEN)])
def test_a_server_that_cannot_search_answers_shows_nothing_of_the_other_patient(sekmet_ward: Awkward, shown: str, other: str) -> None:
    with sekmet_ward.opened(shown) as walk:
        page = walk.chart
    assert shown.upper() in page.text
    assert other.upper() not in page.text.upper()
    assert sekmet_ward.patient(other) not in page.html
    assert "does not offer searching QuestionnaireResponse" in page.text


def test_the_dashboard_still_shows_what_that_server_can_search(sekmet_ward: Awkward) -> None:
    with sekmet_ward.opened(OWEN) as walk:
        page = walk.chart
    assert "HbA1c rose from 71 mmol/mol (8.6 %) to 79 mmol/mol (9.4 %)" in page.text
    assert "This page is incomplete. 1 of 7 reads cannot be made, as the server does not offer them (Alliance answers)." in page.text


def test_a_submission_that_server_does_not_offer_to_take_ends_in_a_receipt_that_says_so(sekmet_ward: Awkward, sekmet_base: str) -> None:
    before = answers_in(sekmet_base)
    with sekmet_ward.opened(OWEN) as walk:
        receipt = rated(walk, "clinician")
    assert (receipt.status, "/receipt/" in receipt.url) == (200, True)
    assert "Not in the record yet: kept in Rapport" in receipt.text
    assert "does not offer “create” for QuestionnaireResponse" in receipt.text
    assert "Text for the note" in receipt.text
    assert answers_in(sekmet_base) == before


def answers_in(base: str) -> int:
    """How many responses the server holds, whoever's."""
    with requests.Session() as session:
        return int(session.get(f"{base}/QuestionnaireResponse?_count=0", timeout=30).json()["total"])


@pytest.mark.parametrize("patient", ["falling-slowly", "missing-items", "new-patient"])
def test_a_server_that_promises_and_does_not_filter_shows_nothing_of_the_others(careless_ward: DemoEnvironment, patient: str) -> None:
    with opened(careless_ward, patient) as walk:
        page = walk.chart
    others = {"falling-slowly", "missing-items", "new-patient", "views-differ", "ceiling"} - {patient}
    assert [slug for slug in others if f"{slug}." in page.html or f"Patient/{slug}" in page.html] == []
    assert "belong to other patients; nothing of theirs is used or shown" in page.text


def test_a_submission_to_that_server_stays_with_its_patient(careless_ward: DemoEnvironment) -> None:
    with opened(careless_ward, "falling-slowly") as walk:
        receipt = rated(walk, "clinician")
    assert "Saved in the record" in receipt.text
    references = {word.rstrip(",") for word in receipt.text.split() if word.startswith(("QuestionnaireResponse/", "Observation/"))}
    assert len(references) >= 6
    with opened(careless_ward, "new-patient") as walk:
        assert [one for one in references if one in walk.chart.html] == []
