"""`rapport demo --check` holds on an honest server, and fails on one that keeps back what a person would look for on the page."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
import simplejson
from click.testing import CliRunner
from msgspec import Struct

from fhir_mappings.measures.catalogue import load_measures
from smart_app.cli import main
from smart_app.cli.demo.command import check_patients
from smart_app.cli.demo.environment import DemoEnvironment, embedded, local_backend
from smart_app.cli.demo.seeded_results import results_in
from smart_app.cli.demo.serving import take_port
from smart_app.sandbox.personas.build import build_all
from tests.support.stands import utc_today

RATED = "dashboard shows both ratings of today, every read complete"
KEPT_BACK = "dashboard before the clinician's rating keeps the patient's back"
RECEIPT = "clinician submission, with a receipt read back by id"
NOT_THERE = "is not on the page and not listed as not shown; "


class Said(Struct, frozen=True):
    """What a run ended with, and all it printed."""

    exit_code: int
    output: str

    @property
    def sentences(self) -> list[str]:
        """Everything that was found wrong."""
        return [line.strip() for line in self.output.splitlines() if line.startswith(" " * 10)]

    @property
    def failed(self) -> list[str]:
        """The titles of the steps that failed."""
        return [line.partition(" s  ")[2] for line in self.output.splitlines() if line.startswith("FAILED")]

    @property
    def hba1c_missing(self) -> list[str]:
        return [one for one in self.sentences if one.startswith("HbA1c ") and NOT_THERE in one]


@pytest.fixture(scope="module")
def stand() -> Iterator[DemoEnvironment]:
    """The demo with all personas; each test has its own of them, so that nobody has rated the visit before."""
    with (
        closing(local_backend([], today=utc_today(), store=None)) as backend,
        embedded(backend, app_socket=take_port(0)[0], ehr_socket=take_port(0)[0]) as standing,
    ):
        yield standing


def checked(stand: DemoEnvironment, patient: str, *faults: str) -> Said:
    """The check on that persona, the embedded EHR misbehaving so, as the command makes it once everything stands."""

    @click.command()
    def check() -> None:
        check_patients(stand, [patient], build_all(utc_today()), load_measures(), faults=faults)

    return said(check)


def said(command: click.Command, *words: str) -> Said:
    done = CliRunner().invoke(command, words)
    return Said(done.exit_code, done.output)


def given(patient: str) -> tuple[int, str]:
    """How many HbA1c a persona has, and the title of the step that looks for them."""
    results = results_in(build_all(utc_today()), load_measures(), base="http://127.0.0.1/fhir").by_patient[patient]
    number = sum(one.is_hba1c for one in results)
    return number, f"every read complete, each of {number} HbA1c on the page"


def test_an_honest_server_passes() -> None:
    _, title = given("strained-repaired")
    done = said(main, "demo", "--check")
    assert (done.exit_code, done.failed, done.sentences) == (0, [], [])
    assert title in done.output
    assert RATED in done.output
    assert done.output.splitlines()[-1] == "8 steps held, 0 failed"


def test_an_empty_chart_fails_with_a_sentence_for_each_result(stand: DemoEnvironment) -> None:
    number, title = given("falling-slowly")
    done = checked(stand, "falling-slowly", "read-filtered")
    assert (done.exit_code, done.failed) == (1, [title])
    assert len(done.hba1c_missing) == len(done.sentences) == number > 0
    assert all(one.endswith("the page has no table of HbA1c.") for one in done.sentences)


def test_a_folded_query_fails_as_incomplete_reads_and_missing_results(stand: DemoEnvironment) -> None:
    number, title = given("ceiling")
    done = checked(stand, "ceiling", "search-altered")
    assert (done.exit_code, done.failed) == (1, [title, RATED])
    assert len(done.hba1c_missing) == number > 0
    assert "The read “HbA1c” is not complete: the page says “incomplete”." in done.sentences
    assert any(one.startswith("The page says of itself: “This page is incomplete.") for one in done.sentences)


def test_a_stale_search_fails_as_ratings_that_are_not_there(stand: DemoEnvironment) -> None:
    done = checked(stand, "new-clinician", "search-stale")
    assert (done.exit_code, done.failed) == (1, [KEPT_BACK, RATED])
    unseen = [one for one in done.sentences if one.endswith("is not on the page; for that day its table has no row.")]
    assert [one.partition(" of ")[0] for one in unseen] == ["The patient's rating", "The clinician's rating"]


def test_a_read_that_times_out_fails_as_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_READ_TIMEOUT", "1.5")
    monkeypatch.setenv("RAPPORT_READ_DEADLINE", "2")
    number, title = given("strained-repaired")
    done = said(main, "demo", "--check", "--fault", "late-observations=4")
    assert done.exit_code == 1
    assert title in done.failed
    assert RATED in done.failed
    assert len(done.hba1c_missing) == number > 0
    assert "The read “HbA1c” is not complete: the page says “failed”." in done.sentences


def test_pages_of_results_that_leave_one_out_fail_with_the_one_and_with_what_the_page_says(stand: DemoEnvironment) -> None:
    _, title = given("views-differ")
    done = checked(stand, "views-differ", "pages-overlap=3")
    assert done.exit_code == 1
    assert title in done.failed
    assert len(done.hba1c_missing) == 1
    assert done.hba1c_missing[0].endswith("its table of HbA1c has nothing of that day.")
    assert "The read “HbA1c” is not complete: the page says “incomplete”." in done.sentences


def test_a_write_that_is_not_found_again_fails_with_what_the_receipt_says(stand: DemoEnvironment) -> None:
    done = checked(stand, "missing-items", "written-not-shown")
    assert done.exit_code == 1
    assert RECEIPT in done.failed
    assert any(one.startswith("The receipt does not say “Saved in the record”: it says “") for one in done.sentences)


def test_results_of_a_file_fail_too(tmp_path: Path) -> None:
    subject = {"reference": "Patient/p"}
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
    one = {"resourceType": "Observation", "id": "one", "status": "final", "code": code, "subject": subject}
    value = {"valueQuantity": {"value": 7.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}}
    over = {"resourceType": "Patient", "id": "p", "active": False, "birthDate": "1971-04-09"}
    file = tmp_path / "one.ndjson"
    file.write_text("\n".join(map(simplejson.dumps, (over, {**one, **value, "effectiveDateTime": "2026-02-01"}))))
    done = said(main, "demo", "--check", "--fault", "read-filtered", "--data", str(file))
    assert done.exit_code == 1
    assert done.sentences == [f"HbA1c 7.5 % of 01-Feb-2026 (Observation/one) {NOT_THERE}the page has no table of HbA1c."]


@pytest.mark.parametrize(
    "arguments", [["--fault", "read-filtered"], ["--check", "--fault", "x", "--fhir", "http://127.0.0.1:1", "--direct"]]
)
def test_a_fault_is_the_embedded_ehrs_and_of_the_check(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["demo", *arguments])
    assert done.exit_code == 2
    assert "--fault needs --check" in done.output


def test_a_fault_that_does_not_exist_fails_by_name(stand: DemoEnvironment) -> None:
    done = checked(stand, "new-patient", "nonsense")
    assert done.exit_code == 1
    assert "There is no fault 'nonsense'" in done.output
