"""What blind entry keeps back, by one rule for every page."""

from pathlib import Path

import pytest
from msgspec.structs import replace

import smart_app
from fhir_mappings.instruments.instrument import Informant
from smart_app.care.record import closed_visits as rule
from smart_app.care.record.closed_visits import Visit, choices, closed_visits, looked_at, reveal
from smart_app.errors import SessionError
from smart_app.services import AppServices
from tests.care.support import context, in_launch, settings

HERS = ("Practitioner/sofia", "Encounter/e1")
NOBODYS = ("", "Encounter/e1")


def test_one_module_asks_what_was_revealed() -> None:
    house = Path(smart_app.__file__).parent
    asking = [path for path in house.rglob("*.py") if ".reveals.of(" in path.read_text()]
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


def test_what_somebody_else_chose_to_see_stays_closed(services: AppServices) -> None:
    tomas = replace(context(), user=replace(context().user, reference="Practitioner/tomas", name="Tomas Weiss", subject="tomas"))
    reveal(in_launch(services, tomas), clinician=HERS[0], visit=HERS[1], reason="safety")
    assert closed_visits(in_launch(services), [("patient", HERS)]) == {HERS}
    assert closed_visits(in_launch(services, tomas), [("patient", HERS)]) == set()
    made = choices(in_launch(services), [("patient", HERS)])
    [by] = looked_at(in_launch(services), made)[HERS]
    assert (by.name, by.reason) == ("Tomas Weiss", "safety")
    assert looked_at(in_launch(services, tomas), made) == {}


@pytest.mark.parametrize("reference", ["Practitioner/sofia", "Practitioner/tomas", "Device/kiosk", ""])
def test_a_sign_in_that_names_nobody_reveals_nothing(services: AppServices, reference: str) -> None:
    """An open server lends a clinician's name to whoever comes, and a choice of before under that name is nobody's to use."""
    reveal(in_launch(services), clinician=HERS[0], visit=HERS[1])
    nobody = replace(context(), user=replace(context().user, reference=reference, subject="" if "Pract" in reference else "kiosk"))
    with pytest.raises(SessionError, match="which person you are"):
        reveal(in_launch(services, nobody), clinician=HERS[0], visit="Encounter/e2", reason="safety")
    assert closed_visits(in_launch(services, nobody), [("patient", HERS)]) == {HERS}


def test_without_blind_entry_nothing_is_closed(services: AppServices) -> None:
    open_services = replace(services, settings=settings(blind_entry=False))
    assert closed_visits(in_launch(open_services), [("patient", HERS)]) == set()
