"""A catalogue: every text of pages and code in another language, read from a gettext file of `smart_app/locales/`."""

import gettext
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po
from msgspec import Struct

from smart_app.errors import ConfigurationError
from smart_app.web.languages.catalogue_faults import faults_of, forms_of
from smart_app.web.languages.safety_texts import reviewer_of
from smart_app.web.languages.untranslated import untranslated

LOCALES = Path(__file__).parents[2] / "locales"
TEMPLATE = LOCALES / "rapport.pot"


class LanguageCatalogue(Struct, frozen=True, kw_only=True):
    """`texts` by the English; those that have a plural by the form for one, with as many forms as the language has, of which `form` is the
    place of the one for a number. `reviewer` is who read the safety texts, None where nobody has."""

    locale: Locale
    texts: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]
    reviewer: str | None

    @property
    def code(self) -> str:
        """As in `lang` of a page."""
        return str(self.locale).replace("_", "-")


def shipped() -> tuple[str, ...]:
    """The codes of the catalogues that come with Rapport."""
    return tuple(sorted(path.name.replace("_", "-") for path in LOCALES.iterdir() if path.is_dir()))


def file_of(code: str) -> Path:
    """Where the catalogue of a language is."""
    return LOCALES / code.replace("-", "_") / "LC_MESSAGES" / "rapport.po"


def read_catalogue(code: str, path: Path | None = None) -> LanguageCatalogue:
    """A complete catalogue. Raises ConfigurationError, with what is wrong, for one that is not."""
    path = path or file_of(code)
    read = parsed(code, path)
    wrong = faults_of(read, _template(TEMPLATE), lacking=untranslated())
    if wrong:
        found = f"{code}: {len(wrong)}, the first: {wrong[0]}"
        raise ConfigurationError("A language cannot be offered: its catalogue is not complete.", where=path.name, detail=found)
    messages = [message for message in read if message.id and all(forms_of(message))]
    return LanguageCatalogue(
        locale=Locale.parse(code, sep="-"),
        texts={message.id: str(message.string) for message in messages if isinstance(message.id, str)},
        plurals={message.id[0]: forms_of(message) for message in messages if isinstance(message.id, tuple)},
        form=gettext.c2py(read.plural_expr),
        reviewer=reviewer_of(read),
    )


@cache  # every catalogue is held to the same one, and reading it takes longer than that
def _template(path: Path) -> Catalog:
    return parsed("en", path)


def parsed(code: str, path: Path) -> Catalog:
    """A gettext file as it is, complete or not. Raises ConfigurationError for one that is none."""
    try:
        with path.open("rb") as file:
            return read_po(file, locale=Locale.parse(code, sep="-") if code != "en" else None, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as wrong:
        found = f"{code}: {type(wrong).__name__}"
        raise ConfigurationError("A language’s catalogue cannot be read.", where=path.name, detail=found) from None
