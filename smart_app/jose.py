"""The one door to joserfc: verifies signatures by a key set; makes, reads and publishes keys of our own, and signs with them.
Knows no claim's meaning."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import msgspec
import simplejson
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from smart_app.errors import ConfigurationError, RapportError

# Said explicitly everywhere: joserfc's default registry refuses RS384, which SMART's asymmetric profile requires.
ALGORITHMS = frozenset({"RS256", "RS384", "ES256", "ES384"})
_KEY_FORMS = {"RS256": ("RSA", None), "RS384": ("RSA", None), "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384")}
# RFC 7518 3.3 asks for 2048 bits at least, of theirs and of ours; new keys have what NIST SP 800-57 part 1 rates at 128 bits of security.
_RSA_BITS_AT_LEAST = 2048
_RSA_BITS = 3072
# What a key may show of itself. A list of what is allowed, because the private members of RSA alone are six.
_PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_NUMBERS = {"RSA": ("n", "e"), "EC": ("x", "y")}
_BASE64URL = re.compile(r"(?:[\w-]{4})*(?:[\w-]{2}|[\w-]{3})?", re.ASCII)

SigningAlgorithm = Literal["ES384", "RS384"]


class SignatureError(RapportError):
    """A token's form or signature is not acceptable."""

    code = "signature_invalid"


class UnknownKeyError(SignatureError):
    """The key set has no key for the token; a newer one might."""

    code = "key_unknown"


def verified_claims(token: str, key_set: Mapping[str, Any], *, algorithms: Collection[str] = ALGORITHMS) -> dict[str, Any]:
    """The claims of `token` after its signature was checked with the key its `kid` names, or, without `kid`, the only usable one.
    Raises SignatureError, UnknownKeyError when no key fits. The claims themselves are not judged."""
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise SignatureError("A signed token uses an algorithm that is not accepted.", detail=f"alg {str(algorithm)[:20]!r}")
    key = _key(header.get("kid"), algorithm, key_set)
    try:
        payload = jws.deserialize_compact(token, key, algorithms=[algorithm], registry=_REGISTRY).payload
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureError("A signed token's signature does not hold.", detail=type(error).__name__) from error
    return _claims(payload)


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token claims before anything about it was checked; empty where it cannot be read."""
    try:
        return _claims(jws.extract_compact(token.encode(), registry=_REGISTRY).payload)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError, SignatureError):
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key of ours, and the members of it that are published."""

    kid: str
    algorithm: SigningAlgorithm
    public: Mapping[str, str]
    key: RSAKey | ECKey = field(repr=False)


def sign(claims: dict[str, Any], key: SigningKey) -> str:
    """A compact JWT (`typ` JWT) signed with one of our keys."""
    header = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, key.key, algorithms=[key.algorithm])


# Reading an RSA key costs 40 ms (2048 bits) to 130 ms (3072), because it is checked; a launch has no use for that each time.
@lru_cache(maxsize=32)
def signing_keys(text: str, *, kid: str | None = None) -> tuple[SigningKey, ...]:
    """Our private keys in a PEM, a JWK or a JWK set, in its order; `kid` names a single one, which else goes by its own id or its
    RFC 7638 thumbprint. Raises ConfigurationError, which repeats nothing of the text."""
    try:
        found = tuple(_signing_key(member, kid) for member in _private_members(text))
    except (JoseError, ValueError, TypeError) as error:
        said = str(error) if isinstance(error, _UnfitKey) else type(error).__name__
        raise ConfigurationError("A private key cannot be used for signing.", where=f"key {kid or ''}".strip(), detail=said) from error
    ids = [key.kid for key in found]
    if len(set(ids)) < len(ids):
        raise ConfigurationError("Two private keys have one id.", where="kid", detail=", ".join(ids))
    return found


def new_private_key(algorithm: SigningAlgorithm, *, kid: str | None = None) -> dict[str, str]:
    """A fresh private JWK for `algorithm`, with its id: `kid`, or the RFC 7638 thumbprint."""
    key = RSAKey.generate_key(_RSA_BITS, private=True) if algorithm == "RS384" else ECKey.generate_key("P-384", private=True)
    members = {name: str(value) for name, value in key.as_dict(private=True).items()}
    return {**members, "kid": kid or key.thumbprint(), "alg": algorithm, "use": "sig"}


def private_pem(jwk_members: Mapping[str, str]) -> str:
    """A private JWK as PEM. PEM has no place for `kid` and `alg`."""
    kind = RSAKey if jwk_members["kty"] == "RSA" else ECKey
    return kind.import_key(dict(jwk_members)).as_pem(private=True).decode()


class _Registry(JWSRegistry):
    """Header members we do not know are passed over (RFC 7515 4), and a header has room for a certificate: joserfc's own limit of 512
    bytes does not."""

    max_header_length = 8 * 1024


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def _claims(payload: bytes) -> dict[str, Any]:
    """The claims set, by the letter of RFC 8259: Python's own reader takes NaN, which is neither past nor future, and halves of surrogate
    pairs, which no database keeps, and falls over deep nesting."""
    try:
        claims = msgspec.json.decode(payload)
    except (ValueError, RecursionError) as error:
        raise SignatureError("A signed token's content is not JSON.", detail=type(error).__name__) from error
    if not isinstance(claims, dict):
        raise SignatureError("A signed token's content is no JSON object.")
    return claims


class _UnfitKey(ValueError):
    """A key that can be read and cannot be used; the message may be shown."""


def _private_members(text: str) -> list[RSAKey | ECKey]:
    """The keys of a text, read; ValueError when it has none."""
    if not text.lstrip().startswith("{"):
        return [_from_pem(text)]
    document = simplejson.loads(text)
    members = document.get("keys", [document])
    if not isinstance(members, list) or not members or not all(isinstance(member, dict) for member in members):
        raise _UnfitKey("no keys in it")
    return [_from_jwk(member) for member in members]


def _from_pem(text: str) -> RSAKey | ECKey:
    try:
        return RSAKey.import_key(text)
    except (JoseError, ValueError, TypeError):
        return ECKey.import_key(text)


def _from_jwk(member: dict[str, Any]) -> RSAKey | ECKey:
    return RSAKey.import_key(member) if member.get("kty") == "RSA" else ECKey.import_key(member)


def _signing_key(key: RSAKey | ECKey, kid: str | None) -> SigningKey:
    """`key` as one to sign with; _UnfitKey when its kind, size or use does not allow it."""
    if not key.is_private:
        raise _UnfitKey("not a private key")
    members = key.as_dict(private=False)
    algorithm = _algorithm(key, members)
    if members.get("alg", algorithm) != algorithm or members.get("use", "sig") != "sig":
        raise _UnfitKey(f"its alg or use does not allow {algorithm}")
    named = kid or str(members.get("kid") or key.thumbprint())
    bare = {name: str(members[name]) for name in _PUBLIC[str(members["kty"])]}
    return SigningKey(kid=named, algorithm=algorithm, public={**bare, "kid": named, "alg": algorithm, "use": "sig"}, key=key)


def _algorithm(key: RSAKey | ECKey, members: Mapping[str, Any]) -> SigningAlgorithm:
    """The one algorithm of SMART's asymmetric profile that a key is for."""
    if isinstance(key, RSAKey):
        if key.raw_value.key_size < _RSA_BITS_AT_LEAST:
            raise _UnfitKey(f"an RSA key needs {_RSA_BITS_AT_LEAST} bits or more")
        return "RS384"
    if members.get("crv") != "P-384":
        raise _UnfitKey("an EC key has to be on P-384, for ES384")
    return "ES384"


def _header(token: str) -> dict[str, Any]:
    try:
        header = dict(jws.extract_compact(token.encode(), registry=_REGISTRY).headers())
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SignatureError("A signed token cannot be read.", detail=type(error).__name__) from error
    if "crit" in header:
        # What it lists must be understood or the token refused (RFC 7515 4.1.11). We understand none of it, and a JWT needs none.
        raise SignatureError("A signed token asks for something that is not known here.", detail="crit")
    if str(header.get("typ", "")).lower().endswith("+jwt"):
        # An access token, a logout token and their like name their kind (RFC 8725 3.11), so that none passes for another. An id_token has
        # no such name: its `typ` is JWT or missing.
        raise SignatureError("A signed token is of another kind than the one expected.", detail="typ")
    return header


def _key(key_id: object, algorithm: str, key_set: Mapping[str, Any]) -> RSAKey | ECKey:
    """The one key of the set that can have made the signature. Servers may leave `kid` out when they have one key (OIDC core 10.1)."""
    named = [key for key in _members(key_set) if key_id is None or key.get("kid") == key_id]
    fitting = [key for key in named if _unfit(key, algorithm) is None]
    if not fitting:
        why = f"; of the key it names: {_unfit(named[0], algorithm)}" if len(named) == 1 else ""
        raise UnknownKeyError("A signed token names a key its server does not publish.", detail=f"no usable key among {len(named)}{why}")
    if len(fitting) > 1:
        raise SignatureError("A signed token does not say which of several keys it was signed with.", detail=f"{len(fitting)} keys")
    return _published(fitting[0])


def _published(member: Mapping[str, Any]) -> RSAKey | ECKey:
    """A server's key from what it publishes of it. Raises SignatureError, which names the member that cannot be used and why."""
    kind = str(member["kty"])
    numbers = {name: _number(name, member.get(name)) for name in _NUMBERS[kind]}
    if kind == "RSA" and (bits := _bits(numbers["n"])) < _RSA_BITS_AT_LEAST:
        raise SignatureError("A server's published key is too weak.", detail=f"{bits} bits")
    # Only what the signature needs: an unreadable certificate beside a good key is no reason to refuse it.
    bare = {name: member[name] for name in _PUBLIC[kind]} | numbers
    try:
        key = _imported(simplejson.dumps(bare))
    except (JoseError, ValueError, TypeError) as error:
        what = "no RSA key" if kind == "RSA" else f"no point of {member['crv']}"
        raise _unusable(f"{' and '.join(numbers)} are {what}") from error
    if not isinstance(key, RSAKey | ECKey):
        raise SignatureError("A server's published key is of a kind that is not accepted.")
    return key


def _number(name: str, value: object) -> str:
    """A number of a key in base64url. RFC 7515 2 leaves padding out; servers that keep it publish the same number."""
    if value is None:
        raise _unusable(f"{name} is missing")
    if not isinstance(value, str):
        raise _unusable(f"{name} is no text")
    bare = value.rstrip("=")
    if not bare or not _BASE64URL.fullmatch(bare):
        raise _unusable(f"{name} is not base64url")
    return bare


def _unusable(detail: str) -> SignatureError:
    return SignatureError("A server's published key cannot be used.", detail=detail)


def _bits(modulus: str) -> int:
    """How long an RSA key is. Before joserfc sees it, which only warns, on stderr."""
    return int.from_bytes(urlsafe_b64decode(f"{modulus}==")).bit_length()


# An EHR signs thousands of tokens with one key, and checking the key itself takes as long as checking a signature with it.
@lru_cache(maxsize=64)
def _imported(member: str) -> jwk.Key:
    return jwk.import_key(simplejson.loads(member))


def _members(key_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = key_set.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _unfit(key: Mapping[str, Any], algorithm: str) -> str | None:
    """Why a key is not one for this algorithm, by its member: of another type or curve, for encryption, for another algorithm, or published
    with its private half: with such a key anybody could have signed."""
    type_, curve = _KEY_FORMS[algorithm]
    operations = key.get("key_ops")
    holds = {
        f"kty is not {type_}": key.get("kty") == type_,
        f"crv is not {curve}": curve is None or key.get("crv") == curve,
        "use is not sig": key.get("use", "sig") == "sig",
        f"alg is not {algorithm}": key.get("alg", algorithm) == algorithm,
        "key_ops does not name verify": not isinstance(operations, list) or "verify" in operations,
        "d, the private half, is published": "d" not in key,
    }
    return next((reason for reason, fits in holds.items() if not fits), None)
