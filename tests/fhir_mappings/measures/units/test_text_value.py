from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.measures.units.text_value import TextValue, text_value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("7.2%", (None, "7.2", "%")),
        ("7.2 %", (None, "7.2", "%")),
        (" 7,2\u00a0% ", (None, "7.2", "%")),
        ("7,2\u202f%", (None, "7.2", "%")),
        ("7.10 %", (None, "7.10", "%")),
        (">14.0 %", (">", "14.0", "%")),
        ("> 14.0 %", (">", "14.0", "%")),
        ("<4.0%", ("<", "4.0", "%")),
        ("≥ 130 mmol/mol", (">=", "130", "mmol/mol")),
        (">=130 mmol/mol", (">=", "130", "mmol/mol")),
        ("=> 130 mmol/mol", (">=", "130", "mmol/mol")),
        ("≤4,0 %", ("<=", "4.0", "%")),
        ("<10 IntlUnit/mL", ("<", "10", "IntlUnit/mL")),
        ("-7 %", (None, "-7", "%")),
        ("0,125 g", (None, "0.125", "g")),
        ("0.125 g", (None, "0.125", "g")),
        ("12,25 mg/g", (None, "12.25", "mg/g")),
        ("1234,5 mg/g", (None, "1234.5", "mg/g")),
        ("1234.567 mg/g", (None, "1234.567", "mg/g")),
        ("82", (None, "82", None)),
    ],
)
def test_comparator_number_and_unit_are_read_with_their_digits(text: str, parts: tuple[str | None, ...]) -> None:
    assert text_value(text) == parts


@pytest.mark.parametrize("text", ["1,234 mg/g", "1.234 mg/g", "> 1,234 mg/g", "12.345 mg/g", "-1,234"])
def test_a_separator_that_may_group_thousands_leaves_no_number(text: str) -> None:
    found = text_value(text)
    assert found is not None
    assert found.number is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "about seven", "~7 %", "GT 45", "see note", "%", "> %", ">> 7 %", "< > 7 %", "7.2.1 %", "7.,2 %", "7,", ",7", "\u0667 %"),
        *("1,234,567 mg/g", "1,234.5 mg/g", "1 234 mg/g", "1'234 mg/g", "1’234 mg/g"),
        *("120/80 mmHg", "7.2-7.5 %", "7.2 – 7.5 %", "7: high"),
    ],
)
def test_what_is_no_single_number_is_none(text: str) -> None:
    assert text_value(text) is None


NUMBERS = st.decimals(0, 10**6, places=1) | st.decimals(0, 100, places=2) | st.integers(0, 10**6).map(Decimal)
SIGNS = {"": None, "<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}


@given(NUMBERS, st.sampled_from(sorted(SIGNS)), st.sampled_from(["", " ", "\u00a0"]), st.sampled_from(".,"), st.sampled_from(["%", "mg/g"]))
def test_what_is_written_without_grouping_is_the_number_it_says(number: Decimal, sign: str, space: str, point: str, unit: str) -> None:
    written = f"{number:f}".replace(".", point)
    assert text_value(f"{sign}{space}{written}{space}{unit}") == TextValue(SIGNS[sign], f"{number:f}", unit)


@given(st.integers(1000, 999_999), st.sampled_from([",", "."]), st.sampled_from(["", " %"]))
def test_grouped_thousands_are_never_read_as_a_number(number: int, separator: str, unit: str) -> None:
    found = text_value(f"{number:,}".replace(",", separator) + unit)
    assert found is not None
    assert found.number is None


@given(st.text(max_size=60) | st.text("0123456789.,<>=≥ %-+e/", max_size=14))
def test_no_text_makes_it_raise_and_a_number_is_one(text: str) -> None:
    found = text_value(text)
    if found is not None and found.number is not None:
        assert Decimal(found.number).is_finite()
        assert set(found.number) <= set("-.0123456789")
