"""The promise every page makes: axe finds nothing, wide and narrow, and nothing scrolls sideways. A picture of each is kept."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize

DESK: ViewportSize = {"width": 1280, "height": 800}
SCREENS = Path(__file__).resolve().parents[2] / "artefacts" / "screens"
# Of a test: once in each colour scheme.
IN_BOTH_SCHEMES = pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"])
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Of axe's rules those that look at colours, which are all that a scheme changes (tests/web/rendering/test_style_sheets.py).
_OF_COLOURS = ("color-contrast", "link-in-text-block")
# What is drawn on a narrow screen and not on a desk's: all whose colours a desk has not shown, since no width changes a colour
# (tests/web/rendering/test_style_sheets.py). Colours take four fifths of axe's time.
_UNSEEN = "[data-unseen]"
_MARK_UNSEEN = """() => {
  document.querySelectorAll("details").forEach(one => { one.open = true });
  document.querySelectorAll("body *").forEach(one => one.toggleAttribute("data-unseen", !one.getClientRects().length));
}"""
_DRAWN = "selector => [...document.querySelectorAll(selector)].some(one => one.getClientRects().length)"
_AXE = Axe()
# axe would fetch style sheets anew for rules that need them; content security forbids that, and they are same-origin anyway.
_OPTIONS = {"resultTypes": ["violations"], "preload": False}


def keep_picture(of: Page | Locator, name: str, **how: Any) -> None:
    """As NAME.png among the screens, for people to look at. Where `KEEP_PICTURES` is "no" nobody looks, and none is taken."""
    if os.environ.get("KEEP_PICTURES") != "no":
        of.screenshot(path=SCREENS / f"{name}.png", **how)


def check_page(tab: Page, name: str, options: Mapping[str, str], *, phone: ViewportSize) -> None:
    """AssertionError with what axe finds on the page that is open, or when it is wider than the phone."""
    picture = f"{name}-{options['color_scheme']}"
    keep_picture(tab, f"{picture}-{DESK['width']}", full_page=True)
    tab.set_viewport_size(phone)
    keep_picture(tab, f"{picture}-{phone['width']}", full_page=True)
    widest = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size(DESK)
    wide = found_by_axe(tab)
    tab.evaluate(_MARK_UNSEEN)
    tab.set_viewport_size(phone)
    narrow = found_by_axe(tab, but=_OF_COLOURS) + _found_in_unseen_colours(tab)
    tab.set_viewport_size(DESK)
    assert (wide, narrow, widest) == ("", "", phone["width"])


def check_in_both_schemes(tab: Page, name: str, *, phone: ViewportSize) -> None:
    """As `check_page` once in each colour scheme, with the page opened once and what is no colour looked at once."""
    for size in (DESK, phone):
        tab.set_viewport_size(size)
        for scheme in _SCHEMES:
            tab.emulate_media(color_scheme=scheme)
            keep_picture(tab, f"{name}-{scheme}-{size['width']}", full_page=True)
    widest = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size(DESK)
    wide = found_by_axe(tab, but=_OF_COLOURS)
    for scheme in _SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        wide += found_by_axe(tab, only=_OF_COLOURS)
    tab.evaluate(_MARK_UNSEEN)
    tab.set_viewport_size(phone)
    narrow = found_by_axe(tab, but=_OF_COLOURS)
    for scheme in _SCHEMES:
        tab.emulate_media(color_scheme=scheme)
        narrow += _found_in_unseen_colours(tab)
    tab.set_viewport_size(DESK)
    found = (wide, narrow, widest)
    assert found == ("", "", phone["width"]), found


def _found_in_unseen_colours(tab: Page) -> str:
    """What axe finds in the colours of what only this width draws."""
    return found_by_axe(tab, only=_OF_COLOURS, within=_UNSEEN) if tab.evaluate(_DRAWN, _UNSEEN) else ""


def found_by_axe(tab: Page, *, but: Iterable[str] = (), only: Iterable[str] = (), within: str | None = None) -> str:
    """What axe finds on the page or `within` what that selects, everything that can be opened open, by all of its rules `but` those, or by
    those `only`."""
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    chosen = {"runOnly": list(only)} if only else {"rules": {rule: {"enabled": False} for rule in but}}
    results = _AXE.run(tab, context=within, options={**_OPTIONS, **chosen})
    return str(results.generate_report()) if results.violations_count else ""
