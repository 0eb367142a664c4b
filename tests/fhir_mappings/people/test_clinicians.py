"""Clinicians as the record names them, whatever JSON a server returns."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given

from fhir_mappings.people.clinicians import Named, general_practitioners, is_clinician, name_of, of_team, of_visit, practitioner_of
from tests.fhir_mappings.records import JUNK, mutated

TODAY = date(2026, 11, 22)
TOMAS = {"reference": "Practitioner/tomas", "display": "Tomas  Weiss "}
VISIT = {
    "resourceType": "Encounter",
    "status": "in-progress",
    "participant": [
        {"type": [{"coding": [{"code": "ATND"}]}, {"coding": [{"display": "attender"}]}], "individual": TOMAS},
        {"individual": {"reference": "PractitionerRole/9"}},
        {"individual": {"display": "somebody"}},
        {"type": [{"text": "nobody"}]},
    ],
}
TEAM = {
    "resourceType": "CareTeam",
    "status": "active",
    "participant": [
        {"role": [{"text": "Dietitian"}], "member": {"reference": "Practitioner/leila"}, "period": {"end": "2026-11-22"}},
        {"member": {"reference": "Practitioner/gone"}, "period": {"end": "2026-11-21"}},
        {"member": {"reference": "Organization/1"}, "period": {"end": "2026"}},
    ],
}


def test_clinicians_are_practitioners_and_their_roles_and_nobody_else() -> None:
    types = ["Practitioner", "PractitionerRole", "Person", "Patient", "RelatedPerson", "Device", "practitioner", ""]
    assert [kind for kind in types if is_clinician(kind)] == ["Practitioner", "PractitionerRole"]


def test_the_participants_of_a_visit_have_a_name_and_a_role_where_the_record_gives_one() -> None:
    assert list(of_visit(VISIT)) == [
        Named(reference="Practitioner/tomas", name="Tomas Weiss", role="attender"),
        Named(reference="PractitionerRole/9", name=None, role=None),
    ]


def test_whoever_has_left_the_team_is_not_in_it_and_the_last_day_still_counts() -> None:
    assert [one.reference for one in of_team(TEAM, today=TODAY)] == ["Practitioner/leila", "Organization/1"]


@pytest.mark.parametrize("status", ["entered-in-error", "inactive ", "proposed"])
def test_a_team_that_is_none_names_nobody(status: str) -> None:
    assert list(of_team(TEAM | {"status": status}, today=TODAY)) == []


def test_a_patient_names_general_practitioners() -> None:
    assert list(general_practitioners({"generalPractitioner": [TOMAS, {"display": "x"}]})) == [
        Named(reference="Practitioner/tomas", name="Tomas Weiss", role=None)
    ]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([{"text": "Dr. Tomas Weiss", "family": "W"}], "Dr. Tomas Weiss"),
        ([{"use": "old", "family": "Schwarz"}, {"family": "Weiss", "given": ["Tomas"], "prefix": ["Dr"]}], "Dr Tomas Weiss"),
        ([{"family": "Nick"}, {"use": "official", "family": "Weiss"}], "Weiss"),
        ([], None),
        ("Weiss", None),
    ],
)
def test_a_name_is_read_however_it_is_written(names: Any, said: str | None) -> None:
    assert name_of({"name": names}) == said


def test_a_role_leads_to_its_practitioner() -> None:
    role = {"practitioner": TOMAS, "code": [{"text": "Endocrinologist"}]}
    assert practitioner_of(role) == Named(reference="Practitioner/tomas", name="Tomas Weiss", role="Endocrinologist")
    assert practitioner_of({"practitioner": "Practitioner/tomas"}) is None


@given(mutated(VISIT | TEAM | {"generalPractitioner": [TOMAS], "name": [{"family": "W"}], "practitioner": TOMAS}))
def test_no_change_of_a_resource_makes_reading_raise(resource: Any) -> None:
    found = [*of_visit(resource), *of_team(resource, today=TODAY), *general_practitioners(resource)]
    behind, name = practitioner_of(resource), name_of(resource)
    assert all(one.reference for one in (*found, *([behind] if behind else [])))
    assert name != ""


@given(JUNK)
def test_no_json_makes_reading_raise(junk: Any) -> None:
    resource = dict.fromkeys(("participant", "generalPractitioner", "name", "practitioner", "code", "status"), junk)
    found = [*of_visit(resource), *of_team(resource, today=TODAY), *general_practitioners(resource), practitioner_of(resource)]
    assert all(one is None or one.reference for one in found)
    assert name_of(resource) != ""
