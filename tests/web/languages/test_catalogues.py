"""What keeps a catalogue from being offered, and what one gives."""

from datetime import date
from pathlib import Path

import pytest

from fhir_mappings.sentence import Sentence, counted, dated, listed
from smart_app.errors import ConfigurationError
from smart_app.web.languages import language_catalogue
from smart_app.web.languages.catalogue_language import CatalogueLanguage
from smart_app.web.languages.language_catalogue import read_catalogue

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n\n'
GERMAN, POLISH = "nplurals=2; plural=(n != 1);", ("nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);")
TEMPLATE = HEAD.format(plural=GERMAN) + (
    'msgid "Saved on {day}"\nmsgstr ""\n\n'
    'msgid "See <b>%(name)s</b>"\nmsgstr ""\n\n'
    'msgid "{n} result"\nmsgid_plural "{n} results"\nmsgstr[0] ""\nmsgstr[1] ""\n'
)
SAVED, SEE = 'msgid "Saved on {day}"\nmsgstr "Gespeichert am {day}"\n\n', 'msgid "See <b>%(name)s</b>"\nmsgstr "Siehe <b>%(name)s</b>"\n\n'
RESULTS = 'msgid "{n} result"\nmsgid_plural "{n} results"\nmsgstr[0] "{n} Ergebnis"\nmsgstr[1] "{n} Ergebnisse"\n\n'


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rapport.pot"
    path.write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.setattr(language_catalogue, "TEMPLATE", path)


def german(tmp_path: Path, text: str, plural: str = GERMAN) -> CatalogueLanguage:
    path = tmp_path / "rapport.po"
    path.write_text(HEAD.format(plural=plural) + text, encoding="utf-8")
    return CatalogueLanguage(catalogue=read_catalogue("de", path))


@pytest.mark.usefixtures("template")
def test_a_complete_catalogue_says_sentences(tmp_path: Path) -> None:
    language = german(tmp_path, SAVED + SEE + RESULTS)
    assert Sentence("Saved on {day}", day=date(2026, 12, 3)).said(language) == "Gespeichert am 03-Dez-2026"
    assert [counted("{n} result", "{n} results", n).said(language) for n in (0, 1, 2)] == ["0 Ergebnisse", "1 Ergebnis", "2 Ergebnisse"]
    assert dated(date(2026, 3, 14), "long").said(language) == "14. März 2026"
    assert listed(["A", "B", "C"]).said(language) == "A, B und C"
    assert (language.code, language.direction) == ("de", "ltr")


@pytest.mark.usefixtures("template")
def test_what_no_catalogue_has_is_said_in_english(tmp_path: Path) -> None:
    assert Sentence("A site’s own").said(german(tmp_path, SAVED + SEE + RESULTS)) == "A site’s own"


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (SEE + RESULTS, "missing: 'Saved on {day}'"),
        (SAVED.replace("Gespeichert am {day}", "") + SEE + RESULTS, "empty: 'Saved on {day}'"),
        ("#, fuzzy\n" + SAVED + SEE + RESULTS, "fuzzy: 'Saved on {day}'"),
        (SAVED.replace("am {day}", "am {tag}") + SEE + RESULTS, "other places, tags or numbers"),
        (SAVED.replace("am {day}", "") + SEE + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE.replace("Siehe <b>%(name)s</b>", "Siehe %(name)s") + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE.replace("Siehe <b>", "Siehe <i>") + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE.replace("Siehe", "<script>x</script>") + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE.replace("Siehe", '\\"Siehe\\"') + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE.replace("Siehe", "<!--") + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE.replace("Siehe", "Zu 100 % siehe") + RESULTS, "other places, tags or numbers"),
        (SAVED.replace("am {day}", "am 3. {day}") + SEE + RESULTS, "other places, tags or numbers"),
        (SAVED + SEE + RESULTS.replace('msgstr[1] "{n} Ergebnisse"\n', ""), "empty: '{n} result'"),
        (SAVED + SEE + RESULTS.replace("\n\n", '\nmsgstr[2] "{n} Ergebnisse"\n\n'), "PoFileError"),
        (SAVED + SEE + 'msgid "{n} result"\nmsgstr "{n} Ergebnis"\n', "plural differs"),
    ],
)
def test_an_incomplete_one_is_refused_with_what_is_wrong(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        german(tmp_path, text)
    assert fault in str(refused.value.detail)


@pytest.mark.usefixtures("template")
def test_as_many_plurals_as_its_own_rule_has(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        german(tmp_path, SAVED + SEE + RESULTS, plural=POLISH)
    assert "Plural-Forms: 3, the language has 2" in str(refused.value.detail)


@pytest.mark.usefixtures("template")
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rapport.po"
    for content in (b"\xff\xfe", b"msgid {", b'msgid "a'):
        path.write_bytes(content)
        with pytest.raises(ConfigurationError):
            read_catalogue("de", path)
    with pytest.raises(ConfigurationError):
        read_catalogue("de", tmp_path / "not-there.po")
