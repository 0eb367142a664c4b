from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import codes_of, load_measures
from fhir_mappings.measures.measurement import Measurement, in_order
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import LOINC, WHO, coded, observation, panel, pressure, quantity

MEASURES = load_measures()
SNOMED = "http://snomed.info/sct"
AT, DAY = "2026-01-08T09:00:00Z", "2026-01-08"


def read(*resources: Any) -> tuple[list[Measurement], list[Skipped]]:
    return read_measurements(MEASURES, resources, patient=WHO)


def part(code: str, value: object = None, *, system: str = LOINC, **more: Any) -> dict[str, Any]:
    held = {} if value is None else {"valueQuantity": quantity(value, "mm[Hg]")}
    return {"code": coded(code, system), **held, **more}


def of_parts(*components: dict[str, Any], code: str = "85354-9", system: str = LOINC, **more: Any) -> dict[str, Any]:
    return observation(
        code=coded(code, system), valueQuantity=None, component=list(components) or None, **{"effectiveDateTime": AT, "id": "p", **more}
    )


def named(code: str) -> dict[str, Any]:
    """A code of LOINC, or of SNOMED CT, whose codes have no hyphen."""
    return coded(code, LOINC if "-" in code else SNOMED)


def apart(local_id: str, code: str, value: object, **more: Any) -> dict[str, Any]:
    return observation(id=local_id, code=coded(code), valueQuantity=quantity(value, "mm[Hg]"), **{"effectiveDateTime": AT, **more})


def drawn(*resources: Any) -> str:
    found, skipped = read(*resources)
    assert skipped == []
    [one] = found
    assert one.reported_paired is not None
    return f"{one.reported.text}/{one.reported_paired.text}"


def listed(*resources: Any) -> list[tuple[str, str | None, str]]:
    found, skipped = read(*resources)
    assert found == []
    assert {one.what for one in skipped} == {"Blood pressure"}
    return sorted((one.source.removeprefix("Observation/"), one.shown, one.reason) for one in skipped)


@pytest.mark.parametrize(
    ("panel_code", "system", "codes"),
    [
        ("85354-9", LOINC, ("271649006", "271650006")),
        ("163020007", SNOMED, ("72313002", "1091811000000102")),
        ("386534000", SNOMED, ("271649006", "271650006")),
        ("75367002", SNOMED, ("8480-6", "8462-4")),
    ],
)
def test_parts_are_known_by_loinc_and_by_snomed_codes(panel_code: str, system: str, codes: tuple[str, str]) -> None:
    first, second = (part(code, value) | {"code": named(code)} for code, value in zip(codes, (134, 84), strict=True))
    assert drawn(of_parts(second, first, code=panel_code, system=system)) == "134/84"


def test_parts_that_have_other_codes_too_are_known_by_the_one() -> None:
    own = [{"system": "urn:iso:std:iso:11073:10101", "code": "150021"}, *coded("8480-6")["coding"]]
    systolic = part("8480-6", 116) | {"code": {"coding": own}}
    mean = part("8478-0", 94)
    assert drawn(of_parts(mean, systolic, part("8462-4", 76))) == "116/76"


def test_one_part_alone_is_listed_with_what_is_there_and_what_is_missing() -> None:
    assert listed(of_parts(part("8462-4", 60))) == [("p", "60 mm[Hg]", "The systolic number is not recorded.")]
    unknown = part("8462-4", dataAbsentReason={"coding": [{"code": "unknown"}]})
    assert listed(of_parts(part("8480-6", 134), unknown)) == [("p", "134 mm[Hg]", "The diastolic number is not recorded: unknown.")]
    mean = of_parts(part("8480-6", 134), part("8478-0", 94))
    assert listed(mean) == [
        ("p", "134 mm[Hg]", "The diastolic number is not recorded, or stands under a code that is not known (8478-0)."),
    ]


def test_a_panel_without_parts_is_listed_with_the_reason_it_gives() -> None:
    reason = {"coding": [{"code": "not-performed"}]}
    assert listed(of_parts(dataAbsentReason=reason)) == [("p", None, "No value: not-performed.")]
    assert listed(of_parts(part("8480-6", dataAbsentReason=reason), part("8462-4"))) == [("p", None, "No value: not-performed.")]
    assert listed(of_parts()) == [("p", None, "No value is recorded.")]


def test_parts_of_codes_that_are_not_known_are_listed_with_their_codes() -> None:
    local = [part("SYS", 134, system="urn:local"), {"code": {"text": "lower"}, "valueQuantity": quantity(84, "mm[Hg]")}, {}]
    assert listed(of_parts(*local)) == [
        ("p", "134 mm[Hg], 84 mm[Hg]", "The codes of its parts are not known: SYS, lower, none given."),
    ]


def test_one_number_on_the_panel_itself_is_no_blood_pressure() -> None:
    alone = observation(id="p", code=coded("85354-9"), valueQuantity=quantity(134, "mm[Hg]"))
    assert listed(alone) == [("p", "134 mm[Hg]", "One number alone is recorded; which of the two it is, is not said.")]


@pytest.mark.parametrize(
    "written",
    [
        of_parts(valueString="134/84 mmHg"),
        of_parts(valueString=" 134 / 84 mm Hg "),
        of_parts(part("8480-6", valueString="134/84 mmHg")),
        of_parts({"code": {"text": "reading"}, "valueString": "134/84 mmHg"}),
        of_parts(valueString="134/84 mmHg", code="8480-6"),
        of_parts(part("8480-6", valueString="134 mmHg"), part("8462-4", valueString="84 mmHg")),
    ],
)
def test_both_numbers_are_read_from_text(written: Any) -> None:
    assert drawn(written) == "134/84"


def test_text_that_is_no_pair_with_a_unit_is_listed() -> None:
    assert listed(of_parts(valueString="high")) == [("p", "high", "The value is not two numbers with a unit.")]
    assert listed(of_parts(valueString="134/84")) == [("p", "134 / 84", "No unit is recorded.")]
    [(_, shown, _)] = listed(of_parts(valueString="84/134 mmHg"))
    assert shown == "84 mmHg / 134 mmHg"


def test_two_readings_in_one_panel_are_listed_unless_they_are_one() -> None:
    twice = [part("8480-6", 134), part("8462-4", 84), part("8480-6", 140)]
    assert listed(of_parts(*twice)) == [
        ("p", "134 mm[Hg], 140 mm[Hg]", "More than one systolic number is recorded together; which one counts is not said.")
    ]
    assert drawn(of_parts(part("8480-6", 134), part("8462-4", 84), part("271649006", 134, system=SNOMED))) == "134/84"


def test_two_numbers_in_different_units_are_no_pair() -> None:
    spoiled = of_parts(part("8480-6", 134), part("8462-4", 84))
    spoiled["component"][1]["valueQuantity"] |= {"code": "kPa", "unit": "kPa"}
    [(_, shown, _)] = listed(spoiled)
    assert shown == "134 mm[Hg] / 84 kPa"


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("96607-7", ("96608-5", "96609-3")),
        ("96607-7", ("8480-6", "8462-4")),
        ("85354-9", ("96608-5", "96609-3")),
    ],
)
def test_an_average_is_a_line_of_its_own(code: str, parts: tuple[str, str]) -> None:
    average = of_parts(part(parts[0], 109), part(parts[1], 72), code=code, effectiveDateTime=None)
    found, skipped = read(average | {"effectivePeriod": {"start": "2026-01-05", "end": DAY}}, pressure(134, 84, id="q"))
    assert skipped == []
    assert [(one.method, one.when.text) for one in in_order(found) if one.value == 109] == [("average", DAY)]
    assert [one.method for one in found if one.value == 134] == [None]


def test_an_average_coded_as_a_reading_too_is_an_average() -> None:
    both = {"coding": [*coded("85354-9")["coding"], *coded("96607-7")["coding"]]}
    parts = [part("8480-6", 109), part("8462-4", 72)]
    parts[0]["code"]["coding"] += coded("96608-5")["coding"]
    [found] = read(of_parts(*parts) | {"code": both})[0]
    assert (found.method, found.value, found.paired) == ("average", Decimal(109), Decimal(72))


def test_a_reading_and_its_average_in_one_panel_are_two_values() -> None:
    found, skipped = read(of_parts(part("8480-6", 134), part("8462-4", 84), part("96608-5", 129), part("96609-3", 80)))
    assert skipped == []
    assert {(one.method, one.value, one.paired) for one in found} == {
        (None, Decimal(134), Decimal(84)),
        ("average", Decimal(129), Decimal(80)),
    }
    found, [half] = read(of_parts(part("8480-6", 134), part("96608-5", 129), part("96609-3", 80)))
    assert ([one.method for one in found], half.code, half.shown) == (["average"], "pair_missing", "134 mm[Hg]")


def test_an_average_that_equals_a_reading_is_not_the_reading() -> None:
    equal = of_parts(part("8480-6", 134), part("8462-4", 84), part("96608-5", 134), part("96609-3", 84))
    apart_too = of_parts(part("96608-5", 134), part("96609-3", 84), code="96607-7", id="q")
    for resources in ([equal], [of_parts(part("8480-6", 134), part("8462-4", 84)), apart_too]):
        found, skipped = read(*resources)
        assert (sorted(str(one.method) for one in found), skipped) == (["None", "average"], [])


def test_two_observations_of_one_moment_are_one_value_with_both_sources() -> None:
    systolic = apart("s", "8480-6", 142, identifier=[{"system": "urn:lab", "value": "1"}])
    for order in ([systolic, apart("d", "8462-4", 91)], [apart("d", "8462-4", 91), systolic]):
        [found], skipped = read(*order)
        assert skipped == []
        assert (found.value, found.paired, found.sources) == (Decimal(142), Decimal(91), ("Observation/s", "Observation/d"))


@pytest.mark.parametrize(("first", "second"), [("96608-5", "96609-3"), ("271649006", "271650006")])
def test_numbers_recorded_apart_are_known_by_every_code_of_theirs(first: str, second: str) -> None:
    resources = [apart(code, code, value) | {"code": named(code)} for code, value in ((first, 142), (second, 91))]
    assert drawn(*resources) == "142/91"


def test_numbers_of_two_encounters_or_moments_are_no_pair() -> None:
    first, second = ({"encounter": {"reference": f"Encounter/{name}"}} for name in "ab")
    rows = [("d", "91 mm Hg", "No systolic number of the same moment is recorded."), ("s", "142 mm Hg", "")]
    for other in (apart("d", "8462-4", 91, **second), apart("d", "8462-4", 91, effectiveDateTime="2026-01-08T09:05:00Z")):
        assert listed(apart("s", "8480-6", 142, **first), other)[0] == rows[0]
    assert drawn(apart("s", "8480-6", 142, **first), apart("d", "8462-4", 91, **first)) == "142/91"
    assert drawn(apart("s", "8480-6", 142, **first), apart("d", "8462-4", 91)) == "142/91"


def test_numbers_of_one_day_are_no_pair_unless_the_source_ties_them() -> None:
    systolic, diastolic = apart("s", "8480-6", 142, effectiveDateTime=DAY), apart("d", "8462-4", 91, effectiveDateTime=DAY)
    reason = "Systolic and diastolic are recorded separately, without a time that would tell which belong together."
    assert listed(systolic, diastolic) == [("d", "91 mm Hg", reason), ("s", "142 mm Hg", reason)]
    assert drawn(systolic | {"hasMember": [{"reference": "Observation/d"}]}, diastolic) == "142/91"
    members = [{"reference": "Observation/s"}, {"reference": "Observation/d"}]
    [found], skipped = read(of_parts(hasMember=members, effectiveDateTime=DAY), systolic, diastolic)
    assert (found.sources, skipped) == (("Observation/s", "Observation/d", "Observation/p"), [])


def test_a_panel_whose_members_are_not_there_is_listed() -> None:
    assert listed(of_parts(hasMember=[{"reference": "Observation/elsewhere"}])) == [("p", None, "No value is recorded.")]


def test_a_panel_that_holds_what_its_members_hold_is_one_value() -> None:
    members = [{"reference": "Observation/s"}, {"reference": "Observation/d"}]
    whole = of_parts(part("8480-6", 142), part("8462-4", 91), hasMember=members, effectiveDateTime=DAY)
    found, skipped = read(whole, apart("s", "8480-6", 142, effectiveDateTime=DAY), apart("d", "8462-4", 91, effectiveDateTime=DAY))
    assert [{*one.sources} for one in found] == [{"Observation/p", "Observation/s", "Observation/d"}]
    assert [one.code for one in skipped] == ["repeated"]


def test_several_numbers_of_one_moment_are_listed_and_copies_of_one_are_one() -> None:
    numbers = [apart("s", "8480-6", 142), apart("d", "8462-4", 91), apart("s2", "8480-6", 138), apart("d2", "8462-4", 88)]
    assert {(name, reason.rpartition("; ")[2]) for name, _, reason in listed(*numbers)} == {
        (name, "which belong together is not said.") for name in ("s", "d", "s2", "d2")
    }
    [found], skipped = read(*numbers[:2], apart("s2", "8480-6", 142), apart("d2", "8462-4", 91))
    assert {*found.sources} == {f"Observation/{name}" for name in ("s", "d", "s2", "d2")}
    assert [one.code for one in skipped] == ["repeated", "repeated"]


def test_a_correction_of_one_number_corrects_the_value() -> None:
    number = [{"system": "urn:example:result", "value": "9"}]
    first, corrected = apart("s", "8480-6", 142, identifier=number), apart("s2", "8480-6", 132, identifier=number, status="corrected")
    [found], [old] = read(first, apart("d", "8462-4", 91), corrected)
    assert (found.value, found.paired, found.standing) == (Decimal(132), Decimal(91), "corrected")
    assert (old.source, old.code) == ("Observation/s", "superseded")


def test_two_numbers_the_wrong_way_round_are_listed_with_both_sources() -> None:
    assert listed(apart("s", "8480-6", 79), apart("d", "8462-4", 131)) == [
        ("s, Observation/d", "79 mm Hg / 131 mm Hg", "The second number is not below the first.")
    ]


def test_what_is_withdrawn_makes_no_pair() -> None:
    found, skipped = read(apart("s", "8480-6", 142), apart("d", "8462-4", 91, status="entered-in-error"))
    assert found == []
    assert {one.source: one.code for one in skipped} == {"Observation/s": "pair_missing", "Observation/d": "entered_in_error"}


def test_every_code_of_a_pair_is_asked_for() -> None:
    asked = {code for _, code in codes_of(MEASURES, "vitals")}
    assert {"85354-9", "96607-7", "96609-3", "8462-4", "271650006", "75367002"} <= asked


SYSTOLIC, DIASTOLIC = st.sampled_from(["8480-6", "271649006", "96608-5"]), st.sampled_from(["8462-4", "271650006", "96609-3"])
HELD = st.sampled_from(
    [{"valueQuantity": quantity(v, "mm[Hg]")} for v in (134, 84, 90)] + [{}, {"valueString": "134/84 mmHg"}, {"valueString": "x"}]
)
COMPONENT = st.builds(lambda code, held: {"code": named(code), **held}, st.one_of(SYSTOLIC, DIASTOLIC, st.just("8478-0")), HELD)
WHEN = st.sampled_from([AT, DAY, "2026-01-08T10:00:00+01:00"])
PANELS = st.builds(
    lambda code, parts, held, when: {"code": coded(code), "component": parts, **held, "effectiveDateTime": when},
    st.sampled_from(["85354-9", "96607-7", "8480-6"]),
    st.lists(COMPONENT, max_size=3),
    HELD,
    WHEN,
)
HALVES = st.builds(
    lambda code, held, when, member: {"code": named(code), **held, "effectiveDateTime": when, **member},
    st.one_of(SYSTOLIC, DIASTOLIC),
    HELD,
    WHEN,
    st.sampled_from([{}, {"hasMember": [{"reference": "Observation/o1"}]}, {"encounter": {"reference": "Encounter/e"}}]),
)
RECORDS = st.lists(st.one_of(PANELS, HALVES), max_size=6).map(
    lambda made: [observation(id=f"o{place}", valueQuantity=None) | one for place, one in enumerate(made)]
)


@given(RECORDS.flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
@settings(max_examples=300)
def test_every_blood_pressure_is_drawn_or_listed_never_half_and_in_any_order(orders: tuple[list[Any], list[Any]]) -> None:
    found, skipped = read(*orders[0])
    assert all(one.paired is not None and one.paired < one.value for one in found)
    named = {source for one in found for source in one.sources} | {source for one in skipped for source in one.source.split(", ")}
    assert named == {f"Observation/{one['id']}" for one in orders[0]}
    again, rest = read(*orders[1])
    assert (in_order(again), sorted(map(repr, rest))) == (in_order(found), sorted(map(repr, skipped)))


def test_a_panel_is_read_as_before_by_its_usual_parts() -> None:
    assert drawn(panel("55284-4", {"8480-6": quantity(131, "mm[Hg]"), "8462-4": quantity(79, "mm[Hg]")})) == "131/79"
