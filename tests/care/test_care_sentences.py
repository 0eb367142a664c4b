"""What the rules of a page, the searches and what a sign-in may not do say, said in another language: nothing of it stays English but
data."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import get_args

import pytest

from fhir_mappings.sentence import Sentence
from smart_app.care.forms.late_visit import LateVisit
from smart_app.care.forms.observed_clinician import candidates
from smart_app.care.record.access import Interaction, Permissions
from smart_app.care.record.closed_visits import REASONS
from smart_app.care.record.page_rule import CONFIRM, NOT_SENT_INTO
from smart_app.care.record.reads import read_all
from smart_app.errors import FhirError, Refused, Unavailable
from smart_app.fhir.capability import parse_capabilities
from smart_app.fhir.operation_outcome import failure
from smart_app.fhir.search_pages import SearchPages
from smart_app.services import AppServices
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, PseudoLanguage
from tests.care.ehr import Ehr, refusal
from tests.care.record.test_page_rule import DAY, WHO, every_page, every_waiting
from tests.care.support import context, in_launch, patient

PSEUDO = PseudoLanguage(code=LEFT_TO_RIGHT)
_INNERMOST = re.compile("⟦[^⟦⟧]*⟧")


def left_in_english(said: str, *data: str) -> str:
    """What has letters and stands in no brackets, the data aside."""
    assert isinstance(said, Sentence), said
    text = said.said(PSEUDO)
    while _INNERMOST.search(text):
        text = _INNERMOST.sub("", text)
    for one in data:
        text = text.replace(one, "")
    return "".join(sign for sign in text if sign.isalpha())


def test_of_every_page_and_of_everything_that_waits() -> None:
    for _, offers in every_page():
        for said in (offers.hand_over_words, offers.rate_words, offers.stands, offers.note, offers.stopped, offers.stopped_home):
            assert left_in_english(said) == ""
    for facts, waiting in every_waiting():
        assert left_in_english(waiting.text) == left_in_english(waiting.late_words) == ""
        # What stands in it goes from hand to hand as it is.
        assert waiting.text.said(PSEUDO).count(DAY) == (not facts.today)
        assert waiting.text.said(PSEUDO).count(WHO) == (not facts.mine)


def test_of_what_is_confirmed_and_chosen() -> None:
    for said in (*CONFIRM.values(), *NOT_SENT_INTO.values(), *REASONS.values()):
        assert left_in_english(said) == ""


@pytest.mark.parametrize("dated", [True, False])
def test_of_a_visit_of_before(dated: bool) -> None:
    late = LateVisit(encounter="e1", day=date(2026, 11, 10), dated=dated)
    assert left_in_english(late.called(late.day)) == ""
    assert late.called(late.day).said(PSEUDO).count(DAY) == 1


def permitted() -> Iterator[Permissions]:
    nothing: list[dict[str, str]] = []
    for scope, interaction in product(("", "patient/*.cruds"), (nothing, [{"code": "create"}])):
        resource = {"type": "QuestionnaireResponse", "interaction": interaction}
        stated = parse_capabilities({"rest": [{"mode": "server", "resource": [resource]}]})
        yield Permissions(scope=scope, capabilities=stated)


def test_of_what_a_sign_in_or_a_server_does_not_permit() -> None:
    for permissions in permitted():
        for interaction in get_args(Interaction):
            why = permissions.why_not("Observation", interaction)
            assert why is not None
            assert left_in_english(why) == ""
        assert [left_in_english(one) for one in permissions.for_it] == [""] * len(permissions.for_it)


def test_of_every_failure_of_a_server() -> None:
    for status in (301, 400, 401, 403, 404, 409, 410, 412, 422, 429, 500, 501):
        error = failure(status, {}, b"")
        assert isinstance(error, FhirError)
        assert left_in_english(error.user_message) == ""
    assert isinstance(failure(501, {}, b""), Refused)
    assert isinstance(failure(503, {}, b""), Unavailable)


def test_of_a_search_that_gave_a_part() -> None:
    pages = SearchPages(wanted="Observation", base="https://ehr.example/fhir")
    issue = {"severity": "warning", "code": "incomplete", "diagnostics": "Ask later."}
    outcome = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}}
    entries = [{"resource": {"resourceType": "Observation", "id": "o1"}}, outcome]
    pages.take({"total": 7, "entry": entries}, asked="https://ehr.example/fhir/Observation")
    reason = pages.result().reason
    assert reason == "The server counts 7 results and gave 1. The server said: “Ask later”."
    assert left_in_english(reason) == ""


def test_of_the_reads_of_a_page(ehr: Ehr, services: AppServices) -> None:
    ehr.put(patient())
    ehr.faults.append(lambda _method, path: refusal(500, "down") if path == "Observation" else None)
    readings = read_all(in_launch(services, context(scope="launch patient/Patient.r patient/Observation.s?category=survey")))
    assert [one.key for one in readings.reports.values() if one.reason]
    for one in readings.reports.values():
        assert one.reason is None or left_in_english(one.reason) == ""


def test_of_where_a_clinician_is_named(ehr: Ehr, services: AppServices) -> None:
    ehr.put(patient())
    for place, outcome in candidates(in_launch(services, context())).looked:
        assert left_in_english(place) == left_in_english(outcome) == ""
