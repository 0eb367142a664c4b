"""What a correction says of itself on the response, whichever way it is stored. A reader is `fhir_mappings.ratings.corrections`."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.correction_reasons import CORRECTION_CODES, CorrectionReason
from fhir_mappings.instruments.instrument import Instrument, Option
from fhir_mappings.r4.json_types import FhirJson, Json, instant


class CorrectionCause(Struct, frozen=True, kw_only=True):
    """Why something is put right, when (aware) and by whom: a reference. `reported_by` is whoever said so where another confirms it;
    `after_seen`: its author had seen the other's rating of the visit by then."""

    reason: CorrectionReason
    at: datetime
    by: str
    reported_by: str | None = None
    after_seen: bool = False


class Stood(Struct, frozen=True, kw_only=True):
    """What stood there before, where it is changed: when it was dated and with which encounter it was stored as the record wrote them, whom
    it was about, what was answered. Empty where nothing of it is changed, as where it is taken back."""

    answers: Mapping[str, Json] = {}
    authored: str | None = None
    encounter: FhirJson | None = None
    clinician: FhirJson | None = None


def correction_extension(cause: CorrectionCause, stood: Stood, *, base: str) -> Json:
    """The extension `correction`, with a part for whatever stood there before."""
    known = CORRECTION_CODES[cause.reason]
    coding: Json = {"system": canonicals.correction_reason_system(base), "code": cause.reason, "display": known.display}
    parts: list[Json] = [
        {"url": "reason", "valueCodeableConcept": {"coding": [coding]}},
        {"url": "at", "valueDateTime": instant(cause.at)},
        {"url": "by", "valueReference": {"reference": cause.by}},
    ]
    if cause.reported_by:
        parts.append({"url": "reported-by", "valueReference": {"reference": cause.reported_by}})
    if stood.authored is not None:
        parts.append({"url": "authored", "valueDateTime": stood.authored})
    if stood.encounter is not None:
        parts.append({"url": "encounter", "valueReference": stood.encounter})
    if stood.clinician is not None:
        parts.append({"url": "clinician", "valueReference": stood.clinician})
    if cause.after_seen:
        parts.append({"url": "after-seen", "valueBoolean": True})
    parts += [_answer(link_id, was) for link_id, was in stood.answers.items()]
    return {"url": canonicals.correction(base), "extension": parts}


def changed_answers(instrument: Instrument, before: Answers, now: Answers, *, base: str) -> Mapping[str, Json]:
    """Of every question with another answer now, what it had before: a value of the part `was`, empty where it was left open."""
    asked = [*(item.link_id for item in instrument.items), *(question.link_id for question in instrument.questions)]
    return {link_id: _was(instrument, before, link_id, base=base) for link_id in asked if _given(before, link_id) != _given(now, link_id)}


def _given(answers: Answers, link_id: str) -> tuple[int | None, str | None, bool]:
    return answers.values.get(link_id), answers.extra.get(link_id), link_id in answers.declined


def _was(instrument: Instrument, before: Answers, link_id: str, *, base: str) -> Json:
    value, code, declined = _given(before, link_id)
    if declined:
        return {"valueCode": "asked-declined"}
    option = next((one for one in _options(instrument, link_id) if (one.value == value if value is not None else one.code == code)), None)
    return {} if option is None else {"valueCoding": {"system": _system(instrument, link_id, base=base), "code": option.code}}


def _options(instrument: Instrument, link_id: str) -> tuple[Option, ...]:
    asked = (question.options for question in instrument.questions if question.link_id == link_id)
    return next(asked, instrument.options)


def _system(instrument: Instrument, link_id: str, *, base: str) -> str:
    if any(question.link_id == link_id for question in instrument.questions):
        return canonicals.question_system(instrument, link_id, base=base)
    return canonicals.options_system(instrument, base=base)


def _answer(link_id: str, was: Json) -> Json:
    parts: list[Json] = [{"url": "question", "valueString": link_id}, *([{"url": "was", **was}] if was else [])]
    return {"url": "answer", "extension": parts}
