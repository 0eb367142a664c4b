"""A form opened in Chromium on a slow device: when every radio button can be answered, and what it took to get there.

Ready is the moment in which all of them are in the document and enabled; drawn, the end of the first frame after it. The clock starts with
the navigation; each opening has a browser context of its own, so that nothing is cached."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, sync_playwright

from tests.bench.desk import cookie_header

SLOWDOWN = 4
_CHROMIUM = "/usr/bin/chromium"
# Milliseconds.
_LOOKED_EVERY, _TIMEOUT = 100, 120_000
_WATCH = """
const watcher = new MutationObserver(() => {
  if (document.querySelectorAll('input[type=radio]:enabled').length < COUNT) return;
  watcher.disconnect();
  window.ready = performance.now();
  requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => { window.drawn = performance.now(); };
    after.port2.postMessage(0);
  });
});
watcher.observe(document, {childList: true, subtree: true, attributes: true, attributeFilter: ['disabled']});
"""
_TAKEN = """() => ({
  ready: window.ready / 1000,
  drawn: window.drawn / 1000,
  radios: document.querySelectorAll('input[type=radio]:enabled').length,
  sizes: Object.fromEntries(
    ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind)).map((one) => [one.name, one.encodedBodySize])
  ),
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How fast the network is."""

    megabits: float

    def slow_down(self, session: CDPSession) -> None:
        """Hold the page to it. No delay is added: that would count round trips."""
        bytes_per_second = self.megabits * 1e6 / 8
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": bytes_per_second, "uploadThroughput": bytes_per_second},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One opening: seconds until ready and until drawn, the radio buttons, bytes as they came over the line by address, and which other
    hosts were asked for something."""

    ready: float
    drawn: float
    radios: int
    sizes: Mapping[str, int]
    elsewhere: frozenset[str]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser while the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, url: str, count: int, *, cookies: Mapping[str, str], line: Line | None = None) -> Opened:
    """Open a form with that many radio buttons. Playwright's TimeoutError where they do not come."""
    context = browser.new_context(extra_http_headers={"Cookie": cookie_header(dict(cookies))} if cookies else {})
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        if line:
            line.slow_down(session)
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.add_init_script(_WATCH.replace("COUNT", str(count)))
        page.goto(url, wait_until="load", timeout=_TIMEOUT)
        page.wait_for_function("window.drawn", polling=_LOOKED_EVERY, timeout=_TIMEOUT)
        return Opened(**page.evaluate(_TAKEN), elsewhere=frozenset(hosts - {urlsplit(url).netloc, ""}))
    finally:
        context.close()
