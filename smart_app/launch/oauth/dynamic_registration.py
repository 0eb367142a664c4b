"""Dynamic registration (RFC 7591): the app introduces itself to an EHR's registration endpoint. Only ever on an operator's word, from
the command line; a launch never registers anything."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from smart_app.errors import RapportError
from smart_app.http import FetchError, Limits, fetch_json
from smart_app.launch.discovery.smart_configuration import Endpoints
from smart_app.launch.oauth.token_endpoint import said

_LIMITS = Limits(connect=5, read=15, deadline=20, max_bytes=256 * 1024)
# RFC 6749 appendix A: client id and secret are visible ASCII and spaces. No longer than launch.json takes.
_VISIBLE = re.compile(r"[\x20-\x7e]{1,200}")
_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_CAPABILITIES = {
    "client-confidential-asymmetric": ("private_key_jwt",),
    "client-confidential-symmetric": ("client_secret_basic",),
    "client-public": ("none",),
}


class RegistrationError(RapportError):
    """The EHR did not register the app, or answered with something that cannot be used."""

    http_status = 502
    code = "registration_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the EHR decided. `scope` is None when it did not say; `secret_expires` is in seconds since 1970, 0 for never.
    `notes` are differences from what was asked, for people."""

    client_id: str
    method: str
    client_secret: str | None = field(repr=False)
    secret_expires: int
    scope: str | None
    notes: tuple[str, ...]


def choose_method(endpoints: Endpoints, *, algorithms: Collection[str], keeps_secret: bool) -> str:
    """The strongest client type the EHR takes and we can be: a key of an algorithm it lists, else a secret where there is a place for
    one, else none. What the endpoint list does not say, the capabilities may."""
    offered = endpoints.auth_methods or tuple(name for one in sorted(endpoints.capabilities) for name in _CAPABILITIES.get(one, ()))
    listed = endpoints.assertion_algorithms
    if "private_key_jwt" in offered and any(not listed or one in listed for one in algorithms):
        return "private_key_jwt"
    if keeps_secret:
        return next((name for name in _SECRET_METHODS if name in offered), "none")
    return "none"


def register(http: requests.Session, endpoint: str, metadata: Mapping[str, Any], *, initial_token: str | None) -> Registered:
    """Send the metadata, once; `initial_token` is what some EHRs hand out to be allowed to. `endpoint` comes from discovery and is on a
    pinned host; no redirect is followed. Raises RegistrationError."""
    headers = {"Authorization": f"Bearer {initial_token}"} if initial_token else {}
    try:
        answer = fetch_json(http, "POST", endpoint, limits=_LIMITS, headers=headers, document=metadata)
    except FetchError as error:
        raise RegistrationError("The EHR's registration did not work.", detail=f"{endpoint}: {error.reason} {error.detail}") from error
    # RFC 7591 3.2.1 says 201; some servers say 200.
    if answer.status not in {requests.codes.created, requests.codes.ok}:
        raise RegistrationError("The EHR refused the registration.", detail=f"{endpoint}: HTTP {answer.status} {said(answer.document)}")
    return _checked(answer.document, metadata)


def _checked(answer: Mapping[str, Any], asked: Mapping[str, Any]) -> Registered:
    client_id = _visible(answer, "client_id")
    if client_id is None:
        raise _unusable("client_id is missing")
    _check_redirects(answer, asked, client_id)
    method = answer.get("token_endpoint_auth_method") or asked["token_endpoint_auth_method"]
    if method not in (*_SECRET_METHODS, "private_key_jwt", "none"):
        raise _unusable(f"it registered {client_id} with token_endpoint_auth_method {str(method)[:40]!r}, which the app does not have")
    secret = _visible(answer, "client_secret") if method in _SECRET_METHODS else None
    if method in _SECRET_METHODS and secret is None:
        raise _unusable(f"it registered {client_id} with {method} and gave no client_secret")
    return Registered(
        client_id=client_id,
        method=method,
        client_secret=secret,
        secret_expires=_expiry(answer) if secret else 0,
        scope=_visible_scope(answer),
        notes=tuple(_differences(answer, asked, method)),
    )


def _check_redirects(answer: Mapping[str, Any], asked: Mapping[str, Any], client_id: str) -> None:
    """An address we did not name would let somebody else have our codes."""
    redirects = answer.get("redirect_uris", asked["redirect_uris"])
    if not isinstance(redirects, list) or sorted(map(str, redirects)) != sorted(asked["redirect_uris"]):
        raise _unusable(f"it registered {client_id} with other redirect_uris than asked")
    grants = answer.get("grant_types", asked["grant_types"])
    if not isinstance(grants, list) or "authorization_code" not in grants:
        raise _unusable(f"it registered {client_id} without authorization_code")


def _differences(answer: Mapping[str, Any], asked: Mapping[str, Any], method: str) -> list[str]:
    notes = []
    if method != asked["token_endpoint_auth_method"]:
        notes.append(f"The EHR chose {method} instead of {asked['token_endpoint_auth_method']}.")
    missing = set(str(asked["scope"]).split()) - set((_visible_scope(answer) or str(asked["scope"])).split())
    if missing:
        notes.append(f"Scopes not registered: {' '.join(sorted(missing))}.")
    if "refresh_token" not in answer.get("grant_types", ["refresh_token"]):
        notes.append("There will be no refresh tokens: a launch ends with its access token.")
    return notes


def _visible(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
        raise _unusable(f"{name} is not up to 200 characters of visible ASCII")
    return value


def _visible_scope(answer: Mapping[str, Any]) -> str | None:
    value = answer.get("scope")
    return " ".join(value.split()) if isinstance(value, str) and re.fullmatch(r"[\x20-\x7e]+", value) and value.strip() else None


def _expiry(answer: Mapping[str, Any]) -> int:
    value = answer.get("client_secret_expires_at", 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _unusable("client_secret_expires_at is no number of seconds")
    return value


def _unusable(detail: str) -> RegistrationError:
    return RegistrationError("The EHR's answer to the registration cannot be used.", detail=detail)
