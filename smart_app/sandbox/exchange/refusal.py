"""A FHIR answer that says no: a status and an OperationOutcome."""

import simplejson

from smart_app.sandbox.exchange.messages import FhirResponse

FHIR_JSON = "application/fhir+json; charset=utf-8"


def outcome(code: str, diagnostics: str, *, severity: str = "error") -> dict[str, object]:
    """An OperationOutcome with one issue; `code` is from http://hl7.org/fhir/issue-type."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code, "diagnostics": diagnostics}]}


def refusal(status: int, code: str, diagnostics: str, *, authenticate: str = "") -> FhirResponse:
    """`status` with an OperationOutcome; `authenticate` is the WWW-Authenticate challenge, where one belongs."""
    headers = {"Content-Type": FHIR_JSON}
    if authenticate:
        headers["WWW-Authenticate"] = authenticate
    return FhirResponse(status=status, headers=headers, body=simplejson.dumps(outcome(code, diagnostics)).encode())
