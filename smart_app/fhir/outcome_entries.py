"""What a server says beside the matches of a search, in OperationOutcome entries (FHIR R4 3.1.1.2), and which of it means that results
are missing."""

import unicodedata
from collections.abc import Iterator, Mapping

from msgspec import Struct

from smart_app.fhir.operation_outcome import issue_words, issues_in

# Of http://hl7.org/fhir/issue-type, with what R4 defines below `security` and `transient`: results kept back, or not looked for to the end.
_KEPT_BACK = frozenset({"security", "login", "unknown", "expired", "forbidden", "suppressed", "too-costly", "not-supported"})
_BROKEN_OFF = frozenset({"transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled"})
# Whoever asks in another order, or for more at a time, than the server has, misses nothing; the order is judged by the dates received.
_OF_ORDER = ("_sort", "_count", "_total")
_MOST = 200


class Said(Struct, frozen=True, kw_only=True):
    """One issue. `missing`: results may be missing; `passing`: asking again may give them. Neither: a standing notice, which some EHRs add
    to every answer ("may not contain the entire record")."""

    words: str
    code: str
    missing: bool
    passing: bool


def said_in(outcome: Mapping[str, object]) -> Iterator[Said]:
    """Every issue of an OperationOutcome among a search's entries."""
    return (_said(issue) for issue in issues_in(outcome))


def _said(issue: Mapping[str, object]) -> Said:
    code, words = str(issue.get("code") or ""), issue_words(issue)
    telling = code in _KEPT_BACK or code in _BROKEN_OFF
    missing = issue.get("severity") in {"error", "fatal"} or (telling and not _is_of_order(issue, code))
    return Said(words=shortened(words), code=code, missing=missing, passing=missing and code not in _KEPT_BACK)


def _is_of_order(issue: Mapping[str, object], code: str) -> bool:
    """Whether all it says is that results come as they come."""
    said = f"{issue_words(issue)} {issue.get('diagnostics')} {issue.get('expression')}"
    return code == "not-supported" and any(name in said for name in _OF_ORDER)


def shortened(words: str) -> str:
    """A server's words as one line to show: no signs that are not seen (controls, turns of direction), cut where they go on."""
    seen = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in words)
    line = " ".join(seen.split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1].rstrip()}…"
