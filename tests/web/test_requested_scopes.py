"""The scopes of the shipped launch.json: in order, no more than a visit needs, no fewer."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
import simplejson
from msgspec.structs import replace
from requests.exceptions import ConnectionError as Broken

from smart_app.launch.oauth.scopes import parse
from smart_app.registration import load_registration
from tests.care.ehr import Answer, refusal
from tests.support.authorization_server import BASE, AuthorizationServer
from tests.support.clock import Clock
from tests.web.clinic import Clinic, clinic, registered

SCOPES = load_registration().client.scope.split()
RESOURCES = [scope for scope in SCOPES if "." in scope]
# SMART App Launch 2.2, FHIR resource scope syntax.
GRAMMAR = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.(?=[cruds])c?r?u?d?s?(\?[\w.:-]+=[^&\s]+(&[\w.:-]+=[^&\s]+)*)?")
_LETTERS = {("GET", True): "r", ("GET", False): "s", ("POST", False): "c", ("PUT", True): "u", ("DELETE", True): "d"}


@pytest.fixture
def asking(wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path) -> Iterator[Clinic]:
    """An EHR that is asked for the shipped scopes and grants them all."""
    server.token["scope"] = None
    with clinic(wire, server, clock, folder=tmp_path, issuer=replace(registered(), scope="")) as standing:
        yield standing


def needed(wire: responses.RequestsMock) -> set[tuple[str, str]]:
    """Type and letter of everything the FHIR server was asked."""
    found = set()
    for call in wire.calls:
        path = urlsplit(str(call.request.url)).path.removeprefix("/fhir").strip("/")
        if str(call.request.url).startswith(BASE) and path not in {"metadata", ".well-known/smart-configuration"}:
            found |= _asked(call.request, path)
    return found


def _asked(request: requests.PreparedRequest, path: str) -> set[tuple[str, str]]:
    if path:
        kind, _, identity = path.partition("/")
        return {(kind, _LETTERS[str(request.method), bool(identity)])}
    entries = [entry["request"] for entry in simplejson.loads(request.body or b"")["entry"]]
    places = [(entry["method"], *entry["url"].split("?")[0].partition("/")) for entry in entries]
    return {(kind, _LETTERS[method, bool(identity)]) for method, kind, _, identity in places}


def rate(rapport: Clinic, chart: str, informant: str, **more: str) -> None:
    answer = rapport.send(chart, rapport.filled(chart, informant) | more, informant)
    assert answer.status_code == 303
    assert rapport.get(answer.headers["Location"]).status == 200


def rate_and_lose_the_answer(rapport: Clinic, chart: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record stores a rating, nobody hears of it, and it is searched for."""
    store = rapport.ehr._post

    def stored_then_lost(path: str, request: requests.PreparedRequest) -> Answer:
        store(path, request)
        raise Broken("reset")

    with monkeypatch.context() as patched:
        patched.setattr(rapport.ehr, "_post", stored_then_lost)
        location = rapport.send(chart, rapport.filled(chart, "clinician"), "clinician").headers["Location"]
    page = rapport.get(location)
    assert "Saved in the record" in page.text


# SMART D8
# IG 46, 120, 121, 125, 148
def test_a_visit_asks_the_record_for_nothing_else_and_leaves_no_scope_unused(
    asking: Clinic, wire: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.server.token["fhirContext"] = [{"reference": "Questionnaire/q1"}]
    chart = f"/l/{asking.launch().split('/')[2]}/"
    assert asking.get(chart).status == 200
    rate(asking, chart, "patient")
    rate_and_lose_the_answer(asking, chart, monkeypatch)
    asking.ehr.faults.append(lambda method, path: refusal(400, "no transactions here") if (method, path) == ("POST", "") else None)
    rate(asking, chart, "clinician", confirmed="after-seen")
    asked_for = {(scope.resource, letter) for scope in parse(" ".join(RESOURCES)) for letter in scope.interactions}
    # Corrections are asked for at every sign-in and made in few visits.
    asked_for -= {("QuestionnaireResponse", "u"), ("Observation", "u")}
    assert sorted(needed(wire)) == sorted(asked_for)


# IG 131, 135, 137, 141, 148
def test_each_resource_scope_follows_the_grammar_without_wildcard_and_there_is_one_for_a_type() -> None:
    assert RESOURCES
    found = [GRAMMAR.fullmatch(scope) for scope in RESOURCES]
    assert all(found), RESOURCES
    assert not [scope for scope in SCOPES if "*" in scope or scope.startswith("system/")]
    assert max(Counter(scope.partition(".")[0] for scope in RESOURCES).values()) == 1


# SMART J6
# IG 47, 150, 151, 195, 196, 215
def test_user_context_and_a_refresh_token_while_the_user_is_there_are_asked_for(asking: Clinic) -> None:
    sent = parse_qs(urlsplit(asking.begin().headers["Location"]).query)["scope"][0].split()
    assert sent == SCOPES
    assert {scope for scope in sent if scope not in RESOURCES} >= {"launch", "openid", "fhirUser", "online_access"}
    assert "offline_access" not in sent


# SMART G5
# IG 132
def test_an_entrys_scope_for_one_category_goes_out_as_it_stands(
    wire: responses.RequestsMock, server: AuthorizationServer, clock: Clock, tmp_path: Path
) -> None:
    category = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
    scope = f"launch openid fhirUser patient/Patient.r patient/Observation.rs?category={category}"
    with clinic(wire, server, clock, folder=tmp_path, issuer=replace(registered(), scope=scope)) as rapport:
        assert parse_qs(urlsplit(rapport.begin().headers["Location"]).query)["scope"] == [scope]
