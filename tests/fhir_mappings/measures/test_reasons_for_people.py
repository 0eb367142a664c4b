"""Whatever is not drawn is listed in full: where it is, what of and when, what stands there, why it is not drawn and who can put it right.

Clinicians read these rows to find a value that the page does not show, and health-IT staff to mend its source; so every word is held.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.r4.dates import parse_moment
from fhir_mappings.r4.possible_dates import possible_dates
from fhir_mappings.sentence import Sentence
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import UCUM, WHO, coded, observation, panel, pressure, quantity

POSSIBLE = possible_dates(parse_moment("1971-04-09"), date(2026, 11, 22))
AT = "2026-03-14T09:30:00+01:00"
ADDS, CORRECTS, AS_NUMBER = "The source adds the unit.", "The source corrects the unit.", "The source sends it as a number."
SUSPECT = "The source corrects the value or its unit."
NOT_GUESSED = "Rapport does not guess another unit."


def row_of(resource: Any) -> Skipped:
    found, [row] = read_measurements(load_measures(), [resource], patient=WHO, possible=POSSIBLE)
    assert found == []
    return row


def valued(value: dict[str, Any], **more: Any) -> dict[str, Any]:
    return observation(valueQuantity=value, **more)


def said(text: str) -> dict[str, Any]:
    return observation(valueQuantity=None, valueString=text)


@pytest.mark.parametrize(
    ("resource", "code", "reason", "shown", "remedy"),
    [
        (valued(quantity("seven")), "value_not_numeric", "The value is not a number.", "seven %", None),
        (valued({"value": 57}), "unit_missing", "No unit is recorded.", "57", ADDS),
        (valued({"value": 57, "unit": "", "code": ""}), "unit_missing", "No unit is recorded.", "57", ADDS),
        (valued(quantity(57, "g/dL")), "unit_unknown", "The unit g/dL is not one of %, mmol/mol.", "57 g/dL", CORRECTS),
        (valued({"value": 57, "unit": "parts"}), "unit_unknown", "The unit parts is not one of %, mmol/mol.", "57 parts", CORRECTS),
        (
            valued({"value": 57, "code": "g/dL", "system": UCUM}),
            "unit_unknown",
            "The unit g/dL is not one of %, mmol/mol.",
            "57 g/dL",
            CORRECTS,
        ),
        (
            valued({"value": 57, "code": "parts", "system": "urn:local"}),
            "unit_unknown",
            "The unit parts is not one of %, mmol/mol.",
            "57 parts",
            CORRECTS,
        ),
        (
            valued({**quantity(7), "unit": "mmol/mol"}),
            "unit_contradicts",
            "The unit is coded as % but written as mmol/mol.",
            "7 mmol/mol",
            CORRECTS,
        ),
        (
            valued({"value": 7, "unit": "%", "code": "mmol/mol", "system": "urn:local"}),
            "unit_contradicts",
            "The unit is coded as mmol/mol but written as %.",
            "7 %",
            CORRECTS,
        ),
        (
            valued({"value": 7, "unit": "percent", "code": "10*-3", "system": "urn:local"}),
            "unit_contradicts",
            "The unit is coded as 10*-3 but written as percent.",
            "7 percent",
            CORRECTS,
        ),
        (valued(quantity(Decimal("2.9"))), "unit_suspect", f"Outside 3 to 20 %. {NOT_GUESSED}", "2.9 %", SUSPECT),
        (valued(quantity(61)), "unit_suspect", f"Outside 3 to 20 %. {NOT_GUESSED}", "61 %", SUSPECT),
        (
            valued(quantity(Decimal("12.40"), "mmol/mol")),
            "unit_suspect",
            f"12.40 mmol/mol would be unusual, 12.40 % would not. {NOT_GUESSED}",
            "12.40 mmol/mol",
            SUSPECT,
        ),
        (valued({**quantity(7), "comparator": "~"}), "comparator_unknown", "The comparator ~ is not known.", "7 %", None),
        (
            observation(dataAbsentReason={"text": "not done"}),
            "value_contradicts",
            "A value is recorded together with a reason why there is none.",
            "7.1 %",
            None,
        ),
        (
            observation(valueQuantity=None, dataAbsentReason={"coding": [{"code": "masked"}]}),
            "value_absent",
            "No value: masked.",
            None,
            None,
        ),
        (
            observation(valueQuantity=None, valueCodeableConcept={"text": "high"}),
            "value_not_numeric",
            "The value is not a number with a unit.",
            "high",
            None,
        ),
        (observation(valueQuantity=None), "value_missing", "No value is recorded.", None, None),
        (observation(valueQuantity={"unit": "%"}), "value_not_numeric", "The value is not a number with a unit.", None, None),
        (said("about  seven"), "value_not_numeric", "The value is text, not a number.", "about seven", None),
        (
            said("7.125 %"),
            "value_ambiguous",
            "The number can be read in two ways: with decimals, or with its thousands set apart.",
            "7.125 %",
            AS_NUMBER,
        ),
        (said(">61%"), "unit_suspect", f"Outside 3 to 20 %. {NOT_GUESSED}", "> 61 %", SUSPECT),
        (said("7.2%  H"), "unit_unknown", "The unit % H is not one of %, mmol/mol.", "7.2 % H", CORRECTS),
        (said(">14.0"), "unit_missing", "No unit is recorded.", "> 14.0", ADDS),
        (observation(status="entered-in-error"), "entered_in_error", "Marked entered in error by the source.", "7.1 %", None),
        (observation(status="cancelled"), "status_cancelled", "The source says: cancelled. There is no result.", "7.1 %", None),
        (observation(status="registered"), "status_registered", "The source says: registered. There is no result.", "7.1 %", None),
        (
            observation(status="bogus"),
            "status_unknown",
            "The status bogus is not known, so the result may not be final.",
            "7.1 %",
            None,
        ),
        (observation(status=None), "status_unknown", "No status is recorded, so the result may not be final.", "7.1 %", None),
        (observation(status=["final"]), "status_unknown", "No status is recorded, so the result may not be final.", "7.1 %", None),
        (observation(code=coded("86910-7")), "not_a_result", "The code means a goal, not a result.", "7.1 %", None),
        (
            observation(modifierExtension=[{"url": "urn:not"}]),
            "modified",
            "It carries a modifier that Rapport does not know.",
            "7.1 %",
            None,
        ),
    ],
)
def test_a_result_that_is_not_drawn(resource: Any, code: str, reason: str, shown: str | None, remedy: str | None) -> None:
    row = row_of(resource)
    assert (row.code, row.reason, row.shown, row.remedy) == (code, reason, shown, remedy)
    assert (row.source, row.measure, row.what) == ("Observation/o1", "hba1c", "HbA1c")
    assert row.when == parse_moment(AT)


@pytest.mark.parametrize(
    ("changed", "code", "reason", "remedy", "when"),
    [
        ({"effectiveDateTime": None}, "date_missing", "No date is recorded that could be read.", None, None),
        ({"effectiveDateTime": "last week"}, "date_missing", "No date is recorded that could be read.", None, None),
        ({"effectiveDateTime": None, "effectivePeriod": {}}, "date_missing", "No date is recorded that could be read.", None, None),
        (
            {"effectiveDateTime": None, "effectiveTiming": {"event": ["2026-03-01", "2026-03-02"]}},
            "timing_unread",
            "Its time is given in a way that is not read.",
            "The source says when it was measured: one date and time, or a period.",
            None,
        ),
        (
            {"effectiveDateTime": "1971-04-01"},
            "before_birth",
            "It is dated before the patient was born.",
            "Correct the date, or the patient's date of birth, in the record.",
            "1971-04-01",
        ),
        (
            {"effectiveDateTime": "2027-03-14"},
            "future_date",
            "Its date has not come yet.",
            "Correct the date in the record.",
            "2027-03-14",
        ),
    ],
)
def test_a_result_that_has_no_place_in_time(changed: dict[str, Any], code: str, reason: str, remedy: str | None, when: str | None) -> None:
    row = row_of(observation(**changed))
    assert (row.code, row.reason, row.shown, row.remedy) == (code, reason, "7.1 %", remedy)
    assert (row.when.text if row.when else None) == when


def test_a_value_about_somebody_else() -> None:
    row = row_of(observation(focus=[{"reference": "RelatedPerson/unborn"}]))
    assert row == Skipped(
        source="Observation/o1",
        measure="hba1c",
        what=Sentence("HbA1c"),
        when=parse_moment(AT),
        shown=None,
        reason=Sentence("It is about RelatedPerson/unborn, not about the patient."),
        code="about_another",
        remedy=Sentence("If it is the patient's own value, the source takes its focus away."),
    )


def test_a_component_that_is_not_drawn_is_listed_with_the_day_of_its_resource() -> None:
    _, [goal] = read_measurements(
        load_measures(), [panel("4548-4", {"4548-4": quantity(Decimal("8.5")), "86910-7": quantity(7)})], patient=WHO
    )
    assert goal == Skipped(
        source="Observation/o1",
        measure="hba1c",
        what=Sentence("HbA1c"),
        when=parse_moment(AT),
        shown="7 %",
        reason=Sentence("The code means a goal, not a result."),
        code="not_a_result",
        remedy=None,
    )


def test_a_summary_on_too_little_sensor_data_is_listed_with_its_own_value() -> None:
    row = row_of(panel("106793-3", {"97510-2": quantity(71), "104637-4": quantity(41)}))
    assert row == Skipped(
        source="Observation/o1",
        measure="time-in-range",
        what=Sentence("Time in range"),
        when=parse_moment(AT),
        shown="71 %",
        reason=Sentence("The sensor was active 41 % of the time. At least 70 % is needed."),
        code="data_insufficient",
        remedy=None,
    )


def _spoiled(**second: Any) -> dict[str, Any]:
    resource = pressure(131, 79)
    resource["component"][1]["valueQuantity"] |= second
    return resource


def _two(first: dict[str, Any], *more: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return observation(code=coded("85354-9"), valueQuantity=None, component=[first, *more], **changed)


def _part(code: str, **held: Any) -> dict[str, Any]:
    return {"code": coded(code), **held}


MM_HG = quantity(131, "mm[Hg]")


@pytest.mark.parametrize(
    ("resource", "code", "reason", "shown"),
    [
        (_spoiled(comparator="<"), "comparator_on_pair", "The second number is only a bound.", "131 mm[Hg] / < 79 mm[Hg]"),
        (pressure(79, 131), "pair_swapped", "The second number is not below the first.", "79 mm[Hg] / 131 mm[Hg]"),
        (pressure(131, 131), "pair_swapped", "The second number is not below the first.", "131 mm[Hg] / 131 mm[Hg]"),
        (
            _two(_part("8480-6", valueQuantity=MM_HG)),
            "pair_missing",
            "The diastolic number is not recorded.",
            "131 mm[Hg]",
        ),
        (
            _two(_part("8480-6", valueQuantity=MM_HG), _part("8462-4", dataAbsentReason={"text": "cuff slipped"})),
            "pair_missing",
            "The diastolic number is not recorded: cuff slipped.",
            "131 mm[Hg]",
        ),
        (
            _two(_part("8480-6", valueQuantity=MM_HG), _part("8478-0", valueQuantity=MM_HG), {"code": {"text": "pulse"}}),
            "pair_missing",
            "The diastolic number is not recorded, or stands under a code that is not known (8478-0, pulse).",
            "131 mm[Hg]",
        ),
        (
            _two(_part("8480-6", valueQuantity=MM_HG), _part("8480-6", valueQuantity=quantity(140, "mm[Hg]"))),
            "pair_unclear",
            "More than one systolic number is recorded together; which one counts is not said.",
            "131 mm[Hg], 140 mm[Hg]",
        ),
        (
            _two(_part("8480-6"), _part("8462-4", dataAbsentReason={"text": "refused"})),
            "value_absent",
            "No value: refused.",
            None,
        ),
        (_two(_part("8480-6"), _part("8462-4")), "value_missing", "No value is recorded.", None),
        (_two(_part("8480-6"), dataAbsentReason={"text": "refused"}), "value_absent", "No value: refused.", None),
        (
            observation(code=coded("85354-9"), valueQuantity=MM_HG),
            "pair_missing",
            "One number alone is recorded; which of the two it is, is not said.",
            "131 mm[Hg]",
        ),
        (
            observation(code=coded("85354-9"), valueQuantity=None, valueString="high"),
            "value_not_numeric",
            "The value is not two numbers with a unit.",
            "high",
        ),
        (
            _two({"code": {"text": "upper"}, "valueQuantity": MM_HG}, {"code": {}}, {"code": {"text": " "}}),
            "parts_unknown",
            "The codes of its parts are not known: upper, none given, none given.",
            "131 mm[Hg]",
        ),
        (_two({"code": {"text": "upper"}}), "parts_unknown", "The codes of its parts are not known: upper.", None),
    ],
)
def test_a_blood_pressure_that_is_not_drawn(resource: Any, code: str, reason: str, shown: str | None) -> None:
    row = row_of(resource)
    assert (row.code, row.reason, row.shown) == (code, reason, shown)
    assert (row.source, row.measure, row.what, row.when) == ("Observation/o1", "blood-pressure", "Blood pressure", parse_moment(AT))


def test_two_numbers_in_two_units_that_are_both_accepted_are_no_pair() -> None:
    """No shipped measure of two numbers has a second unit; a site's may."""
    [blood_pressure] = [measure for measure in load_measures() if measure.key == "blood-pressure"]
    [mm_hg] = blood_pressure.units
    k_pa = replace(mm_hg, code="kPa", label="kPa", slope=Decimal("7.50062"), low=Decimal(3), high=Decimal(40), spellings=("kPa",))
    found, [row] = read_measurements(
        (replace(blood_pressure, units=(mm_hg, k_pa)),), [_spoiled(value=Decimal("10.5"), unit="kPa", code="kPa")], patient=WHO
    )
    assert found == []
    assert (row.code, row.reason, row.shown) == ("pair_units", "The two numbers are in different units.", "131 mm[Hg] / 10.5 kPa")
