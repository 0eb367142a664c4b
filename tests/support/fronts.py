"""Small fronts before a FHIR server, as stand between an app and an EHR: one that merges slashes, one that answers from memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from flask import Flask, Response, request

from tests.support.serving import serving

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
_RETURNED = ("Content-Type", "Content-Location", "ETag", "Last-Modified", "Location", "Retry-After")
_OWN_HOP = {"host", "content-length", "connection", "accept-encoding"}
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    fresh: bool


@dataclass(kw_only=True)
class Front:
    """Passes everything on to the server at `upstream`, addresses in answers led back to itself. `change` is done to every query string;
    an equal GET is answered again for `keeps` seconds unless it says no-cache. `heard` is every request, `again` those answered from
    memory."""

    upstream: str
    change: Callable[[str], str] = str
    keeps: float = 0.0
    heard: list[Asked] = field(default_factory=list)
    again: list[Asked] = field(default_factory=list)
    kept: dict[tuple[str, str], tuple[float, Response]] = field(default_factory=dict)

    def answer(self, path: str = "") -> Response:
        """The upstream's answer, or the one given to an equal question before."""
        query = self.change(request.query_string.decode("ascii"))
        asked = Asked(method=request.method, path=path, query=query, fresh="no-cache" in request.headers.get("Cache-Control", ""))
        self.heard.append(asked)
        question = (f"{path}?{query}", request.headers.get("Authorization", ""))
        given, before = self.kept.get(question, (0.0, None))
        if before is not None and asked.method == "GET" and not asked.fresh and time.monotonic() - given < self.keeps:
            self.again.append(asked)
            return _copy(before)
        found = self._passed_on(asked)
        if asked.method == "GET" and found.status_code == requests.codes.ok:
            self.kept[question] = (time.monotonic(), found)
        return _copy(found)

    def _passed_on(self, asked: Asked) -> Response:
        own = f"{request.url_root.rstrip('/')}/fhir"
        headers = {name: value.replace(own, self.upstream) for name, value in request.headers.items() if name.lower() not in _OWN_HOP}
        address = f"{self.upstream}/{asked.path}".rstrip("/") + (f"?{asked.query}" if asked.query else "")
        body = request.get_data().replace(own.encode(), self.upstream.encode())
        answer = requests.request(asked.method, address, headers=headers, data=body or None, timeout=60, allow_redirects=False)
        shown = {name: answer.headers[name].replace(self.upstream, own) for name in _RETURNED if name in answer.headers}
        return Response(answer.content.replace(self.upstream.encode(), own.encode()), status=answer.status_code, headers=shown)


def _copy(response: Response) -> Response:
    return Response(response.get_data(), status=response.status_code, headers=dict(response.headers))


@contextmanager
def standing(front: Front) -> Iterator[str]:
    """The FHIR base of the front on a free loopback port."""
    app = Flask(__name__)
    for rule in ("/fhir", "/fhir/", "/fhir/<path:path>"):
        app.add_url_rule(rule, "answer", front.answer, methods=_METHODS, provide_automatic_options=False)
    with serving(app) as address:
        yield f"{address}/fhir"


def folding(upstream: str) -> Front:
    """Merges slashes wherever two stand together, in the query as well."""
    return Front(upstream=upstream, change=lambda query: query.replace("//", "/"))


def remembering(upstream: str) -> Front:
    """Answers an equal GET from the one before for a minute, unless it is told not to."""
    return Front(upstream=upstream, keeps=_MINUTE)
