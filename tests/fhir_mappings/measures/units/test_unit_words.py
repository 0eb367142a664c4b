import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.measures.units.ucum import canonical
from fhir_mappings.measures.units.unit_words import _read, _words, _WordsFile, unit_named


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pounds", "[lb_av]"),
        ("Lbs.", "[lb_av]"),
        ("[lb_av]", "[lb_av]"),
        ("stone", "[stone_av]"),
        ("kilogram", "kg"),
        ("Kilogramm", "kg"),
        ("KGS", "kg"),
        ("percent", "%"),
        ("per cent", "%"),
        ("pour cent", "%"),
        ("PCT", "%"),
        ("% of total Hgb", "%"),
        ("%Hb", "%"),
        ("% (NGSP)", "%"),
        ("per mille", "10*-3"),
        ("mmol/mol Hgb", "mmol/mol"),
        ("mmol/mol (IFCC)", "mmol/mol"),
        ("millimoles per mole", "mmol/mol"),
        ("mmol/litre", "mmol/L"),
        ("millimoles per litre", "mmol/L"),
        ("Millimol pro Liter", "mmol/L"),
        ("MMOL/L", "mmol/L"),
        ("µmol / L", "umol/L"),
        ("μg/mg creat.", "ug/mg"),
        ("mcg/mg creatinine", "ug/mg"),
        ("MG/DL", "mg/dL"),
        ("mg per 100 mL", "mg/dL"),
        ("mg%", "mg/dL"),
        ("milligrams per decilitre", "mg/dL"),
        ("mmHg", "mm[Hg]"),
        ("mm[Hg]", "mm[Hg]"),
        ("millimeter of mercury", "mm[Hg]"),
        ("kilopascal", "kPa"),
        ("KPA", "kPa"),
        ("kg/m²", "kg/m2"),
        ("kg/m^2", "kg/m2"),
        ("kg/m**2", "kg/m2"),
        ("kilograms per square metre", "kg/m2"),
        ("mL/min", "mL/min"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("ML/MIN/1.73M2", "mL/min/{1.73_m2}"),
        ("ml/min/1,73m2", "mL/min/{1.73_m2}"),
        ("mL/min per 1.73 square meters of body surface area", "mL/min/{1.73_m2}"),
    ],
)
def test_the_words_of_clinics_and_interfaces_name_their_unit(text: str, code: str) -> None:
    assert unit_named(text) == code


@pytest.mark.parametrize("text", ["", " ", "/", "units", "mm", "U", "mg/BSA", "points", "see note", "mg/dL fasting", "kg " * 40])
def test_a_text_with_a_word_that_is_not_known_names_nothing(text: str) -> None:
    assert unit_named(text) is None


def test_a_text_longer_than_any_unit_is_a_note_whatever_its_words() -> None:
    assert unit_named("kg" + " of" * 19 + " ") == "kg"
    assert unit_named("kg" + " of" * 20) is None


def test_words_are_looked_up_in_plain_form_and_prefixes_stand_before_those_that_take_them() -> None:
    words = _read(
        _WordsFile.model_validate(
            {
                "per": ("per", "/"),
                "left_out": ("of",),
                "prefix": (
                    {"code": "m", "words": ("milli", "Mili")},
                    {"code": "k", "words": ("kilo",)},
                ),
                "unit": (
                    {"code": "g", "words": ("Gram", "g m"), "prefixed": True},
                    {"code": "[lb_av]", "words": ("Lbs.",)},
                ),
            }
        )
    )
    assert words.units == {
        "gram": "g", "g m": "g", "lbs": "[lb_av]",
        "milligram": "mg", "millig m": "mg", "miligram": "mg", "milig m": "mg",
        "kilogram": "kg", "kilog m": "kg",
    }  # fmt: skip
    assert (words.left_out, words.joins) == (frozenset({"of"}), frozenset({"per", "/"}))


def test_every_unit_of_the_words_file_is_ucum() -> None:
    assert [code for code in _words().units.values() if canonical(code) is None] == []


def test_no_word_of_the_file_is_left_out_or_parts_two_factors() -> None:
    words = _words()
    said = {word for phrase in words.units for word in phrase.split()}
    assert not said & (words.left_out | words.joins)


@given(st.sampled_from(sorted(_words().units)), st.sampled_from(["{}", " {} ", "({})", "{}.", "{} of total Hb", "[{}]"]))
def test_capitals_brackets_and_what_it_is_of_make_no_other_unit(word: str, around: str) -> None:
    assert unit_named(around.format(word.upper())) == unit_named(word)


@given(st.text(max_size=80))
def test_no_text_makes_it_raise(text: str) -> None:
    named = unit_named(text)
    assert named is None or canonical(named) is not None
