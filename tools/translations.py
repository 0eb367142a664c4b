"""`make translations`: every text of code and templates into `rapport.pot`, and the catalogues brought up to it.

`--check` writes nothing and ends with 1 when the template is not what the texts give. Needs Babel, which the app needs too."""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "smart_app" / "locales"
TEMPLATE = LOCALES / "rapport.pot"
_KEYWORDS = {"Sentence": None, "counted": (1, 2), "gettext": None, "ngettext": (1, 2)}
_CODE = ("fhir_mappings", "smart_app")
# The embedded EHR is another product in English, and the command line's own words stay English.
_ENGLISH = ("smart_app/sandbox", "smart_app/cli")
_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
# What pages show of the data files that ship: key by key, as `fhir_mappings` (`Shown`) and `smart_app.registration` read them. Not an
# instrument's description, rights and sources, which stand in published definitions and on the command line, nor the words of its form: a
# form in another language is another form, with a permission of its own.
_OF_MEASURES = (
    "group.title", "group.reporter", "section.title", "measure.title", "measure.short", "measure.about", "measure.direction",
    "measure.parts", "measure.units.method", "measure.codes.method", "measure.codes.exclude",
)  # fmt: skip
_OF_INSTRUMENTS = (
    "instrument.title", "instrument.direction", "instrument.recall", "rights.licence", "scale.title", "scale.about", "scale.direction",
    "reliability.interval", "cutoff.meaning", "cutoff.population",
)  # fmt: skip
_OF_SIGNALS = ("rule.title", "error.interval")
_OF_FEATURES = ("feature.title", "feature.without")
_OF_OPTIONS = ("option.sentence", "option.when", "option.basis", "option.caution")
_FILES = {
    "fhir_mappings/measures/files": _OF_MEASURES,
    "fhir_mappings/instruments/files": _OF_INSTRUMENTS,
    "fhir_mappings/reliable_change/signals/files": _OF_SIGNALS,
    "fhir_mappings/instruments/translations": ("translation.review",),
    "smart_app/registration": _OF_FEATURES,
    "fhir_mappings/options/files": _OF_OPTIONS,
}
_WIDTH = 140
_OF_THE_DAY = (b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By')
_PLACES = re.compile(r"\{\w*\}|%\(\w+\)[sd]")
_TEMPLATE_HEADER = "# Every text of Rapport's pages. Written by `make translations` from code and templates."
_HEADER = "# Rapport in {language}.\n# Safety texts reviewed by: none"


def extracted() -> Catalog:
    """The template, texts in the order of their files. A text without a letter needs no translation."""
    template = Catalog(project="Rapport", charset="utf-8", fuzzy=False)
    template.header_comment = _TEMPLATE_HEADER
    for path in _files():
        method, options = ("jinja2", _OPTIONS) if path.suffix == ".html" else ("python", {})
        place = str(path.relative_to(ROOT))
        for line, message, comments, context in extract_from_file(method, path, _KEYWORDS, ("TRANSLATORS:",), options):
            if any(sign.isalpha() for sign in _without_places(message)):
                template.add(message, locations=[(place, line)], auto_comments=comments, context=context)
    for place, text in texts_of_data_files():
        if any(sign.isalpha() for sign in text):
            template.add(text, locations=[(place, 0)])
    return template


def texts_of_data_files() -> Iterator[tuple[str, str]]:
    """Each (file, text) that pages show of the measures, instruments, features and options that ship."""
    for folder, keys in _FILES.items():
        for path in sorted((ROOT / folder).glob("*.toml")):
            part = tomllib.loads(path.read_text(encoding="utf-8"))
            found = [text for key in keys for text in _at(part, key.split("."))]
            yield from ((str(path.relative_to(ROOT)), text) for text in (*found, *_of_forms(part)))


def _of_forms(part: Mapping[str, object]) -> Iterator[str]:
    """A scale's title as it stands within a sentence too, what is said to whoever types in a sheet, and what a form is called that ships
    without wording."""
    yield from (title.lower() for title in _at(part, ["scale", "title"]))
    yield from (rule for form in _tables(part.get("form")) for rule in _at(form, ["sheet"]))
    if not any((*_at(part, ["instrument", "language"]), *_at(part, ["translation", "language"]))):
        yield from (title for form in _tables(part.get("form")) for title in _at(form, ["title"]))


def _at(node: object, steps: Iterable[str]) -> Iterator[str]:
    """The texts under a key, of every table of an array and every line of a list."""
    step, *others = [*steps] or [""]
    if isinstance(node, list):
        yield from (text for one in node for text in _at(one, steps))
    elif isinstance(node, str) and not step:
        yield node
    elif isinstance(node, dict) and step in node:
        yield from _at(node[step], others)


def _tables(node: object) -> Iterable[object]:
    return node.values() if isinstance(node, dict) else ()


def _files() -> Iterator[Path]:
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not str(path.relative_to(ROOT)).startswith(_ENGLISH):
                yield path
    yield from sorted((ROOT / "templates").rglob("*.html"))


def _without_places(message: str | tuple[str, ...]) -> str:
    return _PLACES.sub("", message if isinstance(message, str) else message[0])


def updated(template: Catalog, path: Path) -> Catalog:
    """A catalogue with the texts of the template: new ones empty, old ones gone; nothing is guessed from texts alike."""
    code = path.parents[1].name
    if path.exists():
        with path.open("rb") as file:
            found = read_po(file, locale=code)
    else:
        found = Catalog(locale=code, project="Rapport", charset="utf-8", fuzzy=False)
        found.header_comment = _HEADER.format(language=found.locale.english_name if found.locale else code)
    found.update(template, no_fuzzy_matching=True, update_header_comment=False)
    found.fuzzy = False
    return found


def written(catalogue: Catalog) -> bytes:
    """The file's content, without dates and lines, so that it changes with the texts alone."""
    file = BytesIO()
    write_po(file, catalogue, width=_WIDTH, include_lineno=False, ignore_obsolete=True)
    return b"\n".join(line for line in file.getvalue().split(b"\n") if not line.startswith(_OF_THE_DAY))


def main(arguments: list[str]) -> int:
    """Write the files, or say whether the template is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--language", action="append", default=[], help="a language to begin, by its code")
    asked = parser.parse_args(arguments)
    template = extracted()
    if asked.check:
        same = TEMPLATE.exists() and TEMPLATE.read_bytes() == written(template)
        print("rapport.pot is as it should be" if same else "rapport.pot is not what code and templates give: make translations")
        return 0 if same else 1
    TEMPLATE.write_bytes(written(template))
    codes = {*(code.replace("-", "_") for code in asked.language), *(path.name for path in LOCALES.iterdir() if path.is_dir())}
    for path in sorted(LOCALES / code / "LC_MESSAGES" / "rapport.po" for code in codes):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(updated(template, path)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
