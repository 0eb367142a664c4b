"""An id_token is believed only when its signature and every claim hold (OpenID Connect Core 3.1.3.7)."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from msgspec.structs import replace

from smart_app.errors import LaunchError
from smart_app.launch.oauth.id_token import Expected, Identity, verify
from tests.support.authorization_server import ec_key, public, rsa_key, without_none

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
EXPECTED = Expected(issuers=("https://ehr.example.org/auth",), client_id="rapport", nonce="nonce-1")
CLAIMS = {
    "iss": "https://ehr.example.org/auth",
    "sub": "user-1",
    "aud": "rapport",
    "iat": SECONDS,
    "exp": SECONDS + 300,
    "nonce": "nonce-1",
    "fhirUser": "Practitioner/dr-1",
}


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Keys:
    """Published keys; `newer` appear after asking again."""

    first: list[dict[str, Any]]
    newer: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0

    def __call__(self, *, newer: bool = False) -> dict[str, Any]:
        self.asked += 1
        return {"keys": self.first + self.newer if newer else self.first}


def signed(key: RSAKey | ECKey | None = None, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    key = key or rsa_key()
    head = without_none({"alg": "RS256", "kid": "one", **(header or {})})
    return jwt.encode(head, without_none({**CLAIMS, **claims}), key, algorithms=[head["alg"]])


def check(token: str, keys: Keys | None = None, expected: Expected = EXPECTED) -> Identity:
    return verify(token, key_set=keys or Keys([public(rsa_key())]), expected=expected, now=NOW)


def refusal(token: str, keys: Keys | None = None, expected: Expected = EXPECTED) -> str:
    with pytest.raises(LaunchError) as refused:
        check(token, keys, expected)
    assert refused.value.code == "id_token_invalid"
    return refused.value.detail


# SMART H1
# SMART H4
# IG 201
@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["rapport"]},
        {"aud": ["other", "rapport"], "azp": "rapport"},
        {"azp": "rapport"},
        {"exp": SECONDS - 80},
        {"iat": SECONDS + 80},
        {"iat": SECONDS - 0.5},
        {"nbf": SECONDS + 80},
        {"auth_time": 1, "__x": {}},
    ],
)
def test_true_token_is_believed(claims: dict[str, Any]) -> None:
    assert replace(check(signed(**claims)), signed_in=None, issued=None) == Identity(
        issuer="https://ehr.example.org/auth", subject="user-1", name=None, fhir_user="Practitioner/dr-1"
    )


class TestSignedInAfter:
    """Whether somebody signed in after a moment of ours, a minute ago."""

    MOMENT = NOW - timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("claims", "answer"),
        [
            ({"auth_time": SECONDS}, True),
            ({"auth_time": SECONDS - 59}, True),
            ({"auth_time": SECONDS - 60}, False),
            ({"auth_time": SECONDS - 3600}, False),
            # The EHR's clock is 80 seconds fast: two minutes old by itself, and not long gone by ours.
            ({"auth_time": SECONDS - 40, "iat": SECONDS + 80}, False),
            ({"auth_time": SECONDS + 70, "iat": SECONDS + 80}, True),
            # It is slow: what cannot be told apart from before counts for nothing.
            ({"auth_time": SECONDS - 70, "iat": SECONDS - 65}, False),
            ({}, None),
            ({"auth_time": "now"}, None),
            ({"auth_time": True}, None),
            ({"auth_time": 1e300}, None),
        ],
    )
    def test_by_both_clocks(self, claims: dict[str, Any], answer: bool | None) -> None:
        assert check(signed(**claims)).signed_in_after(self.MOMENT, NOW) is answer


# SMART H1
# SMART H2
# IG 201
@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"iss": None}, "iss"),
        ({"iss": "https://ehr.example.org/auth/"}, "iss"),
        ({"iss": "https://evil.example.org"}, "iss"),
        ({"iss": ["https://ehr.example.org/auth"]}, "iss"),
        ({"aud": None}, "aud"),
        ({"aud": "other"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": "rapport2"}, "aud"),
        ({"aud": {"rapport": 1}}, "aud"),
        ({"aud": ["rapport", "other"]}, "azp"),
        ({"aud": ["rapport", "other"], "azp": "other"}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": None}, "exp"),
        ({"exp": SECONDS - 90}, "exp"),
        ({"exp": str(SECONDS + 300)}, "exp"),
        ({"exp": True}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": SECONDS + 120}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"nbf": SECONDS + 120}, "nbf"),
        ({"nbf": "x"}, "nbf"),
        ({"nonce": None}, "nonce"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": ["nonce-1"]}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
def test_false_claim_is_named_and_not_repeated(claims: dict[str, Any], named: str) -> None:
    detail = refusal(signed(**claims))
    assert detail.startswith(f"{named} ")
    assert "evil" not in detail


# SMART D6
# SMART H1
def test_missing_nonce_is_accepted_only_where_registered_so() -> None:
    lenient = Expected(issuers=EXPECTED.issuers, client_id="rapport", nonce="nonce-1", nonce_optional=True)
    assert check(signed(nonce=None), expected=lenient).subject == "user-1"
    assert refusal(signed(nonce="other"), expected=lenient).startswith("nonce")


# SMART H2
def test_no_trusted_issuer_means_no_identity() -> None:
    assert refusal(signed(iss=None), expected=Expected(issuers=(), client_id="rapport", nonce="nonce-1")).startswith("iss")


# SMART H1
# IG 201
@pytest.mark.parametrize(
    ("key", "algorithm"), [(rsa_key(), "RS256"), (rsa_key(), "RS384"), (ec_key("P-256"), "ES256"), (ec_key("P-384"), "ES384")]
)
def test_accepted_algorithms(key: RSAKey | ECKey, algorithm: str) -> None:
    token = signed(key, header={"alg": algorithm, "kid": key.kid})
    assert check(token, Keys([public(key)])).subject == "user-1"


# SMART H1
def test_missing_kid_is_tolerated_with_exactly_one_usable_key() -> None:
    token = signed(header={"kid": None})
    others = [public(ec_key("P-256")), public(rsa_key("two"), use="enc"), public(rsa_key("two"), alg="RS384"), {"kty": "oct", "k": "AA"}]
    assert check(token, Keys([*others, public(rsa_key(), kid=None)])).subject == "user-1"
    assert "which of several" in refusal(token, Keys([public(rsa_key()), public(rsa_key("two"))]))


# SMART H3
# IG 218
def test_unknown_kid_asks_for_newer_keys_once() -> None:
    rotated = Keys([public(rsa_key())], newer=[public(rsa_key("two"))])
    assert check(signed(rsa_key("two"), header={"kid": "two"}), rotated).subject == "user-1"
    assert rotated.asked == 2
    assert "does not publish" in refusal(signed(header={"kid": "three"}), keys := Keys([public(rsa_key())]))
    assert keys.asked == 2


@pytest.mark.parametrize("keys", [[], [None, 1, "x"], [{"kty": "RSA", "kid": "one"}], [{"kty": "RSA", "kid": "one", "n": "!", "e": 3}]])
def test_broken_key_set_is_no_crash(keys: list[Any]) -> None:
    assert refusal(signed(), Keys(keys))


# SMART H1
# IG 201, 218
def test_signature_by_another_key_is_refused() -> None:
    assert "signature" in refusal(signed(rsa_key("two")))


# SMART H1
# IG 201
def test_a_key_the_token_brings_along_is_not_used() -> None:
    ours, theirs = ec_key("P-256"), ec_key("P-256", "evil")
    brought = {"alg": "ES256", "kid": "ec", "jwk": public(theirs), "jku": "https://evil.example/keys"}
    assert "signature" in refusal(signed(theirs, header=brought), Keys([public(ours)]))
    assert check(signed(ours, header=brought), Keys([public(ours)])).subject == "user-1"


# SMART H1
# IG 201
def test_shared_secret_algorithms_and_none_are_refused() -> None:
    published = rsa_key().as_pem(private=False)
    for algorithm in ("HS256", "none", "RS512"):
        parts = [_encoded(simplejson.dumps(part).encode()) for part in ({"alg": algorithm, "kid": "one"}, CLAIMS)]
        mac = hmac.new(published, ".".join(parts).encode(), hashlib.sha256).digest()
        assert algorithm in refusal(".".join([*parts, _encoded(mac)]))


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "e30.e30.e30", "W10.e30.AA", "bnVsbA.e30.AA"])
def test_text_that_is_no_token_is_refused(token: str) -> None:
    assert refusal(token)


def test_token_whose_content_is_no_object_is_refused() -> None:
    head, _, _ = signed().partition(".")
    assert refusal(f"{head}.{_encoded(b'[1]')}.AA")


# SMART H1
@given(place=st.integers(0, 10_000), letter=st.sampled_from("ABab01-_."))
def test_changed_letter_never_yields_another_person(place: int, letter: str) -> None:
    token = signed()
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]
    try:
        identity = check(changed)
    except LaunchError as error:
        assert error.code == "id_token_invalid"  # noqa: PT017  (both outcomes are right)
    else:
        assert identity.subject == "user-1"
