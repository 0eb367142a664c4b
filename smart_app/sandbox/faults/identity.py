"""Faults of the id_token: who signed it, for whom, when, and whom it names."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from hashlib import sha256

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from smart_app.sandbox.ehr_keys import EhrSigningKey, ec_key, rsa_key
from smart_app.sandbox.faults.fault import Case, Claims, Fault, PublishedKey

_DAY = 86_400


def _changed(**changes: object) -> Callable[[Claims, Case], Claims]:
    """The claims with some changed; None takes one out."""
    return lambda claims, _case: {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _moved(**seconds: int) -> Callable[[Claims, Case], Claims]:
    """Times this far from the moment the token was issued."""

    def moved(claims: Claims, _case: Case) -> Claims:
        issued = claims["iat"]
        return {**claims, **{name: issued + by for name, by in seconds.items()}} if isinstance(issued, int) else claims

    return moved


def _set(name: str) -> Callable[[Claims, Case], Claims]:
    return lambda claims, case: {**claims, name: case.value}


def _for_several(claims: Claims, case: Case) -> Claims:
    """For the app and another, issued to whom the value says."""
    azp = {"app": claims["aud"], "other": "another-app"}.get(case.value)
    return {**claims, "aud": [claims["aud"], "another-app"], **({"azp": azp} if azp else {})}


def _relative_user(claims: Claims, _case: Case) -> Claims:
    return {**claims, "fhirUser": "/".join(str(claims["fhirUser"]).split("/")[-2:])}


def _user_elsewhere(claims: Claims, case: Case) -> Claims:
    return {**claims, "fhirUser": f"{case.value}/{'/'.join(str(claims['fhirUser']).split('/')[-2:])}"}


def _older_name(claims: Claims, _case: Case) -> Claims:
    """`profile`, as before SMART 1.0."""
    return {**{name: value for name, value in claims.items() if name != "fhirUser"}, "profile": claims["fhirUser"]}


def _none(_claims: Claims, _key: EhrSigningKey, _case: Case) -> None:
    return None


@cache
def _stranger(kind: str) -> EhrSigningKey:
    return rsa_key() if kind == "RSA" else ec_key()


@cache
def _further_key() -> EhrSigningKey:
    """RSA, whatever the EHR's own is: of the kinds an EHR signs with only its members have a length that base64 pads."""
    return rsa_key()


def _by_further_key(claims: Claims, _key: EhrSigningKey, _case: Case) -> str:
    return _further_key().sign(claims)


def _padded(_case: Case) -> list[PublishedKey]:
    """The further key, its members as base64 writes them that were to be without padding (RFC 7518 2)."""
    (published,) = _further_key().jwks()["keys"]
    lengths = {name: str(published[name]) for name in ("n", "e")}
    return [{**published, **{name: text + "=" * (-len(text) % 4) for name, text in lengths.items()}}]


def _wrong_key(claims: Claims, key: EhrSigningKey, _case: Case) -> str:
    return _signed(claims, _stranger(key.key.key_type).key, {"alg": key.algorithm, "kid": key.kid})


def _no_kid(claims: Claims, key: EhrSigningKey, _case: Case) -> str:
    return _signed(claims, key.key, {"alg": key.algorithm})


def _unknown_kid(claims: Claims, key: EhrSigningKey, _case: Case) -> str:
    return _signed(claims, _stranger(key.key.key_type).key, {"alg": key.algorithm, "kid": "a-key-nobody-published"})


def _unsigned(claims: Claims, key: EhrSigningKey, _case: Case) -> str:
    return f"{_head({'alg': 'none', 'kid': key.kid}, claims)}."


def _hs256(claims: Claims, key: EhrSigningKey, _case: Case) -> str:
    """Signed with the published key as if it were a shared secret (RFC 8725 2.1)."""
    head = _head({"alg": "HS256", "kid": key.kid}, claims)
    return f"{head}.{_base64(hmac.digest(key.key.as_pem(private=False), head.encode(), sha256))}"


def _altered(claims: Claims, key: EhrSigningKey, _case: Case) -> str:
    """Another user put into a token after it was signed."""
    header, _, signature = key.sign(claims).split(".")
    return f"{header}.{_base64(json.dumps({**claims, 'sub': 'somebody-else'}).encode())}.{signature}"


def _no_jwt(_claims: Claims, _key: EhrSigningKey, _case: Case) -> str:
    return "not.a.jwt"


def _signed(claims: Claims, key: RSAKey | ECKey, header: dict[str, str]) -> str:
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def _head(header: Mapping[str, str], claims: Claims) -> str:
    return f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


# What no client may accept, and what is unusual and right.
_bad = partial(
    Fault,
    group="id_token",
    expected="Opens no launch. Says that who is signed in could not be verified, and which claim is wrong, never its value.",
    ends="stops",
)
_good = partial(Fault, group="id_token", ends="opens")

IDENTITY = (
    _bad(name="id-token-missing", does="Leaves the id_token out although openid was granted.", sign=_none),
    _bad(name="id-token-malformed", does="Sends an id_token that is no JWT.", sign=_no_jwt),
    _bad(
        name="id-token-wrong-key",
        does="Signs the id_token with a key it does not publish, under the kid of the published one.",
        sign=_wrong_key,
    ),
    _bad(name="id-token-unsigned", does="Sends an unsigned id_token (alg none).", sign=_unsigned),
    _bad(name="id-token-hs256", does="Signs the id_token with HS256, the published key as the secret.", sign=_hs256),
    _bad(name="id-token-altered", does="Changes the id_token's sub after signing it.", sign=_altered),
    _bad(name="kid-unknown", does="Signs the id_token with a key it does not publish, under a kid it does not publish.", sign=_unknown_kid),
    _bad(
        name="id-token-iss", does="Names this issuer in the id_token.", values=("https://elsewhere.example",), free=True, claims=_set("iss")
    ),
    _bad(name="id-token-aud", does="Issues the id_token for this client.", values=("another-app",), free=True, claims=_set("aud")),
    _bad(
        name="id-token-azp",
        does="Issues the id_token for two clients, with azp the other or none.",
        values=("other", "none"),
        claims=_for_several,
    ),
    _bad(name="id-token-expired", does="Sends an id_token that ended an hour ago.", claims=_moved(iat=-7200, exp=-3600)),
    _bad(name="id-token-no-exp", does="Sends an id_token that never ends (no exp).", claims=_changed(exp=None)),
    _bad(name="id-token-future", does="Sends an id_token issued tomorrow (iat).", claims=_moved(iat=_DAY, exp=_DAY + 300)),
    _bad(name="id-token-not-yet", does="Sends an id_token that is not good before tomorrow (nbf).", claims=_moved(nbf=_DAY, exp=2 * _DAY)),
    _bad(name="id-token-no-sub", does="Names nobody in the id_token (no sub).", claims=_changed(sub=None)),
    _bad(name="nonce-other", does="Puts another sign-in's nonce into the id_token.", claims=_changed(nonce="another-sign-ins")),
    _bad(
        name="nonce-missing",
        does="Leaves the nonce out of the id_token.",
        claims=_changed(nonce=None),
    ),
    _bad(
        name="user-is-patient",
        does="Says that a patient is signed in, in a clinician's launch.",
        claims=_changed(fhirUser="Patient/somebody"),
    ),
    _bad(name="user-missing", does="Does not say who is signed in (no fhirUser).", claims=_changed(fhirUser=None)),
    _bad(
        name="user-malformed", does="Names the user in a way that is no reference.", values=("Dr Who", "Device/1"), claims=_set("fhirUser")
    ),
    _good(
        name="kid-missing",
        does="Leaves kid out of the id_token's header.",
        expected="Opens: with one published key there is no doubt which.",
        sign=_no_kid,
    ),
    _good(
        name="keys-padded",
        does="Signs the id_token with a further key, which it publishes with padding (=) at the end of its members.",
        expected="Opens: the key is read without the padding.",
        sign=_by_further_key,
        keys=_padded,
    ),
    _good(
        name="azp-app",
        does="Issues the id_token for two clients, with azp the app.",
        expected="Opens.",
        values=("app",),
        claims=_for_several,
    ),
    _good(name="user-relative", does="Names the user relative to the FHIR base.", expected="Opens.", claims=_relative_user),
    _good(name="user-as-profile", does="Names the user as `profile`, as before SMART 1.0.", expected="Opens.", claims=_older_name),
    _good(
        name="name-missing",
        does="Does not name the user in the id_token (no name).",
        expected="Opens. Reads the name in the record where that is granted; else shows no id in its place.",
        claims=_changed(name=None),
    ),
    _good(
        name="user-elsewhere",
        does="Names a user on another host.",
        expected="Opens, and never sends that host the token.",
        values=("https://elsewhere.example/fhir",),
        free=True,
        claims=_user_elsewhere,
    ),
)
