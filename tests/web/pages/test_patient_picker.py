from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import pytest
import responses
from msgspec.structs import replace

from smart_app.registration import OpenServer
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.page import read
from tests.web.clinic import OWN, SITE, Clinic, asked, clinic, registered

PRACTITIONER = {"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": "Lindqvist", "given": ["Sofia"]}]}


@pytest.fixture
def opened(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    issuer = replace(registered(), auth=OpenServer(), client_id="", scope="", synthetic_data=True, frame_ancestors=())
    with clinic(wire, server, clock, folder=tmp_path, issuer=issuer) as standing:
        standing.ehr.put(PRACTITIONER)
        yield standing


def test_every_patient_of_an_open_server_can_be_opened(opened: Clinic) -> None:
    page = opened.get(f"/open?iss={BASE}")
    assert [str(field["value"]) for field in page.soup.select("input[name=patient]")] == ["pat-1", "pat-2"]
    assert "Synthetic data" in page.text
    answer = opened.client.post("/open", data=page.form("/open") | {"patient": "pat-2"}, base_url=SITE, headers=OWN)
    assert answer.status_code == 303
    assert "OKAFOR" in opened.get(urlsplit(answer.headers["Location"]).path).text


def test_an_id_narrows_the_list_to_that_patient(opened: Clinic) -> None:
    page = opened.get(f"/open?iss={BASE}&id=pat-2")
    assert [str(field["value"]) for field in page.soup.select("input[name=patient]")] == ["pat-2"]


def test_no_chart_is_opened_from_another_page(opened: Clinic) -> None:
    fields = opened.get(f"/open?iss={BASE}").form("/open") | {"patient": "pat-1"}
    for data, headers in ((fields, {"Sec-Fetch-Site": "cross-site"}), (fields | {"csrf": "0"}, OWN)):
        assert read(opened.client.post("/open", data=data, base_url=SITE, headers=headers)).status == 403


# SMART P
def test_a_server_with_sign_in_cannot_be_opened_without(rapport: Clinic, wire: responses.RequestsMock) -> None:
    for address in (BASE, "https://other.example/fhir"):
        assert rapport.get(f"/open?iss={address}").status == 403
    assert rapport.get("/open").status == 400
    assert asked(wire) == []


@pytest.mark.parametrize("identity", ["..", "p1/_history/1", "p1?_format=xml", "p" * 65])
def test_what_cannot_be_an_id_leads_back_to_the_patients_and_to_no_chart(
    opened: Clinic, wire: responses.RequestsMock, identity: str
) -> None:
    fields = opened.get(f"/open?iss={BASE}").form("/open") | {"patient": identity}
    wire.calls.reset()
    pages = [
        read(opened.client.post("/open", data=fields, base_url=SITE, headers=OWN)),
        opened.get(f"/open?{urlencode({'iss': BASE, 'id': identity})}"),
    ]
    for page in pages:
        assert page.status == 400
        assert "No patient can have this id" in page.text
        assert [unquote(str(link["href"])) for link in page.soup.select("a.button")] == [f"/open?iss={BASE}"]
        assert "chart" not in page.text
    assert asked(wire) == []


def test_pages_of_an_open_server_lead_back_to_its_patients(opened: Clinic) -> None:
    answer = opened.client.post(
        "/open", data=opened.get(f"/open?iss={BASE}").form("/open") | {"patient": "pat-2"}, base_url=SITE, headers=OWN
    )
    chart = urlsplit(answer.headers["Location"]).path
    told = opened.get(chart).soup.select_one("script[data-launch]")
    assert told is not None
    assert "list of patients" in str(told["data-again"])
    refused = read(opened.send(chart, opened.filled(chart, "clinician") | {"patient": "pat-1"}, "clinician"))
    closed = read(opened.client.post(f"{chart}end", data=opened.get(chart).form("/end"), base_url=SITE, headers=OWN))
    for page in (refused, closed):
        assert [unquote(str(link["href"])) for link in page.soup.select("a.button")] == [f"/open?iss={BASE}"]
        assert "chart" not in page.text
