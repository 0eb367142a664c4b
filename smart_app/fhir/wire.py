"""One HTTP exchange with a FHIR server: bounded in bytes and time, the token sent to the pinned base only. Knows no resource."""

import re
import time
from collections.abc import Mapping
from urllib.parse import unquote, urljoin, urlsplit

import requests
from msgspec import Struct
from urllib3.exceptions import HTTPError, NewConnectionError

from fhir_mappings.sentence import Sentence
from smart_app.errors import FhirError, NotSent, Unreachable
from smart_app.fhir.operation_outcome import failure
from smart_app.http import parse_json

FHIR_JSON = "application/fhir+json"
# One read of the socket gives what has arrived, up to this much.
_CHUNK = 1 << 18
# Every character that may stand in an address (RFC 3986, appendix A); another one has to be encoded first.
_ENCODED = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_NO_ANSWER = Sentence("The health record did not answer completely.")
_NOT_FHIR = Sentence("The health record answered with something that is not FHIR JSON.")


class Answer(Struct, frozen=True, kw_only=True):
    """A complete answer below 300. `body` is None where the server sent none; header names are as `requests` keeps them."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, object] | None


class ExchangeLimits(Struct, frozen=True, kw_only=True):
    """`timeout` seconds for each wait on the socket, `deadline` on the monotonic clock for the whole exchange."""

    timeout: float
    max_bytes: int
    deadline: float

    def remaining(self) -> float:
        """Seconds left for the next wait. Unreachable when there are none."""
        left = min(self.timeout, self.deadline - time.monotonic())
        if left <= 0:
            raise Unreachable(Sentence("The health record took too long to answer."), detail="deadline passed")
        return left


def exchange(
    session: requests.Session, method: str, url: str, *, headers: Mapping[str, str], limits: ExchangeLimits, body: bytes | None = None
) -> Answer:
    """The answer to one request. Redirects are not followed: a token must not travel. FhirError by status; Unreachable without a
    complete answer, NotSent where no connection could be made."""
    try:
        request = _prepared(session, method, url, headers=headers, body=body)
        adapter = session.get_adapter(url)
        with adapter.send(request, timeout=limits.remaining(), stream=True) as response:
            content = _read(response, limits)
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _unreachable(error) from error
    if response.status_code >= 300:  # noqa: PLR2004 - the first status that is not a success
        raise failure(response.status_code, response.headers, content)
    return Answer(status=response.status_code, headers=response.headers, body=_parsed(content, response.status_code))


def _prepared(
    session: requests.Session, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None
) -> requests.PreparedRequest:
    """The request as it goes out. A search of a hundred codes is encoded already: to do it again, as `Session.request` does, took a
    tenth of the time a dashboard spends on its reads; cookies and redirects, the rest of what it does, are not wanted here."""
    request = requests.PreparedRequest()
    request.prepare_method(method)
    url = _with_slashes_encoded(url)
    if _ENCODED.fullmatch(url):
        request.url = url
    else:
        request.prepare_url(url, None)
    request.prepare_headers({**session.headers, **headers})
    request.body = body
    if body is not None:
        request.headers["Content-Length"] = str(len(body))
    return request


def _with_slashes_encoded(url: str) -> str:
    """The same address with no `//` in its query for a front to merge. Our own searches have none; the server's next page may."""
    address, _, query = url.partition("?")
    return f"{address}?{query.replace('//', '%2F%2F')}" if "//" in query else url


def under_base(url: str, *, base: str, current: str) -> str | None:
    """`url` made absolute, when it lies at or below `base` on the same origin; None otherwise. HAPI pages at `BASE?_getpages=…`."""
    try:
        absolute = urljoin(current, url)
        wanted, given = urlsplit(base), urlsplit(absolute)
    except ValueError:
        return None
    if (wanted.scheme, wanted.netloc.lower()) != (given.scheme, given.netloc.lower()):
        return None
    root, path = wanted.path.rstrip("/"), unquote(given.path)
    if ".." in path.split("/") or "\\" in path:
        return None
    return absolute if path.rstrip("/") == root or path.startswith(f"{root}/") else None


def _read(response: requests.Response, limits: ExchangeLimits) -> bytes:
    """The whole body, or Unreachable when it is too large or too slow (a server that drips never trips a socket timeout)."""
    body = bytearray()
    while part := response.raw.read1(_CHUNK, decode_content=True):
        body += part
        if len(body) > limits.max_bytes:
            raise Unreachable(
                Sentence("The health record answered with more than can be read."), status=response.status_code, detail="too large"
            )
        limits.remaining()
    return bytes(body)


def _parsed(content: bytes, status: int) -> dict[str, object] | None:
    """The JSON object; None for an empty body."""
    if not content.strip():
        return None
    try:
        parsed = parse_json(content)
    except ValueError as error:
        raise FhirError(_NOT_FHIR, status=status, detail=type(error).__name__) from error
    if not isinstance(parsed, dict) or not isinstance(parsed.get("resourceType"), str):
        raise FhirError(_NOT_FHIR, status=status, detail="no resourceType")
    return parsed


def _unreachable(error: Exception) -> Unreachable:
    """NotSent when no connection was made, Unreachable otherwise: only then may a write have happened."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return NotSent(Sentence("The health record could not be reached."), detail=type(reason or error).__name__)
    return Unreachable(_NO_ANSWER, detail=type(error).__name__)
