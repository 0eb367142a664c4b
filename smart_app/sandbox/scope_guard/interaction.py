"""What a FHIR request does to what: the interactions apps are offered, read from method, path and query."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from smart_app.sandbox.exchange.json_text import FhirJson, parsed
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse, Query, query_text
from smart_app.sandbox.exchange.refusal import IssueType, refusal
from smart_app.sandbox.smart_scopes import Letter

Kind = Literal["read", "history", "search", "page", "create", "update", "update-where", "delete", "delete-where"]

_TYPE, _ID = r"(?P<type>[A-Z][A-Za-z]+)", r"(?P<id>[A-Za-z0-9.-]{1,64})"
_ROUTES: tuple[tuple[str, re.Pattern[str], Letter, Kind], ...] = (
    ("GET", re.compile(_TYPE), "s", "search"),
    ("POST", re.compile(rf"{_TYPE}/_search"), "s", "search"),
    ("GET", re.compile(rf"{_TYPE}/{_ID}"), "r", "read"),
    ("GET", re.compile(rf"{_TYPE}/{_ID}/_history/[A-Za-z0-9.-]{{1,64}}"), "r", "read"),
    ("GET", re.compile(rf"{_TYPE}/{_ID}/_history"), "r", "history"),
    ("GET", re.compile(rf"{_TYPE}/_history"), "s", "history"),
    ("POST", re.compile(_TYPE), "c", "create"),
    ("PUT", re.compile(rf"{_TYPE}/{_ID}"), "u", "update"),
    ("PUT", re.compile(_TYPE), "u", "update-where"),
    ("DELETE", re.compile(rf"{_TYPE}/{_ID}"), "d", "delete"),
    ("DELETE", re.compile(_TYPE), "d", "delete-where"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedInteraction:
    """One interaction, asked alone or as an entry. `resource` is the type ("*" for a further page of a search)."""

    kind: Kind
    letter: Letter
    resource: str
    resource_id: str | None
    query: Query
    if_none_exist: str | None = None
    body: FhirJson | None = None


class InteractionRefused(Exception):
    """The guard says no; `scope` is what would have been needed."""

    def __init__(self, status: int, code: IssueType, diagnostics: str, *, scope: str = "") -> None:
        super().__init__(diagnostics)
        self.status, self.diagnostics, self.scope = status, diagnostics, scope
        self.code: IssueType = code

    def response(self) -> FhirResponse:
        """The refusal as an answer; a missing scope with its challenge (RFC 6750 3.1)."""
        challenge = f'Bearer realm="fhir", error="insufficient_scope", scope="{self.scope}"' if self.scope else ""
        return refusal(self.status, self.code, self.diagnostics, authenticate=challenge)


def insufficient(step: RequestedInteraction, sentence: str) -> InteractionRefused:
    """403 for `step`, naming the scope that was needed."""
    return InteractionRefused(403, "forbidden", sentence, scope=f"patient/{step.resource}.{step.letter}")


def request_interaction(request: FhirRequest) -> RequestedInteraction:
    """The step a whole request asks for; the form of a `_search` counts as query."""
    if request.method == "POST" and request.path.endswith("/_search"):
        form = tuple(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        return _step(request.method, request.path, request.query + form)
    body = parsed(request.body) if request.method in {"POST", "PUT"} else None
    return _step(request.method, request.path, request.query, body=body, if_none_exist=request.headers.get("if-none-exist"))


def entry_interaction(entry: Mapping[str, Any]) -> RequestedInteraction:
    """The step a Bundle entry asks for."""
    request = entry.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("method"), str) or not isinstance(request.get("url"), str):
        raise InteractionRefused(400, "required", "request.method and request.url are needed.")
    path, _, query = request["url"].partition("?")
    body, condition = entry.get("resource"), request.get("ifNoneExist")
    return _step(
        request["method"],
        path,
        tuple(parse_qsl(query, keep_blank_values=True)),
        body=body if isinstance(body, dict) else None,
        if_none_exist=condition if isinstance(condition, str) else None,
    )


def narrowed_entry(entry: Mapping[str, Any], step: RequestedInteraction) -> dict[str, Any]:
    """The entry as it goes to the backend."""
    path = entry["request"]["url"].partition("?")[0]
    request = {**entry["request"], "url": f"{path}?{query_text(step.query)}" if step.query else path}
    request.pop("ifNoneExist", None)
    if step.if_none_exist is not None:
        request["ifNoneExist"] = step.if_none_exist
    return {**entry, "request": request}


def _step(method: str, path: str, query: Query, *, body: FhirJson | None = None, if_none_exist: str | None = None) -> RequestedInteraction:
    """The step; Refused when it is none of the interactions this EHR offers apps."""
    if method == "GET" and not path and query:
        return RequestedInteraction(kind="page", letter="s", resource="*", resource_id=None, query=query)
    for verb, pattern, letter, kind in _ROUTES:
        match = pattern.fullmatch(path) if verb == method else None
        if match is not None:
            return RequestedInteraction(
                kind=kind,
                letter=letter,
                resource=match["type"],
                resource_id=match.groupdict().get("id"),
                query=query,
                body=body,
                if_none_exist=(if_none_exist or None) if kind == "create" else None,
            )
    raise InteractionRefused(404, "not-supported", "This EHR offers apps no such interaction.")
