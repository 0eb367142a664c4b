"""Id_tokens, one case each: what an EHR or somebody else might send, and whether it is believed.

A new case is one more entry of `CASES`. It starts from a token that is right in everything; None takes a header member or a claim away.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import RSAKey
from msgspec import Struct, field

from tests.support.authorization_server import BASE, ISSUER, ec_key, public, rsa_key, without_none

Token = Callable[["Case", Mapping[str, Any]], str]
Keys = Callable[[], Sequence[Any]]
_WRONG_SIGNATURE = "signature does not hold"
_UNREADABLE = "cannot be read"
_NO_ALGORITHM = "algorithm that is not accepted"
_NO_KEY = "does not publish"
_NO_JSON = "content is no"
_HEADER = {"alg": "RS256", "kid": "one"}


def encoded(content: bytes) -> str:
    """A segment of a compact token."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _segments(header: Mapping[str, Any], content: bytes) -> str:
    return f"{encoded(json.dumps(header).encode())}.{encoded(content)}"


def rsa_signed(header: Mapping[str, Any], content: bytes, key: RSAKey | None = None) -> str:
    """RS256 over any header and content, sensible or not."""
    text = _segments(header, content)
    signature = (key or rsa_key()).private_key.sign(text.encode(), PKCS1v15(), SHA256())  # type: ignore[union-attr]
    return f"{text}.{encoded(signature)}"


def _signed(case: "Case", claims: Mapping[str, Any]) -> str:
    """Truly signed, in the header's algorithm."""
    header = without_none({"alg": "RS256", "kid": "one", **case.header})
    content = json.dumps(without_none({**claims, **case.claims})).encode()
    if header.get("alg") == "RS256" and case.key is rsa_key:
        return rsa_signed(header, content)
    return str(jws.serialize_compact(header, content, case.key(), algorithms=[header["alg"]]))


class Case(Struct, frozen=True, kw_only=True):
    """One token. `refused` is what the error's detail says, None where it is believed; `code` the launch's error code. `registered` changes
    the entry of the EHR in launch.json, `keys` are what the EHR publishes, `key` is what it signs with, `token` makes something else."""

    name: str
    item: str = "H1"
    refused: str | None = None
    code: str = "id_token_invalid"
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    key: Callable[[], Any] = rsa_key
    keys: Keys = lambda: [public(rsa_key())]
    token: Token = _signed
    registered: Mapping[str, Any] = field(default_factory=dict)
    user: str = "Practitioner/dr-1"


def _unsigned(_: Case, claims: Mapping[str, Any]) -> str:
    return _segments({"alg": "none", "kid": "one"}, json.dumps(claims).encode()) + "."


def _keyed_with(secret: Callable[[], bytes]) -> Token:
    """HS256 with what everybody can read as its secret."""

    def made(_: Case, claims: Mapping[str, Any]) -> str:
        text = _segments({"alg": "HS256", "kid": "one"}, json.dumps(claims).encode())
        return f"{text}.{encoded(hmac.new(secret(), text.encode(), hashlib.sha256).digest())}"

    return made


def _under(**header: Any) -> Token:
    """RS256 by the right key, under a header that says something else; None takes a member away."""
    return lambda case, claims: rsa_signed(without_none({**_HEADER, **header}), _raised(claims))


def _raising(**changes: Any) -> Token:
    """Claims exchanged where None is meant, or what JSON does not have."""
    return lambda case, claims: rsa_signed(_HEADER, _raised(claims, **changes))


def _with_content(content: bytes) -> Token:
    return lambda case, claims: rsa_signed(_HEADER, content)


def _altered(change: Callable[[str], str]) -> Token:
    return lambda case, claims: change(_signed(case, claims))


def _raised(claims: Mapping[str, Any], **changes: Any) -> bytes:
    return json.dumps({**claims, **changes}).encode()


def _foreign_content(case: Case, claims: Mapping[str, Any]) -> str:
    """A true signature with another person's claims between header and signature."""
    head, _, signature = _signed(case, claims).split(".")
    return f"{head}.{encoded(_raised(claims, sub='someone-else'))}.{signature}"


def _without_last(token: str) -> str:
    return token.rpartition(".")[0]


def _as_json(token: str) -> str:
    """The other serialization of RFC 7515."""
    return json.dumps(dict(zip(("protected", "payload", "signature"), token.split("."), strict=True)))


def _now(offset: float) -> Callable[[int], float]:
    """A claim so many seconds from now; the clock of the tests is put in when the case runs."""
    return lambda now: now + offset


def _introduced(member: str) -> Case:
    """A stranger who signs with a key of his own and brings it along."""
    value = public(rsa_key("stranger")) if member == "jwk" else "https://evil.example.org/keys"
    header = {"kid": "stranger", member: value}
    return Case(name=f"key brought along as {member}", header=header, key=lambda: rsa_key("stranger"), refused=_NO_KEY)


CASES: tuple[Case, ...] = (
    # What is right, in every way a server may be.
    Case(name="all as it should be"),
    Case(name="no kid, one key", header={"kid": None}),
    Case(
        name="no kid, one usable key among others",
        header={"kid": None},
        keys=lambda: [public(ec_key("P-256")), public(rsa_key("two"), use="enc"), public(rsa_key())],
    ),
    Case(name="RS384", header={"alg": "RS384"}, keys=lambda: [public(rsa_key(), alg="RS384")]),
    Case(name="ES256", header={"alg": "ES256", "kid": "ec"}, key=lambda: ec_key("P-256"), keys=lambda: [public(ec_key("P-256"))]),
    Case(name="ES384", header={"alg": "ES384", "kid": "ec"}, key=lambda: ec_key("P-384"), keys=lambda: [public(ec_key("P-384"))]),
    Case(name="header members nobody here knows", header={"pi.atm": "1", "x5t": "a", "typ": "JWT"}),
    Case(name="certificate chain in the header", header={"x5c": ["A" * 2000]}),
    Case(name="aud a list of one", claims={"aud": ["rapport"]}),
    Case(name="two audiences and azp", claims={"aud": ["other", "rapport"], "azp": "rapport"}),
    Case(name="exp past by less than the leeway", claims={"exp": _now(-80)}),
    Case(name="iat ahead by less than the leeway", claims={"iat": _now(80)}),
    Case(name="times with fractions", claims={"iat": _now(-0.5), "exp": _now(299.5)}),
    Case(name="claims nobody here knows", claims={"__x": {}, "auth_time": 1, "amr": ["pwd"], "https://x.example/y": [1]}),
    Case(
        name="unusable keys beside the right one",
        keys=lambda: [None, 7, "x", {}, {"kty": []}, {"kty": "oct", "k": "AA"}, public(rsa_key())],
    ),
    Case(name="key published with padding", item="H3", keys=lambda: [public(rsa_key(), n=f"{public(rsa_key())['n']}==")]),
    Case(name="nonce left out where that is registered", claims={"nonce": None}, registered={"nonce_optional": True}),
    Case(
        name="issuer of its own, registered",
        item="H2",
        claims={"iss": "https://id.example.org/t/"},
        registered={"id_token_issuers": ("https://id.example.org/t/",)},
    ),
    Case(name="fhirUser absolute", item="H5", claims={"fhirUser": f"{BASE}/Practitioner/dr-7"}, user="Practitioner/dr-7"),
    Case(
        name="fhirUser on another host",
        item="H5",
        claims={"fhirUser": "https://evil.example.org/Practitioner/x"},
        user="https://evil.example.org/Practitioner/x",
    ),
    Case(
        name="profile in place of fhirUser", item="H5", claims={"fhirUser": None, "profile": "Practitioner/dr-2"}, user="Practitioner/dr-2"
    ),
    Case(name="name that is markup", item="H6", claims={"name": "<script>alert(1)</script>"}),
    # Who signed.
    Case(name="unsigned", token=_unsigned, refused=_NO_ALGORITHM),
    Case(
        name="unsigned, said in capitals",
        header={"alg": "NONE"},
        token=lambda case, claims: _segments({"alg": "NONE"}, _raised(claims)) + ".",
        refused=_NO_ALGORITHM,
    ),
    Case(name="HS256 with the public key as secret", token=_keyed_with(lambda: rsa_key().as_pem(private=False)), refused=_NO_ALGORITHM),
    Case(name="HS256 with the modulus as secret", token=_keyed_with(lambda: bytes(public(rsa_key())["n"], "ascii")), refused=_NO_ALGORITHM),
    Case(name="HS256 with an empty secret", token=_keyed_with(lambda: b""), refused=_NO_ALGORITHM),
    Case(name="RS512", token=_under(alg="RS512"), refused=_NO_ALGORITHM),
    Case(name="PS256", token=_under(alg="PS256"), refused=_NO_ALGORITHM),
    Case(
        name="EdDSA",
        keys=lambda: [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": "A" * 43}],
        token=_under(alg="EdDSA"),
        refused=_NO_ALGORITHM,
    ),
    Case(name="algorithm in small letters", token=_under(alg="rs256"), refused=_NO_ALGORITHM),
    Case(name="algorithms in a list", token=_under(alg=["RS256"]), refused=_NO_ALGORITHM),
    Case(name="no algorithm", token=_under(alg=None), refused=_UNREADABLE),
    Case(
        name="signed by another key of the same kid",
        token=lambda case, claims: rsa_signed(_HEADER, _raised(claims), rsa_key("two")),
        refused=_WRONG_SIGNATURE,
    ),
    Case(
        name="signature of zeros", token=_altered(lambda token: f"{_without_last(token)}.{encoded(bytes(256))}"), refused=_WRONG_SIGNATURE
    ),
    Case(name="signature cut", token=_altered(lambda token: token[:-20]), refused=_WRONG_SIGNATURE),
    Case(name="signature left out", token=_altered(lambda token: _without_last(token) + "."), refused=_WRONG_SIGNATURE),
    Case(name="signature of another token", token=_foreign_content, refused=_WRONG_SIGNATURE),
    Case(
        name="ES256 signature of zeros",
        header={"alg": "ES256", "kid": "ec"},
        keys=lambda: [public(ec_key("P-256"))],
        key=lambda: ec_key("P-256"),
        token=_altered(lambda token: f"{_without_last(token)}.{encoded(bytes(64))}"),
        refused=_WRONG_SIGNATURE,
    ),
    *(_introduced(member) for member in ("jwk", "jku", "x5u")),
    # Which key.
    Case(name="kid of no key", header={"kid": "three"}, refused=_NO_KEY),
    Case(name="kid empty", header={"kid": ""}, refused=_NO_KEY),
    Case(name="kid a path", header={"kid": "../../one"}, refused=_NO_KEY),
    Case(name="kid a number", header={"kid": 1}, refused=_NO_KEY, token=_under(kid=1)),
    Case(
        name="no kid, two keys", header={"kid": None}, keys=lambda: [public(rsa_key()), public(rsa_key("two"))], refused="which of several"
    ),
    Case(name="two keys of one kid", keys=lambda: [public(rsa_key()), public(rsa_key("two"), kid="one")], refused="which of several"),
    Case(name="key for encryption", keys=lambda: [public(rsa_key(), use="enc")], refused=_NO_KEY),
    Case(name="key for another algorithm", keys=lambda: [public(rsa_key(), alg="RS384")], refused=_NO_KEY),
    Case(
        name="key of another kind",
        header={"alg": "ES256"},
        keys=lambda: [public(ec_key("P-384"), kid="one")],
        token=_under(alg="ES256"),
        refused=_NO_KEY,
    ),
    Case(name="key with its private half", keys=lambda: [rsa_key().as_dict(private=True)], refused=_NO_KEY),
    Case(name="key of 512 bits", keys=lambda: [public(rsa_key(), n="_" * 86)], refused="too weak"),
    Case(name="key that is none", keys=lambda: [public(rsa_key(), n=None)], refused="n is missing"),
    Case(
        name="EC key off its curve",
        header={"alg": "ES256", "kid": "ec"},
        key=lambda: ec_key("P-256"),
        keys=lambda: [public(ec_key("P-256"), y="AA")],
        refused="cannot be used",
    ),
    Case(name="no keys", keys=list, refused=_NO_KEY),
    # What it is.
    Case(name="five parts, encrypted", token=lambda case, claims: "e30.e30.e30.e30.e30", refused=_UNREADABLE),
    Case(name="JSON serialization", token=_altered(_as_json), refused=_UNREADABLE),
    Case(
        name="token within a token",
        header={"cty": "JWT"},
        token=lambda case, claims: rsa_signed(_HEADER, _signed(case, claims).encode()),
        refused=_NO_JSON,
    ),
    Case(name="space around it", token=_altered(lambda token: f" {token} "), refused=_UNREADABLE),
    Case(name="letters of another alphabet", token=_altered(lambda token: "е" + token[1:]), refused=_UNREADABLE),
    Case(name="crit", token=_under(crit=["exp"], exp=1), refused="not known here"),
    Case(name="b64 false", token=_under(crit=["b64"], b64=False), refused="not known here"),
    Case(name="content a list", token=_with_content(b"[]"), refused=_NO_JSON),
    Case(name="content nested without end", token=_with_content(b'{"a":' * 3000 + b"1" + b"}" * 3000), refused=_NO_JSON),
    Case(
        name="content in UTF-16",
        token=lambda case, claims: rsa_signed(_HEADER, _raised(claims).decode().encode("utf-16")),
        refused=_NO_JSON,
    ),
    Case(name="half a surrogate pair", token=_raising(name="\ud800"), refused=_NO_JSON),
    Case(name="no token", token=lambda case, claims: "none", refused=_UNREADABLE),
    # Who says so.
    Case(name="iss missing", item="H2", claims={"iss": None}, refused="iss "),
    Case(name="iss somebody else's", item="H2", claims={"iss": "https://evil.example.org"}, refused="iss "),
    Case(name="iss with a slash more", item="H2", claims={"iss": f"{ISSUER}/"}, refused="iss "),
    Case(name="iss in capitals", item="H2", claims={"iss": ISSUER.upper()}, refused="iss "),
    Case(name="iss in a list", item="H2", claims={"iss": [ISSUER]}, refused="iss "),
    Case(name="iss the FHIR server", item="H2", claims={"iss": BASE}, refused="iss "),
    Case(
        name="discovered iss where another is registered",
        item="H2",
        registered={"id_token_issuers": ("https://id.example.org/t/",)},
        refused="iss ",
    ),
    # For whom.
    Case(name="aud missing", claims={"aud": None}, refused="aud "),
    Case(name="aud another client", claims={"aud": "other"}, refused="aud "),
    Case(name="aud that begins like ours", claims={"aud": "rapport2"}, refused="aud "),
    Case(name="aud an empty list", claims={"aud": []}, refused="aud "),
    Case(name="aud a list in a list", claims={"aud": [["rapport"]]}, refused="aud "),
    Case(name="aud an object", claims={"aud": {"rapport": True}}, refused="aud "),
    Case(name="two audiences without azp", claims={"aud": ["rapport", "other"]}, refused="azp "),
    Case(name="azp another client", claims={"azp": "other"}, refused="azp "),
    Case(name="azp null", token=_raising(azp=None), refused="azp "),
    # When.
    Case(name="exp missing", claims={"exp": None}, refused="exp "),
    Case(name="exp past", claims={"exp": _now(-90)}, refused="exp "),
    Case(name="exp zero", claims={"exp": 0}, refused="exp "),
    Case(name="exp as text", claims={"exp": "9999999999"}, refused="exp "),
    Case(name="exp true", claims={"exp": True}, refused="exp "),
    Case(name="exp that is no number", token=_raising(exp=float("nan")), refused=_NO_JSON),
    Case(name="exp without end", token=_raising(exp=float("inf")), refused=_NO_JSON),
    Case(name="iat missing", claims={"iat": None}, refused="iat "),
    Case(name="iat ahead", claims={"iat": _now(91)}, refused="iat "),
    Case(name="iat as text", claims={"iat": "now"}, refused="iat "),
    Case(name="nbf ahead", claims={"nbf": _now(91)}, refused="nbf "),
    Case(name="nbf as text", claims={"nbf": "0"}, refused="nbf "),
    # To which request.
    Case(name="nonce missing", claims={"nonce": None}, refused="nonce "),
    Case(name="nonce another", claims={"nonce": "other"}, refused="nonce "),
    Case(name="nonce another where it may be left out", claims={"nonce": "other"}, registered={"nonce_optional": True}, refused="nonce "),
    Case(name="nonce empty where it may be left out", claims={"nonce": ""}, registered={"nonce_optional": True}, refused="nonce "),
    Case(
        name="nonce in a list", token=lambda case, claims: rsa_signed(_HEADER, _raised(claims, nonce=[claims["nonce"]])), refused="nonce "
    ),
    # Of whom.
    Case(name="sub missing", item="H4", claims={"sub": None}, refused="sub "),
    Case(name="sub empty", item="H4", claims={"sub": ""}, refused="sub "),
    Case(name="sub a number", item="H4", claims={"sub": 7}, refused="sub "),
    Case(name="sub a list", item="H4", claims={"sub": ["user-1"]}, refused="sub "),
    Case(name="sub too long", item="H4", claims={"sub": "x" * 256}, refused="sub "),
    Case(name="fhirUser missing", item="H5", claims={"fhirUser": None}, refused="no fhirUser", code="user_not_permitted"),
    Case(name="fhirUser a device", item="H5", claims={"fhirUser": "Device/1"}, refused="no reference", code="user_not_permitted"),
    Case(
        name="fhirUser a script", item="H5", claims={"fhirUser": "javascript:alert(1)"}, refused="no reference", code="user_not_permitted"
    ),
    Case(
        name="fhirUser an object",
        item="H5",
        claims={"fhirUser": {"reference": "Practitioner/dr-1"}},
        refused="no fhirUser",
        code="user_not_permitted",
    ),
)
