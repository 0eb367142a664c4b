"""Logs hold what is on the list and nothing else."""

import io
import logging
from collections.abc import Iterator

import pytest
import simplejson
import structlog

from smart_app.telemetry import configure_logging, new_log, only_allowed_fields, request_bound


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    structlog.reset_defaults()


# SMART F6
def test_line_is_json_with_allowed_fields_only() -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    with request_bound("r-1"):
        new_log().info("launch_completed", issuer_name="Example EHR", duration_ms=12.5, patient="pat-1", url="/l/abc", access_token="t")
    line = simplejson.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "launch_completed", "level": "info", "request_id": "r-1", "issuer_name": "Example EHR", "duration_ms": 12.5}


def test_sentence_with_data_in_it_loses_its_words() -> None:
    assert only_allowed_fields(None, "info", {"event": "saved for Anna Example"}) == {"event": "unnamed_event"}


def test_objects_are_named_not_shown() -> None:
    fields = {"event": "failed", "status": {"name": "Anna"}, "code": "x" * 999, "count": None}
    assert only_allowed_fields(None, "info", fields) == {"event": "failed", "status": "dict", "code": "x" * 200, "count": None}


def test_libraries_that_log_addresses_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(stream=io.StringIO())
    logging.getLogger("urllib3.connectionpool").warning("Retrying /fhir/Observation?patient=pat-1")
    logging.getLogger("werkzeug").error("GET /l/abc")
    assert "pat-1" not in capsys.readouterr().err
