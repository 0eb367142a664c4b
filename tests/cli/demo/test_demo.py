"""The whole job, and what `rapport demo` says when it cannot do it."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from smart_app.cli import main
from smart_app.cli.demo.check import Subject, run
from smart_app.cli.demo.check_steps import Steps
from smart_app.cli.demo.data_file_check import every_hba1c
from smart_app.cli.demo.environment import embedded, local_backend
from smart_app.cli.demo.serving import take_port
from smart_app.sandbox.seeding.data_file import load_file

SYNTHEA = Path(__file__).resolve().parents[4] / "shared" / "data" / "synthea" / "Estrella_Daugherty.json"


def whole_job(subject: Subject, resources: list[dict[str, Any]] | None = None, *, zone: str = "UTC") -> Steps:
    """Every step of the check on the embedded EHR, whose clinic is in that zone."""
    steps, clinics = Steps(), ZoneInfo(zone)
    backend = local_backend(resources or [], today=datetime.now(clinics).date(), store=None, zone=clinics)
    app_socket, _ = take_port(0)
    ehr_socket, _ = take_port(0)
    with embedded(backend, app_socket=app_socket, ehr_socket=ehr_socket, zone=clinics) as stand:
        run(stand, subject, steps, extra=every_hba1c(resources) if resources else None)
    return steps


def test_the_whole_job_holds_on_the_embedded_ehr() -> None:
    steps = whole_job(Subject(patient="falling-slowly", user="Practitioner/sofia-lindqvist"))
    assert steps.failed == []
    assert steps.passed == 7


# At any hour at least one of them has another day than UTC. The persona has been rated today.
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_it_holds_wherever_the_clinic_is(zone: str) -> None:
    steps = whole_job(Subject(patient="views-differ"), zone=zone)
    assert steps.failed == []


@pytest.mark.skipif(not SYNTHEA.exists(), reason="the Synthea bundle is not beside this checkout")
def test_every_hba1c_of_a_loaded_file_is_on_the_page() -> None:
    resources = list(load_file(SYNTHEA).resources)
    patient = next(one["id"] for one in resources if one["resourceType"] == "Patient")
    steps = whole_job(Subject(patient=patient), resources, zone="America/Los_Angeles")
    assert steps.failed == []
    assert steps.passed == 8


@pytest.mark.parametrize("option", ["--direct", "--clean"])
def test_options_for_a_foreign_server_ask_for_its_address(option: str) -> None:
    done = CliRunner().invoke(main, ["demo", option])
    assert done.exit_code == 2
    assert "--fhir BASE" in done.output


def test_a_data_file_that_is_no_fhir_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not FHIR")
    done = CliRunner().invoke(main, ["demo", "--check", "--data", str(file)])
    assert done.exit_code == 1
    assert "notes.txt" in done.output


def test_a_server_beyond_this_machine_is_not_written_to_without_a_yes() -> None:
    done = CliRunner().invoke(main, ["demo", "--check", "--fhir", "https://fhir.example.org/r4"])
    assert done.exit_code == 1
    assert "--yes" in done.output


def test_a_server_that_does_not_answer_is_named() -> None:
    listening, _ = take_port(0)
    port = listening.getsockname()[1]
    listening.close()
    done = CliRunner().invoke(main, ["demo", "--check", "--fhir", f"http://127.0.0.1:{port}/fhir"])
    assert done.exit_code == 1
    assert f"127.0.0.1:{port}" in done.output
