"""An open FHIR R4 server somebody else runs, as seeding needs it: capabilities, checked searches, writes. It trusts
no answer it can check: a search result counts only when the resource in it is what was asked for."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests
import simplejson

from smart_app.sandbox.personas.people import Resource

Identifier = tuple[str, str]
JSON = "application/fhir+json"
LOCATION = re.compile(r"(?:^|/)(?P<reference>[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")
PAGE_SIZE = 200
MAX_PAGES = 500
TIMEOUT_SECONDS = 60
TRANSACTION_TIMEOUT_SECONDS = 300


class RemoteError(Exception):
    """The server did not answer, or not in FHIR. The message says what was asked and what came."""


class SearchIgnoredError(RemoteError):
    """The server answered a search with resources that do not match it, so nothing follows from its answer."""


class RefusedError(RemoteError):
    """The server understood and said no; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWrite:
    """What came of a create: the `Type/id` on the server, and whether it was new."""

    reference: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPromises:
    """What the CapabilityStatement promises: types created conditionally, search parameters by type, transactions."""

    transaction: bool
    conditional_create: frozenset[str] = frozenset()
    searches: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def finds(self, resource_type: str) -> bool:
        """Whether the type can be searched by identifier."""
        return "identifier" in self.searches.get(resource_type, frozenset())


def is_loopback(base: str) -> bool:
    """Whether the address is this machine's own: `localhost`, 127.0.0.0/8, ::1."""
    host = urlsplit(base).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteServer:
    """A FHIR base without authentication. `session` carries proxies and certificates; redirects are never followed."""

    base: str
    session: requests.Session

    def capabilities(self) -> ServerPromises:
        """The CapabilityStatement's promises. RemoteError when there is none or it is not R4."""
        statement = self._call("GET", "metadata")[1]
        version = str(statement.get("fhirVersion", ""))
        if statement.get("resourceType") != "CapabilityStatement" or not version.startswith("4.0"):
            raise RemoteError(f"{self.base}/metadata is not the CapabilityStatement of a FHIR R4 server (fhirVersion {version!r}).")
        rest: Resource = next((one for one in statement.get("rest") or [] if one.get("mode") == "server"), {})
        types: list[Resource] = rest.get("resource", [])
        return ServerPromises(
            transaction=any(one.get("code") == "transaction" for one in rest.get("interaction", [])),
            conditional_create=frozenset(one["type"] for one in types if one.get("conditionalCreate") is True),
            searches={one["type"]: frozenset(param["name"] for param in one.get("searchParam", [])) for one in types},
        )

    def create(self, resource: Resource, *, if_none_exist: Identifier | None) -> RemoteWrite:
        """Creates one resource, with `if_none_exist` only when none has that identifier. RefusedError, RemoteError."""
        kind = resource["resourceType"]
        headers = {"If-None-Exist": identifier_query(if_none_exist)} if if_none_exist else {}
        response, body = self._call("POST", kind, content=resource, headers=headers)
        match = LOCATION.search(response.headers.get("Location", ""))
        found = match["reference"] if match else f"{kind}/{body['id']}" if body.get("resourceType") == kind and "id" in body else None
        if found is None and if_none_exist:
            found = self.find(kind, if_none_exist)
        if found is None:
            raise RemoteError(f"{kind} was taken ({response.status_code}) but its id was not told.")
        return RemoteWrite(reference=found, new=response.status_code == requests.codes.created)

    def transaction(self, entries: Sequence[Resource]) -> list[RemoteWrite | None]:
        """Sends one transaction; per entry what came of it, None where the answer does not tell the id. RefusedError, RemoteError."""
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
        answered = self._call("POST", "", content=bundle, timeout=TRANSACTION_TIMEOUT_SECONDS)[1].get("entry", [])
        if len(answered) != len(entries):
            raise RemoteError(f"the transaction of {len(entries)} entries was answered with {len(answered)}.")
        return [_written(entry.get("response", {})) for entry in answered]

    def find(self, resource_type: str, identifier: Identifier) -> str | None:
        """`Type/id` of the resource with that identifier, or None. SearchIgnoredError when the server answers with others."""
        bundle = self._call("GET", f"{resource_type}?{identifier_query(identifier)}")[1]
        resources = [one for one in _resources(bundle) if one.get("resourceType") == resource_type]
        for resource in resources:
            if identifier in identifiers_of(resource):
                return f"{resource_type}/{resource['id']}"
        if resources:
            raise SearchIgnoredError(f"{resource_type} cannot be searched by identifier here: other resources came back.")
        return None

    def read(self, reference: str) -> Resource | None:
        """The resource, or None when it is not there or gone."""
        try:
            return self._call("GET", reference)[1]
        except RefusedError as error:
            if error.status in (requests.codes.not_found, requests.codes.gone):
                return None
            raise

    def search(self, resource_type: str, query: str, *, wanted: Callable[[Resource], bool]) -> Iterator[Resource]:
        """Every match of every page. SearchIgnoredError at the first resource that is not `wanted`; RemoteError when a page
        leads to another server or the pages do not end."""
        address: str | None = f"{resource_type}?{query}&_count={PAGE_SIZE}"
        for _ in range(MAX_PAGES):
            if address is None:
                return
            bundle = self._call("GET", address)[1]
            matches = [one for one in _resources(bundle) if one.get("resourceType") == resource_type]
            if not all(map(wanted, matches)):
                raise SearchIgnoredError(f"{resource_type}?{query.partition('=')[0]}= is ignored here: other resources came back.")
            yield from matches
            address = self._next(bundle)
        raise RemoteError(f"the pages of {resource_type} do not end.")

    def delete(self, reference: str) -> None:
        """Deletes one resource; one that is not there counts as deleted. RefusedError, RemoteError."""
        try:
            self._call("DELETE", reference)
        except RefusedError as error:
            if error.status not in (requests.codes.not_found, requests.codes.gone):
                raise

    def _next(self, bundle: Resource) -> str | None:
        link = next((one.get("url") for one in bundle.get("link") or [] if one.get("relation") == "next"), None)
        if link is None:
            return None
        address = urljoin(f"{self.base}/", str(link))
        if urlsplit(address)[:2] != urlsplit(self.base)[:2]:
            raise RemoteError("the next page lies on another server and was not asked for.")
        return address

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: Resource | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> tuple[requests.Response, Resource]:
        address = path if path.startswith(("http://", "https://")) else f"{self.base}/{path}".rstrip("/")
        # What was written a moment ago has to be found: HAPI answers an equal search from its memory for a minute.
        sent = {"Accept": JSON, "Cache-Control": "no-cache", **({"Content-Type": JSON} if content else {}), **(headers or {})}
        data = simplejson.dumps(content, use_decimal=True).encode() if content else None
        try:
            response = self.session.request(method, address, data=data, headers=sent, timeout=timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise RemoteError(
                f"{self.base} gave no complete answer to {method} {path.partition('?')[0]}: {type(error).__name__}."
            ) from error
        body = _json(response)
        if not response.ok or response.is_redirect:
            raise RefusedError(f"{response.status_code} {_diagnostics(body)}".strip(), status=response.status_code)
        if body is None and response.content.strip():
            raise RemoteError(f"{self.base} answered {method} {path.partition('?')[0]} with something that is not FHIR JSON.")
        return response, body or {}


def identifier_query(identifier: Identifier) -> str:
    """`identifier=system|value`."""
    return f"identifier={identifier[0]}|{identifier[1]}"


def identifiers_of(resource: Resource) -> set[Identifier]:
    """(system, value) of every identifier."""
    given = resource.get("identifier")
    identifiers = given if isinstance(given, list) else [given]
    return {(str(one.get("system", "")), str(one.get("value", ""))) for one in identifiers if isinstance(one, dict)}


def _written(response: Resource) -> RemoteWrite | None:
    match = LOCATION.search(str(response.get("location", "")))
    return RemoteWrite(reference=match["reference"], new=str(response.get("status", "")).startswith("201")) if match else None


def _resources(bundle: Resource) -> list[Resource]:
    return [entry["resource"] for entry in bundle.get("entry") or [] if isinstance(entry.get("resource"), dict)]


def _json(response: requests.Response) -> Resource | None:
    try:
        body = simplejson.loads(response.content, use_decimal=True)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _diagnostics(body: Resource | None) -> str:
    issues = (body.get("issue") or []) if body else []
    said = [str(issue.get("diagnostics") or issue.get("details", {}).get("text", "")) for issue in issues if isinstance(issue, dict)]
    return "; ".join(text for text in said if text)[:300]
