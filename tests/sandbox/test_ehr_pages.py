"""The EHR's own pages: valid HTML5, the app in a frame, a launch per view, headers that keep the rest of the web out."""

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import html5lib
import pytest
import requests
from bs4 import BeautifulSoup, Tag

from smart_app.sandbox.embedded_ehr import create_sandbox
from tests.sandbox.memory_backend import MemoryBackend
from tests.sandbox.smart_ward import EHR_KEY, LAUNCH, Ward, chart_resources, clients, returned, running_ward

pytestmark = pytest.mark.enable_socket


def page(ward: Ward, path: str, status: int = 200) -> BeautifulSoup:
    """The page, after a strict HTML5 parse and the rules every page keeps."""
    answer = ward.http.get(f"{ward.url}{path}")
    assert answer.status_code == status
    return checked(answer)


def checked(answer: requests.Response) -> BeautifulSoup:
    html5lib.HTMLParser(strict=True).parse(answer.text)
    soup = BeautifulSoup(answer.text, "html5lib")
    assert len(soup.find_all("h1")) == 1
    assert not soup.find_all(["script", "style"])
    assert not [tag for tag in soup.find_all() if "style" in tag.attrs or any(name.startswith("on") for name in tag.attrs)]
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    return soup


def frames(soup: BeautifulSoup) -> list[Tag]:
    return list(soup.find_all("iframe"))


def launch_of(address: Any) -> str:
    return parse_qs(urlsplit(str(address)).query)["launch"][0]


def test_front_page_lists_the_patients_and_what_each_is_for(ward: Ward) -> None:
    soup = page(ward, "/")
    rows = [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in soup.select("tbody tr")]
    assert rows == [
        ["Berg, Ada", "1968-03-14", "not recorded", "Shows <nothing> & more.", "Portal"],
        ["Cleo Dahl", "not recorded", "not recorded", "not said", "Portal"],
    ]
    assert "Ada" not in str(soup.title)


def test_front_page_says_when_there_is_nobody() -> None:
    with running_ward(MemoryBackend()) as ward:
        assert "No patient can be read" in page(ward, "/").get_text()


def test_chart_shows_the_app_in_a_frame_of_its_own_launch(ward: Ward) -> None:
    soup = page(ward, "/chart/p1")
    (frame,) = frames(soup)
    assert str(frame["src"]).startswith(f"{LAUNCH}?iss=")
    assert "sandbox" not in frame.attrs
    assert "Northfield General" in soup.get_text()
    assert "Ada" not in str(soup.title)
    assert [tag.get_text() for tag in soup.select("nav a")][1:5] == ["Rapport", "Basic", "Post", "Signed"]
    assert "Narrow" not in soup.get_text()
    token = ward.redeem(ward.code(ward.question(launch_of(frame["src"])))).json()
    assert (token["patient"], token["encounter"]) == ("p1", "e1")


def test_every_view_of_a_chart_is_a_new_launch(ward: Ward) -> None:
    assert launch_of(frames(page(ward, "/chart/p1"))[0]["src"]) != launch_of(frames(page(ward, "/chart/p1"))[0]["src"])


def test_chart_can_hold_the_frame_in_a_sandbox_without_top_navigation(ward: Ward) -> None:
    (frame,) = frames(page(ward, "/chart/p1?sandbox=1"))
    assert "allow-scripts" in frame["sandbox"]
    assert "top-navigation" not in str(frame["sandbox"])


def test_chart_follows_the_choice_of_user_and_options(ward: Ward) -> None:
    soup = page(ward, "/chart/p1?user=Practitioner/tom&encounter=none&scope_remove=openid&banner=0")
    (chosen,) = soup.select("option[selected]")
    assert chosen["value"] == "Practitioner/tom"
    token = ward.redeem(ward.code(ward.question(launch_of(frames(soup)[0]["src"])))).json()
    assert "encounter" not in token
    assert "openid" not in token["scope"]
    assert token["need_patient_banner"] is False
    kept = {tag["name"]: tag["value"] for tag in soup.select(".strip form input")}
    assert kept == {"encounter": "none", "scope_remove": "openid", "banner": "0", "client": "rapport"}


def test_task_and_card_of_the_chart_launch_with_what_they_ask_for(ward: Ward) -> None:
    chart = page(ward, "/chart/p1?user=Practitioner/tom")
    told = {}
    for link in chart.select("nav a[href*=context]"):
        opened = page(ward, str(link["href"]))
        token = ward.redeem(ward.code(ward.question(launch_of(frames(opened)[0]["src"])))).json()
        told[link.get_text()] = {name: token[name] for name in ("appContext", "fhirContext", "intent") if name in token}
        assert opened.select("option[selected]")[0]["value"] == "Practitioner/tom"
    assert told == {
        "Task: check-in with the patient": {
            "intent": "new-assessment",
            "fhirContext": [{"canonical": "https://w3id.org/rapport/fhir/Questionnaire/rapport-check-in-patient", "type": "Questionnaire"}],
        },
        "Card: rate this visit": {"appContext": '{"page": "form", "instrument": "rapport-check-in", "informant": "clinician"}'},
    }


@pytest.mark.parametrize("wrong", ["[", "{}", "7", '["Task/1"]'])
def test_chart_asked_for_a_context_that_is_none_says_so(ward: Ward, wrong: str) -> None:
    answer = ward.http.get(f"{ward.url}/chart/p1", params={"fhir_context": wrong})
    assert answer.status_code == 400
    assert "fhir_context must be" in answer.text


def test_new_tab_goes_straight_to_the_app_with_another_launch(ward: Ward) -> None:
    soup = page(ward, "/chart/p1?user=Practitioner/tom")
    (link,) = soup.select("a[target=_blank]")
    assert link["rel"] == ["noopener", "noreferrer"]
    answer = ward.http.get(f"{ward.url}{link['href']}", allow_redirects=False)
    assert answer.status_code == 303
    assert launch_of(answer.headers["Location"]) != launch_of(frames(soup)[0]["src"])


def test_two_charts_open_at_once_keep_their_own_patients(ward: Ward) -> None:
    left, right = frames(page(ward, "/pair/p1/p2"))
    second = ward.redeem(ward.code(ward.question(launch_of(right["src"])))).json()
    first = ward.redeem(ward.code(ward.question(launch_of(left["src"])))).json()
    assert (first["patient"], second["patient"]) == ("p1", "p2")
    assert ward.call(first["access_token"], "GET", "Patient/p2").status_code == 403
    assert ward.call(second["access_token"], "GET", "Patient/p2").status_code == 200


@pytest.mark.parametrize(
    "path", ["/chart/nobody", "/pair/p1/nobody", "/chart/p1?user=Practitioner/none", "/chart/p1?client=none", "/nowhere"]
)
def test_what_cannot_be_opened_is_a_page(ward: Ward, path: str) -> None:
    assert "cannot be opened" in page(ward, path, 404).get_text()


def test_nobody_can_sign_in_where_there_is_no_practitioner() -> None:
    backend = MemoryBackend(*(one for one in chart_resources() if one["resourceType"] != "Practitioner"))
    app = create_sandbox(backend, base_url="http://localhost", clients=clients(), signing_key=EHR_KEY)
    answer = app.test_client().get("/chart/p1")
    assert answer.status_code == 409
    assert "no Practitioner" in answer.text


def test_practitioners_of_the_server_sign_in_where_no_users_are_named() -> None:
    app = create_sandbox(MemoryBackend(*chart_resources()), base_url="http://localhost", clients=clients(), signing_key=EHR_KEY)
    soup = BeautifulSoup(app.test_client().get("/chart/p1").text, "html5lib")
    assert [tag.get_text() for tag in soup.select(".strip option")] == ["Sofia Lindqvist", "Tom Aas"]


def test_consent_and_refusal_pages_are_whole_pages(ward: Ward) -> None:
    soup = checked(ward.authorize(ward.question(ward.launch(options={"consent": True}))))
    assert "patient/Observation.crus" in soup.get_text()
    assert "client_id" in checked(ward.authorize(ward.question(ward.launch(), client_id="stranger"))).get_text()


def test_policy_lets_the_registered_apps_and_nothing_else_into_frames(ward: Ward) -> None:
    policy = ward.http.get(f"{ward.url}/").headers["Content-Security-Policy"]
    assert "frame-src 'self' http://localhost:9;" in policy
    assert policy.endswith("form-action 'self' http://localhost:9")


def test_another_host_name_is_refused(ward: Ward) -> None:
    """A page elsewhere that points its own name at this machine must not be able to make launches."""
    answer = ward.http.post(f"{ward.url}/launches", json={"patient": "p1"}, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.text == f"This EHR answers at {ward.url} only.\n"


def test_style_is_served(ward: Ward) -> None:
    answer = ward.http.get(f"{ward.url}/assets/ehr.css")
    assert answer.headers["Content-Type"].startswith("text/css")


def test_browser_apps_may_call_the_api_from_elsewhere_but_not_make_launches(ward: Ward) -> None:
    for path in ("/fhir/metadata", "/fhir/.well-known/smart-configuration", "/oauth/jwks"):
        assert ward.http.get(f"{ward.url}{path}").headers["Access-Control-Allow-Origin"] == "*"
    asked = ward.http.options(f"{ward.url}/oauth/token")
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in ward.http.post(f"{ward.url}/launches", json={"patient": "p1"}).headers


def test_nothing_of_the_patient_is_logged(ward: Ward, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ward.call(ward.signed_in()["access_token"], "GET", "Patient/p1")
        page(ward, "/chart/p1")
        returned(ward.authorize(ward.question("never-issued")))
    own = [one for one in caplog.records if not one.name.startswith("urllib3")]
    assert own == []
