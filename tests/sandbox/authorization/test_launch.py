"""The EHR launch from chart to token, over real sockets: what is granted, and every way to be refused."""

import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from smart_app.sandbox.authorization.clients import ASSERTION_TYPE
from tests.sandbox.smart_ward import APP_KEY, CALLBACK, LAUNCH, SCOPE, Ward, returned

pytestmark = pytest.mark.enable_socket


def test_launch_gives_a_token_bound_to_patient_user_and_visit(ward: Ward) -> None:
    answer = ward.redeem(ward.code(ward.question(ward.launch())))
    token = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert token["token_type"] == "Bearer"
    assert token["patient"] == "p1"
    assert token["encounter"] == "e1"
    assert token["need_patient_banner"] is True
    assert token["scope"] == SCOPE
    assert token["expires_in"] == 3600


def test_id_token_is_signed_and_names_the_user(ward: Ward) -> None:
    token = ward.signed_in(user="Practitioner/tom")
    keys = KeySet.import_key_set(ward.http.get(f"{ward.url}/oauth/jwks").json())
    verified = jwt.decode(token["id_token"], keys, algorithms=["ES384"])
    assert verified.header["kid"] == keys.keys[0].kid
    assert verified.claims["iss"] == ward.url
    assert verified.claims["aud"] == "rapport"
    assert verified.claims["nonce"] == "n1"
    assert verified.claims["fhirUser"] == f"{ward.fhir}/Practitioner/tom"
    assert verified.claims["name"] == "Tom Aas"
    assert verified.claims["exp"] > verified.claims["iat"] == int(ward.clock().timestamp())


def test_more_context_is_told_to_the_app_as_it_was_asked_for(ward: Ward) -> None:
    form = {"canonical": "https://example.org/Questionnaire/1|2", "type": "Questionnaire"}
    asked = {"app_context": '{"a": "<b>"}', "fhir_context": [form, {"reference": "Task/7"}], "tenant": "t-1", "style": True}
    token = ward.signed_in(options=asked)
    assert token["appContext"] == '{"a": "<b>"}'
    assert token["fhirContext"] == [form, {"reference": "Task/7"}]
    assert token["tenant"] == "t-1"
    style = ward.http.get(token["smart_style_url"]).json()
    assert style["color_text"] == "#1d2733"
    assert "context-style" in ward.http.get(f"{ward.fhir}/.well-known/smart-configuration").json()["capabilities"]


def test_more_context_is_told_only_where_asked_for(ward: Ward) -> None:
    assert not {"appContext", "fhirContext", "tenant", "smart_style_url", "intent"} & ward.signed_in().keys()


@pytest.mark.parametrize("wrong", [{}, "x", [7], [{"type": "Task"}]])
def test_fhir_context_that_says_nothing_makes_no_launch(ward: Ward, wrong: object) -> None:
    answer = ward.http.post(f"{ward.url}/launches", json={"patient": "p1", "options": {"fhir_context": wrong}})
    assert answer.status_code == 400
    assert "fhir_context" in answer.json()["error"]


def test_public_keys_hold_no_private_part(ward: Ward) -> None:
    assert "d" not in ward.http.get(f"{ward.url}/oauth/jwks").json()["keys"][0]


def test_discovery_names_every_endpoint(ward: Ward) -> None:
    smart = ward.http.get(f"{ward.fhir}/.well-known/smart-configuration")
    assert smart.headers["Content-Type"] == "application/json"
    found = smart.json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "permission-v1", "permission-v2", "authorize-post", "sso-openid-connect"} <= set(found["capabilities"])
    openid = ward.http.get(f"{found['issuer']}/.well-known/openid-configuration").json()
    assert openid["jwks_uri"] == found["jwks_uri"]
    assert openid["id_token_signing_alg_values_supported"] == ["ES384"]


def test_capability_statement_is_open_and_names_the_authorization_server(ward: Ward) -> None:
    statement = ward.http.get(f"{ward.fhir}/metadata").json()
    security = statement["rest"][0]["security"]
    uris = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    assert uris["authorize"] == f"{ward.url}/oauth/authorize"
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    assert statement["implementation"]["url"] == ward.fhir


def test_authorize_by_post_works_like_get(ward: Ward) -> None:
    answer = ward.http.post(f"{ward.url}/oauth/authorize", data=ward.question(ward.launch()), allow_redirects=False)
    assert returned(answer)["state"] == "st"
    assert ward.redeem(returned(answer)["code"]).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": None}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "http://elsewhere.example/fhir"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"launch": None}, "invalid_scope"),
        ({"launch": ""}, "invalid_request"),
        ({"launch": "never-issued"}, "invalid_request"),
        ({"scope": "openid patient/Patient.r"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"client_id": "basic"}, "invalid_request"),
    ],
)
def test_authorize_tells_the_app_what_is_wrong(ward: Ward, changed: dict[str, str | None], error: str) -> None:
    told = returned(ward.authorize(ward.question(ward.launch(), **changed)))
    assert told["error"] == error
    assert "code" not in told


def test_authorize_refuses_aud_with_an_added_slash(ward: Ward) -> None:
    assert returned(ward.authorize(ward.question(ward.launch(), aud=f"{ward.fhir}/")))["error"] == "invalid_request"


def test_authorize_refuses_a_repeated_parameter(ward: Ward) -> None:
    question = [*ward.question(ward.launch()).items(), ("scope", "launch")]
    assert returned(ward.authorize(question))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "changed", [{"client_id": "stranger"}, {"redirect_uri": f"{CALLBACK}/x"}, {"redirect_uri": None}, {"client_id": None}]
)
def test_authorize_shows_a_page_when_it_cannot_trust_the_redirect(ward: Ward, changed: dict[str, str | None]) -> None:
    answer = ward.authorize(ward.question(ward.launch(), **changed))
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_launch_token_is_good_once(ward: Ward) -> None:
    launch = ward.launch()
    ward.code(ward.question(launch))
    assert returned(ward.authorize(ward.question(launch)))["error"] == "invalid_request"


def test_launch_token_expires(ward: Ward) -> None:
    launch = ward.launch()
    ward.clock.advance(301)
    assert returned(ward.authorize(ward.question(launch)))["error"] == "invalid_request"


def test_consent_page_lets_the_user_decide_once(ward: Ward) -> None:
    page = ward.authorize(ward.question(ward.launch(options={"consent": True})))
    ticket = page.text.partition('name="ticket" value="')[2].partition('"')[0]
    answer = ward.http.post(f"{ward.url}/oauth/consent", data={"ticket": ticket, "decision": "allow"}, allow_redirects=False)
    assert ward.redeem(returned(answer)["code"]).status_code == 200
    assert ward.http.post(f"{ward.url}/oauth/consent", data={"ticket": ticket, "decision": "allow"}).status_code == 400


def test_consent_denied_is_access_denied(ward: Ward) -> None:
    page = ward.authorize(ward.question(ward.launch(options={"consent": True})))
    ticket = page.text.partition('name="ticket" value="')[2].partition('"')[0]
    answer = ward.http.post(f"{ward.url}/oauth/consent", data={"ticket": ticket, "decision": "deny"}, allow_redirects=False)
    assert returned(answer) == {"error": "access_denied", "error_description": "The user did not allow it.", "state": "st"}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": "never-issued"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": f"{CALLBACK}2"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "narrow"}, "invalid_grant"),
    ],
)
def test_token_refuses(ward: Ward, changed: dict[str, str], error: str) -> None:
    answer = ward.redeem(ward.code(ward.question(ward.launch())), **changed)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_failed_try_spends_the_code(ward: Ward) -> None:
    code = ward.code(ward.question(ward.launch()))
    ward.redeem(code, code_verifier="w" * 43)
    assert ward.redeem(code).json()["error"] == "invalid_grant"


def test_second_use_of_a_code_revokes_what_came_from_it(ward: Ward) -> None:
    code = ward.code(ward.question(ward.launch()))
    token = ward.redeem(code).json()
    assert ward.redeem(code).json()["error"] == "invalid_grant"
    assert ward.call(token["access_token"], "GET", "Patient/p1").status_code == 401
    again = ward.token(grant_type="refresh_token", refresh_token=token["refresh_token"], client_id="rapport")
    assert again.json()["error"] == "invalid_grant"


def test_code_expires_after_a_minute(ward: Ward) -> None:
    code = ward.code(ward.question(ward.launch()))
    ward.clock.advance(61)
    assert ward.redeem(code).json()["error"] == "invalid_grant"


def test_scopes_outside_the_registration_are_dropped(ward: Ward) -> None:
    code = ward.code(ward.question(ward.launch(client="narrow"), client_id="narrow"))
    token = ward.redeem(code, client_id="narrow").json()
    assert token["scope"] == "launch patient/Observation.rs"
    assert "id_token" not in token
    assert "refresh_token" not in token


def test_a_launch_can_keep_scopes_back(ward: Ward) -> None:
    token = ward.signed_in(options={"scope_remove": ["patient/Observation.cu", "online_access"]})
    assert token["scope"] == "launch openid fhirUser patient/Patient.r patient/Observation.rs patient/Practitioner.r"


def test_launch_options_reach_the_token_answer(ward: Ward) -> None:
    token = ward.signed_in(encounter=None, options={"need_patient_banner": False, "intent": "history"})
    assert token["need_patient_banner"] is False
    assert token["intent"] == "history"
    assert "encounter" not in token


def test_symmetric_client_by_basic(ward: Ward) -> None:
    code = ward.code(ward.question(ward.launch(client="basic"), client_id="basic"))
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    wrong = ward.token(auth=("basic", "guess"), **form)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert "Basic" in wrong.headers["WWW-Authenticate"]
    assert ward.token(**form, client_id="basic", client_secret="s3cret").status_code == 401
    assert ward.token(auth=("basic", "s3cret"), **form).status_code == 200


def test_symmetric_client_by_post(ward: Ward) -> None:
    code = ward.code(ward.question(ward.launch(client="post"), client_id="post"))
    assert ward.redeem(code, client_id="post").status_code == 401
    assert ward.redeem(code, client_id="post", client_secret="s3cret").status_code == 200


def assertion(ward: Ward, key: ECKey = APP_KEY, **changed: Any) -> dict[str, str]:
    now = int(ward.clock().timestamp())
    claims = {"iss": "signed", "sub": "signed", "aud": f"{ward.url}/oauth/token", "exp": now + 200, "jti": f"j{time.monotonic_ns()}"}
    text = jwt.encode({"alg": "ES384", "kid": "app-1"}, {**claims, **changed}, key, algorithms=["ES384"])
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}


def signed_form(ward: Ward) -> dict[str, str]:
    code = ward.code(ward.question(ward.launch(client="signed"), client_id="signed"))
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}


def test_asymmetric_client_and_its_refresh(ward: Ward) -> None:
    token = ward.token(**signed_form(ward), **assertion(ward)).json()
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert ward.token(**form, client_id="signed").status_code == 401
    assert ward.token(**form, **assertion(ward)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [{"aud": "http://elsewhere.example/token"}, {"sub": "other"}, {"exp": 1}, {"exp": 4_000_000_000}, {"jti": ""}, {"iss": "stranger"}],
)
def test_asymmetric_client_refused_for_a_wrong_claim(ward: Ward, changed: dict[str, Any]) -> None:
    assert ward.token(**signed_form(ward), **assertion(ward, **changed)).status_code == 401


def test_assertion_is_good_once_and_only_from_the_registered_key(ward: Ward) -> None:
    proof = assertion(ward)
    assert ward.token(**signed_form(ward), **proof).status_code == 200
    assert ward.token(**signed_form(ward), **proof).status_code == 401
    stranger = ECKey.generate_key("P-384", parameters={"kid": "app-1"})
    assert ward.token(**signed_form(ward), **assertion(ward, stranger)).status_code == 401
    assert ward.token(**signed_form(ward), client_assertion_type=ASSERTION_TYPE, client_assertion="x.y").status_code == 401


def test_refresh_rotates_and_reuse_ends_the_family(ward: Ward) -> None:
    first = ward.signed_in()
    form = {"grant_type": "refresh_token", "client_id": "rapport"}
    second = ward.token(**form, refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (second["patient"], second["scope"]) == ("p1", SCOPE)
    assert ward.token(**form, refresh_token=first["refresh_token"]).json()["error"] == "invalid_grant"
    assert ward.token(**form, refresh_token=second["refresh_token"]).json()["error"] == "invalid_grant"
    assert ward.call(second["access_token"], "GET", "Patient/p1").status_code == 401


def test_refresh_may_ask_for_less_never_for_more(ward: Ward) -> None:
    first = ward.signed_in()
    form = {"grant_type": "refresh_token", "client_id": "rapport"}
    assert ward.token(**form, refresh_token=first["refresh_token"], scope="patient/Condition.r").json()["error"] == "invalid_scope"
    less = ward.token(**form, refresh_token=first["refresh_token"], scope="launch patient/Patient.r").json()
    assert less["scope"] == "launch patient/Patient.r"
    assert ward.call(less["access_token"], "GET", "Observation").status_code == 403


def test_revoking_a_refresh_token_ends_everything_of_its_launch(ward: Ward) -> None:
    first, other = ward.signed_in(), ward.signed_in(patient="p2")
    answer = ward.http.post(f"{ward.url}/oauth/revoke", data={"token": first["refresh_token"], "client_id": "rapport"})
    assert answer.status_code == 200
    assert ward.call(first["access_token"], "GET", "Patient/p1").status_code == 401
    assert ward.call(other["access_token"], "GET", "Patient/p2").status_code == 200


def test_revoking_an_access_token_leaves_the_refresh_token(ward: Ward) -> None:
    first = ward.signed_in()
    ward.http.post(f"{ward.url}/oauth/revoke", data={"token": first["access_token"], "client_id": "rapport"})
    assert ward.call(first["access_token"], "GET", "Patient/p1").status_code == 401
    assert ward.token(grant_type="refresh_token", client_id="rapport", refresh_token=first["refresh_token"]).status_code == 200


def test_revocation_of_unknown_and_foreign_tokens(ward: Ward) -> None:
    first = ward.signed_in()
    assert ward.http.post(f"{ward.url}/oauth/revoke", data={"token": "unknown", "client_id": "rapport"}).status_code == 200
    assert ward.http.post(f"{ward.url}/oauth/revoke", data={"token": first["access_token"], "client_id": "narrow"}).status_code == 400
    assert ward.call(first["access_token"], "GET", "Patient/p1").status_code == 200


def test_introspection_tells_of_own_live_tokens(ward: Ward) -> None:
    token = ward.signed_in()["access_token"]
    told = ward.http.post(f"{ward.url}/oauth/introspect", data={"token": token, "client_id": "rapport"}).json()
    assert told["active"] is True
    assert (told["patient"], told["client_id"]) == ("p1", "rapport")
    assert told["fhirUser"] == f"{ward.fhir}/Practitioner/sofia"
    assert ward.http.post(f"{ward.url}/oauth/introspect", data={"token": token, "client_id": "narrow"}).json() == {"active": False}


def test_launch_endpoint_gives_the_address_to_open(ward: Ward) -> None:
    made = ward.http.post(f"{ward.url}/launches", json={"patient": "p2", "encounter": "e2"}).json()
    address = urlsplit(made["launch_url"])
    assert made["launch_url"].startswith(LAUNCH)
    assert dict(parse_qsl(address.query)) == {"iss": ward.fhir, "launch": made["launch"]}
    assert parse_qs(address.query)["iss"] == [ward.fhir]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"patient": "nobody"}, 404),
        ({"patient": ".."}, 404),
        ({"patient": "p1", "encounter": "e2"}, 404),
        ({"patient": "p1", "user": "Practitioner/none"}, 404),
        ({"patient": "p1", "client": "none"}, 404),
        ({"patient": "p1", "colour": "red"}, 400),
        ({"patient": "p1", "options": {"consent": "yes"}}, 400),
        ({"patient": "p1", "options": {"colour": True}}, 400),
    ],
)
def test_launch_endpoint_says_what_is_wrong(ward: Ward, asked: dict[str, Any], status: int) -> None:
    answer = ward.http.post(f"{ward.url}/launches", json=asked)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_launch_endpoint_takes_json_alone(ward: Ward) -> None:
    """A form could come from any page; JSON from another site needs a leave this EHR does not give."""
    answer = ward.http.post(f"{ward.url}/launches", data={"patient": "p1"})
    assert answer.status_code == 415
    assert answer.json()["error"]
