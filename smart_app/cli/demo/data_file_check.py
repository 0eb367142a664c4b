"""What `rapport demo --check --data FILE` adds: every HbA1c of the file is on the page, or listed as not shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from fhir_mappings.r4.json_types import FhirJson
from smart_app.cli.demo.check import Walk
from smart_app.cli.demo.check_steps import Steps, expect
from smart_app.cli.demo.fhir_reader import day_in
from smart_app.cli.demo.html_visitor import Page

# LOINC codes whose Observations are laboratory HbA1c results, stated here independently of the app's own table
# (VSAC 2.16.840.1.113762.1.4.1222.119, as published in MccCareplan/mcc-api).
_HBA1C = {"4548-4", "17856-6", "17855-8", "4549-2", "59261-8", "71875-9", "62388-4", "41995-2"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def hba1c_of(resources: Iterable[FhirJson], patient: str) -> list[FhirJson]:
    """The patient's HbA1c Observations."""
    return [one for one in resources if one.get("resourceType") == "Observation" and _is_hba1c(one) and _whose(one) == patient]


def _is_hba1c(observation: FhirJson) -> bool:
    return any(coding.get("code") in _HBA1C for coding in observation.get("code", {}).get("coding", ()))


def _whose(observation: FhirJson) -> str:
    return str(observation.get("subject", {}).get("reference", "")).rsplit("/", 1)[-1]


def missing_from(page: Page, observations: Iterable[FhirJson], zone: ZoneInfo) -> Iterator[str]:
    """What the page neither shows (a table row with its day and its value as recorded) nor lists as not shown (by its id)."""
    rows = [" | ".join(row) for row in page.rows]
    for one in observations:
        if not any(_is_row_of(row, one, zone) for row in rows):
            yield f"Observation/{one['id']}"


def _is_row_of(row: str, observation: FhirJson, zone: ZoneInfo) -> bool:
    """True for the row of a result, or of its entry among what is not shown."""
    if f"Observation/{observation['id']}" in row:
        return True
    quantity = observation.get("valueQuantity", {})
    day = day_in(zone, observation.get("effectiveDateTime"))
    return (
        day is not None
        and f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}" in row
        and f"{quantity.get('value')} {quantity.get('unit')}" in row
    )


def every_hba1c(resources: Sequence[FhirJson]) -> Callable[[Walk, Steps], None]:
    """The check to run on a walk through the chart of one of the file's patients."""

    def check(walk: Walk, steps: Steps) -> None:
        observations = hba1c_of(resources, walk.subject.patient)
        with steps.step(f"all {len(observations)} HbA1c results of the file are on the page or listed as not shown"):
            expect(bool(observations), "the file holds no HbA1c of this patient: nothing was checked")
            missing = list(missing_from(walk.again(years="all"), observations, walk.stand.zone))
            expect(not missing, f"not on the page: {', '.join(missing)}")

    return check
