"""The English stands beneath a text that must not be misunderstood until somebody has read it."""

from pathlib import Path

import pytest

from fhir_mappings.sentence import Sentence, counted
from smart_app.web.languages import catalogue_language, language_catalogue
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.language_catalogue import LOCALES, parsed, read_catalogue
from smart_app.web.languages.page_language import BENEATH, END, with_english_beneath
from smart_app.web.languages.safety_texts import safety_texts
from tests.web.languages.safety_words import MISUNDERSTOOD

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


def test_of_one_with_a_plural_the_english_has_the_same_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plural = 'msgid "{n} unit"\nmsgid_plural "{n} units"\nmsgstr[0] "{n} Einheit"\nmsgstr[1] "{n} Einheiten"\n'
    (tmp_path / "other.pot").write_text(HEAD + plural, encoding="utf-8")
    (tmp_path / "other.po").write_text(HEAD + plural, encoding="utf-8")
    monkeypatch.setattr(language_catalogue, "TEMPLATE", tmp_path / "other.pot")
    monkeypatch.setattr(catalogue_language, "safety_texts", lambda: frozenset({"{n} unit"}))
    german = CatalogueLanguage(catalogue=read_catalogue("de", tmp_path / "other.po"))
    assert [counted("{n} unit", "{n} units", n).said(german) for n in (1, 2)] == [
        f"1 Einheit{BENEATH}1 unit{END}",
        f"2 Einheiten{BENEATH}2 units{END}",
    ]


def test_the_list_has_every_text_of_the_template_that_is_one_and_no_other() -> None:
    texts = {one.id if isinstance(one.id, str) else one.id[0]: one.id for one in parsed("en", LOCALES / "rapport.pot") if one.id}
    wanted = {name for name, text in texts.items() if MISUNDERSTOOD.search(text if isinstance(text, str) else " ".join(text))}
    assert wanted == safety_texts() != frozenset()


@pytest.mark.parametrize(
    "text", ["{what} was not saved", "Whether it is there is not known.", "Another patient’s", "{series} rose from {a}"]
)
def test_such_a_text_is_known_by_its_words(text: str) -> None:
    assert MISUNDERSTOOD.search(text)
