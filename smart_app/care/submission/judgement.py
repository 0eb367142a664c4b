"""What an answer to a write means for the part that was sent, and how the whole submission stands by what became of its parts. Pure."""

from collections.abc import Mapping
from typing import Literal

from fhir_mappings.sentence import Sentence, joined
from smart_app.care.submission.sealed_submission import PROVENANCE, RESPONSE, Became, SealedSubmission, SubmissionPart, WriteOutcome
from smart_app.errors import Conflict, FhirError, Forbidden, NotSent, Unauthorized
from smart_app.fhir.client import EntryOutcome, WrittenResource

State = Literal["sealed", "stored", "partly", "accepted", "refused", "unknown"]
# Of a part like this it is not certain that the record does not hold it.
UNCERTAIN: frozenset[Became | None] = frozenset({"failed", "unknown"})
# The server looked at it and said no, which another way of writing may change.
SAID_NO: frozenset[Became | None] = frozenset({"refused", "forbidden"})
_NO_STATUS = 0
_REDIRECTION = range(300, 400)
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_TIMED_OUT = 408
_TOO_MANY = 429
_NOT_IMPLEMENTED = 501
_REFUSALS = range(400, 500)
_FAULTS = range(500, 600)
_WITHOUT_ANSWERS: Mapping[Became | None, State] = {
    None: "sealed",
    "left_out": "sealed",
    "waiting": "sealed",
    "expired": "sealed",
    "forbidden": "refused",
    "refused": "refused",
    "failed": "refused",
    "unknown": "unknown",
}


def state_of(sealed: SealedSubmission) -> State:
    """How it stands: stored only with the answers placed, and every other part that could be written; scores whose answers are not placed
    make no rating, and what was stored before them has to name them still. Of a Provenance that was refused, or that cannot be looked for,
    nothing hangs: the audit trail has what it says."""
    answers = sealed.outcome_of(RESPONSE)
    if answers.reference is None:
        return _WITHOUT_ANSWERS[answers.became]
    if any(role in sealed.stored for roles in sealed.loose.values() for role in roles):
        return "partly"
    return "partly" if any(_is_wanted(part, sealed.outcome_of(part.role)) for part in sealed.missing) else "stored"


def _is_wanted(part: SubmissionPart, outcome: WriteOutcome) -> bool:
    """Whether a missing part is one to come still."""
    settled = {"left_out", "refused", "forbidden", "unknown"} if part.role == PROVENANCE else {"left_out"}
    return outcome.became not in settled


def uncertain(sealed: SealedSubmission) -> frozenset[str]:
    """The roles of the parts that may be in the record."""
    return frozenset(role for role, outcome in sealed.outcomes.items() if outcome.reference is None and outcome.became in UNCERTAIN)


def for_want_of_permission(sealed: SealedSubmission) -> bool:
    """Whether its answers were refused because whoever sent them may not write: nobody else's sign-in may be tried instead."""
    return sealed.outcome_of(RESPONSE).became in {"forbidden", "expired", "left_out"}


def of_error(error: FhirError) -> WriteOutcome:
    """What a failed request means for everything it held. Only an answer that says no is one: a redirect, a fault, an answer that is
    broken or is not FHIR may come after the resource was stored."""
    return WriteOutcome(why=failure_sentence(error), became=_became(error), status=error.status)


def _became(error: FhirError) -> Became:
    if isinstance(error, NotSent) or error.status == _TOO_MANY:
        return "waiting"
    if isinstance(error, Unauthorized):
        return "expired"
    if isinstance(error, Forbidden):
        return "forbidden"
    definite = (error.status in _REFUSALS and error.status != _TIMED_OUT) or error.status == _NOT_IMPLEMENTED
    return "refused" if definite else "unknown"


def may_go_well_later(error: FhirError) -> bool:
    """Whether a change that failed may be taken another time, as what was in its way may have passed: the server's load or fault, a sign-in
    that has run out, a lost answer, somebody else's change in between."""
    return isinstance(error, Conflict) or _became(error) in {"waiting", "expired", "unknown"}


def of_entry(outcome: EntryOutcome) -> WriteOutcome:
    """What one entry of a transaction's answer means for the part it answers."""
    if outcome.stored is not None:
        return of_written(outcome.stored)
    became = _entry_became(outcome.status)
    return WriteOutcome(why=_UNTOLD if became == "unknown" else _refusal(outcome), became=became, status=outcome.status)


_UNTOLD = Sentence("The server did not say what became of it.")


def _refusal(outcome: EntryOutcome) -> Sentence:
    """With the server's own words where it gave any."""
    refused = Sentence("The server did not store it (HTTP {status}).", status=outcome.status)
    words = outcome.diagnostics.rstrip()
    return joined(" ", (refused, words)) if words else refused


def _entry_became(status: int) -> Became:
    if status == _NO_STATUS or status in _REDIRECTION:
        return "unknown"
    if status == _TOO_MANY:
        return "waiting"
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return "forbidden"
    return "failed" if status == _TIMED_OUT or (status in _FAULTS and status != _NOT_IMPLEMENTED) else "refused"


def of_written(written: WrittenResource) -> WriteOutcome:
    """The place the server named; what it took without naming one may be there."""
    if written.reference is None:
        return WriteOutcome(why=Sentence("The server did not say where it stored it."), became="unknown")
    return WriteOutcome(reference=written.reference, version=written.version)


def failure_sentence(error: FhirError) -> Sentence:
    """The sentence for the receipt, with the server's own words where it gave any."""
    if not error.diagnostics:
        return error.user_message
    return joined(" ", (error.user_message, Sentence("The server said: {words}", words=error.diagnostics)))
