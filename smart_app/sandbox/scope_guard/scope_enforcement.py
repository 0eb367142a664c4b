"""Lets a FHIR request through to the backend only as far as the token's scopes and its patient reach, and checks what comes back.

Searches are narrowed to the patient before they leave and every returned entry is looked at again, so a backend that ignores a
search parameter still gives nothing away. Entries of a batch or transaction are judged one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from smart_app.sandbox.authorization.tokens import Grant
from smart_app.sandbox.exchange.json_text import FhirJson, parsed, written
from smart_app.sandbox.exchange.messages import FhirBackend, FhirRequest, FhirResponse, query_text
from smart_app.sandbox.exchange.refusal import FHIR_JSON, issue, operation_outcome
from smart_app.sandbox.scope_guard.interaction import (
    InteractionRefused,
    RequestedInteraction,
    entry_interaction,
    insufficient,
    narrowed_entry,
    request_interaction,
)
from smart_app.sandbox.scope_guard.token_reach import Recorder, TokenReach, ignore_touch

# No If-None-Match: a 304 would tell of a resource without a body to judge it by.
_KEPT_HEADERS = frozenset({"accept", "cache-control", "content-type", "if-match", "if-none-exist", "prefer"})


class ScopeGuard:
    """A FhirBackend seen through access tokens."""

    def __init__(self, backend: FhirBackend, *, recorder: Recorder = ignore_touch) -> None:
        self._backend = backend
        self._recorder = recorder

    def handle(self, request: FhirRequest, grant: Grant) -> FhirResponse:
        """The backend's answer within what `grant` allows; 403, 400 or 404 with an OperationOutcome otherwise."""
        kept = {name: value for name, value in request.headers.items() if name in _KEPT_HEADERS}
        reach = TokenReach(grant, request.base, self._backend, self._recorder)
        try:
            return _Passage(replace(request, headers=kept), reach, self._backend).go()
        except InteractionRefused as refused:
            return refused.response()


@dataclass(frozen=True, slots=True)
class _Passage:
    """One request on its way to the backend and back."""

    request: FhirRequest
    reach: TokenReach
    backend: FhirBackend = field(repr=False)

    def go(self) -> FhirResponse:
        if self.request.method == "POST" and not self.request.path:
            return self._bundle()
        step = self.reach.authorise(request_interaction(self.request))
        return self._released(self.backend.handle(self._sent(step)), step)

    def _sent(self, step: RequestedInteraction) -> FhirRequest:
        """What goes out is what was judged: the parsed body written again, not bytes another parser might read differently."""
        request = self.request
        if request.path.endswith("/_search"):
            return replace(request, query=(), body=query_text(step.query).encode())
        headers = {name: value for name, value in request.headers.items() if name != "if-none-exist"}
        if step.if_none_exist is not None:
            headers["if-none-exist"] = step.if_none_exist
        return replace(request, query=step.query, headers=headers, body=written(step.body) if step.body is not None else b"")

    def _released(self, answer: FhirResponse, step: RequestedInteraction) -> FhirResponse:
        """The answer, without what the token does not reach. Untouched answers keep their very bytes."""
        if not _went_well(answer) or not answer.body:
            return answer
        resource = parsed(answer.body)
        if resource is None:
            raise InteractionRefused(502, "exception", "The FHIR server's answer is not a JSON resource.")
        checked = _Release(self.reach, step).checked(resource)
        return answer if checked is resource else replace(answer, body=written(checked))

    def _bundle(self) -> FhirResponse:
        bundle = parsed(self.request.body)
        if bundle is None or bundle.get("resourceType") != "Bundle" or bundle.get("type") not in {"batch", "transaction"}:
            raise InteractionRefused(400, "invalid", "A POST to the base takes a Bundle of type batch or transaction.")
        entries = bundle.get("entry", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InteractionRefused(400, "invalid", "Bundle.entry must be a list of objects.")
        self._learn(entries)
        judged = [self._judged(entry, number) for number, entry in enumerate(entries)]
        if bundle["type"] == "transaction":
            _raise_first(judged)
        passed = [
            narrowed_entry(entry, step) for entry, step in zip(entries, judged, strict=True) if isinstance(step, RequestedInteraction)
        ]
        return self._answered({**bundle, "entry": passed}, judged)

    def _learn(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            full_url, resource = entry.get("fullUrl"), entry.get("resource")
            if isinstance(full_url, str) and full_url.startswith("urn:uuid:") and isinstance(resource, dict):
                self.reach.learn(full_url, resource)

    def _judged(self, entry: Mapping[str, Any], number: int) -> RequestedInteraction | InteractionRefused:
        try:
            return self.reach.authorise(entry_interaction(entry))
        except InteractionRefused as refused:
            return InteractionRefused(refused.status, refused.code, f"Bundle.entry[{number}]: {refused.diagnostics}", scope=refused.scope)

    def _answered(self, bundle: FhirJson, judged: list[RequestedInteraction | InteractionRefused]) -> FhirResponse:
        """The backend's entries, checked, with the refused ones of a batch back in their places."""
        if judged and not bundle["entry"]:
            entries = [_refused_entry(refused) for refused in judged if isinstance(refused, InteractionRefused)]
            body = written({"resourceType": "Bundle", "type": "batch-response", "entry": entries})
            return FhirResponse(status=200, headers={"Content-Type": FHIR_JSON}, body=body)
        answer = self.backend.handle(replace(self.request, body=written(bundle)))
        if not _went_well(answer):
            return answer
        return replace(answer, body=written(self._merged(parsed(answer.body), judged)))

    def _merged(self, answer: FhirJson | None, judged: list[RequestedInteraction | InteractionRefused]) -> FhirJson:
        answered = answer.get("entry", []) if answer is not None else None
        if (
            answer is None
            or not isinstance(answered, list)
            or len(answered) != sum(isinstance(one, RequestedInteraction) for one in judged)
        ):
            raise InteractionRefused(502, "exception", "The FHIR server's answer does not match the entries sent.")
        left = iter(answered)
        return {
            **answer,
            "entry": [self._entry(next(left), one) if isinstance(one, RequestedInteraction) else _refused_entry(one) for one in judged],
        }

    def _entry(self, entry: dict[str, Any], step: RequestedInteraction) -> dict[str, Any]:
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            return entry
        try:
            return {**entry, "resource": _Release(self.reach, step).checked(resource)}
        except InteractionRefused as refused:
            return _refused_entry(refused)


@dataclass(frozen=True, slots=True)
class _Release:
    """Judges what came back for one step."""

    reach: TokenReach
    step: RequestedInteraction

    def checked(self, resource: FhirJson) -> FhirJson:
        """`resource` itself when all of it may be seen, a reduced copy, or Refused."""
        if resource.get("resourceType") == "OperationOutcome":
            return resource
        if self.step.kind in {"search", "page", "history"}:
            return self._bundle(resource)
        if not self.reach.admits(resource, self.step.letter):
            raise insufficient(self.step, f"This {self.step.resource} is outside what the token reaches.")
        return resource

    def _bundle(self, bundle: FhirJson) -> FhirJson:
        entries = bundle.get("entry", [])
        if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list):
            raise InteractionRefused(502, "exception", "The FHIR server's answer to a search is not a Bundle.")
        self.reach.learn_from(entries)
        seen = [entry for entry in entries if isinstance(entry, dict) and self._may_see(entry)]
        if len(seen) == len(entries):
            return bundle
        rest = {name: value for name, value in bundle.items() if name != "total"}
        return {**rest, "entry": seen if self.step.kind == "history" else [*seen, _note(len(entries) - len(seen))]}

    def _may_see(self, entry: Mapping[str, Any]) -> bool:
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            return self.reach.unlimited(self.step.resource)
        if resource.get("resourceType") == "OperationOutcome":
            return True
        mode = entry["search"].get("mode") if isinstance(entry.get("search"), dict) else None
        if mode != "include":
            return self.reach.admits(resource, self.step.letter)
        return self.reach.admits_included(resource)


def _note(withheld: int) -> dict[str, Any]:
    sentence = f"{withheld} entries the server returned are outside what the token reaches and were left out; so total is not given."
    return {"resource": operation_outcome(issue("suppressed", sentence, severity="warning")), "search": {"mode": "outcome"}}


def _raise_first(judged: list[RequestedInteraction | InteractionRefused]) -> None:
    for verdict in judged:
        if isinstance(verdict, InteractionRefused):
            raise verdict


def _refused_entry(refused: InteractionRefused) -> dict[str, Any]:
    outcome = operation_outcome(issue(refused.code, refused.diagnostics))
    return {"response": {"status": f"{refused.status} InteractionRefused", "outcome": outcome}}


def _went_well(answer: FhirResponse) -> bool:
    return 200 <= answer.status < 300  # noqa: PLR2004
