"""The PDF holds what the printed page holds."""

import io
import re
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace
from pypdf import PdfReader

from smart_app.care.dashboard.history import History
from smart_app.web.languages.offered_languages import offered_languages
from smart_app.web.languages.page_language import ENGLISH_PAGE, PageLanguage
from smart_app.web.languages.pseudo_language import LEFT_TO_RIGHT, RIGHT_TO_LEFT, PseudoLanguage
from smart_app.web.rendering.typeset.typesetter import Typesetter
from smart_app.web.views.printed.paper import paper, strokes
from tests.web.states_history import STATES
from tests.web.views.note.test_note_lines import RATED, shown
from tests.web.views.printed.test_printed_page import page, view

MADE = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
SETTER = Typesetter()
LONG = "Wolfeschlegelsteinhausenbergerdorff-Кржижановская Анна-Мария " * 2


def pdf(of: History, language: PageLanguage = ENGLISH_PAGE, *, tables: bool = False) -> PdfReader:
    return PdfReader(io.BytesIO(SETTER.pdf("printed_page", paper(view(of, tables=tables), language=language), made=MADE)))


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


def text_of(reader: PdfReader) -> str:
    return squeezed("".join(one.extract_text() for one in reader.pages))


def texts(soup: BeautifulSoup) -> list[str]:
    """Every text of the printed page but those that lead on, and the mark between two of them."""
    for gone in soup.select(".choices, .skip, script, title, .context > b"):
        gone.decompose()
    return [squeezed(one) for one in soup.body.stripped_strings if squeezed(one) != "·"] if soup.body else []


@pytest.mark.parametrize("state", STATES)
def test_what_the_printed_page_says_stands_in_the_pdf_and_it_is_one_page(state: str) -> None:
    of = STATES[state]()
    reader = pdf(of)
    found = text_of(reader)
    assert [one for one in texts(page(of)) if one not in found] == []
    assert len(reader.pages) == 1


@pytest.mark.parametrize("state", ["repaired", "oddities", "twelve-years"])
def test_the_tables_come_on_further_pages_with_whose_they_are_on_each(state: str) -> None:
    of = STATES[state]()
    reader = pdf(of, tables=True)
    found = text_of(reader)
    assert [one for one in texts(page(of, tables=True)) if one not in found] == []
    assert len(reader.pages) > 1
    for number, one in enumerate(reader.pages[1:], 2):
        text = squeezed(one.extract_text())
        assert "HALVORSEN,Ingrid" in text
        assert "4827719" in text
        assert f"Page{number}of{len(reader.pages)}" in text


def test_a_long_name_in_two_scripts_leaves_it_on_one_page() -> None:
    of = shown(RATED)
    reader = pdf(replace(of, patient=replace(of.patient, family=LONG, given=LONG)))
    assert len(reader.pages) == 1
    assert squeezed(LONG.upper()) in text_of(reader)


@pytest.mark.parametrize("state", ["repaired", "waiting", "oddities"])
@pytest.mark.parametrize("code", ["de", "es"])
def test_it_is_said_in_the_language_of_the_page(code: str, state: str) -> None:
    language = offered_languages((code,)).of_code(code)
    assert language
    reader = pdf(STATES[state](), language)
    root = reader.trailer["/Root"].get_object()
    assert root["/Lang"] == code  # type: ignore[index]
    assert len(reader.pages) == 1


def test_longer_words_set_from_right_to_left_leave_every_text_and_no_english_alone() -> None:
    pseudo = PseudoLanguage(code=RIGHT_TO_LEFT)
    said = paper(view(STATES["waiting"]()), language=pseudo)
    assert [said["lang"], said["rtl"]] == ["ar-XB", True]
    for place in ("title", "heading", "span", "kept_back", "numbered", "page", "synthetic", "read", "foot", "changes"):
        assert [one for one in _texts(said[place]) if not one.startswith("⟦")] == []
    assert len(pdf(STATES["two-dyads"](), pseudo).pages) == 1


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for part in value for text in _texts(part)] if isinstance(value, list | tuple) else []


def test_english_that_stands_beneath_stands_in_the_pdf() -> None:
    class Unreviewed(PseudoLanguage, frozen=True, kw_only=True):
        def needs_english(self, text: str) -> bool:
            return text == "Alliance and HbA1c"

    unreviewed = Unreviewed(code=LEFT_TO_RIGHT)
    found = paper(view(shown(RATED)), language=unreviewed)["heading"]
    assert isinstance(found, dict)
    assert found["english"] == "Alliance and HbA1c"
    assert "(AllianceandHbA1c)" in text_of(pdf(shown(RATED), unreviewed))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("M0 5L10 7L20 3M30 1L40 2", [[(0, 5), (10, 7), (20, 3)], [(30, 1), (40, 2)]]),
        ("M5 9.5h0M7 8h0", [[(5, 9.5), (5, 9.5)], [(7, 8), (7, 8)]]),
        ("M5 9V20", [[(5, 9), (5, 20)]]),
        ("M1 0v1M2 0v1", [[(1, 0), (1, 1)], [(2, 0), (2, 1)]]),
        ("M0 0H9v3h-9z", [[(0, 0), (9, 0), (9, 3), (0, 3), (0, 0)]]),
        ("", []),
    ],
)
def test_lines_of_the_charts_are_places(path: str, expected: list[list[tuple[float, float]]]) -> None:
    assert strokes(path) == expected


def test_a_line_no_chart_draws_is_no_silent_gap() -> None:
    with pytest.raises(ValueError, match="no line of a plot"):
        strokes("M0 0C1 2 3 4 5 6")


@pytest.mark.parametrize("state", STATES)
def test_every_plot_has_words_in_its_place_for_who_does_not_see_it(state: str) -> None:
    panels = paper(view(STATES[state]()), language=ENGLISH_PAGE)["panels"]
    assert isinstance(panels, list)
    assert [one["title"] for one in panels if one["plot"] and not one["alt"]] == []
