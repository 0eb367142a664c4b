"""Signing and verifying through the one door to joserfc; claims are judged elsewhere."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest
import simplejson
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
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


def signed_bytes(payload: bytes, *, key: RSAKey | None = None, **header: Any) -> str:
    """A signature that holds over content a careful server would not write."""
    key, head = key or rsa_key(), {"alg": "RS256", "kid": "one", **header}
    segments = [urlsafe_b64encode(part).rstrip(b"=") for part in (simplejson.dumps(head).encode(), payload)]
    assert key.private_key
    signature = key.private_key.sign(b".".join(segments), PKCS1v15(), SHA256())
    return b".".join([*segments, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"exp": NaN}',
        b'{"exp": -Infinity}',
        b'{"sub": "\\ud800"}',
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        '{"sub": "a"}'.encode("utf-16"),
        b'{"sub": "\xff"}',
        b'{"exp": 1e999}',
        b"[]",
        b"",
    ],
    ids=["nan", "infinity", "surrogate", "objects", "arrays", "utf-16", "no utf-8", "too large", "array", "nothing"],
)
def test_signed_content_that_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(SignatureError, match="content is no"):
        verified_claims(signed_bytes(payload), {"keys": [public(rsa_key())]})


def test_header_that_is_nested_without_end_is_refused() -> None:
    token = signed_bytes(b"{}", x={}).split(".")
    header = b'{"alg":"RS256","x":' + b"[" * 2500 + b"]" * 2500 + b"}"
    with pytest.raises(SignatureError, match="cannot be read"):
        verified_claims(".".join([urlsafe_b64encode(header).rstrip(b"=").decode(), *token[1:]]), {"keys": [public(rsa_key())]})


@pytest.mark.parametrize("header", [{"pi.atm": "1"}, {"x5c": ["A" * 3000]}, {"jku": "https://evil.example.org/keys"}, {"cty": "JWT"}])
def test_header_members_that_are_not_ours_to_read_are_passed_over(header: dict[str, Any]) -> None:
    assert verified_claims(signed_bytes(b'{"a": 1}', **header), {"keys": [public(rsa_key())]}) == {"a": 1}


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": True}, {"crit": []}, {"crit": None}])
def test_header_that_asks_to_be_understood_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(SignatureError):
        verified_claims(signed_bytes(b'{"a": 1}', **header), {"keys": [public(rsa_key())]})


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt"])
def test_token_that_says_it_is_of_another_kind_is_refused(kind: str) -> None:
    with pytest.raises(SignatureError, match="another kind"):
        verified_claims(signed_bytes(b"{}", typ=kind), {"keys": [public(rsa_key())]})


def test_weak_key_of_a_server_is_refused() -> None:
    weak = RSAKey.import_key(rsa.generate_private_key(65537, 2048), {"kid": "one"})
    short = public(weak, n=urlsafe_b64encode(b"\x00" * 200 + b"\xff" * 128).rstrip(b"=").decode())
    with pytest.raises(SignatureError, match=r"too weak\. 1024 bits"):
        verified_claims(signed_bytes(b"{}", key=weak), {"keys": [short]})


def padded(key: RSAKey | ECKey) -> dict[str, Any]:
    """The published key as some servers write it: base64url with the signs at its end that RFC 7515 2 leaves out."""
    return {name: value + "=" * (-len(value) % 4) if name in "nexy" else value for name, value in public(key).items()}


@pytest.mark.parametrize(("key", "algorithm"), [(rsa_key(), "RS256"), (ec_key("P-256"), "ES256"), (ec_key("P-384"), "ES384")])
def test_key_published_with_padding_is_read(key: RSAKey | ECKey, algorithm: str) -> None:
    token = signed({"a": 1}, key, algorithm, str(key.kid))
    assert verified_claims(token, {"keys": [padded(key)]}) == {"a": 1}


@pytest.mark.parametrize(
    ("key", "algorithm", "change", "said"),
    [
        (rsa_key(), "RS256", {"n": None}, "n is missing"),
        (rsa_key(), "RS256", {"n": 7}, "n is no text"),
        (rsa_key(), "RS256", {"n": str(public(rsa_key())["n"])[:-1] + "+"}, "n is not base64url"),
        (rsa_key(), "RS256", {"n": "A" * 401}, "n is not base64url"),
        (rsa_key(), "RS256", {"e": "A=QAB"}, "e is not base64url"),
        (rsa_key(), "RS256", {"e": "AAE"}, "n and e are no RSA key"),
        (ec_key("P-256"), "ES256", {"y": None}, "y is missing"),
        (ec_key("P-256"), "ES256", {"x": "AAAA"}, "x and y are no point of P-256"),
    ],
)
def test_key_that_cannot_be_used_is_refused_by_member_and_reason(
    key: RSAKey | ECKey, algorithm: str, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(SignatureError, match="published key cannot be used") as refused:
        verified_claims(signed({}, key, algorithm, str(key.kid)), {"keys": [public(key, **change)]})
    assert refused.value.detail == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kty": "oct"}, "kty is not RSA"),
        ({"use": "enc"}, "use is not sig"),
        ({"alg": "RS384"}, "alg is not RS256"),
        ({"key_ops": ["encrypt"]}, "key_ops does not name verify"),
        ({"d": "AAAA"}, "d, the private half, is published"),
    ],
)
def test_key_that_is_named_and_not_for_signatures_says_why(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UnknownKeyError) as refused:
        verified_claims(signed_bytes(b"{}"), {"keys": [public(rsa_key(), **change)]})
    assert said in refused.value.detail


def test_members_of_a_key_that_no_signature_needs_are_passed_over() -> None:
    odd = public(rsa_key(), x5c="MII", x5t=7, key_ops=["verify"], note={"a": 1})
    assert verified_claims(signed_bytes(b'{"a": 1}'), {"keys": [odd]}) == {"a": 1}


def test_key_published_with_its_private_half_is_not_used() -> None:
    with pytest.raises(UnknownKeyError):
        verified_claims(signed_bytes(b"{}"), {"keys": [rsa_key().as_dict(private=True)]})


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


def test_a_key_that_was_replaced_under_its_id_is_not_remembered() -> None:
    token = signed({"sub": "a"}, rsa_key(), "RS256")
    assert verified_claims(token, {"keys": [public(rsa_key())]}) == {"sub": "a"}
    with pytest.raises(SignatureError):
        verified_claims(token, {"keys": [public(rsa_key("two"), kid="one")]})
    assert verified_claims(token, {"keys": [public(rsa_key())]}) == {"sub": "a"}


@pytest.mark.parametrize("key_set", [{}, {"keys": None}, {"keys": {}}, {"keys": [1]}])
def test_key_set_without_keys_has_no_key(key_set: dict[str, object]) -> None:
    token = signed({}, rsa_key(), "RS256")
    with pytest.raises(UnknownKeyError):
        verified_claims(token, key_set)
