"""Whether a stored resource says what was sent: compared fact by fact, so that a server's own additions do not count."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from fhir_mappings.r4.references import literal_reference
from fhir_mappings.sentence import Sentence
from smart_app.care.submission.sealed_submission import SealedSubmission, SubmissionPart
from smart_app.fhir.client import Resource

Facts = dict[str, object]


def differences(sealed: SealedSubmission, part: SubmissionPart, stored: Resource) -> tuple[Sentence, ...]:
    """The names of the facts in which `stored` differs from what was sent, in words; empty when it is the same."""
    places = {other.full_url: sealed.outcome_of(other.role).reference for other in sealed.parts}
    sent, found = _facts(part.resource, sealed.base, places), _facts(stored, sealed.base, {})
    return tuple(_NAMES[fact] for fact, value in sent.items() if found.get(fact) != value)


_NAMES: Mapping[str, Sentence] = {
    "type": Sentence("type"),
    "status": Sentence("status"),
    "form": Sentence("form"),
    "code": Sentence("code"),
    "value": Sentence("value"),
    "reason": Sentence("reason"),
    "patient": Sentence("patient"),
    "clinician": Sentence("clinician"),
    "answered_by": Sentence("answered by"),
    "visit": Sentence("visit"),
    "time": Sentence("time"),
    "answers": Sentence("answers"),
    "answers_behind": Sentence("answers behind it"),
    "scores": Sentence("scores"),
    "resources": Sentence("resources"),
}


def _facts(resource: Resource, base: str, places: Mapping[str, str | None]) -> Facts:
    """What must survive storing. `places` gives the real reference behind a urn."""
    return {
        "type": resource.get("resourceType"),
        "status": resource.get("status"),
        "form": resource.get("questionnaire"),
        "code": _codings(resource.get("code")),
        "value": _quantity(resource.get("valueQuantity")),
        "reason": _reason(resource),
        "patient": _references(resource.get("subject"), base, places),
        "clinician": _references(resource.get("focus"), base, places) | _extension_references(resource, base),
        "answered_by": _references(resource.get("source") or resource.get("performer"), base, places),
        "visit": _references(resource.get("encounter"), base, places),
        "time": _instant(resource.get("authored") or resource.get("effectiveDateTime") or resource.get("recorded")),
        "answers": _answers(resource.get("item")),
        "answers_behind": _references(resource.get("derivedFrom"), base, places),
        "scores": _references(resource.get("hasMember"), base, places),
        "resources": _references(resource.get("target"), base, places),
    }


def _objects(value: object) -> list[Mapping[str, object]]:
    listed = value if isinstance(value, list) else [value]
    return [entry for entry in listed if isinstance(entry, dict)]


def _references(value: object, base: str, places: Mapping[str, str | None]) -> frozenset[str | None]:
    """The references in `value`, urns of stored parts as the real ones; a part that is not stored is not expected back."""
    given = [str(entry.get("reference")) for entry in _objects(value)]
    expected = [places.get(reference, reference) for reference in given]
    return frozenset(_as_meant(reference, base) for reference in expected if reference is not None)


def _as_meant(reference: str, base: str) -> str:
    """One spelling for one resource, on this server and elsewhere."""
    named = literal_reference(reference, base=base)
    return named.text if named else reference


def _extension_references(resource: Mapping[str, object], base: str) -> frozenset[str | None]:
    values = [extension.get("valueReference") for extension in _objects(resource.get("extension"))]
    return _references([value for value in values if value], base, {})


def _codings(concept: object) -> frozenset[tuple[object, object]]:
    found = _objects(concept)
    return frozenset((coding.get("system"), coding.get("code")) for coding in _objects(found[0].get("coding"))) if found else frozenset()


def _reason(resource: Mapping[str, object]) -> frozenset[tuple[object, object]]:
    """Why a form was not answered, by the response's extension or the Observation's value."""
    told = [one for one in _objects(resource.get("extension")) if str(one.get("url")).endswith(_NOT_ANSWERED)]
    return frozenset().union(*(_codings(one.get("valueCodeableConcept")) for one in (*told, resource)))


_NOT_ANSWERED = "/StructureDefinition/not-answered-reason"


def _quantity(value: object) -> tuple[Decimal, object, object] | None:
    """Number, system and code; 4.50 equals 4.5."""
    found = _objects(value)
    return (Decimal(str(found[0].get("value"))), found[0].get("system"), found[0].get("code")) if found else None


def _instant(text: object) -> datetime | object:
    """The moment, whatever zone a server writes it in; the text itself when it is none."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return text


def _answers(items: object) -> frozenset[tuple[object, ...]]:
    """(link id, answer codes) of every item at any depth, and which items were declined."""
    return frozenset(_answered(_objects(items)))


def _answered(items: Iterable[Mapping[str, object]]) -> Iterable[tuple[object, ...]]:
    for item in items:
        codes = tuple(coding.get("code") for answer in _objects(item.get("answer")) for coding in _objects(answer.get("valueCoding")))
        absent = tuple(extension.get("valueCode") for extension in _objects(item.get("extension")))
        yield (item.get("linkId"), codes, absent)
        yield from _answered(_objects(item.get("item")))
