"""What becomes of two numbers in a resource each: which belong together, and what their value then carries."""

from itertools import permutations
from typing import Any

import pytest

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement, Remark
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import WHO, coded, observation, quantity

AT, DAY, LATER = "2026-01-08T09:00:00Z", "2026-01-08", "2026-01-08T11:00:00Z"
SYSTOLIC, DIASTOLIC, MEAN_SYSTOLIC = "8480-6", "8462-4", "96608-5"


def read(*resources: Any) -> tuple[list[Measurement], list[Skipped]]:
    return read_measurements(load_measures(), resources, patient=WHO)


def number(local_id: str, code: str, value: object, **more: Any) -> dict[str, Any]:
    return observation(id=local_id, code=coded(code), valueQuantity=quantity(value, "mm[Hg]"), **{"effectiveDateTime": AT, **more})


def systolic(local_id: str = "s", value: object = 142, **more: Any) -> dict[str, Any]:
    return number(local_id, SYSTOLIC, value, **more)


def diastolic(local_id: str = "d", value: object = 91, **more: Any) -> dict[str, Any]:
    return number(local_id, DIASTOLIC, value, **more)


def panel_of(local_id: str, *members: str, **more: Any) -> dict[str, Any]:
    named = [{"reference": f"Observation/{member}"} for member in members]
    return observation(id=local_id, code=coded("85354-9"), valueQuantity=None, hasMember=named, **{"effectiveDateTime": AT, **more})


def one(*resources: Any) -> Measurement:
    [found], skipped = read(*resources)
    assert skipped == []
    assert found.paired is not None
    return found


def names(found: list[Measurement]) -> list[list[str]]:
    return sorted(sorted(source.removeprefix("Observation/") for source in value.sources) for value in found)


def reasons(skipped: list[Skipped]) -> list[tuple[str, str, str | None]]:
    return sorted((row.source.removeprefix("Observation/"), row.code, row.shown) for row in skipped)


@pytest.mark.parametrize("written", ["2026-01-08T10:00:00+01:00", "2026-01-08T09:00:00.000Z"])
def test_one_instant_written_in_two_ways_is_one_moment(written: str) -> None:
    assert names([one(systolic(), diastolic(effectiveDateTime=written))]) == [["d", "s"]]


def test_times_without_a_zone_are_one_moment_only_where_they_are_written_alike() -> None:
    assert one(systolic(effectiveDateTime="2026-01-08T09:00:00"), diastolic(effectiveDateTime="2026-01-08T09:00:00"))
    found, skipped = read(systolic(effectiveDateTime="2026-01-08T09:00:00"), diastolic(effectiveDateTime="2026-01-08T11:00:00"))
    assert (found, reasons(skipped)) == ([], [("d", "pair_missing", "91 mm Hg"), ("s", "pair_missing", "142 mm Hg")])


def test_which_of_two_claims_holds_does_not_hang_on_the_order_of_the_server() -> None:
    """Two panels, or two of the numbers themselves, name the same other number."""
    claimed = [systolic(), diastolic("d1", 91), diastolic("d2", 88)]
    by_panels = [panel_of("p1", "s", "d2"), panel_of("p2", "s", "d1"), *claimed]
    first = {"hasMember": [{"reference": "Observation/d"}]}
    by_numbers = [systolic("s2", 138, **first), systolic("s1", 142, **first), diastolic()]
    same = [panel_of("p2", "s", "d", effectiveDateTime=DAY), panel_of("p1", "s", "d", effectiveDateTime=DAY), systolic(), diastolic()]
    for resources, drawn in ((by_panels, [["d1", "p2", "s"]]), (by_numbers, [["d", "s1"]]), (same, [["d", "p1", "s"]])):
        for order in permutations(resources):
            assert names(read(*order)[0]) == drawn


def test_a_panel_that_names_too_many_numbers_ties_none_and_leaves_them_to_their_moment() -> None:
    other = systolic("s2", 138, effectiveDateTime=LATER)
    found, skipped = read(panel_of("p", "s", "d", "s2"), systolic(), diastolic(), other)
    assert (names(found), reasons(skipped)) == ([["d", "s"]], [("s2", "pair_missing", "138 mm Hg")])


def test_a_panel_that_names_a_reading_and_a_mean_ties_none() -> None:
    found, skipped = read(panel_of("p", "m", "d"), number("m", MEAN_SYSTOLIC, 129), diastolic())
    assert (found, [row[:2] for row in reasons(skipped)]) == ([], [("d", "pair_missing"), ("m", "pair_missing")])


def test_a_second_number_that_is_a_bound_makes_no_value() -> None:
    bound = diastolic()
    bound["valueQuantity"]["comparator"] = "<"
    found, skipped = read(systolic(), bound)
    assert (found, reasons(skipped)) == ([], [("s, Observation/d", "comparator_on_pair", "142 mm Hg / 91 mm Hg")])
    assert (skipped[0].measure, skipped[0].when and skipped[0].when.text) == ("blood-pressure", AT)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("final", "final", "final"),
        ("final", "preliminary", "preliminary"),
        ("preliminary", "final", "preliminary"),
        ("corrected", "preliminary", "preliminary"),
        ("final", "corrected", "corrected"),
        ("corrected", "final", "corrected"),
        ("amended", "final", "amended"),
        ("final", "amended", "amended"),
        ("corrected", "amended", "corrected"),
    ],
)
def test_a_value_of_two_is_as_unsettled_as_either_and_corrected_where_one_is(first: str, second: str, both: str) -> None:
    assert one(systolic(status=first), diastolic(status=second)).standing == both


def test_a_value_of_two_is_reported_by_who_reports_the_first_number_or_else_the_second() -> None:
    nurse, doctor = [{"display": "Nurse Adler"}], [{"display": "Dr Weiss"}]
    assert one(systolic(performer=nurse), diastolic(performer=doctor)).performer == "Nurse Adler"
    assert one(systolic(), diastolic(performer=doctor)).performer == "Dr Weiss"
    assert one(systolic(performer=nurse), diastolic()).performer == "Nurse Adler"


def test_a_value_of_two_has_what_came_with_either_and_the_numbers_of_both() -> None:
    first = {"system": "urn:example:result", "value": "1"}
    second = {"system": "urn:example:result", "value": "2"}
    sitting, left = [{"text": "sitting"}], [{"text": "left arm"}]
    found = one(systolic(note=sitting, identifier=[first]), diastolic(note=[*sitting, *left], identifier=[second, first]))
    assert found.remarks == (Remark("comment", "sitting"), Remark("comment", "sitting left arm"))
    assert found.identifiers == ("urn:example:result|1", "urn:example:result|2")
    assert one(systolic(note=sitting), diastolic(note=sitting)).remarks == (Remark("comment", "sitting"),)


@pytest.mark.parametrize("changed", ["s", "d"])
def test_a_value_of_two_changed_when_either_did(changed: str) -> None:
    early, late = {"lastUpdated": "2026-01-09T08:00:00Z"}, {"lastUpdated": "2026-01-09T09:00:00Z"}
    found = one(systolic(meta=late if changed == "s" else early), diastolic(meta=late if changed == "d" else early))
    assert found.updated == "2026-01-09T09:00:00Z"


def test_a_number_without_its_other_is_listed_with_which_is_missing() -> None:
    for alone, missing in ((systolic("x"), "diastolic"), (diastolic("x"), "systolic")):
        found, [row] = read(alone)
        assert found == []
        assert (row.code, row.reason) == ("pair_missing", f"No {missing} number of the same moment is recorded.")
        assert (row.measure, row.what, row.when and row.when.text) == ("blood-pressure", "Blood pressure", AT)


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (
            [systolic(), diastolic(), systolic("s2", 138)],
            "Systolic and diastolic are recorded separately, several at one moment; which belong together is not said.",
        ),
        (
            [systolic(effectiveDateTime=DAY), diastolic(effectiveDateTime=DAY)],
            "Systolic and diastolic are recorded separately, without a time that would tell which belong together.",
        ),
    ],
)
def test_numbers_that_nothing_puts_together_are_listed_as_unclear(resources: list[Any], reason: str) -> None:
    found, skipped = read(*resources)
    assert found == []
    assert {(row.code, row.reason) for row in skipped} == {("pair_unclear", reason)}
