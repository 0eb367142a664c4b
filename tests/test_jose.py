"""Signing and verifying through the one door to joserfc; claims are judged elsewhere."""

import pytest
from joserfc.jwk import ECKey, RSAKey

from smart_app.errors import ConfigurationError
from smart_app.jose import SignatureError, UnknownKeyError, sign, verified_claims
from tests.support.authorization_server import ec_key, public, rsa_key


@pytest.mark.parametrize(
    ("key", "algorithm"), [(rsa_key(), "RS256"), (rsa_key(), "RS384"), (ec_key("P-256"), "ES256"), (ec_key("P-384"), "ES384")]
)
def test_what_is_signed_verifies(key: RSAKey | ECKey, algorithm: str) -> None:
    token = sign({"a": 1}, private_key=key.as_pem(private=True).decode(), algorithm=algorithm, key_id=str(key.kid))
    assert verified_claims(token, {"keys": [public(key)]}) == {"a": 1}


def test_algorithm_outside_the_callers_list_is_refused() -> None:
    token = sign({}, private_key=rsa_key().as_pem(private=True).decode(), algorithm="RS384", key_id="one")
    with pytest.raises(SignatureError, match="RS384"):
        verified_claims(token, {"keys": [public(rsa_key())]}, algorithms={"RS256"})


def test_unknown_key_is_told_from_a_bad_signature() -> None:
    token = sign({}, private_key=rsa_key().as_pem(private=True).decode(), algorithm="RS256", key_id="one")
    with pytest.raises(UnknownKeyError):
        verified_claims(token, {"keys": [public(rsa_key("two"))]})
    with pytest.raises(SignatureError) as refused:
        verified_claims(token, {"keys": [public(rsa_key("two"), kid="one")]})
    assert not isinstance(refused.value, UnknownKeyError)


@pytest.mark.parametrize("key_set", [{}, {"keys": None}, {"keys": {}}, {"keys": [1]}])
def test_key_set_without_keys_has_no_key(key_set: dict[str, object]) -> None:
    token = sign({}, private_key=rsa_key().as_pem(private=True).decode(), algorithm="RS256", key_id="one")
    with pytest.raises(UnknownKeyError):
        verified_claims(token, key_set)


def test_signing_needs_a_private_key_of_the_right_kind() -> None:
    for text, algorithm in [
        ("", "RS384"),
        (rsa_key().as_pem(private=False).decode(), "RS384"),
        (rsa_key().as_pem(private=True).decode(), "ES384"),
    ]:
        with pytest.raises(ConfigurationError):
            sign({}, private_key=text, algorithm=algorithm, key_id="one")
