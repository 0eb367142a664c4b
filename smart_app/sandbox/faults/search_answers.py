"""Faults of searches: what is said beside the results, in which order and how many at a time they come, which questions are refused."""

from dataclasses import replace
from typing import Any

from smart_app.sandbox.exchange.json_text import parsed, written
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.faults.fault import Case, Fault, Forward

# What a widespread EHR adds to every answer, and what one may say of results it keeps back.
STANDING = "This response includes information available to the authorized user at the time. It may not contain the entire record."
KEPT_BACK = "Results of this kind are withheld from this application. <script>alert('said by the FHIR server')</script>"


def is_search(request: FhirRequest, *types: str) -> bool:
    """Whether it is a search, of one of those types where any are named."""
    return request.method == "GET" and request.path[:1].isupper() and "/" not in request.path and (not types or request.path in types)


def _beside(answer: FhirResponse, issue: dict[str, Any], *, alone: bool) -> FhirResponse:
    """The searchset with an OperationOutcome entry, in place of everything it holds or beside it."""
    body = parsed(answer.body) if answer.status == 200 else None  # noqa: PLR2004
    if body is None or body.get("type") != "searchset":
        return answer
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}
    kept = [] if alone else list(body.get("entry", []))
    bundle = {name: value for name, value in body.items() if not (alone and name in {"total", "link"})}
    return replace(answer, body=written({**bundle, "entry": [*kept, outcome]}))


def _withheld(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """Observations are kept back, and the answer says so in an entry."""
    answer = forward(request)
    severity, code = ("error", "processing") if case.value == "error" else ("warning", case.value)
    issue = {"severity": severity, "code": code, "details": {"text": KEPT_BACK}}
    return _beside(answer, issue, alone=True) if is_search(request, "Observation") else answer


def _noticed(request: FhirRequest, forward: Forward, _case: Case) -> FhirResponse:
    """Every search is answered with the same notice beside its results."""
    answer = forward(request)
    issue = {"severity": "warning", "code": "processing", "details": {"text": STANDING}}
    return _beside(answer, issue, alone=False) if is_search(request) else answer


SEARCHES = (
    Fault(
        name="search-withheld",
        group="Reading",
        does="Answers searches for Observations with no result and an OperationOutcome entry of that code (error: of that severity).",
        expected="Says that the page is incomplete, in the server's own words; never that nothing was found.",
        ends="opens",
        values=("suppressed", "forbidden", "security", "too-costly", "timeout", "throttled", "incomplete", "exception", "error"),
        fhir=_withheld,
    ),
    Fault(
        name="search-notice",
        group="Reading",
        does="Adds to every searchset the notice that it may not contain the entire record, as a warning.",
        expected="Shows the notice once, and calls nothing incomplete for it.",
        ends="opens",
        fhir=_noticed,
    ),
)
