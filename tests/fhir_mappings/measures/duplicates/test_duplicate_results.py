from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.duplicates.agreement import agree
from fhir_mappings.measures.duplicates.duplicate_results import one_of_each
from fhir_mappings.measures.measurement import Measurement, Remark, in_order
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import WHO, coded, observation, pressure, quantity

MEASURES = load_measures()
KEYED = {measure.key: measure for measure in MEASURES}
AT, LATER, DAY = "2026-05-04T08:00:00Z", "2026-05-04T09:00:00Z", "2026-05-04"


def read(*resources: Any) -> tuple[list[Measurement], list[Skipped]]:
    return read_measurements(MEASURES, resources, patient=WHO)


def percent(local_id: str, value: object, when: str = AT, **more: Any) -> dict[str, Any]:
    number = value if isinstance(value, int) else Decimal(str(value))
    return observation(id=local_id, valueQuantity=quantity(number), effectiveDateTime=when, **more)


def ifcc(local_id: str, value: int, when: str = AT, **more: Any) -> dict[str, Any]:
    return observation(id=local_id, code=coded("59261-8"), valueQuantity=quantity(value, "mmol/mol"), effectiveDateTime=when, **more)


def glucose(local_id: str, value: object, when: str = AT, code: str = "14749-6", unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    return observation(id=local_id, code=coded(code), valueQuantity=quantity(Decimal(str(value)), unit), effectiveDateTime=when, **more)


def numbered(*numbers: str) -> list[dict[str, str]]:
    """Identifiers written `system value`."""
    return [{"system": f"urn:example:{number.split()[0]}", "value": number.split()[1]} for number in numbers]


def texts(found: list[Measurement]) -> list[str]:
    return [one.reported.text for one in in_order(found)]


def listed(skipped: list[Skipped]) -> list[tuple[str, str]]:
    return sorted((one.source.removeprefix("Observation/"), one.code) for one in skipped)


def test_one_specimen_in_two_units_is_one_result_with_both_numbers_of_its_source() -> None:
    [found], skipped = read(percent("a", "8.5"), ifcc("a-ifcc", 70))
    assert skipped == []
    assert (found.reported.text, found.converted, found.sources) == ("70", False, ("Observation/a-ifcc", "Observation/a"))
    assert found.also_reported is not None
    assert (found.also_reported.text, found.also_reported.label) == ("8.5", "%")


def test_one_result_over_two_feeds_is_one_and_the_copy_is_listed() -> None:
    lab = percent("lab", "8.5", performer=[{"display": "City Laboratory"}])
    [found], [copy] = read(lab, percent("exchange", "8.5", identifier=numbered("exchange 17")))
    assert {found.source, *found.other_sources} == {"Observation/lab", "Observation/exchange"}
    assert (found.performer, found.also_reported) == ("City Laboratory", None)
    assert (copy.code, copy.what, copy.shown) == ("repeated", "HbA1c", "8.5 %")
    assert copy.reason.startswith("The same result is there twice")
    assert copy.source != found.source


@pytest.mark.parametrize("named", ["lab", "exchange"])
def test_whoever_is_named_by_one_of_two_copies_measured_it(named: str) -> None:
    found, _ = read(
        *(percent(one, "8.5", performer=[{"display": "City Laboratory"}] if one == named else []) for one in ("lab", "exchange"))
    )
    assert [one.performer for one in found] == ["City Laboratory"]


def test_what_came_with_a_copy_stays_with_the_result() -> None:
    (one,), (other,) = read(percent("a", "8.5"))[0], read(ifcc("b", 70))[0]
    said = [
        one._replace(remarks=(Remark("comment", "haemolysed"), Remark("comment", "called"))),
        other._replace(remarks=(Remark("comment", "called"),)),
    ]
    [found] = one_of_each(said, [], MEASURES)
    assert [remark.text for remark in found.remarks] == ["called", "haemolysed"]


def test_a_resource_that_a_server_returns_twice_counts_once_and_is_not_listed() -> None:
    found, skipped = read(percent("a", "8.5"), percent("a", "8.5"))
    assert ([one.sources for one in found], skipped) == ([("Observation/a",)], [])


@pytest.mark.parametrize("when", ["2026-05-04T10:00:00+02:00", "2026-05-04T08:00:00.000Z"])
def test_an_instant_is_the_same_however_it_is_written(when: str) -> None:
    found, _ = read(percent("a", "8.5"), percent("b", "8.5", when=when))
    assert len(found) == 1


def test_a_shared_identifier_alone_makes_no_two_results_one() -> None:
    order = numbered("order 77")
    values = [("a", "5.3", "07"), ("b", "10.9", "08"), ("c", "8.6", "09")]
    found, skipped = read(*(glucose(name, value, f"2026-05-04T{hour}:00:00Z", identifier=order) for name, value, hour in values))
    assert (texts(found), skipped) == (["5.3", "10.9", "8.6"], [])
    assert all(one.remarks == () for one in found)


def test_results_under_one_identifier_of_different_codes_are_two() -> None:
    order = numbered("order 77")
    found, skipped = read(glucose("a", "5.3", DAY, identifier=order), glucose("b", "8.6", DAY, "14771-0", identifier=order))
    assert (texts(found), skipped) == (["5.3", "8.6"], [])


@pytest.mark.parametrize("status", ["corrected", "amended"])
def test_a_correction_replaces_the_result_of_its_identifier_whatever_its_day(status: str) -> None:
    first = percent("r1", "9.8", "2026-03-04T08:00:00Z", identifier=numbered("result 9"))
    second = percent("r2", "6.8", "2026-03-01T08:00:00Z", identifier=numbered("result 9"), status=status)
    for order in ([first, second], [second, first]):
        [found], [old] = read(*order)
        assert (found.reported.text, found.standing, found.when.day.isoformat()) == ("6.8", status, "2026-03-01")
        assert (old.source, old.code, old.what, old.shown) == ("Observation/r1", "superseded", "HbA1c", "9.8 %")


def test_a_correction_replaces_both_units_of_what_it_corrects() -> None:
    number = numbered("result 9")
    first = [percent("a", "9.8", identifier=number), ifcc("b", 84, identifier=number)]
    second = [percent("c", "6.8", "2026-05-01T08:00:00Z", identifier=number, status="corrected")]
    second.append(ifcc("d", 51, "2026-05-01T08:00:00Z", identifier=number, status="corrected"))
    [found], skipped = read(*first, *second)
    assert (found.reported.text, found.sources) == ("51", ("Observation/d", "Observation/c"))
    assert listed(skipped) == [("a", "superseded"), ("b", "superseded")]


def test_two_finals_with_one_identifier_and_different_moments_are_two_results() -> None:
    found, skipped = read(*(percent(name, "9.8", when, identifier=numbered("result 9")) for name, when in (("a", AT), ("b", LATER))))
    assert (len(found), skipped) == (2, [])


def test_a_correction_under_the_number_of_a_whole_order_hides_none_of_the_others_and_says_so() -> None:
    order = numbered("order 77")
    first, second = glucose("a", "5.3", "2026-05-04T07:00:00Z", identifier=order), glucose("b", "10.9", identifier=order)
    found, skipped = read(first, second, glucose("c", "8.6", LATER, identifier=order, status="corrected"))
    assert (texts(found), skipped) == (["5.3", "10.9", "8.6"], [])
    assert [[remark.code for remark in one.remarks] for one in in_order(found)] == [[], [], ["which_corrected"]]


def test_a_correction_of_its_own_moment_leaves_the_rest_of_its_order_alone() -> None:
    order = numbered("order 77")
    first, wrong = glucose("a", "5.3", "2026-05-04T07:00:00Z", identifier=order), glucose("b", "19.0", identifier=order)
    found, skipped = read(first, wrong, glucose("c", "10.9", identifier=order, status="corrected"))
    assert (texts(found), listed(skipped)) == (["5.3", "10.9"], [("b", "superseded")])


def test_a_correction_that_the_source_numbers_apart_is_another_result() -> None:
    first = glucose("a", "5.3", "2026-05-04T07:00:00Z", identifier=numbered("order 77", "result 1"))
    second = glucose("b", "10.9", identifier=numbered("order 77", "result 2"), status="corrected")
    found, skipped = read(first, second)
    assert (texts(found), skipped) == (["5.3", "10.9"], [])


def test_an_address_is_given_to_a_resource_and_tells_no_results_apart() -> None:
    own = [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"}, {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:2"}]
    first = percent("a", "9.8", "2026-05-03T08:00:00Z", identifier=[own[0], *numbered("result 9")])
    [found], _ = read(first, percent("b", "6.8", identifier=[own[1], *numbered("result 9")], status="corrected"))
    assert found.source == "Observation/b"


@pytest.mark.parametrize("identifiers", [("result 9", "feed 1"), ("feed 1", "result 9")])
def test_every_identifier_counts_and_not_the_first_alone(identifiers: tuple[str, str]) -> None:
    first = percent("a", "9.8", DAY, identifier=numbered(*identifiers), meta={"lastUpdated": "2026-05-05T08:00:00Z"})
    again = percent("b", "9.6", DAY, identifier=numbered("exchange 4", "result 9"), meta={"lastUpdated": "2026-05-05T10:00:00+02:00"})
    later = percent("c", "9.4", DAY, identifier=numbered("result 9"), meta={"lastUpdated": "2026-05-05T10:30:00+02:00"})
    for order in ([first, again, later], [later, again, first]):
        [found], skipped = read(*order)
        assert (found.reported.text, listed(skipped)) == ("9.4", [("a", "superseded"), ("b", "superseded")])


def test_of_two_as_settled_the_one_that_changed_later_stands_whatever_it_is_called() -> None:
    early, late = {"lastUpdated": "2026-05-05T12:00:00+05:00"}, {"lastUpdated": "2026-05-05T08:00:00Z"}
    for names in (("a", "b"), ("b", "a")):
        first = percent(names[0], "9.8", identifier=numbered("result 9"), meta=early)
        again = percent(names[1], "9.1", identifier=numbered("result 9"), meta=late)
        for order in ([first, again], [again, first]):
            assert texts(read(*order)[0]) == ["9.1"]
        unsaid = first | {"meta": {"lastUpdated": "yesterday"}}
        assert texts(read(unsaid, again)[0]) == ["9.1"]


def test_of_two_that_nothing_tells_apart_but_their_value_the_same_stands_in_any_order() -> None:
    """They have no id, as in an export."""
    first, again = (percent("x", value, identifier=numbered("result 9")) | {"id": None} for value in ("9.8", "9.1"))
    assert texts(read(first, again)[0]) == texts(read(again, first)[0])
    assert len(read(first, again)[0]) == 1


def test_a_final_result_stands_before_a_later_preliminary_one() -> None:
    final = percent("a", "9.8", identifier=numbered("result 9"), meta={"lastUpdated": "2026-05-05T08:00:00Z"})
    early = percent("b", "9.1", identifier=numbered("result 9"), meta={"lastUpdated": "2026-05-06T08:00:00Z"}, status="preliminary")
    [found], _ = read(early, final)
    assert found.source == "Observation/a"


def test_readings_of_a_meter_are_two_even_where_they_are_alike() -> None:
    found, skipped = read(*(glucose(name, "6.1", code="14743-9") for name in "ab"))
    assert (texts(found), skipped) == (["6.1", "6.1"], [])
    found, _ = read(glucose("a", "6.1", code="14743-9"), glucose("b", "9.9", code="14743-9"))
    assert all(one.remarks == () for one in found)


def test_alike_on_one_day_is_not_one_result_as_a_day_is_no_moment() -> None:
    found, skipped = read(percent("a", "8.5", DAY), ifcc("b", 70, DAY))
    assert (len(found), skipped) == (2, [])
    assert all(one.remarks == () for one in found)


def test_a_time_without_a_zone_is_one_moment_where_it_is_written_alike() -> None:
    found, _ = read(percent("a", "8.5", "2026-05-04T08:00:00"), ifcc("b", 70, "2026-05-04T08:00:00"))
    assert len(found) == 1


def filtration(code: str, value: int = 62, unit: str = "mL/min/{1.73_m2}") -> dict[str, Any]:
    return observation(id=f"{code}-{unit}", code=coded(code), valueQuantity=quantity(value, unit), effectiveDateTime=AT)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (filtration("62238-1"), filtration("33914-3")),
        (filtration("62238-1"), filtration("33914-3", 55)),
        (filtration("33914-3"), filtration("33914-3", unit="mL/min")),
        (glucose("a", "5.3"), glucose("b", "5.3", code="14771-0")),
        (glucose("a", "5.3"), glucose("b", "8.6", code="14771-0")),
        (percent("a", "8.5"), percent("b", "8.1", code=coded("62388-4"))),
    ],
)
def test_what_must_not_share_a_line_is_never_one_result_and_contradicts_nothing(first: Any, second: Any) -> None:
    found, skipped = read(first, second)
    assert (len(found), skipped) == (2, [])
    assert all(one.remarks == () for one in found)


def test_a_method_that_one_feed_leaves_out_is_that_of_the_other() -> None:
    [found], _ = read(percent("a", "8.5", method={"text": "HPLC"}), percent("b", "8.5"))
    assert found.method == "HPLC"
    assert len(read(percent("a", "8.5", method={"text": "HPLC"}), percent("b", "8.5", method={"text": "immunoassay"}))[0]) == 2


def test_two_numbers_of_one_moment_that_do_not_agree_stay_two_and_each_says_so() -> None:
    found, skipped = read(percent("a", "8.1"), ifcc("b", 70))
    assert skipped == []
    said = {one.source: [(remark.code, remark.text) for remark in one.remarks] for one in found}
    assert said == {
        "Observation/a": [("disagrees", "does not agree with 70 mmol/mol (Observation/b) of the same moment")],
        "Observation/b": [("disagrees", "does not agree with 8.1 % (Observation/a) of the same moment")],
    }


def test_a_blood_pressure_is_the_same_when_both_its_numbers_are() -> None:
    [found], [copy] = read(*(pressure(134, 84, id=name, effectiveDateTime=AT) for name in "ab"))
    assert (found.value, found.paired, copy.shown) == (Decimal(134), Decimal(84), "134/84 mm Hg")
    found_two, _ = read(pressure(134, 84, id="a", effectiveDateTime=AT), pressure(134, 70, id="b", effectiveDateTime=AT))
    assert [one.remarks[0].text for one in in_order(found_two)] == [
        "does not agree with 134/70 mm Hg (Observation/b) of the same moment",
        "does not agree with 134/84 mm Hg (Observation/a) of the same moment",
    ]


def test_a_bound_is_no_number_and_contradicts_none() -> None:
    bound = percent("a", "7.0")
    bound["valueQuantity"] |= {"comparator": "<"}
    found, skipped = read(bound, percent("b", "6.8"))
    assert (len(found), skipped) == (2, [])
    assert all(one.remarks == () for one in found)


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        (percent("a", "8.5"), ifcc("b", 70), True),
        (percent("a", "8.5"), ifcc("b", 69), True),
        (percent("a", "8.4"), ifcc("b", 70), False),
        (percent("a", "7.0"), percent("b", "7.04"), True),
        (percent("a", "7.0"), percent("b", "7.1"), False),
        (percent("a", "7.04"), percent("b", "7.12"), False),
        (percent("a", 7), percent("b", "7.0"), True),
        (percent("a", 7), percent("b", "6.6"), False),
        (glucose("a", "7.0"), glucose("b", "126", unit="mg/dL", code="2345-7"), True),
        (glucose("a", 7), glucose("b", "126", unit="mg/dL", code="2345-7"), True),
        (glucose("a", "7.0"), glucose("b", "129", unit="mg/dL", code="2345-7"), False),
    ],
)
def test_equal_within_rounding_is_judged_in_the_units_written(first: Any, second: Any, *, are_one: bool) -> None:
    (one,), (other,) = read(first)[0], read(second)[0]
    measure = KEYED[one.measure]
    assert agree(one, other, measure) is agree(other, one, measure) is are_one
    assert (len(read(first, second)[0]) == 1) is are_one


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [(None, "<", False), ("<", ">", False), ("<", "<=", False), ("<", "<", True)],
)
def test_a_bound_agrees_with_the_same_bound_alone(first: str | None, second: str | None, *, alike: bool) -> None:
    (one,), _ = read(percent("a", "7.0"))
    bounds = [one._replace(comparator=sign) for sign in (first, second)]  # type: ignore[arg-type]
    assert agree(bounds[0], bounds[1], KEYED["hba1c"]) is agree(bounds[1], bounds[0], KEYED["hba1c"]) is alike


def test_one_number_of_a_pair_agrees_with_no_pair() -> None:
    (pair,), _ = read(pressure(134, 84, id="a", effectiveDateTime=AT))
    alone = pair._replace(paired=None, reported_paired=None)
    measure = KEYED["blood-pressure"]
    assert [agree(alone, pair, measure), agree(pair, alone, measure), agree(alone, alone, measure)] == [False, False, True]


def test_what_lies_halfway_is_rounded_one_way_only() -> None:
    """7.05 is 7.0 or 7.1 to one place, and neither 7.0 nor 7.1 is the other."""
    one, low, high = (read(percent("a", value))[0][0] for value in ("7.05", "7.0", "7.1"))
    assert [agree(one, other, KEYED["hba1c"]) for other in (low, high)] == [True, True]
    assert not agree(low, high, KEYED["hba1c"])


def weight(local_id: str, value: object, unit: str) -> dict[str, Any]:
    return glucose(local_id, value, code="29463-7", unit=unit)


def test_places_that_no_measure_names_count_only_where_they_are_written() -> None:
    """Pounds are neither drawn nor shown beside: 180 lb may be anything that is rounded to it."""
    assert len(read(weight("a", "81.5", "kg"), weight("b", "180", "[lb_av]"))[0]) == 1
    assert len(read(weight("a", "81.5", "kg"), weight("b", "180.0", "[lb_av]"))[0]) == 2


def test_of_several_other_units_the_one_that_the_page_shows_is_named() -> None:
    fraction = observation(
        code=coded("71875-9"),
        valueQuantity=quantity(Decimal("0.085"), "1"),
        effectiveDateTime=AT,
        meta={"lastUpdated": "2026-05-06T08:00:00Z"},
    )
    for name in ("b0", "b2"):
        [found], _ = read(ifcc("b1", 70), percent("b1-percent", "8.5"), fraction | {"id": name})
        assert found.also_reported is not None
        assert (found.reported.text, found.also_reported.text, found.also_reported.label) == ("70", "8.5", "%")
    [found], skipped = read(ifcc("b1", 70), fraction | {"id": "b0"})
    assert found.also_reported is not None
    assert (found.also_reported.text, skipped) == ("0.085", [])
    [found], _ = read(ifcc("b1", 70), ifcc("b2", 70))
    assert found.also_reported is None


def test_what_gave_way_is_listed_with_its_sign_its_moment_and_what_stands_for_it() -> None:
    bound = percent("b", "4.0")
    bound["valueQuantity"] |= {"comparator": "<"}
    [found], [copy] = read(bound, bound | {"id": "a"})
    assert copy == Skipped(
        source="Observation/a",
        measure="hba1c",
        what=Sentence("HbA1c"),
        when=found.when,
        shown="< 4.0 %",
        reason=Sentence("The same result is there twice; it is drawn from Observation/b."),
        code="repeated",
    )
    number = numbered("result 9")
    [found], [old] = read(percent("a", "9.8", identifier=number), percent("b", "6.8", LATER, identifier=number, status="amended"))
    assert found.source == "Observation/b"
    assert old == Skipped(
        source="Observation/a",
        measure="hba1c",
        what=Sentence("HbA1c"),
        when=copy.when,
        shown="9.8 %",
        reason=Sentence("The same result is there again, amended, as Observation/b."),
        code="superseded",
    )


def test_a_correction_that_may_be_of_several_says_so() -> None:
    order = numbered("order 77")
    first, second = glucose("a", "5.3", "2026-05-04T07:00:00Z", identifier=order), glucose("b", "10.9", identifier=order)
    found, _ = read(first, second, glucose("c", "8.6", LATER, identifier=order, status="corrected"))
    assert [one.remarks for one in found if one.source == "Observation/c"] == [
        (Remark("which_corrected", "a correction; which of the results under its number it replaces is not said"),)
    ]


def test_a_correction_is_of_the_result_of_its_code_where_there_is_one_and_else_of_the_one_there_is() -> None:
    order = numbered("order 77")
    fasting, plain = glucose("a", "5.3", code="14771-0", identifier=order), glucose("b", "8.6", LATER, identifier=order)
    correction = glucose("c", "9.6", "2026-05-04T10:00:00Z", identifier=order, status="corrected")
    found, skipped = read(fasting, plain, correction)
    assert (texts(found), listed(skipped)) == (["5.3", "9.6"], [("b", "superseded")])
    found, skipped = read(fasting, correction)
    assert (texts(found), listed(skipped)) == (["9.6"], [("a", "superseded")])


def test_a_number_may_hold_the_sign_that_stands_between_system_and_number() -> None:
    first = percent("a", "9.8", identifier=numbered("order 77", "result 1|7"))
    found, skipped = read(first, percent("b", "6.8", LATER, identifier=numbered("order 77", "result 2|7"), status="corrected"))
    assert (len(found), skipped) == (2, [])


def test_the_later_of_two_corrections_is_the_one_that_replaces() -> None:
    number = numbered("result 9")
    first = percent("o", "9.8", "2026-05-01T08:00:00Z", identifier=number)
    for names in (("a", "b"), ("b", "a")):
        early = percent(names[0], "9.1", AT, identifier=number, status="corrected", meta={"lastUpdated": "2026-05-05T08:00:00Z"})
        late = percent(names[1], "9.4", LATER, identifier=number, status="amended", meta={"lastUpdated": "2026-05-06T08:00:00Z"})
        for order in ([first, early, late], [late, first, early]):
            [old] = read(*order)[1]
            assert (old.source, old.reason) == (
                "Observation/o", f"The same result is there again, amended, as Observation/{names[1]}."
            )  # fmt: skip


def test_what_the_source_numbers_apart_is_one_result_only_where_it_says_the_same() -> None:
    first = percent("a", "8.5", DAY, identifier=numbered("order 77", "result 1"))
    for value, count in (("8.5", 1), ("8.6", 2)):
        assert len(read(first, percent("b", value, DAY, identifier=numbered("order 77", "result 2")))[0]) == count


def test_a_unit_of_its_own_line_keeps_a_value_apart_where_no_method_is_named() -> None:
    """A site's own code may name no equation."""
    (indexed,), (absolute,) = read(filtration("33914-3"))[0], read(filtration("33914-3", unit="mL/min"))[0]
    assert indexed.code is not None
    plain = replace(indexed.code, method=None)
    both = [indexed._replace(code=plain, method=None), absolute._replace(code=plain, method="not per 1.73 m²")]
    assert len(one_of_each(both, [], MEASURES)) == 2
    apart = [both[0], both[1]._replace(reported=both[1].reported._replace(text="55"), value=Decimal(55))]
    assert [one.remarks for one in one_of_each(apart, [], MEASURES)] == [(), ()]


def test_a_reading_of_a_meter_contradicts_no_laboratory_even_on_one_line() -> None:
    """A site's own code for a meter may name no method."""
    (lab,), (reading,) = read(glucose("a", "5.3"))[0], read(glucose("b", "9.9", code="14743-9"))[0]
    assert reading.code is not None
    alike = reading._replace(method=None, code=replace(reading.code, method=None))
    for order in ([lab, alike], [alike, lab]):
        assert [one.remarks for one in one_of_each(order, [], MEASURES)] == [(), ()]
    same = alike._replace(value=lab.value, reported=lab.reported)
    assert len(one_of_each([lab, same], [], MEASURES)) == 2


WHEN = st.sampled_from([AT, "2026-05-04T10:00:00+02:00", LATER, DAY, "2026-05-04T08:00:00", "2026-05"])
NUMBERS = st.lists(st.sampled_from(["order 77", "result 1", "result 2"]), unique=True, max_size=2).map(lambda names: numbered(*names))
STATUS = st.sampled_from(["final", "final", "preliminary", "amended", "corrected"])
UPDATED = st.sampled_from([None, {"lastUpdated": "2026-05-05T08:00:00Z"}, {"lastUpdated": "2026-05-05T12:00:00+05:00"}])
VALUES = st.sampled_from(
    [
        ("4548-4", quantity(Decimal("8.5"))),
        ("4548-4", quantity(Decimal("8.46"))),
        ("4548-4", quantity(Decimal("6.8"))),
        ("59261-8", quantity(70, "mmol/mol")),
        ("71875-9", quantity(Decimal("0.085"), "1")),
        ("62388-4", quantity(Decimal("8.1"))),
        ("14743-9", quantity(Decimal("8.5"), "mmol/L")),
        ("2345-7", quantity(153, "mg/dL")),
        ("14749-6", quantity(Decimal("8.5"), "mmol/L")),
        ("1558-6", quantity(153, "mg/dL")),
    ]
)
RESULTS = st.lists(st.tuples(VALUES, WHEN, NUMBERS, STATUS, UPDATED), max_size=7).map(
    lambda parts: [
        observation(
            id=f"o{place}", code=coded(code), valueQuantity=value, effectiveDateTime=when, identifier=numbers, status=status, meta=updated
        )
        for place, ((code, value), when, numbers, status, updated) in enumerate(parts)
    ]
)


def sorted_out(resources: list[Any]) -> tuple[list[Measurement], list[str]]:
    found, skipped = read(*resources)
    return in_order(found), sorted(map(repr, skipped))


@given(RESULTS.flatmap(lambda resources: st.tuples(st.just(resources), st.permutations(resources))))
@settings(max_examples=300)
def test_the_order_of_the_server_decides_nothing(orders: tuple[list[Any], list[Any]]) -> None:
    assert sorted_out(orders[0]) == sorted_out(orders[1])


@given(RESULTS)
@settings(max_examples=300)
def test_no_value_is_lost_and_none_is_drawn_twice(resources: list[Any]) -> None:
    found, skipped = read(*resources)
    drawn = [one.source for one in found]
    named = {source for one in found for source in one.sources} | {one.source for one in skipped}
    assert named == {f"Observation/{resource['id']}" for resource in resources}
    assert len(drawn) == len(set(drawn))
    assert not set(drawn) & {one.source for one in skipped}
