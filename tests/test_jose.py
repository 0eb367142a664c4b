"""Signing and verifying through the one door to joserfc; claims are judged elsewhere."""

from typing import Any

import pytest
import simplejson
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from smart_app.errors import ConfigurationError
from smart_app.jose import (
    SignatureError,
    SigningAlgorithm,
    UnknownKeyError,
    new_private_key,
    private_pem,
    sign,
    signing_keys,
    verified_claims,
)
from tests.support.authorization_server import ec_key, public, rsa_key

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def signed(claims: dict[str, Any], key: RSAKey | ECKey, algorithm: str, kid: str = "one") -> str:
    """As a server signs, in every algorithm we accept."""
    return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])


def jwk(key: RSAKey | ECKey, **changes: Any) -> str:
    return str(simplejson.dumps({**key.as_dict(private=True), **changes}))


@pytest.mark.parametrize(
    ("key", "algorithm"), [(rsa_key(), "RS256"), (rsa_key(), "RS384"), (ec_key("P-256"), "ES256"), (ec_key("P-384"), "ES384")]
)
def test_what_is_signed_verifies(key: RSAKey | ECKey, algorithm: str) -> None:
    token = signed({"a": 1}, key, algorithm, str(key.kid))
    assert verified_claims(token, {"keys": [public(key)]}) == {"a": 1}


# SMART F3
# IG 307, 308, 309
@pytest.mark.parametrize(("key", "algorithm"), [(rsa_key(), "RS384"), (ec_key("P-384"), "ES384")])
@pytest.mark.parametrize("form", ["pem", "jwk", "set"])
def test_what_we_sign_verifies_with_what_we_publish(key: RSAKey | ECKey, algorithm: str, form: str) -> None:
    text = {"pem": key.as_pem(private=True).decode(), "jwk": jwk(key), "set": f'{{"keys": [{jwk(key)}]}}'}[form]
    (ours,) = signing_keys(text)
    assert ours.algorithm == algorithm
    assert ours.kid == (key.thumbprint() if form == "pem" else key.kid)
    assert verified_claims(sign({"a": 1}, ours), {"keys": [dict(ours.public)]}) == {"a": 1}


# SMART A4
# IG 293, 294, 295, 313, 314, 315
@pytest.mark.parametrize(
    ("key", "members"),
    [(rsa_key(), {"kty", "n", "e", "kid", "alg", "use"}), (ec_key("P-384"), {"kty", "crv", "x", "y", "kid", "alg", "use"})],
)
def test_published_key_has_its_bare_members_and_nothing_else(key: RSAKey | ECKey, members: set[str]) -> None:
    (ours,) = signing_keys(jwk(key, key_ops=["sign"], x5c=["MII"], note="mine"))
    assert ours.public.keys() == members
    assert str(key.as_dict(private=True)["d"]) not in repr(ours)


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_new_key_signs_and_goes_by_its_thumbprint_unless_named(algorithm: SigningAlgorithm) -> None:
    made = new_private_key(algorithm)
    for text in (simplejson.dumps(made), private_pem(made)):
        (ours,) = signing_keys(text)
        assert (ours.kid, ours.algorithm) == (made["kid"], algorithm)
        assert not PRIVATE & ours.public.keys()
    assert new_private_key("ES384", kid="2026-a")["kid"] == "2026-a"
    assert new_private_key("ES384")["kid"] != new_private_key("ES384")["kid"]


# IG 322
def test_set_keeps_its_order_and_refuses_one_id_twice() -> None:
    both = f'{{"keys": [{jwk(ec_key("P-384"))}, {jwk(rsa_key())}]}}'
    assert [key.kid for key in signing_keys(both)] == ["ec", "one"]
    with pytest.raises(ConfigurationError, match="one id"):
        signing_keys(f'{{"keys": [{jwk(ec_key("P-384"), kid="one")}, {jwk(rsa_key())}]}}')


# The library warns of a short RSA key where we refuse it.
@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "{",
        "{}",
        '{"keys": []}',
        '{"keys": [1]}',
        '{"keys": null}',
        jwk(ec_key("P-256")),
        jwk(rsa_key(), alg="RS256"),
        jwk(rsa_key(), use="enc"),
        ec_key("P-256").as_pem(private=True).decode(),
        rsa_key().as_pem(private=False).decode(),
        simplejson.dumps(public(rsa_key())),
        rsa.generate_private_key(65537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    ],
)
def test_what_is_no_signing_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        signing_keys(text)
    assert len(text) < 5 or text not in str(refused.value)


def test_algorithm_outside_the_callers_list_is_refused() -> None:
    token = signed({}, rsa_key(), "RS384")
    with pytest.raises(SignatureError, match="RS384"):
        verified_claims(token, {"keys": [public(rsa_key())]}, algorithms={"RS256"})


def test_unknown_key_is_told_from_a_bad_signature() -> None:
    token = signed({}, rsa_key(), "RS256")
    with pytest.raises(UnknownKeyError):
        verified_claims(token, {"keys": [public(rsa_key("two"))]})
    with pytest.raises(SignatureError) as refused:
        verified_claims(token, {"keys": [public(rsa_key("two"), kid="one")]})
    assert not isinstance(refused.value, UnknownKeyError)


@pytest.mark.parametrize("key_set", [{}, {"keys": None}, {"keys": {}}, {"keys": [1]}])
def test_key_set_without_keys_has_no_key(key_set: dict[str, object]) -> None:
    token = signed({}, rsa_key(), "RS256")
    with pytest.raises(UnknownKeyError):
        verified_claims(token, key_set)
