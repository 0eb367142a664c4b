"""What blind entry keeps back, by one rule for every page."""

from pathlib import Path

import pytest
from msgspec.structs import replace

import smart_app
from fhir_mappings.instruments.instrument import Informant
from smart_app.care.record import closed_visits as rule
from smart_app.care.record.closed_visits import Visit, closed_visits, reveal
from smart_app.services import AppServices
from tests.care.support import in_launch, settings

HERS = ("Practitioner/sofia", "Encounter/e1")
NOBODYS = ("", "Encounter/e1")


def test_one_module_asks_what_was_revealed() -> None:
    house = Path(smart_app.__file__).parent
    asking = [path for path in house.rglob("*.py") if "reveals.among" in path.read_text()]
    assert asking == [Path(rule.__file__)]


@pytest.mark.parametrize(
    ("ratings", "closed"),
    [
        ([("patient", HERS)], {HERS}),
        ([("patient", HERS), ("clinician", HERS)], set()),
        ([("patient", HERS), ("observer", HERS)], {HERS}),
        ([("patient", HERS), ("clinician", ("Practitioner/sofia", "Encounter/e2"))], {HERS}),
        ([("patient", NOBODYS)], set()),
        ([("clinician", HERS)], set()),
    ],
)
def test_a_visit_is_closed_while_only_the_patient_has_rated_it(
    services: AppServices, ratings: list[tuple[Informant, Visit]], closed: set[Visit]
) -> None:
    assert closed_visits(in_launch(services), ratings) == closed


def test_a_visit_that_was_revealed_is_open(services: AppServices) -> None:
    reveal(in_launch(services), clinician=HERS[0], visit=HERS[1])
    assert closed_visits(in_launch(services), [("patient", HERS)]) == set()


def test_without_blind_entry_nothing_is_closed(services: AppServices) -> None:
    open_services = replace(services, settings=settings(blind_entry=False))
    assert closed_visits(in_launch(open_services), [("patient", HERS)]) == set()
