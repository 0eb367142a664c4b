"""From an HTTP failure to the error tree, with the server's own words from its OperationOutcome (FHIR R4 2.44, HTTP 3.1.0.1)."""

from collections.abc import Iterator, Mapping

import simplejson

from fhir_mappings.sentence import Sentence
from smart_app.errors import Conflict, FhirError, Forbidden, NotFound, Refused, Unauthorized, Unavailable

_MAX_WORDS = 500
_SERVER_FAULT = 500
_REDIRECT_END = 400
_TOO_MANY = 429
_NOT_IMPLEMENTED = 501
_KINDS: Mapping[int, tuple[type[FhirError], Sentence]] = {
    401: (Unauthorized, Sentence("The health record no longer accepts this sign-in.")),
    403: (Forbidden, Sentence("The health record does not allow this for the person signed in.")),
    404: (NotFound, Sentence("The health record has no such entry, or does not offer it.")),
    410: (NotFound, Sentence("The entry was deleted in the health record.")),
    409: (Conflict, Sentence("Somebody else changed or wrote this at the same time.")),
    412: (Conflict, Sentence("The entry was changed in the health record in the meantime, or exists more than once.")),
}


def failure(status: int, headers: Mapping[str, str], body: bytes) -> FhirError:
    """The error for a status of 300 and above. `diagnostics` is for the IT part of a page: it may quote what was sent."""
    words = diagnostics(body)
    if status in _KINDS:
        kind, sentence = _KINDS[status]
        return kind(sentence, status=status, diagnostics=words)
    if status == _NOT_IMPLEMENTED:
        return Refused(Sentence("The health record does not offer this."), status=status, diagnostics=words)
    if status == _TOO_MANY or status >= _SERVER_FAULT:
        wait = _seconds(headers.get("Retry-After"))
        return Unavailable(Sentence("The health record is overloaded or has a fault."), status=status, diagnostics=words, retry_after=wait)
    if status < _REDIRECT_END:
        return FhirError(Sentence("The health record answered with another address, which is not followed."), status=status)
    return Refused(Sentence("The health record did not accept this."), status=status, diagnostics=words)


def diagnostics(body: bytes) -> str:
    """What an OperationOutcome says, shortened; "" when the body is none."""
    try:
        outcome = simplejson.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return ""
    return words_of(outcome)


def words_of(outcome: object) -> str:
    """The texts of an OperationOutcome's issues, joined; "" for anything else."""
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return ""
    return "; ".join(text for issue in issues_in(outcome) if (text := issue_words(issue)))[:_MAX_WORDS]


def issues_in(outcome: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The issues that are objects."""
    issues = outcome.get("issue")
    return (issue for issue in issues if isinstance(issue, dict)) if isinstance(issues, list) else iter(())


def issue_words(issue: Mapping[str, object]) -> str:
    """The most telling text of one issue: details.text, else diagnostics, else what its coding is called, else its code."""
    details = issue.get("details")
    named = details if isinstance(details, dict) else {}
    return str(named.get("text") or issue.get("diagnostics") or _display(named.get("coding")) or issue.get("code") or "")


def _display(codings: object) -> object:
    """What the first coding that has a name is called."""
    listed = codings if isinstance(codings, list) else []
    return next((coding["display"] for coding in listed if isinstance(coding, dict) and coding.get("display")), None)


def _seconds(value: str | None) -> float | None:
    """Retry-After in seconds; None when absent or a date (RFC 9110 10.2.3 allows both)."""
    return float(value) if value and value.strip().isdigit() else None
