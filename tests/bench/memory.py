"""Resident memory of the app's process over a hundred dashboards, against what it was when only the import had happened."""

import requests

from tests.bench.desk import desk, fetch
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import peer

GOAL = 1.3
# Flat: from the twentieth dashboard to the hundredth less than this share of growth.
FLAT = 1.02
DASHBOARDS, SETTLED = 100, 20


def measure(_effort: Effort) -> Figures:
    """Two figures: after a hundred dashboards, and from the twentieth on."""
    sizes = []
    with peer("tests.bench.upstream_process") as upstream, desk(upstream.address, "twelve-years") as at, requests.Session() as session:
        imported = int(at.app.ask("imported"))
        for _ in range(DASHBOARDS):
            fetch(session, f"{at.page}?years=all", at.cookies)
            sizes.append(int(at.app.ask("rss")))
    settled, last = sizes[SETTLED - 1], sizes[-1]
    slope = (last - settled) / (DASHBOARDS - SETTLED) / 1000
    raw = f"import {imported / 1e6:.1f} MB, 1st {sizes[0] / 1e6:.1f}, {SETTLED}th {settled / 1e6:.1f}, {DASHBOARDS}th {last / 1e6:.1f} MB"
    return [
        Figure(name=f"memory after {DASHBOARDS} dashboards over import", value=last / imported, goal=GOAL, unit="×", raw=raw),
        Figure(
            name=f"memory, {DASHBOARDS}th dashboard over {SETTLED}th",
            value=last / settled,
            goal=FLAT,
            unit="×",
            raw=f"{slope:+.1f} kB per dashboard",
        ),
    ]
