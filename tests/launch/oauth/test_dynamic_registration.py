"""Dynamic registration at the wire: what is sent, and what of the answer is believed."""

from typing import Any

import pytest
import responses
import simplejson
from msgspec.structs import replace

from smart_app.http import new_session
from smart_app.launch.discovery.smart_configuration import Endpoints
from smart_app.launch.oauth.client_metadata import addresses, client_metadata
from smart_app.launch.oauth.dynamic_registration import Registered, RegistrationError, choose_method, register
from smart_app.registration import load_registration

ENDPOINT = "https://ehr.example.org/auth/register"
REGISTRATION = load_registration()
ASKED = client_metadata(
    REGISTRATION.client, addresses(REGISTRATION, "https://rapport.example.org"), method="client_secret_basic", scope="launch openid"
)
ANSWER: dict[str, Any] = {**ASKED, "client_id": "given-1", "client_secret": "hush-hush", "client_secret_expires_at": 0}
NOTHING_SAID = Endpoints(
    authorization_endpoint="https://ehr.example.org/a",
    token_endpoint="https://ehr.example.org/t",
    issuer=None,
    jwks_uri=None,
    revocation_endpoint=None,
    capabilities=frozenset(),
    answers_with_iss=False,
)
BOTH = ("client_secret_basic", "client_secret_post", "private_key_jwt")


def sent(wire: responses.RequestsMock, asked: dict[str, Any] = ASKED, token: str | None = None, **answer: Any) -> Registered:
    wire.post(ENDPOINT, **answer)
    with new_session(pool=1) as http:
        return register(http, ENDPOINT, asked, initial_token=token)


# SMART C7
# IG 11, 65
@pytest.mark.parametrize(
    ("said", "algorithms", "keeps_secret", "method"),
    [
        ({"auth_methods": BOTH}, ["ES384"], True, "private_key_jwt"),
        ({"auth_methods": BOTH, "assertion_algorithms": ("RS384",)}, ["ES384", "RS384"], True, "private_key_jwt"),
        ({"auth_methods": BOTH, "assertion_algorithms": ("RS384",)}, ["ES384"], True, "client_secret_basic"),
        ({"auth_methods": BOTH}, [], True, "client_secret_basic"),
        ({"auth_methods": ("client_secret_post",)}, ["ES384"], True, "client_secret_post"),
        ({"auth_methods": BOTH}, [], False, "none"),
        ({"auth_methods": ("none",)}, ["ES384"], True, "none"),
        ({"capabilities": frozenset({"client-confidential-asymmetric"})}, ["ES384"], False, "private_key_jwt"),
        ({"capabilities": frozenset({"client-confidential-symmetric", "client-public"})}, ["ES384"], True, "client_secret_basic"),
        ({}, ["ES384"], True, "none"),
    ],
)
def test_client_type_is_the_strongest_both_sides_can_be(
    said: dict[str, Any], algorithms: list[str], keeps_secret: bool, method: str
) -> None:
    assert choose_method(replace(NOTHING_SAID, **said), algorithms=algorithms, keeps_secret=keeps_secret) == method


def test_metadata_goes_out_as_json_once_and_the_answer_is_read(wire: responses.RequestsMock) -> None:
    done = sent(wire, token="initial", status=201, json={**ANSWER, "client_secret_expires_at": 1900000000})
    (call,) = wire.calls
    assert simplejson.loads(call.request.body or "") == ASKED
    assert call.request.headers["Content-Type"] == "application/json"
    assert call.request.headers["Authorization"] == "Bearer initial"
    assert (done.client_id, done.method, done.client_secret, done.secret_expires) == (
        "given-1",
        "client_secret_basic",
        "hush-hush",
        1900000000,
    )
    assert done.notes == ()
    assert "hush" not in repr(done)


def test_what_the_ehr_decided_otherwise_is_said(wire: responses.RequestsMock) -> None:
    done = sent(
        wire, json={"client_id": "given-1", "token_endpoint_auth_method": "none", "scope": "launch", "grant_types": ["authorization_code"]}
    )
    assert (done.method, done.scope, done.client_secret) == ("none", "launch", None)
    assert [note.split(":")[0] for note in done.notes] == [
        "The EHR chose none instead of client_secret_basic.",
        "Scopes not registered",
        "There will be no refresh tokens",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": None},
        {"client_id": 7},
        {"client_id": "x" * 300},
        {"client_id": "a\nb"},
        {"client_secret": None},
        {"client_secret": "bell\u0007"},
        {"client_secret_expires_at": "soon"},
        {"redirect_uris": ["https://evil.example/callback"]},
        {"redirect_uris": [*ASKED["redirect_uris"], "https://evil.example/callback"]},
        {"redirect_uris": "https://rapport.example.org/callback"},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": ["none"]},
        {"grant_types": ["implicit"]},
        {"grant_types": "authorization_code"},
    ],
    ids=str,
)
def test_answer_that_cannot_be_used_is_refused(wire: responses.RequestsMock, change: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError, match="cannot be used") as refused:
        sent(wire, status=201, json={**ANSWER, **change})
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 400, "json": {"error": "invalid_redirect_uri", "error_description": "not yours"}}, "invalid_redirect_uri: not yours"),
        ({"status": 401}, "HTTP 401"),
        ({"status": 307, "headers": {"Location": "https://evil.example/"}}, "redirected"),
        ({"status": 201, "body": "[]"}, "not_json"),
        ({"status": 201, "body": '{"client_id": "' + "x" * 300_000 + '"}'}, "too_large"),
    ],
)
def test_refusal_and_failure_are_told_and_nothing_is_followed(wire: responses.RequestsMock, answer: dict[str, Any], said: str) -> None:
    with pytest.raises(RegistrationError, match=said):
        sent(wire, **answer)
    assert [call.request.url for call in wire.calls] == [ENDPOINT]
