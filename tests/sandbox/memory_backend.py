"""The smallest FHIR server the SMART side can be tried against: resources in a dict, a few search parameters, no history."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import simplejson

from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse

_SUBJECTS = {"patient": ("subject", "patient"), "subject": ("subject",), "target": ("target",)}


class MemoryBackend:
    """A FhirBackend. `deaf_to` are search parameters it ignores, as some servers do; `seen` every request it got."""

    def __init__(self, *resources: Mapping[str, Any], deaf_to: frozenset[str] = frozenset()) -> None:
        self.held = {f"{one['resourceType']}/{one['id']}": dict(one) for one in resources}
        self.deaf_to = deaf_to
        self.seen: list[FhirRequest] = []

    def handle(self, request: FhirRequest) -> FhirResponse:
        self.seen.append(request)
        if request.path == "metadata":
            return _json(200, {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{"mode": "server"}]})
        if request.method == "POST" and not request.path:
            return self._bundle(request)
        if request.method == "POST" and request.path.endswith("/_search"):
            return self._search(request.path.partition("/")[0], tuple(parse_qsl(request.body.decode())))
        if request.method == "GET":
            return self._get(request)
        return self._write(request)

    def _get(self, request: FhirRequest) -> FhirResponse:
        if "/" not in request.path:
            return self._search(request.path, request.query)
        found = self.held.get(request.path)
        return _json(200, found) if found else _json(404, {"resourceType": "OperationOutcome", "issue": []})

    def _search(self, kind: str, query: tuple[tuple[str, str], ...]) -> FhirResponse:
        found = [one for one in self.held.values() if not kind or one["resourceType"] == kind]
        for name, value in query:
            found = [one for one in found if name in self.deaf_to or self._matches(one, name, value)]
        entries: list[dict[str, Any]] = [{"resource": one, "search": {"mode": "match"}} for one in found]
        entries += [{"resource": one, "search": {"mode": "include"}} for one in self._included(query)]
        return _json(200, {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries})

    def _included(self, query: tuple[tuple[str, str], ...]) -> Iterator[dict[str, Any]]:
        for name, value in query:
            if name in {"_include", "_revinclude"}:
                yield from (one for one in self.held.values() if one["resourceType"] == value.partition(":")[0])

    def _matches(self, resource: Mapping[str, Any], name: str, value: str) -> bool:
        if name == "_id":
            return bool(resource["id"] == value)
        if name in _SUBJECTS:
            held = [resource.get(element) for element in _SUBJECTS[name]]
            flat = [one for part in held for one in (part if isinstance(part, list) else [part]) if one]
            return any(one["reference"].endswith(value) or value.endswith(one["reference"]) for one in flat)
        if name == "identifier":
            return value.rpartition("|")[2] in simplejson.dumps(resource.get("identifier"), use_decimal=True)
        if name == "category":
            return any(one.rpartition("|")[2] in simplejson.dumps(resource.get("category", "")) for one in value.split(","))
        return True

    def _write(self, request: FhirRequest) -> FhirResponse:
        if request.method == "DELETE":
            self.held.pop(request.path, None)
            return FhirResponse(status=204)
        resource = simplejson.loads(request.body, use_decimal=True)
        kind, _, given_id = request.path.partition("/")
        resource["id"] = given_id or f"new{len(self.held)}"
        self.held[f"{kind}/{resource['id']}"] = resource
        return _json(201, resource, Location=f"{request.base}/{kind}/{resource['id']}/_history/1")

    def _bundle(self, request: FhirRequest) -> FhirResponse:
        bundle = simplejson.loads(request.body, use_decimal=True)
        entries = [self._entry(entry, request.base) for entry in bundle["entry"]]
        return _json(200, {"resourceType": "Bundle", "type": f"{bundle['type']}-response", "entry": entries})

    def _entry(self, entry: Mapping[str, Any], base: str) -> dict[str, Any]:
        path, _, query = entry["request"]["url"].partition("?")
        body = simplejson.dumps(entry.get("resource"), use_decimal=True).encode()
        answer = self.handle(FhirRequest(method=entry["request"]["method"], path=path, base=base, query=tuple(parse_qsl(query)), body=body))
        response = {"status": str(answer.status), **({"location": answer.headers["Location"]} if "Location" in answer.headers else {})}
        return {"response": response, **({"resource": simplejson.loads(answer.body)} if entry["request"]["method"] == "GET" else {})}


def _json(status: int, body: Mapping[str, Any], **headers: str) -> FhirResponse:
    text = simplejson.dumps(body, use_decimal=True).encode()
    return FhirResponse(status=status, headers={"Content-Type": "application/fhir+json", **headers}, body=text)
