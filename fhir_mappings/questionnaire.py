"""An instrument's forms as R4 Questionnaires, for capture: no weights, no scores, wording only where it may ship.

SDC base profile: https://hl7.org/fhir/uv/sdc/StructureDefinition-sdc-questionnaire.html
"""

from collections.abc import Iterable, Mapping

from fhir_mappings import canonicals
from fhir_mappings.artifact import artifact
from fhir_mappings.gate import check
from fhir_mappings.instrument import Informant, Instrument, Item, Option, Question, Section, worded
from fhir_mappings.library import Library
from fhir_mappings.submission import PANEL, Json
from fhir_mappings.terminology import extensions, instrument_terminology, shared_terminology

_PERFORMER = {"patient": "Patient", "clinician": "Practitioner"}
_RADIO: Json = {
    "url": canonicals.ITEM_CONTROL,
    "valueCodeableConcept": {"coding": [{"system": canonicals.ITEM_CONTROLS, "code": "radio-button"}]},
}


def definitions(library: Library, *, base: str) -> list[Json]:
    """Everything a server should know to understand what Rapport writes, each passed by the gate: forms, codes, value sets, extensions."""
    forms = [questionnaire(one, informant, base=base) for one in library.instruments for informant in one.forms]
    codes = [resource for one in library.instruments for resource in instrument_terminology(one, base=base)]
    found = [*forms, *codes, *shared_terminology(library, base=base), *extensions(base=base)]
    for resource in found:
        check(resource)
    return found


def questionnaire(instrument: Instrument, informant: Informant, *, base: str) -> Json:
    """One informant's form. KeyError when the instrument has no form for that informant."""
    _ = instrument.forms[informant]
    head = artifact(
        "Questionnaire",
        canonicals.questionnaire_url(instrument, informant, base=base),
        version=instrument.version,
        title=f"{instrument.title}, {informant} form",
        description=_description(instrument),
        publisher=instrument.rights.holder,
    )
    return {
        **head,
        "extension": [*_listed(head["extension"]), *_performer(informant)],
        "subjectType": ["Patient"],
        "copyright": f"{instrument.rights.holder}, {instrument.rights.licence}. {instrument.rights.terms}",
        "code": [{"system": canonicals.score_system(base), "code": canonicals.score_code(instrument, informant, PANEL)}],
        "item": [
            *(_group(instrument, section, informant, base=base) for section in instrument.sections),
            *(_question(instrument, question, informant, base=base) for question in instrument.questions),
        ],
    }


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _performer(informant: Informant) -> list[Json]:
    """Who fills the form in, where FHIR has a type for them."""
    kind = _PERFORMER.get(informant)
    return [{"url": canonicals.PERFORMER_TYPE, "valueCode": kind}] if kind else []


def _description(instrument: Instrument) -> str:
    return instrument.description if instrument.validated else f"{instrument.description} Not a validated instrument."


def _group(instrument: Instrument, section: Section, informant: Informant, *, base: str) -> Json:
    items = [_item(instrument, instrument.item(link_id), informant, base=base) for link_id in section.items]
    return {"linkId": section.key, **_text(instrument, section.title, informant), "type": "group", "required": False, "item": items}


def _item(instrument: Instrument, item: Item, informant: Informant, *, base: str) -> Json:
    """A scored item; its number stands before it, so that it can be told where the wording may not ship."""
    options = _options(instrument.options, canonicals.options_system(instrument, base=base))
    return {"linkId": item.link_id, "prefix": str(item.number), **_text(instrument, item.text, informant), **_choice(options)}


def _question(instrument: Instrument, question: Question, informant: Informant, *, base: str) -> Json:
    options = _options(question.options, canonicals.question_system(instrument, question.link_id, base=base))
    return {"linkId": question.link_id, **_text(instrument, question.text, informant), **_choice(options)}


def _choice(options: list[Json]) -> Json:
    """Never required: an item may be declined."""
    return {"type": "choice", "extension": [_RADIO], "required": False, "repeats": False, "answerOption": options}


def _options(options: Iterable[Option], system: str) -> list[Json]:
    return [{"valueCoding": {"system": system, "code": one.code} | ({"display": one.label} if one.label else {})} for one in options]


def _text(instrument: Instrument, texts: Mapping[Informant, str], informant: Informant) -> Json:
    """The wording a stored response repeats (SDC): without names, and only where it may ship."""
    text = texts.get(informant)
    return {"text": worded(text)} if text and instrument.may("redistribute") else {}
