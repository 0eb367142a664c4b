"""The whole job, and what `rapport demo` says when it cannot do it."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import simplejson
from click.testing import CliRunner

from fhir_mappings.measures.catalogue import load_measures
from smart_app.cli import main
from smart_app.cli.demo.check import Subject, run
from smart_app.cli.demo.check_steps import Steps
from smart_app.cli.demo.data_file_check import check_file
from smart_app.cli.demo.environment import embedded, local_backend
from smart_app.cli.demo.seeded_results import results_in
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
        run(stand, subject, steps)
        if resources:
            check_file(stand, results_in(resources, load_measures(), base=stand.fhir), [subject.patient], steps)
    return steps


def test_the_whole_job_holds_on_the_embedded_ehr() -> None:
    steps = whole_job(Subject(patient="falling-slowly", user="Practitioner/sofia-lindqvist"))
    assert steps.failed == []
    assert steps.passed == 8


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
    assert steps.passed == 9


def hba1c(name: str, day: str, **value: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
    subject = {"reference": "Patient/second"}
    given = {"valueQuantity": {"value": 7.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}}
    return {"resourceType": "Observation", "id": name, "status": "final", "code": code, "subject": subject, "effectiveDateTime": day} | (
        value or given
    )


def written(folder: Path, *resources: dict[str, Any]) -> str:
    file = folder / "some.ndjson"
    file.write_text("\n".join(simplejson.dumps(one) for one in resources))
    return str(file)


# Nobody can be rated, so that only the results are checked: the whole job has its own test.
OVER = {"resourceType": "Patient", "id": "first", "active": False}
SECOND = {"resourceType": "Patient", "id": "second", "deceasedDateTime": "2026-06-01", "birthDate": "1971-04-09"}


def test_the_results_of_every_patient_of_a_file_are_looked_for(tmp_path: Path) -> None:
    results = [hba1c("text", "2026-02-01", valueString="7.2 %"), hba1c("year", "2025"), hba1c("late", "2026-05-01")]
    done = CliRunner().invoke(main, ["demo", "--check", "--data", written(tmp_path, OVER, SECOND, *results)])
    assert "nobody can be rated" in done.output
    assert "all 3 results of Patient/second are on the page or listed as not shown" in done.output
    assert "1 of 2 patients have no result under a code that is asked for." in done.output
    assert done.output.splitlines()[-1] == "1 steps held, 0 failed"
    assert done.exit_code == 0


def test_one_patient_of_a_file_can_be_chosen(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["demo", "--check", "--patient", "first", "--data", written(tmp_path, OVER, SECOND, hba1c("a", "2026-02-01"))]
    )
    assert "Patient/second" not in done.output
    assert "nothing was checked" in done.output
    assert done.exit_code == 1


def test_a_patient_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["demo", "--check", "--patient", "third", "--data", written(tmp_path, OVER, SECOND)])
    assert "There is no patient 'third'; there are first, second." in done.output
    assert done.exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--patient", "a"],
        ["--data", __file__, "--fhir", "http://127.0.0.1:1/fhir"],
        ["--ehr-fault", "statement-understates", "--fhir", "http://127.0.0.1:1/fhir"],
    ],
)
def test_options_that_would_do_nothing_are_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["demo", *arguments])
    assert done.exit_code == 2


@pytest.mark.parametrize("option", ["--direct", "--clean"])
def test_options_for_a_foreign_server_ask_for_its_address(option: str) -> None:
    done = CliRunner().invoke(main, ["demo", option])
    assert done.exit_code == 2
    assert "--fhir BASE" in done.output


def test_a_fault_the_whole_ehr_cannot_have_is_named() -> None:
    done = CliRunner().invoke(main, ["demo", "--check", "--ehr-fault", "kid-missing"])
    assert done.exit_code == 1
    assert "kid-missing" in done.output


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
