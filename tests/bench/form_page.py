"""The patient's form: what it weighs, and how soon a slow device has all its radio buttons, against a bare page with the same ones.

Both pages come from the same server, in turn."""

from html import escape

from smart_app.cli.demo.html_visitor import Page
from tests.bench.desk import Desk, desk, packed_sizes, sizes_text
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import peer
from tests.bench.slow_device import SLOWDOWN, chromium, opened
from tests.bench.timing import Pair, interleaved

WEIGHT_GOAL, TIME_GOAL = 8, 1.25


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
    with chromium() as browser:
        return interleaved(
            lambda: opened(browser, page.url, count, cookies=at.cookies).ready,
            lambda: opened(browser, f"{at.app.address}/bare", count, cookies={}).ready,
            rounds=rounds,
            unmeasured=2,
        )
