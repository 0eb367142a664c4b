"""The promise every page makes: axe finds nothing, wide and narrow, and nothing scrolls sideways. A picture of each is kept."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

DESK: ViewportSize = {"width": 1280, "height": 800}
SCREENS = Path(__file__).resolve().parents[2] / "artefacts" / "screens"
# Of a test: once in each colour scheme.
IN_BOTH_SCHEMES = pytest.mark.parametrize("options", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"])
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


def found_by_axe(tab: Page, *, but: Iterable[str] = ()) -> str:
    """What axe finds on the page, everything that can be opened open, by all of its rules `but` those."""
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    results = _AXE.run(tab, options={**_OPTIONS, "rules": {rule: {"enabled": False} for rule in but}})
    return str(results.generate_report()) if results.violations_count else ""
