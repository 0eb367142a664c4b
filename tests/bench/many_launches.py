"""Ten thousand launches in a row, patients in turn: processor time of each, memory of the app's process, and the size of its database
before, full, and after everything has expired and was purged. The EHR is another process."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.bench.figure import Effort, Figure, Figures
from tests.bench.launches import OURS, PATIENTS, Browser
from tests.bench.peer import peer
from tests.bench.trend import Trend, trend

LAUNCHES = 10_000
# No slope: by the straight line through all launches after the first tenth, to which belongs what is built when first used. The median of
# one tenth over another's moved by 12 % between runs whose slope was nothing.
STEADY = 1.05
FLAT = 1.02
# Free pages the store keeps for the next launches (`_SPARE_PAGES` of 4 kB), and no more than those.
SPARE_KB = 64 * 4.096
_BLOCKS = 10
_NIGHT = 12 * 3600


def measure(effort: Effort) -> Figures:
    """Three figures: time per launch, memory, database."""
    count = effort.rounds(LAUNCHES)
    tenth = count // 10
    with (
        peer("tests.bench.ehr_process", str(PATIENTS)) as ehr,
        peer("tests.bench.app_process", f"{ehr.address}/fhir", OURS) as app,
        Browser(ehr, app, OURS) as browser,
    ):
        before = app.ask("holdings")
        began = time.perf_counter()
        seconds, sizes = [], []
        for number in range(count):
            seconds.append(browser.launch(settle=0))
            if (number + 1) % tenth == 0:
                sizes.append(int(app.ask("rss")))
        took = time.perf_counter() - began
        full = app.ask("holdings")
        for one in (app, ehr):
            one.ask("later", _NIGHT)
        morning = browser.launch()
        purged, seconds_of_purge = _timed(lambda: app.ask("purge"))
        after = app.ask("holdings")
    return [_steady(seconds, tenth, morning), _flat(sizes, tenth, took, full), _back(before, full, after, purged, seconds_of_purge)]


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    answer = act()
    return answer, time.perf_counter() - began


def _steady(seconds: Sequence[float], tenth: int, morning: float) -> Figure:
    """What the line through medians of a few rises by, from the second tenth to the end, over the median of the second tenth."""
    second, last = (statistics.median(part) for part in (seconds[tenth : 2 * tenth], seconds[-tenth:]))
    block = tenth // _BLOCKS
    blocks = [statistics.median(seconds[at : at + block]) for at in range(tenth, len(seconds), block)]
    line = trend(blocks)
    slope = line.scaled(1e6 * 1000 / block)
    ends = f"second {tenth} {second * 1000:.2f} ms, last {last * 1000:.2f} ms"
    raw = f"slope {_text(slope)}; {ends}; first after a night {morning * 1000:.0f} ms"
    name = f"CPU per launch, {len(seconds)}th over {tenth}th by the line through them"
    return Figure(name=name, value=1 + line.slope * (len(blocks) - 1) / second, goal=STEADY, unit="×", raw=raw)


def _text(slope: Trend) -> str:
    return f"{slope.slope:+.1f} µs per 1000 launches (95 % {slope.low:+.1f} to {slope.high:+.1f})"


def _flat(sizes: Sequence[int], tenth: int, took: float, full: dict[str, Any]) -> Figure:
    first, last = sizes[0], sizes[-1]
    raw = f"{first / 1e6:.1f} MB, last {last / 1e6:.1f} MB; {full['files']} files, {full['threads']} threads; {took:.0f} s in all"
    return Figure(name=f"memory, launch {tenth * len(sizes)} over launch {tenth}", value=last / first, goal=FLAT, unit="×", raw=raw)


def _back(before: dict[str, Any], full: dict[str, Any], after: dict[str, Any], purged: int, seconds: float) -> Figure:
    """The audit trail is never purged, so its pages are taken off."""
    pages = [one["pages"] - one["audit_pages"] for one in (before, full, after)]
    raw = (
        f"pages without the audit trail {pages[0]} before, {pages[1]} full, {pages[2]} after, {after['free']} of them free; trail "
        f"{after['audit']} rows, {after['audit_pages']} pages; {purged} rows purged in {seconds:.1f} s, {after['launches']} left"
    )
    grown = (pages[2] - pages[0]) * 4.096
    return Figure(name="database after expiry and purge, more than before", value=grown, goal=SPARE_KB, unit="kB", raw=raw)
