"""Small catalogues of a site: complete ones, and one of each fault."""

from pathlib import Path

import pytest

from smart_app.web.languages import language_catalogue
from smart_app.web.rendering import templates

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n\n'
TWO, THREE = "nplurals=2; plural=(n != 1);", "nplurals=3; plural=(n==1 ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2);"
TEXTS = ("Language", "The questions are in %(name)s.", "Saved on {day}")
GERMAN = ("Sprache", "Die Fragen sind auf %(name)s.", "Gespeichert am {day}")
SPANISH = ("Idioma", "Las preguntas están en %(name)s.", "Guardado el {day}")
BRAZILIAN = ("Idioma", "As perguntas estão em %(name)s.", "Salvo em {day}")
FAULTY = {"fr": ("Langue", "Les questions sont en %(nom)s.", "Enregistré le {day}"), "it": ("Lingua", "", "Salvato il {day}")}


def write(path: Path, texts: tuple[str, ...], plural: str = TWO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = (f'msgid "{text}"\nmsgstr "{said}"\n\n' for text, said in zip(TEXTS, texts, strict=True))
    path.write_text(HEAD.format(plural=plural) + "".join(entries), encoding="utf-8")


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """German, Spanish and Brazilian Portuguese complete; French with a broken place, Italian with an empty text, Dutch that is no file."""
    write(folder / "rapport.pot", ("",) * len(TEXTS))
    several = {
        "de": (GERMAN, TWO),
        "es": (SPANISH, THREE),
        "pt_BR": (BRAZILIAN, THREE),
        "fr": (FAULTY["fr"], THREE),
        "it": (FAULTY["it"], THREE),
    }
    for code, (texts, plural) in several.items():
        write(folder / code / "LC_MESSAGES" / "rapport.po", texts, plural)
    (folder / "nl" / "LC_MESSAGES").mkdir(parents=True)
    (folder / "nl" / "LC_MESSAGES" / "rapport.po").write_bytes(b'msgid "')
    monkeypatch.setattr(language_catalogue, "LOCALES", folder)
    monkeypatch.setattr(language_catalogue, "TEMPLATE", folder / "rapport.pot")
    # What is compiled is kept for the process, by the code of its language.
    monkeypatch.setattr(templates, "_ENVIRONMENTS", {})
