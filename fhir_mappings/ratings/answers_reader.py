"""The answers of a stored QuestionnaireResponse."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.instrument import MOST_PREPARED, Instrument
from fhir_mappings.r4.json_types import Json
from fhir_mappings.sentence import Sentence, counted


def read_answers(instrument: Instrument, response: Mapping[str, Any]) -> tuple[Answers, tuple[Sentence, ...]]:
    """The answers of a stored response of this instrument, and sentences about what could not be understood.

    Lenient: an option is known by its code, wherever the item stands; nothing raises.
    """
    asked = _asked(instrument)
    values: dict[str, int] = {}
    declined: list[str] = []
    extra: dict[str, str] = {}
    odd: list[Sentence] = []
    found, strangers = _by_link_id(response, asked)
    for link_id, items in found.items():
        scored, options = asked[link_id]
        codes = [code for item in items for code in _codes(item)]
        problem = _problem(link_id, items, codes, options)
        if problem is not None:
            odd.append(problem)
        elif codes and scored and (value := options[codes[0]]) is not None:
            values[link_id] = value
        elif codes:
            extra[link_id] = codes[0]
        elif scored and _is_declined(items[0]):
            declined.append(link_id)
    if strangers:
        odd.append(counted("{n} answer belongs to no question of this form", "{n} answers belong to no question of this form", strangers))
    return Answers(values=values, declined=tuple(declined), extra=extra), tuple(odd)


def answer_words(instrument: Instrument, response: Mapping[str, Any], *, language: str | None) -> Mapping[str, str]:
    """The words of the options that were chosen, as they were stored; where they are the form's own, those of all its options. `language`
    is that of the response: words of another language than the form's are none of its own."""
    asked, stored = _asked(instrument), dict[str, str]()
    for link_id, item in _leaves(response.get("item")):
        if link_id in asked and asked[link_id][0]:
            stored.update(_named(item, asked[link_id][1]))
    own = _own_words(instrument)
    if not stored or language != instrument.language:
        return stored
    return own if all(own.get(code, "").casefold() == words.casefold() for code, words in stored.items()) else stored


def _named(item: Mapping[str, Any], options: Mapping[str, int | None]) -> Iterator[tuple[str, str]]:
    """Code and words of every answer that has both."""
    answers = item.get("answer")
    for answer in answers if isinstance(answers, list) else ():
        coding = answer.get("valueCoding") if isinstance(answer, dict) else None
        code, words = (coding.get("code"), coding.get("display")) if isinstance(coding, dict) else (None, None)
        if isinstance(code, str) and code in options and isinstance(words, str) and words.strip():
            yield code, " ".join(words.split())


@lru_cache(MOST_PREPARED)
def _own_words(instrument: Instrument) -> Mapping[str, str]:
    return {option.code: option.label for option in instrument.options if option.label}


def _problem(question: str, items: Sequence[Json], codes: Sequence[str], options: Mapping[str, int | None]) -> Sentence | None:
    """Why the answer cannot be taken; None when it can, or when there is none."""
    if len(items) > 1:
        return Sentence("{question} stands there twice", question=question)
    if len(codes) > 1:
        return counted("{question} has {n} answer", "{question} has {n} answers", len(codes), question=question)
    return Sentence("{question} has an answer that is not on offer", question=question) if codes and codes[0] not in options else None


_Asked = Mapping[str, tuple[bool, Mapping[str, int | None]]]


@lru_cache(MOST_PREPARED)
def _asked(instrument: Instrument) -> _Asked:
    """Everything that is asked: link id to (scored, option code to value)."""
    options = {option.code: option.value for option in instrument.options}
    asked: dict[str, tuple[bool, Mapping[str, int | None]]] = {item.link_id: (True, options) for item in instrument.items}
    for question in instrument.questions:
        asked[question.link_id] = (False, {option.code: option.value for option in question.options})
    return asked


def _by_link_id(response: Mapping[str, Any], asked: _Asked) -> tuple[dict[str, list[Json]], int]:
    """The items that are asked for, in the order in which they stand; and how many were answered that are not. What a form filler
    computed by the scoring form is no answer."""
    found: dict[str, list[Json]] = {}
    strangers = 0
    for link_id, item in _leaves(response.get("item")):
        if link_id in asked:
            found.setdefault(link_id, []).append(item)
        elif item.get("answer") and not link_id.startswith("score."):
            strangers += any(True for _ in _codes(item))
    return found, strangers


def _leaves(items: object, *, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Every item at every level, as (linkId, item). Deeper than ten levels is no form of ours."""
    if not isinstance(items, list) or depth > 10:  # noqa: PLR2004
        return
    for item in items:
        if isinstance(item, dict):
            yield str(item.get("linkId")), item
            yield from _leaves(item.get("item"), depth=depth + 1)


def _codes(item: Mapping[str, Any]) -> Iterator[str]:
    """The code of every answer; empty for an answer that is no coded choice. One that holds nothing is none."""
    answers = item.get("answer")
    for answer in filter(None, answers) if isinstance(answers, list) else ():
        coding = answer.get("valueCoding") if isinstance(answer, dict) else None
        code = coding.get("code") if isinstance(coding, dict) else None
        yield code if isinstance(code, str) else ""


def _is_declined(item: Mapping[str, Any]) -> bool:
    extensions = item.get("extension")
    return isinstance(extensions, list) and any(isinstance(one, dict) and one.get("valueCode") == "asked-declined" for one in extensions)
