"""Before anything kept is sent later the patient is read again: alive, current, and of a record system Rapport still knows."""

from typing import Any

import pytest
from msgspec.structs import replace
from requests.exceptions import ConnectionError as Broken

from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import kept_entries, send_again, undelivered
from smart_app.care.submission.submit import submit
from smart_app.care.undelivered.colleagues_items import left_by_others, send_for_author
from smart_app.errors import NotOffered, NotSentNow
from smart_app.launch.context.launch_context import User
from smart_app.services import AppServices
from tests.care.ehr import Answer, Ehr, refusal
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient
from tests.support.at_once import at_once

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
TOMAS = context(user=User(reference="Practitioner/tomas", name="Tomas Weiss", issuer="https://ehr.example", subject="tomas"))


@pytest.fixture(autouse=True)
def kept(ehr: Ehr, services: AppServices) -> None:
    """A rating that the record has not taken."""
    ehr.put(patient())
    ehr.faults.append(lambda method, path: refusal(422, "no") if method == "POST" else None)
    record = in_launch(services)
    submit(record, asked_for(record, SLUG, "clinician"), key=KEY, patient="p1", fields=answers())
    ehr.faults.clear()
    ehr.log.clear()


def nothing_went(ehr: Ehr, services: AppServices) -> bool:
    entry = services.store.outbox.get(KEY)
    return ehr.posts() == [] and entry is not None and entry.state == "refused"


MERGED = {"active": False, "link": [{"type": "replaced-by", "other": {"reference": "Patient/p9"}}]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deceasedBoolean": True}, "closed to answers"),
        (MERGED, "was replaced"),
        ({"active": False}, "not in use"),
    ],
)
@pytest.mark.parametrize("way", [send_again, send_for_author])
def test_what_changed_since_is_seen_however_lately_the_patient_was_read(
    ehr: Ehr, services: AppServices, change: dict[str, Any], words: str, way: Any
) -> None:
    record = in_launch(services, None if way is send_again else TOMAS)
    asked_for(record, SLUG, "clinician")
    ehr.put({**patient(), **change})
    with pytest.raises(NotOffered, match=words):
        way(record, key=KEY)
    assert nothing_went(ehr, services)


def unread(answer: Answer | Exception) -> Any:
    return lambda method, path: answer if method == "GET" and path.startswith("Patient/") else None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(500, "x"), "nobody can tell whether this record is still in use"),
        (refusal(403, "x"), "nobody can tell whether this record is still in use"),
        (Broken("down"), "nobody can tell whether this record is still in use"),
        (refusal(404, "x"), "no such patient any more"),
        (refusal(410, "x"), "no such patient any more"),
    ],
)
@pytest.mark.parametrize("way", [send_again, send_for_author])
def test_where_the_patient_cannot_be_read_nothing_is_sent_and_it_says_so(
    ehr: Ehr, services: AppServices, answer: Any, words: str, way: Any
) -> None:
    ehr.faults.append(unread(answer))
    with pytest.raises(NotSentNow, match=words) as stopped:
        way(in_launch(services, None if way is send_again else TOMAS), key=KEY)
    assert "not tried again" in stopped.value.user_message
    assert nothing_went(ehr, services)
    ehr.faults.clear()
    way(in_launch(services, None if way is send_again else TOMAS), key=KEY)
    assert len(ehr.of_type("QuestionnaireResponse")) == 1


def test_a_record_system_that_is_not_registered_any_more_is_sent_nothing(ehr: Ehr, services: AppServices) -> None:
    gone = replace(services, registration=replace(services.registration, issuers=()))
    with pytest.raises(NotOffered, match="not registered"):
        send_again(in_launch(gone), key=KEY)
    with pytest.raises(NotOffered, match="not registered"):
        send_for_author(in_launch(gone, TOMAS), key=KEY)
    assert ehr.log == []
    assert nothing_went(ehr, services)
    assert [one.state for one in undelivered(in_launch(gone))] == ["refused"]


def test_two_tabs_that_send_it_store_it_once(ehr: Ehr, services: AppServices) -> None:
    at_once(2, lambda: send_again(in_launch(services), key=KEY))
    assert len(ehr.of_type("QuestionnaireResponse")) == 1
    assert receipt(in_launch(services), key=KEY).outcome == "saved"


@pytest.mark.parametrize("change", [{"slug": "a-form-of-before"}, {"instrument_version": "0.0.1"}])
def test_what_a_form_wrote_whose_version_is_gone_is_offered_and_sent_as_it_was_sealed(
    ehr: Ehr, services: AppServices, change: dict[str, str]
) -> None:
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    sealed = {**entry.payload, **change}
    services.store.outbox.reseal(KEY, "refused", launch_id=entry.launch_id, payload=sealed, author=entry.author)
    assert [one.sealed.key for one in undelivered(in_launch(services))] == [KEY]
    of_tomas = in_launch(services, TOMAS)
    assert [one.key for one in left_by_others(of_tomas, kept_entries(of_tomas))] == [KEY]
    assert receipt(in_launch(services), key=KEY).outcome == "refused"
    send_again(in_launch(services), key=KEY)
    assert receipt(in_launch(services), key=KEY).outcome == "saved"
