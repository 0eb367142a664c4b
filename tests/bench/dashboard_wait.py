"""How long the full dashboard takes when every answer of the FHIR server is late, against the longest chain of pages it must follow."""

from collections import Counter
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.bench.desk import Desk, another, desk, fetch
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import Peer, peer
from tests.bench.timing import Sample, seconds_of

DELAY = 0.8
GOAL = 1.1


def _search(target: str) -> str:
    """The search that a request belongs to: its address without the page."""
    parts = urlsplit(target)
    return f"{parts.path}?{urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != '_page'])}"


def longest_chain(asked: list[str]) -> int:
    """The most pages of one search: each can only be asked for when the one before has come."""
    return max(Counter(_search(target) for target in asked).values())


def measure(effort: Effort) -> Figures:
    """Two figures: a dashboard whose searches have one page each, and one with long chains."""
    with peer("tests.bench.upstream_process", "1000") as upstream, desk(upstream.address, "strained-repaired") as one_page:
        paged = another(one_page.app, upstream.address, "measured-1000")
        return [
            _waited("nothing paged", one_page, upstream, rounds=effort.rounds(5)),
            _waited("paged", paged, upstream, rounds=effort.rounds(5)),
        ]


def _waited(name: str, at: Desk, upstream: Peer, *, rounds: int) -> Figure:
    """Every answer delayed; the chain is counted from what the server was asked."""
    with requests.Session() as session:
        fetch(session, at.page, at.cookies)
        upstream.ask("delay", DELAY)
        upstream.ask("asked")
        taken = Sample(tuple(seconds_of(lambda: fetch(session, at.page, at.cookies)) for _ in range(rounds)))
        asked = upstream.ask("asked")
        upstream.ask("delay", 0)
    chain = longest_chain(asked[: len(asked) // rounds])
    raw = f"{taken.text()}, n={rounds}; {len(asked) // rounds} requests, longest chain {chain} × {DELAY} s"
    return Figure(name=f"dashboard over its longest chain, {name}", value=taken.median / (chain * DELAY), goal=GOAL, unit="×", raw=raw)
