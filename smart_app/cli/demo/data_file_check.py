"""What `rapport demo --check --data FILE` adds: every result of every patient of the file is on the page, or listed as not shown.

Judged from the file and the page alone, as a tester would: a result is there where a row names its id, or where a row of its measure's
table has its day and its number; a row without an id stands for one result. Whatever shape a resource has, the check goes on.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import click
from msgspec import Struct

from fhir_mappings.measures.measure import Measure
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import reference_in
from smart_app.cli.demo.check import Subject, Walk
from smart_app.cli.demo.check_steps import Steps, expect
from smart_app.cli.demo.environment import DemoEnvironment
from smart_app.cli.demo.fhir_reader import day_in
from smart_app.cli.demo.html_visitor import HtmlVisitor, Page

# LOINC codes whose Observations are laboratory HbA1c results, stated here independently of the app's own table
# (VSAC 2.16.840.1.113762.1.4.1222.119, as published in MccCareplan/mcc-api).
_HBA1C = {"4548-4", "17856-6", "17855-8", "4549-2", "59261-8", "71875-9", "62388-4", "41995-2"}
_LOINC, _HBA1C_TITLE = "http://loinc.org", "HbA1c"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued")
# A day as the page writes it, and what a cell or a text says of a number: a sign, the number, the second one of a pair.
_DAY = re.compile(rf"(?<![\w-])(?:\d\d-(?:{'|'.join(_MONTHS)})-\d{{1,4}}|(?:(?:{'|'.join(_MONTHS)})-)?\d{{4}})(?![\w-])")
_CELL = re.compile(r"(?P<sign>[<>]=?)?\s*(?P<number>\d+(?:\.\d+)?)(?:/(?P<second>\d+(?:\.\d+)?))?\b.*")
_WRITTEN = re.compile(r"\s*(?P<sign>[<>]=?)?\s*(?P<number>\d+(?:[.,]\d+)?).*", re.DOTALL)
_ID = re.compile(r"Observation/[A-Za-z0-9.-]+")
_VALUES, _LEFT_OUT = ": Table of ", "not shown"
_MOST_NAMED = 20

_Number = tuple[str, Decimal, Decimal | None]


class FileResult(Struct, frozen=True, kw_only=True):
    """One result of the file: its Observation, and the titles of the measures its codes belong to."""

    titles: frozenset[str]
    observation: FhirJson

    @property
    def reference(self) -> str:
        """`Observation/id`."""
        return f"Observation/{self.observation.get('id')}"


class FileResults(Struct, frozen=True, kw_only=True):
    """The results of a file by the patient of the file they name, and how many name none."""

    by_patient: Mapping[str, Sequence[FileResult]]
    untied: int


def results_in(resources: Sequence[FhirJson], measures: Iterable[Measure], *, base: str) -> FileResults:
    """Every Observation under a code that is asked for. What only groups others (members, and nothing of its own) is no result."""
    titles = _titles(measures)
    found: dict[str, list[FileResult]] = {f"Patient/{one.get('id')}": [] for one in resources if one.get("resourceType") == "Patient"}
    untied = 0
    for one in resources:
        named = {title for code in _codes(one) for title in titles.get(code, ())} if one.get("resourceType") == "Observation" else set()
        if named and not _only_groups(one):
            of_patient = found.get(reference_in(one.get("subject"), base=base) or "")
            untied += of_patient is None
            (of_patient if of_patient is not None else []).append(FileResult(titles=frozenset(named), observation=one))
    return FileResults(by_patient={patient.removeprefix("Patient/"): results for patient, results in found.items()}, untied=untied)


def _titles(measures: Iterable[Measure]) -> Mapping[tuple[str, str], set[str]]:
    """The measures' titles by code, panels that hold one as a part included."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set, {(_LOINC, code): {_HBA1C_TITLE} for code in _HBA1C})
    for measure in measures:
        for code in measure.codes:
            for name in (code.code, *code.within):
                found[code.system, name].add(measure.title)
    return found


def _codes(observation: FhirJson) -> Iterator[tuple[str, str]]:
    code = observation.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for one in codings if isinstance(codings, list) else ():
        if isinstance(one, dict):
            yield str(one.get("system")), str(one.get("code"))


def _only_groups(observation: FhirJson) -> bool:
    holds = any(key.startswith("value") or key in {"component", "dataAbsentReason"} for key in observation)
    return bool(observation.get("hasMember")) and not holds


def missing_from(page: Page, results: Iterable[FileResult], zone: ZoneInfo) -> Iterator[str]:
    """The results the page neither shows nor lists as not shown, as `Observation/id`."""
    rows = _Rows(page)
    for one in (one for one in results if one.reference not in rows.named):
        if not rows.take(one.titles, _days(one.observation, zone), _numbers(one.observation)):
            yield one.reference


class _Rows:
    """The rows of a page's tables of values and of what is not shown: the ids `named` in any, and those of each measure by the day they
    show, each to be taken once. A table is labelled `Title: Table of 4 values`, HbA1c's `Laboratory HbA1c: …`."""

    def __init__(self, page: Page) -> None:
        self.named: set[str] = set()
        self._by_day: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
        self._taken: set[int] = set()
        for table in (one for one in page.tables if _VALUES in one.label or _LEFT_OUT in one.label):
            title = table.label.partition(_VALUES)[0]
            for row in table.rows:
                self.named.update(found for cell in row for found in _ID.findall(cell))
                for day in {found for cell in row for found in _DAY.findall(cell)}:
                    self._by_day[day].append((title, row))

    def take(self, titles: Iterable[str], days: Sequence[str], numbers: set[_Number]) -> bool:
        """Whether a row that nobody took yet shows one of the days and one of the numbers."""
        wanted = tuple(titles)
        for title, row in (one for day in days for one in self._by_day.get(day, ())):
            known = title in wanted or any(title.endswith(f" {one}") for one in wanted)
            if known and id(row) not in self._taken and numbers & {shown for cell in row if (shown := _shown_in(cell)) is not None}:
                self._taken.add(id(row))
                return True
        return False


def _shown_in(cell: str) -> _Number | None:
    """The number a cell of values begins with."""
    found = None if _DAY.fullmatch(cell) else _CELL.fullmatch(cell)
    return (found["sign"] or "", Decimal(found["number"]), Decimal(found["second"]) if found["second"] else None) if found else None


def _numbers(observation: FhirJson) -> set[_Number]:
    """Every number the resource gives: its value or text, those of its parts, and any two of them as a pair."""
    parts = observation.get("component")
    holders = [observation, *(one for one in (parts if isinstance(parts, list) else ()) if isinstance(one, dict))]
    alone = [number for holder in holders if (number := _number_of(holder)) is not None]
    return {*alone, *((sign, first, second) for sign, first, _ in alone for _, second, _ in alone if first != second)}


def _number_of(holder: FhirJson) -> _Number | None:
    quantity, text = holder.get("valueQuantity"), holder.get("valueString")
    if isinstance(quantity, dict):
        number = _decimal(quantity.get("value"))
        return None if number is None else (str(quantity.get("comparator") or ""), number, None)
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    return (found["sign"] or "", Decimal(found["number"].replace(",", ".")), None) if found else None


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _days(observation: FhirJson, zone: ZoneInfo) -> list[str]:
    """Every day the resource gives itself, as the page writes days: `22-Nov-2026`, `Nov-2026` or `2026`."""
    texts = (text for key in _DATES for text in _texts(observation.get(key)))
    return [day for day in dict.fromkeys(_day_shown(text, zone) for text in texts) if day is not None]


def _texts(node: Any) -> Iterator[str]:
    """Every text in a node of JSON."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child)


def _day_shown(written: str, zone: ZoneInfo) -> str | None:
    if re.fullmatch(r"\d{4}", written, re.ASCII):
        return written
    month = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", written, re.ASCII)
    if month:
        return f"{_MONTHS[int(month[2]) - 1]}-{month[1]}"
    day = day_in(zone, written)
    return None if day is None else f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"


def check_file(stand: DemoEnvironment, results: FileResults, patients: Sequence[str], steps: Steps) -> None:
    """One step for each of the patients that has results. Where nothing could be looked for, that is a step that failed."""
    of_each = {patient: found for patient in patients if (found := results.by_patient.get(patient))}
    for patient, found in of_each.items():
        _check_patient(stand, patient, found, steps)
    if len(of_each) < len(patients):
        click.echo(f"        {len(patients) - len(of_each)} of {len(patients)} patients have no result under a code that is asked for.")
    if results.untied:
        click.echo(f"        {results.untied} results name no patient of the file and were not looked for.")
    if not of_each:
        with steps.step("the file holds results to look for"):
            expect(False, "there is no result of these patients under a code that is asked for: nothing was checked")


def _check_patient(stand: DemoEnvironment, patient: str, found: Sequence[FileResult], steps: Steps) -> None:
    with (
        closing(HtmlVisitor()) as visitor,
        steps.step(f"all {len(found)} results of Patient/{patient} are on the page or listed as not shown"),
    ):
        walk = Walk(stand=stand, subject=Subject(patient=patient), visitor=visitor)
        walk.open()
        missing = list(missing_from(walk.again(years="all"), found, stand.zone))
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        expect(not missing, f"not on the page: {', '.join(missing[:_MOST_NAMED])}{more}")


def may_be_rated(patient: FhirJson) -> bool:
    """Whether the whole job can be done on a Patient of the file: alive as far as it says, neither replaced nor inactive."""
    links = patient.get("link")
    replaced = any(isinstance(one, dict) and one.get("type") == "replaced-by" for one in (links if isinstance(links, list) else ()))
    died = patient.get("deceasedBoolean") is True or patient.get("deceasedDateTime") is not None
    return patient.get("active") is not False and not replaced and not died
