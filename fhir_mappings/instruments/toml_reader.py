"""One instrument file to an Instrument, or the file, the key in it and what is wrong. Format: docs/add-an-instrument.md."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fhir_mappings.data_files.certainty import Certainty
from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line, Shown
from fhir_mappings.instruments.canonicals import PANEL, PROVENANCE, RESPONSE
from fhir_mappings.instruments.instrument import (
    Better,
    Citation,
    Claim,
    Cutoff,
    Form,
    Informant,
    Instrument,
    Item,
    Option,
    Part,
    Question,
    Rated,
    Reliability,
    Rights,
    Scale,
    Section,
)
from fhir_mappings.sentence import shipped_text

PAGE = "docs/add-an-instrument.md"
# Numbers are written as text in a file ("0.80"), so that they keep the digits of their source.
_Number = Decimal
# Scores are multiplied to reach 0–100 (by 4, 5 or 1.25); a thousand times is a slip of the pen.
_Factor = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=6)]
# No form has a thousand items.
_Count = Annotated[int, Field(ge=1, le=999)]
_KEY = r"^[a-z][a-z0-9-]*$"
_ShownLine = Annotated[Line, AfterValidator(shipped_text)]
_Slug = Annotated[str, Field(pattern=_KEY, max_length=60)]


class _InstrumentHead(Strict):
    slug: _Slug
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    title: Shown
    description: str
    validated: bool
    direction: Shown
    better: Better | None = None
    rated: Rated = "clinician"
    recall: Shown | Literal[""] = ""
    recall_home: str = ""


class _Rights(Strict):
    holder: str
    licence: Shown
    terms: str
    wording_ships: bool
    permission: str = ""


class _Citation(Strict):
    text: str
    certainty: Certainty


class _Claim(Strict):
    part: Part
    source: str
    certainty: Certainty


class _Option(Strict):
    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")
    value: int | None = None
    label: str | None = None


class _Choice(Strict):
    code: str
    label: str


class _Form(Strict):
    title: str | None = None
    intro: str = ""
    intro_home: str = ""
    sheet: Shown | Literal[""] = ""
    minutes: int | None = Field(default=None, ge=1)


class _Section(Strict):
    key: _Slug
    title: dict[Informant, str] = Field(default_factory=dict)
    help: dict[Informant, str] = Field(default_factory=dict)
    items: list[int | str]


class _Item(Strict):
    number: _Count
    link_id: _Slug | None = None
    scale: str | None = None
    reverse: bool = False
    text: dict[Informant, str] = Field(default_factory=dict)


class _Question(Strict):
    link_id: _Slug
    text: dict[Informant, str]
    at_visit: bool = False
    option: list[_Choice] = Field(min_length=2)


class ScaleTable(Strict):
    """A `[[scale]]` as it stands in a file."""

    key: _Slug
    title: Line
    about: Line
    method: Literal["mean", "sum"]
    items: list[_Count | str] = Field(min_length=1)
    min_answered: _Count | None = None
    needs: list[str] = Field(default_factory=list)
    factor: _Factor = Decimal(1)
    direction: Line | None = None
    better: Better | None = None


class _ShippedScale(ScaleTable):
    """The same of a file that ships, whose words can be said in another language; a site's own key has plain ones."""

    title: _ShownLine
    about: _ShownLine
    direction: _ShownLine | None = None


class _Reliability(Strict):
    scale: str
    informant: Informant
    sd: _Number | None = Field(default=None, gt=0)
    r: _Number | None = Field(default=None, ge=0, lt=1)
    r_type: Literal["retest", "icc", "alpha"] | None = None
    mdc: _Number | None = Field(default=None, gt=0)
    interval: _ShownLine
    population: str
    n: int | None = None
    citation: str
    certainty: Certainty


class _Cutoff(Strict):
    scale: str
    side: Literal["at least", "at most", "below"]
    value: _Number
    meaning: Shown
    population: Shown
    citation: str
    certainty: Certainty


class _InstrumentFile(Strict):
    instrument: _InstrumentHead
    rights: _Rights
    citation: list[_Citation] = Field(min_length=1)
    claim: list[_Claim] = Field(default_factory=list)
    option: list[_Option] = Field(default_factory=list)
    form: dict[Informant, _Form] = Field(default_factory=dict)
    section: list[_Section] = Field(default_factory=list)
    item: list[_Item] = Field(default_factory=list)
    question: list[_Question] = Field(default_factory=list)
    scale: list[_ShippedScale] = Field(default_factory=list)
    reliability: list[_Reliability] = Field(default_factory=list)
    cutoff: list[_Cutoff] = Field(default_factory=list)


def read_instrument(text: str, *, file: str) -> Instrument:
    """One instrument file. DataFileError names the file, the key and the page that explains it."""
    instrument = _instrument(parse_toml(text, _InstrumentFile, file=file, page=PAGE))
    for key, problem in problems(instrument):
        raise DataFileError(file, key, problem, page=PAGE)
    return instrument


def link_id_of(number: int) -> str:
    """The link id of an item that has no name of its own."""
    return f"item-{number}"


def _instrument(part: _InstrumentFile) -> Instrument:
    """The frozen instrument of a file's content."""
    options = tuple(Option(**one.model_dump()) for one in part.option)
    items = tuple(_item(one) for one in part.item)
    return Instrument(
        **part.instrument.model_dump(),
        forms={informant: _form(informant, form, part.instrument) for informant, form in part.form.items()},
        sections=_sections(part.section, items),
        options=options,
        items=items,
        questions=tuple(_question(one) for one in part.question),
        scales=tuple(
            scale_of(one, items=items, options=options, direction=part.instrument.direction, better=part.instrument.better)
            for one in part.scale
        ),
        claims=tuple(Claim(**one.model_dump()) for one in part.claim),
        reliability=tuple(Reliability(**one.model_dump()) for one in part.reliability),
        cutoffs=tuple(Cutoff(**one.model_dump()) for one in part.cutoff),
        rights=Rights(**part.rights.model_dump()),
        citations=tuple(Citation(**one.model_dump()) for one in part.citation),
    )


def _form(informant: Informant, part: _Form, head: _InstrumentHead) -> Form:
    """Of a form with wording the title is a part of that, and said in its language alone."""
    title = part.title or head.title
    return Form(
        informant=informant,
        title=str(title) if head.language else shipped_text(title),
        intro=part.intro,
        minutes=part.minutes,
        intro_home=part.intro_home,
        sheet=part.sheet,
    )


def _item(part: _Item) -> Item:
    return Item(link_id=part.link_id or link_id_of(part.number), number=part.number, scale=part.scale, reverse=part.reverse, text=part.text)


def _sections(parts: list[_Section], items: tuple[Item, ...]) -> tuple[Section, ...]:
    """The sections of the file; one without a heading where there are none."""
    if not parts:
        return (Section(key="items", title={}, help={}, items=tuple(item.link_id for item in items)),) if items else ()
    return tuple(Section(key=one.key, title=one.title, help=one.help, items=_named(one.items, items)) for one in parts)


def _named(named: Sequence[int | str], items: tuple[Item, ...]) -> tuple[str, ...]:
    """Items by link id, however the file names them."""
    by_number = {item.number: item.link_id for item in items}
    return tuple(by_number.get(one, link_id_of(one)) if isinstance(one, int) else one for one in named)


def _question(part: _Question) -> Question:
    options = tuple(Option(code=one.code, value=place, label=one.label) for place, one in enumerate(part.option))
    return Question(link_id=part.link_id, text=part.text, options=options, at_visit=part.at_visit)


def scale_of(part: ScaleTable, *, items: tuple[Item, ...], options: tuple[Option, ...], direction: str, better: Better | None) -> Scale:
    """A scale with its range, which follows from options, method and factor."""
    values = [option.value for option in options if option.value is not None] or [0]
    times = part.factor * (1 if part.method == "mean" else len(part.items))
    return Scale(
        key=part.key,
        title=part.title,
        about=part.about,
        method=part.method,
        items=_named(part.items, items),
        min_answered=part.min_answered or len(part.items),
        needs=tuple(part.needs),
        factor=part.factor,
        direction=part.direction or direction,
        better=part.better or better,
        low=int(min(values) * times),
        high=int(max(values) * times),
    )


def problems(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """What the shape of a file allows but an instrument does not, as (key, sentence)."""
    asked = [item.link_id for item in instrument.items] + [one.link_id for one in instrument.questions]
    yield from _repeated("item", asked + [section.key for section in instrument.sections])
    yield from _repeated("item.number", [str(item.number) for item in instrument.items])
    yield from _repeated("option", [option.code for option in instrument.options])
    yield from _repeated("option.value", [str(option.value) for option in instrument.options if option.value is not None])
    yield from _repeated("scale", [RESPONSE, PANEL, PROVENANCE, *(scale.key for scale in instrument.scales)])
    yield from _incomplete(instrument)
    yield from _strangers(instrument)
    yield from _unreachable(instrument)
    yield from _unclaimed(instrument)
    yield from _wordless(instrument)


def _repeated(key: str, names: list[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield key, f"{name!r} appears twice"
        seen.add(name)


def _incomplete(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Items need options and a form to be asked in; without items there is nothing to score."""
    valued = [option for option in instrument.options if option.value is not None]
    if instrument.items and len(valued) < 2:  # noqa: PLR2004 - a choice is between two
        yield "option", "items need two options with a value or more"
    if instrument.items and not instrument.forms:
        yield "form", "items need a form to be asked in"
    if instrument.scales and not instrument.items:
        yield "scale", "there are no items to score"


def _strangers(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Scales, sections and statistics that name items or scales there are not, and items left out of the form."""
    items = {item.link_id for item in instrument.items}
    scales = {scale.key for scale in instrument.scales}
    for scale in instrument.scales:
        yield from ((f"scale.{scale.key}.items", f"there is no item {one!r}") for one in scale.items if one not in items)
        yield from _repeated(f"scale.{scale.key}.items", list(scale.items))
        yield from ((f"scale.{scale.key}.needs", f"there is no scale {one!r}") for one in scale.needs if one not in scales)
    yield from (
        (f"item.{item.link_id}.scale", f"there is no scale {item.scale!r}")
        for item in instrument.items
        if item.scale not in {None, *scales}
    )
    yield from (("reliability.scale", f"there is no scale {one.scale!r}") for one in instrument.reliability if one.scale not in scales)
    yield from (("cutoff.scale", f"there is no scale {one.scale!r}") for one in instrument.cutoffs if one.scale not in scales)
    shown = [one for section in instrument.sections for one in section.items]
    yield from (("section.items", f"there is no item {one!r}") for one in shown if one not in items)
    yield from (("section.items", f"item {one!r} is in no section, or in two") for one in items if shown.count(one) != 1)


def _unreachable(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Rules no form can satisfy, and numbers no score can have."""
    bounds = {scale.key: scale for scale in instrument.scales}
    for scale in instrument.scales:
        if scale.min_answered > len(scale.items):
            yield f"scale.{scale.key}.min_answered", f"{scale.min_answered} of {len(scale.items)} items can never be answered"
    for cut in instrument.cutoffs:
        of = bounds.get(cut.scale)
        if of and not of.low <= cut.value <= of.high:
            yield "cutoff.value", f"{cut.value} lies outside {of.low} to {of.high}"


def _unclaimed(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Parts of the key without a source."""
    claimed = [claim.part for claim in instrument.claims]
    yield from _repeated("claim", list(claimed))
    yield from (("claim", f"nothing says where {part!r} comes from") for part in _parts(instrument) if part not in claimed)


def _parts(instrument: Instrument) -> Iterable[Part]:
    """The parts a scoring key consists of. A score that needs every item answered assumes nothing about missing ones."""
    if instrument.scales:
        yield from ("options", "reversal", "scores")
    if len(instrument.scales) > 1:
        yield "subscales"
    if any(scale.min_answered < len(scale.items) for scale in instrument.scales):
        yield "missing"


def _wordless(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Wording that should be there and is not, or is there and may not be."""
    headed = [(one.key, part, texts) for one in instrument.sections for part, texts in (("title", one.title), ("help", one.help)) if texts]
    yield from (
        (f"section.{key}.{part}", f"has no wording for the {informant}")
        for key, part, texts in headed
        for informant in instrument.forms
        if informant not in texts
    )
    if instrument.wording is None and not instrument.rights.wording_ships:
        yield from ((f"item.{one.link_id}.text", "stands here although its wording may not ship") for one in instrument.items if one.text)
        yield from (
            ("option.label", f"{one.label!r} stands here although its wording may not ship") for one in instrument.options if one.label
        )
        return
    if instrument.items and instrument.language is None:
        yield "instrument.language", "is missing although the wording stands here"
    yield from unworded(instrument)


def unworded(instrument: Instrument) -> Iterator[tuple[str, str]]:
    """Every place without wording, for each of its forms; of a pack's, for each form the pack has wording for."""
    forms = instrument.forms if instrument.wording is None else {one for item in instrument.items for one in item.text}
    for informant in forms:
        asked = [(one.link_id, one.text) for one in instrument.items] + [(one.link_id, one.text) for one in instrument.questions]
        wanting = [link_id for link_id, text in asked if informant not in text]
        yield from ((f"item.{link_id}.text", f"has no wording for the {informant}") for link_id in wanting)
    yield from (("option.label", f"option {option.code!r} has no label") for option in instrument.options if option.label is None)
