"""Discovery is asked of registered servers only, believed about their own hosts only, and remembered for an hour."""

from typing import Any

import pytest
import requests
import responses
from msgspec.structs import replace

from smart_app.errors import LaunchError
from smart_app.http import new_session
from smart_app.launch.discovery.smart_configuration import Discovery, Endpoints
from smart_app.launch.flow import Launcher
from smart_app.registration import Issuer
from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer
from tests.support.clock import Clock

ADDRESS = f"{BASE}/.well-known/smart-configuration"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


@pytest.fixture
def discovery(clock: Clock) -> Discovery:
    return Discovery(new_session(pool=1), clock=clock)


def refusal(discovery: Discovery, issuer: Issuer) -> LaunchError:
    with pytest.raises(LaunchError) as refused:
        discovery.endpoints(issuer)
    return refused.value


def found(discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer, **document: Any) -> Endpoints:
    ehr.document = document
    discovery.forget(issuer)
    return discovery.endpoints(issuer)


# SMART C1
# IG 29
@pytest.mark.parametrize("iss", [BASE, f"{BASE}/", "https://EHR.example.org:443/fhir/"])
def test_document_is_asked_for_as_json_below_the_fhir_base(launcher: Launcher, ehr: AuthorizationServer, iss: str) -> None:
    launcher.begin(iss, "abc")
    (asked,) = [call.request for call in ehr.mock.calls]
    assert (asked.method, asked.url, asked.headers["Accept"]) == ("GET", ADDRESS, "application/json")


# SMART C6
# SMART C1
def test_document_is_fetched_once_an_hour(discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer, clock: Clock) -> None:
    assert discovery.endpoints(issuer) == discovery.endpoints(issuer)
    clock.forward(minutes=59)
    discovery.endpoints(issuer)
    assert len(ehr.mock.calls) == 1
    clock.forward(minutes=2)
    discovery.endpoints(issuer)
    assert len(ehr.mock.calls) == 2


# SMART C6
# SMART O
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"body": "<html>"}, "discovery_not_json"),
        ({"body": ""}, "discovery_not_json"),
        ({"body": "[1]"}, "discovery_not_json"),
        ({"body": "[" * 100_000}, "discovery_not_json"),
        ({"body": b"\xff\xfe{}"}, "discovery_not_json"),
        ({"body": " " * 300_000 + "{}"}, "discovery_too_large"),
        ({"status": 302, "headers": {"Location": "https://evil.example.org/"}}, "discovery_redirected"),
        ({"status": 301}, "discovery_redirected"),
        ({"status": 500, "body": "{}"}, "discovery_unreachable"),
        ({"body": requests.ConnectTimeout("slow")}, "discovery_unreachable"),
        ({"body": "{}"}, "discovery_incomplete"),
    ],
)
def test_unusable_document_has_its_own_error(
    discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock, answer: dict[str, Any], code: str
) -> None:
    wire.get(ADDRESS, **answer)
    refused = refusal(discovery, issuer)
    assert (refused.code, refused.http_status) == (code, 502)
    assert {call.request.url for call in wire.calls} == {ADDRESS}


# SMART C6
def test_failure_is_not_remembered(discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer) -> None:
    ehr.document = {"token_endpoint": None}
    assert "token_endpoint is missing" in refusal(discovery, issuer).detail
    ehr.document = {}
    assert discovery.endpoints(issuer).token_endpoint == f"{ISSUER}/token"


# SMART C3
# IG 1
@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example.org/token",
        "https://ehr.example.org:8443/token",
        "http://ehr.example.org/token",
        "https://ehr.example.org@evil.example.org/token",
        "https://user@ehr.example.org/token",
        "//evil.example.org/token",
        "https://ehr.example.org/token#x",
        "https://ehr.example.org/to ken",
        "https://ehr.example.org:x/token",
        "https://[/token",
        "ftp://ehr.example.org/token",
        "javascript:alert(1)",
        "https://ehr.example.org.evil.example.org/token",
        "http://127.0.0.1/token",
    ],
)
@pytest.mark.parametrize("name", ["token_endpoint", "authorization_endpoint", "jwks_uri"])
def test_endpoint_elsewhere_is_refused(discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer, endpoint: str, name: str) -> None:
    ehr.document = {name: endpoint}
    refused = refusal(discovery, issuer)
    assert refused.code == "discovery_host_not_listed"
    assert name in refused.detail


# SMART C3
# SMART C5
def test_listed_hosts_are_accepted(discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer) -> None:
    listed = replace(issuer, hosts=("login.example.org", "keys.example.org:8443"))
    endpoints = found(discovery, listed, ehr, token_endpoint="https://login.example.org/t", jwks_uri="https://keys.example.org:8443/k")
    assert endpoints.token_endpoint == "https://login.example.org/t"
    assert endpoints.jwks_uri == "https://keys.example.org:8443/k"


# SMART C3
# IG 379
@pytest.mark.parametrize(
    ("relative", "absolute"), [("auth/token", f"{BASE}/auth/token"), ("/oauth/token", "https://ehr.example.org/oauth/token")]
)
def test_relative_endpoint_is_resolved_against_the_fhir_base(
    discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer, relative: str, absolute: str
) -> None:
    assert found(discovery, issuer, ehr, token_endpoint=relative).token_endpoint == absolute


# SMART C3
def test_http_is_accepted_on_this_machine(discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock) -> None:
    local = replace(issuer, iss="http://127.0.0.1:8081/fhir")
    document = {"authorization_endpoint": "http://127.0.0.1:8081/authorize", "token_endpoint": "http://127.0.0.1:8081/token"}
    wire.get(f"{local.iss}/.well-known/smart-configuration", json=document)
    assert discovery.endpoints(local).token_endpoint == "http://127.0.0.1:8081/token"


# SMART C4
def test_odd_members_are_ignored(discovery: Discovery, issuer: Issuer, ehr: AuthorizationServer) -> None:
    ehr.document = {"capabilities": ["launch-ehr", 7, None], "issuer": 5, "jwks_uri": ["x"], "unknown": {}}
    endpoints = discovery.endpoints(issuer)
    assert (endpoints.capabilities, endpoints.issuer, endpoints.jwks_uri) == (frozenset({"launch-ehr"}), None, None)


# SMART C2
def test_capability_statement_stands_in_for_a_missing_document(discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock) -> None:
    def oauth_uris(**endpoints: str) -> dict[str, Any]:
        return {"url": OAUTH_URIS, "extension": [{"url": name, "valueUri": value} for name, value in endpoints.items()]}

    security = {"extension": [{"url": "x"}, oauth_uris(authorize=f"{ISSUER}/a"), oauth_uris(authorize=f"{ISSUER}/a", token=f"{ISSUER}/t")]}
    wire.get(ADDRESS, status=404, body="not here")
    wire.get(f"{BASE}/metadata?_format=json", json={"resourceType": "CapabilityStatement", "rest": [{}, {"security": security}]})
    endpoints = discovery.endpoints(issuer)
    assert (endpoints.authorization_endpoint, endpoints.token_endpoint) == (f"{ISSUER}/a", f"{ISSUER}/t")
    assert endpoints.jwks_uri is None


# SMART C2
@pytest.mark.parametrize("first", ["stu3", "dstu2"])
def test_first_whole_one_of_several_oauth_uris_counts(
    discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock, first: str
) -> None:
    """As athenahealth has two, one of them for DSTU2."""

    def oauth_uris(version: str) -> dict[str, Any]:
        places = {"authorize": f"{ISSUER}/{version}/authorize", "token": f"{ISSUER}/{version}/token", "register": f"{ISSUER}/r"}
        return {"url": OAUTH_URIS, "extension": [{"url": name, "valueUri": value} for name, value in places.items()]}

    security = {"extension": [oauth_uris(first), oauth_uris("other")]}
    wire.get(ADDRESS, status=404)
    wire.get(f"{BASE}/metadata?_format=json", json={"resourceType": "CapabilityStatement", "rest": [{"security": security}]})
    assert discovery.endpoints(issuer).token_endpoint == f"{ISSUER}/{first}/token"


# SMART C2
# SMART C3
def test_address_in_a_capability_statement_is_held_to_the_same_hosts(
    discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock
) -> None:
    places = {"authorize": "auth/authorize", "token": "https://evil.example.org/token"}
    extension = {"url": OAUTH_URIS, "extension": [{"url": name, "valueUri": value} for name, value in places.items()]}
    wire.get(ADDRESS, status=404)
    wire.get(f"{BASE}/metadata?_format=json", json={"rest": [{"security": {"extension": [extension]}}]})
    assert refusal(discovery, issuer).code == "discovery_host_not_listed"


# SMART C2
def test_server_that_speaks_xml_whatever_is_asked_for_is_said_to_be_unreadable(
    discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock
) -> None:
    wire.get(ADDRESS, status=404, body="<html/>")
    wire.get(f"{BASE}/metadata?_format=json", body="<CapabilityStatement/>", content_type="application/fhir+xml")
    refused = refusal(discovery, issuer)
    assert refused.code == "discovery_not_json"
    assert f"{BASE}/metadata" in refused.detail
    asked = wire.calls[-1].request
    assert asked.headers["Accept"] == "application/fhir+json, application/json"


# SMART C1
@pytest.mark.parametrize("iss", [BASE, f"{BASE}/"])
def test_document_is_asked_for_as_json_with_one_slash(ehr: AuthorizationServer, launcher: Launcher, iss: str) -> None:
    launcher.begin(iss, "abc")
    (call,) = ehr.mock.calls
    assert (call.request.url, call.request.headers["Accept"]) == (ADDRESS, "application/json")
    assert "Authorization" not in call.request.headers


# SMART C2
@pytest.mark.parametrize("statement", [{}, {"rest": "x"}, {"rest": [{"security": []}]}, {"rest": [{"security": {"extension": [{}]}}]}])
def test_capability_statement_without_endpoints_is_incomplete(
    discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock, statement: dict[str, Any]
) -> None:
    wire.get(ADDRESS, status=404)
    wire.get(f"{BASE}/metadata?_format=json", json=statement)
    assert refusal(discovery, issuer).code == "discovery_incomplete"


@pytest.mark.parametrize("url", [[], {}, ["authorize"], 7, None, True])
def test_oauth_uri_whose_name_is_no_text_is_passed_over(
    discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock, url: object
) -> None:
    members = [{"url": url, "valueUri": "x"}, {"url": "authorize", "valueUri": f"{BASE}/a"}, {"url": "token", "valueUri": f"{BASE}/t"}]
    statement = {"rest": [{"security": {"extension": [{"url": OAUTH_URIS, "extension": members}]}}]}
    wire.get(ADDRESS, status=404)
    wire.get(f"{BASE}/metadata?_format=json", json=statement)
    assert discovery.endpoints(issuer).token_endpoint == f"{BASE}/t"


# SMART H3
def test_keys_are_fetched_again_at_most_once_a_minute(discovery: Discovery, ehr: AuthorizationServer, clock: Clock) -> None:
    address = f"{ISSUER}/keys"
    for newer in (False, False, True):
        discovery.key_set(address, newer=newer)
    assert len(ehr.mock.calls) == 1
    clock.forward(seconds=61)
    for newer in (True, True, False):
        discovery.key_set(address, newer=newer)
    assert len(ehr.mock.calls) == 2


def test_unreachable_keys_are_an_error_of_their_own(discovery: Discovery, wire: responses.RequestsMock) -> None:
    wire.get(f"{ISSUER}/keys", status=404)
    with pytest.raises(LaunchError, match="signing keys") as refused:
        discovery.key_set(f"{ISSUER}/keys")
    assert refused.value.code == "id_token_invalid"


# SMART C6
def test_many_addresses_below_a_prefix_do_not_fill_the_memory(discovery: Discovery, issuer: Issuer, wire: responses.RequestsMock) -> None:
    document = {"authorization_endpoint": "/a", "token_endpoint": "/t"}
    for number in range(300):
        iss = f"https://ehr.example.org/sim/{number}/fhir"
        wire.get(f"{iss}/.well-known/smart-configuration", json=document)
        discovery.endpoints(replace(issuer, iss=iss))
    assert len(discovery._endpoints._values) == 256
