"""How the sign-in is asked: to the letter, by GET or by POST."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from smart_app.launch.flow import Begun
from smart_app.launch.oauth.parameters import launch_request
from smart_app.registration import AuthorizeBy, load_registration
from tests.support.authorization_server import BASE, ISSUER, SCOPE, AuthorizationServer
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered

POST = {"capabilities": ["launch-ehr", "authorize-post"]}


@pytest.fixture
def server(ehr: AuthorizationServer, clock: Clock) -> tuple[AuthorizationServer, Clock]:
    return ehr, clock


def begun(clock: Clock, authorize: AuthorizeBy = "auto", *, launch: str = "abc", iss: str = BASE) -> Begun:
    issuer = replace(registered(), authorize=authorize, hosts=("login.example.org",))
    return launcher_for(issuer, clock).begin(iss, launch)


def query(one: Begun) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(one.authorize_url).query, keep_blank_values=True)
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


# SMART D1
# SMART D4
# SMART D6
# SMART D9
# IG 3, 32, 33, 34, 37, 44, 45, 211
def test_request_holds_what_smart_asks_for_and_nothing_else(ehr: AuthorizationServer, clock: Clock) -> None:
    ehr.document = {"code_challenge_methods_supported": None, "scopes_supported": ["openid"]}
    asked = query(begun(clock))
    assert asked.keys() == {
        *("response_type", "client_id", "redirect_uri", "launch", "scope", "state", "aud", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", "rapport", "S256")
    assert asked["redirect_uri"] == "https://rapport.example.org/callback"
    assert asked["scope"] == SCOPE


# SMART C4
@pytest.mark.parametrize(
    "document", [{"scopes_supported": []}, {"scopes_supported": ["openid"], "capabilities": []}, {"capabilities": "x"}]
)
def test_lists_of_the_server_take_nothing_away(ehr: AuthorizationServer, clock: Clock, document: dict[str, object]) -> None:
    ehr.document = document
    assert query(begun(clock))["scope"] == SCOPE


# SMART D2
@pytest.mark.parametrize("iss", [BASE, f"{BASE}/", "https://EHR.example.org/fhir", "https://ehr.example.org:443/fhir"])
def test_aud_is_the_iss_as_received(ehr: AuthorizationServer, clock: Clock, iss: str) -> None:
    assert query(begun(clock, iss=iss))["aud"] == iss


# SMART D3
# SMART D5
def test_state_nonce_and_verifier_are_long_and_new_each_time(ehr: AuthorizationServer, clock: Clock) -> None:
    launches = [begun(clock) for _ in range(20)]
    for secrets in zip(*((one.pending.state, one.pending.nonce, one.pending.verifier) for one in launches), strict=True):
        assert len(set(secrets)) == 20
        assert all(43 <= len(secret) <= 128 for secret in secrets)
    assert all(one.pending.verifier not in one.authorize_url for one in launches)


# SMART B3
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(launch=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60))
def test_launch_value_comes_through_to_the_byte(ehr: AuthorizationServer, clock: Clock, launch: str) -> None:
    escaped = launch.replace("%", "%25").replace("&", "%26").replace("#", "%23").replace("=", "%3D").replace("+", "%2B")
    asked = launch_request(f"iss={BASE}&launch={escaped}")
    for way in ("get", "post"):
        ehr.document = POST
        one = begun(clock, way, launch=asked.launch)
        assert query(one)["launch"] == launch
        assert one.form is None or one.form.fields["launch"] == launch


# SMART D7
# IG 50, 52, 133
@pytest.mark.parametrize(
    ("authorize", "document", "length", "posted"),
    [
        ("auto", {}, 10, False),
        ("auto", POST, 10, False),
        ("auto", {}, 2000, True),
        ("auto", POST, 2000, True),
        ("post", POST, 10, True),
        ("post", {}, 10, False),
        ("post", {}, 2000, True),
        ("get", POST, 2000, False),
    ],
)
def test_post_where_asked_for_and_advertised_or_where_the_address_is_long(
    server: tuple[AuthorizationServer, Clock], authorize: AuthorizeBy, document: dict[str, object], length: int, posted: bool
) -> None:
    ehr, clock = server
    ehr.document = document
    one = begun(clock, authorize, launch="x" * length)
    assert (one.form is not None) == posted
    if one.form is not None:
        assert dict(one.form.fields) == query(one)
        assert one.form.action == f"{ISSUER}/authorize"
        assert one.form.targets == ("https://ehr.example.org", "https://login.example.org")
        assert "x" * length not in repr(one.form)


# SMART D8
# SMART J6
def test_shipped_scopes_hold_no_wildcard_and_no_offline_access() -> None:
    registration = load_registration()
    scopes = set(registration.client.scope.split())
    scopes |= {scope for issuer in registration.issuers for scope in issuer.scope.split()}
    assert not {scope for scope in scopes if "*" in scope}
    assert "online_access" in scopes
    assert "offline_access" not in scopes
