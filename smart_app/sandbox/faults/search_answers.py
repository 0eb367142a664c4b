"""Faults of searches: what is said beside the results, in which order and how many at a time they come, which questions are refused."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from smart_app.sandbox.exchange.json_text import parsed, written
from smart_app.sandbox.exchange.messages import FhirRequest, FhirResponse
from smart_app.sandbox.exchange.refusal import IssueType, operation_outcome, refusal
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
    outcome = {"resource": operation_outcome(issue), "search": {"mode": "outcome"}}
    given = body.get("entry")
    kept = given if isinstance(given, list) and not alone else []
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


def _unsorted(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """The order asked for is ignored without a word, the oldest comes first, and few come at a time."""
    if not is_search(request, "Observation", "QuestionnaireResponse"):
        return forward(request)
    return forward(_few(_without(request, "_sort"), case.value))


def _short(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    return forward(_few(request, case.value)) if is_search(request) else forward(request)


def _without(request: FhirRequest, *names: str) -> FhirRequest:
    return replace(request, query=tuple((name, value) for name, value in request.query if name not in names))


def _few(request: FhirRequest, number: str) -> FhirRequest:
    """The same search for no more than so many a page; the next page is asked for as the server said."""
    return replace(request, query=(*_without(request, "_count").query, ("_count", number)))


def _refuses_when(
    applies: Callable[[FhirRequest], bool], words: str, code: IssueType
) -> Callable[[FhirRequest, Forward, Case], FhirResponse]:
    """Those searches are refused with 400."""
    return lambda request, forward, _case: refusal(400, code, words) if applies(request) else forward(request)


def _sorts(request: FhirRequest) -> bool:
    return is_search(request) and any(name == "_sort" for name, _ in request.query)


def _lists_codes(request: FhirRequest) -> bool:
    return is_search(request, "Observation") and any(name == "code" and "," in value for name, value in request.query)


def _lacks_category(request: FhirRequest) -> bool:
    named = {name for name, _ in request.query}
    return is_search(request, "Observation") and not named & {"category", "_id", "_page", "identifier"}


def _remembered(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """Equal searches are answered from the first one's answer for a minute, unless the client wants none of that."""
    if not is_search(request):
        return forward(request)
    fresh = "no-cache" in request.headers.get("cache-control", "")
    return case.kept((request.path, *request.query), partial(forward, request), seconds=_SECONDS_KEPT, fresh=fresh)


def _stale(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """Equal searches are answered from the first one's answer for a minute, whatever the client says."""
    if not is_search(request):
        return forward(request)
    return case.kept((request.path, *request.query), partial(forward, request), seconds=_SECONDS_KEPT, fresh=False)


def _overlapping(request: FhirRequest, forward: Forward, case: Case) -> FhirResponse:
    """A further page of HbA1c begins with the last result of the page before, and lacks its own last one: as many as were counted come,
    and one of them twice."""
    if not (is_search(request, "Observation") and any(name == "code" and "4548-4" in value for name, value in request.query)):
        return forward(request)
    own, place = forward(_few(request, case.value)), dict(request.query).get("_page")
    body = parsed(own.body) if place and own.status == 200 else None  # noqa: PLR2004
    if body is None or place is None:
        return own
    offset, _, newest = place.partition("-")
    before = _few(_without(request, "_page"), case.value)
    moved = parsed(forward(replace(before, query=(*before.query, ("_page", f"{int(offset) - 1}-{newest}")))).body) or {}
    listed, shifted = body.get("entry"), moved.get("entry")
    entries = shifted[: len(listed)] if isinstance(listed, list) and isinstance(shifted, list) else []
    return replace(own, body=written({**body, "entry": entries}))


_SECONDS_KEPT = 60.0
_OLDEST_MISSING = "Shows the newest, and says from which day on it is complete; calls nothing latest or first of which it cannot know it."
_ASKED_OTHERWISE = "Asks once more the way it is wanted, and shows everything."
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
    Fault(
        name="search-unsorted",
        group="Reading",
        does="Ignores the order asked for, without a word: the oldest come first, so many a page.",
        expected=_OLDEST_MISSING,
        ends="opens",
        values=("1", "200"),
        numeric=True,
        fhir=_unsorted,
    ),
    Fault(
        name="search-short-pages",
        group="Reading",
        does="Gives so many results a page, whatever was asked for.",
        expected=_OLDEST_MISSING,
        ends="opens",
        values=("1", "10"),
        numeric=True,
        fhir=_short,
    ),
    Fault(
        name="sort-refused",
        group="Reading",
        does="Refuses every search that asks for an order, with 400.",
        expected=_ASKED_OTHERWISE,
        ends="opens",
        fhir=_refuses_when(_sorts, "_sort is not supported", "not-supported"),
    ),
    Fault(
        name="codes-refused",
        group="Reading",
        does="Refuses searches for Observations by a list of codes, with 400.",
        expected=_ASKED_OTHERWISE,
        ends="opens",
        fhir=_refuses_when(_lists_codes, "Multiple codes are not supported", "not-supported"),
    ),
    Fault(
        name="category-wanted",
        group="Reading",
        does="Refuses searches for Observations that name no category, with 400.",
        expected=_ASKED_OTHERWISE,
        ends="opens",
        fhir=_refuses_when(_lacks_category, "A required element is missing: category", "required"),
    ),
    Fault(
        name="search-remembered",
        group="Reading",
        does="Answers equal searches from the first one's answer for a minute, unless they say Cache-Control: no-cache.",
        expected="Shows what was just saved, and lets no visit be rated twice.",
        ends="opens",
        fhir=_remembered,
    ),
    Fault(
        name="search-stale",
        group="Reading",
        does="Answers equal searches from the first one's answer for a minute, even where they say Cache-Control: no-cache.",
        expected="Says on the receipt what is in the record, read by its id; its history cannot show what was just saved.",
        ends="opens",
        fhir=_stale,
    ),
    Fault(
        name="pages-overlap",
        group="Reading",
        does="Gives so many HbA1c results a page; a further page begins with the last of the one before and leaves its own last out.",
        expected="Shows no result twice, and calls the read incomplete: fewer came than the server counts.",
        ends="opens",
        values=("3",),
        numeric=True,
        fhir=_overlapping,
    ),
)
