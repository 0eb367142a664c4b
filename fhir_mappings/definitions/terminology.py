"""Our code systems and the value sets of all their codes, as R4 resources."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fhir_mappings.definitions.canonical_resource import OWN_RIGHTS, SHARED_VERSION, artifact, copyright_label
from fhir_mappings.definitions.narrative import narrative, paragraph, table
from fhir_mappings.definitions.questionnaire import copyright_lines, displayed
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import NOT_ANSWERED, PANEL, score_title
from fhir_mappings.instruments.correction_reasons import CORRECTION_CODES
from fhir_mappings.instruments.instrument import Informant, Instrument, Option, Scale
from fhir_mappings.instruments.library import Library, version_key
from fhir_mappings.instruments.not_answered import REASON_CODES
from fhir_mappings.r4.json_types import Json

_CATEGORY_MEANINGS = {
    canonicals.ALLIANCE: "Scores of a questionnaire that rates the working alliance with one clinician, whoever answered it.",
    canonicals.QUESTIONNAIRE: "Scores of a questionnaire that rates no clinician: it is about life with an illness, or about the care of a "
    "team. Versions of Rapport before this code gave them the category alliance.",
}
_PROPERTIES: Mapping[str, tuple[str, str]] = {
    "instrument": ("string", "Slug of the instrument"),
    "informant": ("string", "Who answers"),
    "low": ("decimal", "Lowest score"),
    "high": ("decimal", "Highest score"),
    "items": ("integer", "Number of items"),
    "min-answered": ("integer", "Items that must be answered for a score"),
    "direction": ("string", "Which way is more"),
}


def instrument_terminology(library: Library, *, base: str) -> Iterator[Json]:
    """The options of each version of an instrument and of its unscored questions. The languages of one version share their codes: what
    the instrument ships with says what a code is called; published wording in other languages, and what an older version called it, stands
    beside it as designations: answers given then are checked against the newest by whoever has both."""
    versions: dict[tuple[str, str], list[Instrument]] = {}
    for one in _oldest_first(library):
        versions.setdefault((one.slug, one.version), []).append(one)
    for (slug, _), same in versions.items():
        last = version_key(same[0])
        older = [one for one in library.instruments if one.slug == slug and one.as_shipped and version_key(one) < last]
        yield from _answers(sorted(same, key=lambda one: (not one.as_shipped, one.language or "")), older, base=base)


# An option as one language or an older version of an instrument has it.
_Offered = tuple[Instrument, Option]


def _answers(same: Sequence[Instrument], older: Sequence[Instrument], *, base: str) -> Iterator[Json]:
    """Code systems and value sets of one version, its languages together; the first one's names lead, those of `older` versions follow."""
    first, every = same[0], [*same, *older]
    if first.items:
        offered = [(one, option) for one in every for option in one.options]
        system = canonicals.options_system(first, base=base)
        yield from _option_systems(offered, system, _of(same, f"{first.title}, answers"), numbered=True)
    for link_id in dict.fromkeys(question.link_id for one in same for question in one.questions):
        asked = [(one, question) for one in every for question in one.questions if question.link_id == link_id]
        offered = [(one, option) for one, question in asked for option in question.options]
        system = canonicals.question_system(first, link_id, base=base)
        yield from _option_systems(offered, system, _of(same, f"{first.title}, {link_id}"), numbered=False)


def _option_systems(offered: Sequence[_Offered], system: str, head: "_TerminologyHead", *, numbered: bool) -> Iterator[Json]:
    codes = dict.fromkeys(option.code for one, option in offered if one.version == offered[0][0].version)
    concepts = [_option([one for one in offered if one[1].code == code], numbered=numbered) for code in codes]
    return _systems(system, concepts, head)


def _option(offered: Sequence[_Offered], *, numbered: bool) -> Json:
    """One code with its name and, from packs whose permission covers it, what it is called in their language or was before."""
    first, own = offered[0]
    named = [
        (one.language, option.label)
        for one, option in offered[1:]
        if one.language and option.label and (one.language, option.label) != (first.language, own.label) and one.may("redistribute")
    ]
    others: list[Json] = [{"language": language, "value": label} for language, label in dict.fromkeys(named)]
    return {"code": own.code, "display": displayed(first, own, numbered=numbered), **({"designation": others} if others else {})}


def shared_terminology(library: Library, *, base: str) -> Iterator[Json]:
    """Panels and scores of every instrument in every version, our categories, who answered or why not, why something was put right, and
    the tag of demo data."""
    concepts = {str(concept["code"]): concept for instrument in _oldest_first(library) for concept in _score_concepts(instrument)}
    listed: Json = {"property": [{"code": code, "type": kind, "description": said} for code, (kind, said) in _PROPERTIES.items()]}
    scores = canonicals.score_system(base)
    yield from _systems(scores, [*concepts.values()], _own("Working-alliance scores"), more=listed)
    categories: list[Json] = [
        {"code": code, "display": name, "definition": _CATEGORY_MEANINGS[code]} for code, name in canonicals.CATEGORIES.items()
    ]
    yield from _systems(canonicals.category_system(base), categories, _own("Rapport categories"))
    answering: list[Json] = [{"code": code, "display": name} for code, name in canonicals.ANSWERING.items()]
    yield from _systems(canonicals.answering_system(base), answering, _own("Who answered"))
    yield from _systems(canonicals.not_answered_system(base), _reasons(), _own("Why a form was not answered"))
    corrected: list[Json] = [{"code": code, "display": one.display, "definition": one.meaning} for code, one in CORRECTION_CODES.items()]
    yield from _systems(canonicals.correction_reason_system(base), corrected, _own("Why something was put right"))
    system, code = canonicals.demo_tag(base)
    tag: Json = {"code": code, "display": "Rapport demo data"}
    yield from _systems(system, [tag], _own("Rapport tags"))


def _reasons() -> list[Json]:
    """Why a form was not answered, in words of each language Rapport speaks."""
    return [
        {
            "code": code,
            "display": known.display,
            "definition": known.meaning,
            "designation": [{"language": language, "value": value} for language, value in known.designations.items()],
        }
        for code, known in REASON_CODES.items()
    ]


def _oldest_first(library: Library) -> list[Instrument]:
    """So that of one code the newest version speaks last, while a code it has dropped stays."""
    return sorted(library.instruments, key=lambda one: (one.slug, version_key(one), one.language or ""))


class _TerminologyHead(NamedTuple):
    """What a code system and its value set say alike; `rights` are the sentences and the label of whoever holds them."""

    version: str
    title: str
    rights: Json


def _own(title: str) -> _TerminologyHead:
    """Of what belongs to no one instrument."""
    return _TerminologyHead(SHARED_VERSION, title, OWN_RIGHTS)


def _of(same: Sequence[Instrument], title: str) -> _TerminologyHead:
    """Of one version of an instrument in its languages."""
    rights = same[0].rights
    lines = dict.fromkeys(line for one in same for line in copyright_lines(one))
    return _TerminologyHead(
        same[0].version, title, {"copyright": " ".join(lines), "extension": copyright_label(rights.holder, rights.licence)}
    )  # fmt: skip


def _systems(system: str, concepts: list[Json], head: _TerminologyHead, *, more: Mapping[str, object] | None = None) -> Iterator[Json]:
    """A code system and the value set of all its codes."""
    codes, every = canonicals.value_set(system), f"Every code of {head.title}."
    rights = paragraph(str(head.rights["copyright"]))
    names = table(("Code", "Meaning"), ((str(one["code"]), str(one["display"])) for one in concepts))
    listed = narrative(head.title, [paragraph(f"{len(concepts)} codes, version {head.version}."), names, rights], language=None)
    yield artifact(
        "CodeSystem",
        system,
        version=head.version,
        title=head.title,
        description=every,
        more={
            **head.rights,
            "text": listed,
            "caseSensitive": True,
            "valueSet": codes,
            "content": "complete",
            "count": len(concepts),
            **(more or {}),
            **({"concept": concepts} if concepts else {}),
        },
    )
    said = narrative(head.title, [paragraph(f"{every} They are those of {system}."), rights], language=None)
    composed: Json = {"compose": {"include": [{"system": system}]}}
    more = {**head.rights, "text": said, **composed}
    yield artifact("ValueSet", codes, version=head.version, title=head.title, description=every, more=more)


def _score_concepts(instrument: Instrument) -> Iterator[Json]:
    """Panel and scores of each form, with what is needed to read the number, and that the patient's was not answered. An instrument without
    items has none of them."""
    for informant in instrument.forms if instrument.items else ():
        yield _concept(instrument, informant, PANEL, [])
        if informant == "patient":
            yield _concept(instrument, informant, NOT_ANSWERED, [])
        for scale in instrument.scales:
            yield _concept(instrument, informant, scale.key, _bounds(scale))


def _concept(instrument: Instrument, informant: Informant, role: str, properties: list[Json]) -> Json:
    whose: list[Json] = [
        {"code": "instrument", "valueString": instrument.slug},
        {"code": "informant", "valueString": informant},
    ]
    code = canonicals.score_code(instrument, informant, role)
    return {"code": code, "display": score_title(instrument, informant, role), "property": whose + properties}


def _bounds(scale: Scale) -> list[Json]:
    """Range and direction of a score, and how many items it needs. The range may be negative or a fraction."""
    return [
        {"code": "low", "valueDecimal": scale.low},
        {"code": "high", "valueDecimal": scale.high},
        {"code": "items", "valueInteger": len(scale.items)},
        {"code": "min-answered", "valueInteger": scale.min_answered},
        {"code": "direction", "valueString": str(scale.direction)},
    ]
