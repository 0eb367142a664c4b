"""The apps this EHR knows, and how each proves at the token endpoint that it is the one."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("ES384", "RS384")
_ASSERTION_SECONDS = 300
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """No secret: PKCE alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretBasic:
    """client_secret_basic."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPost:
    """client_secret_post."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKeyJwt:
    """private_key_jwt with RS384 or ES384. `jwks` gives the client's current public keys, so a rotation is seen."""

    jwks: Callable[[], KeySetSerialization] = field(repr=False)


ClientAuth = Public | SecretBasic | SecretPost | PrivateKeyJwt


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered app. `scope` is the most it may have; None: whatever this EHR knows. `redirect_uris` match exactly.

    `on_chart` False keeps it off the chart's tabs: it is launched by script alone.
    """

    redirect_uris: tuple[str, ...]
    launch_url: str
    name: str
    auth: ClientAuth = field(default_factory=Public)
    scope: str | None = None
    on_chart: bool = True


class ClientRefused(Exception):
    """The token endpoint does not believe this is the client it says it is."""


class ClientDesk:
    """Identifies the client of a token, revocation or introspection request."""

    def __init__(self, clients: Mapping[str, Client], *, clock: Callable[[], datetime]) -> None:
        self._clients = clients
        self._clock = clock
        self._seen: dict[str, int] = {}
        self._lock = Lock()

    def identify(self, form: Mapping[str, str], authorization: str | None, *, audience: str) -> str:
        """The client id, proven the registered way; ClientRefused otherwise. `audience` is the address the request came to."""
        if authorization is not None:
            return self._basic(form, authorization)
        if "client_assertion" in form or "client_assertion_type" in form:
            return self._assertion(form, audience=audience)
        return self._posted(form)

    def _auth(self, client_id: str) -> ClientAuth:
        client = self._clients.get(client_id)
        if client is None:
            raise ClientRefused("Unknown client.")
        return client.auth

    def _basic(self, form: Mapping[str, str], authorization: str) -> str:
        client_id, secret = _basic_credentials(authorization)
        auth = self._auth(client_id)
        if not isinstance(auth, SecretBasic):
            raise ClientRefused("This client is not registered for client_secret_basic.")
        if form.get("client_id", client_id) != client_id or "client_secret" in form:
            raise ClientRefused("Credentials were given in two places.")
        if not (_same(secret, auth.secret) or _same(unquote_plus(secret), auth.secret)):
            raise ClientRefused("Wrong client credentials.")
        return client_id

    def _posted(self, form: Mapping[str, str]) -> str:
        client_id = form.get("client_id", "")
        auth = self._auth(client_id)
        if isinstance(auth, SecretPost) and _same(form.get("client_secret", ""), auth.secret):
            return client_id
        if isinstance(auth, Public) and "client_secret" not in form:
            return client_id
        raise ClientRefused("The client did not authenticate the way it is registered.")

    def _assertion(self, form: Mapping[str, str], *, audience: str) -> str:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise ClientRefused("client_assertion_type must be the JWT bearer type.")
        text = form.get("client_assertion", "")
        client_id = _claimed_issuer(text)
        auth = self._auth(client_id)
        if not isinstance(auth, PrivateKeyJwt):
            raise ClientRefused("This client is not registered for private_key_jwt.")
        self._check_claims(_verified(text, auth), client_id=client_id, audience=audience)
        if form.get("client_id", client_id) != client_id:
            raise ClientRefused("client_id differs from the assertion.")
        return client_id

    def _check_claims(self, claims: Mapping[str, object], *, client_id: str, audience: str) -> None:
        """RFC 7523 and SMART: iss = sub = client, aud = this address, at most five minutes, `jti` never twice."""
        now = int(self._clock().timestamp())
        expires, jti = claims.get("exp"), claims.get("jti")
        if claims.get("iss") != client_id or claims.get("sub") != client_id or audience not in _listed(claims.get("aud")):
            raise ClientRefused("iss, sub or aud of the assertion is wrong.")
        if not isinstance(expires, int) or not now - _LEEWAY_SECONDS < expires <= now + _ASSERTION_SECONDS + _LEEWAY_SECONDS:
            raise ClientRefused("exp of the assertion must lie within the next five minutes.")
        if not isinstance(jti, str) or not jti or not self._first_use(f"{client_id} {jti}", expires=expires, now=now):
            raise ClientRefused("jti of the assertion is missing or was used before.")

    def _first_use(self, key: str, *, expires: int, now: int) -> bool:
        with self._lock:
            self._seen = {known: until for known, until in self._seen.items() if until >= now - _LEEWAY_SECONDS}
            if key in self._seen:
                return False
            self._seen[key] = expires
            return True


def _basic_credentials(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise ClientRefused("The Authorization header is not HTTP Basic.")
    return unquote_plus(client_id), secret


def _claimed_issuer(assertion: str) -> str:
    """Who the assertion says it is from, unverified: only to find the keys to verify it with."""
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise ClientRefused("The client assertion is not a JWT.") from error
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(issuer, str):
        raise ClientRefused("The client assertion has no iss.")
    return issuer


def _verified(assertion: str, auth: PrivateKeyJwt) -> Mapping[str, object]:
    try:
        token = jwt.decode(assertion, KeySet.import_key_set(auth.jwks()), algorithms=ASSERTION_ALGORITHMS)
    except (JoseError, ValueError) as error:
        raise ClientRefused("The client assertion's signature does not verify with a registered key.") from error
    if "kid" not in token.header:
        raise ClientRefused("The client assertion names no kid.")
    return token.claims


def _listed(audience: object) -> list[object]:
    return audience if isinstance(audience, list) else [audience]


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
