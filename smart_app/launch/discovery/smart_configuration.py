"""Where a registered EHR's authorization server is, from its own discovery document, and its published keys.

Only called with an issuer of `launch.json`; every address found must be on that issuer's host or one listed for it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests
from msgspec import Struct

from fhir_mappings.sentence import Sentence, joined
from smart_app.errors import LaunchCode, LaunchError
from smart_app.http import FetchError, FetchReason, Limits, get_json
from smart_app.launch.discovery.allowed_hosts import allowed_address
from smart_app.launch.discovery.ttl_cache import TtlCache
from smart_app.registration import Issuer

_DOCUMENT = Limits(connect=5, read=5, deadline=8, max_bytes=256 * 1024)
_CAPABILITIES = Limits(connect=5, read=10, deadline=15, max_bytes=8 * 1024 * 1024)
_KEPT = timedelta(hours=1)
_KEYS_REFETCHED_AFTER = timedelta(minutes=1)
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_TELL_IT = Sentence("Nothing was opened. Try again in a moment; if it stays, tell your IT team the reference below.")


class Endpoints(Struct, frozen=True, kw_only=True):
    """What the app uses of a discovery document. `issuer` is who signs id_tokens and answers as RFC 9207 `iss`, in the EHR's words.
    `auth_methods` and `assertion_algorithms` are what the token endpoint takes, empty when the document does not say."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str | None
    jwks_uri: str | None
    revocation_endpoint: str | None
    capabilities: frozenset[str]
    answers_with_iss: bool
    auth_methods: tuple[str, ...] = ()
    assertion_algorithms: tuple[str, ...] = ()


class Discovery:
    """Discovery documents and key sets, each kept for an hour. Failures are not kept."""

    def __init__(self, http: requests.Session, *, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._clock = clock
        self._endpoints: TtlCache[Endpoints] = TtlCache()
        self._key_sets: TtlCache[dict[str, Any]] = TtlCache()
        self._signers: TtlCache[str] = TtlCache()

    def endpoints(self, issuer: Issuer) -> Endpoints:
        """The EHR's endpoints, resolved and checked. Raises LaunchError discovery_…."""
        kept = self._endpoints.get(issuer.iss, younger_than=_KEPT, now=self._clock())
        if kept is not None:
            return kept
        found = _endpoints(issuer, self._document(issuer.iss))
        self._endpoints.put(issuer.iss, found, now=self._clock())
        return found

    def registration_endpoint(self, issuer: Issuer) -> str | None:
        """Where the EHR takes registrations (RFC 7591), or None. Fetched anew and apart from `endpoints`: a launch has no use for it, so
        one that is elsewhere must not stop it. Raises LaunchError discovery_…."""
        return _address(issuer, self._document(issuer.iss), "registration_endpoint")

    def forget(self, issuer: Issuer) -> None:
        """Fetch the document anew next time, because what it said did not work."""
        self._endpoints.drop(issuer.iss)

    def keys_address(self, issuer: Issuer, signer: str) -> str | None:
        """Where an id_token issuer that is not the discovered one publishes its keys, by its own openid-configuration (Oracle's identity
        providers do); None where it has none, or is on no host of this issuer. `signer` must be one that registration or discovery names,
        never one that only a token names."""
        kept = self._signers.get(signer, younger_than=_KEPT, now=self._clock())
        if kept is None:
            kept = self._own_keys_address(issuer, signer)
            self._signers.put(signer, kept, now=self._clock())
        return kept or None

    def _own_keys_address(self, issuer: Issuer, signer: str) -> str:
        """The address, or "" where there is none to be had. Raises LaunchError where the answer contradicts itself."""
        address = allowed_address(issuer, f"{signer.rstrip('/')}/.well-known/openid-configuration") if "://" in signer else None
        if address is None:
            return ""
        try:
            document = get_json(self._http, address, limits=_DOCUMENT)
        except FetchError as error:
            if error.reason == "status" and error.status < requests.codes.server_error:
                return ""
            raise _no_keys(_why(error, address)) from error
        if document.get("issuer") != signer:
            raise _no_keys(f"{address}: it names another issuer than the one asked")
        return _address(issuer, document, "jwks_uri") or ""

    def key_set(self, jwks_uri: str, *, newer: bool = False) -> dict[str, Any]:
        """The key set at an address from `endpoints`; `newer` fetches it again unless that was done within the last minute.
        Raises LaunchError id_token_invalid when it cannot be fetched."""
        kept = self._key_sets.get(jwks_uri, younger_than=_KEYS_REFETCHED_AFTER if newer else _KEPT, now=self._clock())
        if kept is not None:
            return kept
        try:
            found = get_json(self._http, jwks_uri, limits=_DOCUMENT)
        except FetchError as error:
            raise _no_keys(_why(error, jwks_uri)) from error
        self._key_sets.put(jwks_uri, found, now=self._clock())
        return found

    def _document(self, iss: str) -> dict[str, Any]:
        """The smart-configuration; of servers that have none, the same facts from their capability statement."""
        address = f"{iss}/.well-known/smart-configuration"
        try:
            return get_json(self._http, address, limits=_DOCUMENT)
        except FetchError as error:
            if error.reason != "status" or error.status >= requests.codes.server_error:
                raise _launch_error(error, address) from error
        try:
            return _oauth_uris(self._capabilities(iss))
        except FetchError as error:
            raise _launch_error(error, f"{address} and {iss}/metadata") from error

    def _capabilities(self, iss: str) -> dict[str, Any]:
        """`_format` as well, because some servers answer in XML whatever is accepted (eClinicalWorks; client-js#167)."""
        headers = {"Accept": "application/fhir+json, application/json"}
        return get_json(self._http, f"{iss}/metadata?_format=json", limits=_CAPABILITIES, headers=headers)


_CODES: Mapping[FetchReason, tuple[LaunchCode, Sentence]] = {
    "unreachable": ("discovery_unreachable", Sentence("The EHR could not be reached.")),
    "too_slow": ("discovery_unreachable", Sentence("The EHR answered too slowly.")),
    "too_large": ("discovery_too_large", Sentence("The EHR's description of its sign-in is too large to be real.")),
    "redirected": ("discovery_redirected", Sentence("The EHR pointed to another address for its sign-in, which is not followed.")),
    "not_json": ("discovery_not_json", Sentence("The EHR's description of its sign-in cannot be read.")),
    "status": ("discovery_unreachable", Sentence("The EHR did not describe its sign-in.")),
}


def _launch_error(error: FetchError, address: str) -> LaunchError:
    code, sentence = _CODES[error.reason]
    return LaunchError(code, joined(" ", (sentence, _TELL_IT)), detail=_why(error, address), status=502)


def _no_keys(detail: str) -> LaunchError:
    return LaunchError(
        "id_token_invalid", Sentence("The EHR's signing keys could not be read. {next_step}", next_step=_TELL_IT), detail=detail, status=502
    )


def _why(error: FetchError, address: str) -> str:
    return f"{address}: {error.reason} {error.detail}".strip()


def _oauth_uris(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """Endpoints from a capability statement's oauth-uris. Deprecated, still the only ones of some servers, which may even
    carry several extensions (athenahealth has one for DSTU2); the first complete one counts."""
    names = {
        "authorize": "authorization_endpoint",
        "token": "token_endpoint",
        "revoke": "revocation_endpoint",
        "register": "registration_endpoint",
    }
    for rest in _dicts(capabilities.get("rest")):
        security = rest.get("security")
        for extension in _dicts(security.get("extension") if isinstance(security, dict) else None):
            parts = {_text(part.get("url")): part.get("valueUri") for part in _dicts(extension.get("extension"))}
            found = {name: parts[url] for url, name in names.items() if url in parts}
            if extension.get("url") == _OAUTH_URIS and {"authorization_endpoint", "token_endpoint"} <= found.keys():
                return found
    return {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []


def _endpoints(issuer: Issuer, document: Mapping[str, Any]) -> Endpoints:
    return Endpoints(
        authorization_endpoint=_required_address(issuer, document, "authorization_endpoint"),
        token_endpoint=_required_address(issuer, document, "token_endpoint"),
        issuer=_text(document.get("issuer")),
        jwks_uri=_address(issuer, document, "jwks_uri"),
        revocation_endpoint=_address(issuer, document, "revocation_endpoint"),
        capabilities=frozenset(_names(document.get("capabilities"))),
        answers_with_iss=document.get("authorization_response_iss_parameter_supported") is True,
        auth_methods=_names(document.get("token_endpoint_auth_methods_supported")),
        assertion_algorithms=_names(document.get("token_endpoint_auth_signing_alg_values_supported")),
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _required_address(issuer: Issuer, document: Mapping[str, Any], name: str) -> str:
    address = _address(issuer, document, name)
    if address is None:
        raise LaunchError(
            "discovery_incomplete",
            Sentence("The EHR's description of its sign-in lacks an address. {next_step}", next_step=_TELL_IT),
            detail=f"{name} is missing",
            status=502,
        )
    return address


def _address(issuer: Issuer, document: Mapping[str, Any], name: str) -> str | None:
    """An endpoint as an absolute address on an allowed host, or None when the document has none. Raises LaunchError."""
    text = _text(document.get(name))
    if text is None:
        return None
    address = allowed_address(issuer, text)
    if address is None:
        raise LaunchError(
            "discovery_host_not_listed",
            Sentence("The EHR's sign-in is at an address that is not registered for it. {next_step}", next_step=_TELL_IT),
            detail=f"{name} {text[:200]!r}: add its host to `hosts` of this issuer in launch.json if it is right",
            status=502,
        )
    return address
