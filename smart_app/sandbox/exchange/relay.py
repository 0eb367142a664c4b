"""Stands in front of any open FHIR R4 server: requests go on to it, answers come back as if they were ours.

Only addresses change: links, fullUrls, locations and absolute references lead to our base on the way out and to the server's on
the way in. Numbers keep their digits. Nothing is streamed; sizes and waiting are bounded.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from smart_app.sandbox.exchange.json_text import FhirJson, parsed, written
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse, query_text
from smart_app.sandbox.exchange.refusal import FHIR_JSON, refusal

_SENT = {
    "cache-control": "Cache-Control",
    "content-type": "Content-Type",
    "if-match": "If-Match",
    "if-none-exist": "If-None-Exist",
    "if-none-match": "If-None-Match",
    "prefer": "Prefer",
}
_RETURNED = ("Content-Location", "ETag", "Last-Modified", "Location", "Retry-After")
_ADDRESSES = frozenset({"reference", "fullUrl", "location", "url"})
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._$-]+")
_CHUNK = 65536


class Relay:
    """A FhirBackend that is another server, at `base` (no trailing slash). `session` may set TLS, proxies and retries."""

    def __init__(
        self,
        base: str,
        session: requests.Session | None = None,
        *,
        timeout: tuple[float, float] = (5.0, 30.0),
        max_bytes: int = 32 * 1024 * 1024,
    ) -> None:
        self._base = base.rstrip("/")
        self._session = session or requests.Session()
        self._timeout = timeout
        self._max_bytes = max_bytes

    def handle(self, request: FhirRequest) -> FhirResponse:
        """The other server's answer; 502 or 504 with an OperationOutcome where it gave none that can be passed on."""
        if request.path and not all(map(_SEGMENT.fullmatch, request.path.split("/"))):
            return refusal(404, "not-found", "This is no FHIR path.")
        try:
            with self._sent(request) as answer:
                body = _capped(answer, self._max_bytes)
                return self._passed_on(answer, body, request.base)
        except requests.Timeout:
            return refusal(504, "timeout", "The FHIR server behind this one did not answer in time.")
        except requests.RequestException:
            return refusal(502, "transient", "The FHIR server behind this one could not be reached, or broke off its answer.")

    def _sent(self, request: FhirRequest) -> requests.Response:
        headers = {name: request.headers[key] for key, name in _SENT.items() if key in request.headers}
        if "If-None-Exist" in headers:
            headers["If-None-Exist"] = headers["If-None-Exist"].replace(request.base, self._base)
        return self._session.request(
            request.method,
            self._address(request),
            headers={**headers, "Accept": "application/fhir+json"},
            data=self._inward(request),
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        )

    def _address(self, request: FhirRequest) -> str:
        """Where the request goes on to, with no two slashes in its query for a front on the way to merge."""
        path = f"/{quote(request.path, safe='/$')}" if request.path else ""
        query = [(name, value.replace(request.base, self._base)) for name, value in request.query if name not in {"_format", "_pretty"}]
        return f"{self._base}{path}" + (f"?{query_text(tuple(query)).replace('//', '%2F%2F')}" if query else "")

    def _inward(self, request: FhirRequest) -> bytes:
        """The body with our base replaced by the server's; a form of `_search` likewise."""
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return request.body.replace(request.base.encode(), self._base.encode())
        resource = parsed(request.body)
        return request.body if resource is None else written(_readdressed(resource, request.base, self._base))

    def _passed_on(self, answer: requests.Response, body: bytes | None, base: str) -> FhirResponse:
        if body is None:
            return refusal(502, "too-costly", "The FHIR server's answer is larger than this one passes on.")
        if answer.is_redirect:
            return refusal(502, "exception", "The FHIR server redirects elsewhere; give its final address instead.")
        resource = parsed(body) if body.strip() else None
        if body.strip() and resource is None:
            return refusal(
                _failed(answer.status_code),
                "exception",
                f"The FHIR server answered {answer.status_code} with something that is not FHIR JSON.",
            )
        headers = {name: self._outward(answer.headers[name], base) for name in _RETURNED if name in answer.headers}
        if resource is None:
            return FhirResponse(status=answer.status_code, headers=headers)
        text = written(_readdressed(resource, self._base, base))
        return FhirResponse(status=answer.status_code, headers={**headers, "Content-Type": FHIR_JSON}, body=text)

    def _outward(self, value: str, base: str) -> str:
        return _moved(value, self._base, base)


def _capped(answer: requests.Response, limit: int) -> bytes | None:
    """The body, None when it is longer than `limit` bytes."""
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _failed(status: int) -> int:
    """A client error stays what it is; everything else that cannot be read is a bad gateway."""
    return status if 400 <= status < 500 else 502  # noqa: PLR2004


def _moved(address: str, old: str, new: str) -> str:
    """`address` under `new` where it lay under `old`; `http://a/fhir2` does not lie under `http://a/fhir`."""
    rest = address.removeprefix(old)
    return new + rest if address.startswith(old) and (not rest or rest[0] in "/?") else address


def _readdressed(resource: FhirJson, old: str, new: str) -> FhirJson:
    """A copy with every address under `old` moved to `new`; a resource's own canonical `url` is a name and stays."""
    return {name: _value(name, value, old, new, named="resourceType" in resource) for name, value in resource.items()}


def _value(name: str, value: Any, old: str, new: str, *, named: bool) -> Any:
    if isinstance(value, str):
        return _moved(value, old, new) if name in _ADDRESSES and not (named and name == "url") else value
    if isinstance(value, Mapping):
        return _readdressed(value, old, new)
    if isinstance(value, list):
        return [_value(name, one, old, new, named=named) for one in value]
    return value
