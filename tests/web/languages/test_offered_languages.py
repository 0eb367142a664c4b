"""Which languages a site offers, and whom it understands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from smart_app.app import create_app
from smart_app.cli.demo.environment import _settings
from smart_app.clinic_time import site_zone
from smart_app.errors import ConfigurationError, in_one_line
from smart_app.settings import Settings
from smart_app.web.languages.offered_languages import OfferedLanguages, complete_catalogues, language_name, offered_languages
from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.languages.pseudo_language import PseudoLanguage
from tests.support.fresh_database import fresh_database
from tests.web.languages.catalogues import GERMAN, TWO, install, write

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "locales", monkeypatch)


@pytest.fixture
def offered() -> OfferedLanguages:
    return offered_languages(("es", "de", "pt-BR"))


def test_english_is_always_among_them_and_each_is_named_in_itself(offered: OfferedLanguages) -> None:
    assert [(one.code, one.name) for one in offered.all] == [
        ("es", "Español"),
        ("de", "Deutsch"),
        ("pt-BR", "Português (Brasil)"),
        ("en", "English"),
    ]
    assert [one.code for one in offered_languages(("en", "de", "en", "de")).all] == ["en", "de"]
    assert not offered_languages(("en",)).several


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        # What Safari sends, and what an exact match of a lower rank must not win against.
        ("de-AT, en;q=0.5", "de"),
        ("en-US", "en"),
        ("fr-FR, de-CH;q=0.7, en;q=0.3", "de"),
        ("es-419", "es"),
        ("pt", "pt-BR"),
        ("pt-PT, en;q=0.1", "pt-BR"),
        ("en;q=0.2, de;q=0.9", "de"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=0, de-AT", "es"),
        ("*", "es"),
        ("es;q=0, *", "de"),
        ("zh-Hant-TW", "es"),
        ("", "es"),
        ("de;q=1.5, en", "en"),
        ("de;q=x", "es"),
        (",;;=,q=1;", "es"),
        ('"de', "es"),
        ("-", "es"),
        ("\x00\ud800\U0001f600", "es"),
        ("de," * 3500, "es"),
        ("de" + "-x" * 500, "de"),
    ],
)
def test_a_browser_has_the_best_of_what_it_asks_for(offered: OfferedLanguages, header: str, code: str) -> None:
    assert offered.for_browser(header).code == code


_PLURALS = {
    "zh": "nplurals=1; plural=0;",
    "sr": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "en": TWO,
}


@pytest.mark.parametrize(
    ("codes", "header", "code"),
    [
        (("zh-Hans", "zh-Hant"), "zh-TW", "zh-Hant"),
        (("zh-Hans", "zh-Hant"), "zh-HK, en;q=0.1", "zh-Hant"),
        (("zh-Hans", "zh-Hant"), "zh-Hant-MO", "zh-Hant"),
        (("zh-Hant", "zh-Hans"), "zh-CN", "zh-Hans"),
        (("zh-Hant", "zh-Hans"), "zh-SG", "zh-Hans"),
        (("zh-Hant", "zh-Hans"), "zh", "zh-Hans"),
        (("zh", "zh-Hant"), "zh-TW", "zh-Hant"),
        (("zh", "zh-Hant"), "zh-CN", "zh"),
        (("en", "zh-Hans"), "zh-TW", "en"),
        (("sr-Latn", "sr"), "sr-ME", "sr-Latn"),
        (("sr-Latn", "sr"), "sr", "sr"),
    ],
)
def test_a_reader_has_the_script_of_their_region(tmp_path: Path, codes: tuple[str, ...], header: str, code: str) -> None:
    for one in codes:
        write(tmp_path / "locales" / one.replace("-", "_") / "LC_MESSAGES" / "rapport.po", GERMAN, _PLURALS[one[:2]])
    assert offered_languages(codes).for_browser(header).code == code


@pytest.mark.parametrize(
    ("called", "code"),
    [
        (("de",), "de"),
        (("de-CH", "German (Switzerland)"), "de"),
        (("de_DE",), "de"),
        (("vi", "Vietnamese", "es"), "es"),
        # ISO 639-2, by either of its codes, and its names.
        (("ger",), "de"),
        (("deu",), "de"),
        (("Spanish; Castilian",), "es"),
        (("151", "English"), "en"),
        (("en-US",), "en"),
        (("DEUTSCH",), "de"),
        (("español",), "es"),
        (("German (Switzerland)",), "de"),
        (("vi",), None),
        (("und", "UNK", "", "-", "()"), None),
        (("de" + "-a" * 100_000,), None),
        ((), None),
    ],
)
def test_a_patient_has_the_first_that_their_record_names(offered: OfferedLanguages, called: tuple[str, ...], code: str | None) -> None:
    found = offered.of_patient(called)
    assert (found.code if found else None) == code


def refused(*codes: str) -> str:
    with pytest.raises(ConfigurationError) as wrong:
        offered_languages(codes)
    return in_one_line(wrong.value)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("fr", "other places, tags or numbers: 'The questions are in %(name)s.' has 'Les questions sont en %(nom)s.'"),
        ("it", "empty: 'The questions are in %(name)s.'"),
        ("nl", "cannot be read"),
    ],
)
def test_a_language_that_is_not_complete_stops_the_start_with_what_is_wrong_and_what_there_is(code: str, fault: str) -> None:
    said = refused("de", code)
    assert said.startswith(f"RAPPORT_LANGUAGES names {code!r}. ")
    assert fault in said
    assert "there are en, de, es, pt-BR. docs/languages.md" in said


def test_so_does_one_without_a_catalogue() -> None:
    for code in ("xx", "sv", "de-AT", "pt"):
        said = refused(code)
        assert said.startswith(f"RAPPORT_LANGUAGES names {code!r}, and there is no catalogue of it, only en, de, es, fr, it, nl, pt-BR.")
        assert "docs/languages.md" in said


def test_the_app_does_not_start_with_it(tmp_path: Path) -> None:
    settings = Settings(secret_keys=(SecretStr("a" * 43),), database_url=fresh_database(tmp_path), languages=("fr",))
    with pytest.raises(ConfigurationError, match="RAPPORT_LANGUAGES names 'fr'"):
        create_app(settings)


def test_the_languages_of_tests_are_switched_on_by_name() -> None:
    offered = offered_languages(("en-XA", "ar-XB"))
    assert [(type(one.language), one.code) for one in offered.all][:2] == [(PseudoLanguage, "en-XA"), (PseudoLanguage, "ar-XB")]
    assert offered.for_browser("en-US").code == "en"
    assert offered.for_browser("en-XA").code == "en-XA"
    assert "en-XA" not in complete_catalogues()


def test_the_demo_offers_every_complete_catalogue_unless_some_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAPPORT_LANGUAGES", raising=False)
    zone = site_zone("UTC")
    assert _settings("http://localhost:1", tmp_path, zone=zone).languages == ("en", "de", "es", "pt-BR")
    monkeypatch.setenv("RAPPORT_LANGUAGES", "en-XA")
    assert _settings("http://localhost:1", tmp_path, zone=zone).languages == ("en-XA",)


def test_a_language_is_called_as_the_page_calls_it(offered: OfferedLanguages) -> None:
    german = offered.of_code("de")
    assert german is not None
    assert [language_name("en", one) for one in (ENGLISH_PAGE, german, PseudoLanguage(code="ar-XB"))] == ["English", "Englisch", "English"]
    assert language_name("de-CH", ENGLISH_PAGE) == "German"
    assert language_name("xx-nonsense-", german) == "xx-nonsense-"


def test_english_alone_imports_no_babel() -> None:
    source = "import sys, smart_app.wsgi; print('babel' in sys.modules)"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    environment = {**clean, "PYTHONPATH": str(ROOT), "RAPPORT_SECRET_KEYS": "A" * 43, "RAPPORT_DATABASE_URL": "sqlite://"}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.splitlines()[-1:] == ["False"], done.stderr
