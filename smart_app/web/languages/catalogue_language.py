"""A language by its catalogue."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date
from babel.lists import format_list
from msgspec import Struct

from fhir_mappings.sentence import ENGLISH, Conjunction, DateForm
from smart_app.web.languages.language_catalogue import LanguageCatalogue
from smart_app.web.languages.page_language import Direction
from smart_app.web.languages.safety_texts import safety_texts

# Staff read a day the same way in every language, with its names of months; a patient as the language writes it.
_PATTERNS = {"day": "dd-MMM-yyyy", "month": "MMM-yyyy", "year": "yyyy", "month_name": "LLL"}


class CatalogueLanguage(Struct, frozen=True, kw_only=True):
    """What the catalogue has not got is English: a site's own texts, a record's."""

    catalogue: LanguageCatalogue

    @property
    def code(self) -> str:
        """As in `lang` of a page."""
        return self.catalogue.code

    @property
    def direction(self) -> Direction:
        """As in `dir` of a page."""
        return "rtl" if self.catalogue.locale.text_direction == "rtl" else "ltr"

    def text(self, text: str) -> str:
        """The catalogue's text."""
        return self.catalogue.texts.get(text, text)

    def counted(self, one: str, many: str, n: int) -> str:
        """The plural form that gettext's rule of the language gives."""
        forms = self.catalogue.plurals.get(one)
        return forms[self.catalogue.form(n)] if forms else ENGLISH.counted(one, many, n)

    def needs_english(self, text: str) -> bool:
        """Of a safety text, where the catalogue names nobody who has reviewed them."""
        return self.catalogue.reviewer is None and text in safety_texts()

    def date(self, day: date, form: DateForm) -> str:
        """CLDR's names of months, without the point that some languages end a short one with."""
        return _date(day, form, str(self.catalogue.locale))

    def listed(self, parts: list[str], conjunction: Conjunction) -> str:
        """CLDR's way."""
        return format_list(parts, style="standard" if conjunction == "and" else "or", locale=self.catalogue.locale)


@lru_cache(maxsize=8192)  # as `formats.short_date`: one page names the same days again and again
def _date(day: date, form: DateForm, locale: str) -> str:
    if form == "long":
        return format_date(day, "long", locale=locale)
    return format_date(day, _PATTERNS[form], locale=locale).replace(".", "")
