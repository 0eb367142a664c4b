"""Which unit a text names, in the words of clinics and interfaces: those of `files/unit-words.toml`. A text that holds any other word names
nothing."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

from msgspec import Struct
from pydantic import Field

from fhir_mappings.data_files.strict_toml import Strict, parse_toml

FILE = "unit-words.toml"
PAGE = "docs/add-a-measure.md"
# Longer texts are notes, not units.
_LONGEST = 60
# A dot at a word's end ("lbs."), and what stands around or joins words ("[lb_av]", "{1.73_m2}").
_NOISE = re.compile(r"\.(?=\s|/|$)|[\[\](){}_]")
# "per cent" is one word, and no division.
_ONE_WORD = re.compile(r"\bper (?=cent\b|mill?e?\b)|\bpour (?=cent\b)")
_COMMA = re.compile(r"(?<=\d),(?=\d)")


class _WordRow(Strict):
    code: str = Field(min_length=1)
    words: tuple[str, ...] = Field(min_length=1)
    prefixed: bool = False


class _WordsFile(Strict):
    per: tuple[str, ...] = Field(min_length=1)
    left_out: tuple[str, ...]
    prefix: tuple[_WordRow, ...]
    unit: tuple[_WordRow, ...] = Field(min_length=1)


class _Words(Struct, frozen=True):
    """Words ready to look up: `units` by the words of one factor, `joins` what divides the next one."""

    units: Mapping[str, str]
    left_out: frozenset[str]
    joins: frozenset[str]


def plain_words(text: str) -> str:
    """The text as it is compared: one form of every letter and power, small, one space between words."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("μ", "u")
    spaced = _NOISE.sub(" ", _COMMA.sub(".", folded).replace("^", "").replace("**", ""))
    return _ONE_WORD.sub(lambda found: found[0].strip(), " ".join(spaced.replace("/", " / ").split()))


def unit_named(text: str) -> str | None:
    """The unit in UCUM; None where the text names none, or holds a word not known here."""
    return _named(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=256)
def _named(text: str) -> str | None:
    words = _words()
    factors: list[list[str]] = [[]]
    for word in plain_words(text).split():
        if word in words.joins:
            factors.append([])
        elif word not in words.left_out:
            factors[-1].append(word)
    codes = [words.units.get(" ".join(factor), "") for factor in factors]
    return "/".join(codes) if all(codes) else None


@cache
def _words() -> _Words:
    """The file, read when the first text has to be understood: most units are coded and written alike."""
    text = (files("fhir_mappings.measures.units") / "files" / FILE).read_text(encoding="utf-8")
    return _read(parse_toml(text, _WordsFile, file=FILE, page=PAGE))


def _read(part: _WordsFile) -> _Words:
    units = {plain_words(word): row.code for row in part.unit for word in row.words}
    for prefix in part.prefix:
        for row in (one for one in part.unit if one.prefixed):
            units |= {plain_words(f"{first}{word}"): f"{prefix.code}{row.code}" for first in prefix.words for word in row.words}
    return _Words(units, frozenset(part.left_out), frozenset(part.per))
