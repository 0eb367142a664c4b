"""The results a record was given, by a walk over its JSON: what `rapport demo --check` looks for on the page.

Whatever shape a resource has, the walk goes on. It reads codes, days, numbers and units, and knows nothing of how the app does.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from fhir_mappings.measures.measure import Measure
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import reference_in

# LOINC codes whose Observations are laboratory HbA1c results, stated here independently of the app's own table
# (VSAC 2.16.840.1.113762.1.4.1222.119, as published in MccCareplan/mcc-api).
_HBA1C = {"4548-4", "17856-6", "17855-8", "4549-2", "59261-8", "71875-9", "62388-4", "41995-2"}
_LOINC, _HBA1C_TITLE = "http://loinc.org", "HbA1c"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued")
# What a text says of a number, and the two units that must not stand for each other.
_WRITTEN = re.compile(r"\s*(?P<sign>[<>]=?)?\s*(?P<number>\d+(?:[.,]\d+)?)(?P<rest>.*)", re.DOTALL)
_UNITS = ("mmol/mol", "%")


class ShownNumber(Struct, frozen=True, kw_only=True):
    """A number with its sign, the second one of a pair, and its unit where that is one of the two of HbA1c ("" for any other)."""

    number: Decimal
    sign: str = ""
    second: Decimal | None = None
    unit: str = ""

    def is_shown_as(self, other: "ShownNumber") -> bool:
        """Whether they are the same, as far as both name a unit."""
        same = (self.number, self.sign, self.second) == (other.number, other.sign, other.second)
        return same and (not self.unit or not other.unit or self.unit == other.unit)


class SeededResult(Struct, frozen=True, kw_only=True):
    """One result that a record was given: its Observation, and the titles of the measures its codes belong to."""

    titles: frozenset[str]
    observation: FhirJson

    @property
    def reference(self) -> str:
        """`Observation/id`."""
        return f"Observation/{self.observation.get('id')}"

    @property
    def is_hba1c(self) -> bool:
        """Whether it is a laboratory HbA1c."""
        return _HBA1C_TITLE in self.titles


class SeededResults(Struct, frozen=True, kw_only=True):
    """The results by the patient they name, of those who were given too, and how many name none of these."""

    by_patient: Mapping[str, Sequence[SeededResult]]
    untied: int


def results_in(resources: Sequence[FhirJson], measures: Iterable[Measure], *, base: str) -> SeededResults:
    """Every Observation under a code that is asked for. What only groups others (members, and nothing of its own) is no result."""
    titles = _titles(measures)
    found: dict[str, list[SeededResult]] = {f"Patient/{one.get('id')}": [] for one in resources if one.get("resourceType") == "Patient"}
    untied = 0
    for one in resources:
        named = {title for code in _codes(one) for title in titles.get(code, ())} if one.get("resourceType") == "Observation" else set()
        if named and not _only_groups(one):
            of_patient = found.get(reference_in(one.get("subject"), base=base) or "")
            untied += of_patient is None
            (of_patient if of_patient is not None else []).append(SeededResult(titles=frozenset(named), observation=one))
    return SeededResults(by_patient={patient.removeprefix("Patient/"): results for patient, results in found.items()}, untied=untied)


def _titles(measures: Iterable[Measure]) -> Mapping[tuple[str, str], set[str]]:
    """The measures' titles by code, panels that hold one as a part included."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set, {(_LOINC, code): {_HBA1C_TITLE} for code in _HBA1C})
    for measure in measures:
        for code in measure.codes:
            for name in (code.code, *code.within):
                found[code.system, name].add(measure.title)
    return found


def _codes(observation: FhirJson) -> Iterator[tuple[str, str]]:
    code = observation.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for one in codings if isinstance(codings, list) else ():
        if isinstance(one, dict):
            yield str(one.get("system")), str(one.get("code"))


def _only_groups(observation: FhirJson) -> bool:
    holds = any(key.startswith("value") or key in {"component", "dataAbsentReason"} for key in observation)
    return bool(observation.get("hasMember")) and not holds


def numbers_of(observation: FhirJson) -> list[ShownNumber]:
    """Every number the resource gives: its value or text, those of its parts, and any two of them as a pair."""
    parts = observation.get("component")
    holders = [observation, *(one for one in (parts if isinstance(parts, list) else ()) if isinstance(one, dict))]
    alone = [number for holder in holders if (number := _number_of(holder)) is not None]
    pairs = (ShownNumber(sign=one.sign, number=one.number, second=two.number) for one in alone for two in alone if one.number != two.number)
    return [*alone, *pairs]


def _number_of(holder: FhirJson) -> ShownNumber | None:
    quantity, text = holder.get("valueQuantity"), holder.get("valueString")
    if isinstance(quantity, dict):
        number = _decimal(quantity.get("value"))
        unit = unit_in(str(quantity.get("unit") or quantity.get("code") or ""))
        return None if number is None else ShownNumber(sign=str(quantity.get("comparator") or ""), number=number, unit=unit)
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return ShownNumber(sign=found["sign"] or "", number=Decimal(found["number"].replace(",", ".")), unit=unit_in(found["rest"]))


def unit_in(text: str) -> str:
    """Which of the two units of HbA1c a text names; "" for another, or none."""
    return next((unit for unit in _UNITS if unit in text), "")


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def value_in_words(observation: FhirJson) -> str:
    """What a resource says its value is, for a sentence."""
    quantity = observation.get("valueQuantity")
    if isinstance(quantity, dict):
        parts = (quantity.get("comparator"), quantity.get("value"), quantity.get("unit") or quantity.get("code"))
        return " ".join(str(part) for part in parts if part is not None)
    text = observation.get("valueString")
    return str(text) if text is not None else "no value of its own"


def days_of(observation: FhirJson, zone: ZoneInfo) -> list[str]:
    """Every day the resource gives itself, as the page writes days: `22-Nov-2026`, `Nov-2026` or `2026`."""
    texts = (text for key in _DATES for text in _texts(observation.get(key)))
    return [day for day in dict.fromkeys(_day_shown(text, zone) for text in texts) if day is not None]


def _texts(node: Any) -> Iterator[str]:
    """Every text in a node of JSON."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _texts(child)


def _day_shown(written: str, zone: ZoneInfo) -> str | None:
    if re.fullmatch(r"\d{4}", written, re.ASCII):
        return written
    month = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", written, re.ASCII)
    if month:
        return f"{MONTHS[int(month[2]) - 1]}-{month[1]}"
    day = day_in(zone, written)
    return None if day is None else day_text(day)


def day_text(day: date) -> str:
    """A day as the page writes it: `22-Nov-2026`."""
    return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year}"


def day_in(zone: ZoneInfo, written: object) -> date | None:
    """The day of a FHIR date or dateTime at the clinic; None for what is neither."""
    try:
        moment = datetime.fromisoformat(str(written))
        return moment.astimezone(zone).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):  # the second at both ends of the calendar, in zones beyond them
        return None
