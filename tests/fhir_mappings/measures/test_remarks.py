"""What came with a value stands beside it, as its source wrote it, and nothing is made up where it says nothing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Remark
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.measures.remarks import says_more
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
        coding("H", "Hoch"),
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


PLAIN_PART = {"code": {"text": "part"}, "valueQuantity": quantity(1)}


@pytest.mark.parametrize(
    "plain",
    [
        observation(),
        observation(performer=[{"reference": "Organization/lab", "display": "Lab"}]),
        observation(performer=[{"display": "Patient/p1"}]),
        observation() | {"performer": None},
        observation(meta={"versionId": "2", "profile": []}),
        pressure(131, 79),
        observation(component=[PLAIN_PART]),
    ],
)
def test_nothing_is_looked_for_where_there_is_no_sign_of_it(plain: Any) -> None:
    assert says_more(plain) is False


@pytest.mark.parametrize(
    "changed",
    [
        {"note": []},
        {"interpretation": []},
        {"referenceRange": []},
        {"performer": [{"reference": "Patient/p1"}]},
        {"performer": [{"reference": "RelatedPerson/r"}]},
        {"performer": [{"reference": "Organization/x"}, {"reference": "Organization/y"}]},
        {"performer": []},
        {"performer": ["Patient/p1"]},
        {"performer": {"reference": "Patient/p1"}},
        {"performer": [{"reference": None}]},
        {"meta": {"tag": []}},
        {"meta": {"security": []}},
        {"meta": 7},
        {"component": [PLAIN_PART, PLAIN_PART | {"interpretation": []}]},
        {"component": [PLAIN_PART | {"referenceRange": []}]},
        {"component": 7},
        {"component": [7]},
    ],
)
def test_every_sign_and_whatever_is_odd_is_looked_into(changed: dict[str, Any]) -> None:
    assert says_more(observation(**changed)) is True


@pytest.mark.parametrize(
    ("author", "by"),
    [
        ({"authorString": "Dr Weiss", "authorReference": {"display": "T. Adler"}}, "Dr Weiss"),
        ({"authorString": "", "authorReference": {"display": "T. Adler"}}, "T. Adler"),
        ({"authorString": "Dr   Weiss"}, "Dr Weiss"),
        ({"authorReference": {"reference": "Practitioner/w"}}, None),
        ({"authorReference": "T. Adler"}, None),
        ({"authorString": " "}, None),
        ({"authorString": 7}, None),
        ({}, None),
    ],
)
def test_a_comment_is_somebodys_only_where_the_record_names_them(author: dict[str, Any], by: str | None) -> None:
    assert remarks(note=[{"text": "Seen.", **author}]) == (Remark("comment", "Seen.", by),)


def test_notes_without_words_are_none_and_hide_no_other() -> None:
    notes = [{"text": " "}, {"text": 7}, {}, "Seen.", {"text": "Repeat."}]
    assert remarks(note=notes) == (Remark("comment", "Repeat."),)
    assert [remarks(note=odd) for odd in ("Repeat.", {"text": "Repeat."}, [{"text": ""}])] == [(), (), ()]


def test_where_a_comment_is_cut_is_said_with_how_long_it_is() -> None:
    [said] = remarks(note=[{"text": "x" * 299 + " " + "y" * 20}])
    assert said.text == "x" * 299 + "… (cut: the comment in the record has 320 characters)"


def test_what_is_said_twice_is_said_once_and_in_the_order_of_what_it_is() -> None:
    said = remarks(
        interpretation=[coding("IND"), coding("IND"), coding("W")],
        referenceRange=[{"high": quantity(6)}, {"high": quantity(6)}, "6", {}],
        note=[{"text": "Repeat."}],
        performer=[{"display": "Lab"}, 7, {"reference": 7}, {"reference": "RelatedPerson/r"}, {"reference": "Patient/p1"}],
        meta={"tag": [7, {"code": "x"}, {"system": TAGS, "code": "patient-supplied"}], "security": "PATRPT"},
    )
    assert said == (
        Remark("comment", "Repeat."),
        Remark("interpretation", "Indeterminate"),
        Remark("interpretation", "Worse"),
        Remark("range", "up to 6 %"),
        Remark("reported_by_related_person"),
        Remark("reported_by_patient"),
        Remark("supplied_for_patient"),
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ({"text": "Therapeutic"}, "Therapeutic: up to 6 %"),
        ({"text": " ", "coding": [{"code": "treatment"}]}, "treatment: up to 6 %"),
        ({"coding": [{"display": ""}, {"code": 7}, {"display": "Treatment", "code": "treatment"}]}, "Treatment: up to 6 %"),
        ({"coding": [{"code": "normal", "display": "NORMAL Range"}]}, "up to 6 %"),
        ({"coding": "treatment"}, "up to 6 %"),
        ("treatment", "up to 6 %"),
        ({}, "up to 6 %"),
    ],
)
def test_a_range_is_called_by_its_kind_unless_that_is_the_normal_one(kind: object, said: str) -> None:
    assert remarks(referenceRange=[{"high": quantity(6), "type": kind}]) == (Remark("range", said),)


def test_for_whom_a_range_is_is_said_with_the_age() -> None:
    one = {"high": quantity(6), "appliesTo": [{"text": "female"}, {}, "x"], "age": {"low": quantity(18, "a")}}
    assert remarks(referenceRange=[one]) == (Remark("range", "up to 6 % (female, age from 18 a)"),)
    assert remarks(referenceRange=[{"high": quantity(6), "age": "18"}]) == (Remark("range", "up to 6 %"),)


def test_four_ranges_are_said_and_how_many_more_there_are() -> None:
    four = "up to 1 %; up to 2 %; up to 3 %; up to 4 %"
    assert remarks(referenceRange=[{"high": quantity(n)} for n in (1, 2, 3, 4)]) == (Remark("range", four),)
    assert remarks(referenceRange=[{"high": quantity(n)} for n in (1, 2, 3, 4, 5)]) == (
        Remark("range", f"{four}; and 1 more in the record"),
    )


@pytest.mark.parametrize(
    ("interpretation", "said"),
    [
        ({"coding": [{"system": HL7, "code": 7}, {"system": HL7, "code": " "}, {"system": HL7, "code": "W"}]}, "Worse"),
        ({"coding": [{"system": "urn:lab", "code": "N"}]}, None),
        ({"coding": [{"system": "urn:lab", "code": "N", "display": "Not done"}]}, "Not done"),
        ({"coding": [{"system": 7, "code": "W"}]}, "coded W"),
        ({"coding": [{"code": "W"}]}, "Worse"),
        ({"coding": [{"display": "Very   odd"}]}, "Very odd"),
        ({"coding": [{"display": " ", "code": "W"}]}, "Worse"),
        ({"text": "H 7"}, None),
        ({"text": "7"}, "7"),
        ("H", None),
    ],
)
def test_what_an_interpretation_says_is_its_text_its_name_or_what_its_code_means(interpretation: object, said: str | None) -> None:
    assert remarks(interpretation=[interpretation]) == ((Remark("interpretation", said),) if said else ())


def test_what_stands_at_a_component_is_of_the_value_only_where_the_component_is() -> None:
    part = {"code": {"coding": [{"code": "97510-2"}]}, "valueQuantity": quantity(71), "interpretation": [coding("W")]}
    other = {"code": {"coding": [{"code": "97511-0"}, {"code": 7}]}, "valueQuantity": quantity(9), "interpretation": [coding("IND")]}
    resource = observation(
        code={"coding": [{"system": "http://loinc.org", "code": "106793-3"}]}, valueQuantity=None, component=[part, other, 7]
    )
    assert of(resource) == (Remark("interpretation", "Worse"),)
    uncoded = {"code": "8480-6", "interpretation": [coding("IND")]}
    assert of(pressure(131, 79) | {"component": [*pressure(131, 79)["component"], uncoded]}) == ()
    panel_code = {"code": {"coding": [{"code": "55284-4"}]}, "interpretation": [coding("IND")]}
    assert of(pressure(131, 79) | {"component": [*pressure(131, 79)["component"], panel_code]}) == ()


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
