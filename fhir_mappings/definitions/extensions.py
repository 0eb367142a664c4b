"""Our extensions, as R4 resources: those of one value, and the one of what was put right, which has parts."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fhir_mappings.definitions.canonical_resource import OWN_RIGHTS, SHARED_VERSION, artifact
from fhir_mappings.definitions.narrative import narrative, paragraph
from fhir_mappings.instruments import canonicals
from fhir_mappings.r4.json_types import Json

_RESPONSE = "QuestionnaireResponse"
_CORE = "http://hl7.org/fhir/StructureDefinition"


def extensions(*, base: str) -> Iterator[Json]:
    """The extensions Rapport writes."""
    rated = _reference("Practitioner", "PractitionerRole")
    said = "The clinician of the pair, whoever answered: the person the rating is about."
    yield _extension(canonicals.rated_clinician(base), rated, context=_RESPONSE, title="Rated clinician", description=said)
    said = "Who has read over the wording of a form that was answered in a translation."
    text: Json = {"code": "string"}
    yield _extension(canonicals.wording_review(base), text, context=_RESPONSE, title="Wording review", description=said)
    said = (
        "Who answered a patient's form on a device of theirs, by their own word: the patient, with or without help, or somebody for them."
    )
    concept: Json = {"code": "CodeableConcept"}
    yield _extension(canonicals.answering(base), concept, context=_RESPONSE, title="Who answered", description=said)
    said = "Why a form was not answered: of a response that was stopped before its first item. Only patient-declined is a refusal."
    reason: Json = {"code": "CodeableConcept"}
    yield _extension(canonicals.not_answered_reason(base), reason, context=_RESPONSE, title="Reason not answered", description=said)
    stored = _reference(_RESPONSE)
    said = "The response in whose place this one stands, because it was put right on a server that changes no response."
    yield _extension(canonicals.replaces(base), stored, context=_RESPONSE, title="Replaces", description=said)
    said = "What was entered in error and stays stored, because its server changes no response: no reader may use it."
    yield _extension(canonicals.retracts(base), stored, context=_RESPONSE, title="Retracts", description=said)
    said = "Whether its author had seen the other's rating of the same visit before they gave this one."
    yield _extension(
        canonicals.given_after_seen(base), {"code": "boolean"}, context=_RESPONSE, title="Given after the other was seen", description=said
    )
    yield _correction(canonicals.correction(base))
    said = "What a synthetic patient of the demo is for."
    yield _extension(canonicals.demo_purpose(base), {"code": "string"}, context="Patient", title="Demo purpose", description=said)


def _extension(url: str, value: Json, *, context: str, title: str, description: str) -> Json:
    """A simple extension with exactly one value."""
    elements: list[Json] = [
        {"id": "Extension", "path": "Extension", "short": title, "definition": description, "min": 0, "max": "1"},
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [value]},
    ]
    return _defined(url, elements, context=context, title=title, description=description)


class _ExtensionPart(NamedTuple):
    """A part of an extension: its url, how often it stands there, what it holds, and in words."""

    url: str
    often: tuple[int, str]
    value: Json
    said: str


def _correction(url: str) -> Json:
    """What was put right, with everything that stood there before: no server need keep versions for it to be told."""
    anybody = _reference("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
    parts = (
        _ExtensionPart("reason", (1, "1"), {"code": "CodeableConcept"}, "Why it was put right."),
        _ExtensionPart("at", (1, "1"), {"code": "dateTime"}, "When."),
        _ExtensionPart("by", (1, "1"), anybody, "By whom."),
        _ExtensionPart("reported-by", (0, "1"), anybody, "Who said that it was wrong, where somebody else confirmed it."),
        _ExtensionPart("authored", (0, "1"), {"code": "dateTime"}, "When it was dated before, where that was wrong."),
        _ExtensionPart("encounter", (0, "1"), _reference("Encounter"), "The visit it was stored with before, where that was wrong."),
        _ExtensionPart(
            "clinician", (0, "1"), _reference("Practitioner", "PractitionerRole"), "Whom it was about before, where that was wrong."
        ),
        _ExtensionPart("after-seen", (0, "1"), {"code": "boolean"}, "Whether its author had seen the other's rating of the visit by then."),
    )
    said = "What of a response was put right, why, when and by whom, and what stood there before. One for each time, the first first."
    elements = [*_head(said, "Correction"), *(one for part in parts for one in _part("Extension", part)), *_answers(), *_no_value(url)]
    return _defined(url, elements, context=_RESPONSE, title="Correction", description=said)


def _answers() -> list[Json]:
    """The part for each answer that was changed: the question, and what it had, nothing where it was left open."""
    said = "A question that has another answer now. Without `was` it was left open."
    path = "Extension.extension"
    place = f"{path}:answer"
    was: Json = {
        "id": f"{place}.extension:was.value[x]",
        "path": f"{path}.extension.value[x]",
        "type": [{"code": "Coding"}, {"code": "code"}],
    }
    question = _ExtensionPart("question", (1, "1"), {"code": "string"}, "Its linkId.")
    before = _ExtensionPart("was", (0, "1"), {"code": "Coding"}, "The option before, or asked-declined.")
    return [
        {"id": place, "path": path, "sliceName": "answer", "short": "Answer", "definition": said, "min": 0, "max": "*"},
        *_part(place, question),
        *_part(place, before)[:-1],
        was,
        {"id": f"{place}.url", "path": f"{path}.url", "fixedUri": "answer"},
        {"id": f"{place}.value[x]", "path": f"{path}.value[x]", "max": "0"},
    ]


def _part(within: str, part: _ExtensionPart) -> list[Json]:
    """A slice of a part with one value."""
    path, place = f"{within.replace(':answer', '')}.extension", f"{within}.extension:{part.url}"
    low, high = part.often
    return [
        {"id": place, "path": path, "sliceName": part.url, "short": part.said, "definition": part.said, "min": low, "max": high},
        {"id": f"{place}.extension", "path": f"{path}.extension", "max": "0"},
        {"id": f"{place}.url", "path": f"{path}.url", "fixedUri": part.url},
        {"id": f"{place}.value[x]", "path": f"{path}.value[x]", "min": 1, "type": [part.value]},
    ]


def _head(said: str, title: str) -> list[Json]:
    return [{"id": "Extension", "path": "Extension", "short": title, "definition": said, "min": 0, "max": "*"}]


def _no_value(url: str) -> list[Json]:
    return [
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
    ]


def _reference(*kinds: str) -> Json:
    return {"code": "Reference", "targetProfile": [f"{_CORE}/{kind}" for kind in kinds]}


def _defined(url: str, elements: Iterable[Json], *, context: str, title: str, description: str) -> Json:
    return artifact(
        "StructureDefinition",
        url,
        version=SHARED_VERSION,
        title=title,
        description=description,
        more={
            **OWN_RIGHTS,
            "text": narrative(title, [paragraph(description), paragraph(f"An extension of {context}.")], language=None),
            "fhirVersion": "4.0.1",
            "kind": "complex-type",
            "abstract": False,
            "context": [{"type": "element", "expression": context}],
            "type": "Extension",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
            "derivation": "constraint",
            "differential": {"element": list(elements)},
        },
    )
