"""Numbers that are no likely value in their unit, and are one in another unit of the measure."""

from decimal import Decimal

import pytest

from tests.fhir_mappings.records import coded, observation, panel, quantity
from tests.fhir_mappings.results import EGFR, GLUCOSE, HBA1C, IFCC_HBA1C, LDL, TIME_IN_RANGE, UACR, WEIGHT, drawn, listed, result


@pytest.mark.parametrize(
    ("loinc", "value", "code", "rather"),
    [
        (HBA1C, "12.4", "mmol/mol", "12.4 %"),
        (HBA1C, 9, "mmol/mol", "9 %"),
        (HBA1C, "14.9", "mmol/mol", "14.9 %"),
        (HBA1C, "15.4", "mmol/mol", "15.4 %"),
        (IFCC_HBA1C, "7.2e1", "%", None),
        ("999791000000106", "12.4", "mmol/mol", "12.4 %"),
        (GLUCOSE, "12.4", "mg/dL", "12.4 mmol/L"),
        (GLUCOSE, 54, "mmol/L", "54 mg/dL"),
        (LDL, "4.2", "mg/dL", "4.2 mmol/L"),
        (LDL, 22, "mmol/L", "22 mg/dL"),
    ],
)
def test_an_unlikely_value_that_is_likely_in_the_other_unit_is_suspect(loinc: str, value: object, code: str, rather: str | None) -> None:
    resource = result(loinc, value, code)
    if loinc == "999791000000106":
        resource["code"] = coded(loinc, "http://snomed.info/sct")
    skipped = listed(resource)
    assert (skipped.code, skipped.shown is not None) == ("unit_suspect", True)
    assert skipped.reason.endswith("Rapport does not guess another unit.")
    assert rather is None or f"{rather} would not" in skipped.reason


@pytest.mark.parametrize(
    ("loinc", "value", "code"),
    [
        (HBA1C, 15, "mmol/mol"),
        (HBA1C, 17, "mmol/mol"),
        (HBA1C, "20.4", "mmol/mol"),
        (HBA1C, "3.4", "%"),
        (HBA1C, "19.9", "%"),
        (GLUCOSE, 21, "mg/dL"),
        (GLUCOSE, "0.9", "mmol/L"),
        (GLUCOSE, 48, "mmol/L"),
        (GLUCOSE, 990, "mg/dL"),
        (LDL, 12, "mg/dL"),
        (LDL, "0.2", "mmol/L"),
        (LDL, 12, "mmol/L"),
        (LDL, 700, "mg/dL"),
        (WEIGHT, 45, "[lb_av]"),
        (WEIGHT, 210, "kg"),
        (EGFR, 4, "mL/min/{1.73_m2}"),
        (UACR, 1, "mg/g"),
    ],
)
def test_a_real_low_or_high_value_is_drawn(loinc: str, value: object, code: str) -> None:
    assert drawn(result(loinc, value, code)).reported.text == str(value)


def test_the_limit_of_a_device_is_no_slip_of_the_unit() -> None:
    assert drawn(observation(valueQuantity={**quantity(14, "mmol/mol"), "comparator": "<"})).comparator == "<"
    skipped = listed(observation(valueQuantity={**quantity(14, "mmol/mol"), "comparator": ">"}))
    assert (skipped.code, skipped.shown) == ("unit_suspect", "> 14 mmol/mol")


def test_a_fraction_of_time_in_range_called_percent_is_suspect_and_none_at_all_is_drawn() -> None:
    assert listed(panel("106793-3", {TIME_IN_RANGE: quantity(Decimal("0.71"))})).code == "unit_suspect"
    assert drawn(panel("106793-3", {TIME_IN_RANGE: quantity(0)})).value == 0
    assert listed(panel("106793-3", {TIME_IN_RANGE: quantity(Decimal("0.71"), "1")})).code == "unit_unknown"
