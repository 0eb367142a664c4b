"""What must not be misunderstood, said with its English beneath until somebody has reviewed it in the page's language: the English of all
that is said there in one, values included, since half a sentence could be misunderstood too."""

import re
from datetime import date

from msgspec import Struct

from fhir_mappings.sentence import Conjunction, DateForm, Sentence, Value, said
from smart_app.web.languages.page_language import PageLanguage

# Around the English: characters of Unicode's private use. Only where it ends up, among the words of a page or in an attribute, decides how
# it can be shown.
_BENEATH, _END = "\ue000", "\ue001"
_NO_MARKUP_INSIDE = "title|text|option|textarea|script|style"
_PLACES = re.compile(
    rf"(?P<plain><(?P<name>{_NO_MARKUP_INSIDE})\b.*?</(?P=name)>|<[^<>]*>)|{_BENEATH}(?P<english>[^{_END}]*){_END}",
    re.DOTALL | re.IGNORECASE,
)


class Noticing(Struct):
    """A language that notices whether what is said in it needs the English beneath."""

    language: PageLanguage
    needs_english: bool = False

    @property
    def code(self) -> str:
        """As in the language."""
        return self.language.code

    def text(self, text: str) -> str:
        """As in the language."""
        self.needs_english = self.needs_english or self.language.needs_english(text)
        return self.language.text(text)

    def counted(self, one: str, many: str, n: int) -> str:
        """As in the language."""
        self.needs_english = self.needs_english or self.language.needs_english(one)
        return self.language.counted(one, many, n)

    def date(self, day: date, form: DateForm) -> str:
        """As in the language."""
        return self.language.date(day, form)

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """As in the language."""
        return self.language.listed(parts, conjunction)

    def beneath(self, english: str) -> str:
        """What follows the words: their English where it is needed."""
        return f"{_BENEATH}{english}{_END}" if self.needs_english else ""


def say(value: Value, language: PageLanguage) -> str:
    """A value for a page in a language."""
    if not isinstance(value, Sentence):
        return said(value, language)
    noticing = Noticing(language)
    return f"{value.said(noticing)}{noticing.beneath(value)}"


def say_in_plain_text(value: Value, language: PageLanguage) -> str:
    """A value where there is no markup, for a script."""
    return _in_plain_text(say(value, language))


def said_with_english(value: Value, language: PageLanguage) -> tuple[str, str]:
    """A value, and the English that stands beneath it, "" where none has to."""
    if not isinstance(value, Sentence):
        return said(value, language), ""
    noticing = Noticing(language)
    words = value.said(noticing)
    return words, str(value) if noticing.needs_english else ""


def with_english_beneath(page: str) -> str:
    """The page, its English placed: beneath the words it belongs to, and after them where there can be no element."""
    return _PLACES.sub(_placed, page) if _BENEATH in page else page


def _placed(found: re.Match[str]) -> str:
    plain = found["plain"]
    if plain is not None:
        return _in_plain_text(plain)
    return f'<span class="beneath" lang="en" dir="ltr">{found["english"]}</span>'


def _in_plain_text(text: str) -> str:
    return text.replace(_BENEATH, " (").replace(_END, ")") if _BENEATH in text else text
