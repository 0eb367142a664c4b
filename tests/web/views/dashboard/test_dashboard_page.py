"""The rendered dashboard in every state: valid, accessible in structure, free of inline code, light."""

import gzip
import re
from collections import Counter

import html5lib
import pytest
from bs4 import BeautifulSoup, Tag
from msgspec.structs import replace

from smart_app.web.rendering.static_files import load_static
from smart_app.web.views.banner import full_name
from tests.web.states_history import STATES, repaired, waiting
from tests.web.support_history import CONTEXT, INGRID
from tests.web.support_page import dashboard_html

ASSETS = {name: asset.content for name, asset in load_static().assets.items() if name in {"app.css", "app.js", "icon.svg"}}
every_state = pytest.mark.parametrize("state", STATES)


def page(state: str) -> BeautifulSoup:
    return BeautifulSoup(dashboard_html(STATES[state]()), "html5lib")


def gzipped(data: bytes) -> int:
    return len(gzip.compress(data, 6, mtime=0))


@every_state
def test_page_is_valid_html(state: str) -> None:
    html5lib.HTMLParser(strict=True).parse(dashboard_html(STATES[state]()))


@every_state
def test_page_has_one_title_line_unique_ids_and_a_language(state: str) -> None:
    soup = page(state)
    assert len(soup.find_all("h1")) == 1
    assert max(Counter(str(tag["id"]) for tag in soup.find_all(id=True)).values()) == 1
    assert soup.html
    assert soup.html["lang"] == "en"


# SMART L
# SMART 6.3.6
# IG 5
@every_state
def test_page_runs_under_the_strict_policy(state: str) -> None:
    """No inline style, script or handler, and no address outside."""
    html = dashboard_html(STATES[state]())
    soup = BeautifulSoup(html, "html5lib")
    assert not soup.find_all("style")
    assert not [tag for tag in soup.find_all("script") if tag.string or not tag.get("src")]
    assert not [name for tag in soup.find_all(True) for name in tag.attrs if name == "style" or name.startswith("on")]
    assert "http" not in re.sub(r"https?://www\.w3\.org/\S+", "", html)


# SMART 6.3.7
@every_state
def test_the_title_names_no_patient(state: str) -> None:
    soup = page(state)
    assert soup.title
    assert "HALVORSEN" not in soup.title.text.upper()
    assert "ACHTERBERG" not in soup.title.text.upper()


@every_state
def test_every_plot_has_a_name_and_every_wide_table_can_be_scrolled_by_keyboard(state: str) -> None:
    soup = page(state)
    assert all(plot.get("aria-label") or plot.get("aria-hidden") for plot in soup.select("svg.plot"))
    assert all(table.parent and table.parent.get("tabindex") == "0" and table.parent.get("aria-label") for table in soup.find_all("table"))
    assert all(cell.get("scope") for cell in soup.find_all("th"))


# SMART 6.3.7
@every_state
def test_the_banner_comes_before_everything_and_whole(state: str) -> None:
    soup = page(state)
    banner = soup.select_one("header.banner strong")
    assert banner
    assert banner.text == full_name(STATES[state]().patient)


# SMART 6.3.2
# SMART 6.3.5
@every_state
def test_every_form_carries_the_guard_and_the_patient(state: str) -> None:
    shown = STATES[state]()
    for form in page(state).find_all("form"):
        fields = {str(field["name"]): field.get("value") for field in form.find_all("input")}
        assert form["method"] == "post"
        assert (fields["csrf"], fields["patient"]) == ("guard", shown.patient.id)


@every_state
def test_symbols_used_are_defined(state: str) -> None:
    soup = page(state)
    assert {str(use["href"])[1:] for use in soup.find_all("use")} <= {str(tag["id"]) for tag in soup.select("svg.shapes [id]")}


def test_without_a_banner_the_name_stays_in_the_context_line() -> None:
    soup = BeautifulSoup(dashboard_html(repaired(), context=replace(CONTEXT, need_patient_banner=False)), "html5lib")
    assert soup.select_one("header.banner") is None
    line = soup.select_one(".context")
    assert line
    assert "HALVORSEN, Ingrid (Ms)" in line.text


# SMART L
# IG 5
def test_a_hostile_name_stays_text() -> None:
    shown = replace(repaired(), patient=replace(INGRID, family="<script>alert(1)</script>"))
    soup = BeautifulSoup(dashboard_html(shown), "html5lib")
    assert [tag["src"] for tag in soup.find_all("script")] == ["/static/app.js"]


def test_the_causality_caption_and_the_validation_caveat_are_on_the_page() -> None:
    text = page("repaired").get_text(" ")
    assert "One person’s history cannot show that one thing caused another." in text
    assert "Rapport check-in, not validated" in text
    assert "Rapport does not diagnose and does not rank clinicians." in text


def test_a_waiting_rating_is_revealed_by_a_post_of_its_visit() -> None:
    form = BeautifulSoup(dashboard_html(waiting()), "html5lib").select_one("main form")
    assert isinstance(form, Tag)
    assert form["action"] == "/l/abc/reveal"
    assert {str(field["name"]): field["value"] for field in form.find_all("input")} | {"csrf": ""} == {
        "csrf": "",
        "patient": "p1",
        "clinician": "Practitioner/sofia",
        "visit": "Encounter/e1",
    }


def test_nothing_is_made_up_where_there_is_no_source() -> None:
    """No signal, no reliable-change band, no target band, no judging word."""
    html = dashboard_html(repaired()).lower()
    assert not [word for word in ("reliable change", "rupture", "failure", "target band", "good", "bad", "strain") if word in html]


@pytest.mark.parametrize(("state", "limit"), [("repaired", 20_000), ("waiting", 20_000), ("twelve-years", 40_000)])
def test_the_page_with_all_its_assets_stays_light(state: str, limit: int) -> None:
    assets = sum(map(gzipped, ASSETS.values()))
    assert len(ASSETS) == 3
    assert gzipped(dashboard_html(STATES[state]()).encode()) + assets <= limit


def test_the_style_sheet_and_script_stay_small() -> None:
    sizes = {name: gzipped(content) for name, content in ASSETS.items()}
    assert sizes["app.css"] <= 7_500
    assert sizes["app.js"] <= 2_000
