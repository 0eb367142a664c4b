from collections.abc import Iterator

import pytest

from smart_app.care.submission.build_receipt import receipt
from smart_app.care.submission.submit import submit
from smart_app.services import AppServices
from tests.care.long_record import LongRecord, served
from tests.care.support import SLUG, answers, asked_for, in_launch

KEY = "b1c7e0f2-6d7a-4e55-9a51-3f0c8f1f2a91"


@pytest.fixture
def ehr() -> Iterator[LongRecord]:
    with served() as fake:
        yield fake


# SMART K3
def test_what_was_just_written_is_read_back_past_every_cache(ehr: LongRecord, services: AppServices) -> None:
    record = in_launch(services)
    submit(record, asked_for(record, SLUG, "patient"), key=KEY, patient="p1", fields=answers())
    ehr.asked.clear()
    ehr.headers.clear()
    assert receipt(record, key=KEY).outcome == "saved"
    written = [sent.get("Cache-Control") for (path, _), sent in zip(ehr.asked, ehr.headers, strict=True) if "/" in path]
    assert written
    assert set(written) == {"no-cache"}
