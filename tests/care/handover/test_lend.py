"""What staff and patient agree on before a device is lent."""

from datetime import date

import pytest

from fhir_mappings.people.patient import PatientFields
from smart_app.care.handover.lend import identified, identifiers, is_user
from smart_app.store import author_of
from tests.support.samples import CONTEXT


def patient(
    *, family: str = "Halvorsen", given: str = "Ingrid", born: date | None = date(1968, 3, 14), number: str = "604 2218"
) -> PatientFields:
    return PatientFields(
        id="pat-1",
        family=family,
        given=given,
        title="",
        born=born,
        born_text="1968",
        gender=None,
        identifier=("MRN", number) if number else None,
        deceased=None,
    )


def test_name_birth_date_and_number_as_far_as_they_are_recorded() -> None:
    assert identifiers(patient()) == ("name", "born", "number")
    assert identifiers(patient(family="", given="")) == ("born", "number")
    assert identifiers(patient(born=None)) == ("name", "number")
    assert identifiers(patient(family="", number="")) == ("name", "born")


@pytest.mark.parametrize("ticked", [["name", "born"], ["born", "number"], ["name", "number"], ["name", "born", "number"]])
def test_two_of_them_are_enough(ticked: list[str]) -> None:
    assert identified(patient(), ticked)


@pytest.mark.parametrize("ticked", [[], ["name"], ["name", "name"], ["name", "shoe size"]])
def test_fewer_are_not(ticked: list[str]) -> None:
    assert not identified(patient(), ticked)


def test_what_the_record_does_not_have_cannot_agree() -> None:
    assert not identified(patient(born=None), ["name", "born"])


def test_the_same_user_is_one_of_the_same_ehr() -> None:
    author = author_of(CONTEXT)
    assert is_user(author, iss="https://ehr.example.org/fhir", reference="Practitioner/dr-1")
    assert not is_user(author, iss="https://other.example.org/fhir", reference="Practitioner/dr-1")
    assert not is_user(author, iss="https://ehr.example.org/fhir", reference="Practitioner/dr-2")
    assert not is_user(author, iss="https://ehr.example.org/fhir", reference="Patient/dr-1")
