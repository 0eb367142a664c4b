"""A style document is read value by value, and nothing of its text goes further."""

import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from smart_app.http import new_session
from smart_app.launch.context.smart_style import COLOURS, FONTS, LENGTHS, Style, Styles, read_style
from tests.support.clock import Clock

ADDRESS = "https://ehr.example.org/style.json"
# The specification's own example.
EXAMPLE = {
    "color_background": "#edeae3",
    "color_error": "#9e2d2d",
    "color_highlight": "#69b5ce",
    "color_modal_backdrop": "",
    "color_success": "#498e49",
    "color_text": "#303030",
    "dim_border_radius": "6px",
    "dim_font_size": "13px",
    "dim_spacing_size": "20px",
    "font_family_body": "Georgia, Times, 'Times New Roman', serif",
    "font_family_heading": "'HelveticaNeue-Light', Helvetica, Arial, 'Lucida Grande', sans-serif;",
}


# SMART I
def test_example_of_the_specification_is_read() -> None:
    assert read_style(EXAMPLE) == Style(
        colours={
            "color_background": (0xED, 0xEA, 0xE3),
            "color_text": (0x30, 0x30, 0x30),
            "color_highlight": (0x69, 0xB5, 0xCE),
            "color_error": (0x9E, 0x2D, 0x2D),
        },
        lengths={"dim_border_radius": Decimal(6)},
        fonts={
            "font_family_body": '"Georgia", "Times", "Times New Roman", serif',
            "font_family_heading": '"Helvetica", "Arial", "Lucida Grande", sans-serif',
        },
        ignored=("dim_font_size",),
    )


# SMART I
@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "color_text",
            ["red", "#12", "#12345g", "#1234567", "url(//evil)", "#fff;}body{display:none", "rgb(0,0,0)", 7, ["#fff"], "var(--x)"],
        ),
        ("dim_font_size", ["13.9px", "21px", "0", "1", "14pt", "14px;", "calc(1px + 1px)", "-14px", 14, "1e1px", "１４px"]),
        ("dim_border_radius", ["17px", "-1px", "50%", "expression(1)"]),
        ("font_family_body", ["Comic Sans MS", "</style><script>", "url(x)", "Arial-ish", 7, ";", "\\41rial", "inherit"]),
    ],
)
def test_value_that_is_not_on_the_lists_is_named_and_not_used(name: str, values: list[Any]) -> None:
    for value in values:
        assert read_style({name: value}) == Style(ignored=(name,)), value


# SMART I
@pytest.mark.parametrize(("given_length", "pixels"), [("14px", "14"), ("1rem", "16"), ("1.125em", "18"), ("20.0px", "20.0")])
def test_length_is_read_in_pixels(given_length: str, pixels: str) -> None:
    assert read_style({"dim_font_size": given_length}).lengths == {"dim_font_size": Decimal(pixels)}


# SMART I
def test_short_colour_and_unquoted_typefaces_are_read() -> None:
    found = read_style({"color_text": " #0aF ", "font_family_body": "Open Sans, Bahnschrift, arial"})
    assert found.colours == {"color_text": (0x00, 0xAA, 0xFF)}
    assert found.fonts == {"font_family_body": '"Open Sans", "Arial", sans-serif'}


values = (
    st.none() | st.text(max_size=40) | st.integers() | st.lists(st.text(max_size=5), max_size=2) | st.sampled_from(list(EXAMPLE.values()))
)


# SMART I
@given(st.dictionaries(st.sampled_from([*COLOURS, *LENGTHS, *FONTS, "unknown"]), values))
def test_any_document_is_read_into_numbers_and_names(document: dict[str, Any]) -> None:
    found = read_style(document)
    assert all(re.fullmatch(r'(?:"[A-Za-z ]+"|[a-z-]+)(?:, (?:"[A-Za-z ]+"|[a-z-]+))*', fonts) for fonts in found.fonts.values())
    assert all(0 <= part <= 255 for colour in found.colours.values() for part in colour)
    assert not {*found.colours, *found.lengths, *found.fonts} & set(found.ignored)


@pytest.fixture
def styles(clock: Clock) -> Styles[Style]:
    return Styles(new_session(pool=1), clock=clock, make=lambda style: style)


def fetched(styles: Styles[Style]) -> Style | None:
    """What is there once everything under way has ended."""
    with ThreadPoolExecutor(1) as pool:
        styles.of(ADDRESS, pool)
    with ThreadPoolExecutor(1) as pool:
        return styles.of(ADDRESS, pool)


# SMART I
def test_document_is_fetched_once_without_any_token(styles: Styles[Style], wire: responses.RequestsMock, clock: Clock) -> None:
    wire.get(ADDRESS, json=EXAMPLE)
    with ThreadPoolExecutor(1) as pool:
        assert styles.of(ADDRESS, pool) is None
        styles.of(ADDRESS, pool)
    assert fetched(styles) == read_style(EXAMPLE)
    clock.forward(minutes=60 * 23)
    fetched(styles)
    assert len(wire.calls) == 1
    assert not {"Authorization", "Cookie", "Referer"} & wire.calls[0].request.headers.keys()
    clock.forward(minutes=120)
    fetched(styles)
    assert len(wire.calls) == 2


# SMART I
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 302, "headers": {"Location": "https://evil.example.org/style.json"}},
        {"status": 404},
        {"body": "body { color: red }"},
        {"body": "[]"},
        {"body": '{"color_text": "#000", "x": "' + "x" * 20_000 + '"}'},
        {"body": requests.ConnectTimeout("slow")},
    ],
)
def test_document_that_cannot_be_had_is_no_style_and_tried_again_later(
    styles: Styles[Style], wire: responses.RequestsMock, clock: Clock, answer: dict[str, Any]
) -> None:
    wire.get(ADDRESS, **answer)
    for _ in range(3):
        assert fetched(styles) is None
    assert {str(call.request.url) for call in wire.calls} == {ADDRESS}
    tries = len(wire.calls)
    wire.replace("GET", ADDRESS, json=EXAMPLE)
    clock.forward(minutes=6)
    assert fetched(styles) == read_style(EXAMPLE)
    assert len(wire.calls) == tries + 1
