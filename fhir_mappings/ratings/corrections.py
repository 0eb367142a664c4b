"""What was put right of a stored response, and what it said before. Total: whatever a server returns, nothing raises."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.answers import Answers
from fhir_mappings.instruments.correction_reasons import CorrectionReason, correction_reason_of
from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.people.person import Person
from fhir_mappings.r4.dates import Moment, parse_moment, position
from fhir_mappings.r4.json_types import FhirJson, objects_in
from fhir_mappings.r4.references import literal_reference

_DECLINED = "asked-declined"


class AnswerBefore(Struct, frozen=True, kw_only=True):
    """What a question had as its answer: an option's code, or None where it was left open or `declined`."""

    code: str | None
    declined: bool = False


class Correction(Struct, frozen=True, kw_only=True):
    """One thing that was put right. `by` and `reported_by` are references, None where they cannot be read. `answers` maps the link ids of
    what was changed to what stood there before; `when`, `encounter` and `clinician` are what it was dated, stored with and about before,
    None where they stayed. `after_seen`: its author had seen the other's rating of the visit by then."""

    reason: CorrectionReason
    at: Moment
    by: str | None
    reported_by: str | None
    answers: Mapping[str, AnswerBefore]
    when: Moment | None = None
    encounter: str | None = None
    clinician: Person | None = None
    after_seen: bool = False


def read_corrections(response: FhirJson, *, base: str, server: str, zone: tzinfo) -> tuple[Correction, ...]:
    """Those of a response, the first first. One without a reason or a moment that can be read is none: nothing can be said of it."""
    made = (_correction(one, base=base, server=server, zone=zone) for one in _extensions(response, canonicals.correction(base)))
    return tuple(sorted((one for one in made if one is not None), key=lambda one: position(one.at)))


def answers_before(instrument: Instrument, answers: Answers, corrections: Iterable[Correction]) -> Answers:
    """The answers as they stood before those corrections, of which the last one named was made last."""
    worth = {option.code: option.value for option in instrument.options}
    scored = {item.link_id for item in instrument.items}
    for correction in reversed(tuple(corrections)):
        for link_id, before in correction.answers.items():
            answers = _with_answer(answers, link_id, before, worth if link_id in scored else {})
    return answers


def is_given_after_seen(response: FhirJson, *, base: str) -> bool:
    """Whether its author had seen the other's rating of the visit before they gave it."""
    return any(one.get("valueBoolean") is True for one in _extensions(response, canonicals.given_after_seen(base)))


def _with_answer(answers: Answers, link_id: str, before: AnswerBefore, worth: Mapping[str, int | None]) -> Answers:
    values = {key: value for key, value in answers.values.items() if key != link_id}
    extra = {key: code for key, code in answers.extra.items() if key != link_id}
    declined = tuple(key for key in answers.declined if key != link_id)
    value = worth.get(before.code) if before.code is not None else None
    if value is not None:
        values[link_id] = value
    elif before.code is not None:
        extra[link_id] = before.code
    elif before.declined:
        declined = (*declined, link_id)
    return replace(answers, values=values, declined=declined, extra=extra)


def _correction(extension: FhirJson, *, base: str, server: str, zone: tzinfo) -> Correction | None:
    parts = _PartsOf(extension, server=server)
    reason, at = _reason(parts.value("reason", "valueCodeableConcept"), base), parse_moment(parts.value("at", "valueDateTime"), zone)
    if reason is None or at is None:
        return None
    return Correction(
        reason=reason,
        at=at,
        by=parts.reference("by"),
        reported_by=parts.reference("reported-by"),
        answers=dict(_answers(parts)),
        when=parse_moment(parts.value("authored", "valueDateTime"), zone),
        encounter=parts.reference("encounter"),
        clinician=parts.person("clinician"),
        after_seen=parts.value("after-seen", "valueBoolean") is True,
    )


def _answers(parts: "_PartsOf") -> Iterator[tuple[str, AnswerBefore]]:
    """What was changed; the first that stands there of one question."""
    told: set[str] = set()
    for one in parts.all("answer"):
        within = _PartsOf(one, server=parts.server)
        link_id, coding = within.value("question", "valueString"), within.value("was", "valueCoding")
        code = coding.get("code") if isinstance(coding, dict) else None
        if isinstance(link_id, str) and link_id not in told:
            told.add(link_id)
            declined = within.value("was", "valueCode") == _DECLINED
            yield link_id, AnswerBefore(code=code if isinstance(code, str) else None, declined=declined)


class _PartsOf:
    """The parts of an extension that has parts."""

    def __init__(self, extension: FhirJson, *, server: str) -> None:
        self._parts = objects_in(extension.get("extension"))
        self.server = server

    def all(self, url: str) -> Iterator[FhirJson]:
        return (one for one in self._parts if one.get("url") == url)

    def value(self, url: str, kind: str) -> object:
        return next((one.get(kind) for one in self.all(url)), None)

    def reference(self, url: str) -> str | None:
        node = self.value(url, "valueReference")
        named = literal_reference(node.get("reference"), base=self.server) if isinstance(node, dict) else None
        return named.text if named else None

    def person(self, url: str) -> Person | None:
        reference, node = self.reference(url), self.value(url, "valueReference")
        display = node.get("display") if isinstance(node, dict) else None
        return Person(reference=reference, name=display if isinstance(display, str) else None) if reference else None


def _reason(concept: object, base: str) -> CorrectionReason | None:
    system = canonicals.correction_reason_system(base)
    codings = objects_in(concept.get("coding")) if isinstance(concept, dict) else []
    found = (correction_reason_of(one.get("code")) for one in codings if one.get("system") == system)
    return next((one for one in found if one is not None), None)


def _extensions(resource: FhirJson, url: str) -> list[FhirJson]:
    return [one for one in objects_in(resource.get("extension")) if one.get("url") == url]
