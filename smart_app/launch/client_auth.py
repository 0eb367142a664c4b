"""How the app proves at the token endpoint who it is: one of the ways of SMART App Launch, chosen by registration."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from smart_app import jose
from smart_app.errors import ConfigurationError
from smart_app.registration import Issuer, OpenServer, PrivateKeyJwt, PublicClient, SecretBasic, SecretPost

# SMART allows five minutes; the token endpoint's clock may be a little ahead of or behind ours.
_ASSERTION_LIFETIME = timedelta(minutes=4)
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is added to a token request."""

    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


def credentials(issuer: Issuer, *, endpoint: str, now: datetime, new_secret: Callable[[], str], environ: Mapping[str, str]) -> Credentials:
    """Credentials for one request to `endpoint` (token or revocation); an assertion is good for that request only.
    Raises ConfigurationError when a secret or key is not in the environment or cannot be used."""
    match issuer.auth:
        case PublicClient():
            return Credentials(form={"client_id": issuer.client_id})
        case SecretBasic():
            return Credentials(headers={"Authorization": _basic(issuer.client_id, issuer.auth, environ)})
        case SecretPost():
            return Credentials(form={"client_id": issuer.client_id, "client_secret": secret(issuer.auth.secret_env, environ)})
        case PrivateKeyJwt():
            assertion = _assertion(issuer, issuer.auth, endpoint=endpoint, now=now, new_secret=new_secret, environ=environ)
            return Credentials(form={"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion})
        case OpenServer():
            raise ConfigurationError("An open server has no token endpoint.", where=issuer.iss)


def secret(name: str, environ: Mapping[str, str]) -> str:
    """The value of `name`, or the contents of the file `name` + `_FILE` names. Raises ConfigurationError naming the variable."""
    if environ.get(name):
        return environ[name]
    path = environ.get(f"{name}_FILE")
    if not path:
        raise ConfigurationError("A client secret or key is missing.", where=name, detail=f"set {name} or {name}_FILE")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("A client secret or key cannot be read.", where=f"{name}_FILE", detail=type(error).__name__) from error


def _basic(client_id: str, auth: SecretBasic, environ: Mapping[str, str]) -> str:
    pair = [client_id, secret(auth.secret_env, environ)]
    text = ":".join(quote_plus(part) for part in pair) if auth.form_encode else ":".join(pair)
    return f"Basic {b64encode(text.encode()).decode()}"


def _assertion(
    issuer: Issuer, auth: PrivateKeyJwt, *, endpoint: str, now: datetime, new_secret: Callable[[], str], environ: Mapping[str, str]
) -> str:
    claims: dict[str, Any] = {
        "iss": issuer.client_id,
        "sub": issuer.client_id,
        "aud": endpoint,
        "iat": int(now.timestamp()),
        "exp": int((now + _ASSERTION_LIFETIME).timestamp()),
        "jti": new_secret(),
    }
    return jose.sign(claims, private_key=secret(auth.key_env, environ), algorithm=auth.alg, key_id=auth.kid)
