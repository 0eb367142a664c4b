"""A language for tests that anybody can read: every text in brackets and longer by two fifths, as German is, and on request from right to
left. What stands on a page without brackets was not said through a catalogue."""

import re
from datetime import date
from textwrap import wrap

from msgspec import Struct

from fhir_mappings.sentence import ENGLISH, Conjunction, DateForm
from smart_app.web.languages.page_language import Direction

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "en-XA", "ar-XB"  # as Android, Chromium and CLDR's keyboards call their pseudo-locales
_OPEN, _CLOSE, _FILLER = "⟦", "⟧", "~"
_LONGER, _LONG_WORD = 0.4, 12
_NO_TEXT = re.compile(r"\{\w*\}|%\(\w+\)[sd]|<[^>]+>|&\w+;|[^\w]")


def _filler(length: int) -> str:
    """In words of the length that long ones have, so that lines break as they do between words."""
    return " ".join(_FILLER * len(word) for word in wrap("x" * length, _LONG_WORD))


class PseudoLanguage(Struct, frozen=True, kw_only=True):
    """English in brackets."""

    code: str

    @property
    def direction(self) -> Direction:
        """As in `dir` of a page."""
        return "rtl" if self.code == RIGHT_TO_LEFT else "ltr"

    def text(self, text: str) -> str:
        """`⟦Receipt~~~⟧`; what has no letter of its own stays."""
        letters = len(_NO_TEXT.sub("", text))
        return f"{_OPEN}{text}{_filler(round(letters * _LONGER))}{_CLOSE}" if letters else text

    def counted(self, one: str, many: str, n: int) -> str:
        """As in English."""
        return self.text(ENGLISH.counted(one, many, n))

    def date(self, day: date, form: DateForm) -> str:
        """As in English: a date is data."""
        return ENGLISH.date(day, form)

    def needs_english(self, text: str) -> bool:  # noqa: ARG002 - as every language has it
        """Never: it is English."""
        return False

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """With its `and` in brackets too."""
        return f" {self.text(conjunction)} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
