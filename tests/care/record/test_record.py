"""What a use case is handed is all it needs: it runs in any thread, for a launch, or for a job without patient and browser."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from requests.exceptions import ConnectionError as Broken

import smart_app
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.record.access import permissions, reader
from smart_app.care.record.record import AnyRecord, Record
from smart_app.care.submission.delivery import send_sealed
from smart_app.care.submission.submit import submit
from smart_app.errors import SessionError, Unauthorized
from smart_app.fhir.client import Renew
from smart_app.launch.context.launch_context import User, UserContext
from smart_app.services import AppServices
from tests.care.ehr import BASE, Ehr, refusal
from tests.care.support import SLUG, answers, asked_for, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
Given = TypeVar("Given")


@pytest.fixture(autouse=True)
def chart(ehr: Ehr) -> None:
    ehr.put(patient())


def in_plain_thread(work: Callable[[], Given]) -> Given:
    """What the work gives, or raises, in a thread that inherits nothing from this one."""
    came: list[Given] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            came.append(work())
        except Exception as error:  # noqa: BLE001 - raised again in the test's own thread
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return came[0]


def of_job(services: AppServices, *, iss: str = BASE, scope: str = "user/*.cruds", renew: Renew | None = None) -> AnyRecord:
    """A job's access to the server: nobody's chart, nobody's browser."""
    user = User(reference="Practitioner/sofia", name=None, issuer="https://ehr.example", subject="sofia")
    job = UserContext(iss=iss, issuer_name="Northfield General", user=user, scope=scope, access_token="token", synthetic=False)
    return Record(context=job, services=services, renew=renew)


def noting(asked: list[str]) -> Renew:
    """A renewal that gives a newer token and notes which one was refused."""

    def renew(refused: str) -> str:
        asked.append(refused)
        return "newer"

    return renew


def refused_until_renewed(ehr: Ehr, renewals: list[str]) -> None:
    """The server takes no token before a newer one was asked for."""
    ehr.faults.append(lambda _, path: None if renewals or path == "metadata" else refusal(401, "expired"))


def left_unsent(ehr: Ehr, services: AppServices) -> None:
    """A submission whose one request was lost on its way."""
    breaks = iter([Broken("reset")])
    ehr.faults.append(lambda method, _: next(breaks, None) if method == "POST" else None)
    record = in_launch(services)
    assert submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers()) == KEY


def test_a_plain_thread_reads_with_a_token_renewed_by_what_it_was_handed(ehr: Ehr, services: AppServices) -> None:
    asked: list[str] = []
    refused_until_renewed(ehr, asked)
    record = in_launch(services, renew=noting(asked))
    history = in_plain_thread(lambda: load_history(record, years="2"))
    assert history.patient.family == "Halvorsen"
    assert set(asked) == {"token"}


def test_without_a_renewal_in_hand_a_refused_token_is_refused(ehr: Ehr, services: AppServices) -> None:
    refused_until_renewed(ehr, [])
    with pytest.raises(Unauthorized):
        in_plain_thread(lambda: reader(in_launch(services)).read("Patient", "p1"))


def test_a_job_without_a_patient_knows_what_the_server_and_its_scopes_allow(ehr: Ehr, services: AppServices) -> None:
    allowed = in_plain_thread(lambda: permissions(of_job(services, scope="user/QuestionnaireResponse.r")))
    assert allowed.capabilities.can("QuestionnaireResponse", "create") is True
    assert allowed.why_not("QuestionnaireResponse", "read") is None
    assert "permission to create" in str(allowed.why_not("QuestionnaireResponse", "create"))


def test_a_job_without_a_patient_delivers_a_sealed_submission_and_is_named_in_the_trail(ehr: Ehr, services: AppServices) -> None:
    left_unsent(ehr, services)
    [entry] = services.store.outbox.pending()
    asked: list[str] = []
    refused_until_renewed(ehr, asked)
    record = of_job(services, renew=noting(asked))
    in_plain_thread(lambda: send_sealed(record, entry))
    sent = services.store.outbox.get(KEY)
    assert sent is not None
    assert (sent.state, sent.launch_id) == ("stored", entry.launch_id)
    assert [response["subject"] for response in ehr.of_type("QuestionnaireResponse")] == [{"reference": "Patient/p1"}]
    last = services.store.audit.entries()[-1]
    assert (last.event, last.launch, last.iss, last.user, last.patient) == ("submission", None, BASE, "Practitioner/sofia", "p1")


def test_what_was_sealed_for_another_server_is_not_sent(ehr: Ehr, services: AppServices) -> None:
    left_unsent(ehr, services)
    [entry] = services.store.outbox.pending()
    before = len(ehr.posts())
    with pytest.raises(SessionError, match="another record than the one opened here"):
        send_sealed(of_job(services, iss="https://other.example/fhir"), entry)
    assert len(ehr.posts()) == before
    assert [one.state for one in services.store.outbox.pending()] == ["unknown"]


def test_outside_of_a_launch_nothing_is_kept_under_one(services: AppServices) -> None:
    with pytest.raises(SessionError, match="opened from the patient's chart"):
        _ = of_job(services).launch


def test_no_use_case_is_handed_anything_past_its_arguments() -> None:
    """The log's own context alone is kept by structlog, and decides nothing."""
    sources = Path(smart_app.__file__).parent.rglob("*.py")
    assert [source.name for source in sources if "ContextVar(" in source.read_text(encoding="utf-8")] == []
