"""Who is signed in, by name, where the EHR gave a reference alone."""

import pytest
from msgspec.structs import replace

from smart_app.care.sessions.signed_in_name import with_name
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices
from tests.care.ehr import Ehr, refusal
from tests.care.support import context

NAMED = {"resourceType": "Practitioner", "id": "anders", "name": [{"family": "Holm", "given": ["Anders"]}]}
ALL = "user/Practitioner.r user/PractitionerRole.r"


def unnamed(reference: str = "Practitioner/anders", scope: str = ALL) -> LaunchContext:
    return context(user=replace(context().user, reference=reference, name=None), scope=scope)


def role(**practitioner: str) -> dict[str, object]:
    return {"resourceType": "PractitionerRole", "id": "r1", "practitioner": practitioner}


def test_practitioner_is_read(ehr: Ehr, services: AppServices) -> None:
    ehr.put(NAMED)
    assert with_name(unnamed(), services).user.name == "Anders Holm"


@pytest.mark.parametrize(
    "practitioner", [{"reference": "Practitioner/anders"}, {"reference": "Practitioner/other", "display": "Anders Holm"}]
)
def test_role_is_named_by_its_practitioner(ehr: Ehr, services: AppServices, practitioner: dict[str, str]) -> None:
    ehr.put(NAMED, role(**practitioner))
    assert with_name(unnamed("PractitionerRole/r1"), services).user.name == "Anders Holm"


def test_role_that_names_itself_is_read_no_further(ehr: Ehr, services: AppServices) -> None:
    ehr.put(role(reference="PractitionerRole/r1"))
    assert with_name(unnamed("PractitionerRole/r1"), services).user.name is None
    assert len(ehr.log) == 1


@pytest.mark.parametrize(
    ("reference", "scope"),
    [
        ("Practitioner/anders", "patient/Patient.r"),
        ("https://directory.example.org/fhir/Practitioner/anders", ALL),
        ("Patient/p1", f"{ALL} patient/Patient.r"),
    ],
)
def test_what_may_not_be_read_here_is_not_asked_for(ehr: Ehr, services: AppServices, reference: str, scope: str) -> None:
    ehr.put(NAMED)
    assert with_name(unnamed(reference, scope), services).user.name is None
    assert ehr.log == []


def test_record_that_does_not_answer_keeps_nobody_out(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda _method, _path: refusal(403, "no"))
    assert with_name(unnamed(), services).user.called == "the signed-in clinician"
