"""Dates on a page that is read from right to left. A date begins and ends with digits, which have no direction of their own: between words
of the other direction the day would stand after the year (Unicode Standard Annex 9). Apart from what is around it, it keeps its order."""

from datetime import date

from msgspec import Struct

from fhir_mappings.sentence import Conjunction, DateForm
from smart_app.web.languages.page_language import Direction, PageLanguage

_APART = "\u2068{}\u2069"
# Those that begin with digits and end with some; a month with its year is one run in either direction.
_DIVIDED: frozenset[DateForm] = frozenset({"day", "long"})


class UndividedDates(Struct, frozen=True):
    """A language as a page puts it out."""

    language: PageLanguage

    @property
    def code(self) -> str:
        """As in the language."""
        return self.language.code

    @property
    def direction(self) -> Direction:
        """As in the language."""
        return self.language.direction

    def text(self, text: str) -> str:
        """As in the language."""
        return self.language.text(text)

    def counted(self, one: str, many: str, n: int) -> str:
        """As in the language."""
        return self.language.counted(one, many, n)

    def needs_english(self, text: str) -> bool:
        """As in the language."""
        return self.language.needs_english(text)

    def date(self, day: date, form: DateForm) -> str:
        """With its own direction, whatever stands around it."""
        text = self.language.date(day, form)
        return _APART.format(text) if form in _DIVIDED else text

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """As in the language."""
        return self.language.listed(parts, conjunction)


def with_undivided_dates(language: PageLanguage) -> PageLanguage:
    """The language for a page; one from left to right as it is."""
    return UndividedDates(language) if language.direction == "rtl" else language
