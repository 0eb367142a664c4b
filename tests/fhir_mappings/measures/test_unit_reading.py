"""Units of whole Observations: what is drawn in which, and what is listed because nobody can tell."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fhir_mappings.records import observation, panel, quantity
from tests.fhir_mappings.results import (
    BMI,
    DIASTOLIC,
    EGFR,
    EGFR_UNSTATED,
    GLUCOSE,
    HBA1C,
    IFCC_HBA1C,
    JDS,
    LDL,
    MEASURES,
    SYSTOLIC,
    UACR,
    WEIGHT,
    drawn,
    listed,
    read,
    result,
)


@pytest.mark.parametrize(
    ("loinc", "value", "code", "text"),
    [
        (WEIGHT, 180, "kg", "pounds"),
        (WEIGHT, 13, "kg", "stone"),
        (WEIGHT, 82, "[lb_av]", "Kilograms"),
        (WEIGHT, 170, "kg", "cm"),
        (HBA1C, "12.5", "mmol/mol", "percent"),
        (HBA1C, 12, "%", "mmol/mol Hgb"),
        (HBA1C, 12, "%", "millimoles per mole"),
        (HBA1C, "7.1", "%", "% JDS"),
        (HBA1C, "5.3", "%", "% (IFCC)"),
        (JDS, "7.1", "%", "% NGSP"),
        (HBA1C, "7.1", "%{Hgb}", "mmol/mol"),
        (HBA1C, "7.1", "%", "10*-3"),
        (HBA1C, "7.1", "%", " 10*-3 "),
        (HBA1C, 61, "MMOL/MOL", "percent"),
        (GLUCOSE, 12, "mg/dL", "mmol/litre"),
        (GLUCOSE, 12, "mg/dL", "Millimol pro Liter"),
        (GLUCOSE, 54, "mmol/L", "MG/DL"),
        (GLUCOSE, 54, "mmol/L", "milligrams per decilitre"),
        (GLUCOSE, 180, "mg/dL", "g/L"),
        (LDL, 5, "mmol/L", "mg per 100 mL"),
        (BMI, 31, "kg/m2", "pounds per square inch"),
        (EGFR, 48, "mL/min", "mL/min/1.73m2"),
        (EGFR, 48, "mL/min", "mL/min/1.73m2 (CKD-EPI)"),
        (EGFR, 48, "mL/min/{1.73_m2}", "mL/min"),
        (EGFR, 48, "mL/min/{1.73_m2}", "mL/s/1.73m2"),
        (UACR, 28, "mg/mmol", "mg/g creat"),
        (UACR, 28, "mg/g", "mg/mmol"),
    ],
)
def test_code_and_words_of_two_units_are_listed_with_both(loinc: str, value: object, code: str, text: str) -> None:
    skipped = listed(result(loinc, value, code, text))
    assert (skipped.code, skipped.remedy) == ("unit_contradicts", "The source corrects the unit.")
    assert skipped.reason.startswith("The unit is coded as ")
    assert skipped.reason.endswith(f" but written as {text.strip()}.")


@pytest.mark.parametrize("system", ["urn:oid:2.16.840.1.113883.6.8", "http://unitsofmeasure.org/", "urn:local", None])
def test_a_code_of_any_system_that_names_another_unit_leaves_nobody_able_to_tell(system: str | None) -> None:
    value = {"value": 180, "unit": "pounds", "code": "kg", **({"system": system} if system else {})}
    skipped = listed(result(WEIGHT, 180, None) | {"valueQuantity": value})
    assert (skipped.code, skipped.reason) == ("unit_contradicts", "The unit is coded as kg but written as pounds.")


@pytest.mark.parametrize("code", ["LBS", "[lb_av]", "4711", "weight"])
def test_a_local_code_that_names_no_other_unit_leaves_the_words_alone(code: str) -> None:
    value = {"value": 180, "unit": "pounds", "code": code, "system": "urn:local"}
    assert drawn(result(WEIGHT, 180, None) | {"valueQuantity": value}).reported.unit == "[lb_av]"


@pytest.mark.parametrize(("text", "mm_hg"), [("kPa", "mm[Hg]"), ("kilopascals", "mm[Hg]"), ("cmH2O", "mm[Hg]")])
def test_a_blood_pressure_in_other_words_than_its_code_is_listed(text: str, mm_hg: str) -> None:
    parts = {SYSTOLIC: {**quantity(131, mm_hg), "unit": text}, DIASTOLIC: quantity(79, mm_hg)}
    assert listed(panel("85354-9", parts)).reason == f"The unit is coded as mm Hg but written as {text}."
    parts = {SYSTOLIC: quantity(131, mm_hg), DIASTOLIC: {**quantity(79, mm_hg), "unit": text}}
    assert listed(panel("85354-9", parts)).code == "unit_contradicts"


@pytest.mark.parametrize(
    ("loinc", "value", "code", "text"),
    [
        (WEIGHT, 82, "kg", "kilogram"),
        (WEIGHT, 82, "kg", "Kg."),
        (WEIGHT, 180, "[lb_av]", "pounds"),
        (WEIGHT, 180, "[lb_av]", "lbs."),
        (HBA1C, "7.1", "%", "% of total Hgb"),
        (HBA1C, "7.1", "%", "percent"),
        (HBA1C, "7.1", "%", "PCT"),
        (HBA1C, 54, "mmol/mol", "mmol/mol (IFCC)"),
        (HBA1C, 54, "mmol/mol", "mmol"),
        (JDS, "7.1", "%", "percent"),
        (GLUCOSE, 8, "mmol/L", "millimoles per litre"),
        (GLUCOSE, 140, "mg/dL", "MG/DL"),
        (GLUCOSE, 140, "mg/dL", "mg"),
        (GLUCOSE, 140, "mg/dL", "mg/100 mL"),
        (BMI, 31, "kg/m2", "kilograms per square metre"),
        (EGFR, 48, "mL/min/{1.73_m2}", "ML/MIN/1.73 SQ M"),
        (EGFR, 48, "mL/min/{1.73_m2}", "mL/min/1.73 m² BSA"),
        (EGFR, 48, "mL/min/{1.73_m2}", "mL"),
        (UACR, 28, "mg/g{creat}", "mg/g"),
        (UACR, 28, "mg/g", "mcg/mg creat"),
        (HBA1C, "7.1", "%", "A1C"),
        (HBA1C, "7.1", "%", "see note"),
        (WEIGHT, 82, "kg", "body weight"),
    ],
)
def test_words_that_say_the_same_or_name_no_unit_leave_the_code_alone(loinc: str, value: object, code: str, text: str) -> None:
    assert drawn(result(loinc, value, code, text)).reported[::2] == (str(value), text if loinc != JDS else "% JDS")


def test_a_blood_pressure_in_words_is_drawn() -> None:
    one = {**quantity(131, "mm[Hg]"), "unit": "millimeter of mercury"}
    assert drawn(panel("85354-9", {SYSTOLIC: one, DIASTOLIC: {**one, "value": 79}})).paired == 79


@pytest.mark.parametrize(
    ("loinc", "value", "code", "text", "in_unit"),
    [
        (HBA1C, 61, "mmol/mol{Hgb}", "mmol/mol", (61, "mmol/mol")),
        (HBA1C, 63, "10*-3", "mmol/mol", (63, "mmol/mol")),
        (HBA1C, "7.5", "%{HemoglobinA1c}", "%", (58, "%")),
        (IFCC_HBA1C, 63, "umol/mmol", None, (63, "mmol/mol")),
        (JDS, "7.2", "%{HbA1c}", None, (59, "%{JDS}")),
        (EGFR, 51, "mL/min/{1.73.m2}", "mL/min/1.73m2", (51, "mL/min/{1.73_m2}")),
        (EGFR, 51, "mL/min{1.73m2}", None, (51, "mL/min/{1.73_m2}")),
        (EGFR, 51, "mL/min/(173/100.m2)", None, (51, "mL/min/{1.73_m2}")),
        (EGFR, 51, "mL/min/1.73.m2", None, (51, "mL/min/{1.73_m2}")),
        (UACR, 28, "ug/mg{creat}", "ug/mg creat", (Decimal("3.2"), "mg/g")),
        (UACR, 28, "mg/mmol{creat}", None, (28, "mg/mmol")),
        (UACR, 28, "g/mol", None, (28, "mg/mmol")),
        (UACR, 28, "10*-3", None, (Decimal("3.2"), "mg/g")),
        (GLUCOSE, 8, "umol/mL", None, (8, "mmol/L")),
        (BMI, 31, "kg.m-2", None, (31, "kg/m2")),
    ],
)
def test_what_ucum_says_is_the_same_is_read(loinc: str, value: object, code: str, text: str | None, in_unit: tuple[object, str]) -> None:
    found = drawn(result(loinc, value, code, text))
    assert (found.value, found.reported.unit) == in_unit
    assert found.reported.label == text or "10*" not in found.reported.label


@pytest.mark.parametrize(
    ("loinc", "code"),
    [
        (HBA1C, "%{IFCC}"),
        (HBA1C, "%{JDS}"),
        (HBA1C, "cmol/mol"),
        (HBA1C, "mg/g"),
        (GLUCOSE, "g/L"),
        (EGFR, "mL/min/m2"),
        (EGFR, "mL/min{BSA}"),
        (EGFR, "mL/s"),
        (UACR, "%"),
    ],
)
def test_what_ucum_says_is_another_unit_is_listed(loinc: str, code: str) -> None:
    assert listed(result(loinc, 15, code)).code == "unit_unknown"


@pytest.mark.parametrize(
    ("loinc", "value", "text", "code"),
    [(WEIGHT, 180, "pounds", "[lb_av]"), (HBA1C, "7.1", "percent", "%"), (GLUCOSE, 8, "millimoles per litre", "mmol/L")],
)
def test_without_a_code_words_that_name_one_unit_count(loinc: str, value: object, text: str, code: str) -> None:
    assert drawn(result(loinc, value, None, text)).reported == (str(value), code, text)


@pytest.mark.parametrize(("loinc", "text"), [(HBA1C, "% IFCC"), (WEIGHT, "stone"), (GLUCOSE, "mg"), (HBA1C, "parts"), (EGFR, "mL/min/BSA")])
def test_without_a_code_other_words_count_for_nothing(loinc: str, text: str) -> None:
    assert listed(result(loinc, 12, None, text)).code == "unit_unknown"


@pytest.mark.parametrize(
    ("loinc", "code", "method"),
    [
        (EGFR, "mL/min", "CKD-EPI 2021, not per 1.73 m²"),
        (EGFR_UNSTATED, "mL/min", "not stated, not per 1.73 m²"),
        (EGFR, "mL/min/{1.73_m2}", "CKD-EPI 2021"),
    ],
)
def test_the_methods_of_code_and_unit_are_said_together(loinc: str, code: str, method: str) -> None:
    assert drawn(result(loinc, 82, code)).method == method


@pytest.mark.parametrize(
    ("loinc", "code", "converted"),
    [(EGFR, "mL/min", False), (EGFR, "mL/min/{1.73_m2}", False), (WEIGHT, "kg", False), (WEIGHT, "[lb_av]", True)],
)
def test_a_value_is_converted_only_where_its_number_changes(loinc: str, code: str, *, converted: bool) -> None:
    assert drawn(result(loinc, 82, code)).converted is converted


def test_the_source_s_method_is_kept_beside_the_unit_s() -> None:
    plain = [measure for measure in MEASURES if measure.key == "egfr"]
    assert plain[0].apart == {"mL/min"}
    assert drawn(observation(method={"text": "capillary"})).method == "capillary"


WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    WEIGHT: {"kg": ("kilogram", "KGS", "kilos"), "[lb_av]": ("pounds", "lbs.", "Pound")},
    GLUCOSE: {"mmol/L": ("mmol/litre", "millimoles per liter"), "mg/dL": ("MG/DL", "milligrams per decilitre")},
    LDL: {"mmol/L": ("mmol per L", "Millimol/Liter"), "mg/dL": ("mg/100mL", "mg per dL")},
    HBA1C: {"%": ("percent", "% of total Hb"), "mmol/mol": ("mmol/mol Hgb", "millimoles per mole")},
    UACR: {"mg/g": ("ug/mg creat", "milligrams per gram"), "mg/mmol": ("mg/mmol creatinine", "g/mol")},
}
SAID = [(loinc, code, text) for loinc, units in WORDS.items() for code in units for texts in units.values() for text in texts]


@given(st.sampled_from(SAID), st.integers(21, 49), st.sampled_from(["", "{of}"]))
def test_a_value_is_drawn_exactly_where_code_and_words_say_one_unit(said: tuple[str, str, str], number: int, note: str) -> None:
    loinc, code, text = said
    found, skipped = read(result(loinc, number, code + note, text))
    codes = [one.code for one in skipped]
    if text not in WORDS[loinc][code]:
        assert (found, codes) == ([], ["unit_contradicts"])
    else:
        assert [one.reported.unit for one in found] == [code] if found else codes == ["unit_suspect"]
