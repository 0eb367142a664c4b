"""Outgoing HTTP: one kind of session, and a reader of JSON that cannot be made to wait or to swallow much.

A session keeps no cookies, reads no proxy or netrc from the environment, and never follows a redirect: an EHR's answer of 3xx
comes back as it is, because a registered host must not be able to send our secrets to another one.
"""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from threading import Event, Timer
from types import TracebackType
from typing import Any, Literal, Self

import requests
import simplejson
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPResponse, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError

from smart_app import __version__
from smart_app.errors import RapportError

FetchReason = Literal["unreachable", "too_slow", "too_large", "redirected", "not_json", "status"]
_CHUNK = 16 * 1024
# A server may ask for a pause of hours (urllib3 would grant six); nobody in a consultation waits longer than this.
_LONGEST_PAUSE = 3


class FetchError(RapportError):
    """A JSON document could not be fetched; `reason` says why, `status` is the HTTP status (0 without an answer)."""

    http_status = 502
    code = "fetch_failed"

    def __init__(self, reason: FetchReason, user_message: str, *, status: int = 0, detail: str = "") -> None:
        super().__init__(user_message, detail=detail)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds to connect, seconds between two pieces of the answer, seconds and bytes for the whole of it."""

    connect: float = 5.0
    read: float = 5.0
    deadline: float = 10.0
    max_bytes: int = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonAnswer:
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


class _Punctual(HTTPConnection):
    """Wants the whole head of an answer within the read limit. The limit alone only bounds the wait between two bytes, so a server
    that sends a header letter by letter would hold a worker for hours."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 overrides it so itself
        """The answer's head. Raises TimeoutError when it is not complete in time."""
        if not isinstance(self.timeout, int | float):
            return super().getresponse()
        late = Event()
        timer = Timer(self.timeout, _hang_up, (self.sock, late))
        timer.daemon = True
        timer.start()
        try:
            response = super().getresponse()
        except (OSError, HTTPException):
            if late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        if late.is_set():
            # A head cut off in the middle looks complete to the parser; it must not be taken for an answer.
            response.close()
            raise TimeoutError
        return response


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


def _hang_up(connection: socket.socket | None, late: Event) -> None:
    late.set()
    if connection is None:
        return
    with suppress(OSError):  # the other side may have gone already, which is what is wanted
        # Of the plain socket, because shutting an SSLSocket down from another thread takes its state away under the reader.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


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
) -> JsonAnswer:
    """One request and the JSON object it was answered with. Raises FetchError; an error status without JSON has an empty object."""
    limits = limits or Limits()
    ends = time.monotonic() + limits.deadline
    try:
        with session.request(
            method,
            url,
            headers={"Accept": "application/json", **(headers or {})},
            data=form,
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


def _object(body: bytes, status: int) -> dict[str, Any]:
    try:
        document = simplejson.loads(body.decode("utf-8-sig"), use_decimal=True)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    if status >= requests.codes.bad_request:
        return {}
    raise FetchError("not_json", "A server's answer was not a JSON object.", status=status)
