"""What a page needs of a language."""

from typing import Literal, Protocol

from fhir_mappings.sentence import English, Language

Direction = Literal["ltr", "rtl"]


class PageLanguage(Language, Protocol):
    """A language, as a page names it."""

    @property
    def direction(self) -> Direction:
        """`dir` of the page."""

    def needs_english(self, text: str) -> bool:
        """Whether a text must not be misunderstood and nobody has reviewed it in this language."""


class EnglishPage(English):
    """English, which needs no catalogue."""

    direction: Direction = "ltr"

    def needs_english(self, text: str) -> bool:  # noqa: ARG002 - as every language has it
        """Never."""
        return False


ENGLISH_PAGE = EnglishPage()
