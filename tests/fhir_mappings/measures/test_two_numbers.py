"""What one resource holds of two numbers: which part holds which, and by which code they are known."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.code_index import CodePlace, code_index
from fhir_mappings.measures.pairs.one_resource import TwoNumbers, both_shown, check_pair, names_of, two_numbers, usual_pair
from fhir_mappings.measures.quantity_reader import Unreadable
from fhir_mappings.r4.quantity import Quantity
from tests.fhir_mappings.records import LOINC, coded, observation, pressure, quantity

SNOMED = "http://snomed.info/sct"
PANEL, AVERAGES = "85354-9", "96607-7"
UPPER, LOWER = quantity(131, "mm[Hg]"), quantity(79, "mm[Hg]")
[BLOOD_PRESSURE] = [measure for measure in load_measures() if measure.key == "blood-pressure"]


def place(code: str = PANEL, system: str = LOINC) -> CodePlace:
    [found] = code_index(load_measures())[system, code]
    return found


def part(code: str, value: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    held = {} if value is None else {"valueQuantity": value}
    return {"code": coded(code, LOINC if "-" in code else SNOMED), **held, **more}


def of(*components: Any, code: str = PANEL, **more: Any) -> dict[str, Any]:
    return observation(code=coded(code), valueQuantity=None, component=list(components), **more)


SYSTOLIC, DIASTOLIC = part("8480-6", UPPER), part("8462-4", LOWER)
MEAN_SYSTOLIC, MEAN_DIASTOLIC = part("96608-5", UPPER), part("96609-3", LOWER)


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (of(SYSTOLIC, DIASTOLIC), PANEL),
        (of(DIASTOLIC, SYSTOLIC), PANEL),
        (of(part("271649006", UPPER), part("271650006", LOWER)), PANEL),
        (of(MEAN_SYSTOLIC, MEAN_DIASTOLIC, code=AVERAGES), AVERAGES),
    ],
)
def test_the_panel_that_nearly_all_are_is_read_the_short_way(resource: dict[str, Any], code: str) -> None:
    found = usual_pair(resource, place(code))
    assert found is not None
    assert [one["valueQuantity"] for one in found] == [UPPER, LOWER]
    [long_way] = two_numbers(resource, place(code))
    assert isinstance(long_way, TwoNumbers)
    assert (long_way.first, long_way.second) == found


BOTH_CODES = {"coding": [*coded("8480-6")["coding"], *coded("271649006", SNOMED)["coding"]]}


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (of(SYSTOLIC, DIASTOLIC, part("8478-0", UPPER)), PANEL),
        (of(SYSTOLIC), PANEL),
        (of(SYSTOLIC, DIASTOLIC) | {"component": {"a": SYSTOLIC, "b": DIASTOLIC}}, PANEL),
        (of(SYSTOLIC, DIASTOLIC) | {"component": None}, PANEL),
        (of(SYSTOLIC, DIASTOLIC, hasMember=[]), PANEL),
        (of(SYSTOLIC, DIASTOLIC) | {"code": {"coding": [*coded(PANEL)["coding"], *coded("55284-4")["coding"]]}}, PANEL),
        (of(SYSTOLIC | {"code": BOTH_CODES}, DIASTOLIC), PANEL),
        (of(SYSTOLIC | {"code": {"coding": []}}, DIASTOLIC), PANEL),
        (of(SYSTOLIC | {"code": {"coding": "8480-6"}}, DIASTOLIC), PANEL),
        (of(SYSTOLIC | {"code": {"coding": ["8480-6"]}}, DIASTOLIC), PANEL),
        (of(SYSTOLIC | {"code": {"coding": [{"code": 7}]}}, DIASTOLIC), PANEL),
        (of(SYSTOLIC | {"code": "8480-6"}, DIASTOLIC), PANEL),
        (of(part("8480-6", valueString="131 mmHg"), DIASTOLIC), PANEL),
        (of("8480-6", DIASTOLIC), PANEL),
        (of(SYSTOLIC, part("8478-0", UPPER)), PANEL),
        (of(part("8478-0", UPPER), DIASTOLIC), PANEL),
        (of(SYSTOLIC, part("271649006", UPPER)), PANEL),
        (of(SYSTOLIC, part(PANEL, LOWER)), PANEL),
        (of(SYSTOLIC, MEAN_DIASTOLIC), PANEL),
        (of(MEAN_SYSTOLIC, DIASTOLIC), PANEL),
        (of(MEAN_SYSTOLIC, MEAN_DIASTOLIC), PANEL),
        (of(SYSTOLIC, DIASTOLIC, code=AVERAGES), AVERAGES),
    ],
)
def test_every_other_panel_is_looked_into(resource: dict[str, Any], code: str) -> None:
    assert usual_pair(resource, place(code)) is None


def test_a_pair_is_of_the_place_that_names_its_method() -> None:
    plain, average = two_numbers(of(SYSTOLIC, DIASTOLIC, MEAN_SYSTOLIC, MEAN_DIASTOLIC), place())
    assert plain == TwoNumbers(place(), "panel", SYSTOLIC, DIASTOLIC)
    assert average == TwoNumbers(place("96608-5"), "panel", MEAN_SYSTOLIC, MEAN_DIASTOLIC)
    assert two_numbers(of(SYSTOLIC, DIASTOLIC, code=AVERAGES), place(AVERAGES)) == [
        TwoNumbers(place(AVERAGES), "panel", SYSTOLIC, DIASTOLIC)
    ]


@pytest.mark.parametrize("resource", [of(SYSTOLIC), of(MEAN_SYSTOLIC)])
def test_a_component_alone_is_no_number_of_its_own(resource: dict[str, Any]) -> None:
    [why] = two_numbers(resource, place())
    assert isinstance(why, Unreadable)
    assert (why.code, why.shown) == ("pair_missing", "131 mm[Hg]")


@pytest.mark.parametrize(("code", "name"), [("8480-6", "systolic"), ("8462-4", "diastolic"), ("96608-5", "systolic")])
def test_an_observation_of_one_of_the_two_says_which(code: str, name: str) -> None:
    alone = observation(code=coded(code), valueQuantity=UPPER)
    first, second = (alone, None) if name == "systolic" else (None, alone)
    assert two_numbers(alone, place(code)) == [TwoNumbers(place(code), name, first, second)]


def test_an_observation_of_one_of_the_two_that_has_the_other_in_a_component_is_a_pair() -> None:
    upper = observation(code=coded("8480-6"), valueQuantity=UPPER, component=[DIASTOLIC])
    assert two_numbers(upper, place("8480-6")) == [TwoNumbers(place("8480-6"), "panel", upper, DIASTOLIC)]
    empty = of(SYSTOLIC, DIASTOLIC, code="8480-6")
    assert two_numbers(empty, place("8480-6")) == [TwoNumbers(place("8480-6"), "panel", SYSTOLIC, DIASTOLIC)]


def test_a_code_that_names_a_method_says_more_than_one_beside_it_that_names_none() -> None:
    for order in ([PANEL, AVERAGES], [AVERAGES, PANEL]):
        both = {"coding": [coding for code in order for coding in coded(code)["coding"]]}
        [found] = two_numbers(of(SYSTOLIC, DIASTOLIC) | {"code": both}, place(order[0]))
        assert isinstance(found, TwoNumbers)
        assert found.place is place(AVERAGES)


@pytest.mark.parametrize(
    ("texts", "both"),
    [
        (["134/84 mmHg"], ("134 mmHg", "84 mmHg")),
        (["134/84"], ("134 ", "84 ")),
        ([" 134.5 / 84.25 mm Hg "], ("134.5 mm Hg ", "84.25 mm Hg ")),
        (["134/84 mmHg", "134/84 mmHg"], ("134 mmHg", "84 mmHg")),
    ],
)
def test_a_text_of_both_is_both(texts: list[str], both: tuple[str, str]) -> None:
    first, *others = texts
    resource = of(*({"code": {"text": "reading"}, "valueString": text} for text in others), valueString=first)
    held = ({"valueString": both[0]}, {"valueString": both[1]})
    assert two_numbers(resource, place()) == [TwoNumbers(place(), "panel", *held)]


@pytest.mark.parametrize("text", ["12345/84 mmHg", "134-84 mmHg", "about 134/84", "134/84 " + "x" * 42])
def test_a_text_that_is_no_two_numbers_is_none(text: str) -> None:
    [why] = two_numbers(of(valueString=text), place())
    assert isinstance(why, Unreadable)
    assert why.code == "value_not_numeric"


def test_two_texts_that_differ_are_none() -> None:
    differing = [{"code": coded(code), "valueString": text} for code, text in (("8480-6", "134/84 mmHg"), ("8462-4", "130/80 mmHg"))]
    [found] = two_numbers(of(*differing), place())
    assert isinstance(found, TwoNumbers)
    assert (found.first, found.second) == tuple(differing)


def test_a_text_of_both_at_each_of_the_two_is_both_and_neither() -> None:
    at_each = [{"code": coded(code), "valueString": "134/84 mmHg"} for code in ("8480-6", "8462-4")]
    held = ({"valueString": "134 mmHg"}, {"valueString": "84 mmHg"})
    assert two_numbers(of(*at_each), place()) == [TwoNumbers(place(), "panel", *held)]


def test_a_text_of_both_counts_where_one_of_the_parts_is_empty() -> None:
    held = ({"valueString": "131 mmHg"}, {"valueString": "79 mmHg"})
    for parts in ((SYSTOLIC, part("8462-4")), (part("8480-6"), DIASTOLIC), (SYSTOLIC,)):
        assert two_numbers(of(*parts, valueString="131/79 mmHg"), place()) == [TwoNumbers(place(), "panel", *held)]


def test_numbers_that_are_there_by_themselves_count_before_a_text_of_both() -> None:
    resource = of(SYSTOLIC, DIASTOLIC, valueString="120/70 mmHg")
    assert two_numbers(resource, place()) == [TwoNumbers(place(), "panel", SYSTOLIC, DIASTOLIC)]


@pytest.mark.parametrize("components", [None, "x", 7, ["x", None]])
def test_components_that_are_none_are_passed_over(components: object) -> None:
    [why] = two_numbers(of() | {"component": components}, place())
    assert isinstance(why, Unreadable)
    assert why.code == "value_missing"


def test_the_two_numbers_are_called_by_their_measure() -> None:
    assert names_of(BLOOD_PRESSURE) == ("systolic", "diastolic")
    assert names_of(replace(BLOOD_PRESSURE, parts=None)) == ("first", "second")


def test_what_is_there_of_two_is_shown() -> None:
    assert both_shown(SYSTOLIC, DIASTOLIC) == "131 mm[Hg] / 79 mm[Hg]"
    assert [both_shown(SYSTOLIC, None), both_shown(None, DIASTOLIC), both_shown(None, None)] == ["131 mm[Hg]", "79 mm[Hg]", ""]
    assert both_shown({}, DIASTOLIC) == "79 mm[Hg]"


def test_which_of_several_reasons_a_pair_is_not_drawn_for_is_said_first() -> None:
    first, second, k_pa = Quantity("131", "mm[Hg]", "mm Hg"), Quantity("79", "mm[Hg]", "mm Hg"), Quantity("17", "kPa", "kPa")
    check_pair(Decimal(131), first, Decimal(79), second, bound=False)
    cases = [
        (Decimal(131), second, True, "comparator_on_pair", "79 mm Hg"),
        (Decimal(79), k_pa, True, "comparator_on_pair", "17 kPa"),
        (Decimal(131), k_pa, False, "pair_units", None),
        (Decimal(131), first, False, "pair_swapped", None),
    ]
    for value, reported, bound, code, shown in cases:
        with pytest.raises(Unreadable) as why:
            check_pair(Decimal(131), first, value, reported, bound=bound)
        assert (why.value.code, why.value.shown) == (code, shown)


def test_the_usual_panel_is_the_one_of_the_vital_signs_profile() -> None:
    assert usual_pair(pressure(131, 79), place()) is not None
