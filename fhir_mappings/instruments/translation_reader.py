"""The words of an instrument that ships in another language: one TOML file each, put in the place of the file's own words. Key, scores and
sources stay those of the file."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec.structs import replace
from pydantic import Field

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Intro, Line
from fhir_mappings.instruments.instrument import Informant, Instrument, Option, Translation
from fhir_mappings.instruments.toml_reader import PAGE, problems
from fhir_mappings.sentence import shipped_text

_Texts = dict[Informant, Line]
_Name = TypeVar("_Name", str, Informant)


class _TranslatedHead(Strict):
    instrument: str
    version: str
    language: str = Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    review: Line


class _TranslatedForm(Strict):
    title: Line
    intro: Intro = ""
    intro_home: Intro = ""


class _TranslatedLabel(Strict):
    code: str
    label: Line


class _TranslatedSection(Strict):
    key: str
    title: _Texts
    help: _Texts


class _TranslatedItem(Strict):
    link_id: str
    text: _Texts


class _TranslatedQuestion(Strict):
    link_id: str
    text: _Texts
    option: list[_TranslatedLabel]


class _TranslationFile(Strict):
    translation: _TranslatedHead
    form: dict[Informant, _TranslatedForm]
    option: list[_TranslatedLabel]
    section: list[_TranslatedSection]
    item: list[_TranslatedItem]
    question: list[_TranslatedQuestion]


def read_translation(text: str, structures: Iterable[Instrument], *, file: str) -> Instrument:
    """The instrument in the file's language. DataFileError where the file is wrong, or is not of the shape of what it translates."""
    part = parse_toml(text, _TranslationFile, file=file, page=PAGE)
    head = part.translation
    found = [one for one in structures if (one.slug, one.version) == (head.instrument, head.version)]
    if not found:
        raise DataFileError(file, "translation.instrument", f"there is no {head.instrument} {head.version}", page=PAGE)
    for key, problem in _differences(part, found[0]):
        raise DataFileError(file, key, problem, page=PAGE)
    made = _translated(part, found[0])
    for key, problem in problems(made):
        raise DataFileError(file, key, problem, page=PAGE)
    return made


def _differences(part: _TranslationFile, of: Instrument) -> Iterator[tuple[str, str]]:
    """Where the two are not of one shape; the order is the same too."""
    yield from _compared("form", list(part.form), list(of.forms))
    yield from _compared("option", [one.code for one in part.option], [one.code for one in of.options])
    yield from _compared("section", [one.key for one in part.section], [one.key for one in of.sections])
    yield from _compared("item", [one.link_id for one in part.item], [one.link_id for one in of.items])
    yield from _compared("question", [one.link_id for one in part.question], [one.link_id for one in of.questions])
    for given, own in zip(part.question, of.questions, strict=False):
        yield from _compared("question.option", [one.code for one in given.option], [one.code for one in own.options])


def _compared(key: str, given: list[_Name], own: list[_Name]) -> Iterator[tuple[str, str]]:
    if given != own:
        yield key, f"has {', '.join(given)}, and the instrument {', '.join(own)}"


def _translated(part: _TranslationFile, of: Instrument) -> Instrument:
    return replace(
        of,
        language=part.translation.language,
        translation=Translation(review=shipped_text(part.translation.review)),
        forms={
            who: replace(form, title=part.form[who].title, intro=part.form[who].intro, intro_home=part.form[who].intro_home)
            for who, form in of.forms.items()
        },
        options=_labelled(of.options, part.option),
        sections=tuple(replace(own, title=one.title, help=one.help) for own, one in zip(of.sections, part.section, strict=True)),
        items=tuple(replace(own, text=one.text) for own, one in zip(of.items, part.item, strict=True)),
        questions=tuple(
            replace(own, text=one.text, options=_labelled(own.options, one.option))
            for own, one in zip(of.questions, part.question, strict=True)
        ),
    )


def _labelled(options: tuple[Option, ...], labels: list[_TranslatedLabel]) -> tuple[Option, ...]:
    return tuple(replace(own, label=one.label) for own, one in zip(options, labels, strict=True))
