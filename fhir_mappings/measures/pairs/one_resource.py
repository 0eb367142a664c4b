"""What one resource holds of a measure of two numbers, as blood pressure: in a panel's parts, as text, or one of the two alone.

Both numbers or none: what cannot be read as both is listed with what is there and what is missing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from fhir_mappings.measures.code_index import CodePlace
from fhir_mappings.measures.measure import PANEL, Measure, MeasureCode
from fhir_mappings.measures.quantity_reader import Unreadable
from fhir_mappings.r4.display import absent_words, cut, shown_value, text_of
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import Sentence, joined

# "134/84 mmHg", as people write it.
_TEXT = re.compile(r"\s*(\d{1,4}(?:\.\d{1,4})?)\s*/\s*(\d{1,4}(?:\.\d{1,4})?)\s*(\S.{0,40})?", re.ASCII)
_NUMBERS = 2
_FIRST_AND_SECOND = (Sentence("first"), Sentence("second"))
_NONE_GIVEN = Sentence("none given")


class TwoNumbers(NamedTuple):
    """What holds a pair in one resource: the place whose code names its method, and what holds each number. An Observation of one of the
    two, which `part` names, has nothing for the other."""

    place: CodePlace
    part: str
    first: FhirJson | None
    second: FhirJson | None


class _Parts(Struct, frozen=True):
    """What a resource holds, by method and part, and its components of codes that are not known."""

    known: dict[str | None, dict[str, list[FhirJson]]] = field(default_factory=dict)
    places: dict[str | None, CodePlace] = field(default_factory=dict)
    unknown: list[FhirJson] = field(default_factory=list)


def usual_pair(observation: FhirJson, place: CodePlace) -> tuple[FhirJson, FhirJson] | None:
    """What holds the two numbers of the panel that nearly all are: one code, no members, and a component with one code for each number.
    None for every other, which `two_numbers` reads."""
    components = observation.get("component")
    if (
        not isinstance(components, list)
        or len(components) != _NUMBERS
        or "hasMember" in observation
        or len(observation["code"]["coding"]) != 1
    ):
        return None
    first, second = components
    one, other = _only(first, place.codes), _only(second, place.codes)
    if one is None or other is None or not one.method == other.method == place.code.method:
        return None
    names = names_of(place.measure)
    if (one.part, other.part) == names:
        return first, second
    return (second, first) if (other.part, one.part) == names else None


def _only(component: object, codes: Mapping[str, CodePlace]) -> MeasureCode | None:
    """The one code of a component with a quantity."""
    coded = component.get("code") if isinstance(component, dict) and "valueQuantity" in component else None
    codings = coded.get("coding") if isinstance(coded, dict) else None
    if not isinstance(codings, list) or len(codings) != 1 or not isinstance(codings[0], dict):
        return None
    code = codings[0].get("code")
    known = codes.get(code) if isinstance(code, str) else None
    return known.code if known is not None else None


def two_numbers(observation: FhirJson, place: CodePlace) -> list[TwoNumbers | Unreadable]:
    """The pairs of one resource, one for each method, or the one number of an Observation of its own, or why there is none."""
    names = names_of(place.measure)
    parts = _parts_of(observation, place)
    if not any(_has_both(sides, names) for sides in parts.known.values()):
        pair = _pair_in_text(observation)
        if pair is not None:
            return [TwoNumbers(next(iter(parts.places.values())), PANEL, *pair)]
    if not parts.known:
        return [_nothing(observation, parts.unknown)]
    return [_of_one_method(observation, parts, method, names) for method in parts.known]


def names_of(measure: Measure) -> tuple[Sentence, Sentence]:
    """What its two numbers are called."""
    return measure.parts or _FIRST_AND_SECOND


def _parts_of(observation: FhirJson, place: CodePlace) -> _Parts:
    """The resource's own number and its components, by their codes. A code with a method says more than one without, and the resource's
    says it of all its components."""
    own = _places(observation, place) or [place]
    named = next((one for one in own if one.code.method), own[0])
    parts = _Parts(places={named.code.method: named})
    components = observation.get("component")
    listed = [one for one in components if isinstance(one, dict)] if isinstance(components, list) else []
    part = next((one.code.part for one in own if one.code.part not in {None, PANEL}), None)
    if part is not None and (not listed or _has_value(observation)):
        parts.known[named.code.method] = {part: [observation]}
    for component in listed:
        _file(parts, component, place, named.code.method)
    return parts


def _file(parts: _Parts, component: FhirJson, place: CodePlace, of_all: str | None) -> None:
    found = _places(component, place)
    named = next((one for one in found if one.code.method), found[0] if found else None)
    if named is None or named.code.part in {None, PANEL}:
        parts.unknown.append(component)
        return
    method = of_all or named.code.method
    parts.known.setdefault(method, {}).setdefault(str(named.code.part), []).append(component)
    parts.places.setdefault(method, named)


def _places(holder: FhirJson, place: CodePlace) -> list[CodePlace]:
    """The codes of a resource or component that the measure knows. A component's are known by the code alone, whatever the system is
    called."""
    return [place.codes[code] for code in _codes(holder) if code in place.codes]


def _codes(holder: FhirJson) -> list[str]:
    code = holder.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    found = (coding.get("code") for coding in codings if isinstance(coding, dict)) if isinstance(codings, list) else iter(())
    return [one for one in found if isinstance(one, str)]


def _has_value(holder: FhirJson) -> bool:
    return any(key.startswith("value") for key in holder)


def _has_both(sides: Mapping[str, Sequence[FhirJson]], names: tuple[Sentence, Sentence]) -> bool:
    """Whether each number is there, by itself: a text of both is none of them."""
    return all(any(_has_value(holder) and "/" not in str(holder.get("valueString")) for holder in sides.get(name, ())) for name in names)


def _of_one_method(observation: FhirJson, parts: _Parts, method: str | None, names: tuple[Sentence, Sentence]) -> TwoNumbers | Unreadable:
    sides = parts.known[method]
    unclear = next((why for name in names if (why := _several(sides.get(name, ()), name)) is not None), None)
    if unclear is not None:
        return unclear
    first, second = (next((holder for holder in sides.get(name, ()) if _has_value(holder)), None) for name in names)
    if first is None and second is None:
        return _without_values(observation, [holder for side in sides.values() for holder in side])
    place = parts.places[method]
    if first is not None and second is not None:
        return TwoNumbers(place, PANEL, first, second)
    own, missing = names if second is None else (names[1], names[0])
    if first is observation or second is observation:
        return TwoNumbers(place, own, first, second)
    return Unreadable("pair_missing", _why_missing(sides, missing, parts.unknown), shown=both_shown(first, second))


def _several(holders: Sequence[FhirJson], name: Sentence) -> Unreadable | None:
    """Why a number that is there more than once is none; None where all say the same."""
    valued = [shown for holder in holders if _has_value(holder) and (shown := shown_value(holder))]
    if len({*valued}) <= 1:
        return None
    reason = Sentence("More than one {which} number is recorded together; which one counts is not said.", which=name)
    return Unreadable("pair_unclear", reason, shown=cut(", ".join(valued)))


def _why_missing(sides: Mapping[str, Sequence[FhirJson]], name: Sentence, unknown: Sequence[FhirJson]) -> Sentence:
    absent = next((holder.get("dataAbsentReason") for holder in sides.get(name, ())), None)
    if isinstance(absent, dict):
        return Sentence("The {which} number is not recorded: {why}.", which=name, why=absent_words(absent))
    if unknown:
        return Sentence(
            "The {which} number is not recorded, or stands under a code that is not known ({codes}).", which=name, codes=_named(unknown)
        )
    return Sentence("The {which} number is not recorded.", which=name)


def _without_values(observation: FhirJson, holders: Sequence[FhirJson]) -> Unreadable:
    """Parts that are there and hold nothing."""
    reasons = (one.get("dataAbsentReason") for one in (*holders, observation))
    absent = next((reason for reason in reasons if isinstance(reason, dict)), None)
    if absent:
        return Unreadable("value_absent", Sentence("No value: {why}.", why=absent_words(absent)))
    return Unreadable("value_missing", Sentence("No value is recorded."))


def _nothing(observation: FhirJson, unknown: Sequence[FhirJson]) -> Unreadable:
    """Why a panel without any part that is known gives no value, with what it holds."""
    if _has_value(observation):
        if isinstance(observation.get("valueQuantity"), dict):
            return Unreadable("pair_missing", Sentence("One number alone is recorded; which of the two it is, is not said."))
        return Unreadable("value_not_numeric", Sentence("The value is not two numbers with a unit."))
    if unknown:
        shown = ", ".join(value for holder in unknown if (value := shown_value(holder)))
        reason = Sentence("The codes of its parts are not known: {codes}.", codes=_named(unknown))
        return Unreadable("parts_unknown", reason, shown=cut(shown) or None)
    return _without_values(observation, ())


def _named(holders: Iterable[FhirJson]) -> str:
    """The codes of components, for people who look for them."""
    named = joined(", ", [next(iter(_codes(holder)), None) or _words(holder) for holder in holders])
    short = cut(named)
    return named if named == short else short


def _words(holder: FhirJson) -> str:
    code = holder.get("code")
    text = code.get("text") if isinstance(code, dict) else None
    return cut(text) if isinstance(text, str) and text.strip() else _NONE_GIVEN


def _pair_in_text(observation: FhirJson) -> tuple[FhirJson, FhirJson] | None:
    """Both numbers from "134/84 mmHg", in the resource or a component; None for no such text, or several that differ."""
    components = observation.get("component")
    holders = [observation, *(one for one in components if isinstance(one, dict))] if isinstance(components, list) else [observation]
    texts = [text for holder in holders if isinstance(text := holder.get("valueString"), str)]
    found = {pair.groups() for text in texts if (pair := _TEXT.fullmatch(text)) is not None}
    if len(found) != 1:
        return None
    [(first, second, unit)] = found
    return {"valueString": f"{first} {unit or ''}"}, {"valueString": f"{second} {unit or ''}"}


def both_shown(first: FhirJson | None, second: FhirJson | None) -> str:
    """What is there, for people."""
    return " / ".join(shown for holder in (first, second) if holder is not None and (shown := shown_value(holder)))


def check_pair(first: Decimal, beside: Quantity, second: Decimal, reported: Quantity, *, bound: bool) -> None:
    """Two drawn numbers and how they are reported; `bound` says that the second is only one. Unreadable where they are no value."""
    if bound:
        raise Unreadable("comparator_on_pair", Sentence("The second number is only a bound."), shown=text_of(reported))
    if beside.unit != reported.unit:
        raise Unreadable("pair_units", Sentence("The two numbers are in different units."))
    if second >= first:
        raise Unreadable("pair_swapped", Sentence("The second number is not below the first."))
