"""The five ways of being a client at a token endpoint."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from smart_app.errors import ConfigurationError
from smart_app.launch.keys.client_secrets import secret
from smart_app.launch.oauth.client_auth import Credentials, credentials
from smart_app.registration import ClientAuth, OpenServer, PrivateKeyJwt, PublicClient, SecretBasic, SecretPost
from tests.support.authorization_server import ISSUER, counting_ids, ec_key, rsa_key
from tests.support.clock import Clock
from tests.support.launchers import registered

TOKEN = f"{ISSUER}/token"


def made(auth: ClientAuth, clock: Clock, new_secret: Callable[[], str] = counting_ids(), **environ: str) -> Credentials:  # noqa: B008
    return credentials(registered(auth), token_endpoint=TOKEN, advertised=(), now=clock(), new_secret=new_secret, environ=environ)


# SMART F1
def test_public_client_only_names_itself(clock: Clock) -> None:
    assert made(PublicClient(), clock) == Credentials(form={"client_id": "rapport"})


# SMART F2
# IG 345
def test_basic_sends_the_pair_as_it_is_unless_registered_otherwise(clock: Clock) -> None:
    plain = made(SecretBasic(secret_env="EHR_SECRET"), clock, EHR_SECRET="s:e c+/")
    encoded = made(SecretBasic(secret_env="EHR_SECRET", form_encode=True), clock, EHR_SECRET="s:e c+/")
    assert plain.form == {}
    assert b64decode(plain.headers["Authorization"].removeprefix("Basic ")) == b"rapport:s:e c+/"
    assert b64decode(encoded.headers["Authorization"].removeprefix("Basic ")) == b"rapport:s%3Ae+c%2B%2F"


def test_post_sends_the_secret_in_the_form(clock: Clock) -> None:
    assert made(SecretPost(secret_env="EHR_SECRET"), clock, EHR_SECRET="hush").form == {"client_id": "rapport", "client_secret": "hush"}


# SMART F3
# IG 319, 320, 331, 332
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
    with pytest.raises(ConfigurationError, match=r"No key of ours fits|cannot be used"):
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
    (tmp_path / "empty").write_text("\n")
    named, direct = SecretBasic(secret_env="EHR_SECRET"), SecretPost(secret_file=tmp_path / "secret")
    assert secret(named, {"EHR_SECRET_FILE": str(tmp_path / "secret")}) == secret(direct, {}) == "hush"
    with pytest.raises(ConfigurationError, match="EHR_SECRET_FILE"):
        secret(named, {"EHR_SECRET_FILE": str(tmp_path / "absent")})
    with pytest.raises(ConfigurationError, match="empty"):
        secret(SecretPost(secret_file=tmp_path / "empty"), {})


def test_open_server_has_no_credentials(clock: Clock) -> None:
    with pytest.raises(ConfigurationError):
        made(OpenServer(), clock)
