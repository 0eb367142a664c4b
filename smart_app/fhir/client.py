"""A FHIR R4 server as Rapport uses it: read, paged search, create, update, transaction, capabilities.

Knows one base and sends its token nowhere else. Resources are raw JSON objects whose numbers are Decimals."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import requests
import simplejson
from msgspec import Struct

from fhir_mappings.r4.references import is_id, local_reference
from fhir_mappings.sentence import Sentence, counted
from smart_app.errors import FhirError, NotFound, Unauthorized
from smart_app.fhir.operation_outcome import words_of
from smart_app.fhir.reference import place_of
from smart_app.fhir.search_pages import SearchPages, SearchResult, entries_of
from smart_app.fhir.wire import FHIR_JSON, Answer, ExchangeLimits, exchange

Resource = dict[str, object]
Params = Sequence[tuple[str, str]]
# Takes the access token a server no longer accepts and gives a newer one, None where there is none to be had.
Renew = Callable[[str], str | None]
MAX_BYTES = 32_000_000
# RFC 9111 5.2.1.4; HAPI, which keeps what a search found for a minute, goes by it too.
_FRESH = {"Cache-Control": "no-cache"}
_SEARCH_SIGNS = re.compile(r"[\\$,|]")


class WrittenResource(Struct, frozen=True, kw_only=True):
    """A written resource: `reference` is `Type/id` (None where the server did not say), `created` False when it was there already."""

    reference: str | None
    version: str | None
    created: bool


class EntryOutcome(Struct, frozen=True, kw_only=True):
    """One entry of a transaction's answer, in the order sent. `diagnostics` are the server's words."""

    status: int
    stored: WrittenResource | None
    diagnostics: str


class FhirClient(Struct, frozen=True, kw_only=True):
    """`base` without a trailing slash; `token` None on an open server; `timeout` in seconds for one request.

    `renew` is asked once when the server answers 401, and the request made once more: a 401 was certainly not carried out."""

    base: str
    http: requests.Session
    token: str | None
    timeout: float
    page_limit: int
    max_bytes: int = MAX_BYTES
    renew: Renew | None = None

    def __repr__(self) -> str:
        """Without its token."""
        return f"FhirClient(base={self.base!r})"

    def read(self, resource_type: str, resource_id: str, *, deadline: float | None = None, fresh: bool = False) -> Resource:
        """The current version, past any cache on the way where it has to be `fresh`. FhirError, also when the server answers with another
        resource than asked for; NotFound without a request for what cannot be an id, as it would become another address."""
        if not is_id(resource_id):
            raise NotFound(Sentence("The health record has no such entry."), status=404)
        body = self._get(f"{self.base}/{resource_type}/{resource_id}", deadline=deadline, extra=_FRESH if fresh else {}).body
        if body is None or body.get("resourceType") != resource_type or body.get("id") != resource_id:
            raise FhirError(Sentence("The health record answered with another entry than the one asked for."), status=200)
        return body

    def read_reference(self, reference: str, deadline: float | None = None, *, fresh: bool = False) -> Resource:
        """The current version of what a reference to this server names. FhirError as of `read`; NotFound without a request for one to
        another server, which is never asked with this one's token."""
        kind, _, resource_id = (local_reference(reference, base=self.base) or "").partition("/")
        return self.read(kind, resource_id, deadline=deadline, fresh=fresh)

    def search(self, resource_type: str, params: Params, *, deadline: float | None = None, fresh: bool = False) -> SearchResult:
        """Every page, as far as `page_limit` and `deadline` allow. FhirError only when the first page fails.

        Values are encoded, `:` and `/` too: fronts that merge slashes do so in the query as well, and a code whose system has lost one is
        nobody's. `fresh` asks the server not to answer from an earlier result (HAPI keeps one for a minute)."""
        url = self.address(resource_type, params)
        pages = SearchPages(wanted=resource_type, base=self.base)
        pages.take(self.page(url, deadline=deadline, fresh=fresh), asked=url)
        while pages.following is not None:
            if len(pages.visited) >= self.page_limit:
                pages.stop(counted("Only the first {n} page was read.", "Only the first {n} pages were read.", self.page_limit))
            else:
                self._follow(pages, pages.following, deadline=deadline, fresh=fresh)
        return pages.result()

    def address(self, resource_type: str, params: Params) -> str:
        """Where that search is asked."""
        return f"{self.base}/{resource_type}?{urlencode(params, safe=',')}"

    def page(self, url: str, *, deadline: float | None = None, fresh: bool = False) -> Resource:
        """One page of a search, by its address at this base. FhirError, also when the answer is no list."""
        answer = self._get(url, deadline=deadline, extra=_FRESH if fresh else {})
        if answer.body is None or answer.body.get("resourceType") != "Bundle":
            said = words_of(answer.body)
            raise FhirError(
                Sentence("The health record answered a search with something else than a list."), status=answer.status, diagnostics=said
            )
        return answer.body

    def create(self, resource: Mapping[str, object], *, if_none_exist: str | None = None) -> WrittenResource:
        """POST one resource. The id comes from Location, as 201 may have no body. FhirError."""
        extra = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        answer = self._send("POST", f"{self.base}/{resource['resourceType']}", resource, extra=extra)
        return _stored(answer, str(resource["resourceType"]))

    def update(self, resource: Mapping[str, object], *, if_match: str | None) -> WrittenResource:
        """PUT one resource over the version `if_match`, or under an id nothing has yet (None). Conflict when the server holds another
        version, Refused where it lets no client choose an id (FHIR R4, "update as create"), NotFound as in `read` for what is no id."""
        identity = resource.get("id")
        if not isinstance(identity, str) or not is_id(identity):
            raise NotFound(Sentence("The health record has no such entry."), status=404)
        url = f"{self.base}/{resource['resourceType']}/{identity}"
        extra = {"If-Match": f'W/"{if_match}"'} if if_match else {}
        answer = self._send("PUT", url, resource, extra=extra)
        return _stored(answer, str(resource["resourceType"]))

    def transaction(self, bundle: Mapping[str, object], *, text: str | None = None) -> tuple[EntryOutcome, ...]:
        """POST the bundle; one outcome per entry, in order. FhirError when the server refused the whole or answered with fewer entries.

        `text` is the bundle as JSON, where the caller has it already."""
        answer = self._send("POST", self.base, bundle, extra={}, text=text)
        sent, given = entries_of(bundle), entries_of(answer.body or {})
        if len(sent) != len(given):
            raise FhirError(Sentence("The health record did not say what it stored."), status=answer.status, detail="entries missing")
        return tuple(_entry_outcome(entry, wanted) for entry, wanted in zip(given, map(_type_sent, sent), strict=True))

    def capabilities(self, *, deadline: float | None = None) -> Resource:
        """The CapabilityStatement as sent. FhirError."""
        body = self._get(f"{self.base}/metadata", deadline=deadline).body
        if body is None or body.get("resourceType") != "CapabilityStatement":
            raise FhirError(Sentence("The health record does not describe what it can do."), status=200)
        return body

    def _follow(self, pages: SearchPages, url: str, *, deadline: float | None, fresh: bool) -> None:
        """One more page; why it could not be read ends the search."""
        try:
            bundle = self.page(url, deadline=deadline, fresh=fresh)
        except FhirError as error:
            pages.stop(Sentence("Page {number} could not be read. {why}", number=len(pages.visited) + 1, why=error.user_message))
        else:
            pages.take(bundle, asked=url)

    def _get(self, url: str, *, deadline: float | None, extra: Mapping[str, str] | None = None) -> Answer:
        limits = ExchangeLimits(timeout=self.timeout, max_bytes=self.max_bytes, deadline=deadline or self._until())
        return self._exchange("GET", url, extra=extra or {}, limits=limits)

    def _send(self, method: str, url: str, resource: Mapping[str, object], *, extra: Mapping[str, str], text: str | None = None) -> Answer:
        body = (text or simplejson.dumps(resource, use_decimal=True, ensure_ascii=False)).encode()
        extra = {"Content-Type": FHIR_JSON, "Prefer": "return=minimal", **extra}
        limits = ExchangeLimits(timeout=self.timeout, max_bytes=self.max_bytes, deadline=self._until())
        return self._exchange(method, url, extra=extra, limits=limits, body=body)

    def _exchange(self, method: str, url: str, *, extra: Mapping[str, str], limits: ExchangeLimits, body: bytes | None = None) -> Answer:
        try:
            return exchange(self.http, method, url, headers=_headers(self.token, extra), limits=limits, body=body)
        except Unauthorized:
            newer = self.renew(self.token) if self.renew and self.token else None
            if newer is None or newer == self.token:
                raise
        return exchange(self.http, method, url, headers=_headers(newer, extra), limits=limits, body=body)

    def _until(self) -> float:
        """When a request begun now must be over, on the monotonic clock."""
        return time.monotonic() + self.timeout


def search_value(text: str) -> str:
    """The text as one value of a search parameter: a bare comma would make it two (FHIR R4 search, "escaping search parameters")."""
    return _SEARCH_SIGNS.sub(r"\\\g<0>", text)


def _headers(token: str | None, extra: Mapping[str, str]) -> dict[str, str]:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return {"Accept": FHIR_JSON, **bearer, **extra}


def _type_sent(entry: Mapping[str, object]) -> str:
    """The type of the resource an entry sends."""
    resource = entry.get("resource")
    return str(resource.get("resourceType")) if isinstance(resource, dict) else ""


def _stored(answer: Answer, wanted: str) -> WrittenResource:
    """Where a create or update put the resource: Location first, else the body."""
    place = place_of(answer.headers.get("Location") or answer.headers.get("Content-Location"))
    version = _version(answer.headers.get("ETag")) or (place.version if place else None)
    reference = place.reference if place and place.type == wanted else _reference(answer.body, wanted)
    return WrittenResource(reference=reference, version=version, created=answer.status == 201)  # noqa: PLR2004 - 201 Created


def _entry_outcome(entry: Mapping[str, object], wanted: str) -> EntryOutcome:
    """One `entry.response` of a transaction's answer."""
    response = entry.get("response")
    given: Mapping[str, object] = response if isinstance(response, dict) else {}
    code = str(given.get("status") or "").strip()[:3]
    status = int(code) if code.isdigit() else 0
    if not 200 <= status < 300:  # noqa: PLR2004 - the range of success
        return EntryOutcome(status=status, stored=None, diagnostics=words_of(given.get("outcome")))
    place = place_of(str(given.get("location") or ""))
    reference = place.reference if place and place.type == wanted else _reference(entry.get("resource"), wanted)
    version = _version(given.get("etag")) or (place.version if place else None)
    return EntryOutcome(status=status, stored=WrittenResource(reference=reference, version=version, created=status == 201), diagnostics="")  # noqa: PLR2004


def _reference(resource: object, wanted: str) -> str | None:
    """`Type/id` of a returned resource of the wanted type."""
    if not isinstance(resource, dict) or resource.get("resourceType") != wanted or not resource.get("id"):
        return None
    return f"{wanted}/{resource['id']}"


def _version(etag: object) -> str | None:
    """The version id in an ETag such as `W/"3"`."""
    return str(etag).strip().removeprefix("W/").strip('"') or None if etag else None
