from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fhir_mappings.results import GLUCOSE, HBA1C, WEIGHT, read, result

FIRST = date(2026, 1, 5)


def series(loinc: str, *values: tuple[object, str], every: int = 30) -> list[dict[str, Any]]:
    """One result after the other, so many days apart."""
    days = [FIRST + timedelta(days=every * place) for place in range(len(values))]
    return [
        result(loinc, value, unit, id=f"o{place}", effectiveDateTime=f"{day}")
        for place, ((value, unit), day) in enumerate(zip(values, days, strict=True))
    ]


def sources_drawn(resources: list[dict[str, Any]]) -> list[str]:
    found, skipped = read(*resources)
    assert {one.code for one in skipped} <= {"unit_suspect"}
    assert len(found) + len(skipped) == len(resources)
    return [one.source[-2:] for one in found]


def test_a_stray_is_listed_with_what_it_is_when_it_was_and_what_settles_it() -> None:
    _, [skipped] = read(*series(WEIGHT, ("82", "kg"), ("180", "kg"), ("83.5", "kg")))
    assert (skipped.measure, skipped.what, skipped.when and skipped.when.text) == ("weight", "Weight", "2026-02-04")
    assert (skipped.shown, skipped.remedy) == ("180 kg", "The source corrects the value or its unit.")


@pytest.mark.parametrize(
    ("loinc", "others", "stray", "fits"),
    [
        (WEIGHT, [("82", "kg"), ("83.5", "kg")], (180, "kg"), "180 lb"),
        (WEIGHT, [("82", "kg"), ("81", "kg"), ("180", "[lb_av]")], (82, "[lb_av]"), "82 kg"),
        (HBA1C, [("11.9", "%"), (105, "mmol/mol")], (17, "mmol/mol"), "17 %"),
    ],
)
def test_a_value_far_from_the_others_that_fits_in_another_unit_is_suspect(
    loinc: str, others: list[tuple[object, str]], stray: tuple[object, str], fits: str
) -> None:
    for place in range(len(others) + 1):
        resources = series(loinc, *others[:place], stray, *others[place:])
        _, [skipped] = read(*resources)
        assert (skipped.code, skipped.source) == ("unit_suspect", f"Observation/o{place}")
        assert fits in skipped.reason
        assert skipped.remedy
        assert len(sources_drawn(resources)) == len(others)


@pytest.mark.parametrize(
    ("loinc", "values"),
    [
        (WEIGHT, [("82", "kg"), (180, "kg")]),
        (WEIGHT, [(180, "kg"), (165, "kg"), (140, "kg"), (120, "kg"), (95, "kg")]),
        (WEIGHT, [("3.3", "kg"), ("3.6", "kg"), ("7.1", "kg")]),
        (WEIGHT, [("180", "[lb_av]"), ("81.6", "kg"), ("82000", "g")]),
        (HBA1C, [(107, "mmol/mol"), (105, "mmol/mol"), (25, "mmol/mol")]),
        (HBA1C, [("4.2", "%"), (21, "mmol/mol"), (17, "mmol/mol")]),
        (GLUCOSE, [(54, "mg/dL"), (260, "mg/dL"), (300, "mg/dL"), ("3.1", "mmol/L")]),
    ],
)
def test_a_real_change_and_one_that_nobody_can_judge_are_drawn(loinc: str, values: list[tuple[object, str]]) -> None:
    assert len(sources_drawn(series(loinc, *values))) == len(values)


@pytest.mark.parametrize(
    ("loinc", "others", "at", "within"),
    [
        # From where on a jump is told: 25 kg.
        (WEIGHT, [("25.0", "kg"), ("25.0", "kg")], (55, "kg"), None),
        (WEIGHT, [("24.9", "kg"), ("24.9", "kg")], None, (55, "kg")),
        # How far a jump is: 1.8 times, up or down.
        (WEIGHT, [("50.0", "kg"), ("50.0", "kg")], (90, "kg"), ("89.9", "kg")),
        # The other unit holds its highest and its lowest number.
        (HBA1C, [(110, "mmol/mol"), (110, "mmol/mol")], (20, "mmol/mol"), (28, "mmol/mol")),
        (HBA1C, [(35, "mmol/mol"), (35, "mmol/mol")], (20, "%"), ("14.0", "%")),
        # In the other unit it is within half of a jump, counted in times.
        (HBA1C, [(40, "mmol/mol"), (40, "mmol/mol")], (20, "%"), None),
        (HBA1C, [(41, "mmol/mol"), (41, "mmol/mol")], None, (20, "%")),
    ],
)
def test_the_bounds_of_a_jump_belong_to_it(
    loinc: str, others: list[tuple[object, str]], at: tuple[object, str] | None, within: tuple[object, str] | None
) -> None:
    if at is not None:
        assert sources_drawn(series(loinc, *others, at)) == ["o0", "o1"]
    if within is not None:
        assert len(sources_drawn(series(loinc, *others, within))) == 3


def test_values_of_another_time_are_nothing_to_compare_with() -> None:
    assert len(sources_drawn(series(WEIGHT, (40, "kg"), (42, "kg"), (95, "kg"), every=400))) == 3


def test_a_bound_is_no_stray_and_no_measure_for_others() -> None:
    resources = series(WEIGHT, (82, "kg"), (83, "kg"), (180, "kg"))
    resources[2]["valueQuantity"]["comparator"] = ">"
    assert len(sources_drawn(resources)) == 3


@given(st.lists(st.integers(600, 1000).map(lambda tenths: (Decimal(tenths) / 10, "kg")), max_size=12))
def test_a_steady_record_has_no_strays(values: list[tuple[object, str]]) -> None:
    assert len(sources_drawn(series(WEIGHT, *values))) == len(values)


@given(st.lists(st.tuples(st.integers(30, 400), st.sampled_from(["kg", "[lb_av]"])), max_size=8), st.randoms())
def test_the_order_of_the_resources_changes_nothing(values: list[tuple[object, str]], chance: Any) -> None:
    resources = series(WEIGHT, *values)
    shuffled = list(resources)
    chance.shuffle(shuffled)
    assert sorted(sources_drawn(shuffled)) == sorted(sources_drawn(resources))
