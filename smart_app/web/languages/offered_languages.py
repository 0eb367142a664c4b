"""Which languages a site offers, and which of them somebody wants. Babel, and with it the catalogues, is imported where a site offers more
than English: it takes a tenth of the time of a start."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from fhir_mappings.sentence import Language
from smart_app.errors import ConfigurationError
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, RIGHT_TO_LEFT, PseudoLanguage

SETTING = "RAPPORT_LANGUAGES"
_ENGLISH = "en"
_HELP = "docs/languages.md says how a language is begun, completed and switched on."
# Browsers send a hundred characters, with twenty languages two hundred. What is longer is no reader's wish and is not taken apart.
_LONGEST_HEADER, _LONGEST_NAME = 1024, 100
_ANY = "*"
_REGION, _SCRIPT = 2, 4
# No language: CLDR would make English of it.
_UNDETERMINED = "und"
# After the name of a language: `Spanish; Castilian` (ISO 639-2), `German (Switzerland)`.
_NAME_ENDS = re.compile(r"[;,(/]")


class OfferedLanguage(Struct, frozen=True, kw_only=True):
    """One of them: its `name` in itself, and in small letters what else it is called in headers and records."""

    language: PageLanguage
    name: str
    known_as: frozenset[str]

    @property
    def code(self) -> str:
        """As in `lang` of a page."""
        return self.language.code


_OFFERED_ENGLISH = OfferedLanguage(language=ENGLISH_PAGE, name="English", known_as=frozenset({_ENGLISH, "eng", "english"}))


class OfferedLanguages(Struct, frozen=True, kw_only=True):
    """The languages of a site; the first is what a reader gets who asks for none of them."""

    all: tuple[OfferedLanguage, ...] = (_OFFERED_ENGLISH,)

    @property
    def several(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.all) > 1

    @property
    def first(self) -> PageLanguage:
        """The site's own."""
        return self.all[0].language

    def of_code(self, code: str) -> PageLanguage | None:
        """The one of exactly that code."""
        return next((one.language for one in self.all if one.code == code), None)

    def for_browser(self, header: str) -> PageLanguage:
        """The best for an `Accept-Language`, as RFC 4647 3.4 looks it up: the wishes one after the other, each shortened until one fits, so
        that `de-AT, en;q=0.5` has German (`LanguageAccept.best_match` takes an exact match of any rank first)."""
        if len(header) > _LONGEST_HEADER:
            return self.first
        asked = list(parse_accept_header(header, LanguageAccept))
        refused = {tag.casefold() for tag, quality in asked if quality <= 0}
        wanted = sorted((one for one in asked if one[1] > 0), key=lambda one: one[1], reverse=True)
        found = (self._first_but(refused) if tag == _ANY else self._called(tag) for tag, _ in wanted)
        return next((one.language for one in found if one and one.code.casefold() not in refused), self.first)

    def of_patient(self, called: Iterable[str]) -> PageLanguage | None:
        """The first that a record's codes and names of languages mean; what means none is passed over."""
        words = [name for name in called if len(name) <= _LONGEST_NAME]
        found = (self._called(name) or self._called(_NAME_ENDS.split(name)[0].strip()) for name in words)
        return next((one.language for one in found if one), None)

    def _called(self, name: str) -> OfferedLanguage | None:
        """By a code, whole or shortened, or a name; else by a code that begins as this one's does, `pt-BR` for `pt`, in the same script."""
        shorter = list(_shortened(name.casefold().replace("_", "-")))
        if not shorter or not self.several:
            return next((one for short in shorter for one in self.all if short in one.known_as), None)
        tags = [shorter[0], *_shortened(_in_full(shorter[0])), *shorter]
        exact = next((one for tag in tags for one in self.all if tag in one.known_as), None)
        alike = (one for one in self.all if one.code.casefold().startswith(f"{shorter[-1]}-"))
        return exact or next((one for one in alike if _script(one.code) == _script(shorter[0])), None)

    def _first_but(self, refused: Iterable[str]) -> OfferedLanguage | None:
        return next((one for one in self.all if one.code.casefold() not in refused), None)


ENGLISH_ALONE = OfferedLanguages()


def offered_languages(codes: Iterable[str]) -> OfferedLanguages:
    """The languages of these codes in their order, and English. ConfigurationError for one that cannot be offered."""
    return OfferedLanguages(all=tuple(_offered(code) for code in dict.fromkeys([*codes, _ENGLISH])))


def complete_catalogues() -> tuple[str, ...]:
    """The codes of all that Rapport brings and a site can offer, English first."""
    from smart_app.web.languages.language_catalogue import shipped  # noqa: PLC0415 - with Babel

    return (_ENGLISH, *(code for code in shipped() if _is_complete(code)))


def language_name(code: str, language: PageLanguage) -> str:
    """What the language of that code is called, for a page in `language`; the code where nobody knows."""
    from babel import Locale  # noqa: PLC0415 - where a page shows words in another language than its own
    from babel.core import UnknownLocaleError  # noqa: PLC0415

    try:
        own = Locale.parse(_ENGLISH if _is_pseudo(language.code) else language.code, sep="-")
        return str(Locale.parse(code, sep="-").get_language_name(own) or code)
    except (ValueError, UnknownLocaleError):
        return code


class LanguageName(Struct, frozen=True):
    """A language as a value of a sentence: what it is called in the language that the sentence is said in, with its region where it has
    one; the code where nobody knows."""

    code: str

    def said(self, language: Language) -> str:
        """Its name."""
        from babel import Locale  # noqa: PLC0415 - where two languages are on one chart
        from babel.core import UnknownLocaleError  # noqa: PLC0415

        try:
            own = Locale.parse(_ENGLISH if _is_pseudo(language.code) else language.code, sep="-")
            return str(Locale.parse(self.code, sep="-").get_display_name(own) or self.code)
        except (ValueError, UnknownLocaleError):
            return self.code


def _offered(code: str) -> OfferedLanguage:
    if code == _ENGLISH:
        return _OFFERED_ENGLISH
    if _is_pseudo(code):
        return OfferedLanguage(language=PseudoLanguage(code=code), name=code, known_as=frozenset({code.casefold()}))
    return _by_catalogue(code)


def _by_catalogue(code: str) -> OfferedLanguage:
    from babel.core import get_global  # noqa: PLC0415

    from smart_app.web.languages.catalogue_language import CatalogueLanguage  # noqa: PLC0415 - with Babel
    from smart_app.web.languages.language_catalogue import read_catalogue, shipped  # noqa: PLC0415

    if code not in shipped():
        there = ", ".join((_ENGLISH, *shipped()))
        raise ConfigurationError(f"{SETTING} names {code!r}, and there is no catalogue of it, only {there}. {_HELP}", where=SETTING)
    try:
        catalogue = read_catalogue(code)
    except ConfigurationError as wrong:
        can = ", ".join(complete_catalogues())
        told = f"{SETTING} names {code!r}. {wrong.user_message} Take it out, or complete it; there are {can}. {_HELP}"
        raise ConfigurationError(told, where=SETTING, detail=wrong.detail) from wrong
    own = str(catalogue.locale.get_display_name())
    aliases = {old for old, new in get_global("language_aliases").items() if new == code}
    known = {code, own, str(catalogue.locale.english_name), *aliases}
    return OfferedLanguage(
        language=CatalogueLanguage(catalogue=catalogue),
        name=own[:1].upper() + own[1:],
        known_as=frozenset(one.casefold() for one in known),
    )


def _is_complete(code: str) -> bool:
    from smart_app.web.languages.language_catalogue import read_catalogue  # noqa: PLC0415 - with Babel

    try:
        read_catalogue(code)
    except ConfigurationError:
        return False
    return True


def _is_pseudo(code: str) -> bool:
    return code in {LEFT_TO_RIGHT, RIGHT_TO_LEFT}


def _in_full(tag: str) -> str:
    """`zh-tw` as `zh-hant-tw`: where a language is written in several ways, readers of a region that is written otherwise cannot read what
    the language alone stands for. CLDR's likely subtags; the tag itself where it names a script, or CLDR has nothing on it."""
    from babel.core import get_global  # noqa: PLC0415

    language, *others = tag.split("-")
    region = next((other.upper() for other in others if len(other) == _REGION), "")
    if language == _UNDETERMINED or any(len(other) == _SCRIPT for other in others):
        return tag
    likely = get_global("likely_subtags")
    return (likely.get(f"{language}_{region}") or likely.get(language) or tag).casefold().replace("_", "-")


def _script(tag: str) -> str:
    return next((part for part in _in_full(tag.casefold()).split("-")[1:] if len(part) == _SCRIPT), "")


def _shortened(tag: str) -> Iterator[str]:
    """`zh-hant-tw`, `zh-hant`, `zh`."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
