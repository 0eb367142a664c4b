"""A raw value to a number in a unit of its measure, or Unreadable with the reason why not. Nothing is guessed."""

import re
from decimal import Decimal
from typing import NamedTuple

from fhir_mappings.measures.code_index import CodePlace
from fhir_mappings.measures.conversion import converted, is_converted
from fhir_mappings.measures.measure import Unit
from fhir_mappings.measures.units.plausibility import believed, why_suspect
from fhir_mappings.measures.units.text_value import text_value
from fhir_mappings.measures.units.unit_meaning import contradicts, unit_coded, unit_written
from fhir_mappings.r4.display import absent_words, as_written, cut, label_of
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.r4.systems import UCUM
from fhir_mappings.sentence import Sentence

# A FHIR decimal. What Decimal() would take besides ("7_1", "NaN", other scripts' digits) is no number in FHIR.
# Whole numbers of as many digits need no pattern.
_WHOLE = 10**18
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?", re.ASCII)


class Accepted(NamedTuple):
    """An accepted unit, what people read for it, whether its values are converted to be drawn, and between which numbers nothing speaks
    against one."""

    unit: Unit
    label: str
    converted: bool
    low: Decimal
    high: Decimal


# Of one read, by place, UCUM code and unit text.
KnownUnits = dict[tuple[CodePlace, str, str], Accepted]


class Unreadable(Exception):
    """Why one value is skipped. `shown` is what is to be seen of it other than the value as it stands there."""

    def __init__(self, code: str, reason: Sentence, *, shown: str | None = None, remedy: Sentence | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.shown = shown
        self.remedy = remedy


def quantity_in(holder: FhirJson) -> FhirJson:
    """The value as a Quantity. Unreadable when it is absent or no quantity."""
    quantity = holder.get("valueQuantity")
    if "dataAbsentReason" in holder and any(key.startswith("value") for key in holder):
        raise Unreadable("value_contradicts", Sentence("A value is recorded together with a reason why there is none."))
    if isinstance(quantity, dict) and quantity.get("value") is not None:
        return quantity
    if isinstance(holder.get("valueString"), str):
        return _quantity_in_text(holder["valueString"])
    absent = holder.get("dataAbsentReason")
    if isinstance(absent, dict):
        raise Unreadable("value_absent", Sentence("No value: {why}.", why=absent_words(absent)))
    if any(key.startswith("value") for key in holder):
        raise Unreadable("value_not_numeric", Sentence("The value is not a number with a unit."))
    raise Unreadable("value_missing", Sentence("No value is recorded."))


def _quantity_in_text(text: str) -> FhirJson:
    """A number and unit written as text ("7.2 %", "> 14,0 %")."""
    found = text_value(text)
    if found is None:
        raise Unreadable("value_not_numeric", Sentence("The value is text, not a number."), shown=cut(text))
    if found.number is None:
        reason = Sentence("The number can be read in two ways: with decimals, or with its thousands set apart.")
        raise Unreadable("value_ambiguous", reason, shown=cut(text), remedy=Sentence("The source sends it as a number."))
    return {"value": found.number, "unit": found.unit, "comparator": found.comparator}


def drawn_value(raw: FhirJson, place: CodePlace, known: KnownUnits) -> tuple[Decimal, Accepted, Quantity]:
    """The value in the drawing unit, the unit it came in and both as reported. The unit comes from the Quantity alone, never from
    the code."""
    number = decimal_of(raw.get("value"))
    if number is None:
        raise Unreadable("value_not_numeric", Sentence("The value is not a number."))
    accepted = _accepted(raw, place, known)
    unit = accepted.unit
    if not accepted.low <= number <= accepted.high:
        _check_plausible(number, unit, raw, place)
    value = converted(number, unit, decimals=place.measure.decimals) if accepted.converted else number
    return value, accepted, Quantity(_digits(raw["value"], number), unit.code, accepted.label)


def _accepted(raw: FhirJson, place: CodePlace, known: KnownUnits) -> Accepted:
    """The unit of a Quantity. One that is coded in UCUM and written out, as nearly all are, is judged once in a read."""
    code, text = raw.get("code"), raw.get("unit")
    if raw.get("system") != UCUM or not isinstance(code, str) or not isinstance(text, str):
        return _judged(raw, place)
    found = known.get((place, code, text))
    if found is None:
        found = known[place, code, text] = _judged(raw, place)
    return found


def _judged(raw: FhirJson, place: CodePlace) -> Accepted:
    """The unit and its name. People read "lb" and "mm Hg", not the UCUM codes of these; another spelling of the source is kept."""
    unit, text = _unit(raw, place), raw.get("unit")
    label = label_of(raw) if isinstance(text, str) and text and text != unit.code and not place.code.reads_as else ""
    return Accepted(unit, label or unit.label, unit.code != place.measure.unit and is_converted(unit), *believed(unit))


def _check_plausible(number: Decimal, unit: Unit, raw: FhirJson, place: CodePlace) -> None:
    """Unreadable for a number that is not believed in its unit."""
    reason = why_suspect(number, unit, place.measure, comparator=raw.get("comparator"))
    if reason is not None:
        raise Unreadable("unit_suspect", reason, shown=as_written(raw), remedy=Sentence("The source corrects the value or its unit."))


def _unit(raw: FhirJson, place: CodePlace) -> Unit:
    """The unit by UCUM code or what is equal to it, else by a known spelling. Unreadable when missing or of another measure."""
    code, text, system = raw.get("code"), raw.get("unit"), raw.get("system")
    if isinstance(code, str) and (system is None or system == UCUM):
        coded = place.units.get(code) or unit_coded(code, place.units, place.measure.units)
        if coded is not None:
            return _agreed(coded, text, raw, place)
    spelling = text if system != UCUM or not isinstance(code, str) else code
    spelled = _spelled(spelling, place) if isinstance(spelling, str) else None
    if spelled is not None:
        return _agreed(spelled, code if spelling is text else text, raw, place)
    if not spelling and not code:
        reason = Sentence("No unit is recorded.")
        raise Unreadable("unit_missing", reason, shown=as_written(raw), remedy=Sentence("The source adds the unit."))
    accepted = ", ".join(dict.fromkeys(unit.label for unit in place.units.values()))
    reason = Sentence("The unit {unit} is not one of {accepted}.", unit=cut(spelling or code), accepted=accepted)
    raise Unreadable("unit_unknown", reason, shown=as_written(raw), remedy=Sentence("The source corrects the unit."))


def _spelled(spelling: str, place: CodePlace) -> Unit | None:
    """The unit that a text names by itself."""
    return place.spellings.get(spelling.strip().casefold()) or unit_written(spelling, place.units, place.measure.units)


def _agreed(unit: Unit, beside: object, raw: FhirJson, place: CodePlace) -> Unit:
    """The unit of the code or of the text, unless the other of the two stands beside it and names another: then nobody can tell which is
    meant, whatever system the code is said to be of."""
    if not isinstance(beside, str) or beside == unit.code:
        return unit
    spelled = place.spellings.get(beside.strip().casefold())
    if spelled is not unit and (spelled or contradicts(beside, unit, place.units, place.measure.units)):
        coded, written = (cut(beside), cut(raw.get("unit"))) if beside is raw.get("code") else (unit.label, cut(beside))
        reason = Sentence("The unit is coded as {coded} but written as {written}.", coded=coded, written=written)
        raise Unreadable("unit_contradicts", reason, remedy=Sentence("The source corrects the unit."))
    return unit


def decimal_of(value: object) -> Decimal | None:
    """A finite number, however it was written; None for anything else."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if type(value) is int and -_WHOLE < value < _WHOLE:
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _digits(raw: object, number: Decimal) -> str:
    """The number as it was written, without an exponent: 7.10 stays 7.10."""
    text = str(raw).strip()
    return f"{number:f}" if "e" in text or "E" in text else text
