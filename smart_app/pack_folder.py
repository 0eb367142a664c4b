"""What a site adds, read from its files: the folder of wording packs and confirmations, for `fhir_mappings.site.installation`, and the
file of its own codes, for `fhir_mappings.measures.added_codes`, that of its options, for `fhir_mappings.options`, and that of its word on
what may speak up, for `fhir_mappings.reliable_change.signals`."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from msgspec.structs import replace

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.data_files.text_rules import shown
from fhir_mappings.instruments.library import Library
from fhir_mappings.measures import catalogue
from fhir_mappings.measures.added_codes import with_added_codes
from fhir_mappings.measures.measure import Measure
from fhir_mappings.options.option_files import OPTIONS_PAGE, with_site_options
from fhir_mappings.options.practice_option import OptionBook
from fhir_mappings.reliable_change.signals.rule_rows import PAGE as TERMS_PAGE
from fhir_mappings.reliable_change.signals.signal_terms import Terms, with_site_terms
from fhir_mappings.site import key_confirmations
from fhir_mappings.site.installation import Installed, install
from fhir_mappings.site.wording_packs import LARGEST, PAGE

# UTF-8 needs at most four bytes for a character.
_LARGEST_FILE = 4 * LARGEST


def install_folder(shipped: Library, folder: Path | None, *, today: date) -> Installed:
    """The shipped instruments with everything in `folder` applied; as they ship where there is none. DataFileError when the folder
    itself cannot be read; files in it that cannot be read or used are collected, those of confirmations first, then by name."""
    files = _files(folder) if folder else []
    read = [(file.name, _text(file)) for file in files if file.suffix == ".toml"]
    found = install(shipped, [(name, text) for name, text in read if isinstance(text, str)], today=today)
    unreadable = [text for _, text in read if isinstance(text, DataFileError)]
    return replace(
        found,
        broken=_in_order([*unreadable, *found.broken]),
        passed_over=tuple(shown(file.name) for file in files if file.suffix != ".toml"),
    )


def with_site_codes(measures: Sequence[Measure], file: Path | None) -> tuple[Measure, ...]:
    """The measures with the codes of the site's file; as they ship where there is none. DataFileError when it cannot be read or used."""
    if file is None:
        return tuple(measures)
    text = _text(file, page=catalogue.PAGE)
    if isinstance(text, DataFileError):
        raise text
    return with_added_codes(measures, text, file=shown(file.name))


def with_options_of_site(book: OptionBook, file: Path | None) -> OptionBook:
    """The options as the site's file changes them; as they ship where there is none. DataFileError when it cannot be read or used."""
    if file is None:
        return book
    text = _text(file, page=OPTIONS_PAGE)
    if isinstance(text, DataFileError):
        raise text
    return with_site_options(book, text, file=shown(file.name))


def with_terms_of_site(terms: Terms, file: Path | None, *, library: Library) -> Terms:
    """What ratings are judged by, as the site's file changes it; as it ships where there is none. DataFileError when it cannot be read or
    used."""
    if file is None:
        return terms
    text = _text(file, page=TERMS_PAGE)
    if isinstance(text, DataFileError):
        raise text
    return with_site_terms(terms, text, file=shown(file.name), library=library)


def _in_order(broken: Iterable[DataFileError]) -> tuple[DataFileError, ...]:
    return tuple(sorted(broken, key=lambda one: (one.file != key_confirmations.FILE, one.file)))


def _files(folder: Path) -> list[Path]:
    """What lies in the folder, by name. Names that begin with a dot are a file system's or an editor's own."""
    try:
        return sorted((file for file in folder.iterdir() if not file.name.startswith(".")), key=lambda file: file.name)
    except OSError as error:
        raise DataFileError(shown(str(folder)), "(folder)", f"cannot be read: {error.strerror}", page=PAGE) from error


def _text(file: Path, *, page: str = PAGE) -> str | DataFileError:
    """A file's text, or why it has none."""
    try:
        if file.stat().st_size > _LARGEST_FILE:
            return DataFileError(shown(file.name), "(file)", f"has more than {LARGEST // 1024} KiB", page=page)
        return file.read_text(encoding="utf-8")
    except OSError as error:
        return DataFileError(shown(file.name), "(file)", f"cannot be read: {error.strerror}", page=page)
    except UnicodeDecodeError as error:
        return DataFileError(shown(file.name), "(file)", f"is no UTF-8 text, at byte {error.start}", page=page)
