"""How a tester makes the EHR misbehave: by the chart's address and panel, by script, on a page; and that it is honest otherwise."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup

from smart_app.sandbox.faults.fault import UnknownFault
from smart_app.sandbox.faults.fault_catalogue import TABLE, faults
from smart_app.sandbox.faults.whole_ehr import WHOLE_EHR, whole_ehr_faults
from tests.sandbox.smart_ward import Ward
from tests.sandbox.test_ehr_pages import frames, launch_of, page

pytestmark = pytest.mark.enable_socket


def misbehaving(ward: Ward, *asked: str) -> dict[str, Any]:
    """The token answer of a launch with those faults."""
    return ward.signed_in(options={"faults": list(asked)})


def test_page_of_faults_lists_every_one_with_what_is_right_and_a_way_to_try_it(ward: Ward) -> None:
    soup = page(ward, "/faults?patient=p2")
    text = soup.get_text(" ")
    assert [fault.name for fault in TABLE if fault.does not in text or fault.expected not in text] == []
    tried = [dict(parse_qsl(urlsplit(str(link["href"])).query))["fault"] for link in soup.select(".faults a")]
    assert sorted(tried) == sorted(text for fault in TABLE for text in fault.texts())
    assert {urlsplit(str(link["href"])).path for link in soup.select(".faults a")} == {"/chart/p2"}
    for link in soup.select(".faults a"):
        assert ward.http.get(f"{ward.url}{link['href']}").status_code == 200


def test_page_of_faults_tells_which_are_of_the_whole_ehr_and_how_they_are_had(ward: Ward) -> None:
    table = page(ward, "/faults").select_one(".whole")
    assert table is not None
    for fault in WHOLE_EHR:
        assert all(text in table.get_text(" ") for text in (*fault.texts(), fault.does, fault.expected))
    with pytest.raises(UnknownFault, match="kid-missing"):
        whole_ehr_faults(["kid-missing"])
    with pytest.raises(UnknownFault, match="statement-understates"):
        faults(["statement-understates"])


def test_front_page_leads_testers_there(ward: Ward) -> None:
    assert [link["href"] for link in page(ward, "/").select("a[href='/faults']")]


def test_panel_adds_a_fault_to_those_of_the_chart_and_takes_one_away(ward: Ward) -> None:
    soup = page(ward, "/chart/p1?user=Practitioner/tom&fault=kid-missing&add=expires&value=30")
    panel = soup.select_one(".tester")
    assert panel is not None
    assert [tag.get_text() for tag in panel.select("strong")] == ["kid-missing", "expires=30"]
    token = ward.redeem(ward.code(ward.question(launch_of(frames(soup)[0]["src"])))).json()
    assert token["expires_in"] == 30
    without = BeautifulSoup(ward.http.get(f"{ward.url}/chart/p1{panel.select('p a')[0]['href']}").text, "html5lib")
    assert [tag.get_text() for tag in without.select(".tester strong")] == ["expires=30"]
    chosen = without.select_one("option[selected]")
    assert chosen is not None
    assert chosen["value"] == "Practitioner/tom"


def test_new_tab_of_a_chart_misbehaves_like_its_frame(ward: Ward) -> None:
    (link,) = page(ward, "/chart/p1?fault=expires=30").select("a[target=_blank]")
    answer = ward.http.get(f"{ward.url}{link['href']}", allow_redirects=False)
    assert ward.redeem(ward.code(ward.question(launch_of(answer.headers["Location"])))).json()["expires_in"] == 30


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("nonsense", "There is no fault 'nonsense' to be had here"),
        ("refuse=politely", "cannot be 'politely'; it takes access_denied,"),
        ("expires=soon", "cannot be 'soon'; it takes 70, 5 or another"),
        ("state-missing=1", "it takes none"),
    ],
)
def test_fault_that_cannot_be_had_is_refused_by_name(ward: Ward, asked: str, why: str) -> None:
    with pytest.raises(UnknownFault, match="fault"):
        faults([asked])
    answer = ward.http.post(f"{ward.url}/launches", json={"patient": "p1", "options": {"faults": [asked]}})
    assert answer.status_code == 400
    assert why in answer.json()["error"]
    assert why in page(ward, f"/chart/p1?fault={asked}", 400).get_text()


def test_fault_is_of_its_own_launch_alone(ward: Ward) -> None:
    crooked = misbehaving(ward, "read-status=403", "expires=30")
    honest = ward.signed_in()
    assert ward.call(crooked["access_token"], "GET", "Patient/p1").status_code == 403
    assert ward.call(honest["access_token"], "GET", "Patient/p1").status_code == 200
    assert (crooked["expires_in"], honest["expires_in"]) == (30, 3600)


def test_access_token_ends_when_it_was_said_to(ward: Ward) -> None:
    token = misbehaving(ward, "expires=30")["access_token"]
    ward.clock.advance(29)
    assert ward.call(token, "GET", "Patient/p1").status_code == 200
    ward.clock.advance(2)
    assert ward.call(token, "GET", "Patient/p1").status_code == 401


def test_what_is_granted_less_is_also_refused_at_the_fhir_base(ward: Ward) -> None:
    token = misbehaving(ward, "grant-only")
    assert token["scope"] == "launch openid fhirUser patient/Patient.r"
    assert ward.call(token["access_token"], "GET", "Observation?patient=p1").status_code == 403


def test_renewal_that_is_refused_leaves_the_refresh_token_as_it_was(ward: Ward) -> None:
    first = misbehaving(ward, "refresh-status=503")
    for _ in range(2):
        answer = ward.token(grant_type="refresh_token", refresh_token=first["refresh_token"], client_id="rapport")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"


def test_refresh_token_that_is_not_rotated_is_good_again(ward: Ward) -> None:
    first = misbehaving(ward, "refresh-kept")
    for _ in range(2):
        answer = ward.token(grant_type="refresh_token", refresh_token=first["refresh_token"], client_id="rapport")
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json()


def test_public_client_need_not_say_again_at_a_renewal_who_it_is(ward: Ward) -> None:
    answer = ward.token(grant_type="refresh_token", refresh_token=ward.signed_in()["refresh_token"])
    assert answer.status_code == 200
    assert ward.token(grant_type="refresh_token", refresh_token="unknown").status_code == 401
    confidential = ward.question(ward.launch(client="basic"), client_id="basic")
    form = {"grant_type": "authorization_code", "redirect_uri": confidential["redirect_uri"], "code_verifier": "v" * 43}
    held = ward.token(auth=("basic", "s3cret"), code=ward.code(confidential), **form).json()["refresh_token"]
    assert ward.token(grant_type="refresh_token", refresh_token=held).status_code == 401
