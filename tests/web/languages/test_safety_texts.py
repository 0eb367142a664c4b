"""The English stands beneath a text that must not be misunderstood until somebody has read it."""

from pathlib import Path

import pytest

from fhir_mappings.sentence import Sentence
from smart_app.web.languages import catalogue_language, language_catalogue
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.language_catalogue import read_catalogue
from smart_app.web.languages.page_language import with_english_beneath

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


@pytest.fixture(autouse=True)
def not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rapport.pot").write_text(HEAD + 'msgid "{what} was not saved"\nmsgstr ""\n', encoding="utf-8")
    monkeypatch.setattr(language_catalogue, "TEMPLATE", tmp_path / "rapport.pot")
    monkeypatch.setattr(catalogue_language, "safety_texts", lambda: frozenset({"{what} was not saved"}))


def page(tmp_path: Path, reviewer: str, html: str) -> str:
    path = tmp_path / "rapport.po"
    path.write_text(
        f"# Safety texts reviewed by: {reviewer}\n{HEAD}" + 'msgid "{what} was not saved"\nmsgstr "{what} wurde nicht gespeichert"\n',
        encoding="utf-8",
    )
    sentence = Sentence("{what} was not saved", what="Item 4").said(CatalogueLanguage(catalogue=read_catalogue("de", path)))
    return with_english_beneath(html.replace("HERE", sentence))


def test_beneath_the_words_of_a_page(tmp_path: Path) -> None:
    assert page(tmp_path, "none", "<p>HERE</p>") == (
        '<p>Item 4 wurde nicht gespeichert<span class="beneath" lang="en" dir="ltr">Item 4 was not saved</span></p>'
    )


@pytest.mark.parametrize(
    "html", ['<a title="HERE">x</a>', "<title>HERE</title>", "<svg><text x='1'>HERE</text></svg>", "<option>HERE</option>"]
)
def test_after_the_words_where_there_can_be_no_element(tmp_path: Path, html: str) -> None:
    assert page(tmp_path, "none", html) == html.replace("HERE", "Item 4 wurde nicht gespeichert (Item 4 was not saved)")


def test_not_once_somebody_has_read_it(tmp_path: Path) -> None:
    assert page(tmp_path, "Dr. Erika Beispiel, 2026-11", "<p>HERE</p>") == "<p>Item 4 wurde nicht gespeichert</p>"
