"""The matrix of `id_token_cases`, and mutations of a true token: nobody is believed who is not who the EHR says."""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smart_app.errors import LaunchError
from smart_app.launch.flow import Launcher
from smart_app.launch.oauth.id_token import Expected, Identity, verify
from tests.fuzz.hostile import bodies, mutated
from tests.fuzz.id_token_cases import CASES, Case, encoded, rsa_signed
from tests.support.authorization_server import BASE, ISSUER, AuthorizationServer, public, rsa_key
from tests.support.clock import Clock
from tests.support.launchers import launcher_for, registered

SECONDS = int(Clock().now.timestamp())
HEADER = {"alg": "RS256", "kid": "one", "typ": "JWT", "jku": "https://evil.example.org/keys", "x5c": ["AA"], "cty": "JWT"}
CLAIMS = {
    "iss": ISSUER,
    "sub": "user-1",
    "aud": ["rapport", "other"],
    "azp": "rapport",
    "iat": SECONDS,
    "nbf": SECONDS,
    "exp": SECONDS + 300,
    "nonce": "nonce-1",
    "fhirUser": "Practitioner/dr-1",
    "profile": "Practitioner/dr-1",
    "name": "Dr Ada Example",
}
EXPECTED = Expected(issuers=(ISSUER,), client_id="rapport", nonce="nonce-1")


@pytest.fixture
def ehr() -> Iterator[AuthorizationServer]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        yield AuthorizationServer(wire, Clock())


def _complete(case: Case, ehr: AuthorizationServer) -> Any:
    """The launch whose token response holds the token of the case."""
    launcher: Launcher = launcher_for(replace(registered(), **case.registered), Clock())
    begun = launcher.begin(BASE, "abc")
    params = ehr.authorize(begun.authorize_url)
    right = {name: value for name, value in CLAIMS.items() if name not in {"azp", "profile", "nbf"}}
    claims = {**right, "aud": "rapport", "nonce": begun.pending.nonce}
    timed = {name: value(SECONDS) if callable(value) else value for name, value in case.claims.items()}
    ehr.token, ehr.keys = {"id_token": case.token(replace(case, claims=timed), claims)}, list(case.keys())
    return launcher.complete(begun.pending, params)


# SMART H1
# SMART H2
# SMART H4
# SMART H5
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.item} {case.name}")
def test_id_token_is_believed_or_refused(case: Case, ehr: AuthorizationServer) -> None:
    if case.refused is None:
        user = _complete(case, ehr).user
        assert (user.reference, user.subject) == (case.user, "user-1")
    else:
        with pytest.raises(LaunchError) as refused:
            _complete(case, ehr)
        assert refused.value.code == case.code
        assert case.refused in refused.value.detail
        assert "evil" not in str(refused.value)
    assert all(str(call.request.url).startswith("https://ehr.example.org/") for call in ehr.mock.calls)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) > 30


def _verified(token: str, keys: Any) -> Identity | None:
    """Whom the token is believed to name; None when it is refused, as id_token_invalid and as nothing else."""
    try:
        return verify(token, key_set=lambda *, newer=False: keys, expected=EXPECTED, now=Clock().now)
    except LaunchError as error:
        if error.code != "id_token_invalid" or not error.detail:
            raise
        return None


def _check_believed(identity: Identity, content: bytes) -> None:
    """Every rule once more, in other words."""
    claims = json.loads(content)
    assert isinstance(claims, dict)
    assert (identity.issuer, identity.subject) == (claims["iss"], claims["sub"]) == (ISSUER, claims["sub"])
    assert isinstance(claims["sub"], str)
    assert 0 < len(claims["sub"]) <= 255
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    assert "rapport" in audience
    assert claims.get("azp", "rapport") == "rapport"
    assert len(audience) == 1 or "azp" in claims
    assert all(type(claims[name]) in {int, float} and isfinite(claims[name]) for name in ("exp", "iat"))
    assert claims["exp"] > SECONDS - 90
    assert claims["iat"] <= SECONDS + 90
    assert claims.get("nbf", 0) <= SECONDS + 90
    assert claims["nonce"] == "nonce-1"
    assert identity.fhir_user in [claims.get("fhirUser"), claims.get("profile"), None]
    json.dumps([identity.subject, identity.name, identity.fhir_user], ensure_ascii=False).encode()


@given(content=bodies(mutated(CLAIMS)))
def test_any_content_is_believed_only_by_the_rules(content: bytes) -> None:
    identity = _verified(rsa_signed({"alg": "RS256", "kid": "one"}, content), {"keys": [public(rsa_key())]})
    if identity is not None:
        _check_believed(identity, content)


@given(header=mutated(HEADER))
def test_any_header_leads_to_our_key_or_nowhere(header: Any) -> None:
    content = json.dumps(CLAIMS).encode()
    identity = _verified(rsa_signed(header, content), {"keys": [public(rsa_key())]})
    if identity is not None:
        assert header["alg"] == "RS256"
        assert header.get("kid") in {"one", None}
        assert "crit" not in header


@given(header=bodies(mutated(HEADER)), place=st.integers(0, 1000), letter=st.sampled_from("ABab01-_.= \n=é"))
def test_no_header_or_letter_exchanged_after_signing_is_believed(header: bytes, place: int, letter: str) -> None:
    _, content, signature = (true := rsa_signed({"alg": "RS256", "kid": "one"}, json.dumps(CLAIMS).encode())).split(".")
    keys = {"keys": [public(rsa_key())]}
    if encoded(header) != true.split(".")[0]:
        assert _verified(f"{encoded(header)}.{content}.{signature}", keys) is None
    place %= len(true) - 2
    if true[place] != letter:
        assert _verified(true[:place] + letter + true[place + 1 :], keys) is None


KEY_SET = {
    "keys": [
        {"kty": "EC", "kid": "two", "crv": "P-256", "x": "AA", "y": "AA"},
        {**public(rsa_key()), "use": "sig", "alg": "RS256", "key_ops": ["verify"]},
    ]
}


@given(keys=mutated(KEY_SET))
def test_any_key_set_is_searched_for_the_key_and_nothing_else(keys: Any) -> None:
    token = rsa_signed({"alg": "RS256", "kid": "one"}, json.dumps(CLAIMS).encode())
    identity = _verified(token, keys if isinstance(keys, dict) else {"keys": keys})
    if identity is not None:
        assert identity.subject == "user-1"


@given(keys=mutated(KEY_SET))
def test_no_key_set_makes_a_strangers_signature_hold(keys: Any) -> None:
    token = rsa_signed({"alg": "RS256", "kid": "one"}, json.dumps(CLAIMS).encode(), rsa_key("stranger"))
    assert _verified(token, keys if isinstance(keys, dict) else {"keys": keys}) is None
