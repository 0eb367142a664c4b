"""One FHIR request and its answer, free of any web framework: what the local store, the relay and the scope guard all speak."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirRequest:
    """`path` is relative to the FHIR base, no leading slash ("Observation/1", "" for the base itself); `query` keeps order and
    repeats; `headers` have lower-case names; `base` is the absolute FHIR base that links and Location are built on."""

    method: str
    path: str
    base: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirResponse:
    """`body` is JSON text or empty. Header names as they should be sent."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class FhirBackend(Protocol):
    """Answers FHIR requests: the sandbox's own store, or a relay to another server."""

    def handle(self, request: FhirRequest) -> FhirResponse:
        """The answer; every failure is an OperationOutcome, nothing is raised."""
        ...


def query_text(query: Query) -> str:
    """A query string that leaves `|`, `:` and `/` readable, as FHIR writes them."""
    return urlencode(query, safe=":/|,")
