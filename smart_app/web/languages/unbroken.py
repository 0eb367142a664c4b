"""What must not break over two lines inside of a sentence: a day, of which a browser would take the hyphens for places to break at, and a
value with its unit. Where it stands only the sentence in its language tells, so the pieces are made when it is put out."""

from datetime import date

from msgspec import Struct

from fhir_mappings.sentence import Conjunction, DateForm, Language, Sentence, Value, said
from smart_app.web.languages.english_beneath import Noticing
from smart_app.web.languages.page_language import PageLanguage

_SEAM = "\x1f"  # before and after it; no page holds this character


class Unbroken(Struct, frozen=True):
    """A value that stays on one line."""

    part: Value

    def said(self, language: Language) -> str:
        """As it is, and marked where pieces are asked for."""
        return _marked(said(self.part, language.language)) if isinstance(language, _WithSeams) else said(self.part, language)


class _WithSeams(Struct, frozen=True):
    """A language that shows where a value begins and ends."""

    language: Language

    @property
    def code(self) -> str:
        return self.language.code

    def text(self, text: str) -> str:
        return self.language.text(text)

    def counted(self, one: str, many: str, n: int) -> str:
        return self.language.counted(one, many, n)

    def date(self, day: date, form: DateForm) -> str:
        return _marked(self.language.date(day, form))

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        return self.language.listed(parts, conjunction)


def _marked(text: str) -> str:
    return f"{_SEAM}{text.replace(_SEAM, ' ')}{_SEAM}"


def pieces_of(sentence: Sentence, language: PageLanguage) -> list[str]:
    """The sentence in pieces, of which every second one stays on one line."""
    noticing = Noticing(language)
    return f"{sentence.said(_WithSeams(noticing))}{noticing.beneath(sentence)}".split(_SEAM)
