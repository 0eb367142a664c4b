"""The one exception of the FHIR server that becomes an OperationOutcome."""

from collections.abc import Mapping

from smart_app.sandbox.exchange.refusal import IssueType, issue, operation_outcome


class Refusal(Exception):
    """A request that is not carried out. `expression` is a FHIRPath to what was wrong; `headers` go with the answer."""

    def __init__(
        self,
        status: int,
        code: IssueType,
        diagnostics: str,
        *,
        expression: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.code: IssueType = code
        self.diagnostics = diagnostics
        self.expression = expression
        self.headers = headers or {}

    def inside(self, element: str) -> "Refusal":
        """The same refusal seen from the Bundle: `element` is the entry it happened in."""
        expression = f"{element}.{self.expression}" if self.expression else element
        return Refusal(self.status, self.code, self.diagnostics, expression=expression, headers=self.headers)

    def outcome(self) -> dict[str, object]:
        """As an OperationOutcome with one error."""
        return operation_outcome(issue(self.code, self.diagnostics, expression=self.expression))


def bad_request(diagnostics: str, *, code: IssueType = "invalid", expression: str | None = None) -> Refusal:
    """400: the request cannot be understood as FHIR."""
    return Refusal(400, code, diagnostics, expression=expression)


def unprocessable(diagnostics: str, *, code: IssueType, expression: str) -> Refusal:
    """422: a resource that can be read but breaks a rule of its type."""
    return Refusal(422, code, diagnostics, expression=expression)
