"""German and Spanish stay whole; what is still to be translated stands in one list, and no wheel is built meanwhile."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_mappings.sentence import Sentence, counted
from smart_app.errors import ConfigurationError
from smart_app.web.languages import language_catalogue
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.language_catalogue import LOCALES, parsed, read_catalogue
from smart_app.web.languages.untranslated import FILE, untranslated

ROOT = Path(__file__).resolve().parents[3]
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
RESULTS = 'msgid "{n} result"\nmsgid_plural "{n} results"\nmsgstr[0] ""\nmsgstr[1] ""\n\n'
SAVED = 'msgid "Saved"\nmsgstr ""\n\n'


@pytest.mark.parametrize("code", ["de", "es"])
def test_german_and_spanish_have_every_text(code: str) -> None:
    assert read_catalogue(code).code == code


def test_the_list_names_texts_of_the_template_that_a_language_lacks() -> None:
    ids = {one.id if isinstance(one.id, str) else one.id[0] for one in parsed("en", LOCALES / "rapport.pot") if one.id}
    assert untranslated() <= ids
    translated = [{*read.texts, *read.plurals} for read in map(read_catalogue, ("de", "es"))]
    assert not untranslated() & translated[0] & translated[1], "translated by now"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A template of two texts, both of them in the list."""
    (tmp_path / "rapport.pot").write_text(HEAD + SAVED + RESULTS, encoding="utf-8")
    monkeypatch.setattr(language_catalogue, "TEMPLATE", tmp_path / "rapport.pot")
    monkeypatch.setattr(language_catalogue, "untranslated", lambda: frozenset({"Saved", "{n} result"}))
    return tmp_path / "rapport.po"


@pytest.mark.parametrize("content", [HEAD, HEAD + SAVED + RESULTS])
def test_what_stands_in_it_is_said_in_english_until_then(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")
    language = CatalogueLanguage(catalogue=read_catalogue("de", file))
    assert Sentence("Saved").said(language) == "Saved"
    assert [counted("{n} result", "{n} results", n).said(language) for n in (1, 2)] == ["1 result", "2 results"]


def test_what_stands_in_it_and_is_begun_has_to_be_right(file: Path) -> None:
    file.write_text(HEAD + RESULTS.replace('[1] ""', '[1] "{m} Ergebnisse"'), encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_catalogue("de", file)


@pytest.mark.parametrize(("texts", "builds"), [("[]", True), ('["Saved"]', False)])
def test_a_wheel_is_built_of_an_empty_list_alone(tmp_path: Path, texts: str, builds: bool) -> None:
    tree = tmp_path / "tree"
    for part in ("pyproject.toml", "README.md", "LICENSE", "launch.json"):
        tree.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, tree / part)
    for part in ("tools", "templates", "fhir_mappings", "smart_app"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "static"))
    (tree / FILE.relative_to(ROOT)).write_text(f"texts = {texts}\n", encoding="utf-8")
    made = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=tree, capture_output=True, text=True, check=False
    )
    assert (made.returncode == 0, [*tree.glob("dist/*.whl")] != []) == (builds, builds), made.stderr
    assert builds or "'Saved'" in made.stderr
