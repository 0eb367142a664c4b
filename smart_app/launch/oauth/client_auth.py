"""How the app proves at the token endpoint who it is: one of the ways of SMART App Launch, chosen by registration."""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct, field

from smart_app import jose
from smart_app.errors import ConfigurationError
from smart_app.launch.keys.client_secrets import secret
from smart_app.launch.keys.signing_keys import signing_key
from smart_app.registration import Issuer, OpenServer, PrivateKeyJwt, PublicClient, SecretBasic, SecretPost

# SMART allows five minutes; the token endpoint's clock may be a little ahead of or behind ours.
_ASSERTION_LIFETIME = timedelta(minutes=4)
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Credentials(Struct, frozen=True, kw_only=True):
    """What is added to a token request."""

    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


def credentials(
    issuer: Issuer,
    *,
    token_endpoint: str,
    advertised: Collection[str],
    now: datetime,
    new_secret: Callable[[], str],
    environ: Mapping[str, str],
) -> Credentials:
    """Credentials for one request to the token endpoint, or to another of the same server; an assertion is good for that request only.
    `advertised` are the signature algorithms the server lists, empty when it lists none.
    Raises ConfigurationError when a secret or key is not there or cannot be used."""
    match issuer.auth:
        case PublicClient():
            return Credentials(form={"client_id": issuer.client_id})
        case SecretBasic():
            return Credentials(headers={"Authorization": _basic(issuer.client_id, issuer.auth, environ)})
        case SecretPost():
            return Credentials(form={"client_id": issuer.client_id, "client_secret": secret(issuer.auth, environ)})
        case PrivateKeyJwt():
            key = signing_key(issuer.auth, advertised, environ)
            assertion = _assertion(issuer.client_id, key, audience=token_endpoint, now=now, new_secret=new_secret)
            return Credentials(form={"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion})
        case OpenServer():
            raise ConfigurationError("An open server has no token endpoint.", where=issuer.iss)


def _basic(client_id: str, auth: SecretBasic, environ: Mapping[str, str]) -> str:
    pair = [client_id, secret(auth, environ)]
    text = ":".join(quote_plus(part) for part in pair) if auth.form_encode else ":".join(pair)
    return f"Basic {b64encode(text.encode()).decode()}"


def _assertion(client_id: str, key: jose.SigningKey, *, audience: str, now: datetime, new_secret: Callable[[], str]) -> str:
    """SMART's "token URL" is the audience everywhere, revocation too: it is what names the server (RFC 7523 3)."""
    claims: dict[str, Any] = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + _ASSERTION_LIFETIME).timestamp()),
        "jti": new_secret(),
    }
    return jose.sign(claims, key)
