"""The options of `files/`, and what a site's own file makes of them: read strictly and checked. Format: docs/options.md."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from msgspec.structs import replace
from pydantic import AfterValidator, Field

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Line
from fhir_mappings.options.practice_option import (
    ELEMENTS,
    GuideToRead,
    LookedUp,
    OptionBook,
    OptionSource,
    PracticeOption,
    Strength,
)
from fhir_mappings.sentence import shipped_text

OPTIONS_PAGE = "docs/options.md"
_FILE = "practice.toml"
# What a patient's own answer may lead to: that something was difficult tells of no withdrawal and no confrontation.
_AFTER_ANSWER = frozenset({"any", "hurtful"})
_Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,39}$")]
_Address = Annotated[str, Field(pattern=r"^https://[^\s\"'<>]+$", max_length=300)]
_Said = Annotated[Line, AfterValidator(shipped_text)]
_Some = Annotated[tuple[str, ...], Field(min_length=1)]
_Strengths = Annotated[tuple[Strength, ...], Field(min_length=1)]


class _SourceRow(Strict):
    key: _Id
    cite: Line
    mark: LookedUp
    address: _Address = ""


class _ReadingRow(Strict):
    title: Line
    by: Line
    address: _Address


class _OptionRow(Strict):
    id: _Id
    element: str
    sentence: _Said
    when: _Said
    strength: _Strengths
    basis: _Said
    sources: _Some
    caution: _Said | None = None


class _OptionsFile(Strict):
    after_answer: Annotated[tuple[str, ...], Field(min_length=1)]
    reading: tuple[_ReadingRow, ...] = ()
    source: tuple[_SourceRow, ...]
    option: Annotated[tuple[_OptionRow, ...], Field(min_length=1)]


class _SiteOptionRow(Strict):
    id: _Id
    element: str | None = None
    sentence: Line | None = None
    when: Line | None = None
    strength: _Strengths | None = None
    basis: Line | None = None
    sources: _Some | None = None
    caution: Line | None = None


class _SiteOptionsFile(Strict):
    language: str = Field("en", pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")
    after_answer: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    leave_out: tuple[str, ...] = ()
    reading: tuple[_ReadingRow, ...] = ()
    source: tuple[_SourceRow, ...] = ()
    option: tuple[_SiteOptionRow, ...] = ()


# What a new option cannot do without; a row that changes one says only what is different.
_NEEDED = ("element", "sentence", "when", "strength", "basis", "sources")
_WORDS = frozenset({"sentence", "when", "basis", "caution"})


@cache
def load_options() -> OptionBook:
    """The options shipped in this package, read once in a process. DataFileError when the file is wrong."""
    return read_options((files("fhir_mappings.options") / "files" / _FILE).read_text(encoding="utf-8"), file=_FILE)


def read_options(text: str, *, file: str) -> OptionBook:
    """A whole file. DataFileError names the file, the key and the page that explains it: an option without a source, an element there is
    not, an id that stands twice."""
    part = parse_toml(text, _OptionsFile, file=file, page=OPTIONS_PAGE)
    _once([row.key for row in part.source], "source", file=file)
    _once([row.id for row in part.option], "option", file=file)
    known = {row.key: OptionSource(**row.model_dump()) for row in part.source}
    options = tuple(_option(row, known, file=file) for row in part.option)
    idle = next((key for key in known if not any(key in row.sources for row in part.option)), None)
    if idle is not None:
        raise _wrong(file, f"source.{idle}", "is cited by no option")
    reading = tuple(GuideToRead(**row.model_dump()) for row in part.reading)
    return _checked(OptionBook(options=options, after_answer=part.after_answer, reading=reading), file=file)


def with_site_options(book: OptionBook, text: str, *, file: str) -> OptionBook:
    """The book as the site's file changes it: a row of a known id replaces what it says of it, one of a new id is added, those of
    `leave_out` go. DataFileError names the file, the option and what is wrong."""
    part = parse_toml(text, _SiteOptionsFile, file=file, page=OPTIONS_PAGE)
    _once([row.key for row in part.source], "source", file=file)
    _once([row.id for row in part.option], "option", file=file)
    known = {one.key: one for option in book.options for one in option.sources}
    known |= {row.key: OptionSource(**row.model_dump()) for row in part.source}
    kept = {one.id: one for one in book.options}
    for key in part.leave_out:
        if kept.pop(key, None) is None:
            raise _wrong(file, "leave_out", f"there is no option {key!r}; known are {', '.join(one.id for one in book.options)}")
    for row in part.option:
        before = kept.get(row.id)
        kept[row.id] = _changed(before, row, known, part, file=file) if before else _added(row, known, part, file=file)
    first = part.after_answer or tuple(key for key in book.after_answer if key not in part.leave_out)
    reading = (*book.reading, *(GuideToRead(**row.model_dump()) for row in part.reading))
    return _checked(OptionBook(options=tuple(kept.values()), after_answer=first, reading=reading), file=file)


def _option(row: _OptionRow, known: Mapping[str, OptionSource], *, file: str) -> PracticeOption:
    given = row.model_dump(exclude={"sources", "caution"})
    _check_element(row.id, row.element, file=file)
    return PracticeOption(**given, sources=_sources(row.id, row.sources, known, file=file), caution=row.caution or "")


def _changed(
    before: PracticeOption, row: _SiteOptionRow, known: Mapping[str, OptionSource], part: _SiteOptionsFile, *, file: str
) -> PracticeOption:
    """What ships with what the site says of it instead. Its words are in one language, so that who changes one text gives them all; a
    caution may go."""
    given = _given(row, known, file=file)
    if not _WORDS & set(given):
        return replace(before, **given)
    missing = [name for name in _NEEDED if name in _WORDS and name not in given]
    if missing:
        raise _wrong(file, f"option.{row.id}", f"changes some of its words, so it needs {' and '.join(missing)} too")
    return replace(before, **({"caution": ""} | given), language=part.language)


def _added(row: _SiteOptionRow, known: Mapping[str, OptionSource], part: _SiteOptionsFile, *, file: str) -> PracticeOption:
    given = _given(row, known, file=file)
    missing = [name for name in _NEEDED if name not in given]
    if missing:
        raise _wrong(file, f"option.{row.id}", f"is new here, so it needs {' and '.join(missing)}")
    return PracticeOption(id=row.id, **given, language=part.language)


def _given(row: _SiteOptionRow, known: Mapping[str, OptionSource], *, file: str) -> dict[str, Any]:
    given = row.model_dump(exclude={"id", "sources"}, exclude_none=True)
    if row.element is not None:
        _check_element(row.id, row.element, file=file)
    return given | ({"sources": _sources(row.id, row.sources, known, file=file)} if row.sources else {})


def _check_element(key: str, element: str, *, file: str) -> None:
    if element not in ELEMENTS:
        raise _wrong(file, f"option.{key}.element", f"there is no element {element!r}; known are {', '.join(ELEMENTS)}")


def _sources(key: str, wanted: Iterable[str], known: Mapping[str, OptionSource], *, file: str) -> tuple[OptionSource, ...]:
    for one in wanted:
        if one not in known:
            raise _wrong(file, f"option.{key}.sources", f"there is no source {one!r}; known are {', '.join(known) or 'none'}")
    return tuple(known[one] for one in wanted)


def _once(keys: Sequence[str], kind: str, *, file: str) -> None:
    twice = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
    if twice is not None:
        raise _wrong(file, f"{kind}.{twice}", "stands twice")


def _checked(book: OptionBook, *, file: str) -> OptionBook:
    """The book, if everything in it can be offered."""
    for key in book.after_answer:
        found = book.get(key)
        if found is None:
            raise _wrong(file, "after_answer", f"there is no option {key!r}")
        if found.element not in _AFTER_ANSWER:
            raise _wrong(file, "after_answer", f"{key} is of {found.element}, which follows from no answer")
    empty = next((element for element in ELEMENTS if not book.about(element)), None)
    if empty is not None:
        raise _wrong(file, "option", f"there is no option of {empty} left")
    return book


def _wrong(file: str, key: str, problem: str) -> DataFileError:
    return DataFileError(file, key, problem, page=OPTIONS_PAGE)
