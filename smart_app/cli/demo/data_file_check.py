"""What `rapport demo --check --data FILE` adds: every result of every patient of the file is on the page, or listed as not shown."""

from collections.abc import Sequence
from contextlib import closing

import click

from fhir_mappings.r4.json_types import FhirJson
from smart_app.cli.demo.check import Subject, Walk
from smart_app.cli.demo.check_steps import Steps, expect, expect_none
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.cli.demo.html_visitor import HtmlVisitor
from smart_app.cli.demo.page_findings import reads_not_whole, results_not_found
from smart_app.cli.demo.seeded_results import SeededResult, SeededResults

_MOST_NAMED = 20


def check_file(
    stand: DemoEnvironment, results: SeededResults, patients: Sequence[str], steps: Steps, *, faults: tuple[str, ...] = ()
) -> None:
    """One step for each of the patients that has results. Where nothing could be looked for, that is a step that failed."""
    of_each = {patient: found for patient in patients if (found := results.by_patient.get(patient))}
    for patient, found in of_each.items():
        _check_patient(stand, Subject(patient=patient, faults=faults), found, steps)
    if len(of_each) < len(patients):
        click.echo(f"        {len(patients) - len(of_each)} of {len(patients)} patients have no result under a code that is asked for.")
    if results.untied:
        click.echo(f"        {results.untied} results name no patient of the file and were not looked for.")
    if not of_each:
        with steps.step("the file holds results to look for"):
            expect(False, "there is no result of these patients under a code that is asked for: nothing was checked")


def _check_patient(stand: DemoEnvironment, subject: Subject, found: Sequence[SeededResult], steps: Steps) -> None:
    with (
        closing(HtmlVisitor()) as visitor,
        steps.step(f"all {len(found)} results of Patient/{subject.patient} are on the page or listed as not shown"),
    ):
        walk = Walk(stand=stand, subject=subject, visitor=visitor)
        walk.open()
        page = walk.again(years="all")
        missing = results_not_found(page, found, stand.zone)
        more = [f"{len(missing) - _MOST_NAMED} more are not on the page."] if len(missing) > _MOST_NAMED else []
        expect_none([*missing[:_MOST_NAMED], *more, *reads_not_whole(page)])


def may_be_rated(patient: FhirJson) -> bool:
    """Whether the whole job can be done on a Patient of the file: alive as far as it says, neither replaced nor inactive."""
    links = patient.get("link")
    replaced = any(isinstance(one, dict) and one.get("type") == "replaced-by" for one in (links if isinstance(links, list) else ()))
    died = patient.get("deceasedBoolean") is True or patient.get("deceasedDateTime") is not None
    return patient.get("active") is not False and not replaced and not died
