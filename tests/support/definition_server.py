"""A FHIR server that keeps definitions, as the `responses` library or a socket answers for it: put, post, read, search by address and
version. It can be as awkward as those that exist."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import simplejson
from flask import Flask, Response, request
from requests import PreparedRequest
from responses import RequestsMock

from tests.support.serving import serving

Resource = dict[str, Any]
Answer = tuple[int, dict[str, str], str]
FHIR = {"Content-Type": "application/fhir+json"}


@dataclass(kw_only=True)
class DefinitionServer:
    """`chooses_ids`: the status a client is answered that names what it puts (None: it may); `searches`: whether the address filters,
    `knows_version`: whether the version does; `remembers`: an earlier search's answer is given again unless the client wants none;
    `indexed`: whether a search finds anything; `versioned`: a PUT over something needs its version; `token`: what every request has to
    carry; `refuses`: the status types are answered with that are not taken; `says`: answers given in place of the right ones, by method and
    path or type, `metadata` for the statement; `offers`: what the statement lists; `after_write`: called when something was stored and
    not answered yet. `asked` is every (method, path), `sent` every request."""

    base: str = "http://127.0.0.1:8080/fhir"
    chooses_ids: int | None = None
    searches: bool = True
    knows_version: bool = True
    remembers: bool = False
    indexed: bool = True
    versioned: bool = False
    token: str | None = None
    refuses: dict[str, int] = field(default_factory=dict)
    says: dict[tuple[str, str], Answer] = field(default_factory=dict)
    offers: list[Resource] = field(default_factory=list)
    after_write: Callable[[Resource], None] | None = None
    stored: dict[str, Resource] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: list[PreparedRequest] = field(default_factory=list)
    remembered: dict[str, Answer] = field(default_factory=dict)

    def attach(self, mock: RequestsMock) -> "DefinitionServer":
        """Answers everything below the base from here on."""
        for method in ("GET", "POST", "PUT"):
            mock.add_callback(method, re.compile(re.escape(self.base) + "([/?].*)?$"), callback=self.answer)
        return self

    @contextmanager
    def on_a_socket(self) -> Iterator[str]:
        """Its base on a free loopback port."""
        app = Flask(__name__)
        app.add_url_rule("/fhir/<path:_path>", view_func=self._answered, methods=["GET", "POST", "PUT"], endpoint="fhir")
        with serving(app) as address:
            self.base = f"{address}/fhir"
            yield self.base

    def written(self) -> list[tuple[str, str]]:
        """The writes among the requests."""
        return [one for one in self.asked if one[0] != "GET"]

    def answer(self, request: PreparedRequest) -> Answer:
        """One request."""
        parts = urlsplit(str(request.url))
        method, path = str(request.method), parts.path.removeprefix(urlsplit(self.base).path).strip("/")
        self.asked.append((method, path))
        self.sent.append(request)
        if self.token is not None and request.headers.get("Authorization") != f"Bearer {self.token}":
            return refused(401, "who are you")
        for place in (path, path.split("/")[0]):
            if (method, place) in self.says:
                return self.says[method, place]
        if method != "GET":
            return self._write(method, path, simplejson.loads(request.body or b"", use_decimal=True), request.headers.get("If-Match"))
        if path == "metadata":
            rest = [{"mode": "server", "resource": self.offers}]
            return said(200, {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest})
        if "/" in path:
            return said(200, self.stored[path]) if path in self.stored else refused(404, "not known")
        return self._search(path, parts.query, fresh=request.headers.get("Cache-Control") == "no-cache")

    def _answered(self, _path: str) -> Response:
        whole = requests.Request(request.method, request.url, headers=dict(request.headers), data=request.get_data()).prepare()
        status, headers, body = self.answer(whole)
        return Response(body, status=status, headers=headers)

    def _write(self, method: str, path: str, content: Resource, if_match: str | None) -> Answer:
        kind = content["resourceType"]
        if kind in self.refuses:
            return refused(self.refuses[kind], f"{kind} is not kept here")
        if method == "PUT" and path not in self.stored and self.chooses_ids is not None:
            return refused(self.chooses_ids, "no ids of yours")
        place = path if method == "PUT" else f"{kind}/n{len(self.stored) + 1}"
        before = self.stored.get(place)
        if before is not None and if_match != f'W/"{before["meta"]["versionId"]}"' and (if_match or self.versioned):
            return refused(412 if if_match else 400, "not the current version")
        version = str(int(before["meta"]["versionId"]) + 1) if before else "1"
        self.stored[place] = {**content, "id": place.split("/")[1], "meta": {"versionId": version}, "text": _rewritten(content["text"])}
        if self.after_write:
            self.after_write(content)
        return said(200 if before else 201, self.stored[place], Location=f"{self.base}/{place}/_history/{version}")

    def _search(self, kind: str, query: str, *, fresh: bool) -> Answer:
        if self.remembers and not fresh and query in self.remembered:
            return self.remembered[query]
        wanted = {key: _values(values[0]) for key, values in parse_qs(query).items()}
        own = [one for one in self.stored.values() if one["resourceType"] == kind] if self.indexed else []
        if self.searches:
            own = [one for one in own if one["url"] in wanted["url"] and (one["version"] in wanted["version"] or not self.knows_version)]
        self.remembered[query] = said(200, {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in own]})
        return self.remembered[query]


def _values(text: str) -> list[str]:
    """The values of a search parameter: commas part them, a backslash takes the next sign as it is."""
    return [re.sub(r"\\(.)", r"\1", one) for one in re.findall(r"(?:\\.|[^,\\])+", text)]


def _rewritten(text: Resource) -> Resource:
    """The narrative as a server writes it that has read it: attributes in another order, no references that need not be."""
    xmlns = ' xmlns="http://www.w3.org/1999/xhtml"'
    div = text["div"].replace("&#x27;", "'").replace(f"<div{xmlns}", "<div", 1).replace(">", f"{xmlns}>", 1)
    return {**text, "div": div}


def said(status: int, body: Resource, **headers: str) -> Answer:
    """An answer in FHIR JSON."""
    return status, {**FHIR, **headers}, simplejson.dumps(body, use_decimal=True)


def refused(status: int, reason: str) -> Answer:
    """An OperationOutcome."""
    return said(status, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": reason}]})
