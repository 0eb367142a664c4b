"""What is sealed of words is there when it is opened again."""

import pytest
from msgspec.structs import replace
from requests.exceptions import ConnectTimeout

from smart_app.care.submission.sealed_submission import SealedSubmission, from_payload
from smart_app.care.submission.submit import submit
from smart_app.care.undelivered.decisions import decide, undecided
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices
from tests.care.ehr import Ehr, refusal
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"


def sealed(services: AppServices) -> SealedSubmission:
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    return from_payload(entry.payload)


def kept(ehr: Ehr, services: AppServices, launch: LaunchContext) -> None:
    ehr.put(patient())
    record = in_launch(services, launch)
    submit(record, asked_for(record, SLUG, "clinician"), key=KEY, patient="p1", fields=answers())


def test_whoever_decides_without_a_name_is_called_in_words(ehr: Ehr, services: AppServices) -> None:
    launch = context()
    launch = replace(launch, user=replace(launch.user, name=None))
    ehr.faults.append(lambda method, _path: refusal(422, "no") if method == "POST" else None)
    kept(ehr, services, launch)
    record = in_launch(services, launch)
    decide(record, key=KEY, way="discarded", reason="by_mistake", seen=undecided(record, key=KEY).seen)
    decision = sealed(services).decision
    assert decision is not None
    assert decision.by == "the signed-in clinician"


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ("patient/*.rs patient/QuestionnaireResponse.c", "This sign-in does not include permission to create Observation."),
        ("patient/*.rs", "This sign-in does not include permission to create QuestionnaireResponse."),
    ],
)
def test_why_a_part_was_left_out_is_kept(ehr: Ehr, services: AppServices, scope: str, why: str) -> None:
    kept(ehr, services, context(scope=scope))
    found = sealed(services)
    assert why in " ".join([found.reason or "", *found.notes, *(one.why or "" for one in found.outcomes.values())])


def test_why_nothing_arrived_is_kept(ehr: Ehr, services: AppServices) -> None:
    ehr.faults.append(lambda method, _path: ConnectTimeout() if method == "POST" else None)
    kept(ehr, services, context())
    assert {one.why for one in sealed(services).outcomes.values()} == {"The health record could not be reached."}
