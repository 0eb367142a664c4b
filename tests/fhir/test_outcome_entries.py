from typing import Any

import pytest

from smart_app.fhir.outcome_entries import said_in, shortened
from smart_app.fhir.search_pages import SearchPages, SearchResult
from tests.fhir.support import BASE, observation, page

ASKED = f"{BASE}/Observation?patient=p1"
# What a widespread EHR adds to every answer.
STANDING = (
    "This response includes information available to the authorized user. It may not contain the entire record available in the system."
)
KEPT_BACK = ("security", "login", "unknown", "expired", "forbidden", "suppressed", "too-costly", "not-supported")
BROKEN_OFF = ("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled")
HARMLESS = ("processing", "informational", "value", "duplicate", "business-rule", "", "anything")


def issue(code: str, words: str = "Some words.", *, severity: str = "warning", **more: Any) -> dict[str, Any]:
    return {"severity": severity, "code": code, "details": {"text": words}, **more}


def answered(*issues: Any, matches: int = 1, **more: Any) -> SearchResult:
    bundle = page(*(observation(number) for number in range(matches)), **more)
    bundle["entry"].append({"resource": {"resourceType": "OperationOutcome", "issue": list(issues)}, "search": {"mode": "outcome"}})
    pages = SearchPages(wanted="Observation", base=BASE)
    pages.take(bundle, asked=ASKED)
    return pages.result()


@pytest.mark.parametrize("severity", ["information", "warning"])
@pytest.mark.parametrize(("codes", "lasting"), [(KEPT_BACK, True), (BROKEN_OFF, False)])
def test_what_says_that_results_are_missing_makes_the_search_incomplete(codes: tuple[str, ...], lasting: bool, severity: str) -> None:
    for code in codes:
        found = answered(issue(code, "Results of this kind are withheld.", severity=severity), matches=0)
        assert (found.complete, found.reason) == (False, "The server said: “Results of this kind are withheld”.")
        assert (found.notes, found.lasting) == ((), lasting), code


@pytest.mark.parametrize("severity", ["error", "fatal"])
@pytest.mark.parametrize("code", [*HARMLESS, *KEPT_BACK, *BROKEN_OFF])
def test_every_error_makes_the_search_incomplete(code: str, severity: str) -> None:
    assert not answered(issue(code, severity=severity)).complete


@pytest.mark.parametrize("severity", ["information", "warning", "nonsense"])
@pytest.mark.parametrize("code", HARMLESS)
def test_a_standing_notice_is_kept_once_and_misses_nothing(code: str, severity: str) -> None:
    found = answered(*[issue(code, STANDING, severity=severity)] * 2)
    assert (found.complete, found.reason, found.lasting) == (True, None, False)
    assert found.notes == (STANDING,)


@pytest.mark.parametrize("name", ["_sort", "_count", "_total"])
@pytest.mark.parametrize(("severity", "complete"), [("warning", True), ("error", False)])
def test_a_server_that_cannot_sort_misses_nothing_for_that(name: str, severity: str, complete: bool) -> None:
    assert answered(issue("not-supported", f"the parameter {name} was ignored", severity=severity)).complete is complete


def test_what_is_wrong_with_the_pages_is_said_before_the_servers_words() -> None:
    found = answered(issue("timeout", "Gave up."), following="https://elsewhere.example/page2")
    assert str(found.reason).startswith("The server's next page lies outside its own address")
    assert str(found.reason).endswith("The server said: “Gave up”.")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"details": {"text": "text"}, "diagnostics": "diagnostics"}, "text"),
        ({"diagnostics": "diagnostics", "details": {"coding": [{"display": "display"}]}}, "diagnostics"),
        ({"details": {"coding": [{"code": "1"}, {"display": "display"}]}}, "display"),
        ({"details": {"coding": "nonsense"}}, "suppressed"),
        ({"details": "nonsense"}, "suppressed"),
    ],
)
def test_the_most_telling_words_of_an_issue_are_used(given: dict[str, Any], words: str) -> None:
    assert [one.words for one in said_in({"issue": [{"code": "suppressed", **given}, "nonsense"]})] == [words]


@pytest.mark.parametrize("issues", [None, {}, "nonsense", []])
def test_an_outcome_without_issues_says_nothing(issues: Any) -> None:
    assert list(said_in({"issue": issues})) == []


def test_words_are_one_line_without_signs_that_are_not_seen_and_cut() -> None:
    assert shortened("Två  rader\nblir\ten \u202eoch\x00 samma") == "Två rader blir en och samma"
    assert (len(shortened("x" * 900)), shortened("x" * 900)[-1]) == (200, "…")
