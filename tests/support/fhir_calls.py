"""Calls to a FhirBackend without HTTP, as short as a test wants them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import simplejson

from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest, FhirResponse
from smart_app.sandbox.fhir_server.server import LocalServer
from smart_app.sandbox.fhir_server.storage import Storage

BASE = "http://ehr.example/fhir"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Json = dict[str, Any]


def numbered_ids() -> Callable[[], str]:
    """Ids `new-1`, `new-2`, …"""
    numbers = count(1)
    return lambda: f"new-{next(numbers)}"


def local_server(storage: Storage, *, clock: Callable[[], datetime] = lambda: NOON) -> LocalServer:
    """A server whose clock stands at noon."""
    return LocalServer(storage, clock=clock, new_id=numbered_ids())


def body_of(response: FhirResponse) -> Json:
    """The JSON of an answer, decimals kept."""
    parsed: Json = simplejson.loads(response.body, use_decimal=True)
    return parsed


def matches(bundle: Json) -> list[str]:
    """`Type/id` of a searchset's matches, in order."""
    return [f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in with_mode(bundle, "match")]


def with_mode(bundle: Json, mode: str) -> list[Json]:
    """The entries of one search mode."""
    return [entry for entry in bundle.get("entry", []) if entry["search"]["mode"] == mode]


def link(bundle: Json, relation: str) -> str | None:
    """The address of a link."""
    return next((one["url"] for one in bundle["link"] if one["relation"] == relation), None)


@dataclass(frozen=True, slots=True)
class FhirCalls:
    """A client of one backend."""

    backend: FhirBackend

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> FhirResponse:
        """One exchange; `body` is bytes as they are, or JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else simplejson.dumps(body, use_decimal=True).encode()
        given = {"content-type": "application/fhir+json"} | dict(headers or {})
        return self.backend.handle(FhirRequest(method=method, path=path, base=BASE, query=tuple(query), headers=given, body=content))

    def search(self, resource_type: str, *query: tuple[str, str], prefer: str = "handling=strict") -> Json:
        """A search that must succeed."""
        answered = self.send("GET", resource_type, query=query, headers={"prefer": prefer})
        assert answered.status == 200, answered.body
        return body_of(answered)

    def create(self, resource: Json, **headers: str) -> Json:
        """A create that must succeed; the resource as stored."""
        answered = self.send("POST", resource["resourceType"], resource, headers={name.replace("_", "-"): v for name, v in headers.items()})
        assert answered.status in {200, 201}, answered.body
        return body_of(answered)

    def transaction(self, *entries: Json, kind: str = "transaction", headers: Mapping[str, str] | None = None) -> FhirResponse:
        """A Bundle of requests."""
        return self.send("POST", "", {"resourceType": "Bundle", "type": kind, "entry": list(entries)}, headers=headers)


def entry(method: str, url: str, resource: Json | None = None, *, full_url: str | None = None, **request: str) -> Json:
    """An entry of a transaction or batch."""
    made: Json = {"request": {"method": method, "url": url, **request}}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full_url} if full_url else {})


def observation(**elements: object) -> Json:
    """The least an Observation needs."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
    } | elements
