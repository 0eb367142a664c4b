import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.sessions.open_server import find_patients, open_chart
from smart_app.errors import LaunchError, NotFound
from smart_app.registration import Issuer, OpenServer, PublicClient
from smart_app.services import AppServices
from tests.care.ehr import BASE, Ehr
from tests.care.support import in_launch, patient

OPEN = Issuer(name="Public sandbox", iss=BASE, client_id="", auth=OpenServer(), scope="", synthetic_data=True)
SOFIA = {"resourceType": "Practitioner", "id": "sofia", "name": [{"family": "Lindqvist", "given": ["Sofia"]}]}


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient("p2"), patient("p1"), SOFIA)


def test_patients_are_listed_for_choice(ehr: Ehr, services: AppServices) -> None:
    found = find_patients(OPEN, services, text="")
    assert [row.id for row in found.patients] == ["p1", "p2"]
    assert found.complete


@pytest.mark.parametrize("issuer", [replace(OPEN, auth=PublicClient()), replace(OPEN, synthetic_data=False)])
def test_server_that_is_not_open_and_synthetic_is_refused(ehr: Ehr, services: AppServices, issuer: Issuer) -> None:
    with pytest.raises(LaunchError):
        find_patients(issuer, services, text="")
    with pytest.raises(LaunchError):
        open_chart(issuer, services, patient="p1")
    assert ehr.log == []


def test_chart_opens_as_the_first_practitioner_and_reads_the_history(ehr: Ehr, services: AppServices) -> None:
    opened = open_chart(OPEN, services, patient="p1")
    assert (opened.via, opened.patient, opened.synthetic, opened.access_token) == ("open", "p1", True, None)
    assert (opened.user.reference, opened.user.name) == ("Practitioner/sofia", "Sofia Lindqvist")
    assert opened.need_patient_banner
    found = load_history(in_launch(services, opened), years="2")
    assert found.can_write
    assert {read.state for read in found.reads} == {"complete"}


def test_patients_own_practitioner_goes_before_the_first(ehr: Ehr, services: AppServices) -> None:
    own = {"reference": "Practitioner/anders", "display": "Anders Holm"}
    ehr.put({**patient("p1"), "generalPractitioner": [own]})
    assert open_chart(OPEN, services, patient="p1").user.reference == "Practitioner/anders"
    assert open_chart(OPEN, services, patient="p1", practitioner="sofia").user.reference == "Practitioner/sofia"


def test_unknown_patient_opens_nothing(ehr: Ehr, services: AppServices) -> None:
    with pytest.raises(NotFound):
        open_chart(OPEN, services, patient="nobody")


@pytest.mark.parametrize("identity", ["", "..", "p1/_history/1", "p1?_format=xml", "p" * 65])
def test_what_cannot_be_a_patients_id_causes_no_request(ehr: Ehr, services: AppServices, identity: str) -> None:
    with pytest.raises(LaunchError) as refused:
        open_chart(OPEN, services, patient=identity)
    assert refused.value.code == "patient_malformed"
    assert ehr.log == []


def test_server_without_practitioners_says_so(ehr: Ehr, services: AppServices) -> None:
    del ehr.resources["Practitioner/sofia"]
    with pytest.raises(LaunchError, match="no Practitioner"):
        open_chart(OPEN, services, patient="p1")
