"""Sentences as data: written down with what they are made of, to be said later, perhaps to a reader of another language.

A sentence without places is written as its text alone, so what was written before sentences were kept reads the same way: its English is
looked up as a text of its own, and stays where no catalogue has it (any more)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import assert_never

import msgspec
from msgspec import Struct, field

from fhir_mappings.r4.dates import Moment, Precision
from fhir_mappings.r4.quantity import Quantity
from fhir_mappings.sentence import (
    ENGLISH,
    Capital,
    Conjunction,
    Counted,
    Dated,
    DateForm,
    Joined,
    Listed,
    Sentence,
    Value,
    Whole,
    capitalised,
    counted,
    dated,
    full_sentence,
    joined,
    listed,
    said,
    shipped_text,
)


class _KeptPart(Struct, frozen=True, tag_field="kind", omit_defaults=True, forbid_unknown_fields=True):
    """One part of what is written down."""


class _Text(_KeptPart, frozen=True, tag="text"):
    text: str
    values: "dict[str, _KeptValue]" = field(default_factory=dict)


class _Counted(_KeptPart, frozen=True, tag="counted"):
    one: str
    many: str
    n: int
    values: "dict[str, _KeptValue]" = field(default_factory=dict)


class _Joined(_KeptPart, frozen=True, tag="joined"):
    sign: str
    parts: "list[_KeptValue]"


class _Listed(_KeptPart, frozen=True, tag="listed"):
    conjunction: Conjunction
    parts: "list[_KeptValue]"


class _Whole(_KeptPart, frozen=True, tag="whole"):
    part: "_KeptValue"


class _Capital(_KeptPart, frozen=True, tag="capital"):
    part: "_KeptValue"


class _Dated(_KeptPart, frozen=True, tag="dated"):
    day: date
    form: DateForm


class _Number(_KeptPart, frozen=True, tag="number"):
    """Its digits: JSON would not keep those of `1.50`, nor of `1E+2`."""

    digits: str


class _Day(_KeptPart, frozen=True, tag="day"):
    day: date


class _Quantity(_KeptPart, frozen=True, tag="quantity"):
    text: str
    unit: str
    label: str


class _Moment(_KeptPart, frozen=True, tag="moment"):
    day: date
    text: str
    precision: Precision
    instant: datetime | None = None


_KeptSentence = _Text | _Counted | _Joined | _Listed | _Whole | _Capital | _Dated
# Text by itself is a record's or a site's, which no language says otherwise.
_KeptValue = str | int | _KeptSentence | _Number | _Day | _Quantity | _Moment
# Their texts are no literals here: each was one where the sentence was first made.
_of_text: Callable[..., Sentence] = Sentence
_of_number: Callable[..., Sentence] = counted


def sentence_of(text: str) -> Sentence:
    """A sentence as it is; any other text, a record's or a site's, as one that says it alike in every language."""
    return text if isinstance(text, Sentence) else joined("", (text,))


def as_data(sentence: Sentence) -> object:
    """JSON-ready."""
    kept = _kept(sentence)
    return kept.text if isinstance(kept, _Text) and not kept.values else msgspec.to_builtins(kept)


def from_data(data: object) -> Sentence:
    """The sentence as it was written down. ValueError for what is none; it repeats nothing of it, as that may be a record's."""
    if isinstance(data, str):
        return shipped_text(data)
    try:
        return _sentence(msgspec.convert(data, _KeptSentence))
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"no sentence that was kept ({type(error).__name__})") from error


def _kept(sentence: Sentence) -> _KeptSentence:
    match sentence:
        case Counted():
            values = {name: value for name, value in sentence.values.items() if name != "n"}
            return _Counted(one=sentence.pattern, many=sentence.many, n=sentence.n, values=_kept_values(values))
        case Joined():
            return _Joined(sign=sentence.pattern, parts=[_kept_value(part) for part in sentence.parts])
        case Listed():
            return _Listed(conjunction=sentence.conjunction, parts=[_kept_value(part) for part in sentence.parts])
        case Whole():
            return _Whole(part=_kept_value(sentence.part))
        case Capital():
            return _Capital(part=_kept_value(sentence.part))
        case Dated():
            return _Dated(day=_day(sentence.day), form=sentence.form)
        case _:
            return _Text(text=sentence.pattern, values=_kept_values(sentence.values))


def _kept_values(values: dict[str, Value]) -> dict[str, _KeptValue]:
    return {name: _kept_value(value) for name, value in values.items()}


def _kept_value(value: Value) -> _KeptValue:
    """What can be said by its own room alone is written down in English."""
    match value:
        case Sentence():
            return _kept(value)
        case bool():
            return str(value)
        case str() | int():
            return value
        case Decimal():
            return _Number(digits=str(value))
        case date():
            return _Day(day=_day(value))
        case Quantity():
            return _Quantity(text=value.text, unit=value.unit, label=value.label)
        case Moment():
            return _Moment(day=value.day, text=value.text, precision=value.precision, instant=value.instant)
        case _:
            return said(value, ENGLISH)


def _day(day: date) -> date:
    """Without the time of a `datetime`, which is one."""
    return date(day.year, day.month, day.day)


def _sentence(kept: _KeptSentence) -> Sentence:
    match kept:
        case _Text():
            return _of_text(kept.text, **_values(kept.values)) if kept.values else shipped_text(kept.text)
        case _Counted():
            return _of_number(kept.one, kept.many, kept.n, **_values(kept.values))
        case _Joined():
            return joined(kept.sign, [_value(part) for part in kept.parts])
        case _Listed():
            return listed([_value(part) for part in kept.parts], kept.conjunction)
        case _Whole():
            return full_sentence(_value(kept.part))
        case _Capital():
            return capitalised(_value(kept.part))
        case _Dated():
            return dated(kept.day, kept.form)
    assert_never(kept)


def _values(kept: dict[str, _KeptValue]) -> dict[str, Value]:
    return {name: _value(value) for name, value in kept.items()}


def _value(kept: _KeptValue) -> Value:
    match kept:
        case str() | int():
            return kept
        case _Number():
            return Decimal(kept.digits)
        case _Day():
            return kept.day
        case _Quantity():
            return Quantity(kept.text, kept.unit, kept.label)
        case _Moment():
            return Moment(kept.day, kept.text, kept.precision, kept.instant)
        case _:
            return _sentence(kept)
