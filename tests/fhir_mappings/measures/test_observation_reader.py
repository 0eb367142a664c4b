from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.people.patient import read_patient
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import JUNK, PATIENT, SERVER, UCUM, WHO, coded, mutated, observation, panel, pressure, quantity

MEASURES = load_measures()
HBA1C_IN_PERCENT_AND_MMOL_MOL = [("6.0", 42), ("6.5", 48), ("7.0", 53), ("7.5", 58), ("8.0", 64), ("9.0", 75), ("10.0", 86)]


def read(*resources: Any) -> tuple[list[Measurement], list[Skipped]]:
    return read_measurements(MEASURES, resources, patient=WHO)


def one(*resources: Any) -> Measurement:
    found, skipped = read(*resources)
    assert not skipped, skipped
    assert len(found) == 1
    return found[0]


def why_not(*resources: Any) -> str:
    found, skipped = read(*resources)
    assert found == []
    assert len(skipped) == 1
    assert skipped[0].reason.endswith(".")
    return skipped[0].code


def test_a_result_keeps_the_digits_it_came_with() -> None:
    found = one(observation(valueQuantity=quantity(Decimal("7.10"))))
    assert (found.reported.text, found.reported.label) == ("7.10", "%")


@pytest.mark.parametrize(("percent", "mmol_mol"), HBA1C_IN_PERCENT_AND_MMOL_MOL)
def test_hba1c_in_percent_is_drawn_in_mmol_mol_and_marked_converted(percent: str, mmol_mol: int) -> None:
    found = one(observation(valueQuantity=quantity(Decimal(percent))))
    assert (found.value, found.converted) == (Decimal(mmol_mol), True)


def test_hba1c_in_mmol_mol_is_drawn_as_it_is_whatever_its_code() -> None:
    found = one(observation(code=coded("4548-4"), valueQuantity=quantity(53, "mmol/mol")))
    assert (found.value, found.converted, found.reported.text) == (Decimal(53), False, "53")


def test_a_mass_fraction_of_0_07_is_seven_percent() -> None:
    assert one(observation(code=coded("71875-9"), valueQuantity=quantity(Decimal("0.07"), "1"))).value == 53


def test_a_jds_result_is_converted_by_its_own_equation_and_kept_on_its_own_line() -> None:
    found = one(observation(code=coded("62388-4"), valueQuantity=quantity(Decimal("7.2"))))
    assert (found.value, found.method, found.reported.label) == (Decimal(59), "JDS/JSCC", "% JDS")


# SMART K8
@pytest.mark.parametrize("code", ["41995-2", "86910-7"])
def test_a_code_that_is_no_result_is_listed_and_never_drawn(code: str) -> None:
    assert why_not(observation(code=coded(code))) == "not_a_result"


def test_a_code_that_is_no_result_wins_over_a_result_code_beside_it() -> None:
    both = {"coding": [*coded("4548-4")["coding"], *coded("41995-2")["coding"]]}
    assert why_not(observation(code=both)) == "not_a_result"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"value": 57}, "unit_missing"),
        (quantity(57, "g/dL"), "unit_unknown"),
        (quantity(61), "unit_suspect"),
        (quantity(Decimal("0.07")), "unit_suspect"),
        (quantity(-7), "unit_suspect"),
        (quantity("seven"), "value_not_numeric"),
        (quantity("7_1"), "value_not_numeric"),
        (quantity(True), "value_not_numeric"),
        (quantity(Decimal("1E+9999")), "unit_suspect"),
        ({**quantity(7), "unit": "mmol/mol"}, "unit_contradicts"),
        ({**quantity(7), "comparator": "~"}, "comparator_unknown"),
        ({**quantity(7), "comparator": ["<"]}, "comparator_unknown"),
    ],
)
def test_a_value_that_cannot_be_trusted_is_listed_with_its_reason(value: dict[str, Any], code: str) -> None:
    assert why_not(observation(valueQuantity=value)) == code


# SMART K8
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"status": "entered-in-error"}, "entered_in_error"),
        ({"status": " entered-in-error "}, "entered_in_error"),
        ({"status": "cancelled"}, "status_cancelled"),
        ({"status": "registered"}, "status_registered"),
        ({"status": "bogus"}, "status_unknown"),
        ({"status": None}, "status_unknown"),
        ({"valueQuantity": None}, "value_missing"),
        ({"valueQuantity": None, "dataAbsentReason": {"coding": [{"code": "masked"}]}}, "value_absent"),
        ({"dataAbsentReason": {"text": "not done"}}, "value_contradicts"),
        ({"valueQuantity": None, "valueCodeableConcept": {"text": "high"}}, "value_not_numeric"),
        ({"valueQuantity": None, "valueString": "about seven"}, "value_not_numeric"),
        ({"effectiveDateTime": None}, "date_missing"),
        ({"effectiveDateTime": "last week", "issued": "2026-03-15T00:00:00Z"}, "date_missing"),
        ({"modifierExtension": [{"url": "urn:not"}]}, "modified"),
    ],
)
def test_a_resource_that_cannot_be_drawn_is_listed_with_its_reason(changed: dict[str, Any], code: str) -> None:
    assert why_not(observation(**changed)) == code


# SMART K8
@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary", "final "])
def test_settled_and_preliminary_results_are_drawn_with_their_standing(status: str) -> None:
    assert one(observation(status=status)).standing == status.strip()


def test_a_bound_keeps_its_comparator() -> None:
    assert one(observation(valueQuantity={**quantity(14), "comparator": ">"})).comparator == ">"


def test_a_number_with_a_unit_in_text_is_read() -> None:
    assert one(observation(valueQuantity=None, valueString="7.10 %")).reported.text == "7.10"


@pytest.mark.parametrize(
    ("unit", "accepted"),
    [({"unit": "% of total Hb"}, True), ({"unit": "MMOL/MOL", "code": "x", "system": "urn:local"}, False), ({"unit": "parts"}, False)],
)
def test_without_a_ucum_code_only_known_spellings_of_a_unit_count(unit: dict[str, Any], *, accepted: bool) -> None:
    found, _ = read(observation(valueQuantity={"value": Decimal("7.1"), **unit}))
    assert bool(found) is accepted


def test_a_time_without_a_zone_is_placed_by_its_day_alone() -> None:
    when = one(observation(effectiveDateTime="2026-03-14T23:30:00")).when
    assert (when.day.isoformat(), when.instant, when.precision) == ("2026-03-14", None, "day")


def test_a_period_is_placed_at_its_end() -> None:
    period = {"start": "2026-03-01", "end": "2026-03-14"}
    assert one(observation(effectiveDateTime=None, effectivePeriod=period)).when.text == "2026-03-14"


def test_blood_pressure_is_read_as_a_pair_from_either_panel() -> None:
    for code in ("85354-9", "55284-4"):
        values = {"8480-6": quantity(131, "mm[Hg]"), "8462-4": quantity(79, "mm[Hg]")}
        found = one(panel(code, values))
        assert (found.measure, found.value, found.paired) == ("blood-pressure", Decimal(131), Decimal(79))


def test_half_a_blood_pressure_is_listed_not_drawn() -> None:
    assert why_not(panel("85354-9", {"8480-6": quantity(131, "mm[Hg]")})) == "pair_missing"


def test_a_blood_pressure_the_wrong_way_round_is_listed_not_drawn() -> None:
    assert why_not(pressure(79, 131)) == "pair_swapped"


def test_a_diastolic_bound_is_not_drawn_as_a_value() -> None:
    spoiled = pressure(131, 79)
    spoiled["component"][1]["valueQuantity"]["comparator"] = "<"
    assert why_not(spoiled) == "comparator_on_pair"


def test_time_in_range_on_too_little_sensor_data_is_listed_not_drawn() -> None:
    assert one(panel("106793-3", {"97510-2": quantity(71), "104637-4": quantity(82)})).value == 71
    assert why_not(panel("106793-3", {"97510-2": quantity(71), "104637-4": quantity(41)})) == "data_insufficient"


@pytest.mark.parametrize("reference", ["Patient/p2", "/Patient/p2", f"{SERVER}/Patient/p2", "Patient/p2/_history/1", "Patient/p11"])
def test_nothing_of_another_patient_is_used_or_shown(reference: str) -> None:
    found, skipped = read(observation(subject={"reference": reference}))
    assert found == []
    assert [one.code for one in skipped] == ["foreign_patient"]
    assert (skipped[0].when, skipped[0].shown) == (None, None)


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ({"type": "Patient", "identifier": {"system": "urn:example:mrn", "value": "M1"}}, "given by identifier"),
        ({"reference": "https://other.example/fhir/Patient/p1"}, "under another address (https://other.example/fhir)"),
        ({"reference": "#p1"}, "inside the resource itself"),
        ({"reference": "urn:uuid:5f2c7f5e-5d1e-4b54-a4c4-8a10fd5e2a10"}, "of a bundle"),
        ({"reference": "Group/g1"}, "not a Patient"),
        ({"reference": "p1"}, "cannot be read"),
        ({"reference": 7}, "cannot be read"),
        ({"display": "Ingrid"}, "missing"),
        (None, "missing"),
    ],
)
def test_a_subject_that_names_no_patient_here_is_listed_as_tied_to_nobody_and_not_called_anothers(subject: object, says: str) -> None:
    found, skipped = read(observation(subject=subject))
    assert found == []
    [listed] = skipped
    assert (listed.code, listed.source, listed.measure, listed.when, listed.shown) == ("untied", "Observation/o1", None, None, None)
    assert says in listed.reason
    assert listed.remedy
    assert "M1" not in repr(listed)
    assert "7.1" not in repr(listed)


@pytest.mark.parametrize("reference", ["RelatedPerson/unborn", "Device/pump", "https://other.example/fhir/Patient/p1", "#child"])
@pytest.mark.parametrize("made", [observation, lambda **more: pressure(131, 79, **more)])
def test_a_value_about_somebody_else_is_listed_and_never_drawn(made: Any, reference: str) -> None:
    found, skipped = read(made(focus=[{"reference": reference}]))
    assert found == []
    [listed] = skipped
    assert (listed.code, listed.source, listed.shown) == ("about_another", "Observation/o1", None)
    assert listed.when is not None
    assert listed.what in {"HbA1c", "Blood pressure"}
    assert listed.remedy


def test_what_a_value_is_about_is_named_unless_it_is_another_patient() -> None:
    _, [unborn] = read(observation(focus=[{"reference": "RelatedPerson/unborn"}]))
    _, [donor] = read(observation(focus=[{"reference": "Patient/p2"}]))
    assert unborn.reason == "It is about RelatedPerson/unborn, not about the patient."
    assert donor.reason == "It is about another patient, not about this one."
    assert "p2" not in repr(donor)


def test_a_withdrawn_value_about_somebody_else_shows_nothing_of_it_either() -> None:
    _, [listed] = read(observation(focus=[{"reference": "Patient/p2"}], status="entered-in-error"))
    assert (listed.code, listed.shown) == ("about_another", None)


@pytest.mark.parametrize("focus", [[], [{"reference": "Patient/p1"}], [{"reference": f"{SERVER}/Patient/p1/_history/2"}]])
def test_a_value_about_the_patient_themself_is_drawn(focus: object) -> None:
    assert one(observation(focus=focus)).source == "Observation/o1"


@pytest.mark.parametrize("focus", [[{"display": "the child"}], [{"identifier": {"value": "1"}}], {"reference": "#x"}, "unborn", [7]])
def test_a_value_about_something_that_cannot_be_told_is_listed(focus: object) -> None:
    assert why_not(observation(focus=focus)) == "about_another"


@pytest.mark.parametrize("reference", ["Patient/p1", "/Patient/p1", f"{SERVER}/Patient/p1", "Patient/p1/_history/3"])
def test_the_patient_is_known_by_relative_absolute_and_versioned_references(reference: str) -> None:
    assert one(observation(subject={"reference": reference})).source == "Observation/o1"


def test_a_corrected_result_replaces_the_one_of_the_same_identifier_and_day() -> None:
    identifier = [{"system": "urn:lab", "value": "1"}]
    first = observation(id="a", identifier=identifier, valueQuantity=quantity(Decimal("9.7")))
    corrected = observation(id="b", identifier=identifier, status="corrected")
    found, skipped = read(corrected, first)
    assert [one.source for one in found] == ["Observation/b"]
    assert [(one.source, one.code) for one in skipped] == [("Observation/a", "superseded")]


def test_different_results_never_merge_for_want_of_an_id_or_identifier() -> None:
    found, _ = read(observation(id=None), observation(id=None, valueQuantity=quantity(8)))
    assert sorted(one.reported.text for one in found) == ["7.1", "8"]


def test_a_value_in_a_component_of_its_own_code_is_read() -> None:
    assert one(panel("4548-4", {"4548-4": quantity(Decimal("7.10"))})).reported.text == "7.10"
    assert one(panel("4548-4", {"59261-8": quantity(53, "mmol/mol"), "718-7": quantity(13, "g/dL")})).reported.text == "53"
    assert one(observation(component=[{"code": coded("718-7"), "valueQuantity": quantity(13, "g/dL")}, 7])).reported.text == "7.1"


def test_two_units_in_the_components_of_one_resource_are_one_result_of_that_resource() -> None:
    found = one(panel("4548-4", {"4548-4": quantity(Decimal("8.5")), "59261-8": quantity(70, "mmol/mol")}))
    assert (found.reported.text, found.sources) == ("70", ("Observation/o1",))
    assert found.also_reported is not None
    assert found.also_reported.text == "8.5"


def test_a_component_that_is_no_result_is_listed_and_hides_no_other() -> None:
    found, [goal] = read(panel("4548-4", {"4548-4": quantity(Decimal("8.5")), "86910-7": quantity(7)}))
    assert ([one.reported.text for one in found], goal.code, goal.shown) == (["8.5"], "not_a_result", "7 %")
    assert why_not(panel("4548-4", {"718-7": quantity(13, "g/dL")})) == "value_missing"


def test_one_bad_resource_never_hides_the_others() -> None:
    found, _ = read(observation(), {"resourceType": "Observation"}, None, [], observation(id="o2", code={"coding": "x"}))
    assert [one.source for one in found] == ["Observation/o1"]


GOOD = [
    observation(identifier=[{"system": "urn:lab", "value": "1"}], performer=[{"display": "Lab"}], method={"text": "HPLC"}),
    observation(valueQuantity=None, valueString="7.1 %", meta={"lastUpdated": "2026-03-04T10:00:00Z"}),
    observation(effectiveDateTime=None, effectivePeriod={"start": "2026-03-01", "end": "2026-03-14"}, issued="2026-03-15T00:00:00Z"),
    pressure(131, 79),
    panel("106793-3", {"97510-2": quantity(71), "104637-4": quantity(82)}),
]


@given(st.sampled_from(GOOD).flatmap(mutated))
@settings(max_examples=400)
def test_whatever_is_read_is_plausible_in_its_own_unit_and_nothing_raises(resource: Any) -> None:
    for found in read(resource)[0]:
        measure = next(measure for measure in MEASURES if measure.key == found.measure)
        unit = next(unit for unit in measure.units if unit.code == found.reported.unit)
        assert unit.low <= Decimal(found.reported.text) <= unit.high


@pytest.mark.parametrize(("value", "drawn"), [("2.9", False), ("3.0", True), ("20.0", True), ("20.1", False)])
def test_a_value_at_the_end_of_the_plausible_range_is_in_it(value: str, *, drawn: bool) -> None:
    unit = next(unit for unit in next(measure for measure in MEASURES if measure.key == "hba1c").units if unit.code == "%")
    assert (unit.low, unit.high) == (Decimal(3), Decimal(20))
    found, skipped = read(observation(valueQuantity=quantity(Decimal(value))))
    assert [one.reported.text for one in found] == ([value] if drawn else [])
    assert len(skipped) == (0 if drawn else 1)


PERSON = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [
        {"use": "old", "family": "Before"},
        {"use": "official", "family": "Halvorsen", "given": ["Ingrid", "Marie"], "prefix": ["Ms"]},
    ],
    "birthDate": "1968-03-14",
    "gender": "female",
    "identifier": [{"use": "usual", "value": "1"}, {"type": {"coding": [{"code": "MR"}]}, "value": "482 7719"}],
    "deceasedBoolean": False,
}


def test_the_banner_takes_the_official_name_and_the_record_number() -> None:
    fields = read_patient(PERSON)
    assert (fields.family, fields.given, fields.title) == ("Halvorsen", "Ingrid Marie", "Ms")
    assert fields.identifier == ("MRN", "482 7719")
    assert (fields.gender, fields.deceased, str(fields.born)) == ("female", None, "1968-03-14")


def test_a_birth_year_alone_is_no_birth_date() -> None:
    fields = read_patient({**PERSON, "birthDate": "1968"})
    assert (fields.born, fields.born_text) == (None, "1968")


@given(mutated(PERSON) | JUNK.filter(lambda junk: isinstance(junk, dict)))
@settings(max_examples=200)
def test_no_patient_makes_the_reader_raise(resource: Any) -> None:
    if isinstance(resource, dict):
        fields = read_patient(resource)
        assert all(isinstance(text, str) for text in (fields.id, fields.family, fields.given, fields.title))


def test_a_unit_code_of_another_system_is_no_ucum_code() -> None:
    assert why_not(observation(valueQuantity={"value": 7, "code": "%", "system": f"{UCUM}/other"})) == "unit_unknown"


UNITS = st.sampled_from(["%", "mmol/mol", "% of total Hb", " % ", "MMOL/MOL", "g/dL", "", None, 7])
QUANTITIES = st.builds(
    lambda value, unit, code, system: {"value": value, "unit": unit, "code": code, "system": system},
    st.sampled_from([7, True, "7.10", Decimal("7.10"), Decimal("1E+2"), 10**18, 53, None]),
    UNITS,
    UNITS,
    st.sampled_from([UCUM, None, "urn:local"]),
)
NAMED = st.sampled_from(["Lab", " Northfield   laboratory", "", 7]).map(lambda name: [{"display": name}])
RESULTS = st.builds(
    lambda code, value, performer, subject: observation(
        code=coded(code), valueQuantity=value, performer=performer, subject={"reference": subject}
    ),
    st.sampled_from(["4548-4", "59261-8", "62388-4", "71875-9", "41995-2"]),
    QUANTITIES,
    NAMED,
    st.sampled_from([f"Patient/{PATIENT}", "Patient/p2", f"{SERVER}/Patient/{PATIENT}", f"https://other.example/fhir/Patient/{PATIENT}"]),
)


@given(st.lists(RESULTS, max_size=8))
def test_what_was_read_before_changes_no_result(results: list[Any]) -> None:
    resources = [{**result, "id": f"o{place}", "effectiveDateTime": f"2026-03-0{place + 1}"} for place, result in enumerate(results)]
    apart = [read(resource) for resource in resources]
    together = read(*resources)
    assert together == ([one for found, _ in apart for one in found], [one for _, skipped in apart for one in skipped])
    assert read(*resources) == together


def test_other_measures_are_read_by_themselves_alone() -> None:
    weight = tuple(measure for measure in MEASURES if measure.key == "weight")
    assert read_measurements(weight, [observation()], patient=WHO) == ([], [])
    assert len(read(observation())[0]) == 1
