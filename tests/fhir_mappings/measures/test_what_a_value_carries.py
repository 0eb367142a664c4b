"""What a drawn value carries besides its number: who reported it, by which method, under which numbers, when it changed, which visit."""

from decimal import Decimal
from typing import Any, cast

import pytest

from fhir_mappings.measures import observation_reader
from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.code_index import code_index
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.measures.quantity_reader import KnownUnits, drawn_value
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.display import cut
from fhir_mappings.r4.quantity import Quantity
from tests.fhir_mappings.records import SERVER, UCUM, WHO, coded, observation, panel, pressure, quantity


def one(**changed: Any) -> Measurement:
    return drawn(observation(**changed))


def drawn(*resources: Any) -> Measurement:
    [found], skipped = read_measurements(load_measures(), resources, patient=WHO)
    assert skipped == []
    return found


def test_a_plain_result_carries_what_was_written_and_nothing_else() -> None:
    code = next(code for measure in load_measures() for code in measure.codes if code.code == "4548-4")
    assert one() == Measurement(
        measure="hba1c",
        when=parse_moment("2026-03-14T09:30:00+01:00"),  # type: ignore[arg-type]
        value=Decimal(54),
        paired=None,
        reported=Quantity("7.1", "%", "%"),
        reported_paired=None,
        converted=True,
        comparator=None,
        standing="final",
        method=None,
        source="Observation/o1",
        performer=None,
        identifiers=(),
        updated="",
        other_sources=(),
        remarks=(),
        code=code,
        also_reported=None,
    )


@pytest.mark.parametrize("comparator", ["<", "<=", ">", ">="])
def test_every_comparator_of_fhir_makes_a_bound(comparator: str) -> None:
    assert one(valueQuantity={**quantity(14), "comparator": comparator}).comparator == comparator


def test_a_comparator_that_says_nothing_makes_none() -> None:
    assert one(valueQuantity={**quantity(14), "comparator": None}).comparator is None


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ({"text": "HPLC", "coding": [{"code": "1", "display": "other"}]}, "HPLC"),
        ({"coding": [{"code": "702659008", "display": "HPLC"}, {"display": "other"}]}, "HPLC"),
        ({"coding": [{"code": "702659008"}]}, "702659008"),
        ({"text": "", "coding": [{"code": "702659008"}]}, "702659008"),
        ({"text": "capillary   blood"}, "capillary blood"),
        ({"text": 7}, None),
        ({"coding": []}, None),
        ({"coding": ["HPLC"]}, None),
        ({"coding": "HPLC"}, None),
        ({}, None),
        (["HPLC"], None),
        ("HPLC", None),
    ],
)
def test_a_method_is_called_by_its_text_or_else_by_the_first_name_of_its_code(method: object, name: str | None) -> None:
    assert one(method=method).method == name


def test_a_code_that_names_a_method_says_it_whatever_the_source_says_besides() -> None:
    assert one(code=coded("62388-4"), method={"text": "HPLC"}).method == "JDS/JSCC"
    per_minute = {"code": coded("98979-8"), "valueQuantity": quantity(82, "mL/min"), "method": {"text": "HPLC"}}
    assert one(**per_minute).method == "CKD-EPI 2021, not per 1.73 m²"


@pytest.mark.parametrize(
    ("performer", "name"),
    [
        ([{"display": "City   Laboratory"}, {"display": "Other"}], "City Laboratory"),
        ([{"reference": "Organization/lab"}], None),
        ([{"display": 7}], None),
        ([], None),
        (["City Laboratory"], None),
        ({"display": "City Laboratory"}, None),
        ("City Laboratory", None),
    ],
)
def test_who_reported_it_is_the_first_performers_name(performer: object, name: str | None) -> None:
    assert one(performer=performer).performer == name


def test_the_same_name_is_everybodys_of_that_name_and_is_mended_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["City   Laboratory", "Other", "City   Laboratory"]
    resources = [
        observation(id=f"o{place}", effectiveDateTime=f"2026-03-0{place + 1}", performer=[{"display": name}])
        for place, name in enumerate(said)
    ]
    mended: list[object] = []

    def watched(name: object) -> str:
        mended.append(name)
        return cut(name)

    monkeypatch.setattr(observation_reader, "cut", watched)
    found, _ = read_measurements(load_measures(), resources, patient=WHO)
    assert [value.performer for value in found] == ["City Laboratory", "Other", "City Laboratory"]
    assert mended == ["City   Laboratory", "Other"]


def test_what_is_no_resource_hides_none_after_it() -> None:
    other = observation(subject={"reference": "Patient/p2"})
    records = cast("list[dict[str, Any]]", [None, [], "x", other, observation(code=None), observation()])
    found, skipped = read_measurements(load_measures(), records, patient=WHO)
    assert ([value.source for value in found], [row.code for row in skipped]) == (["Observation/o1"], ["foreign_patient"])


@pytest.mark.parametrize(
    ("identifier", "numbers"),
    [
        ([{"system": "urn:lab", "value": "1"}, {"system": "urn:feed", "value": "2"}], ("urn:lab|1", "urn:feed|2")),
        ([{"value": "1"}, {"system": "urn:lab"}, "urn:lab|3", {"system": "urn:lab", "value": ""}], ()),
        ([{"system": "", "value": "1"}, {"system": "urn:lab", "value": "4"}], ("urn:lab|4",)),
        ({"system": "urn:lab", "value": "1"}, ()),
    ],
)
def test_it_is_known_by_every_identifier_with_a_system_and_a_value(identifier: object, numbers: tuple[str, ...]) -> None:
    assert one(identifier=identifier).identifiers == numbers


@pytest.mark.parametrize(
    ("changed", "updated"),
    [
        ({"meta": {"lastUpdated": "2026-03-16T08:00:00Z"}, "issued": "2026-03-15T08:00:00Z"}, "2026-03-16T08:00:00Z"),
        ({"meta": {"versionId": "2"}, "issued": "2026-03-15T08:00:00Z"}, "2026-03-15T08:00:00Z"),
        ({"issued": "2026-03-15T08:00:00Z"}, "2026-03-15T08:00:00Z"),
        ({"meta": "2026-03-16T08:00:00Z"}, ""),
        ({"meta": {"lastUpdated": 7}}, ""),
    ],
)
def test_it_changed_when_its_resource_did_or_else_when_it_was_issued(changed: dict[str, Any], updated: str) -> None:
    assert one(**changed).updated == updated


@pytest.mark.parametrize("local_id", [None, "", "a b", 7])
def test_a_resource_without_an_id_is_called_so(local_id: object) -> None:
    assert one(id=local_id).source == "Observation/(no id)"


def test_a_component_of_a_panel_is_found_among_whatever_else_stands_there() -> None:
    resource = panel("106793-3", {"97510-2": quantity(71)})
    resource["component"] = [
        7,
        {},
        {"code": "x"},
        {"code": {"coding": "x"}},
        {"code": {"coding": [7, {"code": "1"}]}},
        *resource["component"],
    ]
    assert drawn(resource).value == 71
    for nothing in ([], "x", [{"code": coded("1")}]):
        assert read_measurements(load_measures(), [resource | {"component": nothing}], patient=WHO) == ([], [])


def test_a_summary_in_a_component_of_its_own_code_waits_for_its_sensor_too() -> None:
    share = {"code": coded("104637-4"), "valueQuantity": quantity(41)}
    own = observation(code=coded("97510-2"), valueQuantity=quantity(71), component=[share])
    found, [row] = read_measurements(load_measures(), [own], patient=WHO)
    assert (found, row.code, row.shown) == ([], "data_insufficient", "71 %")
    inside = panel("97510-2", {"97510-2": quantity(71), "104637-4": quantity(41)})
    found, [row] = read_measurements(load_measures(), [inside], patient=WHO)
    assert (found, row.code, row.shown) == ([], "data_insufficient", "71 %")


def test_both_numbers_of_a_pair_are_kept_as_written_with_what_they_are_of() -> None:
    found = drawn(pressure(131, 79, performer=[{"display": "Nurse Adler"}], identifier=[{"system": "urn:bp", "value": "1"}]))
    assert (found.reported, found.reported_paired) == (Quantity("131", "mm[Hg]", "mm Hg"), Quantity("79", "mm[Hg]", "mm Hg"))
    assert (found.performer, found.identifiers, found.converted) == ("Nurse Adler", ("urn:bp|1",), False)


AT = "2026-01-08T09:00:00Z"


def number(local_id: str, code: str, value: int, **more: Any) -> dict[str, Any]:
    return observation(id=local_id, code=coded(code), valueQuantity=quantity(value, "mm[Hg]"), effectiveDateTime=AT, **more)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"reference": "Encounter/a"}, {"reference": f"{SERVER}/Encounter/a"}, True),
        ({"reference": "Encounter/a"}, {"reference": "Encounter/a/_history/2"}, True),
        ({"reference": "Encounter/a"}, {"reference": "Encounter/b"}, False),
        ({"reference": "Encounter/a", "display": "Visit"}, {"reference": "Encounter/a"}, True),
        ({"reference": "Encounter/a"}, {"identifier": {"value": "7"}}, False),
        ({"identifier": {"value": "7"}}, {"identifier": {"value": "7"}}, True),
        ({"identifier": {"value": "7"}}, {"identifier": {"value": "8"}}, False),
        ({"reference": "https://other.example/fhir/Encounter/a"}, {"reference": "Encounter/a"}, False),
        ({}, {"reference": "Encounter/a"}, True),
    ],
)
def test_the_visits_of_two_numbers_are_compared_by_what_they_name(first: dict[str, Any], second: dict[str, Any], *, same: bool) -> None:
    found, _ = read_measurements(
        load_measures(), [number("s", "8480-6", 142, encounter=first), number("d", "8462-4", 91, encounter=second)], patient=WHO
    )
    assert (len(found) == 1) is same


def test_what_a_number_names_as_its_other_counts_on_this_server_alone() -> None:
    other = {"code": "8462-4", "value": 91}
    later = number("d", str(other["code"]), 91) | {"effectiveDateTime": "2026-01-08T09:05:00Z"}
    for written, tied in (("Observation/d", True), (f"{SERVER}/Observation/d", True), ("https://other.example/fhir/Observation/d", False)):
        found, _ = read_measurements(load_measures(), [number("s", "8480-6", 142, hasMember=[{"reference": written}]), later], patient=WHO)
        assert (len(found) == 1) is tied


@pytest.mark.parametrize(
    ("value", "reported"),
    [
        ({"value": "7.10", "unit": "%", "code": "%", "system": UCUM}, Quantity("7.10", "%", "%")),
        ({"value": " 7.10 ", "unit": "% of total Hb", "code": "%", "system": UCUM}, Quantity("7.10", "%", "% of total Hb")),
        ({"value": "07.10", "code": "%", "system": UCUM}, Quantity("07.10", "%", "%")),
        ({"value": Decimal("7.1E0"), "unit": "%", "code": "%", "system": UCUM}, Quantity("7.1", "%", "%")),
        ({"value": Decimal("0.71E+1"), "code": "%", "system": UCUM}, Quantity("7.1", "%", "%")),
        ({"value": "71e-1", "code": "%", "system": UCUM}, Quantity("7.1", "%", "%")),
        ({"value": "71E-1", "unit": "", "code": "%", "system": UCUM}, Quantity("7.1", "%", "%")),
        ({"value": 7, "unit": "percent"}, Quantity("7", "%", "percent")),
        ({"value": 7, "code": "%"}, Quantity("7", "%", "%")),
        ({"value": 7.5, "code": "%"}, Quantity("7.5", "%", "%")),
    ],
)
def test_the_digits_and_the_unit_are_those_that_were_written(value: dict[str, Any], reported: Quantity) -> None:
    assert one(valueQuantity=value).reported == reported


@pytest.mark.parametrize(
    "value", [True, Decimal("NaN"), Decimal("Infinity"), float("inf"), "seven", "7_1", "7.", "", None, [7], 10**18, -(10**18)]
)
def test_what_is_no_finite_number_of_eighteen_digits_is_none(value: object) -> None:
    found, [row] = read_measurements(load_measures(), [observation(valueQuantity=quantity(value))], patient=WHO)
    assert found == []
    assert row.code == "value_not_numeric"


def test_a_unit_that_is_coded_and_written_out_is_judged_once_in_a_read() -> None:
    [place] = code_index(load_measures())["http://loinc.org", "4548-4"]
    known: KnownUnits = {}
    value, accepted, reported = drawn_value(quantity(Decimal("7.1")), place, known)
    assert known == {(place, "%", "%"): accepted}
    assert (value, reported) == (Decimal(54), Quantity("7.1", "%", "%"))
    known[place, "%", "%"] = accepted._replace(label="as judged before")
    assert drawn_value(quantity(Decimal("7.1")), place, known)[2].label == "as judged before"


@pytest.mark.parametrize(
    "unusual",
    [
        {"value": 7, "unit": "%", "code": "%"},
        {"value": 7, "unit": "%", "code": "%", "system": "urn:local"},
        {"value": 7, "unit": "%", "system": UCUM},
        {"value": 7, "code": "%", "system": UCUM},
    ],
)
def test_another_unit_is_judged_each_time(unusual: dict[str, Any]) -> None:
    [place] = code_index(load_measures())["http://loinc.org", "4548-4"]
    known: KnownUnits = {}
    drawn_value(unusual, place, known)
    assert known == {}
