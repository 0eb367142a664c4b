"""The patient's form: what it weighs, and how soon a slow device has all its radio buttons, against a bare page with the same ones.

Both pages come from the same server, in turn, each in a browser context of its own, so that nothing is cached. The clock starts with the
navigation and stops when the last radio button is in the document."""

from html import escape

from playwright.sync_api import Browser, sync_playwright

from smart_app.cli.demo.html_visitor import Page
from tests.bench.desk import Desk, cookie_header, desk, packed_sizes, sizes_text
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import peer
from tests.bench.timing import Pair, interleaved

WEIGHT_GOAL, TIME_GOAL = 8, 1.25
SLOWDOWN = 4
_CHROMIUM = "/usr/bin/chromium"
_WATCH = """
new MutationObserver((_, observer) => {
  if (document.querySelectorAll('input[type=radio]').length >= COUNT) {
    window.complete = performance.now();
    observer.disconnect();
  }
}).observe(document, {childList: true, subtree: true});
"""


def measure(effort: Effort) -> Figures:
    """Two figures: weight and time."""
    with peer("tests.bench.upstream_process") as upstream, desk(upstream.address, "strained-repaired") as at:
        page, form = at.walk.form("patient")
        sizes = packed_sizes(page.url, at.cookies)
        at.app.ask("bare", _bare(form.radios))
        count = sum(map(len, form.radios.values()))
        pair = _raced(at, page, count, rounds=effort.rounds(40))
    return [
        Figure(name="form page with all assets", value=sum(sizes.values()) / 1000, goal=WEIGHT_GOAL, unit="kB", raw=sizes_text(sizes)),
        Figure(
            name=f"form's {count} radio buttons at {SLOWDOWN}× CPU slowdown over bare page",
            value=pair.ratio,
            goal=TIME_GOAL,
            unit="×",
            raw=pair.text(ours="form", other="bare page"),
        ),
    ]


def _bare(radios: dict[str, list[str]]) -> str:
    """Nothing but the radio buttons."""
    inputs = [
        f'<label><input type="radio" name="{escape(name)}" value="{escape(value)}">{escape(value)}</label>'
        for name, values in radios.items()
        for value in values
    ]
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title><form method="post">{"".join(inputs)}</form></html>'


def _raced(at: Desk, page: Page, count: int, *, rounds: int) -> Pair:
    """Both pages in turn."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        try:
            return interleaved(
                lambda: _seconds(browser, page.url, at.cookies, count),
                lambda: _seconds(browser, f"{at.app.address}/bare", at.cookies, count),
                rounds=rounds,
                unmeasured=2,
            )
        finally:
            browser.close()


def _seconds(browser: Browser, url: str, cookies: dict[str, str], count: int) -> float:
    """From navigation to the last radio button, on a slow processor."""
    context = browser.new_context(extra_http_headers={"Cookie": cookie_header(cookies)})
    try:
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        page.add_init_script(_WATCH.replace("COUNT", str(count)))
        page.goto(url, wait_until="load")
        return float(page.evaluate("window.complete")) / 1000
    finally:
        context.close()
