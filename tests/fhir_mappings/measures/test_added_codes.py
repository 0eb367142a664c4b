"""A site's own codes are read, counted and searched for like ours; what is wrong in their file is named."""

import pytest

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.measures.added_codes import with_added_codes
from fhir_mappings.measures.catalogue import codes_of, load_measures
from fhir_mappings.measures.observation_reader import read_measurements
from tests.fhir_mappings.measures.test_catalogue import PAGE
from tests.fhir_mappings.records import WHO, observation

# The whole file that the page shows.
OWN = PAGE.read_text().partition("## Codes of your own")[2].partition("```toml\n")[2].partition("```")[0]
SYSTEM, CODE = "urn:example:our-laboratory", "A1C-IFCC"


def coded(system: str, code: str) -> dict[str, object]:
    return {"code": {"coding": [{"system": system, "code": code}]}}


def quantity(value: object, unit: str) -> dict[str, object]:
    return {"valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}}


def test_a_result_under_a_code_of_the_site_is_searched_for_and_read() -> None:
    extended = with_added_codes(load_measures(), OWN, file="own.toml")
    result = observation(**coded(SYSTEM, CODE), **quantity(58, "mmol/mol"))
    assert read_measurements(load_measures(), [result], patient=WHO) == ([], [])
    [found], _ = read_measurements(extended, [result], patient=WHO)
    assert (found.measure, str(found.value), found.method) == ("hba1c", "58", "point of care")
    assert set(codes_of(extended, "hba1c")) == {*codes_of(load_measures(), "hba1c"), (SYSTEM, CODE)}


def test_the_unit_comes_from_the_result_and_never_from_the_code() -> None:
    extended = with_added_codes(load_measures(), OWN, file="own.toml")
    found, [skipped] = read_measurements(extended, [observation(**coded(SYSTEM, CODE), **quantity("7.4", "%"))], patient=WHO)
    assert (found, skipped.code) == ([], "unit_unknown")


def test_without_method_and_units_a_code_is_read_like_the_measures_others() -> None:
    plain = "\n".join(line for line in OWN.splitlines() if not line.startswith(("units", "method")))
    extended = with_added_codes(load_measures(), plain, file="own.toml")
    [found], _ = read_measurements(extended, [observation(**coded(SYSTEM, CODE), **quantity("7.4", "%"))], patient=WHO)
    assert (found.reported.text, found.method) == ("7.4", None)


def test_what_ships_is_left_as_it_is() -> None:
    before = load_measures()
    with_added_codes(before, OWN, file="own.toml")
    assert load_measures() is before
    assert (SYSTEM, CODE) not in codes_of(load_measures(), "hba1c")


@pytest.mark.parametrize(
    ("before", "after", "key", "problem"),
    [
        ('measure = "hba1c"', 'measure = "a1c"', "code.0.measure", "there is no measure 'a1c'; known are blood-pressure, bmi,"),
        ('code = "A1C-IFCC"', 'code = "A1C,IFCC"', "code.0.code", "pattern"),
        ('code = "A1C-IFCC"', 'code = ""', "code.0.code", "pattern"),
        ('system = "urn:example:our-laboratory"', 'system = "our laboratory"', "code.0.system", "pattern"),
        ('units = ["mmol/mol"]', 'units = ["furlong"]', "hba1c.codes.A1C-IFCC", "furlong is no unit of the measure"),
        ('units = ["mmol/mol"]', "units = []", "code.0.units", "at least 1"),
        ('certainty = "unverified"', 'certainty = "sure"', "code.0.certainty", "verified"),
        ('source = "our laboratory', 'source = ""  # "our laboratory', "code.0.source", "is empty"),
        ('method = "point of care"', 'colour = "red"', "code.0.colour", "not permitted"),
        ("[[code]]", "[[kode]]", "kode", "the nearest there is: code"),
        ("[[code]]", "[[code]", "(syntax)", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(before: str, after: str, key: str, problem: str) -> None:
    assert before in OWN
    with pytest.raises(DataFileError) as caught:
        with_added_codes(load_measures(), OWN.replace(before, after, 1), file="own.toml")
    assert (caught.value.file, caught.value.page) == ("own.toml", "docs/add-a-measure.md")
    assert caught.value.key == key
    assert problem in caught.value.problem


@pytest.mark.parametrize(("system", "code"), [("http://loinc.org", "4548-4"), ("http://loinc.org", "29463-7"), (SYSTEM, CODE)])
def test_a_code_that_a_measure_has_already_is_refused(system: str, code: str) -> None:
    twice = OWN + OWN.replace(SYSTEM, system).replace(CODE, code)
    with pytest.raises(DataFileError, match=f"{code} belongs to"):
        with_added_codes(load_measures(), twice, file="own.toml")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(DataFileError, match=r"own\.toml: code"):
        with_added_codes(load_measures(), "", file="own.toml")


def test_hba1c_aligned_to_the_dcct_is_read_in_percent() -> None:
    coded_so = coded("http://snomed.info/sct", "1019431000000105")
    found, skipped = read_measurements(
        load_measures(), [observation(**coded_so, **quantity("7.4", "%")), observation(**coded_so, **quantity(57, "mmol/mol"))], patient=WHO
    )
    assert [(one.measure, one.reported.text) for one in found] == [("hba1c", "7.4")]
    assert [one.code for one in skipped] == ["unit_unknown"]
