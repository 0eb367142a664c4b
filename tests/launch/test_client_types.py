"""Every way of being a client, seen from the EHR's side of the wire: the code exchange, the refresh and the revocation of one launch."""

import logging
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses
import simplejson
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from msgspec.structs import replace

from smart_app.errors import ConfigurationError, LaunchError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.launch.flow import Launcher
from smart_app.launch.keys.client_secrets import check_secrets
from smart_app.launch.keys.signing_keys import published
from smart_app.registration import ClientAuth, Issuer, PrivateKeyJwt, PublicClient, Registration, SecretBasic, SecretPost, load_registration
from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer, ec_key, public, rsa_key
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered

TOKEN, REVOKE = f"{ISSUER}/token", f"{ISSUER}/revoke"
ENVIRON = {
    "EHR_SECRET": "hush-hush",
    "EHR_KEYS": simplejson.dumps({"keys": [ec_key("P-384").as_dict(private=True), rsa_key().as_dict(private=True)]}),
}
KEY = PrivateKeyJwt(key_env="EHR_KEYS")
TYPES = [PublicClient(), SecretBasic(secret_env="EHR_SECRET"), SecretPost(secret_env="EHR_SECRET"), KEY]


@dataclass(kw_only=True)
class Sent:
    """The requests of a launch that need to know who the client is; both tokens are given back."""

    exchange: requests.PreparedRequest
    refresh: requests.PreparedRequest
    revocations: list[requests.PreparedRequest]

    def __iter__(self) -> Any:
        return iter((self.exchange, self.refresh, *self.revocations))


def form(request: requests.PreparedRequest) -> dict[str, str]:
    return dict(parse_qsl(str(request.body)))


def signed_in(launcher: Launcher, ehr: AuthorizationServer) -> LaunchContext:
    begun = launcher.begin(BASE, "abc")
    return launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))


def whole_launch(auth: ClientAuth, ehr: AuthorizationServer, clock: Clock) -> Sent:
    ehr.document["revocation_endpoint"] = REVOKE
    ehr.mock.post(REVOKE, body="")
    launcher = launcher_for(registered(auth), clock, ENVIRON)
    assert launcher.revoke(launcher.refresh(signed_in(launcher, ehr))) == "confirmed"
    exchange, refresh, *revocations = [call.request for call in ehr.mock.calls if call.request.method == "POST"]
    assert len(revocations) == 2
    return Sent(exchange=exchange, refresh=refresh, revocations=revocations)


# SMART F1
# IG 62, 63, 68, 69, 71
def test_client_id_is_in_the_body_of_a_public_client_alone(ehr: AuthorizationServer, clock: Clock) -> None:
    sent = whole_launch(PublicClient(), ehr, clock)
    assert form(sent.exchange).keys() == {"grant_type", "code", "redirect_uri", "code_verifier", "client_id"}
    assert form(sent.exchange)["redirect_uri"] == ehr.authorized["redirect_uri"]
    assert {request.headers["Content-Type"] for request in sent} == {"application/x-www-form-urlencoded"}
    assert all("Authorization" not in request.headers for request in sent)
    assert all(form(request)["client_id"] == "rapport" for request in sent)


# SMART F1
# IG 64, 72
@pytest.mark.parametrize("auth", [SecretBasic(secret_env="EHR_SECRET"), KEY])
def test_other_clients_are_named_by_their_credentials(auth: ClientAuth, ehr: AuthorizationServer, clock: Clock) -> None:
    assert all("client_id" not in form(request) for request in whole_launch(auth, ehr, clock))


# SMART F2
# IG 64, 66, 317, 343, 345
def test_basic_client_sends_plain_base64_each_time_and_nothing_in_the_body(ehr: AuthorizationServer, clock: Clock) -> None:
    for request in whole_launch(SecretBasic(secret_env="EHR_SECRET"), ehr, clock):
        assert b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"rapport:hush-hush"
        assert "hush" not in str(request.body)


def test_post_client_sends_its_secret_each_time_and_no_header(ehr: AuthorizationServer, clock: Clock) -> None:
    for request in whole_launch(SecretPost(secret_env="EHR_SECRET"), ehr, clock):
        assert (form(request)["client_id"], form(request)["client_secret"]) == ("rapport", "hush-hush")
        assert "Authorization" not in request.headers


# SMART F3
# SMART J3
# IG 64, 105, 307, 308, 309, 317, 319, 320, 321, 322, 323, 327, 328, 329, 330, 331, 332, 333, 334
@pytest.mark.parametrize(("alg", "key"), [("RS384", rsa_key()), ("ES384", ec_key("P-384"))])
def test_every_request_of_a_key_client_carries_an_assertion_of_its_own(
    ehr: AuthorizationServer, clock: Clock, alg: str, key: RSAKey | ECKey
) -> None:
    ehr.document["token_endpoint_auth_signing_alg_values_supported"] = [alg]
    sent = whole_launch(KEY, ehr, clock)
    assertions = [jwt.decode(form(request)["client_assertion"], key, algorithms=[alg]) for request in sent]
    for assertion in assertions:
        assert assertion.header == {"alg": alg, "kid": key.kid, "typ": "JWT"}
        assert assertion.claims["iss"] == assertion.claims["sub"] == "rapport"
        assert assertion.claims["aud"] == TOKEN
        assert 0 < assertion.claims["exp"] - int(clock().timestamp()) <= 300
    assert len({assertion.claims["jti"] for assertion in assertions}) == len(assertions)
    assert {form(request)["client_assertion_type"] for request in sent} == {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    assert form(sent.refresh).keys() == {"grant_type", "refresh_token", "client_assertion_type", "client_assertion"}


class TestChoiceOfAlgorithm:
    # SMART C7
    @pytest.mark.parametrize(
        ("auth", "advertised", "kid"),
        [
            (KEY, ["RS384", "ES384"], "ec"),
            (KEY, ["RS256", "RS384"], "one"),
            (KEY, None, "ec"),
            (KEY, [], "ec"),
            (KEY, "RS384", "ec"),
            (replace(KEY, alg="RS384"), ["ES384"], "one"),
            (replace(KEY, kid="one"), None, "one"),
        ],
    )
    def test_newest_key_the_ehr_takes_signs_unless_the_entry_says_which(
        self, ehr: AuthorizationServer, clock: Clock, auth: PrivateKeyJwt, advertised: Any, kid: str
    ) -> None:
        ehr.document["token_endpoint_auth_signing_alg_values_supported"] = advertised
        signed_in(launcher_for(registered(auth), clock, ENVIRON), ehr)
        exchange = next(call.request for call in ehr.mock.calls if call.request.method == "POST")
        key = ec_key("P-384") if kid == "ec" else rsa_key()
        assert jwt.decode(form(exchange)["client_assertion"], key, algorithms=["RS384", "ES384"]).header["kid"] == kid

    # SMART C7
    @pytest.mark.parametrize("listed", [["PS384"], ["RS256", "none"], ["\x1b[31m" * 99]])
    def test_where_the_ehr_takes_no_key_nobody_is_sent_to_sign_in(self, ehr: AuthorizationServer, clock: Clock, listed: list[str]) -> None:
        ehr.document["token_endpoint_auth_signing_alg_values_supported"] = listed
        with pytest.raises(LaunchError, match=r"ec \(ES384\), one \(RS384\); the EHR lists: [\x20-\x7e]{1,300}$") as refused:
            launcher_for(registered(KEY), clock, ENVIRON).begin(BASE, "abc")
        assert (refused.value.code, refused.value.http_status) == ("key_not_accepted", 502)

    # SMART C7
    def test_where_the_entry_names_no_key_of_ours_nobody_is_sent_to_sign_in(self, ehr: AuthorizationServer, clock: Clock) -> None:
        with pytest.raises(ConfigurationError, match=r"ec \(ES384\), one \(RS384\); wanted: kid absent"):
            launcher_for(registered(replace(KEY, kid="absent")), clock, ENVIRON).begin(BASE, "abc")

    def test_choice_holds_for_the_refresh_after_discovery_was_forgotten(self, ehr: AuthorizationServer, clock: Clock) -> None:
        ehr.document["token_endpoint_auth_signing_alg_values_supported"] = ["RS384"]
        launcher = launcher_for(registered(KEY), clock, ENVIRON)
        context = signed_in(launcher, ehr)
        launcher.discovery.forget(registered(KEY))
        asked = ehr.asked("/fhir/.well-known/smart-configuration")
        launcher.refresh(context)
        assert jwt.decode(ehr.last_form()["client_assertion"], rsa_key(), algorithms=["RS384"]).header["kid"] == "one"
        assert ehr.asked("/fhir/.well-known/smart-configuration") == asked

    def test_rotated_file_signs_with_its_new_key_from_the_next_request_on(
        self, ehr: AuthorizationServer, clock: Clock, tmp_path: Path
    ) -> None:
        keys = tmp_path / "keys.json"
        old, new = ec_key("P-384", "old"), ec_key("P-384", "new")
        keys.write_text(simplejson.dumps({"keys": [old.as_dict(private=True)]}))
        launcher = launcher_for(registered(PrivateKeyJwt(key_file=keys)), clock)
        context = signed_in(launcher, ehr)
        keys.write_text(simplejson.dumps({"keys": [new.as_dict(private=True), old.as_dict(private=True)]}))
        launcher.refresh(context)
        assert jwt.decode(ehr.last_form()["client_assertion"], new, algorithms=["ES384"]).header["kid"] == "new"


class TestTokenEndpoint:
    # SMART F4
    @pytest.mark.parametrize("auth", TYPES)
    def test_redirect_is_not_followed_with_credentials(self, ehr: AuthorizationServer, clock: Clock, auth: ClientAuth) -> None:
        launcher = launcher_for(registered(auth), clock, ENVIRON)
        begun = launcher.begin(BASE, "abc")
        ehr.mock.replace(responses.POST, TOKEN, status=307, headers={"Location": "https://evil.example/token"})
        with pytest.raises(LaunchError) as refused:
            launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))
        assert refused.value.code == "token_invalid"
        assert all(str(call.request.url).startswith("https://ehr.example.org/") for call in ehr.mock.calls)

    # SMART F4
    def test_request_has_its_limits_and_verifies_the_certificate(self, ehr: AuthorizationServer, clock: Clock) -> None:
        signed_in(launcher_for(registered(), clock), ehr)
        asked = next(call.request for call in ehr.mock.calls if call.request.method == "POST")
        options = asked.req_kwargs  # type: ignore[attr-defined]
        assert (options["timeout"], options["verify"]) == ((5, 15), True)

    # SMART F4
    @pytest.mark.parametrize(
        "answer", [{"body": "[]"}, {"body": "access_token=x"}, {"body": '{"access_token": "' + "x" * 300_000 + '"}'}], ids=str
    )
    def test_answer_has_to_be_a_json_object_of_bearable_size(self, ehr: AuthorizationServer, clock: Clock, answer: dict[str, str]) -> None:
        launcher = launcher_for(registered(), clock)
        begun = launcher.begin(BASE, "abc")
        ehr.mock.replace(responses.POST, TOKEN, **answer)
        with pytest.raises(LaunchError) as refused:
            launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))
        assert refused.value.code == "token_invalid"

    # SMART F6
    @pytest.mark.parametrize("auth", TYPES)
    def test_refusal_tells_nothing_that_was_sent(
        self, ehr: AuthorizationServer, clock: Clock, auth: ClientAuth, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        launcher = launcher_for(registered(auth), clock, ENVIRON)
        begun = launcher.begin(BASE, "abc")
        ehr.mock.replace(responses.POST, TOKEN, status=401, json={"error": "invalid_client"})
        with pytest.raises(LaunchError) as refused:
            launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))
        written = f"{refused.value} {refused.value.user_message} {caplog.text}"
        sent = form(ehr.mock.calls[-1].request)
        for secret in ("hush-hush", "code-1", sent["code_verifier"], sent.get("client_assertion", "hush-hush")):
            assert secret not in written


class TestSecretsAtTheStart:
    def test_one_secret_under_two_names_is_refused_naming_both_ehrs(self, tmp_path: Path) -> None:
        (tmp_path / "same").write_text("hush-hush\n")
        registration = of(
            replace(registered(SecretBasic(secret_env="EHR_SECRET")), name="First EHR"),
            replace(registered(SecretPost(secret_file=tmp_path / "same")), name="Second EHR", iss="https://two.example.org/fhir"),
        )
        with pytest.raises(ConfigurationError, match="'First EHR' and 'Second EHR'") as refused:
            check_secrets(registration, ENVIRON)
        assert "hush" not in str(refused.value)
        off = replace(registration, issuers=(registration.issuers[0], replace(registration.issuers[1], enabled=False)))
        check_secrets(off, ENVIRON)

    # IG 10
    def test_missing_secret_is_told_before_the_first_launch(self) -> None:
        with pytest.raises(ConfigurationError, match="EHR_SECRET"):
            check_secrets(of(registered(SecretBasic(secret_env="EHR_SECRET"))), {})


class TestPublishedKeys:
    # SMART A4
    def test_every_entry_publishes_all_its_keys_once(self) -> None:
        other = replace(registered(PrivateKeyJwt(key_env="RSA")), iss="https://two.example.org/fhir")
        off = replace(registered(PrivateKeyJwt(key_env="ABSENT")), iss="https://three.example.org/fhir", enabled=False)
        environ = {**ENVIRON, "RSA": simplejson.dumps(rsa_key().as_dict(private=True))}
        found = published(of(registered(KEY), other, off, replace(registered(), iss="https://four.example.org/fhir")), environ)
        assert found == {"keys": [public(ec_key("P-384"), alg="ES384", use="sig"), public(rsa_key(), alg="RS384", use="sig")]}

    def test_entry_that_is_off_publishes_its_key_as_soon_as_it_is_there(self, tmp_path: Path) -> None:
        file = tmp_path / "keys.json"
        off = of(replace(registered(PrivateKeyJwt(key_file=file)), enabled=False))
        assert published(off, {}) == {"keys": []}
        file.write_text(simplejson.dumps(rsa_key().as_dict(private=True)))
        assert [key["kid"] for key in published(off, {})["keys"]] == ["one"]

    def test_two_keys_with_one_id_are_refused(self) -> None:
        other = replace(registered(PrivateKeyJwt(key_env="OTHER", kid="ec")), iss="https://two.example.org/fhir")
        environ = {**ENVIRON, "OTHER": rsa_key("two").as_pem(private=True).decode()}
        with pytest.raises(ConfigurationError, match="kid ec"):
            published(of(registered(KEY), other), environ)


def of(*issuers: Issuer) -> Registration:
    return replace(load_registration(), issuers=issuers)
