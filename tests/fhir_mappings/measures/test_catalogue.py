from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.measures.catalogue import codes_of, groups_of, load_measures, read_measures
from fhir_mappings.measures.conversion import converted, in_second_unit

MEASURES = {measure.key: measure for measure in load_measures()}
TEXT = (files("fhir_mappings.measures") / "files" / "measures.toml").read_text()
HBA1C = MEASURES["hba1c"]
PERCENT = next(unit for unit in HBA1C.units if unit.code == "%")
TENTHS = st.integers(40, 150).map(lambda tenths: Decimal(tenths) / 10)


def test_the_measures_a_clinic_looks_at_are_there() -> None:
    assert {"hba1c", "glucose", "blood-pressure", "weight", "bmi", "ldl", "egfr", "uacr", "time-in-range"} <= set(MEASURES)


@given(TENTHS)
def test_percent_to_mmol_mol_and_back_never_changes_the_percent(percent: Decimal) -> None:
    assert HBA1C.second is not None
    assert in_second_unit(converted(percent, PERCENT, decimals=0), HBA1C.second) == percent.quantize(Decimal("0.1"))


@given(TENTHS)
def test_the_master_equation_agrees_with_its_rounded_form(percent: Decimal) -> None:
    rounded_form = Decimal("10.93") * percent - Decimal("23.5")  # IFCC network, ifcchba1c.org
    assert abs(converted(percent, PERCENT, decimals=0) - rounded_form) <= 1


@pytest.mark.parametrize(
    ("key", "unit", "reported", "drawn"),
    [
        ("glucose", "mg/dL", "180", "10.0"),
        ("ldl", "mg/dL", "70", "1.8"),
        ("uacr", "mg/g", "30", "3.4"),
        ("weight", "[lb_av]", "180", "81.6"),
        ("weight", "g", "82100", "82.1"),
    ],
)
def test_known_pairs_of_units(key: str, unit: str, reported: str, drawn: str) -> None:
    measure = MEASURES[key]
    found = next(one for one in measure.units if one.code == unit)
    assert converted(Decimal(reported), found, decimals=measure.decimals) == Decimal(drawn)


def test_a_value_in_the_drawing_unit_keeps_its_digits() -> None:
    measure = MEASURES["weight"]
    assert str(converted(Decimal("82.10"), measure.units[0], decimals=1)) == "82.10"


def test_every_code_and_conversion_names_its_source() -> None:
    for measure in MEASURES.values():
        assert measure.citations
        assert all(code.source and code.certainty in {"verified", "unverified"} for code in measure.codes)


# SMART K8
def test_a_group_is_searched_by_its_codes_and_their_panels() -> None:
    codes = [code for _, code in codes_of(tuple(MEASURES.values()), "vitals")]
    assert {"85354-9", "55284-4", "8480-6", "29463-7", "39156-5"} <= set(codes)
    assert len(codes) == len(set(codes))


def test_groups_come_in_the_order_of_the_file() -> None:
    assert groups_of(tuple(MEASURES.values())) == ("hba1c", "glucose", "vitals", "labs")


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('key = "hba1c"', 'key = "hba1c"\ncolour = "red"', "measure.0.colour"),
        ('code = "17856-6"', 'code = "4548-4"', "hba1c.codes"),
        ('units = ["%", "mmol/mol"]', 'units = ["furlong"]', "hba1c.codes"),
        ('slope = "1"', 'slope = "2"', "hba1c.units"),
        ('low = "30", high = "130"', 'low = "130", high = "30"', "hba1c"),
        ('slope = "1"', 'slope = "steep"', "measure.0.units.0.slope"),
        ("[[measure]]\nkey", "[[measure\nkey", "(syntax)"),
    ],
)
def test_a_wrong_row_is_refused_with_file_key_and_page(before: str, after: str, key: str) -> None:
    with pytest.raises(DataFileError) as refused:
        read_measures(TEXT.replace(before, after, 1), file="measures.toml")
    assert refused.value.key.startswith(key)
    assert "measures.toml" in str(refused.value)
    assert "docs/add-a-measure.md" in str(refused.value)
