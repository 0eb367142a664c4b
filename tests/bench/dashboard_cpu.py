"""The processor time of one dashboard, all of the app's threads together, against parsing the same JSON with the standard library.

The FHIR server is another process that serves prepared bytes. Parsing is measured in a plain interpreter, in turn with the dashboards,
over every answer that one dashboard reads."""

import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.bench.desk import Desk, another, desk, fetch
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import Peer, peer
from tests.bench.timing import Pair, interleaved

GOAL = 9.8
# What the goal is to become.
_AIM = 6
_GROWN = 5000
SIZES = (500, 1000, 2500, 5000, 10_000)
# After its last byte the server still closes the request.
_SETTLE = 0.01


def measure(effort: Effort) -> Figures:
    """Three figures: 500 Observations against parsing, 5,000 against 500, and the growth of each one's share to 10,000."""
    with (
        peer("tests.bench.upstream_process", *map(str, SIZES)) as upstream,
        peer("tests.bench.parse_process") as parser,
        desk(upstream.address, f"measured-{SIZES[0]}") as first,
    ):
        desks = {size: first if size == SIZES[0] else another(first.app, upstream.address, f"measured-{size}") for size in SIZES}
        pairs = {size: _pair(at, upstream, parser, rounds=effort.rounds(60 if size == SIZES[0] else 8)) for size, at in desks.items()}
    smallest, largest = SIZES[0], SIZES[-1]
    per_one = {size: pair.ours.median / size for size, pair in pairs.items()}
    points = ", ".join(f"{size}: {pair.ours.median * 1000:.0f} ms ({pair.ratio_of_sums:.1f}× parsing)" for size, pair in pairs.items())
    return [
        Figure(
            name=f"dashboard of {smallest} Observations, CPU over parsing",
            value=pairs[smallest].ratio_of_sums,
            goal=GOAL,
            unit="×",
            raw=f"{pairs[smallest].text(ours='dashboard', other='json.loads')}; of medians {pairs[smallest].ratio:.1f}×; "
            f"{_aimed(pairs[smallest].ratio_of_sums)}",
        ),
        Figure(
            name=f"CPU of a dashboard, {_GROWN} Observations over {smallest}",
            value=pairs[_GROWN].ours.median / pairs[smallest].ours.median,
            goal=_GROWN / smallest,
            unit="×",
            raw=f"{_GROWN}: {pairs[_GROWN].ours.text()}, {smallest}: {pairs[smallest].ours.text()}",
        ),
        Figure(
            name=f"CPU per Observation, {largest} over {smallest}",
            value=per_one[largest] / per_one[smallest],
            goal=1,
            unit="×",
            raw=points,
        ),
    ]


def _aimed(ratio: float) -> str:
    """How far it is from the aim."""
    return f"the aim of {_AIM}× is {'kept' if ratio <= _AIM else f'missed by {ratio - _AIM:.1f}×'}"


def _pair(at: Desk, upstream: Peer, parser: Peer, *, rounds: int) -> Pair:
    """Dashboards and parsing in turn."""
    with requests.Session() as session, tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        fetch(session, at.page, at.cookies)
        upstream.ask("asked")
        fetch(session, at.page, at.cookies)
        _keep_answers(session, upstream, Path(folder))
        return interleaved(lambda: _cpu(at, session), lambda: float(parser.ask("parse", folder)), rounds=rounds)


def _keep_answers(session: requests.Session, upstream: Peer, folder: Path) -> None:
    """Every answer of the last dashboard as a file."""
    parts = urlsplit(upstream.address)
    for number, target in enumerate(upstream.ask("asked")):
        content = session.get(f"{parts.scheme}://{parts.netloc}{target}", timeout=60).content
        (folder / f"{number:03}.json").write_bytes(content)


def _cpu(at: Desk, session: requests.Session) -> float:
    """Seconds of processor time of one dashboard."""
    before = float(at.app.ask("cpu"))
    fetch(session, at.page, at.cookies)
    time.sleep(_SETTLE)
    return float(at.app.ask("cpu")) - before
