"""Many launches in a row leave nothing behind: the short form of `make bench ARGS="--only launches"`, without its timing."""

import gc
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import text

from smart_app.services import AppServices
from smart_app.store import Store
from tests.support.recording_ehr import BASE
from tests.web.clinic import SITE
from tests.web.test_crossings import Jar, browser

_PATIENTS = 20
# Free pages that stay for the next launches.
_SPARE_PAGES = 64


@pytest.fixture
def jar(tmp_path: Path) -> Iterator[Jar]:
    with browser(tmp_path, patients=_PATIENTS) as opened:
        yield opened


def store_of(jar: Jar) -> Store:
    services: AppServices = jar.app.extensions["rapport"]
    return services.store


def launch(jar: Jar, count: int) -> None:
    """So many launches, each in a browser of its own."""
    for number in range(count):
        client = jar.app.test_client()
        sent = client.get(f"/launch?{urlencode({'iss': BASE, 'launch': f'launch-{number}'})}", base_url=SITE)
        callback = jar.ehr.authorize(sent.headers["Location"], patient=f"pat-{number % _PATIENTS + 1:03}")
        landed = client.get(f"/callback?{urlencode(callback)}", base_url=SITE)
        assert urlsplit(landed.headers["Location"]).path.startswith("/l/")
        # What the EHR of the test remembers is not what is measured.
        for kept in (jar.ehr._access, jar.ehr._families, jar.ehr.log):
            kept.clear()


def number(jar: Jar, statement: str) -> int:
    with store_of(jar).database.begin() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def held() -> tuple[int, int, int]:
    """Bytes of Python objects, open files, threads."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0], sum(1 for _ in Path("/proc/self/fd").iterdir()), threading.active_count()


def test_a_hundred_launches_hold_no_memory_no_file_and_no_thread(jar: Jar) -> None:
    launch(jar, 60)
    tracemalloc.start()
    try:
        launch(jar, 20)
        before = held()
        launch(jar, 100)
        after = held()
    finally:
        tracemalloc.stop()
    # Python's own free lists waver by some 40 kB, however many launches there are; what is kept of a launch is 2 kB and more.
    assert after[0] - before[0] < 100_000
    assert after[1:] == before[1:]


def test_every_launch_leaves_itself_its_way_back_and_one_line_of_the_audit_trail(jar: Jar) -> None:
    launch(jar, 60)
    assert number(jar, "SELECT count(*) FROM launches WHERE kind = 'open'") == 60
    assert number(jar, "SELECT count(*) FROM launches WHERE kind = 'spent'") == 60
    assert number(jar, "SELECT count(*) FROM launches") == 120
    assert number(jar, "SELECT count(*) FROM audit") == 60


# SMART J7
def test_launches_take_away_what_expired_and_the_file_gets_its_pages_back(jar: Jar) -> None:
    launch(jar, 10)
    before = number(jar, "PRAGMA page_count")
    launch(jar, 240)
    full = number(jar, "PRAGMA page_count")
    jar.clock.forward(hours=12)
    launch(jar, 1)
    # Somebody waits for this launch, so it takes away some and leaves the rest to the next ones.
    assert number(jar, "SELECT count(*) FROM launches") == 2 * 250 - 50 + 2
    launch(jar, 9)
    assert number(jar, "SELECT count(*) FROM launches") == 2 * 10
    assert number(jar, "SELECT count(*) FROM audit WHERE event = 'expired'") == 250
    trail = number(jar, "SELECT sum(length(payload) + 700) FROM audit") // 4096
    assert number(jar, "PRAGMA freelist_count") <= _SPARE_PAGES
    assert number(jar, "PRAGMA page_count") <= before + trail + _SPARE_PAGES
    assert full > before + 60


def test_a_launch_is_kept_and_recorded_or_neither(jar: Jar, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(jar)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the trail cannot be written")

    monkeypatch.setattr(type(store.audit), "add", broken)
    client = jar.app.test_client()
    sent = client.get(f"/launch?{urlencode({'iss': BASE, 'launch': 'x'})}", base_url=SITE)
    callback = jar.ehr.authorize(sent.headers["Location"], patient="pat-001")
    assert client.get(f"/callback?{urlencode(callback)}", base_url=SITE).status_code == 500
    assert number(jar, "SELECT count(*) FROM launches") == 0
