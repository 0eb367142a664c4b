"""Results filed as text."""

import pytest

from tests.fhir_mappings.records import observation
from tests.fhir_mappings.results import drawn, listed


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("7.2%", "7.2"),
        ("7.4 %", "7.4"),
        ("7,2 %", "7.2"),
        ("+7.4 %", "7.4"),
        (">14.0 %", "14.0"),
        ("> 14,0 %", "14.0"),
        ("< 4.0 %", "4.0"),
        ("≥14 %", "14"),
    ],
)
def test_a_number_with_a_unit_in_text_is_read_whatever_stands_before_it(text: str, reported: str) -> None:
    found = drawn(observation(valueQuantity=None, valueString=text))
    sign = {"<": "<", ">": ">", "≥": ">="}.get(text[0])
    assert (found.reported.text, found.reported.unit, found.comparator) == (reported, "%", sign)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,234 mg/g", "value_ambiguous"),
        ("7.125 %", "value_ambiguous"),
        (">14.0", "unit_missing"),
        ("7.2 % H", "unit_unknown"),
        ("<10 IntlUnit/mL", "unit_unknown"),
        ("GT 14 %", "value_not_numeric"),
        ("7.2-7.5 %", "value_not_numeric"),
        ("> 61 %", "unit_suspect"),
    ],
)
def test_a_text_that_is_no_single_number_with_a_unit_is_listed_as_it_is(text: str, code: str) -> None:
    skipped = listed(observation(valueQuantity=None, valueString=text))
    assert skipped.code == code
    assert skipped.shown is not None
    assert skipped.shown.replace(" ", "") == text.replace(" ", "")
