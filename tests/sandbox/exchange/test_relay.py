"""The relay against a small server of another address: addresses change, numbers do not, failures are said."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import simplejson
from flask import Flask, Response, request

from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.exchange.relay import Relay
from tests.sandbox.smart_ward import running_ward
from tests.support.serving import serving

pytestmark = pytest.mark.enable_socket

OURS = "http://127.0.0.1:1/fhir"


@dataclass
class Upstream:
    """A server that answers everything with `answer` and remembers what it got."""

    url: str = ""
    answer: Response = field(default_factory=Response)
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def view(self, path: str = "") -> Response:
        self.got.append((request.method, request.full_path.rstrip("?"), dict(request.headers), request.get_data()))
        return self.answer

    def says(self, text: str, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value.replace("BASE", self.base) for name, value in headers.items()}
        self.answer = Response(text.replace("BASE", self.base), status, {"Content-Type": "application/fhir+json", **named})

    @property
    def base(self) -> str:
        return f"{self.url}/hapi/fhir"

    def relay(self, **bounds: int) -> Relay:
        return Relay(self.base, requests.Session(), timeout=(1.0, 1.0), **bounds)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    app, running = Flask(__name__), Upstream()
    for rule in ("/", "/<path:path>"):
        app.add_url_rule(rule, view_func=running.view, methods=["GET", "POST", "PUT", "DELETE"])
    with serving(app) as url:
        running.url = url
        yield running


def ask(upstream: Upstream, method: str = "GET", path: str = "Observation", **more: object) -> FhirResponse:
    return upstream.relay().handle(FhirRequest(method=method, path=path, base=OURS, **more))  # type: ignore[arg-type]


def test_what_must_not_come_from_memory_says_so_to_the_server_behind(upstream: Upstream) -> None:
    upstream.says('{"resourceType": "Bundle"}')
    ask(upstream, headers={"cache-control": "no-cache", "cookie": "mine"})
    [(_, _, headers, _)] = upstream.got
    assert (headers.get("Cache-Control"), headers.get("Cookie")) == ("no-cache", None)


def test_no_query_holds_slashes_that_a_front_may_merge(upstream: Upstream) -> None:
    upstream.says('{"resourceType": "Bundle"}')
    ask(upstream, query=(("code", "http://loinc.org|4548-4,http://snomed.info/sct|1"),))
    [(_, address, _, _)] = upstream.got
    assert "//" not in address
    assert parse_qs(urlsplit(address).query) == {"code": ["http://loinc.org|4548-4,http://snomed.info/sct|1"]}


def test_addresses_lead_to_us_and_other_text_stays(upstream: Upstream) -> None:
    upstream.says(
        """{"resourceType": "Bundle", "link": [{"relation": "next", "url": "BASE?_getpages=a&_getpagesoffset=2"}],
        "entry": [{"fullUrl": "BASE/Observation/1", "resource": {"resourceType": "Observation", "subject": {"reference": "BASE/Patient/1"},
        "code": {"coding": [{"system": "BASE/CodeSystem/x"}]}, "note": [{"text": "see BASE/Patient/1"}], "valueQuantity": {"value": 7.10}}},
        {"fullUrl": "BASE2/Observation/1", "resource": {"resourceType": "Questionnaire", "url": "BASE/Questionnaire/q"},
         "response": {"location": "BASE/Questionnaire/q/_history/1"}}]}"""
    )
    answer = ask(upstream)
    found = simplejson.loads(answer.body, use_decimal=True)
    first, second = found["entry"]
    assert found["link"][0]["url"] == f"{OURS}?_getpages=a&_getpagesoffset=2"
    assert first["fullUrl"] == f"{OURS}/Observation/1"
    assert first["resource"]["subject"]["reference"] == f"{OURS}/Patient/1"
    assert first["resource"]["code"]["coding"][0]["system"] == f"{upstream.base}/CodeSystem/x"
    assert first["resource"]["note"][0]["text"] == f"see {upstream.base}/Patient/1"
    assert b'"value": 7.10' in answer.body
    assert second["fullUrl"].startswith(upstream.base)
    assert second["resource"]["url"] == f"{upstream.base}/Questionnaire/q"
    assert second["response"]["location"] == f"{OURS}/Questionnaire/q/_history/1"


def test_location_and_version_headers_come_back(upstream: Upstream) -> None:
    upstream.says("", 201, Location="BASE/Observation/9/_history/1", Content_Location="BASE/Observation/9", ETag='W/"1"', Set_Cookie="a=b")
    answer = ask(upstream, "POST", body=b'{"resourceType": "Observation"}')
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["Location"] == f"{OURS}/Observation/9/_history/1"
    assert answer.headers["Content-Location"] == f"{OURS}/Observation/9"
    assert answer.headers["ETag"] == 'W/"1"'
    assert "Set-Cookie" not in answer.headers


def test_request_goes_on_with_its_conditions_and_nothing_private(upstream: Upstream) -> None:
    upstream.says("{}")
    headers = {
        "if-match": 'W/"3"',
        "if-none-exist": "identifier=s|k",
        "prefer": "return=minimal",
        "authorization": "Bearer x",
        "cookie": "c",
    }
    body = f'{{"resourceType": "Observation", "subject": {{"reference": "{OURS}/Patient/1"}}, "valueQuantity": {{"value": 7.10}}}}'
    query = (("subject", f"{OURS}/Patient/1"), ("_format", "xml"), ("date", "ge2026-01-01"), ("date", "lt2027-01-01"))
    ask(upstream, "PUT", "Observation/1", headers={**headers, "content-type": "application/fhir+json"}, body=body.encode(), query=query)
    method, address, sent, sent_body = upstream.got[0]
    about = f"{upstream.base}/Patient/1".replace("//", "%2F%2F")
    assert (method, address) == ("PUT", f"/hapi/fhir/Observation/1?subject={about}&date=ge2026-01-01&date=lt2027-01-01")
    assert (sent["If-Match"], sent["If-None-Exist"], sent["Prefer"]) == ('W/"3"', "identifier=s|k", "return=minimal")
    assert sent["Accept"] == "application/fhir+json"
    assert not {"Authorization", "Cookie"} & sent.keys()
    assert f"{upstream.base}/Patient/1".encode() in sent_body
    assert b"7.10" in sent_body


def test_search_form_goes_on(upstream: Upstream) -> None:
    upstream.says('{"resourceType": "Bundle"}')
    form = {"content-type": "application/x-www-form-urlencoded"}
    ask(upstream, "POST", "Observation/_search", headers=form, body=f"subject={OURS}/Patient/1&code=a|b".encode())
    assert upstream.got[0][3] == f"subject={upstream.base}/Patient/1&code=a|b".encode()


def test_the_other_servers_refusal_is_passed_on(upstream: Upstream) -> None:
    upstream.says('{"resourceType": "OperationOutcome", "issue": [{"diagnostics": "no"}]}', 422)
    answer = ask(upstream)
    assert answer.status == 422
    assert b"no" in answer.body


@pytest.mark.parametrize(
    ("text", "status", "headers", "expected"),
    [
        ("<html>", 200, {}, 502),
        ("<html>", 500, {}, 502),
        ("gone", 404, {}, 404),
        ("", 302, {"Location": "http://elsewhere.example/"}, 502),
        ("[1]", 200, {}, 502),
    ],
)
def test_what_is_not_fhir_becomes_an_outcome(upstream: Upstream, text: str, status: int, headers: dict[str, str], expected: int) -> None:
    upstream.says(text, status, **headers)
    answer = ask(upstream)
    assert answer.status == expected
    assert simplejson.loads(answer.body)["resourceType"] == "OperationOutcome"
    assert len(upstream.got) == 1


def test_an_answer_too_large_is_not_passed_on(upstream: Upstream) -> None:
    upstream.says('{"resourceType": "Bundle", "x": "' + "y" * 5000 + '"}')
    answer = upstream.relay(max_bytes=1000).handle(FhirRequest(method="GET", path="Observation", base=OURS))
    assert answer.status == 502
    assert simplejson.loads(answer.body)["issue"][0]["code"] == "too-costly"


def test_no_server_is_502_and_a_silent_one_504() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{silent.getsockname()[1]}/fhir"
        request_ = FhirRequest(method="GET", path="metadata", base=OURS)
        assert Relay(base, requests.Session(), timeout=(0.2, 0.2)).handle(request_).status == 502
        silent.listen()
        assert Relay(base, requests.Session(), timeout=(0.2, 0.2)).handle(request_).status == 504


@pytest.mark.parametrize("path", ["..", "Observation/../../admin", "Observation//1", "Observation/1?x", "Observation/a b"])
def test_paths_that_leave_the_base_are_not_sent(upstream: Upstream, path: str) -> None:
    assert ask(upstream, path=path).status == 404
    assert upstream.got == []


def test_the_ehr_over_a_relay_shows_its_own_base_and_security(upstream: Upstream) -> None:
    upstream.says(
        '{"resourceType": "CapabilityStatement", "implementation": {"url": "BASE", "description": "HAPI"}, "rest": [{"mode": "server"}]}'
    )
    with running_ward(upstream.relay()) as ward:
        statement = ward.http.get(f"{ward.fhir}/metadata").json()
    assert statement["implementation"] == {"url": ward.fhir, "description": "HAPI"}
    assert statement["rest"][0]["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


def test_the_ehr_over_a_relay_holds_a_search_to_the_patient(upstream: Upstream) -> None:
    upstream.says('{"resourceType": "Patient", "id": "p1", "name": [{"family": "Berg"}]}')
    with running_ward(upstream.relay()) as ward:
        token = ward.signed_in(encounter=None)["access_token"]
        upstream.says(
            """{"resourceType": "Bundle", "total": 2, "entry": [
            {"resource": {"resourceType": "Observation", "id": "1", "subject": {"reference": "Patient/p2"}}},
            {"resource": {"resourceType": "Observation", "id": "2", "subject": {"reference": "BASE/Patient/p1"}}}]}"""
        )
        answer = ward.call(token, "GET", "Observation", headers={"Cache-Control": "no-cache"})
    assert upstream.got[-1][2].get("Cache-Control") == "no-cache"
    assert upstream.got[-1][1] == "/hapi/fhir/Observation?subject=Patient/p1"
    assert [one["resource"].get("id") for one in answer.json()["entry"]] == ["2", None]
