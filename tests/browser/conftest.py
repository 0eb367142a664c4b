"""A clinic with a fresh record, Debian's Chromium, and a watched browser context for each test."""

import shutil
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.watch import Watch
from tests.support.stands import Clinic, clinic

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36 Device/{number}"
_DEVICES = count(1)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def here() -> Iterator[Clinic]:
    """A clinic whose record may be written to."""
    with clinic() as standing:
        yield standing


@pytest.fixture(scope="session")
def reading_room() -> Iterator[Clinic]:
    """A clinic for tests that write nothing."""
    with clinic() as standing:
        yield standing


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Fails the test when a page complained or asked another origin than the two of its clinic."""
    stand = request.getfixturevalue("here" if "here" in request.fixturenames else "reading_room").stand
    watching = Watch(origins=(stand.app, stand.ehr))
    yield watching
    assert watching.complaints == []


@pytest.fixture
def options() -> dict[str, object]:
    """How the browser context differs from a plain one; tests override it by parametrising."""
    return {}


@pytest.fixture
def context(chromium: Browser, watch: Watch, options: dict[str, object]) -> Iterator[BrowserContext]:
    # A device of its own for each test: where one leaves it with a patient, the same clinician's charts on others like it are locked.
    device = _AGENT.format(version=chromium.version, number=next(_DEVICES))
    plain: dict[str, object] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "user_agent": device}
    opened = chromium.new_context(**{**plain, **options})  # type: ignore[arg-type]
    yield watch.over(opened)
    opened.close()


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    return tab
