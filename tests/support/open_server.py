"""A FHIR server at the wire, as the `responses` library answers for it: small, with the manners of real ones to choose from."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import simplejson
from requests import PreparedRequest
from responses import RequestsMock

Resource = dict[str, Any]
Answer = tuple[int, dict[str, str], str]
KINDS = ("Organization", "Practitioner", "Patient", "Encounter", "QuestionnaireResponse", "Observation")
PAGE = 50


@dataclass(kw_only=True)
class OpenServer:
    """`conditional` and `searched` are the types it promises; what it does not promise to search it answers with everything.
    `knows_tags` says whether `_tag` filters; `refuse` maps a type to the reason it is not stored."""

    base: str = "http://127.0.0.1:8080/fhir"
    transaction: bool = True
    conditional: tuple[str, ...] = KINDS
    searched: tuple[str, ...] = KINDS
    knows_tags: bool = True
    refuse: dict[str, str] = field(default_factory=dict)
    races: int = 0
    stored: dict[str, Resource] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    number: int = 1000

    def attach(self, mock: RequestsMock) -> "OpenServer":
        """Answers everything below the base from here on."""
        for method in ("GET", "POST", "DELETE"):
            mock.add_callback(method, re.compile(re.escape(self.base) + "([/?].*)?$"), callback=self.answer)
        return self

    def answer(self, request: PreparedRequest) -> Answer:
        """One request."""
        parts = urlsplit(str(request.url))
        path, query = parts.path.removeprefix("/fhir").strip("/"), parse_qsl(parts.query)
        self.asked.append((str(request.method), path))
        if request.method == "POST":
            content = simplejson.loads(request.body or b"", use_decimal=True)
            return self._create(content, request.headers.get("If-None-Exist")) if path else self._transaction(content)
        if request.method == "DELETE":
            return self._delete(path)
        if path == "metadata":
            return said(200, self._capabilities())
        if "/" in path:
            return said(200, self.stored[path]) if path in self.stored else refused(404, "not known")
        return self._search(path, query)

    def _capabilities(self) -> Resource:
        kinds = [
            {
                "type": kind,
                "conditionalCreate": kind in self.conditional,
                "searchParam": [{"name": "identifier"}] if kind in self.searched else [],
            }
            for kind in KINDS
        ]
        interaction = [{"code": "transaction"}] if self.transaction else []
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": "4.0.1",
            "rest": [{"mode": "server", "resource": kinds, "interaction": interaction}],
        }

    def _create(self, resource: Resource, condition: str | None) -> Answer:
        kind = resource["resourceType"]
        if kind in self.refuse:
            return refused(422, self.refuse[kind])
        if condition and kind not in self.conditional:
            return refused(400, "If-None-Exist is not supported")
        there = self._matching(kind, condition.partition("=")[2]) if condition else []
        if there:
            return 200, {"Location": f"{self.base}/{there[0]}/_history/1"}, ""
        self.number += 1
        reference = f"{kind}/{self.number}"
        self.stored[reference] = resource | {"id": str(self.number)}
        return 201, {"Location": f"{self.base}/{reference}/_history/1"}, ""

    def _transaction(self, bundle: Resource) -> Answer:
        if self.races:
            self.races -= 1
            return refused(409, "another transaction was there first")
        if any(entry["resource"]["resourceType"] in self.refuse for entry in bundle["entry"]):
            return refused(422, "the transaction was rolled back")
        links: dict[str, str] = {}
        answers = []
        for entry in bundle["entry"]:
            text = simplejson.dumps(entry["resource"], use_decimal=True)
            for urn, reference in links.items():
                text = text.replace(urn, reference)
            status, headers, _ = self._create(simplejson.loads(text, use_decimal=True), entry["request"]["ifNoneExist"])
            location = headers["Location"].removeprefix(f"{self.base}/")
            links[entry["fullUrl"]] = location.removesuffix("/_history/1")
            answers.append({"response": {"status": f"{status} told", "location": location}})
        return said(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": answers})

    def _matching(self, kind: str, token: str) -> list[str]:
        wanted = tuple(token.split("|", 1))
        of_kind = {reference: one for reference, one in self.stored.items() if reference.startswith(f"{kind}/")}
        return [reference for reference, one in of_kind.items() if wanted in tokens(one.get("identifier"))]

    def _search(self, kind: str, query: list[tuple[str, str]]) -> Answer:
        asked = dict(query)
        found = [reference for reference in self.stored if reference.startswith(f"{kind}/")]
        if "identifier" in asked and kind in self.searched:
            found = self._matching(kind, asked["identifier"])
        if "_tag" in asked and self.knows_tags:
            wanted = tuple(asked["_tag"].split("|", 1))
            found = [reference for reference in found if wanted in tokens(self.stored[reference].get("meta", {}).get("tag"), "code")]
        start = int(asked.get("page", "0"))
        bundle: Resource = {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": self.stored[one]} for one in found[start:][:PAGE]],
        }
        if start + PAGE < len(found):
            rest = "&".join(f"{key}={value}" for key, value in query if key != "page")
            bundle["link"] = [{"relation": "next", "url": f"{self.base}/{kind}?{rest}&page={start + PAGE}"}]
        return said(200, bundle)

    def _delete(self, reference: str) -> Answer:
        if any(f'"{reference}"' in simplejson.dumps(one, use_decimal=True) for one in self.stored.values()):
            return refused(409, f"{reference} is referred to")
        self.stored.pop(reference, None)
        return 204, {}, ""


def tokens(node: object, key: str = "value") -> list[tuple[str, str]]:
    """(system, value) pairs of an identifier or coding, or of a list of them."""
    listed = node if isinstance(node, list) else [node]
    return [(one["system"], one[key]) for one in listed if isinstance(one, dict)]


def said(status: int, content: Resource) -> Answer:
    """An answer with a body."""
    return status, {"Content-Type": "application/fhir+json"}, simplejson.dumps(content, use_decimal=True)


def refused(status: int, reason: str) -> Answer:
    """An OperationOutcome."""
    return said(status, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing", "diagnostics": reason}]})
