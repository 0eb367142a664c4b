"""Everything Rapport publishes and writes, by Medplum's validator: no error, and no warning but known false alarms."""

import json
from typing import Any, NamedTuple

import pytest

from fhir_mappings.definitions.published_definitions import definitions
from fhir_mappings.instruments.library import Library
from fhir_mappings.submission.transaction import submission_bundle
from tests.fhir_mappings.invented import INVENTED
from tests.fhir_mappings.samples import BASE, stored, submission
from tests.peers.node_peers import Issue, medplum_issues, medplum_problems
from tests.system.test_validity import GOOD

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


class FalseAlarm(NamedTuple):
    """A warning that says nothing against us: how its text begins, and why."""

    begins: str
    reason: str


FALSE_ALARMS = (
    FalseAlarm(
        'Invalid reference: got "urn:uuid:',
        "It looks at the type in a reference's text and knows no urn:uuid, which is how the entries of a transaction name each other "
        "(https://hl7.org/fhir/R4/bundle.html#references). That each leads to an entry is checked by HAPI's validator.",
    ),
)


def is_false(issue: Issue) -> bool:
    return issue.severity == "warning" and any(issue.text.startswith(alarm.begins) for alarm in FALSE_ALARMS)


def test_everything_given_to_hapi_passes_here_as_well_but_for_known_false_alarms() -> None:
    said = [(name, issue) for name, text in GOOD.items() for issue in medplum_issues(json.loads(text))]
    assert [(name, issue) for name, issue in said if not is_false(issue)] == []
    assert {name.rpartition(": ")[2] for name, _ in said} == {"transaction"}


def test_definitions_of_what_no_shipped_instrument_has_pass_without_a_word() -> None:
    published = definitions(Library(INVENTED), base=BASE)
    assert [(one["url"], found) for one in published if (found := medplum_issues(one))] == []


@pytest.mark.parametrize("alarm", FALSE_ALARMS, ids=lambda alarm: alarm.begins)
def test_a_known_false_alarm_still_sounds(alarm: FalseAlarm) -> None:
    assert any(issue.text.startswith(alarm.begins) for issue in medplum_issues(submission_bundle(submission(), base=BASE)))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"code": None}, "Observation.code"),
        ({"mood": "good"}, "Observation.mood"),
        ({"issued": "2026-11-22T14:20:00"}, "Observation.issued"),
        ({"dataAbsentReason": {"text": "unknown"}}, "Observation"),
    ],
)
def test_what_is_broken_is_refused_at_its_place(change: dict[str, Any], where: str) -> None:
    broken = {key: value for key, value in (stored(submission())["total"] | change).items() if value is not None}
    assert [problem for problem in medplum_problems(broken) if problem.startswith(where)]
