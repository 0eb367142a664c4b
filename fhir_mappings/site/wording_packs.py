"""Wording packs: an instrument's wording in one language, the permission it rests on and, where a site confirms one, a scoring key.
One TOML file each; format: docs/wording-packs.md. A pack is checked in itself, then against the instrument it is for."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Intro, Line, shown
from fhir_mappings.instruments.instrument import (
    Claim,
    Confirmation,
    Form,
    Informant,
    Instrument,
    Item,
    Option,
    Question,
    Scale,
    Scope,
    Section,
    Wording,
)
from fhir_mappings.instruments.scoring_key import fingerprint, verified
from fhir_mappings.instruments.toml_reader import ScaleTable, problems, scale_of

PAGE = "docs/wording-packs.md"
# 64 items for three informants, in a language of three bytes a letter, come to a fifth of it.
LARGEST = 512 * 1024
# A text of `LONGEST_INTRO` characters and its key fit, and no paragraph has so many sentences. A file of keys with a thousand dots each
# took tomllib 12 s.
LONGEST_LINE_OF_FILE = 4_000
MOST_DOTS = 200
# Where the person who writes a date sits, it may be tomorrow already.
AHEAD = timedelta(days=1)
LANGUAGE = r"^[a-z]{2}(-[A-Z]{2})?$"


def _unquoted(given: object) -> object:
    """TOML has dates; text that looks like one is not read as one."""
    if type(given) is not date:
        raise PydanticCustomError("day", "is no day; write it without quotes, like 2026-11-22")
    return given


Day = Annotated[date, BeforeValidator(_unquoted)]
_Short = Annotated[str, Field(max_length=60)]
_Number = Annotated[int, Field(ge=1, le=999)]
_Texts = dict[Informant, Line]


class _Table(Strict):
    """Nothing is taken for what it is not: 1 is no text, "1" no number."""

    model_config = ConfigDict(strict=True)


class _PackHead(_Table):
    instrument: _Short
    version: _Short
    language: str = Field(pattern=LANGUAGE)


class _Permission(_Table):
    granted_by: Line
    granted_to: Line
    granted_on: Day
    reference: Line
    scopes: list[Scope]
    expires: Day | None = None


class _FormTable(_Table):
    title: Line
    intro: Intro = ""


class _Label(_Table):
    code: _Short
    label: Line


class _ItemTable(_Table):
    number: _Number
    text: _Texts


class _SectionTable(_Table):
    key: _Short
    title: _Texts = Field(default_factory=dict)
    help: _Texts = Field(default_factory=dict)


class _QuestionTable(_Table):
    link_id: _Short
    text: _Texts
    option: list[_Label]


class _Turn(_Table):
    number: _Number
    reverse: bool


class _KeyTable(_Table):
    confirmed_by: Line
    confirmed_on: Day
    source: Line
    item: list[_Turn] = Field(min_length=1)
    scale: list[ScaleTable] = Field(min_length=1)


class _PackFile(_Table):
    pack: _PackHead
    permission: _Permission
    form: dict[Informant, _FormTable] = Field(min_length=1)
    option: list[_Label] = Field(min_length=1)
    item: list[_ItemTable] = Field(min_length=1)
    section: list[_SectionTable] = Field(default_factory=list)
    question: list[_QuestionTable] = Field(default_factory=list)
    key: _KeyTable | None = None


class Pack(Struct, frozen=True, kw_only=True):
    """One file, checked in itself. `wording` is the leave it rests on, `expires` the last day of that leave (None: without end)."""

    file: str
    slug: str
    version: str
    language: str
    granted_to: str
    wording: Wording
    expires: date | None
    content: _PackFile

    def expired(self, today: date) -> bool:
        """Whether the permission has ended. It holds on its last day."""
        return self.expires is not None and self.expires < today

    @property
    def brings_a_key(self) -> bool:
        """Whether the site confirms a scoring key in it."""
        return self.content.key is not None


def read_pack(text: str, *, file: str, today: date) -> Pack:
    """One pack. DataFileError names the file, the key and the page that explains it."""
    check_size(text, file=file, page=PAGE)
    content = parse_toml(text, _PackFile, file=file, page=PAGE)
    for key, problem in _contradictions(content, today):
        raise DataFileError(file, key, problem, page=PAGE)
    leave = content.permission
    wording = Wording(
        granted_by=leave.granted_by, granted_on=leave.granted_on, reference=leave.reference, scopes=frozenset[Scope](leave.scopes)
    )
    head = content.pack
    return Pack(
        file=file,
        slug=head.instrument,
        version=head.version,
        language=head.language,
        granted_to=leave.granted_to,
        wording=wording,
        expires=leave.expires,
        content=content,
    )


def check_size(text: str, *, file: str, page: str) -> None:
    """DataFileError for a text no person wrote as a data file, before anything parses it."""
    if len(text) > LARGEST:
        raise DataFileError(file, "(file)", f"has more than {LARGEST // 1024} KiB", page=page)
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE_OF_FILE:
            raise DataFileError(file, f"(line {number})", f"has more than {LONGEST_LINE_OF_FILE:,} characters", page=page)
        if line.count(".") > MOST_DOTS:
            raise DataFileError(file, f"(line {number})", f"has more than {MOST_DOTS} full stops", page=page)


def _contradictions(content: _PackFile, today: date) -> Iterator[tuple[str, str]]:
    """What is wrong with a pack whatever it is for."""
    leave = content.permission
    if "display" not in leave.scopes:
        yield "permission.scopes", 'lacks "display": wording that may not be shown is of no use here'
    if leave.granted_on > today + AHEAD:
        yield "permission.granted_on", f"{leave.granted_on} lies in the future"
    if leave.expires is not None and leave.expires < leave.granted_on:
        yield "permission.expires", f"{leave.expires} lies before the day it was granted"
    if content.key is not None and content.key.confirmed_on > today + AHEAD:
        yield "key.confirmed_on", f"{content.key.confirmed_on} lies in the future"


def worded_by(pack: Pack, structure: Instrument) -> Instrument:
    """The instrument in the pack's language, with its wording and, where it brings one, its key. DataFileError where the two differ."""
    for key, problem in _differences(pack.content, structure):
        raise DataFileError(pack.file, key, shown(problem, longest=300), page=PAGE)
    found = _with_wording(pack, structure)
    if pack.content.key is not None:
        found = _with_key(found, pack.content.key)
    for key, problem in problems(found):
        raise DataFileError(pack.file, shown(key), shown(problem, longest=300), page=PAGE)
    return found if pack.content.key is None else _with_sources(pack, found, structure)


def silenced(pack: Pack, worded: Instrument, structure: Instrument) -> Instrument:
    """The instrument of a pack whose permission has ended: none of its wording is left and it is offered to nobody, but what was stored
    with it is still read, by its key."""
    return replace(
        worded,
        forms=structure.forms,
        sections=structure.sections,
        options=structure.options,
        items=tuple(replace(one, text=own.text) for one, own in zip(worded.items, structure.items, strict=True)),
        questions=structure.questions,
        wording=replace(pack.wording, scopes=frozenset()),
    )


# Against the structure


def _differences(content: _PackFile, structure: Instrument) -> Iterator[tuple[str, str]]:
    """Where the pack and the instrument it names are not of one shape."""
    if not structure.items:
        yield "pack.instrument", f"{structure.slug} is only described, it has no items to put words to"
        return
    if structure.rights.wording_ships and structure.language == content.pack.language:
        yield "pack.language", f"the wording in {structure.language!r} ships with Rapport and is not replaced"
    yield from _forms(content, structure)
    yield from _compared("option", [one.code for one in content.option], [one.code for one in structure.options])
    yield from _compared("item", [one.number for one in content.item], [one.number for one in structure.items])
    for item in content.item:
        yield from _informants(f"item {item.number}: text", item.text, content.form)
    yield from _sections(content, structure)
    yield from _questions(content, structure)
    if content.key is not None:
        yield from _compared("key.item", [one.number for one in content.key.item], [one.number for one in structure.items])


def _forms(content: _PackFile, structure: Instrument) -> Iterator[tuple[str, str]]:
    """A pack may word some of the forms only; not where the others would stay in the language that ships."""
    unknown = [informant for informant in content.form if informant not in structure.forms]
    yield from ((f"form.{one}", f"{structure.slug} has no form for the {one}, only for {_all(structure.forms)}") for one in unknown)
    missing = [informant for informant in structure.forms if informant not in content.form]
    if missing and structure.rights.wording_ships:
        yield f"form.{missing[0]}", "is missing, and one instrument is not shown in two languages"


def _compared(key: str, given: list[str] | list[int], wanted: list[str] | list[int]) -> Iterator[tuple[str, str]]:
    """Doubles, strangers and gaps."""
    seen: set[str | int] = set()
    for one in given:
        if one in seen:
            yield key, f"{one} appears twice"
        elif one not in wanted:
            yield key, f"there is no {one}, only {_all(wanted)}"
        seen.add(one)
    missing = [one for one in wanted if one not in seen]
    if missing:
        yield key, f"{_all(missing)} missing"


def _informants(key: str, texts: Mapping[Informant, str], forms: Collection[Informant]) -> Iterator[tuple[str, str]]:
    """A text for each form of the pack, and for no other."""
    yield from ((f"{key}.{one}", "stands here, but the pack has no form for them") for one in texts if one not in forms)
    yield from ((f"{key}.{one}", "is missing") for one in forms if one not in texts)


def _sections(content: _PackFile, structure: Instrument) -> Iterator[tuple[str, str]]:
    """Headings are replaced where the instrument has some: all of them, in kind."""
    headed = {one.key: one for one in structure.sections if one.title or one.help}
    yield from _compared("section", [one.key for one in content.section], list(headed))
    for given in content.section:
        own = headed.get(given.key)
        if own is not None:
            yield from _informants(f"section {given.key}: title", given.title, content.form if own.title else ())
            yield from _informants(f"section {given.key}: help", given.help, content.form if own.help else ())


def _questions(content: _PackFile, structure: Instrument) -> Iterator[tuple[str, str]]:
    """The unscored questions, each with its options."""
    known = {one.link_id: one for one in structure.questions}
    yield from _compared("question", [one.link_id for one in content.question], list(known))
    for given in content.question:
        own = known.get(given.link_id)
        if own is not None:
            yield from _informants(f"question {given.link_id}: text", given.text, content.form)
            codes = [one.code for one in own.options]
            yield from _compared(f"question {given.link_id}: option", [one.code for one in given.option], codes)


def _all(names: Iterable[str | int]) -> str:
    """A list for people; runs of numbers as a range."""
    known = list(names)
    numbers = [one for one in known if isinstance(one, int)]
    if len(numbers) == len(known) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):  # noqa: PLR2004
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(str(one) for one in known) or "none"


# The wording


def _with_wording(pack: Pack, structure: Instrument) -> Instrument:
    """The structure with the pack's words in place of its own."""
    content = pack.content
    labels = {one.code: one.label for one in content.option}
    texts = {one.number: one.text for one in content.item}
    headings = {one.key: one for one in content.section}
    questions = {one.link_id: one for one in content.question}
    return replace(
        structure,
        language=pack.language,
        forms={informant: _form(form, content.form.get(informant)) for informant, form in structure.forms.items()},
        sections=tuple(_section(one, headings.get(one.key)) for one in structure.sections),
        options=_labelled(structure.options, labels),
        items=tuple(replace(item, text=texts[item.number]) for item in structure.items),
        questions=tuple(_question(one, questions[one.link_id]) for one in structure.questions),
        wording=pack.wording,
    )


def _form(form: Form, given: _FormTable | None) -> Form:
    return form if given is None else replace(form, title=given.title, intro=given.intro, intro_home="")


def _section(section: Section, given: _SectionTable | None) -> Section:
    """The pack's headings; a form it has no words for keeps those that ship."""
    return section if given is None else replace(section, title={**section.title, **given.title}, help={**section.help, **given.help})


def _labelled(options: tuple[Option, ...], labels: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(replace(option, label=labels[option.code]) for option in options)


def _question(question: Question, given: _QuestionTable) -> Question:
    return replace(question, text=given.text, options=_labelled(question.options, {one.code: one.label for one in given.option}))


# The key


def _with_key(instrument: Instrument, key: _KeyTable) -> Instrument:
    """The instrument with the key the site confirmed. Published statistics belong to the key they were published for."""
    scales = tuple(
        scale_of(one, items=instrument.items, options=instrument.options, direction=instrument.direction, better=instrument.better)
        for one in key.scale
    )
    turned = {one.number for one in key.item if one.reverse}
    of = len(instrument.items)
    return replace(
        instrument,
        scales=scales,
        items=tuple(replace(one, reverse=one.number in turned, scale=_subscale(one, scales, of)) for one in instrument.items),
        claims=_claims(instrument, key),
        reliability=(),
        cutoffs=(),
        confirmation=Confirmation(by=key.confirmed_by, on=key.confirmed_on, source=key.source),
    )


def _with_sources(pack: Pack, found: Instrument, structure: Instrument) -> Instrument:
    """Where the site confirmed the very key of the file, that key's sources and statistics hold. A verified key is not replaced."""
    if fingerprint(found) == fingerprint(structure):
        return replace(found, claims=structure.claims, reliability=structure.reliability, cutoffs=structure.cutoffs)
    if verified(structure):
        raise DataFileError(pack.file, "key", f"differs from the key of {structure.slug}, which is verified; leave [key] out", page=PAGE)
    return found


def _subscale(item: Item, scales: Iterable[Scale], of: int) -> str | None:
    """The one scale of fewer than all items that counts it; None where there is none or more than one."""
    own = [scale.key for scale in scales if item.link_id in scale.items and len(scale.items) < of]
    return own[0] if len(own) == 1 else None


def _claims(instrument: Instrument, key: _KeyTable) -> tuple[Claim, ...]:
    """The site's source for every part of its key; the options are still the file's. Unverified: nobody saw it but the site."""
    options = [claim for claim in instrument.claims if claim.part == "options"]
    said = [Claim(part=part, source=key.source, certainty="unverified") for part in ("subscales", "reversal", "scores", "missing")]
    return (*(options or [Claim(part="options", source=key.source, certainty="unverified")]), *said)
