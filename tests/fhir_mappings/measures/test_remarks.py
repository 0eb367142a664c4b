"""What came with a value stands beside it, as its source wrote it, and nothing is made up where it says nothing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Remark
from fhir_mappings.measures.observation_reader import read_measurements
from tests.fhir_mappings.records import JUNK, SERVER, WHO, mutated, observation, pressure, quantity

HL7 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
TAGS = "http://hl7.org/fhir/us/core/CodeSystem/us-core-tags"


def remarks(**changed: Any) -> tuple[Remark, ...]:
    return of(observation(**changed))


def of(resource: Any) -> tuple[Remark, ...]:
    [found], skipped = read_measurements(load_measures(), [resource], patient=WHO)
    assert skipped == []
    return found.remarks


def coding(code: str, display: str | None = None, system: str | None = HL7) -> dict[str, Any]:
    whole = {"system": system, "code": code, "display": display}
    return {"coding": [{key: value for key, value in whole.items() if value is not None}]}


def test_a_plain_result_has_no_remark() -> None:
    assert remarks(performer=[{"reference": "Organization/lab", "display": "Lab"}], meta={"versionId": "1"}) == ()


def test_a_comment_is_kept_as_it_was_written() -> None:
    text = "Haemoglobin variant found.\n HbA1c is not valid in this patient; use <b>fructosamine</b>."
    assert remarks(note=[{"text": text}]) == (Remark("comment", " ".join(text.split())),)


def test_a_comment_sent_line_by_line_is_one_and_one_of_somebody_else_is_another() -> None:
    lines = [{"text": "Haemolysed."}, {"text": "Please repeat."}, {"text": "Seen.", "authorString": "Dr Weiss"}]
    assert remarks(note=lines) == (Remark("comment", "Haemolysed. Please repeat."), Remark("comment", "Seen.", "Dr Weiss"))
    assert remarks(note=[{"text": "Seen.", "authorReference": {"reference": "Practitioner/w", "display": "T. Weiss"}}])[0].by == "T. Weiss"


@pytest.mark.parametrize("length", [300, 301, 5000])
def test_a_long_comment_is_cut_and_says_so(length: int) -> None:
    [said] = remarks(note=[{"text": "x" * length}])
    assert said.text is not None
    assert ("cut" in said.text) is (length > 300)
    assert len(said.text) < 400
    assert length == 300 or str(length) in said.text


@pytest.mark.parametrize(
    ("interpretation", "said"),
    [
        (coding("IND", "Indeterminate", None), "Indeterminate"),
        (coding("HH"), "Critical high"),
        (coding("LL", None, "http://hl7.org/fhir/v2/0078"), "Critical low"),
        (coding("QCF"), "Quality control failure"),
        (coding("A", "Abnormal"), "Abnormal"),
        (coding("H>"), "Significantly high"),
        (coding("L<", None, "http://terminology.hl7.org/CodeSystem/v2-0078"), "Significantly low"),
        (coding("UNE"), "Unexpected"),
        (coding("ND", None, None), "Not detected"),
        (coding("R", None, None), "coded R"),
        (coding("XYZ"), "coded XYZ"),
        (coding("L", "Lipaemic", "urn:lab"), "Lipaemic"),
        (coding("A", None, "urn:lab"), "coded A"),
        ({"text": "High; sample haemolysed"}, "High; sample haemolysed"),
        ({**coding("H", "High"), "text": "Interference by haemoglobin variant"}, "Interference by haemoglobin variant"),
    ],
)
def test_an_interpretation_that_says_something_new_is_said(interpretation: dict[str, Any], said: str) -> None:
    assert remarks(interpretation=[interpretation]) == (Remark("interpretation", said),)


@pytest.mark.parametrize(
    "interpretation",
    [
        coding("N"), coding("H", "High"), coding("L", "Low", None), coding("H", None, None), {"text": "HI"}, {"text": "Above high normal"},
        coding("HI", "Above reference range", "urn:lab"), {**coding("H", "High"), "text": "High"}, {}, {"text": " "}, {"coding": []},
        {"coding": [{"system": HL7, "code": "H"}, {"system": "urn:lab", "code": "12", "display": "HI"}]},
    ],
)  # fmt: skip
def test_where_a_value_stands_in_its_range_is_no_news(interpretation: dict[str, Any]) -> None:
    assert remarks(interpretation=[interpretation]) == ()


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ([{"low": quantity(Decimal("4.0")), "high": quantity(Decimal("6.0"))}], "4.0–6.0 %"),
        ([{"low": {"value": 4}, "high": {"value": 6}}], "4–6"),
        ([{"low": quantity(60, "mL/min"), "high": quantity(6)}], "60 mL/min–6 %"),
        ([{"low": quantity(4), "high": {"value": 6}}], "4 %–6"),
        ([{"low": quantity(60, "mm Hg"), "high": quantity(90, "mm Hg")}], "60–90 mm Hg"),
        ([{"high": quantity(42, "mmol/mol")}], "up to 42 mmol/mol"),
        ([{"low": quantity(20, "mmol/mol")}], "from 20 mmol/mol"),
        ([{"text": "4.0 - 6.0", "low": quantity(4)}], "4.0 - 6.0"),
        ([{"high": quantity(7), "type": {"coding": [{"code": "treatment", "display": "Treatment Range"}]}}], "Treatment Range: up to 7 %"),
        ([{"high": quantity(6), "type": {"text": "Normal Range"}}], "up to 6 %"),
        ([{"high": quantity(6), "appliesTo": [{"text": "pregnant"}]}, {"high": quantity(7)}], "up to 6 % (pregnant); up to 7 %"),
        ([{"high": quantity(6), "appliesTo": [{"text": "female"}, {"text": "pregnant"}]}], "up to 6 % (female, pregnant)"),
        ([{"high": quantity(6), "appliesTo": [{"coding": [{"code": "77386006"}]}]}], "up to 6 % (77386006)"),
        ([{"high": quantity(6), "age": {}}], "up to 6 %"),
        ([{"high": quantity(6), "age": {"low": quantity(18, "a"), "high": quantity(65, "a")}}], "up to 6 % (age 18–65 a)"),
        ([{"high": quantity(n)} for n in (1, 2, 3, 4, 5, 6)], "up to 1 %; up to 2 %; up to 3 %; up to 4 %; and 2 more in the record"),
    ],
)
def test_a_reference_range_is_said_as_it_was_written(ranges: list[Any], said: str) -> None:
    assert remarks(referenceRange=ranges) == (Remark("range", said),)


@pytest.mark.parametrize("empty", [{}, {"low": {}, "high": {"unit": "%"}}, {"text": " "}, {"appliesTo": [{"text": "pregnant"}]}])
def test_a_reference_range_without_a_bound_says_nothing(empty: dict[str, Any]) -> None:
    assert remarks(referenceRange=[empty]) == ()


def test_of_a_panel_what_stands_at_the_values_own_parts_is_theirs() -> None:
    resource = pressure(131, 79, note=[{"text": "sitting"}])
    first, second = resource["component"]
    first["referenceRange"] = [{"high": quantity(140, "mm[Hg]")}]
    second["interpretation"] = [coding("AA", "Critical abnormal")]
    resource["component"].append({"code": {"text": "other"}, "interpretation": [coding("IND")]})
    assert of(resource) == (
        Remark("comment", "sitting"),
        Remark("interpretation", "Critical abnormal"),
        Remark("range", "up to 140 mm[Hg]"),
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"performer": [{"reference": "Patient/p1"}]}, "reported_by_patient"),
        ({"performer": [{"reference": "Organization/x"}, {"reference": f"{SERVER}/Patient/p1"}]}, "reported_by_patient"),
        ({"performer": [{"reference": "RelatedPerson/mother"}]}, "reported_by_related_person"),
        ({"meta": {"tag": [{"system": TAGS, "code": "patient-supplied"}]}}, "supplied_for_patient"),
        (
            {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "PATRPT"}]}},
            "reported_by_patient",
        ),
    ],
)
def test_a_value_the_patient_or_somebody_close_reports_says_so(changed: dict[str, Any], code: str) -> None:
    assert [remark.code for remark in remarks(**changed)] == [code]


@pytest.mark.parametrize(
    "changed",
    [
        {"performer": [{"reference": "Practitioner/patient"}]},
        {"performer": [{"reference": "Patient/p2"}]},
        {"performer": [{"display": "Patient/p1"}]},
        {"meta": {"tag": [{"system": "urn:local", "code": "patient-supplied"}]}},
        {"device": {"reference": "Device/meter"}},
    ],
)
def test_what_the_record_does_not_say_is_not_said(changed: dict[str, Any]) -> None:
    assert remarks(**changed) == ()


GOOD = [
    observation(
        note=[{"text": "a", "authorReference": {"display": "b"}}],
        interpretation=[{**coding("IND", "Indeterminate"), "text": "odd"}],
        referenceRange=[
            {"low": quantity(4), "high": quantity(6), "type": {"text": "t"}, "appliesTo": [{"text": "x"}], "age": {"low": quantity(1)}}
        ],
        performer=[{"reference": "Patient/p1"}],
        meta={"tag": [{"system": TAGS, "code": "patient-supplied"}]},
    ),
    pressure(131, 79, interpretation=[coding("IND")], note=[{"text": "a"}], issued="2026-03-15T00:00:00Z"),
]


ANYTHING = JUNK.map(lambda junk: observation(note=junk, interpretation=junk, referenceRange=junk))


@given(st.sampled_from(GOOD).flatmap(mutated) | ANYTHING)
@settings(max_examples=400)
def test_whatever_comes_with_a_value_the_value_is_read_and_nothing_raises(resource: Any) -> None:
    found, _ = read_measurements(load_measures(), [resource], patient=WHO)
    for remark in (remark for one in found for remark in one.remarks):
        assert remark.text is None or 0 < len(remark.text) < 400
