"""The five ways of being a client at a token endpoint."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from smart_app.errors import ConfigurationError
from smart_app.launch.client_auth import Credentials, credentials, secret
from smart_app.registration import ClientAuth, OpenServer, PrivateKeyJwt, PublicClient, SecretBasic, SecretPost
from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer, counting_ids, ec_key, rsa_key
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered

TOKEN = f"{ISSUER}/token"


def made(auth: ClientAuth, clock: Clock, new_secret: Callable[[], str] = counting_ids(), **environ: str) -> Credentials:  # noqa: B008
    return credentials(registered(auth), endpoint=TOKEN, now=clock(), new_secret=new_secret, environ=environ)


def test_public_client_only_names_itself(clock: Clock) -> None:
    assert made(PublicClient(), clock) == Credentials(form={"client_id": "rapport"})


def test_basic_sends_the_pair_as_it_is_unless_registered_otherwise(clock: Clock) -> None:
    plain = made(SecretBasic(secret_env="EHR_SECRET"), clock, EHR_SECRET="s:e c+/")
    encoded = made(SecretBasic(secret_env="EHR_SECRET", form_encode=True), clock, EHR_SECRET="s:e c+/")
    assert plain.form == {}
    assert b64decode(plain.headers["Authorization"].removeprefix("Basic ")) == b"rapport:s:e c+/"
    assert b64decode(encoded.headers["Authorization"].removeprefix("Basic ")) == b"rapport:s%3Ae+c%2B%2F"


def test_post_sends_the_secret_in_the_form(clock: Clock) -> None:
    assert made(SecretPost(secret_env="EHR_SECRET"), clock, EHR_SECRET="hush").form == {"client_id": "rapport", "client_secret": "hush"}


@pytest.mark.parametrize(("alg", "key"), [("RS384", rsa_key()), ("ES384", ec_key("P-384"))])
@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_assertion_is_short_lived_and_good_once(clock: Clock, alg: str, key: RSAKey | ECKey, form: str) -> None:
    auth = PrivateKeyJwt(key_env="EHR_KEY", alg="RS384" if alg == "RS384" else "ES384", kid="key-1")
    text = key.as_pem(private=True).decode() if form == "pem" else str(key.as_dict(private=True)).replace("'", '"')
    tokens = [jwt.decode(made(auth, clock, EHR_KEY=text).form["client_assertion"], key, algorithms=[alg]) for _ in range(2)]
    header, claims = tokens[0].header, tokens[0].claims
    assert header == {"alg": alg, "kid": "key-1", "typ": "JWT"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("rapport", "rapport", TOKEN)
    assert 0 < claims["exp"] - int(clock().timestamp()) <= 300
    assert tokens[0].claims["jti"] != tokens[1].claims["jti"]


@pytest.mark.parametrize(("alg", "key"), [("RS384", ec_key("P-384")), ("ES384", rsa_key()), ("ES384", ec_key("P-256"))])
def test_key_of_the_wrong_kind_is_a_configuration_error(clock: Clock, alg: str, key: RSAKey | ECKey) -> None:
    auth = PrivateKeyJwt(key_env="EHR_KEY", alg="RS384" if alg == "RS384" else "ES384", kid="key-1")
    with pytest.raises(ConfigurationError, match="key-1"):
        made(auth, clock, EHR_KEY=key.as_pem(private=True).decode())


@pytest.mark.parametrize("text", ["nonsense", "{", "{}", rsa_key().as_pem(private=False).decode()])
def test_unusable_key_is_a_configuration_error_that_does_not_repeat_it(clock: Clock, text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        made(PrivateKeyJwt(key_env="EHR_KEY", alg="RS384", kid="key-1"), clock, EHR_KEY=text)
    assert text not in str(refused.value) or text == "{"


def test_missing_secret_names_the_variable(clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="EHR_SECRET or EHR_SECRET_FILE"):
        made(SecretPost(secret_env="EHR_SECRET"), clock)


def test_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    assert secret("EHR_SECRET", {"EHR_SECRET_FILE": str(tmp_path / "secret")}) == "hush"
    with pytest.raises(ConfigurationError, match="EHR_SECRET_FILE"):
        secret("EHR_SECRET", {"EHR_SECRET_FILE": str(tmp_path / "absent")})


def test_open_server_has_no_credentials(clock: Clock) -> None:
    with pytest.raises(ConfigurationError):
        made(OpenServer(), clock)


# SMART J3
def test_client_authenticates_again_on_refresh(clock: Clock, ehr: AuthorizationServer) -> None:
    issuer = registered(PrivateKeyJwt(key_env="EHR_KEY", alg="ES384", kid="key-1"))
    launcher = launcher_for(issuer, clock, {"EHR_KEY": ec_key("P-384").as_pem(private=True).decode()})
    begun = launcher.begin(BASE, "abc")
    context = launcher.complete(begun.pending, ehr.authorize(begun.authorize_url))
    launcher.refresh(context)
    form = ehr.last_form()
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form.keys() == {"grant_type", "refresh_token", "client_assertion_type", "client_assertion"}
