"""The promise every page makes: axe finds nothing, wide and narrow, and nothing scrolls sideways. A picture of each is kept."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

DESK: ViewportSize = {"width": 1280, "height": 800}
SCREENS = Path(__file__).resolve().parents[2] / "artefacts" / "screens"
# Of a test: once in each colour scheme.
IN_BOTH_SCHEMES = pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"])
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Of axe's rules those that look at colours, which are all that a scheme changes (tests/web/rendering/test_style_sheets.py).
_OF_COLOURS = ("color-contrast", "link-in-text-block")
_AXE = Axe()
# axe would fetch style sheets anew for rules that need them; content security forbids that, and they are same-origin anyway.
_OPTIONS = {"resultTypes": ["violations"], "preload": False}


def check_page(tab: Page, name: str, options: Mapping[str, str], *, phone: ViewportSize) -> None:
    """AssertionError with what axe finds on the page that is open, or when it is wider than the phone."""
    picture = f"{name}-{options['color_scheme']}"
    tab.screenshot(path=SCREENS / f"{picture}-{DESK['width']}.png", full_page=True)
    tab.set_viewport_size(phone)
    tab.screenshot(path=SCREENS / f"{picture}-{phone['width']}.png", full_page=True)
    narrow = found_by_axe(tab)
    widest = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size(DESK)
    assert (found_by_axe(tab), narrow, widest) == ("", "", phone["width"])


def check_in_both_schemes(tab: Page, name: str, *, phone: ViewportSize) -> None:
    """As `check_page` once in each colour scheme, with the page opened once and what is no colour looked at once."""
    for size in (DESK, phone):
        tab.set_viewport_size(size)
        for scheme in _SCHEMES:
            tab.emulate_media(color_scheme=scheme)
            tab.screenshot(path=SCREENS / f"{name}-{scheme}-{size['width']}.png", full_page=True)
    narrow = _found_in_both_schemes(tab)
    widest = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size(DESK)
    found = (_found_in_both_schemes(tab), narrow, widest)
    assert found == ("", "", phone["width"]), found


def _found_in_both_schemes(tab: Page) -> str:
    """What axe finds by all rules in the scheme that is there, and by those of colours in the other."""
    there, other = reversed(_SCHEMES)
    found = found_by_axe(tab)
    tab.emulate_media(color_scheme=other)
    found += found_by_axe(tab, only=_OF_COLOURS)
    tab.emulate_media(color_scheme=there)
    return found


def found_by_axe(tab: Page, *, but: Iterable[str] = (), only: Iterable[str] = ()) -> str:
    """What axe finds on the page, everything that can be opened open, by all of its rules `but` those, or by those `only`."""
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    chosen = {"runOnly": list(only)} if only else {"rules": {rule: {"enabled": False} for rule in but}}
    results = _AXE.run(tab, options={**_OPTIONS, **chosen})
    return str(results.generate_report()) if results.violations_count else ""
