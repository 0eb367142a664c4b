"""What a page needs of a language."""

import re
from typing import Literal, Protocol

from fhir_mappings.sentence import English, Language

Direction = Literal["ltr", "rtl"]

# Around the English that stands beneath a safety text that nobody has reviewed: characters of Unicode's private use. Only where it ends up,
# among the words of a page or in an attribute, decides how it can be shown.
BENEATH, END = "\ue000", "\ue001"
_NO_MARKUP_INSIDE = "title|text|option|textarea|script|style"
_PLACES = re.compile(
    rf"(?P<plain><(?P<name>{_NO_MARKUP_INSIDE})\b.*?</(?P=name)>|<[^<>]*>)|{BENEATH}(?P<english>[^{END}]*){END}", re.DOTALL | re.IGNORECASE
)


class PageLanguage(Language, Protocol):
    """A language, as a page names it."""

    @property
    def code(self) -> str:
        """`lang` of the page."""

    @property
    def direction(self) -> Direction:
        """`dir` of the page."""


class EnglishPage(English):
    """English, which needs no catalogue."""

    code = "en"
    direction: Direction = "ltr"


ENGLISH_PAGE = EnglishPage()


def with_english_beneath(page: str) -> str:
    """The page, its English placed: beneath the words it belongs to, and after them where there can be no element."""
    return _PLACES.sub(_placed, page) if BENEATH in page else page


def _placed(found: re.Match[str]) -> str:
    plain = found["plain"]
    if plain is not None:
        return plain.replace(BENEATH, " (").replace(END, ")") if BENEATH in plain else plain
    return f'<span class="beneath" lang="en" dir="ltr">{found["english"]}</span>'
