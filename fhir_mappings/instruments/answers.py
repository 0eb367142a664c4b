"""Form fields to answers, or to what is wrong with them. Nothing typed is lost: what was understood is kept for the next try."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from fhir_mappings.instruments.instrument import Informant, Instrument, Option
from fhir_mappings.sentence import Sentence

DECLINED = ".declined"
NO_ANSWER = Sentence("Choose an answer, or tick the box below.")
_LONGEST_SHOWN = 40


class Answers(Struct, frozen=True, kw_only=True):
    """`values`: item link id to option value; `declined`: items the person would rather not answer; `extra`: link id to option code, of
    unscored questions and of items answered with an option without a value ("does not apply")."""

    values: Mapping[str, int]
    declined: tuple[str, ...]
    extra: Mapping[str, str]


class FieldError(Struct, frozen=True, kw_only=True):
    """What is wrong with one field, in a sentence for the person who filled it in."""

    link_id: str
    message: Sentence


class Invalid(Struct, frozen=True, kw_only=True):
    """Answers that cannot be taken yet; `kept` maps field names to the option codes to show again."""

    errors: tuple[FieldError, ...]
    kept: Mapping[str, str]


def parse(instrument: Instrument, informant: Informant, fields: Mapping[str, Sequence[str]]) -> Answers | Invalid:
    """The answers of one submitted form.

    Fields are link ids with option codes, `LINKID.declined` = `yes`. Every item is answered or declined; questions may stay open.
    """
    kept = dict(_understood(instrument, fields))
    errors = (*_strange(instrument, informant, fields), *_wrong(instrument, fields), *_missing(instrument, fields, kept))
    if errors:
        return Invalid(errors=errors, kept=kept)
    worth = {option.code: option.value for option in instrument.options}
    given = {item.link_id: kept[item.link_id] for item in instrument.items if item.link_id in kept}
    values = {link_id: value for link_id, code in given.items() if (value := worth[code]) is not None}
    declined = tuple(item.link_id for item in instrument.items if item.link_id not in given)
    asked = {one.link_id: kept[one.link_id] for one in instrument.questions if one.link_id in kept}
    extra = {link_id: code for link_id, code in given.items() if link_id not in values} | asked
    return Answers(values=values, declined=declined, extra=extra)


def understood(instrument: Instrument, fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What a form has so far: every field with one value that is on offer, as `Invalid.kept`. Whatever else was sent is left out."""
    return dict(_understood(instrument, fields))


def answered(instrument: Instrument, kept: Mapping[str, str]) -> int:
    """How many items of a form are answered or declined."""
    return sum(item.link_id in kept or item.link_id + DECLINED in kept for item in instrument.items)


def completed(fields: Mapping[str, Sequence[str]], earlier: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """The fields, and the earlier answers to what they leave open."""
    touched = {name.removesuffix(DECLINED) for name, values in fields.items() if values}
    return {**fields, **{name: (code,) for name, code in earlier.items() if name.removesuffix(DECLINED) not in touched}}


def _choices(instrument: Instrument) -> dict[str, tuple[Option, ...]]:
    """The options of every field that takes one."""
    items = {item.link_id: instrument.options for item in instrument.items}
    return items | {question.link_id: question.options for question in instrument.questions}


def _understood(instrument: Instrument, fields: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Every field with exactly one value that is on offer."""
    for link_id, options in _choices(instrument).items():
        given = fields.get(link_id, ())
        if len(given) == 1 and any(option.code == given[0] for option in options):
            yield link_id, given[0]
    for item in instrument.items:
        if list(fields.get(item.link_id + DECLINED, ())) == ["yes"]:
            yield item.link_id + DECLINED, "yes"


def _strange(instrument: Instrument, informant: Informant, fields: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
    """Fields this form does not have."""
    known = {*_choices(instrument), *(item.link_id + DECLINED for item in instrument.items)}
    for name in fields:
        if name not in known:
            yield FieldError(link_id=_short(name), message=_no_such_question(informant, _short(name)))


def _no_such_question(informant: Informant, question: str) -> Sentence:
    if informant == "patient":
        return Sentence("The patient's form has no question “{question}”.", question=question)
    if informant == "clinician":
        return Sentence("The clinician's form has no question “{question}”.", question=question)
    return Sentence("The observer's form has no question “{question}”.", question=question)


def _wrong(instrument: Instrument, fields: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
    """Fields with two answers, or with an answer that is not on offer."""
    for link_id, options in _choices(instrument).items():
        given = fields.get(link_id, ())
        if len(given) > 1:
            yield FieldError(link_id=link_id, message=Sentence("Two answers were sent for this question. Choose one."))
        elif given and link_id + DECLINED in fields:
            message = Sentence("There is an answer, and the box for not answering is ticked. Keep one of the two.")
            yield FieldError(link_id=link_id, message=message)
        elif given and given[0] not in {option.code for option in options}:
            message = Sentence("“{answer}” is not one of the answers on offer. Choose one of them.", answer=_short(given[0]))
            yield FieldError(link_id=link_id, message=message)


def _missing(instrument: Instrument, fields: Mapping[str, Sequence[str]], kept: Mapping[str, str]) -> Iterator[FieldError]:
    """Items neither answered nor declined."""
    for item in instrument.items:
        if not fields.get(item.link_id) and item.link_id not in kept and item.link_id + DECLINED not in kept:
            yield FieldError(link_id=item.link_id, message=NO_ANSWER)


def _short(text: str) -> str:
    """`text`, cut where somebody sent a novel."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
