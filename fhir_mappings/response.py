"""Answers as a QuestionnaireResponse, and back. Wording is stored only where the instrument's rights let it ship."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_mappings import canonicals
from fhir_mappings.answers import Answers
from fhir_mappings.instrument import Informant, Instrument, Option, worded
from fhir_mappings.submission import RESPONSE, Json, Submission, instant, person

DECLINED = {"url": canonicals.DATA_ABSENT_REASON, "valueCode": "asked-declined"}


def questionnaire_response(submission: Submission, *, base: str) -> Json:
    """The R4 QuestionnaireResponse of docs/fhir-shapes.md."""
    instrument, informant = submission.instrument, submission.informant
    return {
        "resourceType": "QuestionnaireResponse",
        **submission.meta(),
        "extension": [{"url": canonicals.rated_clinician(base), "valueReference": person(submission.clinician)}],
        "identifier": submission.identifier(RESPONSE, system=canonicals.submission_system(base)),
        "questionnaire": canonicals.questionnaire(instrument, informant, base=base),
        "status": "completed",
        "subject": {"reference": f"Patient/{submission.patient}"},
        **submission.visit(),
        "authored": instant(submission.authored),
        "author": {"reference": submission.recorded_by},
        "source": {"reference": submission.answered_by},
        "item": [*_sections(submission, base=base), *_questions(submission, base=base)],
    }


def _sections(submission: Submission, *, base: str) -> Iterator[Json]:
    """A group for each section in which something was answered or declined."""
    for section in submission.instrument.sections:
        items = [found for link_id in section.items if (found := _item(submission, link_id, base=base))]
        if items:
            yield {"linkId": section.key, **_text(submission, section.title), "item": items}


def _item(submission: Submission, link_id: str, *, base: str) -> Json | None:
    """An answered or declined item; None for one left open."""
    instrument, answers = submission.instrument, submission.answers
    item = instrument.item(link_id)
    head: Json = {"linkId": link_id, **_text(submission, item.text)}
    if link_id in answers.declined:
        return {"linkId": link_id, "extension": [DECLINED], **_text(submission, item.text)}
    if link_id not in answers.values:
        return None
    option = next(one for one in instrument.options if one.value == answers.values[link_id])
    low, high = _ends(instrument)
    weight = low + high - option.value if item.reverse else option.value
    coding = _coding(option, canonicals.options_system(instrument, base=base))
    return head | {"answer": [{"valueCoding": {"extension": [{"url": canonicals.ITEM_WEIGHT, "valueDecimal": weight}], **coding}}]}


def _ends(instrument: Instrument) -> tuple[int, int]:
    values = [option.value for option in instrument.options]
    return min(values), max(values)


def _questions(submission: Submission, *, base: str) -> Iterator[Json]:
    """The unscored questions that were answered."""
    for question in submission.instrument.questions:
        code = submission.answers.extra.get(question.link_id)
        if code is not None:
            option = next(one for one in question.options if one.code == code)
            system = canonicals.question_system(submission.instrument, question.link_id, base=base)
            yield {"linkId": question.link_id, **_text(submission, question.text), "answer": [{"valueCoding": _coding(option, system)}]}


def _coding(option: Option, system: str) -> Json:
    labelled: Json = {"display": option.label} if option.label else {}
    return {"system": system, "code": option.code, **labelled}


def _text(submission: Submission, texts: Mapping[Informant, str]) -> Json:
    """`text`, where the wording may be stored; without names, so that it equals the Questionnaire's (SDC)."""
    text = texts.get(submission.informant)
    return {"text": worded(text)} if text and submission.instrument.rights.wording_ships else {}


def read_answers(instrument: Instrument, response: Mapping[str, Any]) -> tuple[Answers, tuple[str, ...]]:
    """The answers of a stored response of this instrument, and sentences about what could not be understood.

    Lenient: an option is known by its code, wherever the item stands; nothing raises.
    """
    values: dict[str, int] = {}
    declined: list[str] = []
    extra: dict[str, str] = {}
    odd: list[str] = []
    by_code = {option.code: option.value for option in instrument.options}
    items = {item.link_id for item in instrument.items}
    questions = {question.link_id: {option.code for option in question.options} for question in instrument.questions}
    for link_id, item in _leaves(response.get("item")):
        codes = list(_codes(item))
        if len(codes) > 1 and link_id in items:
            odd.append(f"{link_id} has {len(codes)} answers")
        elif link_id in items and codes and codes[0] in by_code:
            values[link_id] = by_code[codes[0]]
        elif link_id in items and codes:
            odd.append(f"{link_id} has an answer that is not on offer")
        elif link_id in items and _is_declined(item):
            declined.append(link_id)
        elif link_id in questions and codes and codes[0] in questions[link_id]:
            extra[link_id] = codes[0]
    return Answers(values=values, declined=tuple(declined), extra=extra), tuple(odd)


def _leaves(items: object, *, depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every item at every level, as (linkId, item). Deeper than ten levels is no form of ours."""
    if not isinstance(items, list) or depth > 10:  # noqa: PLR2004
        return
    for item in items:
        if isinstance(item, dict):
            yield str(item.get("linkId")), item
            yield from _leaves(item.get("item"), depth=depth + 1)


def _codes(item: Mapping[str, Any]) -> Iterator[str]:
    answers = item.get("answer")
    for answer in answers if isinstance(answers, list) else ():
        coding = answer.get("valueCoding") if isinstance(answer, dict) else None
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield coding["code"]


def _is_declined(item: Mapping[str, Any]) -> bool:
    extensions = item.get("extension")
    return isinstance(extensions, list) and any(isinstance(one, dict) and one.get("valueCode") == "asked-declined" for one in extensions)
