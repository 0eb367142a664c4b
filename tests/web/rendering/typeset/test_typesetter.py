"""Whatever a text holds comes out of the PDF as it went in: nothing of it is markup, and nothing is read or run."""

import io
import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from fhir_mappings.sentence import Sentence
from smart_app.errors import NotTypeset
from smart_app.web.languages.page_language import ENGLISH_PAGE
from smart_app.web.rendering.typeset import typesetter
from smart_app.web.rendering.typeset.drawable import drawable
from smart_app.web.rendering.typeset.typesetter import FONTS, Typesetter
from smart_app.web.views.printed.paper import paper
from tests.web.states_history import STATES
from tests.web.views.printed.test_printed_page import view

MADE = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
SETTER = Typesetter()
SIGNS = string.punctuation + string.digits + "abcABC äöüßéñÅøœŁžğ αΩ дЖя “”‘’–—…€±≤≥→ ﬁ"
# What would be markup, code or a comment if a text were part of the template.
MARKUP = (
    '#read("/etc/passwd")',
    "#panic()",
    '#eval("1+1")',
    '#import "@preview/cetz:0.3.0"',
    "$x^2$ *b* _i_ `raw` @ref <label>",
    "= Heading",
    "- item + item / term: x",
    r"\ \u{41} \# ~ -- ---",
    "// gone /* gone */",
    '"] #text(red)[',
    "https://example.org/?a=b#c",
    "{page} of {pages} %(who)s {{ view }}",
    "'quoted' \"quoted\"",
    "sys.inputs.data",
)


def shown(**over: Any) -> dict[str, object]:
    return {**paper(view(STATES["repaired"]()), language=ENGLISH_PAGE), **over}


def named(name: str) -> dict[str, object]:
    return shown(banner={"name": name, "facts": [["Born", name]], "deceased": "", "standing": name}, changes=[[name, name]])


def set_in(of: dict[str, object], **more: Any) -> bytes:
    return SETTER.pdf("printed_page", of, made=more.get("made", MADE))


def text_of(pdf: bytes) -> str:
    """Without white space: where a line breaks is the typesetter's to say."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_a_name_is_the_name(name: str) -> None:
    assert text_of(set_in(named(name))).count(squeezed(name)) == 5


@settings(max_examples=25, deadline=None)
@given(st.text(SIGNS, max_size=40))
def test_any_text_comes_out_as_it_went_in(name: str) -> None:
    # The ends are marked, so that none of it is dropped there.
    marked = f"X{name}X"
    found = text_of(set_in(shown(span=marked)))
    assert squeezed(marked).replace("ﬁ", "fi") in found.replace("ﬁ", "fi")


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_no_text_stops_it(name: str) -> None:
    assert set_in(named(name)).startswith(b"%PDF-1.7")


def test_what_no_font_draws_stands_as_its_number_and_the_page_says_so() -> None:
    found = text_of(set_in(named("王明 Ming")))
    assert "[U+738B][U+660E]Ming" in found
    assert squeezed("Characters that no font here can draw stand as their Unicode numbers, as in [U+738B].") in found
    assert "Unicodenumbers" not in text_of(set_in(named("Łukasz Ωμέγα Жанна")))


@pytest.mark.parametrize("name", ["عائشة محمد", "שָׁלוֹם", "Жанна", "Ωμέγα", "Nguyễn Thị", "Æsa Þórðardóttir"])
def test_other_scripts_of_the_font_that_ships_are_drawn(name: str) -> None:
    covered = SETTER._covered
    assert drawable(name, covered) == (name, False)
    assert set_in(named(name))


def test_what_turns_the_text_after_it_around_is_shown_and_turns_nothing() -> None:
    assert drawable("Ann\u202egnuoY", {*string.ascii_letters}) == ("Ann[U+202E]gnuoY", True)
    assert drawable("a\u200db\xad*\ufe0e", {*"ab*"}) == ("a\u200db\xad*\ufe0e", False)


def test_breaks_and_controls_leave_one_line() -> None:
    assert drawable("a\n\t b\u2028c\x1b[2J\ue000", {*"abc [2J"}) == ("a b c[U+001B][2J[U+E000]", True)


def test_the_site_may_bring_fonts(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("no font")
    (tmp_path / "own.ttf").write_bytes((FONTS / "DejaVuSansCondensed.ttf").read_bytes())
    assert Typesetter(tmp_path).pdf("printed_page", named("Łukasz"), made=MADE)


def test_the_same_page_gives_the_same_bytes() -> None:
    first = set_in(named("Ingrid"))
    assert set_in(named("Ingrid")) == first == Typesetter().pdf("printed_page", named("Ingrid"), made=MADE)
    assert set_in(named("Ingrid"), made=MADE + timedelta(minutes=1)) != first


def test_the_document_says_its_title_language_and_time_and_nobodys_name() -> None:
    reader = PdfReader(io.BytesIO(set_in(named("HALVORSEN, Ingrid"))))
    assert reader.metadata
    assert reader.metadata.title == "Alliance and diabetes history"
    assert reader.metadata.creation_date == MADE
    root = reader.trailer["/Root"].get_object()
    assert root["/Lang"] == "en"  # type: ignore[index]
    metadata = root["/Metadata"].get_object().get_data().decode()  # type: ignore[index]
    assert "HALVORSEN" not in metadata
    assert "HALVORSEN" not in str(reader.outline)


def test_why_it_failed_is_told_without_what_it_quotes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(typesetter, "_TEMPLATES", tmp_path)
    (tmp_path / "printed_page.typ").write_text('#set text(font: "None")\n#panic("of \\"Halvorsen\\"")')
    with pytest.raises(NotTypeset) as caught:
        SETTER.pdf("printed_page", {}, made=MADE)
    assert (caught.value.http_status, caught.value.code, caught.value.user_message) == (503, "pdf_failed", "The PDF could not be made.")
    assert "Halvorsen" not in str(caught.value)
    assert caught.value.detail == "typst: not compiled"
    (tmp_path / "printed_page.typ").write_text('#set document(title: [T])\n#set text(font: "DejaVu Sans")\n王')
    with pytest.raises(NotTypeset, match="not as PDF/UA-1 asks"):
        SETTER.pdf("printed_page", {}, made=MADE)


@pytest.mark.parametrize(
    "code", ['read("/etc/hostname")', 'read("../../../../../etc/hostname")', 'image("/proc/self/environ")', 'json("a.json")']
)
def test_nothing_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    monkeypatch.setattr(typesetter, "_TEMPLATES", tmp_path)
    (tmp_path / "printed_page.typ").write_text(f"#set document(title: [T])\n#{code}")
    told: list[str] = []

    def because(message: str) -> NotTypeset:
        told.append(message)
        return NotTypeset(Sentence("No."))

    monkeypatch.setattr(NotTypeset, "because", because)
    with pytest.raises(NotTypeset):
        SETTER.pdf("printed_page", {}, made=MADE)
    assert re.search("file not found|would escape the project root", told[0])


def test_the_templates_evaluate_nothing_and_bring_nothing_in() -> None:
    for path in typesetter._TEMPLATES.iterdir():
        code = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"\b(?:import|include)\b|\b(?:eval|read|plugin|csv|toml|yaml|xml|cbor|image|link)\(", code)
        assert re.findall(r"\bjson\(.*", code) == ["json(bytes(sys.inputs.data))"]
