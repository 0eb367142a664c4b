"""A result of a file is found where the page has it, in whatever form it stands there, and only there."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.measures.catalogue import load_measures
from smart_app.cli.demo.data_file_check import may_be_rated
from smart_app.cli.demo.html_visitor import Page
from smart_app.cli.demo.page_findings import missing_from
from smart_app.cli.demo.seeded_results import day_in, results_in

BASE, UTC = "http://ehr.example/fhir", ZoneInfo("UTC")
HBA1C, WEIGHT, PRESSURE = "4548-4", "29463-7", "85354-9"
PATIENT = {"resourceType": "Patient", "id": "marlow"}


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def result(name: str, code: str = HBA1C, *, day: str = "2026-02-01", **fields: Any) -> dict[str, Any]:
    usual = {"resourceType": "Observation", "id": name, "code": coded(code), "subject": {"reference": "Patient/marlow"}}
    return usual | {"effectiveDateTime": day} | fields


def quantity(value: object, unit: str = "%", **fields: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit} | fields}


def values(title: str, *rows: tuple[str, ...]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = "<thead><tr><th>Date</th><th>As reported</th><th>Converted</th></tr></thead>"
    return f'<div role="region" aria-label="{title}: Table of {len(rows)} values"><table>{head}<tbody>{body}</tbody></table></div>'


def left_out(*names: str) -> str:
    rows = "".join(f"<tr><td>01-Feb-2026</td><td>HbA1c</td><td>Observation/{name}</td></tr>" for name in names)
    return f'<div role="region" aria-label="List of what is not shown"><table>{rows}</table></div>'


def missing(html: str, *observations: dict[str, Any], zone: ZoneInfo = UTC) -> list[str]:
    results = results_in([PATIENT, *observations], load_measures(), base=BASE)
    assert sum(map(len, results.by_patient.values())) == len(observations)
    page = Page(url="http://x/", status=200, html=html)
    return [one.reference for one in missing_from(page, results.by_patient["marlow"], zone)]


PARTS = [{"code": coded("8480-6"), **quantity(134, "mmHg")}, {"code": coded("8462-4"), **quantity(84, "mmHg")}]


@pytest.mark.parametrize(
    ("observation", "cells"),
    [
        (result("a", **quantity("7.20")), ("01-Feb-2026", "7.20 %", "55 mmol/mol")),
        (result("a", **quantity("7.2")), ("01-Feb-2026", "7.20 %", "")),
        (result("a", valueString="7.2 %"), ("01-Feb-2026", "7.2 %", "")),
        (result("a", valueString="7,2%"), ("01-Feb-2026", "7.2 %", "")),
        (result("a", valueString=">14.0 %"), ("01-Feb-2026", "> 14.0 %", "")),
        (result("a", **quantity(4, comparator="<")), ("01-Feb-2026", "< 4 %", "")),
        (result("a", **quantity(55, "mmol/mol")), ("01-Feb-2026", "7.2 %", "55 mmol/mol")),
        (result("a", day="2026", **quantity("7.2")), ("2026", "7.2 %", "")),
        (result("a", day="2026-02", **quantity("7.2")), ("Feb-2026", "7.2 %", "")),
        (result("a", day="0001-01-01", **quantity("7.2")), ("01-Jan-1", "7.2 %", "")),
        (result("a", day="2026-02-01T23:30:00-05:00", **quantity("7.2")), ("02-Feb-2026", "7.2 %", "")),
        (result("a", PRESSURE, component=PARTS), ("01-Feb-2026", "134/84 mm Hg", "")),
    ],
)
def test_a_result_is_found_in_the_form_the_page_has_it(observation: dict[str, Any], cells: tuple[str, ...]) -> None:
    title = "Blood pressure" if "component" in observation else "Laboratory HbA1c"
    assert missing(values(title, cells), observation) == []


@pytest.mark.parametrize("timing", ["effectivePeriod", "effectiveTiming", "issued", "effectiveInstant"])
def test_a_result_is_found_by_any_date_it_gives_itself(timing: str) -> None:
    when: object = {"effectivePeriod": {"end": "2026-02-01"}, "effectiveTiming": {"event": ["2026-02-01"]}}.get(timing, "2026-02-01")
    observation = {key: value for key, value in result("a", **quantity(7)).items() if key != "effectiveDateTime"} | {timing: when}
    assert missing(values("Laboratory HbA1c", ("01-Feb-2026", "7 %", "")), observation) == []


def test_a_result_that_is_listed_by_its_id_is_found() -> None:
    assert missing(left_out("a"), result("a", valueString="positive")) == []


@pytest.mark.parametrize(
    "html",
    [
        "",
        values("Laboratory HbA1c", ("01-Feb-2026", "17.2 %", "")),
        values("Laboratory HbA1c", ("01-Feb-2026", "7.25 %", "")),
        values("Laboratory HbA1c", ("01-Feb-2026", "> 7.2 %", "")),
        values("Laboratory HbA1c", ("11-Feb-2026", "7.2 %", "")),
        values("Glucose", ("01-Feb-2026", "7.2 mmol/L", "")),
        values("Laboratory HbA1c", ("01-Feb-2026", "8.0 %", "")) + "<p>7.2 % on 01-Feb-2026, Observation/a</p>",
        left_out("a").replace("List of what is not shown", "Values behind what changed"),
        left_out("ab"),
    ],
)
def test_what_is_not_in_the_tables_is_not_found(html: str) -> None:
    assert missing(html, result("a", **quantity("7.2"))) == ["Observation/a"]


def test_one_row_stands_for_one_result() -> None:
    row = ("01-Feb-2026", "7.2 %", "")
    assert missing(values("Laboratory HbA1c", row), result("a", **quantity("7.2")), result("b", **quantity("7.2"))) == ["Observation/b"]
    assert missing(values("Laboratory HbA1c", row, row), result("a", **quantity("7.2")), result("b", **quantity("7.2"))) == []
    assert missing(values("Laboratory HbA1c", row) + left_out("a"), result("a", **quantity("7.2")), result("b", **quantity("7.2"))) == []


def test_a_file_is_read_by_patient_and_what_names_none_of_them_is_counted() -> None:
    others = [
        {"resourceType": "Patient", "id": "first"},
        result("w", WEIGHT, subject={"reference": f"{BASE}/Patient/first"}, **quantity(70, "kg")),
        result("identified", subject={"identifier": {"value": "M1"}}, **quantity(7)),
        result("stranger", subject={"reference": "Patient/stranger"}, **quantity(7)),
        result("elsewhere", "8867-4", **quantity(60, "/min")),
        result("group", "107931-8", hasMember=[{"reference": "Observation/a"}]),
    ]
    found = results_in([PATIENT, *others, result("a", **quantity(7))], load_measures(), base=BASE)
    assert {patient: [one.reference for one in each] for patient, each in found.by_patient.items()} == {
        "marlow": ["Observation/a"],
        "first": ["Observation/w"],
    }
    assert found.untied == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"code": []},
        {"code": {"coding": {"code": HBA1C}}},
        {"code": {"coding": [None, "x", {"system": 1}]}},
        {"subject": "Patient/marlow"},
        {"subject": None},
        {"component": {"code": 1}},
        {"component": ["x", None]},
        {"valueQuantity": []},
        {"valueQuantity": {"value": True}},
        {"valueString": {"x": 1}},
        {"effectiveDateTime": 2026},
        {"effectiveDateTime": "9999-12-31T23:59:59-12:00"},
        {"effectiveDateTime": "0001-01-01T00:00:00+14:00"},
        {"effectiveTiming": [{"event": [None, {"x": []}]}]},
    ],
)
def test_no_shape_of_a_resource_stops_the_check(fields: dict[str, Any]) -> None:
    results = results_in([PATIENT, result("a") | fields], load_measures(), base=BASE)
    page = Page(url="http://x/", status=200, html=values("Laboratory HbA1c", ("01-Feb-2026", "7 %", "")))
    found = [one for each in results.by_patient.values() for one in each]
    assert list(missing_from(page, found, ZoneInfo("Pacific/Kiritimati"))) == found


def test_a_second_beyond_the_calendar_has_no_day() -> None:
    assert day_in(ZoneInfo("Pacific/Kiritimati"), "9999-12-31T23:59:59Z") is None
    assert day_in(UTC, "2026") is None


@pytest.mark.parametrize(
    ("fields", "rated"),
    [
        ({}, True),
        ({"active": True, "deceasedBoolean": False}, True),
        ({"link": [{"type": "replaces", "other": {}}]}, True),
        ({"active": False}, False),
        ({"deceasedBoolean": True}, False),
        ({"deceasedDateTime": "2026-01-01"}, False),
        ({"link": [{"type": "replaced-by", "other": {}}]}, False),
        ({"link": {"type": "replaced-by"}}, True),
    ],
)
def test_who_has_died_or_whose_record_is_over_is_not_rated(fields: dict[str, Any], rated: bool) -> None:
    assert may_be_rated(PATIENT | fields) == rated
