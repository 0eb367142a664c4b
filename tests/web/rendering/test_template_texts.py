"""Every text of a template can be said in another language."""

import pytest
from jinja2 import DictLoader, Environment

from smart_app.web.rendering.static_files import FOLDER
from smart_app.web.rendering.templates import environment
from tests.web.rendering.template_texts import untranslated

TEMPLATES = environment().list_templates()
# The name of the app, which is the same everywhere, alone and as the end of a title.
NAME = {"Rapport", "– Rapport", "–  – Rapport"}
# What expressions hold that is no text: files, classes of a style sheet, ids, codes that are compared.
FILES = {
    "answered.css", "app.css", "app.js", "authorize.js", "icon.svg", "languages.css", "link.css", "note.css", "note.js", "options.css",
    "own.css", "paper.css", "paper.js", "print.css", "print.js", "session.js", "start.css", "text.css", "why.css",
}  # fmt: skip
CLASSES = {"plain", "wrong", "before", "go", "go whole", "button turn prior", "button button-primary turn next"}
IDS = {"hba1c"}
CODES = {"en", "rtl", "patient", "observer", "all"}
DRAWN = {"M0 0"}
ALLOWED = NAME | FILES | CLASSES | IDS | CODES | DRAWN


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_holds_no_text_that_cannot_be_translated(name: str) -> None:
    assert [one for one in untranslated(environment(), name) if one.partition(": ")[2] not in ALLOWED] == []


def test_what_is_allowed_is_there() -> None:
    found = {one.partition(": ")[2] for name in TEMPLATES for one in untranslated(environment(), name)}
    assert found == ALLOWED


def test_the_script_of_the_page_has_the_english_of_what_a_page_of_another_language_brings_it() -> None:
    """The texts stand in both, so that a page in English need not carry them: nobody changes one alone. The sentence that a page is about
    to close is put together there."""
    source = environment().loader.get_source(environment(), "components/session_words.html")[0]  # type: ignore[union-attr]
    texts = {text for _, _, text in jinja(source).extract_translations(source)}  # type: ignore[attr-defined]  # of the extension
    script = (FOLDER / "session.js").read_text(encoding="utf-8")
    last = "This page closes in two minutes. Finish here, or open Rapport again from the patient's chart."
    assert len(texts) == 11
    assert {text for text in texts if f'"{text}"' not in script} == {last}
    assert "This page closes in two minutes. Finish here, or ${again[0].toLowerCase()}${again.slice(1)}" in script


# That it can fail


def jinja(source: str) -> Environment:
    """As translators' tools read a template."""
    made = Environment(loader=DictLoader({"page": source}), extensions=["jinja2.ext.i18n"], autoescape=True)
    made.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
    return made


def found(source: str) -> list[str]:
    return untranslated(jinja(source), "page")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("<p>Close</p>", "1: Close"),
        ("<p>\n{{ view.day }} or so</p>", "2: or so"),
        ("<p>{% trans %}Open{% endtrans %} or close</p>", "1: or close"),
        ("{# a\nb #}\n<p>Close</p>", "3: Close"),
        ("<svg><text x='1'>today</text></svg>", "1: today"),
        ("<a title='Close'>×</a>", "1: Close"),
        ('<a aria-label="Look: {{ view.day }}">{{ view.day }}</a>', "1: Look:"),
        ("<td data-label='Value'>1</td>", "1: Value"),
        ('{% macro more() %} class="a" data-again="Open it"{% endmacro %}', "1: Open it"),
        ("<input placeholder='Name'>", "1: Name"),
        ("<input type='submit' value='Send'>", "1: Send"),
        ("{{ 'Close' if view.open else view.text }}", "1: Close"),
        ("{{ rows(('Read', view.day)) }}", "1: Read"),
        ("{{ gettext('{a}', a='Close') }}", "1: Close"),
        ("{% set word = 'Close' %}", "1: Close"),
    ],
)
def test_a_text_outside_of_translations_is_found(source: str, fault: str) -> None:
    assert found(source) == [fault]


@pytest.mark.parametrize(
    "source",
    [
        "<p class='help' id=\"it\">1 · 2&nbsp;{{ view.text }}</p>",
        "{% trans who=view.who %}Seen by <b>{{ who }}</b>{% endtrans %}",
        "{% trans n=view.n %}{{ n }} day{% pluralize %}{{ n }} days{% endtrans %}",
        "<a title='{% trans %}Close{% endtrans %}'>{{ gettext('Close') }}</a>",
        "{% extends 'base.html' %}{% from 'parts.html' import one %}",
        "<input type='hidden' name='key' value='yes'>",
        "<style>b { color: red }</style>",
        "{# A word on it #}",
    ],
)
def test_nothing_else_is(source: str) -> None:
    assert found(source) == []
