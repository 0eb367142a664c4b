"""An instrument's forms as R4 Questionnaires, for capture: no weights, no scores, wording only where it may be published.

SDC base profile: https://hl7.org/fhir/uv/sdc/StructureDefinition-sdc-questionnaire.html
"""

from collections.abc import Iterable, Iterator, Mapping

from fhir_mappings.definitions.canonical_resource import artifact, copyright_label
from fhir_mappings.definitions.narrative import narrative, paragraph
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.canonicals import PANEL
from fhir_mappings.instruments.instrument import Informant, Instrument, Item, Option, Question, Section, with_wording
from fhir_mappings.r4 import systems
from fhir_mappings.r4.json_types import Json

_PERFORMER = {"patient": "Patient", "clinician": "Practitioner"}
_RADIO: Json = {
    "url": systems.ITEM_CONTROL,
    "valueCodeableConcept": {"coding": [{"system": systems.ITEM_CONTROLS, "code": "radio-button"}]},
}
_RADIO_BUTTONS: Json = {"extension": [_RADIO]}


def questionnaire(instrument: Instrument, informant: Informant, *, base: str) -> Json:
    """One informant's form. KeyError when the instrument has no form for that informant."""
    _ = instrument.forms[informant]
    title = f"{instrument.title}, {informant} form"
    return artifact(
        "Questionnaire",
        canonicals.questionnaire_url(instrument, informant, base=base),
        version=instrument.version,
        title=title,
        description=description(instrument),
        more={
            **shared_head(instrument, informant),
            "text": narrative(title, about(instrument, informant), language=language(instrument)),
            "code": [{"system": canonicals.score_system(base), "code": canonicals.score_code(instrument, informant, PANEL)}],
            "item": [
                *(_group(instrument, section, informant, base=base) for section in instrument.sections),
                *(_question(instrument, question, informant, base=base) for question in instrument.questions),
            ],
        },
    )


def shared_head(instrument: Instrument, informant: Informant) -> Json:
    """What a capture form and its scoring form say alike: language, rights, whom it is about and who fills it in."""
    rights, tag = instrument.rights, language(instrument)
    return {
        **({"language": tag} if tag else {}),
        "extension": [*copyright_label(rights.holder, rights.licence), *_performer(informant)],
        "subjectType": ["Patient"],
        "copyright": " ".join(copyright_lines(instrument)),
    }


def language(instrument: Instrument) -> str | None:
    """The language of the wording in it; None where none may be published."""
    return instrument.language if instrument.may("redistribute") else None


def description(instrument: Instrument) -> str:
    """What the instrument is; it says so where it is not validated."""
    return instrument.description if instrument.validated else f"{instrument.description} Not a validated instrument."


def about(instrument: Instrument, informant: Informant) -> Iterator[str]:
    """The paragraphs of a form's narrative: what it is, who answers what, who holds it, and whether the wording is here."""
    yield paragraph(description(instrument))
    home = f"; of who answers at home, about: {instrument.recall_home}" if instrument.recall_home and informant == "patient" else ""
    recall = f" The answers are about: {instrument.recall}{home}." if instrument.recall else ""
    yield paragraph(f"Version {instrument.version}. Answered by: {informant}.{recall}")
    answers = ", ".join(_answer(instrument, option) for option in instrument.options)
    yield paragraph(f"{len(instrument.items)} items, each answered with one of: {answers}.")
    asked = len(instrument.questions)
    yield paragraph(f"Asked beside the items and never scored: {asked}." if asked else "")
    yield from map(paragraph, copyright_lines(instrument))
    yield paragraph(_whether_worded(instrument, informant))


def _answer(instrument: Instrument, option: Option) -> str:
    """An option's code, and its words where it has others."""
    said = displayed(instrument, option)
    return option.code if said == option.code else f"{option.code} ({said})"


def copyright_lines(instrument: Instrument) -> Iterator[str]:
    """Who holds the rights, on what terms, and whose leave published wording rests on."""
    rights, wording = instrument.rights, instrument.wording
    yield f"{rights.holder}, {rights.licence}. {rights.terms}"
    if wording and instrument.may("redistribute"):
        yield f"Wording published by permission of {wording.granted_by}, {wording.granted_on.isoformat()}, {wording.reference}."


def _whether_worded(instrument: Instrument, informant: Informant) -> str:
    if instrument.may("redistribute") and instrument.worded(informant):
        return "The wording of the items is included."
    sheet = (
        "The wording of the items is not included, because it may not be published. Items are named by their number on the licensed sheet."
    )
    return f"{sheet} {instrument.rights.permission}".strip()


def _performer(informant: Informant) -> list[Json]:
    """Who fills the form in, where FHIR has a type for them."""
    kind = _PERFORMER.get(informant)
    return [{"url": systems.PERFORMER_TYPE, "valueCode": kind}] if kind else []


def _group(instrument: Instrument, section: Section, informant: Informant, *, base: str) -> Json:
    items = [_item(instrument, instrument.item(link_id), informant, base=base) for link_id in section.items]
    text = _wording(instrument, section.title, informant)
    return {"linkId": section.key, **({"text": text} if text else {}), "type": "group", "required": False, "item": items}


def _item(instrument: Instrument, item: Item, informant: Informant, *, base: str) -> Json:
    """A scored item: its number and its wording, or "Item 4" where that may not be published."""
    text = _wording(instrument, item.text, informant)
    said = {"prefix": str(item.number), "text": text} if text else {"text": f"Item {item.number}"}
    options = _options(instrument, instrument.options, canonicals.options_system(instrument, base=base))
    return {**_RADIO_BUTTONS, "linkId": item.link_id, **said, **_choice(options)}


def _question(instrument: Instrument, question: Question, informant: Informant, *, base: str) -> Json:
    options = _options(instrument, question.options, canonicals.question_system(instrument, question.link_id, base=base), numbered=False)
    text = _wording(instrument, question.text, informant) or f"Question {question.link_id}"
    return {**_RADIO_BUTTONS, "linkId": question.link_id, "text": text, **_choice(options)}


def _choice(options: list[Json]) -> Json:
    """Never required: an item may be declined."""
    return {"type": "choice", "required": False, "repeats": False, "answerOption": options}


def _options(instrument: Instrument, options: Iterable[Option], system: str, *, numbered: bool = True) -> list[Json]:
    return [
        {"valueCoding": {"system": system, "code": one.code, "display": displayed(instrument, one, numbered=numbered)}} for one in options
    ]


def displayed(instrument: Instrument, option: Option, *, numbered: bool = True) -> str:
    """What an option is called in public: its label where that may be published (a file of ours carries none that may not; a pack says so),
    else the number printed on the sheet, else its code."""
    if option.label and (instrument.wording is None or instrument.may("redistribute")):
        return option.label
    return str(option.value) if numbered and option.value is not None else option.code


def _wording(instrument: Instrument, texts: Mapping[Informant, str], informant: Informant) -> str | None:
    """The wording a stored response repeats (SDC): without names, and only where it may be published."""
    text = texts.get(informant)
    return with_wording(text) if text and instrument.may("redistribute") else None
