"""The EHR's signing key and the id_tokens it signs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.jwk import ECKey, KeySetSerialization, RSAKey

_ALGORITHMS = {"RSA": "RS256", "EC": "ES384"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EhrSigningKey:
    """One key pair: RS256 for RSA, ES384 for EC on P-384. `kid` is its thumbprint."""

    key: RSAKey | ECKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The `alg` of what this key signs."""
        return _ALGORITHMS[self.key.key_type]

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint."""
        return self.key.thumbprint()

    def jwks(self) -> KeySetSerialization:
        """The public half as a JWK set."""
        return {"keys": [{**self.key.as_dict(private=False), "use": "sig", "alg": self.algorithm, "kid": self.kid}]}

    def sign(self, claims: Mapping[str, object]) -> str:
        """`claims` as a signed compact JWT."""
        return jwt.encode({"alg": self.algorithm, "kid": self.kid}, dict(claims), self.key, algorithms=[self.algorithm])


def rsa_key() -> EhrSigningKey:
    """A new RSA key: RS256 is what every OpenID Connect client must know."""
    return EhrSigningKey(key=RSAKey.generate_key(2048))


def ec_key() -> EhrSigningKey:
    """A new P-384 key; much quicker to make."""
    return EhrSigningKey(key=ECKey.generate_key("P-384"))
