"""One log line for each delivery, which names nobody and nothing."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ConnectTimeout

from fhir_mappings.sentence import Sentence
from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.delivery import send_again
from smart_app.care.submission.submit import submit
from smart_app.errors import OutcomeNotKept, StoreError
from smart_app.services import AppServices
from smart_app.store.outbox import Outbox
from smart_app.telemetry import configure_logging
from tests.care.ehr import Answer, Ehr, refusal
from tests.care.support import LAUNCH, SLUG, answers, asked_for, context, in_launch, patient

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a90"
Line = dict[str, Any]


@pytest.fixture(autouse=True)
def record(ehr: Ehr) -> None:
    ehr.put(patient())


@pytest.fixture
def logged(services: AppServices) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging(stream=stream)
    yield stream
    structlog.reset_defaults()


def send(services: AppServices) -> None:
    record = in_launch(services, context(encounter="enc-77"))
    submit(record, asked_for(record, SLUG, "clinician"), key=KEY, patient="p1", fields=answers())


def lines(logged: io.StringIO, event: str = "delivery") -> list[Line]:
    found = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in found if line["event"] == event]


def told(line: Line) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("code", "status", "rung", "attempt", "lacking"))


def posts(answer: Callable[[], Answer | Exception]) -> Callable[[str, str], Answer | Exception | None]:
    return lambda method, _path: answer() if method == "POST" else None


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, ("stored", None, "transaction", 1, "")),
        (posts(lambda: refusal(422, "no")), ("refused", 422, None, 1, "refused")),
        (posts(lambda: refusal(403, "no")), ("refused", 403, None, 1, "forbidden")),
        (posts(lambda: refusal(500, "broken")), ("unknown", 500, "transaction", 1, "unknown")),
        (posts(lambda: Broken("reset")), ("unknown", 0, "transaction", 1, "unknown")),
        (posts(lambda: refusal(429, "later")), ("sealed", 429, "transaction", 1, "waiting")),
        (posts(lambda: ConnectTimeout("no connection")), ("sealed", 0, "transaction", 1, "waiting")),
    ],
)
def test_a_delivery_is_one_line_with_how_it_ended(
    ehr: Ehr, services: AppServices, logged: io.StringIO, fault: Any, expected: tuple[Any, ...]
) -> None:
    if fault:
        ehr.faults.append(fault)
    send(services)
    (line,) = lines(logged)
    assert told(line) == expected
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    assert entry.state == line["code"]


def test_of_one_that_is_stored_in_part_the_line_says_what_is_lacking(ehr: Ehr, services: AppServices, logged: io.StringIO) -> None:
    ehr.faults.append(lambda method, path: refusal(422, "no") if (method, path) in {("POST", ""), ("POST", "Observation")} else None)
    send(services)
    (line,) = lines(logged)
    assert told(line) == ("partly", None, line["rung"], 1, "refused")
    assert line["rung"] in {"separate", "response"}


def test_sending_again_is_a_line_of_its_own_with_its_attempt(ehr: Ehr, services: AppServices, logged: io.StringIO) -> None:
    ehr.faults.append(posts(lambda: refusal(422, "no")))
    send(services)
    ehr.faults.clear()
    send_again(in_launch(services), key=KEY)
    assert [(line["code"], line["attempt"]) for line in lines(logged)] == [("refused", 1), ("stored", 2)]


def test_looking_one_up_is_no_delivery(ehr: Ehr, services: AppServices, logged: io.StringIO) -> None:
    ehr.faults.append(posts(lambda: Broken("reset")))
    send(services)
    receipt(in_launch(services), key=KEY)
    assert [line["code"] for line in lines(logged)] == ["unknown"]
    assert [line["code"] for line in lines(logged, "delivery_looked_up")] == ["unknown"]


def test_one_whose_end_cannot_be_written_down_has_its_line(
    ehr: Ehr, services: AppServices, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError(Sentence("Rapport's own database cannot be used right now."), detail="OperationalError")

    monkeypatch.setattr(Outbox, "reseal", full)
    with pytest.raises(OutcomeNotKept):
        send(services)
    assert [line["code"] for line in lines(logged)] == ["stored"]


def test_nothing_in_the_log_of_a_delivery_says_whose_it_is(ehr: Ehr, services: AppServices, logged: io.StringIO) -> None:
    for fault in (posts(lambda: refusal(422, f"no {KEY} p1 Halvorsen")), posts(lambda: Broken("reset p1")), None):
        ehr.faults[:] = [fault] if fault else []
        if services.store.outbox.get(KEY) is None:
            send(services)
        else:
            send_again(in_launch(services), key=KEY)
        receipt(in_launch(services), key=KEY)
    assert [line["attempt"] for line in lines(logged)] == [1, 2, 3]
    entry = services.store.outbox.get(KEY)
    assert entry is not None
    assert entry.state == "stored"
    places = [place for place in ehr.resources if not place.startswith("Patient/")]
    numbers = [place.split("/")[1] for place in places]
    secrets = [KEY, LAUNCH, "p1", "enc-77", "sofia", "Sofia", "Lindqvist", "Ingrid", "Halvorsen", "token", "ehr.example", SLUG, *places]
    # The time of a line has digits of its own; no field but the time may hold the number of a stored resource.
    lined = [{name: value for name, value in json.loads(line).items() if name != "timestamp"} for line in logged.getvalue().splitlines()]
    text = json.dumps(lined)
    assert lined
    assert [secret for secret in secrets if secret in text] == []
    assert len(numbers) > 3
    assert [number for number in numbers if f'"{number}"' in text or f" {number}" in text] == []
