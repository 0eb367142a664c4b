"""The one door to joserfc: verifies signatures by a key set, and signs client assertions. Knows no claim's meaning."""

from collections.abc import Collection, Mapping
from typing import Any

import simplejson
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from smart_app.errors import ConfigurationError, RapportError

# Said explicitly everywhere: joserfc's default registry refuses RS384, which SMART's asymmetric profile requires.
ALGORITHMS = frozenset({"RS256", "RS384", "ES256", "ES384"})
_KEY_FORMS = {"RS256": ("RSA", None), "RS384": ("RSA", None), "ES256": ("EC", "P-256"), "ES384": ("EC", "P-384")}


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
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureError("A signed token's signature does not hold.", detail=type(error).__name__) from error
    return claims


def sign(claims: dict[str, Any], *, private_key: str, algorithm: str, key_id: str) -> str:
    """A compact JWT (`typ` JWT) signed with a PEM or JWK private key. Raises ConfigurationError for an unusable key."""
    header = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
    try:
        return jwt.encode(header, claims, _private_key(private_key, algorithm), algorithms=[algorithm])
    except (JoseError, ValueError, TypeError) as error:
        raise ConfigurationError("A private key cannot be used for signing.", where=f"key {key_id}", detail=type(error).__name__) from error


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise SignatureError("A signed token cannot be read.", detail=type(error).__name__) from error


def _key(key_id: object, algorithm: str, key_set: Mapping[str, Any]) -> RSAKey | ECKey:
    """The one key of the set that can have made the signature. Servers may leave `kid` out when they have one key (OIDC core 10.1)."""
    usable = [key for key in _members(key_set) if _usable(key, algorithm)]
    fitting = [key for key in usable if key_id is None or key.get("kid") == key_id]
    if not fitting:
        raise UnknownKeyError("A signed token names a key its server does not publish.", detail=f"{len(usable)} usable keys")
    if len(fitting) > 1:
        raise SignatureError("A signed token does not say which of several keys it was signed with.", detail=f"{len(fitting)} keys")
    try:
        key = jwk.import_key(dict(fitting[0]))
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureError("A server's published key cannot be used.", detail=type(error).__name__) from error
    if not isinstance(key, RSAKey | ECKey):
        raise SignatureError("A server's published key is of a kind that is not accepted.")
    return key


def _members(key_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = key_set.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _usable(key: Mapping[str, Any], algorithm: str) -> bool:
    """Of the right type and curve, not for encryption, and not for another algorithm."""
    type_, curve = _KEY_FORMS[algorithm]
    return (
        key.get("kty") == type_
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _private_key(text: str, algorithm: str) -> RSAKey | ECKey:
    """A private key for `algorithm`, from PEM or from a JWK's JSON."""
    kind = RSAKey if algorithm.startswith("RS") else ECKey
    key = kind.import_key(simplejson.loads(text) if text.lstrip().startswith("{") else text)
    if not key.is_private:
        raise ValueError("not a private key")
    return key
