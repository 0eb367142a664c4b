"""The cookies of launches: what they are called, and which of those that a request brings are this deployment's.

A browser's jar belongs to a host: neither port nor path keeps two Rapports of one host apart (RFC 6265 8.5, and `__Host-` wants
`Path=/`). So a name says whose it is, and what another deployment set is left alone.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Literal

from msgspec import Struct

from smart_app.store.seal import digest

PREFIX = "__Host-rapport-"
_SITE = 4
# How much of a launch's digest is in its cookie's name.
IN_NAME = 12
# 128 bits: with the 256 of the id beside it nothing is guessed, and a browser sends every one of them with every request.
_VALUE_BYTES = 16
# More fit into no header that reaches the app at the default limits of any server, and SQLite takes no longer question.
_LOOKED_AT = 150

# "unknown": named as before names said whose they are, and of no launch known here. It may be another deployment's.
Standing = Literal["open", "pending", "over", "unknown"]


class BroughtLaunch(Struct, frozen=True, kw_only=True):
    """What one cookie of a request is good for. `launch` is the digest of the launch's id or state and `created` when it began; both None
    where it is not there any more."""

    name: str
    standing: Standing
    launch: str | None = None
    created: datetime | None = None


class NamedCookie(Struct, frozen=True, kw_only=True):
    """A cookie called as a launch's. `launch` is how the digest of its id begins; `ours`: the name says that this deployment set it."""

    name: str
    value: str
    launch: str
    ours: bool


class CookieNames(Struct, frozen=True, kw_only=True):
    """The names of the deployment that browsers reach at `site`."""

    site: str

    def of(self, secret_id: str) -> str:
        """The cookie's name for a launch id or state: distinct per launch, and telling nothing about the id."""
        return f"{PREFIX}{self.mark}{digest(secret_id)[:IN_NAME]}"

    def of_before(self, secret_id: str) -> str:
        """The same before names said whose they are: a launch that was open during an upgrade stays open."""
        return f"{PREFIX}{digest(secret_id)[:IN_NAME]}"

    def value_in(self, cookies: Mapping[str, str], secret_id: str) -> str:
        """The cookie of that launch or state as the browser sent it, "" for none."""
        return cookies.get(self.of(secret_id)) or cookies.get(self.of_before(secret_id), "")

    def found_in(self, cookies: Mapping[str, str]) -> tuple[NamedCookie, ...]:
        """Those of a request that are called as this deployment's, or as anybody's before names said so."""
        called = re.compile(rf"{PREFIX}({self.mark})?([0-9a-f]{{{IN_NAME}}})", re.ASCII)
        matched = ((called.fullmatch(name), value) for name, value in cookies.items())
        named = (NamedCookie(name=one[0], value=value, launch=one[2], ours=one[1] is not None) for one, value in matched if one)
        return tuple(islice(named, _LOOKED_AT))

    @property
    def mark(self) -> str:
        """What stands in the name of every cookie of this deployment."""
        return digest(self.site)[:_SITE]


def new_value() -> str:
    """A cookie's value: nothing about the launch, from the system's generator."""
    return secrets.token_urlsafe(_VALUE_BYTES)
