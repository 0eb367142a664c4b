"""A score Observation of the record: which scale of which form it is, and its number as it was stored."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import PANEL
from fhir_mappings.instruments.instrument import Informant, Instrument, Scale
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scores import NOT_FOUND
from fhir_mappings.r4.display import absent_words
from fhir_mappings.sentence import Sentence

# A score has no unit; these are the ways servers and their mappings write that.
_UNITS = frozenset({"{score}", "{ScoreOf}", "1", "score", ""})
_PLAIN = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_USED = frozenset({"final", "amended", "corrected"})
_MISSING = Sentence("missing")


class ScoreCode(Struct, frozen=True, kw_only=True):
    """What a code of ours stands for; `scale` is None for the panel."""

    instrument: Instrument
    informant: Informant
    scale: Scale | None


class ScoreRefusal(Struct, frozen=True, kw_only=True):
    """Why a stored score is not used: a stable `code`, a sentence, and the value as it was written where there is one."""

    code: str
    reason: Sentence
    shown: str | None = None


def codes(library: Library) -> dict[str, ScoreCode]:
    """Every panel and score code of the library, as of the newest version that has it."""
    found: dict[str, ScoreCode] = {}
    for instrument in (*library.instruments, *library.newest):
        for informant in instrument.forms:
            found[canonicals.score_code(instrument, informant, PANEL)] = ScoreCode(instrument=instrument, informant=informant, scale=None)
            for scale in instrument.scales:
                name = canonicals.score_code(instrument, informant, scale.key)
                found[name] = ScoreCode(instrument=instrument, informant=informant, scale=scale)
    return found


def own_code(observation: Mapping[str, Any], system: str) -> str | None:
    """The code in our system; None for an Observation that is not ours."""
    code = observation.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == system:
            return str(coding.get("code"))
    return None


def status_refusal(status: object) -> ScoreRefusal | None:
    """Why an Observation of that status is not used; None for one that stands."""
    if isinstance(status, str):
        status = status.strip()
    if status == "entered-in-error":
        return ScoreRefusal(code="entered_in_error", reason=Sentence("It was entered in error."))
    if isinstance(status, str) and status in _USED:
        return None
    reason = Sentence("Its status is {status}, which is not final.", status=_word(status))
    return ScoreRefusal(code="status_not_final", reason=reason)


class Absence(Struct, frozen=True, kw_only=True):
    """What an Observation says in the place of a number: the data-absent-reason `code` (`unknown` where it gives none), and a reason
    in words."""

    code: str
    reason: Sentence


def absence_of(observation: Mapping[str, Any]) -> Absence | None:
    """Why a stored score or panel has no value, where it says so; None where it does not. A reason beside a value (against obs-6)
    counts: what is stated to be absent is not shown as a number."""
    stated = observation.get("dataAbsentReason")
    if not isinstance(stated, dict):
        return None
    codings = stated.get("coding")
    codes_given = (one.get("code") for one in codings if isinstance(one, dict)) if isinstance(codings, list) else iter(())
    code = next((one for one in codes_given if isinstance(one, str) and one), NOT_FOUND)
    return Absence(code=code, reason=Sentence("recorded without a score: {why}", why=absent_words(stated)))


def number_of(observation: Mapping[str, Any], scale: Scale) -> Decimal | ScoreRefusal:
    """The stored number of a scale, its digits kept, or why it is none."""
    written = _written(observation)
    if isinstance(written, ScoreRefusal):
        return written
    number = decimal_of(written)
    if number is None:
        as_written = _word(written) if isinstance(written, str) and written.strip() else None
        return ScoreRefusal(code="value_missing", reason=Sentence("It holds no number."), shown=as_written)
    if not scale.low <= number <= scale.high:
        reason = Sentence("The score runs from {low} to {high}.", low=scale.low, high=scale.high)
        return ScoreRefusal(code="out_of_range", reason=reason, shown=f"{number:f}")
    return number


def decimal_of(written: object) -> Decimal | None:
    """A JSON number or plain numeric text, with its digits; None for anything else and for absurd sizes."""
    if isinstance(written, str) and _PLAIN.fullmatch(written.strip()):
        return Decimal(written.strip())
    if isinstance(written, bool) or not isinstance(written, int | float | Decimal):
        return None
    number = Decimal(repr(written)) if isinstance(written, float) else Decimal(written)
    sane = number.is_finite() and number.adjusted() < 12 and _exponent(number) > -13  # noqa: PLR2004
    return number if sane else None


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _written(observation: Mapping[str, Any]) -> object:
    """The value as it stands, or why its form is not one of a score."""
    quantity = observation.get("valueQuantity")
    if not isinstance(quantity, dict):
        return observation.get("valueInteger", observation.get("valueString"))
    unit = quantity.get("code") or quantity.get("unit") or ""
    if not isinstance(unit, str) or unit not in _UNITS:
        return ScoreRefusal(code="unit_unexpected", reason=Sentence("A score has no unit, and this one has {unit}.", unit=_word(unit)))
    if quantity.get("comparator"):
        return ScoreRefusal(code="comparator", reason=Sentence("A score is a number, and this one is a bound."))
    return quantity.get("value")


def _word(text: object) -> str:
    """What a foreign resource says, short and on one line."""
    return f"“{' '.join(text.split())[:20]}”" if isinstance(text, str) and text.strip() else _MISSING
