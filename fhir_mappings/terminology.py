"""Our code systems, the value sets of all their codes, and our two extensions, as R4 resources."""

from collections.abc import Iterator, Mapping

from fhir_mappings import canonicals
from fhir_mappings.artifact import artifact
from fhir_mappings.instrument import Informant, Instrument, Option, Scale
from fhir_mappings.library import Library
from fhir_mappings.observation import score_title
from fhir_mappings.submission import PANEL, Json

# Of what belongs to no one instrument; raised when its content changes.
_VERSION = "0.1.0"
_HOLDER = "The Rapport project"
_PROPERTIES: Mapping[str, tuple[str, str]] = {
    "instrument": ("string", "Slug of the instrument"),
    "informant": ("string", "Who answers"),
    "low": ("integer", "Lowest score"),
    "high": ("integer", "Highest score"),
    "items": ("integer", "Number of items"),
    "min-answered": ("integer", "Items that must be answered for a score"),
    "direction": ("string", "Which way is more"),
}


def instrument_terminology(instrument: Instrument, *, base: str) -> Iterator[Json]:
    """The options of an instrument and of its unscored questions; nothing of one that is only described."""
    system = canonicals.options_system(instrument, base=base)
    if instrument.options:
        yield from _option_systems(instrument, system, instrument.options, title=f"{instrument.title}, answers")
    for question in instrument.questions:
        system = canonicals.question_system(instrument, question.link_id, base=base)
        yield from _option_systems(instrument, system, question.options, title=f"{instrument.title}, {question.link_id}")


def shared_terminology(library: Library, *, base: str) -> Iterator[Json]:
    """Panels and scores of every instrument, our category, and the tag of demo data."""
    concepts = [concept for instrument in library.instruments for concept in _score_concepts(instrument)]
    listed: Json = {"property": [{"code": code, "type": kind, "description": said} for code, (kind, said) in _PROPERTIES.items()]}
    scores = canonicals.score_system(base)
    yield from _systems(scores, concepts, version=_VERSION, title="Working-alliance scores", publisher=_HOLDER, more=listed)
    category: Json = {"code": "alliance", "display": "Working alliance"}
    yield from _systems(canonicals.category_system(base), [category], version=_VERSION, title="Rapport categories", publisher=_HOLDER)
    system, code = canonicals.demo_tag(base)
    tag: Json = {"code": code, "display": "Rapport demo data"}
    yield from _systems(system, [tag], version=_VERSION, title="Rapport tags", publisher=_HOLDER)


def extensions(*, base: str) -> Iterator[Json]:
    """The extensions Rapport writes."""
    target = "http://hl7.org/fhir/StructureDefinition/Practitioner"
    rated: Json = {"code": "Reference", "targetProfile": [target, f"{target}Role"]}
    said = "The clinician of the pair, whoever answered: the person the rating is about."
    yield _extension(canonicals.rated_clinician(base), rated, context="QuestionnaireResponse", title="Rated clinician", description=said)
    said = "What a synthetic patient of the demo is for."
    yield _extension(canonicals.demo_purpose(base), {"code": "string"}, context="Patient", title="Demo purpose", description=said)


def _option_systems(instrument: Instrument, system: str, options: tuple[Option, ...], *, title: str) -> Iterator[Json]:
    concepts: list[Json] = [{"code": one.code, "display": one.label} if one.label else {"code": one.code} for one in options]
    return _systems(system, concepts, version=instrument.version, title=title, publisher=instrument.rights.holder)


def _systems(
    system: str, concepts: list[Json], *, version: str, title: str, publisher: str, more: Mapping[str, object] | None = None
) -> Iterator[Json]:
    """A code system and the value set of all its codes."""
    codes, every = canonicals.value_set(system), f"Every code of {title}."
    head = artifact("CodeSystem", system, version=version, title=title, description=every, publisher=publisher)
    yield {
        **head,
        "caseSensitive": True,
        "valueSet": codes,
        "content": "complete",
        "count": len(concepts),
        **(more or {}),
        "concept": concepts,
    }
    head = artifact("ValueSet", codes, version=version, title=title, description=every, publisher=publisher)
    yield {**head, "compose": {"include": [{"system": system}]}}


def _score_concepts(instrument: Instrument) -> Iterator[Json]:
    """Panel and scores of each form, with what is needed to read the number."""
    for informant in instrument.forms:
        yield _concept(instrument, informant, PANEL, [])
        for scale in instrument.scales:
            yield _concept(instrument, informant, scale.key, _bounds(instrument, scale))


def _concept(instrument: Instrument, informant: Informant, role: str, properties: list[Json]) -> Json:
    whose: list[Json] = [
        {"code": "instrument", "valueString": instrument.slug},
        {"code": "informant", "valueString": informant},
    ]
    code = canonicals.score_code(instrument, informant, role)
    return {"code": code, "display": score_title(instrument, informant, role), "property": whose + properties}


def _bounds(instrument: Instrument, scale: Scale) -> list[Json]:
    numbers = {"low": scale.low, "high": scale.high, "items": len(scale.items), "min-answered": scale.min_answered}
    counted: list[Json] = [{"code": code, "valueInteger": number} for code, number in numbers.items()]
    return [*counted, {"code": "direction", "valueString": instrument.direction}]


def _extension(url: str, value: Json, *, context: str, title: str, description: str) -> Json:
    """A simple extension with exactly one value."""
    elements: list[Json] = [
        {"id": "Extension", "path": "Extension", "short": title, "definition": description, "min": 0, "max": "1"},
        {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
        {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [value]},
    ]
    return {
        **artifact("StructureDefinition", url, version=_VERSION, title=title, description=description, publisher=_HOLDER),
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": context}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": elements},
    }
