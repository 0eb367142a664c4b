"""Tables escape every cell and keep every cell in its place."""

from typing import cast

import pytest
from flask import Flask, g
from markupsafe import escape

from smart_app.errors import ConfigurationError
from smart_app.services import AppServices
from smart_app.web.rendering.ehr_theme import Themes
from smart_app.web.rendering.spoken_language import SpokenLanguages
from smart_app.web.rendering.static_files import load_static
from smart_app.web.rendering.templates import Pages, environment, table_body
from smart_app.web.views.error import failure_view

ROWS = [("1 < 2", '<b title="x">', "&amp;"), ("", "", "")]


def test_every_cell_is_escaped_as_it_would_be_alone() -> None:
    cells = [[escape(cell) for cell in row] for row in ROWS]
    expected = "".join(f'<tr><th scope="row">{head}</th><td>{second}</td><td>{third}</td></tr>\n' for head, second, third in cells)
    assert str(table_body(ROWS)) == expected


@pytest.mark.parametrize("text", ["a\x1fb", "\x1f", "\x1f<script>\x1f", "a\x1eb", "\x1e<script>\x1f\x1e"])
def test_text_cannot_add_a_cell(text: str) -> None:
    body = str(table_body([(text, text, "kept")]))
    assert body.count("<td>") == 2
    assert body.count("<tr>") == 1
    assert body.endswith("<td>kept</td></tr>\n")
    assert "<script>" not in body


def test_a_mark_between_cells_cannot_stand_in_for_a_missing_cell() -> None:
    body = str(table_body([("a\x1fb", "c"), ("d", "e\x1ef")]))
    assert body == '<tr><th scope="row">a b</th><td>c</td></tr>\n<tr><th scope="row">d</th><td>e f</td></tr>\n'


def test_a_table_without_rows_has_an_empty_body() -> None:
    assert str(table_body([])) == ""


# SMART L
# IG 5
def test_a_template_escapes_what_it_is_given() -> None:
    assert environment().from_string("{{ view }}").render(view="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe", "\U0010ffff"])
def test_a_page_holds_nothing_that_html_may_not(sign: str) -> None:
    view = failure_view(ConfigurationError("It failed.", where=f"a{sign}b\tc\n"), reference="RP-1", posted=False)
    app = Flask("test")
    with app.test_request_context():
        g.nonce = "once"
        # Outside of a launch no theme is asked for, and of one language none is chosen.
        spoken = SpokenLanguages(services=cast("AppServices", None))
        pages = Pages(static=load_static(), themes=cast("Themes", None), spoken=spoken)
        html = pages.page("error", view).get_data(as_text=True)
    assert "a\ufffdb\tc\n" in html
