"""One result in a unit, and what becomes of it: drawn, or listed with its reason."""

from decimal import Decimal
from typing import Any

from fhir_mappings.measures.catalogue import load_measures
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.observation_reader import read_measurements
from fhir_mappings.skipped import Skipped
from tests.fhir_mappings.records import UCUM, WHO, coded, observation

HBA1C, JDS, IFCC_HBA1C, GLUCOSE, WEIGHT, BMI = "4548-4", "62388-4", "59261-8", "2345-7", "29463-7", "39156-5"
LDL, EGFR, EGFR_UNSTATED, UACR, SYSTOLIC, DIASTOLIC, TIME_IN_RANGE = "2089-1", "98979-8", "69405-9", "9318-7", "8480-6", "8462-4", "97510-2"
MEASURES = load_measures()


def read(*resources: Any) -> tuple[list[Measurement], list[Skipped]]:
    return read_measurements(MEASURES, resources, patient=WHO)


def result(loinc: str, value: object, code: str | None, text: str | None = None, **more: Any) -> dict[str, Any]:
    """A result with a unit coded in UCUM and written as `text`, or with either alone."""
    ucum = {} if code is None else {"system": UCUM, "code": code}
    unit = {} if text is None else {"unit": text}
    number = Decimal(value) if isinstance(value, str) else value
    return observation(code=coded(loinc), valueQuantity={"value": number, **unit, **ucum}, **more)


def drawn(resource: dict[str, Any]) -> Measurement:
    """The one value of the resource."""
    [found], skipped = read(resource)
    assert skipped == []
    return found


def listed(resource: dict[str, Any]) -> Skipped:
    """Why the resource has none."""
    found, [skipped] = read(resource)
    assert found == []
    return skipped
