"""Finds, reads and checks the instrument files. The registry it returns is immutable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Literal

from pydantic import Field

from fhir_mappings import canonicals
from fhir_mappings.datafile import DataFileError, Strict, parse_toml
from fhir_mappings.instrument import (
    Certainty,
    Citation,
    Form,
    Informant,
    Instrument,
    Item,
    Option,
    Question,
    Rights,
    Scale,
    Section,
)

PAGE = "docs/add-an-instrument.md"


class _Head(Strict):
    slug: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: str
    description: str
    validated: bool
    direction: str


class _Rights(Strict):
    holder: str
    licence: str
    terms: str
    wording_ships: bool


class _Citation(Strict):
    text: str
    certainty: Certainty


class _Option(Strict):
    code: str
    value: int
    label: str | None = None


class _Choice(Strict):
    code: str
    label: str


class _Form(Strict):
    title: str
    intro: str
    minutes: int = Field(ge=1)


class _Section(Strict):
    key: str
    title: dict[Informant, str]
    help: dict[Informant, str]
    items: list[str]


class _Item(Strict):
    link_id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    number: int = Field(ge=1)
    scale: str | None = None
    reverse: bool = False
    text: dict[Informant, str]


class _Question(Strict):
    link_id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    text: dict[Informant, str]
    option: list[_Choice] = Field(min_length=2)


class _Scale(Strict):
    key: str
    title: str
    about: str
    method: Literal["mean", "sum"]
    items: list[str] = Field(min_length=1)
    min_answered: int = Field(ge=1)
    needs: list[str] = Field(default_factory=list)


class _File(Strict):
    instrument: _Head
    rights: _Rights
    citation: list[_Citation] = Field(min_length=1)
    option: list[_Option] = Field(min_length=2)
    form: dict[Informant, _Form] = Field(min_length=1)
    section: list[_Section] = Field(min_length=1)
    item: list[_Item] = Field(min_length=1)
    question: list[_Question] = Field(default_factory=list)
    scale: list[_Scale] = Field(min_length=1)


@dataclass(frozen=True)
class Library:
    """Every instrument, in the order of the files' names."""

    instruments: tuple[Instrument, ...]

    def get(self, slug: str) -> Instrument:
        """The newest version of that name. KeyError when there is none."""
        return self._by_slug[slug]

    def for_questionnaire(self, canonical: str, base: str) -> tuple[Instrument, Informant] | None:
        """Whose form `url|version` is; None for a foreign form, an unknown version or a canonical without one."""
        return self._by_canonical(base).get(canonical)

    def knows_form(self, canonical: str, base: str) -> bool:
        """True when some version of the form is ours, whatever version `canonical` names."""
        return canonical.split("|", 1)[0] in self._by_url(base)

    @cached_property
    def _by_slug(self) -> Mapping[str, Instrument]:
        return {instrument.slug: instrument for instrument in self.instruments}

    def _by_canonical(self, base: str) -> Mapping[str, tuple[Instrument, Informant]]:
        known = self._canonicals.get(base)
        if known is None:
            known = self._canonicals[base] = {
                canonicals.questionnaire(instrument, informant, base=base): (instrument, informant)
                for instrument in self.instruments
                for informant in instrument.forms
            }
        return known

    def _by_url(self, base: str) -> frozenset[str]:
        known = self._urls.get(base)
        if known is None:
            known = self._urls[base] = frozenset(canonical.split("|", 1)[0] for canonical in self._by_canonical(base))
        return known

    @cached_property
    def _urls(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _canonicals(self) -> dict[str, dict[str, tuple[Instrument, Informant]]]:
        return {}


def load_library() -> Library:
    """The instruments shipped in this package. DataFileError when a file is wrong."""
    folder = files("fhir_mappings") / "instruments"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return Library(tuple(read_instrument(file.read_text(encoding="utf-8"), file=file.name) for file in found))


def read_instrument(text: str, *, file: str) -> Instrument:
    """One instrument file. DataFileError names the file, the key and the page that explains it."""
    instrument = _instrument(parse_toml(text, _File, file=file, page=PAGE))
    for key, problem in _problems(instrument):
        raise DataFileError(file, key, problem, page=PAGE)
    return instrument


def _instrument(part: _File) -> Instrument:
    """The frozen instrument of a file's content."""
    options = tuple(Option(code=one.code, value=one.value, label=one.label) for one in part.option)
    return Instrument(
        **part.instrument.model_dump(),
        forms={informant: Form(informant=informant, **form.model_dump()) for informant, form in part.form.items()},
        sections=tuple(Section(key=one.key, title=one.title, help=one.help, items=tuple(one.items)) for one in part.section),
        options=options,
        items=tuple(Item(**one.model_dump()) for one in part.item),
        questions=tuple(_question(one) for one in part.question),
        scales=tuple(_scale(one, options) for one in part.scale),
        rights=Rights(**part.rights.model_dump()),
        citations=tuple(Citation(**one.model_dump()) for one in part.citation),
    )


def _question(part: _Question) -> Question:
    options = tuple(Option(code=one.code, value=place, label=one.label) for place, one in enumerate(part.option))
    return Question(link_id=part.link_id, text=part.text, options=options)


def _scale(part: _Scale, options: tuple[Option, ...]) -> Scale:
    """A scale with its range, which follows from options and method."""
    values = [option.value for option in options]
    times = 1 if part.method == "mean" else len(part.items)
    fixed = part.model_dump(exclude={"items", "needs"})
    return Scale(**fixed, items=tuple(part.items), needs=tuple(part.needs), low=min(values) * times, high=max(values) * times)


def _problems(instrument: Instrument) -> Iterable[tuple[str, str]]:
    """What the shape of a file allows but an instrument does not, as (key, sentence)."""
    yield from _repeated("item", [item.link_id for item in instrument.items] + [one.link_id for one in instrument.questions])
    yield from _repeated("item.number", [str(item.number) for item in instrument.items])
    yield from _repeated("option", [option.code for option in instrument.options])
    yield from _repeated("option.value", [str(option.value) for option in instrument.options])
    yield from _repeated("scale", [scale.key for scale in instrument.scales])
    yield from _strangers(instrument)
    yield from _unreachable(instrument)
    yield from _wordless(instrument)


def _repeated(key: str, names: list[str]) -> Iterable[tuple[str, str]]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield key, f"{name!r} appears twice"
        seen.add(name)


def _strangers(instrument: Instrument) -> Iterable[tuple[str, str]]:
    """Scales and sections that name items or scales there are not, and items left out of the form."""
    items = {item.link_id for item in instrument.items}
    scales = {scale.key for scale in instrument.scales}
    for scale in instrument.scales:
        yield from ((f"scale.{scale.key}.items", f"there is no item {one!r}") for one in scale.items if one not in items)
        yield from ((f"scale.{scale.key}.needs", f"there is no scale {one!r}") for one in scale.needs if one not in scales)
    yield from (
        (f"item.{item.link_id}.scale", f"there is no scale {item.scale!r}")
        for item in instrument.items
        if item.scale not in {None, *scales}
    )
    shown = [one for section in instrument.sections for one in section.items]
    yield from (("section.items", f"there is no item {one!r}") for one in shown if one not in items)
    yield from (("section.items", f"item {one!r} is in no section, or in two") for one in items if shown.count(one) != 1)


def _unreachable(instrument: Instrument) -> Iterable[tuple[str, str]]:
    for scale in instrument.scales:
        if scale.min_answered > len(scale.items):
            yield f"scale.{scale.key}.min_answered", f"{scale.min_answered} of {len(scale.items)} items can never be answered"


def _wordless(instrument: Instrument) -> Iterable[tuple[str, str]]:
    """Wording that should ship and does not."""
    if not instrument.rights.wording_ships:
        return
    for informant in instrument.forms:
        worded = [(one.link_id, one.text) for one in instrument.items] + [(one.link_id, one.text) for one in instrument.questions]
        wanting = [link_id for link_id, text in worded if informant not in text]
        yield from ((f"item.{link_id}.text", f"has no wording for the {informant}") for link_id in wanting)
    yield from (("option.label", f"option {option.code!r} has no label") for option in instrument.options if option.label is None)
