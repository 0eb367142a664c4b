"""The language of tests shows what was said through a catalogue."""

from datetime import date

import pytest

from fhir_mappings.sentence import DateForm, Sentence, counted, dated, listed
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, RIGHT_TO_LEFT, PseudoLanguage
from smart_app.web.rendering.templates import environment

PSEUDO = PseudoLanguage(code=LEFT_TO_RIGHT)


def test_texts_stand_in_brackets_and_are_longer_by_two_fifths() -> None:
    said = Sentence("Not recorded").said(PSEUDO)
    assert said == "⟦Not recorded~~~~⟧"


def test_values_do_not() -> None:
    assert Sentence("on {day} by {who}", day=date(2026, 11, 22), who="Ann").said(PSEUDO) == "⟦on 22-Nov-2026 by Ann~~⟧"
    assert Sentence("{day}", day=date(2026, 11, 22)).said(PSEUDO) == "22-Nov-2026"
    assert counted("{n} result", "{n} results", 3).said(PSEUDO) == "⟦3 results~~~⟧"
    assert listed(["Ann", "Bo"]).said(PSEUDO) == "Ann ⟦and~⟧ Bo"


def test_templates_say_sentences_texts_and_tables_in_it() -> None:
    source = "{% trans who=view %}Seen by <b>{{ who }}</b>{% endtrans %} {{ view }} <i title='{{ view }}'>{{ [[view, 'x']]|body }}</i>"
    shown = environment(PSEUDO).from_string(source).render(view=Sentence("no<body>"))
    said = "⟦no&lt;body&gt;~⟧"
    assert shown == f"⟦Seen by <b>{said}</b>~~⟧ {said} <i title='{said}'><tr><th scope=\"row\">{said}</th><td>x</td></tr>\n</i>"
    assert environment().from_string(source).render(view=Sentence("nobody")).startswith("Seen by <b>nobody</b> nobody ")


def test_a_text_without_places_is_part_of_the_template_as_it_is_compiled() -> None:
    page = environment(PSEUDO).from_string("<p title='{% trans %}50 % of <b>all</b>{% endtrans %}'>{{ gettext('50 %% left') }}</p>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PseudoLanguage, "text", None)
        patch.setitem(environment(PSEUDO).globals, "gettext", lambda text: text)
        assert page.render() == "<p title='⟦50 % of <b>all</b>~~~⟧'>50 %% left</p>"
    assert page.render() == "<p title='⟦50 % of <b>all</b>~~~⟧'>⟦50 % left~~⟧</p>"


def test_a_page_says_its_language_and_its_direction() -> None:
    base = '{% extends "base.html" %}'
    parts = {"asset": str, "nonce": ""}
    assert '<html lang="en">' in environment().from_string(base).render(parts)
    assert '<html lang="en-XA">' in environment(PSEUDO).from_string(base).render(parts)
    assert '<html lang="ar-XB" dir="rtl">' in environment(PseudoLanguage(code=RIGHT_TO_LEFT)).from_string(base).render(parts)


@pytest.mark.parametrize(
    ("form", "text"),
    [("day", "\u206822-Nov-2026\u2069"), ("long", "\u206822 November 2026\u2069"), ("month", "Nov-2026"), ("year", "2026")],
)
def test_a_date_that_begins_and_ends_with_digits_is_kept_apart_on_a_page_from_right_to_left(form: DateForm, text: str) -> None:
    source, day = "{{ view }}|{{ [[view, view]]|body }}", dated(date(2026, 11, 22), form)
    mirrored = environment(PseudoLanguage(code=RIGHT_TO_LEFT)).from_string(source).render(view=day)
    assert mirrored == f'{text}|<tr><th scope="row">{text}</th><td>{text}</td></tr>\n'
    assert environment(PSEUDO).from_string("{{ view }}").render(view=day) == str(day)
    assert environment().from_string("{{ view }}").render(view=day) == str(day)
