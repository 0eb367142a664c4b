"""Answers as a QuestionnaireResponse. Wording is stored only where the instrument's rights let it ship."""

from collections.abc import Iterator, Mapping

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.canonicals import RESPONSE
from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Option, with_wording
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json, instant
from fhir_mappings.submission.submission import Submission, person

ON_PAPER = {
    "url": systems.COMPLETION_MODE,
    "valueCodeableConcept": {"coding": [{"system": systems.PARTICIPATION_MODES, "code": "WRITTEN"}]},
}
DECLINED = {"url": systems.DATA_ABSENT_REASON, "valueCode": "asked-declined"}


def questionnaire_response(submission: Submission, *, base: str) -> Json:
    """The R4 QuestionnaireResponse of docs/fhir-shapes.md."""
    instrument, informant = submission.instrument, submission.informant
    return {
        "resourceType": "QuestionnaireResponse",
        **submission.meta(),
        **_language(instrument, informant),
        **_extensions(submission, base=base),
        "identifier": submission.identifier(RESPONSE, system=canonicals.submission_system(base)),
        "questionnaire": canonicals.questionnaire(instrument, informant, base=base),
        "status": "completed",
        "subject": {"reference": f"Patient/{submission.patient}"},
        **submission.visit(),
        "authored": instant(submission.authored),
        **({"author": {"reference": submission.recorded_by}} if submission.recorded_by else {}),
        **({"source": {"reference": submission.answered_by}} if submission.answered_by else {}),
        "item": [*_sections(submission, base=base), *_questions(submission, base=base)],
    }


def _language(instrument: Instrument, informant: Informant) -> Json:
    """That of the form as it was answered; nothing where its words are on a sheet, of which it is not known."""
    known = instrument.language is not None and not instrument.from_paper(informant)
    return {"language": instrument.language} if known else {}


def _extensions(submission: Submission, *, base: str) -> Json:
    """Who is rated, who has read a translated wording over, who said that they answer, and that it was on paper; nothing where none is to
    say."""
    clinician = submission.clinician
    rated = [{"url": canonicals.rated_clinician(base), "valueReference": person(clinician)}] if clinician else []
    translated = submission.instrument.translation
    unread = [{"url": canonicals.wording_review(base), "valueString": str(translated.review)}] if translated else []
    seen: list[Json] = [{"url": canonicals.given_after_seen(base), "valueBoolean": True}] if submission.after_seen else []
    found = [*rated, *unread, *_answering(submission, base=base), *([ON_PAPER] if submission.from_paper else []), *seen]
    return {"extension": found} if found else {}


def _answering(submission: Submission, *, base: str) -> list[Json]:
    """Who said that they answer, on a device of the patient's."""
    code = submission.answering
    if code is None:
        return []
    coding = {"system": canonicals.answering_system(base), "code": code, "display": canonicals.ANSWERING[code]}
    return [{"url": canonicals.answering(base), "valueCodeableConcept": {"coding": [coding]}}]


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
    return {"extension": [{"url": systems.ITEM_WEIGHT, "valueDecimal": weight}]}


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
    return {"text": with_wording(text)} if text and submission.instrument.may("store") else {}
