"""Whatever is not drawn, and what stands beside what is, can be said in another language: of the English only the record's words stay."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.measures import test_reasons_for_people as english
from tests.fhir_mappings.records import WHO, coded, observation, panel, quantity
from tests.fhir_mappings.speaking import codes_in, left_over, words, words_of

MEASURES = load_measures()
POSSIBLE = possible_dates(parse_moment("1971-04-09"), date(2026, 11, 22))
UNKNOWN_BIRTH = possible_dates(None, date(2026, 11, 22))
UNITS = {word for measure in MEASURES for unit in measure.units for word in words(f"{unit.label} {unit.code}")}
REAL = {"observation", "id", "no"}


def cases(test: Any) -> list[Any]:
    [mark] = [one for one in test.pytestmark if one.name == "parametrize"]
    return [case[0] for case in mark.args[1]]


def half(code: str, value: int, **changed: Any) -> dict[str, Any]:
    return observation(**{"id": code, "code": coded(code), "valueQuantity": quantity(value, "mm[Hg]"), **changed})


def corrected(**changed: Any) -> dict[str, Any]:
    numbered = [{"system": "urn:lab", "value": "1"}]
    return observation(**{"id": "o2", "status": "corrected", "identifier": numbered, "valueQuantity": quantity(8), **changed})


RECORDS: list[list[dict[str, Any]]] = [
    *([resource] for resource in cases(english.test_a_result_that_is_not_drawn)),
    *([observation(**changed)] for changed in cases(english.test_a_result_that_has_no_place_in_time)),
    *([resource] for resource in cases(english.test_a_blood_pressure_that_is_not_drawn)),
    [observation(focus=[{"reference": "RelatedPerson/unborn"}])],
    [observation(focus=[{"reference": "Patient/other"}])],
    [observation(focus=[{"display": "the donor"}])],
    [panel("106793-3", {"97510-2": quantity(71), "104637-4": quantity(41)})],
    [observation(subject={"reference": "Patient/other"})],
    [observation(subject=None)],
    [observation(subject={"identifier": {"value": "7"}})],
    [observation(subject={"reference": "#p"})],
    [observation(subject={"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"})],
    [observation(subject={"reference": "Group/g"})],
    [observation(subject={"reference": "https://elsewhere.example/fhir/Patient/p1"})],
    [observation(subject={"reference": "??"})],
    [half("8480-6", 131)],
    [half("8480-6", 131), half("8462-4", 79, effectiveDateTime="2026-03-14"), half("8480-6", 133, id="x", effectiveDateTime="2026-03-14")],
    [half("8480-6", 131), half("8462-4", 79), half("8480-6", 137, id="x", effectiveDateTime="2026-03-14T09:30:00+01:00")],
    [observation(identifier=[{"system": "urn:lab", "value": "1"}]), corrected()],
    [observation(identifier=[{"system": "urn:lab", "value": "1"}]), observation(id="o2", identifier=[{"system": "urn:lab", "value": "1"}])],
    [
        observation(id=f"w{place}", code=coded("29463-7"), valueQuantity=quantity(value, "kg"), effectiveDateTime=f"2026-03-0{place}")
        for place, value in enumerate((82, 82, 180, 82), 1)
    ],
]


def rows() -> Iterator[tuple[list[dict[str, Any]], Skipped]]:
    for record in RECORDS:
        _, skipped = read_measurements(MEASURES, record, patient=WHO, possible=POSSIBLE)
        yield from ((record, row) for row in skipped)
    for day in ("1871-03-01", "1970-01-01"):
        _, skipped = read_measurements(MEASURES, [observation(effectiveDateTime=day)], patient=WHO, possible=UNKNOWN_BIRTH)
        yield from (([observation(effectiveDateTime=day)], row) for row in skipped)


ROWS = list(rows())


@pytest.mark.parametrize("row", range(len(ROWS)), ids=[row.code for _, row in ROWS])
def test_what_is_not_drawn(row: int) -> None:
    record, skipped = ROWS[row]
    for said in (skipped.what, skipped.reason, skipped.remedy):
        assert said is None or isinstance(said, Sentence)
        assert left_over(said or Sentence("")) <= words_of(record) | UNITS | REAL


def test_every_reason_there_is_was_walked() -> None:
    dates = {"before_birth", "far_past", "no_date", "future_date"}
    known = {*codes_in("measures", "Unreadable", "Skipped"), *codes_in(".", "Skipped"), *dates, "status_cancelled", "status_registered"}
    rooms_of_their_own = {"pair_units", "unreadable", "rated_again", "not_answered_superseded"}  # a site's measure; ratings
    assert {*known} - {row.code for _, row in ROWS} == rooms_of_their_own


@pytest.mark.parametrize(
    ("more", "data"),
    [
        ({"note": [{"text": "x " * 400}]}, {"x"}),
        ({"interpretation": [{"coding": [{"code": "IND"}]}]}, set()),
        ({"interpretation": [{"coding": [{"code": "zz", "system": "urn:own"}]}]}, {"zz"}),
        ({"referenceRange": [{"low": quantity(4)}]}, set()),
        (
            {"referenceRange": [{"high": quantity(6), "age": {"low": {"value": 18, "unit": "a"}}, "appliesTo": [{"text": "women"}]}]},
            {"a", "women"},
        ),
        ({"referenceRange": [{"text": f"range {sign}"} for sign in "abcdef"]}, {"range", "a", "b", "c", "d"}),
        ({"referenceRange": [{"type": {"text": "goal"}, "high": quantity(6)}]}, {"goal"}),
    ],
)
def test_what_stands_beside_a_value(more: dict[str, Any], data: set[str]) -> None:
    [found], _ = read_measurements(MEASURES, [observation(**more)], patient=WHO)
    [remark] = found.remarks
    assert remark.text is not None
    assert left_over(remark.text) == data


def test_results_that_disagree_and_a_correction_of_which_nobody_knows() -> None:
    numbered = [{"system": "urn:lab", "value": "1"}]
    others = [
        observation(identifier=numbered, effectiveDateTime=f"2026-03-1{place}T08:00:00Z", id=f"o{place}", valueQuantity=quantity(7 + place))
        for place in (3, 4)
    ]
    found, _ = read_measurements(
        MEASURES,
        [*others, corrected(effectiveDateTime="2026-03-16T08:00:00Z"), observation(id="d", effectiveDateTime="2026-03-13T08:00:00Z")],
        patient=WHO,
    )
    remarks = [remark for one in found for remark in one.remarks]
    assert {remark.code for remark in remarks} == {"disagrees", "which_corrected"}
    for remark in remarks:
        assert left_over(remark.text or "") <= {"observation", "o", "d"}


def test_methods_of_our_files_can_be_said_and_those_of_a_record_stay() -> None:
    [measure] = [one for one in MEASURES if one.key == "egfr"]
    code = next(one for one in measure.codes if one.method == "CKD-EPI")
    apart = next(unit for unit in measure.units if unit.method)
    named = replace(code, units=None)
    found, _ = read_measurements(
        (replace(measure, codes=(named,)),), [observation(code=coded(code.code), valueQuantity=quantity(61, apart.code))], patient=WHO
    )
    assert [(one.method, left_over(one.method or "")) for one in found] == [(f"CKD-EPI, {apart.method}", set())]
    [plain], _ = read_measurements(MEASURES, [observation(method={"text": "by hand"})], patient=WHO)
    assert (plain.method, left_over(plain.method or "")) == ("by hand", {"by", "hand"})
