"""The English stands beneath a text that must not be misunderstood until somebody has read it."""

from pathlib import Path

import pytest

from fhir_mappings.sentence import Sentence, counted, full_sentence, joined
from smart_app.web.languages import catalogue_language, language_catalogue
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.english_beneath import say, say_in_plain_text, with_english_beneath
from smart_app.web.languages.language_catalogue import LOCALES, parsed, read_catalogue
from smart_app.web.languages.safety_texts import safety_texts
from smart_app.web.languages.unbroken import Unbroken, pieces_of
from smart_app.web.rendering.templates import Speaking
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
    language = CatalogueLanguage(catalogue=read_catalogue("de", path))
    return with_english_beneath(html.replace("HERE", say(Sentence("{what} was not saved", what="Item 4"), language)))


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
    assert [say_in_plain_text(counted("{n} unit", "{n} units", n), german) for n in (1, 2)] == [
        "1 Einheit (1 unit)",
        "2 Einheiten (2 units)",
    ]


def entry(text: str, said: str) -> str:
    return f'msgid "{text}"\nmsgstr "{said}"\n\n'


@pytest.fixture
def german(tmp_path: Path) -> CatalogueLanguage:
    """Reviewed by nobody, with two texts beside the one that must not be misunderstood."""
    texts = [("{what} was not saved", "{what} wurde nicht gespeichert"), ("answer {n}", "Antwort {n}"), ("See %(what)s", "Siehe %(what)s")]
    (tmp_path / "rapport.pot").write_text(HEAD + "".join(entry(text, "") for text, _ in texts), encoding="utf-8")
    (tmp_path / "rapport.po").write_text(HEAD + "".join(entry(*both) for both in texts), encoding="utf-8")
    return CatalogueLanguage(catalogue=read_catalogue("de", tmp_path / "rapport.po"))


ANSWER = Sentence("answer {n}", n=4)
NOT_SAVED = Sentence("{what} was not saved", what=ANSWER)
BENEATH = '<span class="beneath" lang="en" dir="ltr">answer 4 was not saved</span>'


def test_what_stands_in_it_is_english_too(german: CatalogueLanguage) -> None:
    assert with_english_beneath(say(NOT_SAVED, german)) == f"Antwort 4 wurde nicht gespeichert{BENEATH}"


def test_what_it_stands_in_is_english_too_and_once(german: CatalogueLanguage) -> None:
    both = say_in_plain_text(full_sentence(joined("; ", [NOT_SAVED, NOT_SAVED])), german)
    assert both == (
        "Antwort 4 wurde nicht gespeichert; Antwort 4 wurde nicht gespeichert. (Answer 4 was not saved; answer 4 was not saved.)"
    )
    assert say_in_plain_text(ANSWER, german) == "Antwort 4"


def test_in_a_template_too(german: CatalogueLanguage) -> None:
    speaking = Speaking(language=german)
    said = with_english_beneath(speaking.gettext("See %(what)s", what=NOT_SAVED))
    assert said == f"Siehe Antwort 4 wurde nicht gespeichert{BENEATH.replace('>answer', '>See answer')}"
    assert speaking.gettext("See %(what)s", what=ANSWER) == "Siehe Antwort 4"
    assert speaking.gettext("See %(what)s", what="<b>") == "Siehe &lt;b&gt;"
    assert with_english_beneath(str(speaking.table_body([["Total", NOT_SAVED]]))) == (
        f'<tr><th scope="row">Total</th><td>Antwort 4 wurde nicht gespeichert{BENEATH}</td></tr>\n'
    )


def test_in_pieces_too(german: CatalogueLanguage) -> None:
    kept = Sentence("{what} was not saved", what=Unbroken(ANSWER))
    assert with_english_beneath("|".join(pieces_of(kept, german))) == f"|Antwort 4| wurde nicht gespeichert{BENEATH}"


def test_the_list_has_every_text_of_the_template_that_is_one_and_no_other() -> None:
    texts = {one.id if isinstance(one.id, str) else one.id[0]: one.id for one in parsed("en", LOCALES / "rapport.pot") if one.id}
    wanted = {name for name, text in texts.items() if MISUNDERSTOOD.search(text if isinstance(text, str) else " ".join(text))}
    assert wanted == safety_texts() != frozenset()


@pytest.mark.parametrize(
    "text", ["{what} was not saved", "Whether it is there is not known.", "Another patient’s", "{series} rose from {a}"]
)
def test_such_a_text_is_known_by_its_words(text: str) -> None:
    assert MISUNDERSTOOD.search(text)
