"""An open FHIR server that keeps definitions, as the `responses` library answers for it: put, post, read, search by address and version."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import simplejson
from requests import PreparedRequest
from responses import RequestsMock

Resource = dict[str, Any]
Answer = tuple[int, dict[str, str], str]


@dataclass(kw_only=True)
class DefinitionServer:
    """`chooses_ids` says whether a client may name what it puts; `searches` whether the address filters; `refuses` the types it does not
    take; `asked` is every (method, path)."""

    base: str = "http://127.0.0.1:8080/fhir"
    chooses_ids: bool = False
    searches: bool = True
    indexed: bool = True
    refuses: tuple[str, ...] = ()
    stored: dict[str, Resource] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def attach(self, mock: RequestsMock) -> "DefinitionServer":
        """Answers everything below the base from here on."""
        for method in ("GET", "POST", "PUT"):
            mock.add_callback(method, re.compile(re.escape(self.base) + "([/?].*)?$"), callback=self.answer)
        return self

    def written(self) -> list[tuple[str, str]]:
        """The writes among the requests."""
        return [one for one in self.asked if one[0] != "GET"]

    def answer(self, request: PreparedRequest) -> Answer:
        """One request."""
        parts = urlsplit(str(request.url))
        method, path = str(request.method), parts.path.removeprefix(urlsplit(self.base).path).strip("/")
        self.asked.append((method, path))
        if method != "GET":
            return self._write(method, path, simplejson.loads(request.body or b"", use_decimal=True))
        if path == "metadata":
            return _said(200, {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{"mode": "server"}]})
        if "/" in path:
            return _said(200, self.stored[path]) if path in self.stored else _refused(404, "not known")
        return self._search(path, {key: values[0] for key, values in parse_qs(parts.query).items()})

    def _write(self, method: str, path: str, content: Resource) -> Answer:
        kind = content["resourceType"]
        if kind in self.refuses:
            return _refused(422, f"{kind} is not kept here")
        if method == "PUT" and path not in self.stored and self.chooses_ids:
            return _refused(405, "no ids of yours")
        place = path if method == "PUT" else f"{kind}/n{len(self.stored) + 1}"
        new = place not in self.stored
        self.stored[place] = {**content, "id": place.split("/")[1], "meta": {"versionId": "1"}, "text": _rewritten(content["text"])}
        return _said(201 if new else 200, self.stored[place], Location=f"{self.base}/{place}/_history/1")

    def _search(self, kind: str, query: dict[str, str]) -> Answer:
        own = [one for one in self.stored.values() if one["resourceType"] == kind] if self.indexed else []
        if self.searches:
            own = [one for one in own if (one["url"], one["version"]) == (query["url"], query["version"])]
        return _said(200, {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in own]})


def _rewritten(text: Resource) -> Resource:
    """The narrative as a server writes it that has read it: attributes in another order, no references that need not be."""
    xmlns = ' xmlns="http://www.w3.org/1999/xhtml"'
    div = text["div"].replace("&#x27;", "'").replace(f"<div{xmlns}", "<div", 1).replace(">", f"{xmlns}>", 1)
    return {**text, "div": div}


def _said(status: int, body: Resource, **headers: str) -> Answer:
    return status, {"Content-Type": "application/fhir+json", **headers}, simplejson.dumps(body, use_decimal=True)


def _refused(status: int, reason: str) -> Answer:
    return _said(status, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": reason}]})
