"""Submissions sealed by the version before outcomes were judged part by part: opened, found by their author, and brought to a true end."""

from typing import Any

import pytest
import simplejson

from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again, undelivered
from smart_app.care.submission.sealed_submission import from_payload
from smart_app.care.submission.submit import submit
from smart_app.errors import NotOpened
from smart_app.services import AppServices
from smart_app.store import OutboxState, author_of
from smart_app.store.seal import digest
from smart_app.store.tables import outbox
from tests.care.ehr import Ehr, refusal
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
ADDED = ("author", "scope", "decision", "attempt")


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


def earlier(services: AppServices, state: OutboxState, fates: dict[str, Any], *, step: str | None = "transaction") -> None:
    """The submission that was just sealed, as the earlier version left it after the migration: no author in envelope or payload, no scope,
    no attempt, and of an outcome only its place or why there is none."""
    store = services.store
    entry = store.outbox.get(KEY)
    assert entry is not None
    payload = {name: value for name, value in entry.payload.items() if name not in ADDED} | {"fates": fates, "step": step, "reason": None}
    envelope = {"key": KEY, "launch_id": entry.launch_id, "payload": payload}
    sealed = store.sealer.seal(envelope, table="outbox", row=digest(KEY))
    with store.database.begin() as connection:
        values = {"payload": sealed, "state": state, "patient": None, "updated": services.clock()}
        connection.execute(outbox.update().where(outbox.c.id == digest(KEY)).values(values))


def placed(entry_fates: dict[str, Any]) -> dict[str, Any]:
    """Outcomes with nothing but what the earlier version kept."""
    return {role: {name: one[name] for name in ("reference", "version", "why")} for role, one in entry_fates.items()}


def sent(ehr: Ehr, services: AppServices, *, answered: int | None = None) -> dict[str, Any]:
    """Send a form, the server answering every POST with that status; what became of its parts."""
    if answered:
        ehr.faults.append(lambda method, _path: refusal(answered, "no") if method == "POST" else None)
    record = in_launch(services)
    submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())
    ehr.faults.clear()
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    fates: dict[str, Any] = entry.payload["fates"]
    return fates


def state_now(services: AppServices) -> str:
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    return entry.state


def test_what_was_called_acknowledged_and_is_stored_ends_stored(ehr: Ehr, services: AppServices) -> None:
    earlier(services, "unknown", placed(sent(ehr, services)))
    assert [one.state for one in undelivered(in_launch(services))] == ["unknown"]
    before = dict(ehr.resources)
    assert receipt(in_launch(services), key=KEY).outcome == "saved"
    assert (state_now(services), ehr.resources) == ("stored", before)


def test_what_was_called_acknowledged_with_every_entry_failed_can_be_sent(ehr: Ehr, services: AppServices) -> None:
    fates = sent(ehr, services, answered=422)
    why = "The server did not store it (HTTP 503)."
    earlier(services, "unknown", {role: {"reference": None, "version": None, "why": why} for role in fates})
    assert receipt(in_launch(services), key=KEY).outcome != "saved"
    assert state_now(services) == "refused"
    send_again(in_launch(services), key=KEY)
    assert (state_now(services), len(ehr.of_type("QuestionnaireResponse"))) == ("stored", 1)
    assert not undelivered(in_launch(services))


def test_what_was_called_acknowledged_without_the_answers_is_not_stored(ehr: Ehr, services: AppServices) -> None:
    fates = placed(sent(ehr, services))
    fates["response"] = {"reference": None, "version": None, "why": "The server did not store it (HTTP 503)."}
    for place in [name for name in ehr.resources if name.startswith("QuestionnaireResponse/")]:
        del ehr.resources[place]
    earlier(services, "unknown", fates)
    assert receipt(in_launch(services), key=KEY).outcome != "saved"
    assert state_now(services) == "refused"
    send_again(in_launch(services), key=KEY)
    assert (state_now(services), len(ehr.of_type("QuestionnaireResponse"))) == ("stored", 1)


@pytest.mark.parametrize("state", ["sealed", "unknown", "refused"])
def test_what_was_never_there_is_sent_once_when_asked(ehr: Ehr, services: AppServices, state: OutboxState) -> None:
    sent(ehr, services, answered=422)
    earlier(services, state, {}, step=None)
    send_again(in_launch(services), key=KEY)
    assert (state_now(services), len(ehr.of_type("QuestionnaireResponse"))) == ("stored", 1)


@pytest.mark.parametrize("state", ["unknown", "sending"])
def test_what_was_cut_off_and_is_there_is_found_and_not_sent_twice(ehr: Ehr, services: AppServices, state: OutboxState) -> None:
    sent(ehr, services)
    earlier(services, state, {}, step=None)
    if state == "sending":
        services.store.outbox.recover(services.clock().replace(year=2027))
    before = len(ehr.resources)
    assert receipt(in_launch(services), key=KEY).outcome == "saved"
    assert (state_now(services), len(ehr.resources)) == ("stored", before)


def test_its_author_finds_it_by_the_lookup_it_was_kept_under(ehr: Ehr, services: AppServices) -> None:
    sent(ehr, services, answered=422)
    earlier(services, "refused", {}, step=None)
    assert [one.sealed.key for one in undelivered(in_launch(services))] == [KEY]
    assert services.store.outbox.belongs(KEY, author_of(context()))
    assert not undelivered(in_launch(services, context(patient="p2")))


def test_another_versions_shape_is_refused_as_such() -> None:
    with pytest.raises(NotOpened, match="another version of Rapport"):
        from_payload(simplejson.loads('{"key": "k"}'))
