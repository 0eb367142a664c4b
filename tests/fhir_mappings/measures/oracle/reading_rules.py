"""What must become of an Observation: the rules of reading, stated once more and apart from the reader.

Written from docs/add-a-measure.md and from the FHIR R4 and UCUM pages that each rule names, with tables of its own; it imports nothing of
`fhir_mappings.measures`. Where a rule leaves a choice ("read, or listed"), so does the verdict.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from msgspec import Struct

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
PATIENT, BASE = "p1", "https://ehr.example.org/fhir"

Outcome = Literal["drawn", "listed", "either", "nothing"]
Json = Mapping[str, Any]


class UnitRule(Struct, frozen=True, kw_only=True):
    """A unit of a line: its UCUM codes, the words people write for it, the numbers that are surely plausible in it and those that surely
    are not. `own_line`: its results stand apart from the others'."""

    codes: frozenset[str]
    words: frozenset[str]
    sure: tuple[Decimal, Decimal]
    possible: tuple[Decimal, Decimal]
    own_line: bool = False


class Verdict(Struct, frozen=True, kw_only=True):
    """What must become of one Observation. Where it is drawn: as which `number`, on which day, on a line of its own, as a pair, with a
    remark; None and False where the rules do not say. `never` is a day it must not stand at."""

    outcome: Outcome
    why: str
    number: Decimal | None = None
    day: date | None = None
    never: date | None = None
    own_line: bool = False
    paired: bool = False
    remark: bool = False


def _unit(codes: str, words: str, sure: tuple[str, str], possible: tuple[str, str], *, own_line: bool = False) -> UnitRule:
    low, high = sure
    least, most = possible
    return UnitRule(
        codes=frozenset(codes.split("|")),
        words=frozenset(words.split("|")),
        sure=(Decimal(low), Decimal(high)),
        possible=(Decimal(least), Decimal(most)),
        own_line=own_line,
    )


_PERCENT = _unit("%", "%|percent|per cent|% of total hgb|% of total hb", ("4", "18"), ("3", "20"))
# Below 15 mmol/mol, 3.5 %, a number is a percentage with the wrong unit.
_PER_MILLE = _unit("mmol/mol|10*-3", "mmol/mol|mmol/mol hb|mmol/mol hgb|millimoles per mole", ("21", "190"), ("15", "195"))
UNITS: Mapping[str, tuple[UnitRule, ...]] = {
    "hba1c": (_PERCENT, _PER_MILLE),
    "glucose": (
        _unit("mmol/L", "mmol/l|mmol/litre|millimoles per litre|millimoles per liter", ("2", "40"), ("0.5", "60")),
        _unit("mg/dL", "mg/dl|milligrams per deciliter|milligrams per decilitre", ("40", "700"), ("9", "1080")),
    ),
    "weight": (
        _unit("kg", "kg|kilogram|kilograms", ("30", "250"), ("2", "400")),
        _unit("[lb_av]", "lb|lbs|pound|pounds", ("60", "500"), ("5", "880")),
        _unit("g", "g|gram|grams", ("30000", "250000"), ("2000", "400000")),
        _unit("[stone_av]", "stone|stones|st", ("5", "40"), ("1", "60")),
    ),
    "bmi": (_unit("kg/m2", "kg/m2|kg/m^2|kg/m²", ("15", "60"), ("8", "100")),),
    "ldl": (
        _unit("mmol/L", "mmol/l|mmol/litre|millimoles per litre|millimoles per liter", ("0.5", "12"), ("0.1", "25")),
        _unit("mg/dL", "mg/dl|milligrams per deciliter|milligrams per decilitre", ("30", "400"), ("4", "970")),
    ),
    "egfr": (
        _unit("mL/min/{1.73_m2}", "ml/min/1.73m2|ml/min/1.73 m2|ml/min/1.73 m²", ("5", "150"), ("1", "200")),
        _unit("mL/min", "ml/min", ("5", "150"), ("1", "250"), own_line=True),
    ),
    "time-in-range": (_unit("%", "%|percent", ("0", "100"), ("0", "100")),),
    "blood-pressure": (
        _unit("mm[Hg]", "mmhg|mm hg|mm[hg]|millimeter of mercury|millimeters of mercury", ("40", "250"), ("20", "300")),
        _unit("kPa", "kpa|kilopascal|kilopascals", ("5", "35"), ("3", "40")),
    ),
}
# Units that a line knows by name and does not take: in them a value is listed.
_NOT_TAKEN = frozenset({"[stone_av]", "kPa"})
LINES: Mapping[tuple[str, str], str] = {
    (LOINC, "4548-4"): "hba1c",
    (LOINC, "17856-6"): "hba1c",
    (LOINC, "59261-8"): "hba1c",
    (SNOMED, "43396009"): "hba1c",
    (LOINC, "2345-7"): "glucose",
    (LOINC, "14749-6"): "glucose",
    (LOINC, "41653-7"): "glucose",
    (LOINC, "29463-7"): "weight",
    (LOINC, "39156-5"): "bmi",
    (LOINC, "13457-7"): "ldl",
    (LOINC, "98979-8"): "egfr",
    (LOINC, "69405-9"): "egfr",
    (LOINC, "106793-3"): "time-in-range",
    (LOINC, "85354-9"): "blood-pressure",
    (LOINC, "8480-6"): "blood-pressure",
    (LOINC, "8462-4"): "blood-pressure",
}
# Of the family, and no result: a goal, a mass per volume.
NO_RESULTS = frozenset({(LOINC, "86910-7"), (LOINC, "41995-2")})
# Time in range in its summary, the share of the time the sensor was worn, and the least it must be (Diabetes Care 2019;42:1593).
_IN_RANGE, _WORN, _ENOUGH = (LOINC, "97510-2"), (LOINC, "104637-4"), Decimal(70)
_SYSTOLIC = frozenset({(LOINC, "8480-6"), (SNOMED, "271649006")})
_DIASTOLIC = frozenset({(LOINC, "8462-4"), (SNOMED, "271650006")})
# https://hl7.org/fhir/R4/valueset-observation-status.html, those that are results.
_RESULTS = frozenset({"final", "amended", "corrected", "preliminary"})
# https://hl7.org/fhir/R4/valueset-quantity-comparator.html
_COMPARATORS = frozenset({"<", "<=", ">", ">="})
_SUBJECT = re.compile(r"(?:(?P<base>https?://.+)/|/)?Patient/(?P<id>[A-Za-z0-9.-]+)(?:/_history/[A-Za-z0-9.-]+)?")
_TEXT = re.compile(r"\s*(?P<sign>[<>]=?)?\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>\D.*)?", re.DOTALL)
_PAIR = re.compile(r"\s*(\d+)\s*/\s*\d+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T.+)?)?)?")
# People alive now were not born before, and no result is of a time to come.
_FIRST, LAST = date(1900, 1, 1), date(2027, 12, 31)


class _Judged(Exception):
    """A rule that settles it."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome: Outcome = outcome
        self.why = why


def verdict(observation: Json) -> Verdict:
    """What must become of that Observation of the patient p1's record."""
    try:
        return _verdict(observation)
    except _Judged as settled:
        return Verdict(outcome=settled.outcome, why=settled.why, never=_issued_instead(observation))


def _verdict(observation: Json) -> Verdict:
    _check_whose(observation)
    codes = set(_codes(observation))
    lines = {LINES[code] for code in codes if code in LINES}
    if not lines and not codes & NO_RESULTS:
        raise _Judged("nothing", "its code is not asked for")
    _check_focus(observation)
    _check_status(observation)
    if codes & NO_RESULTS:
        raise _Judged("listed", "its code is no result")
    day = _day(observation)
    line = lines.pop()
    if line == "blood-pressure":
        return _pressure(observation, codes, day)
    return _single(observation, line, codes, day)


def _single(observation: Json, line: str, codes: set[tuple[str, str]], day: date | None) -> Verdict:
    holder, choice = _summary(observation) if line == "time-in-range" else _holder(observation, codes)
    number, rule = _value(holder, line)
    return Verdict(
        outcome="either" if choice or _in_between(number, rule) or _day_is_open(observation) else "drawn",
        why="a value of the patient",
        number=number,
        day=day,
        never=_issued_instead(observation),
        own_line=rule.own_line,
        remark=_brings_a_remark(observation),
    )


# Whose


def _check_whose(observation: Json) -> None:
    """A subject that names the Patient of this server, however it is written, is the patient; every other is listed."""
    subject = observation.get("subject")
    written = subject.get("reference") if isinstance(subject, dict) else None
    found = _SUBJECT.fullmatch(written) if isinstance(written, str) else None
    if found is None or (found["base"] is not None and found["base"].rstrip("/") != BASE) or found["id"] != PATIENT:
        raise _Judged("listed", "its subject is not the patient of this server")


def _check_focus(observation: Json) -> None:
    """What is about somebody or something else (https://hl7.org/fhir/R4/observation-definitions.html#Observation.focus) is not theirs."""
    focus = observation.get("focus") or []
    for one in focus if isinstance(focus, list) else [focus]:
        written = one.get("reference") if isinstance(one, dict) else None
        found = _SUBJECT.fullmatch(written) if isinstance(written, str) else None
        if found is None or found["base"] not in {None, BASE} or found["id"] != PATIENT:
            raise _Judged("listed", "it is about another than the patient")


def _check_status(observation: Json) -> None:
    status = observation.get("status")
    if not isinstance(status, str) or status.strip() not in _RESULTS:
        raise _Judged("listed", "its status is none of a result")
    if observation.get("modifierExtension"):
        raise _Judged("listed", "a modifier may change what it means")


# Value and unit


def _holder(observation: Json, codes: set[tuple[str, str]]) -> tuple[Json, bool]:
    """Where the value stands: in the resource, or in a component of its own code."""
    if any(key.startswith("value") or key == "dataAbsentReason" for key in observation):
        return observation, False
    own = [one for one in _components(observation) if codes & set(_codes(one))]
    return (own[0], False) if own else (observation, False)


def _summary(observation: Json) -> tuple[Json, bool]:
    """A sensor's summary counts with enough wear; where its wear is not said, it is read or listed."""
    parts = {code: one for one in _components(observation) for code in _codes(one)}
    if _IN_RANGE not in parts:
        raise _Judged("either", "a summary without time in range")
    worn = _number(parts[_WORN].get("valueQuantity", {}).get("value")) if _WORN in parts else None
    if worn is not None and worn < _ENOUGH:
        raise _Judged("listed", "the sensor was not worn enough")
    return parts[_IN_RANGE], worn is None


def _value(holder: Json, line: str) -> tuple[Decimal, UnitRule]:
    """The number and its unit; judged where there is none that can be relied on."""
    given = [key for key in holder if key.startswith("value")]
    if "dataAbsentReason" in holder or not given:
        raise _Judged("listed", "there is no value, or a reason why there is none")
    if given == ["valueQuantity"] and isinstance(holder["valueQuantity"], dict):
        return _quantity(holder["valueQuantity"], line)
    if given == ["valueString"] and isinstance(holder["valueString"], str):
        return _quantity(_in_text(holder["valueString"]), line)
    raise _Judged("listed", "the value is no number with a unit")


def _in_text(text: str) -> Json:
    """A number with a unit written out, with a sign before it and either decimal mark."""
    found = _TEXT.fullmatch(text)
    if found is None or not found["unit"]:
        raise _Judged("listed", "the text is no number with a unit")
    sign = {"comparator": found["sign"]} if found["sign"] else {}
    return {"value": Decimal(found["number"].replace(",", ".")), "unit": found["unit"].strip(), **sign}


def _quantity(quantity: Json, line: str) -> tuple[Decimal, UnitRule]:
    number = _number(quantity.get("value"))
    if number is None:
        raise _Judged("listed", "the value is no number")
    if quantity.get("comparator") not in {None, *_COMPARATORS}:
        raise _Judged("listed", "its comparator is none of FHIR R4")
    rule = _rule(quantity, line)
    least, most = rule.possible
    if rule.codes & _NOT_TAKEN:
        raise _Judged("listed", "its unit is not taken")
    if not least <= number <= most:
        raise _Judged("listed", "the number is not plausible in its unit")
    return number, rule


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = Decimal(str(value)) if _NUMBER.fullmatch(str(value)) else None
    except InvalidOperation:
        return None
    return number


def _rule(quantity: Json, line: str) -> UnitRule:
    """The unit by its UCUM code, where its words do not name another; without a code by its words."""
    coded = _coded(quantity, line)
    words = quantity.get("unit")
    worded = _worded(words, line) if isinstance(words, str) else None
    if quantity.get("code") is not None and coded is None:
        raise _Judged("listed", "its unit is none of the measure's")
    if coded is not None and worded is not None and worded is not coded:
        raise _Judged("listed", "code and words of its unit contradict each other")
    rule = coded or worded
    if rule is None:
        raise _Judged("listed", "its unit is missing or not known")
    return rule


def _coded(quantity: Json, line: str) -> UnitRule | None:
    """By UCUM code: what stands in braces has no meaning (https://ucum.org/ucum, 2.1 §6), but for 1.73 m², which is one here."""
    code = quantity.get("code")
    if not isinstance(code, str) or quantity.get("system") not in {None, UCUM}:
        return None
    plain = code if "1.73" in code else re.sub(r"\{[^}]*\}", "", code)
    return next((one for one in UNITS[line] if plain in one.codes), None)


def _worded(words: str, line: str) -> UnitRule | None:
    plain = " ".join(words.split()).casefold()
    return next((one for one in UNITS[line] if plain in one.words or plain in {code.casefold() for code in one.codes}), None)


def _in_between(number: Decimal, rule: UnitRule) -> bool:
    low, high = rule.sure
    return not low <= number <= high


# Blood pressure


def _pressure(observation: Json, codes: set[tuple[str, str]], day: date | None) -> Verdict:
    """Drawn as a pair, or listed; never half of one."""
    if (LOINC, "85354-9") not in codes:
        raise _Judged("listed", "only one of the two numbers is recorded")
    high = [one for one in _components(observation) if _SYSTOLIC & set(_codes(one))]
    low = [one for one in _components(observation) if _DIASTOLIC & set(_codes(one))]
    if not high or not low:
        found = _PAIR.match(str(observation.get("valueString"))) if not observation.get("component") else None
        if found is not None:
            return Verdict(outcome="either", why="both numbers as text", number=Decimal(found[1]), day=day, paired=True)
        raise _Judged("listed", "not both of the two numbers are recorded")
    (systolic, first), (diastolic, second) = _value(high[0], "blood-pressure"), _value(low[0], "blood-pressure")
    if diastolic >= systolic or "comparator" in low[0].get("valueQuantity", {}):
        raise _Judged("listed", "the two numbers are no pair")
    coded_elsewhere = not {(LOINC, "8480-6"), (LOINC, "8462-4")} <= {*_codes(high[0]), *_codes(low[0])}
    open_ = coded_elsewhere or _in_between(systolic, first) or _in_between(diastolic, second) or _day_is_open(observation)
    return Verdict(
        outcome="either" if open_ else "drawn",
        why="a pair of the patient",
        number=systolic,
        day=day,
        never=_issued_instead(observation),
        paired=True,
        remark=_brings_a_remark(observation),
    )


# When


def _day(observation: Json) -> date | None:
    """The day it was true, in UTC; judged where there is none. Only what says nothing of when it was true is dated by its report."""
    named = [key for key in observation if key.startswith("effective")]
    written = _effective(observation, named[0]) if named else observation.get("issued")
    if named and written is None and _day_is_open(observation):
        return None
    day = _calendar_day(written)
    if day is None:
        raise _Judged("listed", "no date can be read")
    if not _FIRST <= day <= LAST:
        raise _Judged("listed", "the date is none a result can have")
    return day


def _effective(observation: Json, key: str) -> object:
    value = observation[key]
    if key == "effectivePeriod" and isinstance(value, dict):
        return value.get("end") or value.get("start")
    if key == "effectiveTiming" and isinstance(value, dict):
        events = value.get("event")
        return events[0] if isinstance(events, list) and len(events) == 1 else None
    return value


def _day_is_open(observation: Json) -> bool:
    """A timing is read or listed; so is a period whose end is open, or an instant of another time zone's midnight."""
    return "effectiveTiming" in observation


def _issued_instead(observation: Json) -> date | None:
    """The day of the report, where the resource says otherwise when it was true."""
    reported = _calendar_day(observation.get("issued"))
    named = [key for key in observation if key.startswith("effective")]
    return reported if named and reported != _calendar_day(_effective(observation, named[0])) else None


def _calendar_day(written: object) -> date | None:
    found = _DATE.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        return None
    try:
        if found[4] is None:
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        moment = datetime.fromisoformat(str(written))
        return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        return None


# What came with it


def _brings_a_remark(observation: Json) -> bool:
    """A comment, a patient's own entry, a date that is that of the report: said at the value."""
    comments = [one for one in observation.get("note") or () if isinstance(one, dict) and str(one.get("text") or "").strip()]
    performers = [str(one.get("reference")) for one in observation.get("performer") or () if isinstance(one, dict)]
    by_patient = any(one.startswith("Patient/") for one in performers)
    return bool(comments) or by_patient or not any(key.startswith("effective") for key in observation)


def _codes(node: Json) -> Iterator[tuple[str, str]]:
    code = node.get("code")
    for one in (code.get("coding") or ()) if isinstance(code, dict) else ():
        if isinstance(one, dict):
            yield str(one.get("system")), str(one.get("code"))


def _components(observation: Json) -> list[Json]:
    return [one for one in observation.get("component") or () if isinstance(one, dict)]
