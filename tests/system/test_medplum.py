"""Everything Rapport publishes and writes, by Medplum's validator: no error, and no warning but known false alarms."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from fhir_mappings.bundle import submission_bundle
from fhir_mappings.canonicals import demo_tag
from fhir_mappings.definitions import definitions
from fhir_mappings.instrument import Informant
from fhir_mappings.library import Library
from fhir_mappings.submission import Submission
from tests.fhir_mappings.invented import INVENTED
from tests.fhir_mappings.samples import BASE, LIBRARY, stored, submission
from tests.peers.node_peers import Issue, medplum_issues, medplum_problems

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
INFORMANTS: tuple[Informant, ...] = ("patient", "clinician")
# Every item answered, some declined, some left open, a subscale missing, nothing scored.
ANSWERED = ("444 345 554", "44x 3x5 554", "44. 3.5 554", "444 3xx 554", "xxx xxx xxx")


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


def submissions() -> Iterator[Submission]:
    """Every kind of result Rapport writes, from either informant."""
    for who in INFORMANTS:
        yield from (submission(signs, informant=who) for signs in ANSWERED)
        yield submission(informant=who, encounter=None)
        yield submission(informant=who, tags=(demo_tag(BASE),))


def published() -> list[Mapping[str, Any]]:
    return [*definitions(LIBRARY, base=BASE), *definitions(Library(INVENTED), base=BASE)]


def is_false(issue: Issue) -> bool:
    return issue.severity == "warning" and any(issue.text.startswith(alarm.begins) for alarm in FALSE_ALARMS)


def test_every_definition_passes_without_a_word() -> None:
    assert [(one["url"], medplum_issues(one)) for one in published() if medplum_issues(one)] == []


def test_every_kind_of_result_passes_as_stored_without_a_word() -> None:
    resources = [resource for made in submissions() for resource in stored(made).values()]
    assert [(one["id"], medplum_issues(one)) for one in resources if medplum_issues(one)] == []


def test_every_kind_of_result_passes_as_sent_but_for_known_false_alarms() -> None:
    said = [issue for made in submissions() for issue in medplum_issues(submission_bundle(made, base=BASE))]
    assert [issue for issue in said if not is_false(issue)] == []


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
