"""The rules by which a rating may speak up, as rows of a file. A row is never edited: it is retired, and another is added, so that a rating
is judged at any time by what was valid on its day. Format and rates: docs/reliable-change.md."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field

from fhir_mappings.data_files.strict_toml import DataFileError, Strict, parse_toml
from fhir_mappings.data_files.text_rules import Shown
from fhir_mappings.instruments.instrument import Cutoff, Informant, Instrument
from fhir_mappings.instruments.library import Library
from fhir_mappings.reliable_change.measurement_error import Level
from fhir_mappings.sentence import Sentence

PAGE = "docs/reliable-change.md"
# How loudly: a reason to talk, a line beside the chart, or a fact that is shown and never counted.
SignalLevel = Literal["discuss", "note", "shown"]
LEVELS: tuple[SignalLevel, ...] = ("discuss", "note", "shown")
# What is looked at: see the rows of `files/rules.toml`.
RuleKind = Literal["answer", "pooled", "cutoff", "previous", "baseline", "peak", "own-range", "item-fall", "left-ceiling", "moved"]
Direction = Literal["worse", "better"]
Side = Literal["at least", "at most", "below"]
Owner = Literal["rated-clinician", "taker"]
# In place of one scale's key: every scale but the total.
ELEMENTS = "elements"

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
_Positive = Annotated[Decimal, Field(gt=0, le=100)]


class SignalRule(Struct, frozen=True, kw_only=True):
    """One row. `instruments` are the forms it is for, none of them: every form that rates somebody. What a kind has no use for is None or
    empty. It is in force from `valid_from` up to the day before `retired`."""

    id: str
    version: int
    kind: RuleKind
    level: SignalLevel
    title: Sentence
    owner: Owner
    source: str
    valid_from: date
    retired: date | None = None
    instruments: tuple[str, ...] = ()
    informant: Informant = "patient"
    scale: str = "total"
    direction: Direction = "worse"
    question: str | None = None
    options: tuple[str, ...] = ()
    latest_z: Decimal | None = None
    pair_z: Decimal | None = None
    at: Level | None = None
    side: Side | None = None
    value: Decimal | None = None
    items: int | None = None

    def valid_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.retired is None or day < self.retired)

    def is_for(self, instrument: Instrument) -> bool:
        """Whether it is for that form."""
        return instrument.slug in self.instruments if self.instruments else instrument.rated != "nobody"


class _RuleRow(Strict):
    id: Slug
    version: int = Field(ge=1)
    level: SignalLevel
    title: Shown
    owner: Owner = "rated-clinician"
    source: str = ""
    valid_from: date
    retired: date | None = None
    instruments: tuple[Slug, ...] = ()
    informant: Informant = "patient"


class _Answer(_RuleRow):
    kind: Literal["answer"]
    question: Slug
    options: tuple[Slug, ...] = Field(min_length=1)


class _Pooled(_RuleRow):
    kind: Literal["pooled"]
    scale: Slug
    latest_z: _Positive
    pair_z: _Positive


class _CutoffRow(_RuleRow):
    kind: Literal["cutoff"]
    scale: Slug
    side: Side
    value: Decimal


class _Compared(_RuleRow):
    kind: Literal["previous", "baseline", "peak", "own-range"]
    scale: Slug
    at: Level
    direction: Direction


class _ItemFall(_RuleRow):
    kind: Literal["item-fall"]
    scale: Slug
    items: int = Field(ge=1, le=99)


class _Plain(_RuleRow):
    kind: Literal["left-ceiling", "moved"]
    scale: Slug


class _RulesFile(Strict):
    rule: tuple[Annotated[_Answer | _Pooled | _CutoffRow | _Compared | _ItemFall | _Plain, Field(discriminator="kind")], ...]


def read_rules(text: str, *, file: str, library: Library) -> tuple[SignalRule, ...]:
    """The rules of a file, in its order. DataFileError names the row and what is wrong with it."""
    rows = parse_toml(text, _RulesFile, file=file, page=PAGE).rule
    rules = tuple(SignalRule(**row.model_dump()) for row in rows)
    for place, rule in enumerate(rules):
        for key, problem in _problems(rule, library):
            raise DataFileError(file, f"rule.{place}.{key}", f"{rule.id}: {problem}", page=PAGE)
    for key, problem in _together(rules):
        raise DataFileError(file, key, problem, page=PAGE)
    return rules


def retired_before(valid_from: date, retired: date | None) -> bool:
    """Whether a row ends before it begins."""
    return retired is not None and retired <= valid_from


def unknown_instrument(slug: str, library: Library) -> str | None:
    """What is wrong with a form's name; None for one there is."""
    known = sorted({one.slug for one in library.instruments})
    return None if slug in known else f"there is no instrument {slug!r}; known are {', '.join(known)}"


def _problems(rule: SignalRule, library: Library) -> Iterator[tuple[str, str]]:
    """What is wrong with one row, as (key, sentence)."""
    unknown = [problem for slug in rule.instruments if (problem := unknown_instrument(slug, library))]
    yield from (("instruments", problem) for problem in unknown)
    if not rule.source.strip():
        yield "source", "has no source; a threshold without one is not used"
    if retired_before(rule.valid_from, rule.retired):
        yield "retired", f"is retired on {rule.retired}, and valid only from {rule.valid_from}"
    yield from _too_loud(rule)
    for instrument in () if unknown else map(library.get, rule.instruments):
        yield from _unfit(rule, instrument)


def _too_loud(rule: SignalRule) -> Iterator[tuple[str, str]]:
    """A level that nothing measured stands for."""
    loud = rule.kind in {"answer", "pooled", "cutoff"}
    if rule.level == "discuss" and not loud:
        yield "level", f"only an answer, the pooled rule or a published cut-off may be a reason to talk, not {rule.kind!r}"
    quiet = rule.kind in {"left-ceiling", "moved"} or rule.direction == "better" or rule.informant != "patient"
    if rule.level != "shown" and quiet:
        yield "level", "is only shown: no error tells it from chance, it is no move for the worse, or it is not the patient's own view"
    if not rule.instruments and rule.kind in {"answer", "cutoff"}:
        yield "instruments", "names no form"


def _unfit(rule: SignalRule, instrument: Instrument) -> Iterator[tuple[str, str]]:
    """What a row asks of a form that the form does not have."""
    if rule.informant not in instrument.forms:
        yield "informant", f"{instrument.slug} has no form of the {rule.informant}"
    if rule.kind == "answer":
        codes = {option.code for question in instrument.questions if question.link_id == rule.question for option in question.options}
        missing = [one for one in rule.options if one not in codes]
        yield from (("options", f"{instrument.slug} has no answer {one!r} to {rule.question!r}") for one in missing)
    elif rule.scale != ELEMENTS and rule.scale not in {scale.key for scale in instrument.scales}:
        yield "scale", f"{instrument.slug} has no scale {rule.scale!r}"
    elif rule.kind == "cutoff" and published_cutoff(rule, instrument) is None:
        yield "value", f"{instrument.slug} has no published cut-off of {rule.scale!r} {rule.side} {rule.value}"


def published_cutoff(rule: SignalRule, instrument: Instrument) -> Cutoff | None:
    """The cut-off of the form's file that a row goes by: its author's and verified; there is no other."""
    fitting = [one for one in instrument.cutoffs if (one.scale, one.side, one.value) == (rule.scale, rule.side, rule.value)]
    return next((one for one in fitting if one.certainty == "verified"), None)


def _together(rules: Sequence[SignalRule]) -> Iterator[tuple[str, str]]:
    """What is wrong between two rows of one rule."""
    for one, other in combinations(rules, 2):
        if one.id == other.id and one.version == other.version:
            yield "rule.version", f"{one.id} version {one.version} appears twice; a changed rule is a new version"
        if one.id == other.id and overlap(one.valid_from, one.retired, other.valid_from, other.retired):
            yield "rule.retired", f"{one.id} is valid twice on {max(one.valid_from, other.valid_from)}; retire one of the two"


def overlap(begin: date, end: date | None, other_begin: date, other_end: date | None) -> bool:
    """Whether two stretches of time, each up to the day before its end, share a day."""
    return (other_end is None or begin < other_end) and (end is None or other_begin < end)
