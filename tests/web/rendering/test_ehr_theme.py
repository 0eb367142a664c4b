"""An EHR's style on the pages: only what can be read, under the content security policy, and never in the way of a page."""

import re
from concurrent.futures import Future, wait
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from smart_app.launch.context.smart_style import Rgb, Style, read_style
from smart_app.web.rendering.ehr_theme import PALETTES, contrast, theme_of
from tests.launch.context.test_smart_style import EXAMPLE
from tests.support.page import Page
from tests.web.clinic import FRAME, Clinic

SHEET = Path(__file__).parents[3] / "smart_app" / "web" / "static" / "parts" / "base.css"
STYLE_URL = f"{FRAME}/style.json"
DARK = {"color_background": "#101418", "color_text": "#f0f0f0"}


def tokens(css: str, scheme: str) -> dict[str, str]:
    rule = re.search(rf"prefers-color-scheme: {scheme}\) and \(forced-colors: none\) {{ :root {{(.*?)}} }}", css)
    return dict(re.findall(r"--([a-z0-9-]+): ([^;]+);", rule[1])) if rule else {}


def rgb(text: str) -> Rgb:
    return read_style({"color_text": text}).colours["color_text"]


def test_palettes_are_those_of_the_style_sheet() -> None:
    light, dark = SHEET.read_text().split("@media (prefers-color-scheme: dark)")
    for name, text in (("light", light), ("dark", dark.split("@media")[0])):
        said = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", text))
        assert PALETTES[name].items() <= ({**said, "on-action": said["on-action"]}).items()


# SMART I
def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x76, 0x76, 0x76), (255, 255, 255)) == pytest.approx(4.54, abs=0.005)
    assert contrast((1, 2, 3), (1, 2, 3)) == 1


# SMART I
def test_example_of_the_specification_keeps_what_can_be_read() -> None:
    theme = theme_of(read_style(EXAMPLE))
    assert tokens(theme.css, "light") == {"page": "#edeae3", "ink": "#303030", "error": "#9e2d2d"}
    assert tokens(theme.css, "dark") == {"action": "#69b5ce"}
    assert '--radius: 6px; --font: "Georgia", "Times", "Times New Roman", serif;' in theme.css
    assert theme.ignored == ()


# SMART I
def test_colour_that_cannot_be_read_anywhere_is_named() -> None:
    theme = theme_of(read_style({"color_background": "#808080", "color_text": "#777777", "color_highlight": "#ff0000"}))
    assert theme.ignored == ("color_background", "color_text", "color_highlight")
    assert theme.css == ""


# SMART I
def test_colours_go_to_the_scheme_they_are_made_for() -> None:
    theme = theme_of(read_style({"color_background": "#fafafa", "color_text": "#111111"}))
    assert (tokens(theme.css, "light"), tokens(theme.css, "dark")) == ({"page": "#fafafa", "ink": "#111111"}, {})
    theme = theme_of(read_style(DARK))
    assert (tokens(theme.css, "light"), tokens(theme.css, "dark")) == ({}, {"page": "#101418", "ink": "#f0f0f0"})


colours = st.tuples(*[st.integers(0, 255)] * 3)
styles = st.builds(
    Style,
    colours=st.dictionaries(st.sampled_from(["color_background", "color_text", "color_highlight", "color_error"]), colours),
    lengths=st.dictionaries(st.just("dim_font_size"), st.decimals(14, 20, places=3)),
)


# SMART I
@given(styles)
def test_whatever_is_used_can_be_read(style: Style) -> None:
    theme = theme_of(style)
    for scheme, palette in PALETTES.items():
        found = {name: rgb(text) for name, text in {**palette, **tokens(theme.css, scheme)}.items()}
        for name in ("ink", "ink2", "action", "patient", "clinician", "measure", "error"):
            assert contrast(found[name], found["page"]) >= 4.5
        assert contrast(found["control"], found["page"]) >= 3
        assert contrast(found["on-action"], found["action"]) >= 4.5
        for ground in ("wash", "band", "notice-bg"):
            assert contrast(found["ink"], found[ground]) >= 4.5
    assert re.fullmatch(r'[-A-Za-z0-9@(){}:;#." ,\n]*', theme.css)
    assert not re.search(r"url|import|expression|<", theme.css)


def test_type_follows_the_readers_own_setting() -> None:
    assert theme_of(Style(lengths={"dim_font_size": Decimal(18)})).css == ":root { --text: 1.125rem; }"


def styled(rapport: Clinic, wire: responses.RequestsMock, **answer: Any) -> tuple[str, Page]:
    """A chart opened with a style, and its dashboard once everything begun with it has ended."""
    wire.get(STYLE_URL, **answer)
    rapport.server.token["smart_style_url"] = STYLE_URL
    begun: list[Future[Any]] = []
    submit = rapport.services.pool.submit

    def noted(*args: Any, **more: Any) -> Future[Any]:
        begun.append(submit(*args, **more))
        return begun[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rapport.services.pool, "submit", noted)
        chart = rapport.launch()
    wait(begun)
    return chart, rapport.get(chart)


# SMART I
def test_pages_of_the_launch_wear_the_style_under_the_policy(rapport: Clinic, wire: responses.RequestsMock) -> None:
    chart, page = styled(rapport, wire, json={"color_text": "#303030", "font_family_body": "Verdana"})
    for shown in (page, rapport.form(chart, "clinician"), rapport.form(chart)):
        css = shown.soup.select("style")[-1].get_text()
        assert "--ink: #303030;" in css
        assert '--font: "Verdana", sans-serif;' in css
        theme = theme_of(read_style({"color_text": "#303030", "font_family_body": "Verdana"}))
        assert css == theme.css
        assert "unsafe-inline" not in shown.headers["Content-Security-Policy"]
    rapport.server.token.pop("smart_style_url")
    rapport.take_back(chart)
    plain = rapport.get(rapport.launch())
    assert not plain.soup.select("style")


# SMART I
@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 302, "headers": {"Location": "https://evil.example.org/"}}, {"body": "x"}])
def test_style_that_cannot_be_had_changes_nothing(rapport: Clinic, wire: responses.RequestsMock, answer: dict[str, Any]) -> None:
    _, page = styled(rapport, wire, **answer)
    assert page.status == 200
    assert not page.soup.select("style")
    assert not [call for call in wire.calls if "evil" in str(call.request.url)]


# SMART I
def test_refused_values_are_logged_by_name(rapport: Clinic, wire: responses.RequestsMock, capsys: pytest.CaptureFixture[str]) -> None:
    styled(rapport, wire, json={"color_text": "#777777", "dim_font_size": "8px", "font_family_body": "zqfont"})
    said = capsys.readouterr().err
    for name in ("color_text.contrast", "dim_font_size", "font_family_body"):
        assert f'"reason_code": "{name}"' in said
    assert "zqfont" not in said
    assert "style.json" not in said
