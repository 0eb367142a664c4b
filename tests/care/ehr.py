"""A FHIR server at the wire, as small as these tests need: it stores, searches a little, and misbehaves on request."""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import responses
import simplejson

BASE = "https://ehr.example/fhir"
Answer = tuple[int, dict[str, str], str]
Fault = Callable[[str, str], Answer | Exception | None]
_TYPES = (
    "Patient", "Practitioner", "QuestionnaireResponse", "Observation", "Provenance", "Encounter", "CareTeam", "PractitionerRole",
    "ServiceRequest", "Appointment", "Procedure", "MedicationRequest", "DocumentReference",
)  # fmt: skip
_PARAMS = {"Provenance": ["target", "patient"], "Patient": ["name"], "Practitioner": ["name"]}
_CLINICAL = ["patient", "subject", "identifier", "code", "category"]


def statement(*, transaction: bool = True, conditional: bool = True, without: Iterable[str] = ()) -> dict[str, Any]:
    """A CapabilityStatement; `without` names what is not offered, such as `Observation.create` or `QuestionnaireResponse.search-type`."""
    lacking = set(without)
    resources = [
        {
            "type": kind,
            "interaction": [{"code": code} for code in ("read", "search-type", "create", "update") if f"{kind}.{code}" not in lacking],
            "searchParam": [{"name": name} for name in _PARAMS.get(kind, _CLINICAL) if f"{kind}?{name}" not in lacking],
            "conditionalCreate": conditional,
        }
        for kind in _TYPES
    ]
    system = [{"code": "transaction"}] if transaction else []
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": resources, "interaction": system}]}


def json_answer(status: int, body: dict[str, Any] | None, **headers: str) -> Answer:
    return status, {"Content-Type": "application/fhir+json", **headers}, simplejson.dumps(body, use_decimal=True) if body else ""


def refusal(status: int, text: str) -> Answer:
    return json_answer(status, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": text}]})


@dataclass
class Ehr:
    """`faults` may answer first; `ignores_search` returns everything of a type, whoever's it is; `log` is every request made."""

    base: str = BASE
    metadata: dict[str, Any] = field(default_factory=statement)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    ignores_search: bool = False
    log: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 100

    def put(self, *resources: dict[str, Any]) -> None:
        for resource in resources:
            self.resources[f"{resource['resourceType']}/{resource['id']}"] = resource

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [resource for resource in self.resources.values() if resource["resourceType"] == kind]

    def posts(self) -> list[str]:
        return [path for method, path in self.log if method == "POST"]

    def attach(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PUT"):
            mock.add_callback(method, re.compile(re.escape(self.base) + r"(?!/\.well-known)"), callback=self._answer)

    def _answer(self, request: requests.PreparedRequest) -> Answer:
        parts = urlsplit(str(request.url))
        path = parts.path.removeprefix("/fhir").strip("/")
        self.log.append((str(request.method), path))
        for fault in list(self.faults):
            answer = fault(str(request.method), path)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                return answer
        with self.lock:
            if request.method == "GET":
                return self._get(path, dict(parse_qsl(parts.query)))
            return self._put(path, request) if request.method == "PUT" else self._post(path, request)

    def _get(self, path: str, query: dict[str, str]) -> Answer:
        if path == "metadata":
            return json_answer(200, self.metadata)
        if "/" in path:
            found = self.resources.get(path)
            return json_answer(200, found) if found else refusal(404, "not known")
        matches = [resource for resource in self.of_type(path) if self.ignores_search or self._matches(resource, query)]
        entries = [{"resource": resource, "search": {"mode": "match"}} for resource in matches]
        return json_answer(200, {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})

    def _matches(self, resource: dict[str, Any], query: dict[str, str]) -> bool:
        text = simplejson.dumps(resource, use_decimal=True)
        patient = query.get("patient") or query.get("subject", "").removeprefix("Patient/")
        if patient and f'"Patient/{patient}"' not in text:
            return False
        tokens = [token for name in ("identifier", "code", "category") for token in [query.get(name)] if token]
        wanted = [any(f'"{part.split("|")[-1]}"' in text for part in token.split(",")) for token in tokens]
        return all(wanted) and ("target" not in query or query["target"] in text)

    def _post(self, path: str, request: requests.PreparedRequest) -> Answer:
        # A statement that names the FHIR server as its token endpoint sends a form here.
        if "json" not in str(request.headers.get("Content-Type")):
            return refusal(415, "not JSON")
        body = simplejson.loads(request.body or b"", use_decimal=True)
        if not path:
            return json_answer(200, self._transaction(body))
        resource, created = self._create(body, request.headers.get("If-None-Exist"))
        location = f"{self.base}/{path}/{resource['id']}/_history/1"
        return json_answer(201 if created else 200, None, Location=location)

    def _put(self, path: str, request: requests.PreparedRequest) -> Answer:
        known = self.resources.get(path)
        if known is None or request.headers.get("If-Match") != f'W/"{known["meta"]["versionId"]}"':
            return refusal(412, "another version")
        version = str(int(known["meta"]["versionId"]) + 1)
        self.put({**simplejson.loads(request.body or b"", use_decimal=True), "meta": {"versionId": version}})
        return json_answer(200, None, ETag=f'W/"{version}"')

    def _create(self, body: dict[str, Any], condition: str | None) -> tuple[dict[str, Any], bool]:
        value = condition.split("|")[-1] if condition else None
        known = [
            other for other in self.of_type(body["resourceType"]) if value and f'"{value}"' in simplejson.dumps(other, use_decimal=True)
        ]
        if known:
            return known[0], False
        self.count += 1
        stored = {**body, "id": str(self.count), "meta": {"versionId": "1"}}
        self.put(stored)
        return stored, True

    def _transaction(self, bundle: dict[str, Any]) -> dict[str, Any]:
        stored = [(entry, *self._create(entry["resource"], entry["request"].get("ifNoneExist"))) for entry in bundle["entry"]]
        places = {entry["fullUrl"]: f"{resource['resourceType']}/{resource['id']}" for entry, resource, _ in stored}
        for _, resource, _ in stored:
            text = simplejson.dumps(resource, use_decimal=True)
            for urn, place in places.items():
                text = text.replace(urn, place)
            self.put(simplejson.loads(text, use_decimal=True))
        answers = [
            {"response": {"status": "201 Created" if created else "200 OK", "location": f"{places[entry['fullUrl']]}/_history/1"}}
            for entry, _, created in stored
        ]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answers}
