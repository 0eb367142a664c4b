"""Outgoing HTTP: one kind of session, and a reader of JSON that cannot be made to wait or to swallow much.

A session keeps no cookies, reads no proxy or netrc from the environment, and never follows a redirect: an EHR's answer of 3xx
comes back as it is, because a registered host must not be able to send our secrets to another one.
"""

import socket
import time
from collections.abc import Mapping
from decimal import Decimal
from http.client import HTTPResponse as HttpAnswer
from http.cookiejar import DefaultCookiePolicy
from io import BufferedReader, RawIOBase
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec
import requests
from msgspec import Struct
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError

from smart_app import __version__
from smart_app.errors import RapportError

if TYPE_CHECKING:
    from typing_extensions import Buffer

FetchReason = Literal["unreachable", "too_slow", "too_large", "redirected", "not_json", "status"]
_CHUNK = 16 * 1024
# A server may ask for a pause of hours (urllib3 would grant six); nobody in a consultation waits longer than this.
_LONGEST_PAUSE = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Reads in 60 % of simplejson's time, digits kept, and refuses what is no JSON (NaN, half of a surrogate pair) before it reaches a page.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class FetchError(RapportError):
    """A JSON document could not be fetched; `reason` says why, `status` is the HTTP status (0 without an answer)."""

    http_status = 502
    code = "fetch_failed"

    def __init__(self, reason: FetchReason, user_message: str, *, status: int = 0, detail: str = "") -> None:
        super().__init__(user_message, detail=detail)
        self.reason = reason
        self.status = status


class Limits(Struct, frozen=True, kw_only=True):
    """Seconds to connect, seconds between two pieces of the answer, seconds and bytes for the whole of it."""

    connect: float = 5.0
    read: float = 5.0
    deadline: float = 10.0
    max_bytes: int = 256 * 1024


class JsonAnswer(Struct, frozen=True, kw_only=True):
    """An answer and its JSON object; of an error status the object may be empty."""

    status: int
    document: dict[str, Any]


class _RetryReads(Retry):
    """Repeats a GET that could not be connected, was asked to come back, or lost its connection at once, as happens when a server
    closes a kept-open one. Nothing else is repeated: a write may have had effect, and who waited for an answer has waited enough."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if isinstance(error, ReadTimeoutError):
            raise error
        if method != "GET" and error is not None and _pool is not None:
            raise MaxRetryError(_pool, url or "", error) from error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _TimedHead(RawIOBase):
    """Reads a socket; until the head is complete, no longer than the read limit for all of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._raw = connection.makefile("rb", buffering=0)
        self._limit = connection.gettimeout()
        self._ends = None if self._limit is None else time.monotonic() + self._limit

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "Buffer") -> int | None:
        """What has arrived. Raises TimeoutError when the head is not complete in time."""
        if self._ends is not None:
            left = self._ends - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._connection.settimeout(left)
        return self._raw.readinto(buffer)

    def head_complete(self) -> None:
        """From now on the limit is for each wait."""
        if self._ends is not None:
            self._ends = None
            self._connection.settimeout(self._limit)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _PunctualAnswer(HttpAnswer):
    """Wants its whole head within the read limit. The limit alone only bounds the wait between two bytes, so a server
    that sends a header letter by letter would hold a worker for hours."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._timed = _TimedHead(sock)
        self.fp = BufferedReader(self._timed)

    def begin(self) -> None:
        """Read the head. Raises TimeoutError when it is not complete in time."""
        super().begin()
        self._timed.head_complete()


class _Punctual(HTTPConnection):
    response_class = _PunctualAnswer


class _PunctualHttps(_Punctual, HTTPSConnection):
    """The same over TLS."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Punctual


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PunctualHttps


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Pools of punctual connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002  (requests' signature)
        """No answer is followed, whatever a caller or an adapter's default says."""
        return None


def new_session(*, pool: int) -> requests.Session:
    """A session for `pool` requests at a time per host; safe to share between threads as long as nobody changes it."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = f"Rapport/{__version__}"
    adapter = _Adapter(pool_connections=16, pool_maxsize=pool, max_retries=_retries())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def get_json(
    session: requests.Session, url: str, *, limits: Limits | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object at `url`. Raises FetchError, also for any status but 200."""
    answer = fetch_json(session, "GET", url, limits=limits, headers=headers)
    if answer.status != requests.codes.ok:
        raise FetchError("status", "A server answered with an error.", status=answer.status, detail=f"HTTP {answer.status}")
    return answer.document


def fetch_json(
    session: requests.Session,
    method: Literal["GET", "POST"],
    url: str,
    *,
    limits: Limits | None = None,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    document: Mapping[str, Any] | None = None,
) -> JsonAnswer:
    """One request, with a form or a JSON document in it, and the JSON object it was answered with. Raises FetchError; an error status
    without JSON has an empty object."""
    limits = limits or Limits()
    ends = time.monotonic() + limits.deadline
    try:
        with session.request(
            method,
            url,
            headers={"Accept": "application/json", **(headers or {})},
            data=form,
            json=document,
            timeout=(limits.connect, limits.read),
            allow_redirects=False,
            stream=True,
        ) as response:
            _refuse_redirect(response)
            body = _body(response, ends=ends, max_bytes=limits.max_bytes)
            return JsonAnswer(status=response.status_code, document=_object(body, response.status_code))
    except (requests.RequestException, HTTPError, OSError) as error:
        # The error's own text holds the address with its query; its type says enough.
        raise FetchError("unreachable", "A server could not be reached.", detail=type(error).__name__) from error


def _retries() -> Retry:
    return _RetryReads(
        total=2,
        connect=2,
        read=1,
        status=1,
        other=0,
        redirect=0,
        allowed_methods={"GET"},
        status_forcelist={429, 503},
        backoff_factor=0.1,
        retry_after_max=_LONGEST_PAUSE,
        raise_on_status=False,
        raise_on_redirect=False,
    )


def _refuse_redirect(response: requests.Response) -> None:
    if requests.codes.multiple_choices <= response.status_code < requests.codes.bad_request:
        raise FetchError(
            "redirected",
            "A server sent us to another address, which is not followed.",
            status=response.status_code,
            detail=f"HTTP {response.status_code}",
        )


def _body(response: requests.Response, *, ends: float, max_bytes: int) -> bytes:
    """The decoded body, read as it arrives, so that neither a slow drip nor a compressed bomb outlasts the limits."""
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            raise FetchError("too_large", "A server's answer was too large.", status=response.status_code, detail=f"over {max_bytes} bytes")
        if time.monotonic() > ends:
            raise FetchError("too_slow", "A server answered too slowly.", status=response.status_code)
    return bytes(body)


def parse_json(body: bytes) -> object:
    """A JSON document, numbers that are no integers as Decimal so that 7.10 stays 7.10. ValueError when it is none."""
    try:
        return _DECODER.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except RecursionError as error:
        raise ValueError("The document is nested too deeply.") from error


def _object(body: bytes, status: int) -> dict[str, Any]:
    try:
        document = parse_json(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    if status >= requests.codes.bad_request:
        return {}
    raise FetchError("not_json", "A server's answer was not a JSON object.", status=status)
