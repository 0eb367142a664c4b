"""Style sheets mirror a page that is read from right to left, but not its charts, and what is quiet can still be read."""

import re
from pathlib import Path

import pytest

from smart_app.assets import templates_dir
from smart_app.web.rendering.static_files import FOLDER, LANGUAGES_IN_PAGE, SHEET_IN_PAGE, load_static

ROOT = Path(__file__).resolve().parents[3]
PARTS = sorted((FOLDER / "parts").glob("*.css"))
_PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)\b|text-align: (?:left|right)|(?<![\w-])(?:left|right):|float: (?:left|right)"
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
# Drawings and what stands in line with them; `float` of a full line; and where a browser's own logical values are too young.
STAYS = {".drawing > :is(p, details)", "legend", ".paper legend", '[dir="rtl"] .paper legend'}
# What the English beneath a text may stand on.
GROUNDS = {"--ink2": ("--page", "--wash", "--notice-bg", "--band"), "--banner2": ("--banner",)}


def rules(css: str) -> list[tuple[str, str]]:
    found = _RULE.findall(re.sub(r"/\*.*?\*/|@media[^{]*\{", "", css, flags=re.DOTALL))
    return [(selector.strip(" }\n"), body) for selector, body in found]


@pytest.mark.parametrize("path", PARTS, ids=lambda path: str(path.name))
def test_nothing_but_drawings_keeps_to_a_side(path: Path) -> None:
    found = {selector for selector, body in rules(path.read_text(encoding="utf-8")) if _PHYSICAL.search(body)}
    assert found <= STAYS


def test_a_side_is_found() -> None:
    assert [bool(_PHYSICAL.search(body)) for _, body in rules("@media (max-width: 1px) { a { left: 0 } b { inset-inline-start: 0 } }")] == [
        True,
        False,
    ]


def test_time_runs_from_left_to_right_in_every_language() -> None:
    mirrored = [(selector, body.strip()) for selector, body in rules(part("languages"))]
    assert ('[dir="rtl"] :is(.stepper, .plot)', "direction: ltr;") in mirrored


def part(name: str) -> str:
    return (FOLDER / "parts" / f"{name}.css").read_text(encoding="utf-8")


def colours() -> list[dict[str, str]]:
    """The light scheme's, and the dark scheme's."""
    light, dark = [dict(re.findall(r"(--[\w-]+): (#[0-9a-f]+)", body)) for selector, body in rules(part("base")) if selector == ":root"][:2]
    return [light, light | dark]


def test_a_scheme_changes_colours_and_nothing_else() -> None:
    """So that what is no colour is looked at once for both (`check_in_both_schemes`); no script and no template asks for the scheme."""
    sheets = [*PARTS, *(ROOT / "smart_app" / "sandbox").rglob("*.css")]
    others = [*FOLDER.rglob("*.js"), *templates_dir().rglob("*.html"), *(ROOT / "smart_app" / "sandbox").rglob("*.[hj][ts]*")]
    asking = [path.name for path in (*sheets, *others) if "prefers-color-scheme" in path.read_text(encoding="utf-8")]
    assert asking == ["base.css"]
    [dark] = re.findall(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}", part("base"))
    assert [one for one in re.split(r";\s*", dark.strip()) if not re.fullmatch(r"--[\w-]+: #[0-9a-f]+|", one)] == []


_OF_A_SIZE = re.compile(r"@media [^{]*(?:width|height)[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
_OF_A_COLOUR = re.compile(r"(?<![\w-])(?:color|background|fill|stroke|opacity|filter|mix-blend-mode)\b")


def test_a_size_of_the_window_changes_no_colour() -> None:
    """So that colours are looked at on a desk, and on a phone those of what a desk does not draw (tests/browser/accessible.py)."""
    sheets = [*PARTS, *(ROOT / "smart_app" / "sandbox").rglob("*.css")]
    queries = [body for path in sheets for body in _OF_A_SIZE.findall(path.read_text(encoding="utf-8"))]
    coloured = {selector for body in queries for selector, rule in rules(body) if _OF_A_COLOUR.search(rule)}
    assert len(queries) > 20
    # Words that are made by a style sheet, which axe sees at no width.
    assert {selector for selector in coloured if not selector.endswith("::before")} == set()


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    digits = colour[1:] if len(colour) == len("#123456") else "".join(sign * 2 for sign in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# WCAG 1.4.3
def test_the_english_beneath_has_contrast_on_every_ground() -> None:
    for scheme in colours():
        for ink, grounds in GROUNDS.items():
            for ground in grounds:
                darker, lighter = sorted((luminance(scheme[ink]), luminance(scheme[ground])))
                assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ink, ground)
    beneath = rules(part("languages").partition("@media print")[0])
    assert "color: var(--ink2)" in dict(beneath)[":root .beneath"]
    assert "color: var(--banner2)" in dict(beneath)[":root .banner .beneath"]


def test_the_sheet_that_is_sent_with_every_form_gives_no_name_that_nothing_uses() -> None:
    files = load_static()
    sheet, beside = files.text(SHEET_IN_PAGE), files.text(LANGUAGES_IN_PAGE)
    given = set(re.findall(r"(?<=[{;])(--[\w-]+):", sheet))
    used = set(re.findall(r"var\((--[\w-]+)", sheet + beside))
    assert given <= used
    assert {"--ink", "--action", "--side"} <= given
    # What neither gives is given by an EHR's theme, and has a value of its own where there is none.
    assert all(f"var({name}," in sheet + beside for name in used - given)
