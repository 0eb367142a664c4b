"""A language in which every word of ours is a blank, so that what is left can only be a record's own words and numbers."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from fhir_mappings.sentence import ENGLISH, Conjunction, DateForm, Sentence

ROOT = Path(__file__).resolve().parents[2] / "fhir_mappings"
# A word outside of a place.
_OURS = re.compile(r"[^\W\d_]+(?![^{}]*\})")
_WORDS = re.compile(r"[^\W\d_]+")


class Blank:
    """Words as blanks; dates as in English, as they are values."""

    code = "en-XB"

    def text(self, text: str) -> str:
        """Places and signs stay."""
        return _OURS.sub("_", text)

    def counted(self, one: str, many: str, n: int) -> str:
        """As in English."""
        return self.text(ENGLISH.counted(one, many, n))

    def date(self, day: date, form: DateForm) -> str:
        """As ISO 8601."""
        return f"{day.isoformat()}"

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """With signs."""
        return {"and": " & ", "or": " | "}[conjunction].join(parts)


BLANK = Blank()


def words(text: str) -> set[str]:
    return {word.casefold() for word in _WORDS.findall(text)}


def words_of(given: Any) -> set[str]:
    """Every word of a record."""
    return words(json.dumps(given, default=str, ensure_ascii=False))


def left_over(said: str) -> set[str]:
    """The words that no other language could replace."""
    return words(said.said(BLANK)) if isinstance(said, Sentence) else words(said)


def codes_in(folder: str, *names: str) -> Iterator[str]:
    """The reason codes that a room writes out: the first argument, or `code`, of the calls of those names."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
                yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))
