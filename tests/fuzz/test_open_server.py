"""Whatever a tester asks an open server's picker for."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smart_app.registration import OpenServer
from tests.fuzz.hostile import encodable, queries
from tests.fuzz.watch import MARKER, Watch, watched
from tests.support.authorization_server import BASE
from tests.support.examples import share
from tests.web.clinic import OWN, registered


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """The app beside an open server, where a tester picks the patient."""
    issuer = replace(registered(), auth=OpenServer(), client_id="", scope="", synthetic_data=True)
    with watched(tmp_path_factory.mktemp("open"), issuer=issuer) as standing:
        standing.clinic.ehr.put({"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": MARKER}]})
        yield standing


@share(1 / 5)
@given(
    query=queries("iss", "name", "id", known={"iss": st.just(BASE), "id": st.one_of(st.just("pat-1"), encodable), "name": encodable}),
    patient=st.one_of(st.just("pat-1"), encodable),
)
def test_any_pick_of_a_patient_is_answered(opened: Watch, query: bytes, patient: str) -> None:
    opened.fresh()
    assert opened.ask("GET", "/open", query=query).status_code in {200, 400, 403, 502}
    token = opened.clinic.get(f"/open?iss={BASE}").form("/open")
    answer = opened.ask("POST", "/open", data={**token, "patient": patient}, headers=OWN)
    assert answer.status_code in ({303} if patient == "pat-1" else {303, 400, 404, 502})
    if answer.status_code == 303:
        assert opened.ask("GET", opened.path_of(answer)).status_code == 200
