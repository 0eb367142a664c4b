"""Answers as a QuestionnaireResponse, and back. Wording is stored only where the instrument's rights let it ship."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Option, worded
from fhir_mappings.submission.submission import RESPONSE, Json, Submission, instant, person

ON_PAPER = {
    "url": canonicals.COMPLETION_MODE,
    "valueCodeableConcept": {"coding": [{"system": canonicals.PARTICIPATION_MODES, "code": "WRITTEN"}]},
}
DECLINED = {"url": canonicals.DATA_ABSENT_REASON, "valueCode": "asked-declined"}


def questionnaire_response(submission: Submission, *, base: str) -> Json:
    """The R4 QuestionnaireResponse of docs/fhir-shapes.md."""
    instrument, informant = submission.instrument, submission.informant
    return {
        "resourceType": "QuestionnaireResponse",
        **submission.meta(),
        **_extensions(submission, base=base),
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


def _extensions(submission: Submission, *, base: str) -> Json:
    """Who is rated, and that the answers were given on paper; nothing where there is neither to say."""
    clinician = submission.clinician
    rated = [{"url": canonicals.rated_clinician(base), "valueReference": person(clinician)}] if clinician else []
    found = [*rated, ON_PAPER] if submission.from_paper else rated
    return {"extension": found} if found else {}


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
    option = _chosen(instrument, answers, link_id)
    if option is None:
        return None
    coding = _coding(instrument, option, canonicals.options_system(instrument, base=base))
    weight = _weight(instrument, item, option)
    return head | {"answer": [{"valueCoding": weight | coding}]}


def _chosen(instrument: Instrument, answers: Answers, link_id: str) -> Option | None:
    """The option an item was answered with."""
    value, code = answers.values.get(link_id), answers.extra.get(link_id)
    known = (one for one in instrument.options if (one.value == value if value is not None else one.code == code))
    return None if value is None and code is None else next(known)


def _weight(instrument: Instrument, item: Item, option: Option) -> Json:
    """What the answer counts, reversed items mirrored; nothing while the key is neither verified nor confirmed."""
    weight = instrument.weight(item, option)
    if weight is None or instrument.why_unscored is not None:
        return {}
    return {"extension": [{"url": canonicals.ITEM_WEIGHT, "valueDecimal": weight}]}


def _questions(submission: Submission, *, base: str) -> Iterator[Json]:
    """The unscored questions that were answered."""
    for question in submission.instrument.questions:
        code = submission.answers.extra.get(question.link_id)
        if code is not None:
            option = next(one for one in question.options if one.code == code)
            system = canonicals.question_system(submission.instrument, question.link_id, base=base)
            yield {
                "linkId": question.link_id,
                **_text(submission, question.text),
                "answer": [{"valueCoding": _coding(submission.instrument, option, system)}],
            }


def _coding(instrument: Instrument, option: Option, system: str) -> Json:
    labelled: Json = {"display": option.label} if option.label and instrument.may("store") else {}
    return {"system": system, "code": option.code, **labelled}


def _text(submission: Submission, texts: Mapping[Informant, str]) -> Json:
    """`text`, where the wording may be stored; without names, so that it equals the Questionnaire's (SDC)."""
    text = texts.get(submission.informant)
    return {"text": worded(text)} if text and submission.instrument.may("store") else {}


def read_answers(instrument: Instrument, response: Mapping[str, Any]) -> tuple[Answers, tuple[str, ...]]:
    """The answers of a stored response of this instrument, and sentences about what could not be understood.

    Lenient: an option is known by its code, wherever the item stands; nothing raises.
    """
    asked = _asked(instrument)
    values: dict[str, int] = {}
    declined: list[str] = []
    extra: dict[str, str] = {}
    odd: list[str] = []
    for link_id, items in _by_link_id(response, asked).items():
        scored, options = asked[link_id]
        codes = [code for item in items for code in _codes(item)]
        problem = _problem(items, codes, options)
        if problem is not None:
            odd.append(f"{link_id} {problem}")
        elif codes and scored and (value := options[codes[0]]) is not None:
            values[link_id] = value
        elif codes:
            extra[link_id] = codes[0]
        elif scored and _is_declined(items[0]):
            declined.append(link_id)
    return Answers(values=values, declined=tuple(declined), extra=extra), tuple(odd)


def _problem(items: Sequence[Json], codes: Sequence[str], options: Mapping[str, int | None]) -> str | None:
    """Why the answer cannot be taken; None when it can, or when there is none."""
    if len(items) > 1:
        return "stands there twice"
    if len(codes) > 1:
        return f"has {len(codes)} answers"
    return "has an answer that is not on offer" if codes and codes[0] not in options else None


_Asked = dict[str, tuple[bool, dict[str, int | None]]]
# Prepared once per instrument; the instrument is kept beside it, so that its id is never another's.
_ASKED: dict[int, tuple[Instrument, _Asked]] = {}


def _asked(instrument: Instrument) -> _Asked:
    """Everything that is asked: link id to (scored, option code to value)."""
    known = _ASKED.get(id(instrument))
    if known is not None and known[0] is instrument:
        return known[1]
    options = {option.code: option.value for option in instrument.options}
    asked: _Asked = {item.link_id: (True, options) for item in instrument.items}
    for question in instrument.questions:
        asked[question.link_id] = (False, {option.code: option.value for option in question.options})
    _ASKED[id(instrument)] = (instrument, asked)
    return asked


def _by_link_id(response: Mapping[str, Any], asked: _Asked) -> dict[str, list[Json]]:
    """The items that are asked for, in the order in which they stand."""
    found: dict[str, list[Json]] = {}
    for link_id, item in _leaves(response.get("item")):
        if link_id in asked:
            found.setdefault(link_id, []).append(item)
    return found


def _leaves(items: object, *, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Every item at every level, as (linkId, item). Deeper than ten levels is no form of ours."""
    if not isinstance(items, list) or depth > 10:  # noqa: PLR2004
        return
    for item in items:
        if isinstance(item, dict):
            yield str(item.get("linkId")), item
            yield from _leaves(item.get("item"), depth=depth + 1)


def _codes(item: Mapping[str, Any]) -> Iterator[str]:
    """The code of every answer; empty for an answer that is no coded choice."""
    answers = item.get("answer")
    for answer in answers if isinstance(answers, list) else ():
        coding = answer.get("valueCoding") if isinstance(answer, dict) else None
        code = coding.get("code") if isinstance(coding, dict) else None
        yield code if isinstance(code, str) else ""


def _is_declined(item: Mapping[str, Any]) -> bool:
    extensions = item.get("extension")
    return isinstance(extensions, list) and any(isinstance(one, dict) and one.get("valueCode") == "asked-declined" for one in extensions)
