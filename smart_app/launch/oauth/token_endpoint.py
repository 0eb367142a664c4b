"""The token endpoint: one form in, one checked answer out (RFC 6749 5, SMART App Launch)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from fhir_mappings.sentence import Sentence
from smart_app.errors import NOTHING_OPENED, LaunchError, printable
from smart_app.http import FetchError, Limits, fetch_json
from smart_app.launch.oauth.client_auth import Credentials

_LIMITS = Limits(connect=5, read=15, deadline=20, max_bytes=256 * 1024)
# Somebody who closes a page waits for it, and the launch is forgotten already.
_REVOKE_SECONDS = (3.0, 5.0)
_ENOUGH = 1024
# RFC 6749 leaves `expires_in` to the server's documentation; five minutes is what SMART recommends for short-lived tokens.
_ASSUMED_LIFETIME = timedelta(minutes=5)
_LONGEST_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenResponse:
    """A checked token response. `scope` is None when the server left it out; `extra` is the whole JSON, for the launch context."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    scope: str | None
    lifetime: timedelta
    extra: Mapping[str, Any] = field(repr=False)


def request_token(http: requests.Session, token_endpoint: str, *, form: Mapping[str, str], credentials: Credentials) -> TokenResponse:
    """The token for a code or refresh token. Raises LaunchError token_unreachable, scope_refused,
    code_refused, token_refused or token_invalid."""
    try:
        answer = fetch_json(http, "POST", token_endpoint, limits=_LIMITS, headers=credentials.headers, form={**form, **credentials.form})
    except FetchError as error:
        raise _from_fetch(error) from error
    if answer.status >= requests.codes.server_error or answer.status == requests.codes.too_many_requests:
        raise LaunchError(
            "token_unreachable",
            Sentence("The EHR's sign-in failed."),
            reopen=NOTHING_OPENED,
            detail=f"HTTP {answer.status}",
            status=502,
        )
    if answer.status != requests.codes.ok and answer.document.get("error") == "invalid_grant":
        raise LaunchError(
            "code_refused",
            Sentence("The EHR no longer accepts this sign-in: it took too long, or was used before."),
            reopen=NOTHING_OPENED,
            detail=f"HTTP {answer.status} {said(answer.document)}",
        )
    if answer.status != requests.codes.ok and oauth_error(answer.document.get("error")) == "invalid_scope":
        raise LaunchError(
            "scope_refused",
            Sentence("The EHR refused a permission that Rapport asked for."),
            reopen=NOTHING_OPENED,
            detail=f"HTTP {answer.status} {said(answer.document)}",
            status=403,
        )
    if answer.status != requests.codes.ok:
        raise LaunchError(
            "token_refused",
            Sentence("The EHR refused to complete the sign-in."),
            reopen=NOTHING_OPENED,
            detail=f"HTTP {answer.status} {said(answer.document)}",
        )
    return _checked(answer.document)


def revoke_token(http: requests.Session, revocation_endpoint: str, *, token: str, credentials: Credentials) -> bool:
    """Ask the server to forget a token; True when it confirmed. Only the status counts, as RFC 7009 answers have no content that does; but
    a page is the answer of somebody else, of a sign-in or a gateway."""
    try:
        with http.post(
            revocation_endpoint,
            data={"token": token, **credentials.form},
            headers=dict(credentials.headers),
            timeout=_REVOKE_SECONDS,
            stream=True,
        ) as response:
            return response.status_code == requests.codes.ok and not _is_page(response)
    except (requests.RequestException, HTTPError, OSError):
        return False


def token_still_works(http: requests.Session, address: str, *, token: str) -> bool:
    """Whether a FHIR address answers to an access token: a server may confirm and withdraw nothing, or not before the token ends. Where no
    answer comes that is not known."""
    headers = {"Accept": "application/fhir+json", "Authorization": f"Bearer {token}"}
    try:
        with http.get(address, headers=headers, timeout=_REVOKE_SECONDS, stream=True) as response:
            return bool(response.status_code == requests.codes.ok)
    except (requests.RequestException, HTTPError, OSError):
        return False


def _is_page(response: requests.Response) -> bool:
    """Whether markup came, whatever it is called."""
    return bytes(response.raw.read1(_ENOUGH, decode_content=True)).lstrip().startswith(b"<")


def oauth_error(value: object) -> str:
    """The error code; of a server that wrote a sentence in its place (`Invalid scope "…"`, aehrc/smart-forms#2080) the code it begins
    with."""
    code = "_".join(value.lower().split()) if isinstance(value, str) else ""
    return "invalid_scope" if code.startswith("invalid_scope") else code


def said(document: Mapping[str, Any]) -> str:
    """An OAuth error in the server's own words: code and description, short and printable."""
    words = [value for name in ("error", "error_description") if isinstance(value := document.get(name), str) and value]
    return printable(": ".join(words))


def _from_fetch(error: FetchError) -> LaunchError:
    detail = f"{error.reason} {error.detail}".strip()
    if error.reason in {"unreachable", "too_slow"}:
        return LaunchError(
            "token_unreachable",
            Sentence("The EHR could not be reached to complete the sign-in."),
            reopen=NOTHING_OPENED,
            detail=detail,
            status=502,
        )
    return LaunchError(
        "token_invalid",
        Sentence("The EHR's answer to the sign-in cannot be used."),
        reopen=NOTHING_OPENED,
        detail=detail,
        status=502,
    )


def _checked(document: Mapping[str, Any]) -> TokenResponse:
    access_token = _text(document, "access_token")
    if not access_token or not access_token.isascii() or not access_token.isprintable():
        raise _invalid("access_token is missing or not printable")
    if (_text(document, "token_type") or "").lower() != "bearer":
        raise _invalid("token_type is not bearer")
    return TokenResponse(
        access_token=access_token,
        refresh_token=_text(document, "refresh_token") or None,
        id_token=_text(document, "id_token") or None,
        scope=_text(document, "scope"),
        lifetime=_lifetime(document.get("expires_in")),
        extra=document,
    )


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise _invalid(f"{name} is not text")
    return value


def _lifetime(value: object) -> timedelta:
    """`expires_in` in seconds; some servers send it as text."""
    if value is None:
        return _ASSUMED_LIFETIME
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        raise _invalid("expires_in is not a number of seconds")
    return min(timedelta(seconds=float(min(value, 10**9))), _LONGEST_LIFETIME)


def _invalid(detail: str) -> LaunchError:
    return LaunchError(
        "token_invalid",
        Sentence("The EHR's answer to the sign-in cannot be used."),
        reopen=NOTHING_OPENED,
        detail=detail,
        status=502,
    )
