"""Authorization codes, access tokens and refresh tokens: issued, redeemed, rotated, revoked.

Everything that comes from one authorization is a family. A code or refresh token presented twice ends its whole family
(RFC 6749 4.1.2, RFC 9700 4.14.2). Kept in memory behind one lock, as digests; a restart signs every app out.
"""

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import RLock
from typing import Literal

from smart_app.sandbox.authorization.chart_launches import EhrUser, LaunchOptions, Lifetimes, digest

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one authorization allows: `scope` as granted, for one client, user, patient and maybe encounter (ids).
    `signed_in` is when the user did, where the app asked for it."""

    client_id: str
    user: EhrUser
    patient: str
    encounter: str | None
    scope: str
    nonce: str | None = None
    signed_in: datetime | None = None
    options: LaunchOptions = field(default_factory=LaunchOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One answer of the token endpoint. `refresh_token` only where online or offline access was granted."""

    grant: Grant
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A live token as introspection tells it."""

    kind: Literal["access_token", "refresh_token"]
    grant: Grant
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    grant: Grant
    family: str
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _AuthorizationCode(_Kept):
    redirect_uri: str
    challenge: str


class GrantRefused(Exception):
    """The token endpoint says no; `error` is the OAuth error code."""

    def __init__(self, description: str, *, error: str = "invalid_grant") -> None:
        super().__init__(description)
        self.error = error


class Ledger:
    """Every code and token of this EHR."""

    def __init__(self, *, lifetimes: Lifetimes, clock: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._lifetimes = lifetimes
        self._clock = clock
        self._new_id = new_id
        self._codes: dict[str, _AuthorizationCode] = {}
        self._access: dict[str, _Kept] = {}
        self._refresh: dict[str, _Kept] = {}
        self._spent: set[str] = set()
        self._ended: set[str] = set()
        self._lock = RLock()

    def issue_code(self, grant: Grant, *, redirect_uri: str, challenge: str) -> str:
        """A single-use code for `grant`; `challenge` is the S256 PKCE challenge."""
        code = self._new_id()
        with self._lock:
            self._codes[digest(code)] = _AuthorizationCode(
                grant=grant,
                family=digest(code),
                expires=self._until(self._lifetimes.code),
                redirect_uri=redirect_uri,
                challenge=challenge,
            )
        return code

    def redeem_code(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Issued:
        """Tokens for a code; GrantRefused otherwise. Any try by the right client spends the code."""
        with self._lock:
            kept = self._codes.get(digest(code))
            if kept is None or kept.grant.client_id != client_id:
                raise GrantRefused("The code is not known for this client.")
            self._spend(digest(code), kept.family, what="code")
            if kept.expires <= self._clock():
                raise GrantRefused("The code has expired.")
            if kept.redirect_uri != redirect_uri:
                raise GrantRefused("redirect_uri differs from the one the code was sent to.")
            if not _proves(verifier, kept.challenge):
                raise GrantRefused("code_verifier does not match the challenge.")
            return self._issue(kept.grant, kept.grant, kept.family)

    def refresh(self, token: str, *, client_id: str, scope: str | None) -> Issued:
        """New tokens for a refresh token, which is thereby used up. `scope` may ask for less, never for more."""
        with self._lock:
            kept = self._refresh.get(digest(token))
            if kept is None or kept.grant.client_id != client_id:
                raise GrantRefused("The refresh token is not known for this client.")
            narrowed = _narrowed(kept.grant, scope)
            rotates = kept.grant.options.faults.rotates
            if rotates:
                self._spend(digest(token), kept.family, what="refresh token")
            if kept.family in self._ended or kept.expires <= self._clock():
                raise GrantRefused("The refresh token has expired or was revoked.")
            issued = self._issue(kept.grant, narrowed, kept.family)
            return issued if rotates else replace(issued, refresh_token=None)

    def owner(self, refresh_token: str) -> str:
        """The client a refresh token was given to, "" for an unknown one."""
        with self._lock:
            kept = self._refresh.get(digest(refresh_token))
        return kept.grant.client_id if kept else ""

    def granted(self, access_token: str) -> Grant | None:
        """What a live access token allows; None when it is unknown, expired or revoked."""
        kept = self._live(self._access, access_token)
        return kept.grant if kept else None

    def holding(self, token: str, *, client_id: str) -> Holding | None:
        """A live token of this client, for introspection."""
        for kind, tokens in (("access_token", self._access), ("refresh_token", self._refresh)):
            kept = self._live(tokens, token)
            if kept and kept.grant.client_id == client_id:
                return Holding(kind="access_token" if kind == "access_token" else "refresh_token", grant=kept.grant, expires=kept.expires)
        return None

    def revoke(self, token: str, *, client_id: str) -> None:
        """End an access token, or a refresh token with its whole family. Unknown tokens are no error (RFC 7009 2.2)."""
        key = digest(token)
        with self._lock:
            kept = self._refresh.get(key) or self._access.get(key)
            if kept is None:
                return
            if kept.grant.client_id != client_id:
                raise GrantRefused("The token belongs to another client.", error="unauthorized_client")
            if key in self._refresh:
                self._ended.add(kept.family)
            else:
                self._spent.add(key)

    def _live(self, tokens: dict[str, _Kept], token: str) -> _Kept | None:
        with self._lock:
            kept = tokens.get(digest(token))
            if kept is None or digest(token) in self._spent or kept.family in self._ended or kept.expires <= self._clock():
                return None
            return kept

    def _spend(self, key: str, family: str, *, what: str) -> None:
        """Mark `key` used; a second use ends the family."""
        if key in self._spent:
            self._ended.add(family)
            raise GrantRefused(f"The {what} was used before; everything issued from it is revoked.")
        self._spent.add(key)

    def _issue(self, whole: Grant, narrowed: Grant, family: str) -> Issued:
        access, seconds = self._new_id(), whole.options.faults.lifetime(self._lifetimes.access)
        self._access[digest(access)] = _Kept(grant=narrowed, family=family, expires=self._until(seconds))
        refresh = self._keep_refresh(whole, family)
        return Issued(grant=narrowed, access_token=access, refresh_token=refresh, expires_in=seconds)

    def _keep_refresh(self, grant: Grant, family: str) -> str | None:
        """A refresh token, where the scope asked for access beyond the first token."""
        scopes = grant.scope.split()
        if "offline_access" not in scopes and "online_access" not in scopes:
            return None
        token = self._new_id()
        seconds = self._lifetimes.offline if "offline_access" in scopes else self._lifetimes.online
        self._refresh[digest(token)] = _Kept(grant=grant, family=family, expires=self._until(seconds))
        return token

    def _until(self, seconds: int) -> datetime:
        return self._clock() + timedelta(seconds=seconds)


def _narrowed(grant: Grant, scope: str | None) -> Grant:
    if scope is None:
        return grant
    if not set(scope.split()) <= set(grant.scope.split()):
        raise GrantRefused("scope asks for more than was granted.", error="invalid_scope")
    return replace(grant, scope=scope)


def _proves(verifier: str, challenge: str) -> bool:
    """RFC 7636 4.6, S256."""
    hashed = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return bool(_VERIFIER.fullmatch(verifier)) and hmac.compare_digest(hashed, challenge.encode())
