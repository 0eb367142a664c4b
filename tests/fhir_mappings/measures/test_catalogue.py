from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.measures.catalogue import codes_of, groups_of, load_measures, read_measures
from fhir_mappings.measures.conversion import converted, in_second_unit

PAGE = Path(__file__).resolve().parents[3] / "docs" / "add-a-measure.md"
# The whole file that the page shows.
FERRITIN = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
MEASURES = {measure.key: measure for measure in load_measures()}
FILES = {file.name: file.read_text() for file in sorted((files("fhir_mappings.measures") / "files").iterdir(), key=lambda file: file.name)}
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


def test_groups_come_in_their_order_whatever_their_files_are_called() -> None:
    assert [group.key for group in groups_of(load_measures())] == ["hba1c", "glucose", "vitals", "labs"]
    *_, labs, iron = groups_of(read_measures([("a.toml", FERRITIN), *FILES.items()]))
    assert (labs.title, iron.title) == ("LDL, eGFR and UACR", "Iron")


def test_a_groups_categories_have_a_source() -> None:
    categories = {group.key: group.categories for group in groups_of(load_measures())}
    assert categories == {"hba1c": ("laboratory",), "glucose": (), "vitals": ("vital-signs",), "labs": ("laboratory",)}
    assert all(group.source and group.certainty in {"verified", "unverified"} for group in groups_of(load_measures()))


def test_measures_of_one_group_stand_together_wherever_they_come_from() -> None:
    more = FERRITIN[FERRITIN.index("[[section]]") :].replace('group = "iron"', 'group = "hba1c"')
    assert [measure.key for measure in read_measures([*FILES.items(), ("z.toml", more)])][:3] == ["hba1c", "ferritin", "glucose"]


def test_one_file_more_brings_a_measure_and_its_group() -> None:
    *_, ferritin = read_measures([*FILES.items(), ("iron.toml", FERRITIN)])
    assert (ferritin.key, ferritin.group.key, ferritin.group.categories) == ("ferritin", "iron", ("laboratory",))
    assert len(read_measures([*FILES.items(), ("iron.toml", FERRITIN)])) == len(MEASURES) + 1


def test_no_measure_at_all_is_refused() -> None:
    with pytest.raises(DataFileError, match="holds no"):
        read_measures([])


def refused(*named: tuple[str, str]) -> DataFileError:
    with pytest.raises(DataFileError) as caught:
        read_measures(named)
    assert caught.value.page == "docs/add-a-measure.md"
    return caught.value


def test_an_unknown_group_is_refused_with_file_row_and_the_groups_there_are() -> None:
    wrong = refused(*FILES.items(), ("iron.toml", FERRITIN.replace('group = "iron"', 'group = "blood"')))
    assert (wrong.file, wrong.key) == ("iron.toml", "ferritin.group")
    assert wrong.problem == "there is no group 'blood'; known are hba1c, glucose, vitals, labs, iron"


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('key = "iron"', 'key = "labs"', "group.labs"),
        ('key = "iron"', 'key = "Iron"', "group.0.key"),
        ('key = "iron"', 'key = "scores"', "group.scores"),
        ('title = "Iron"', 'title = " "', "group.0.title"),
        ("order = 50", 'order = "last"', "group.0.order"),
        ('source = "US Core', 'source = ""  # "US Core', "group.0.source"),
        ('categories = ["laboratory"]', 'categories = "laboratory"', "group.0.categories"),
        ("order = 50", 'order = 50\ncolour = "red"', "group.0.colour"),
        ('title = "Ferritin"', 'title = ""', "measure.0.title"),
        ('key = "ferritin"', 'key = "ldl"', "measure.ldl"),
        ('code = "2276-4"', 'code = "4548-4"', "ferritin.codes"),
    ],
)
def test_a_wrong_group_or_a_second_of_one_key_is_refused(before: str, after: str, key: str) -> None:
    assert before in FERRITIN
    wrong = refused(*FILES.items(), ("iron.toml", FERRITIN.replace(before, after, 1)))
    assert (wrong.file, wrong.key) == ("iron.toml", key)


def test_a_group_without_a_measure_and_a_file_without_anything_are_refused() -> None:
    alone = FERRITIN[: FERRITIN.index("[[measure]]")]
    assert (refused(*FILES.items(), ("iron.toml", alone)).key, refused(*FILES.items(), ("empty.toml", "")).key) == ("group.iron", "(file)")


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('key = "hba1c"', 'key = "hba1c"\ncolour = "red"', "measure.0.colour"),
        ('code = "17856-6"', 'code = "4548-4"', "hba1c.codes"),
        ('units = ["%", "mmol/mol"]', 'units = ["furlong"]', "hba1c.codes"),
        ('slope = "1"', 'slope = "2"', "hba1c.units"),
        ('low = "30", high = "130"', 'low = "130", high = "30"', "hba1c"),
        ('slope = "1"', 'slope = "steep"', "measure.0.units.0.slope"),
        ('unlikely_below = "15"', 'unlikely_below = "200"', "hba1c.units"),
        ("[[measure]]\nkey", "[[measure\nkey", "(syntax)"),
    ],
)
def test_a_wrong_row_is_refused_with_file_key_and_page(before: str, after: str, key: str) -> None:
    wrong = refused(*(FILES | {"hba1c.toml": FILES["hba1c.toml"].replace(before, after, 1)}).items())
    assert wrong.key.startswith(key)
    assert all(part in str(wrong) for part in ("hba1c.toml", "docs/add-a-measure.md"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('parts = ["systolic", "diastolic"]', 'parts = ["upper", "lower"]'),
        ('parts = ["systolic", "diastolic"]\n', ""),
        ('part = "systolic"', 'part = "upper"'),
        ('part = "systolic"\n', ""),
    ],
)
def test_every_code_of_a_pair_says_which_number_it_is(before: str, after: str) -> None:
    assert before in FILES["vitals.toml"]
    wrong = refused(*(FILES | {"vitals.toml": FILES["vitals.toml"].replace(before, after, 1)}).items())
    assert (wrong.file, wrong.key) == ("vitals.toml", "blood-pressure.codes.part")


# Sections


def test_each_measure_is_shown_under_a_section_in_the_order_of_the_files() -> None:
    shown = [measure for measure in load_measures() if measure.key != "hba1c"]
    sections = sorted({measure.section for measure in shown if measure.section}, key=lambda one: one.order)
    assert all(measure.section for measure in shown)
    assert [section.key for section in sections] == ["glucose", "heart", "kidney", "body"]


def test_a_measure_brings_a_section_of_its_own_or_goes_without() -> None:
    *_, ferritin = read_measures([("a.toml", FERRITIN), *FILES.items()])
    assert ferritin.section is not None
    assert ferritin.section.title == "Blood"
    section = FERRITIN[FERRITIN.index("[[section]]") : FERRITIN.index("[[measure]]")]
    without = "\n".join(line for line in FERRITIN.replace(section, "").splitlines() if not line.startswith("section"))
    *_, ferritin = read_measures([("a.toml", without), *FILES.items()])
    assert ferritin.section is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            FERRITIN.replace('section = "blood"', 'section = "bloood"'),
            "there is no section 'bloood'; known are glucose, heart, kidney, body, blood",
        ),
        (FERRITIN.replace('section = "blood"', ""), "section.blood: has no measure"),
    ],
)
def test_a_section_that_is_not_there_or_holds_nothing_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(DataFileError) as refused:
        read_measures([("a.toml", wrong), *FILES.items()])
    assert said in str(refused.value)
