"""OperationOutcome, and the FHIR answer that says no with one."""

from typing import Literal

import simplejson

from smart_app.sandbox.exchange.messages import FhirResponse

FHIR_JSON = "application/fhir+json; charset=utf-8"
# Those of http://hl7.org/fhir/issue-type that are used here.
IssueType = Literal[
    "invalid", "structure", "required", "value", "login", "forbidden", "suppressed", "processing", "not-supported", "duplicate",
    "multiple-matches", "not-found", "deleted", "too-long", "conflict", "too-costly", "transient", "exception", "timeout", "informational",
]  # fmt: skip
Severity = Literal["error", "warning", "information"]
Issue = dict[str, object]


def issue(code: IssueType, diagnostics: str, *, severity: Severity = "error", expression: str | None = None) -> Issue:
    """One issue of an OperationOutcome; `expression` is a FHIRPath to what it is about."""
    said: Issue = {"severity": severity, "code": code, "diagnostics": diagnostics}
    return {**said, "expression": [expression]} if expression else said


def operation_outcome(*issues: Issue) -> dict[str, object]:
    """An OperationOutcome of those issues."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def refusal(status: int, code: IssueType, diagnostics: str, *, authenticate: str = "") -> FhirResponse:
    """`status` with an OperationOutcome; `authenticate` is the WWW-Authenticate challenge, where one belongs."""
    headers = {"Content-Type": FHIR_JSON}
    if authenticate:
        headers["WWW-Authenticate"] = authenticate
    return FhirResponse(status=status, headers=headers, body=simplejson.dumps(operation_outcome(issue(code, diagnostics))).encode())
