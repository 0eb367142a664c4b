"""A clinic with a fresh record, Debian's Chromium, and a watched browser context for each test."""

import shutil
from collections.abc import Iterator

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
    opened = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options})  # type: ignore[arg-type]
    yield watch.over(opened)
    opened.close()


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    return tab
