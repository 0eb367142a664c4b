"""From `/launch` to the 303 after the callback: processor time of the app's process, against fhirclient (PyPI) in a Flask app of two routes
that takes the same way through the same EHR. Both are processes of their own, asked in turn; so is the EHR.

Rapport verifies the id_token, seals, stores and records; fhirclient does none of it, and has no caches either: it reads the EHR's
capability statement in every launch. So Rapport is measured against it as it is, and, with as many requests on both sides, against one
whose app keeps what the statement said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.bench.figure import Effort, Figure, Figures
from tests.bench.launches import OURS, PATIENTS, PEERS, Browser, scope
from tests.bench.peer import Peer, peer
from tests.bench.timing import Pair, interleaved

GOAL = 1.5
_ROUNDS, _STARTS = 100, 11
# A first launch goes on reading the capability statement after its answer; a process that waits uses no processor time.
_READ_TO_THE_END = 0.25


def measure(effort: Effort) -> Figures:
    """Four figures: caches warm, twice; caches emptied; a process's first launch."""
    with peer("tests.bench.ehr_process", str(PATIENTS)) as ehr:
        warm = _warm(ehr, rounds=effort.rounds(_ROUNDS, least=20))
        return [*warm, _first(ehr, rounds=effort.rounds(_STARTS))]


@contextmanager
def _apps(ehr: Peer) -> Iterator[tuple[Browser, Browser]]:
    """Both apps, freshly started."""
    with (
        peer("tests.bench.app_process", f"{ehr.address}/fhir", OURS) as app,
        peer("tests.bench.fhirclient_process", PEERS, scope()) as other,
        Browser(ehr, app, OURS) as ours,
        Browser(ehr, other, PEERS) as theirs,
    ):
        yield ours, theirs


def _warm(ehr: Peer, *, rounds: int) -> Figures:
    with _apps(ehr) as (ours, theirs):
        plain = _figure("launch, warm caches, CPU over fhirclient's", ours, theirs, rounds)
        theirs.app.ask("keep", True)
        even = _figure("launch, warm caches on both sides, CPU over fhirclient's", ours, theirs, rounds)
        theirs.app.ask("keep", False)
        emptied = _figure("launch, caches emptied, CPU over fhirclient's", ours, theirs, rounds, forgetful=True)
    return [plain, even, emptied]


def _figure(name: str, ours: Browser, theirs: Browser, rounds: int, *, forgetful: bool = False) -> Figure:
    def forgotten() -> float:
        ours.app.ask("forget")
        return ours.launch(settle=_READ_TO_THE_END)

    mine = forgotten if forgetful else ours.launch
    pair = interleaved(mine, theirs.launch, rounds=rounds // 4 if forgetful else rounds, unmeasured=5)
    return _stated(name, pair, asked=[_requests(ours, mine), _requests(theirs, theirs.launch)])


def _first(ehr: Peer, *, rounds: int) -> Figure:
    """The first launch of a process, imports done."""
    asked: list[int] = []

    def ours() -> float:
        with peer("tests.bench.app_process", f"{ehr.address}/fhir", OURS) as app, Browser(ehr, app, OURS) as browser:
            return _counted(browser)

    def theirs() -> float:
        with peer("tests.bench.fhirclient_process", PEERS, scope()) as app, Browser(ehr, app, PEERS) as browser:
            return _counted(browser)

    def _counted(browser: Browser) -> float:
        ehr.ask("asked")
        taken = browser.launch(settle=_READ_TO_THE_END)
        asked.append(len(ehr.ask("asked")))
        return taken

    pair = interleaved(ours, theirs, rounds=rounds)
    return _stated("first launch of a process, CPU over fhirclient's", pair, asked=asked[:2])


def _requests(browser: Browser, launch: Callable[[], float]) -> int:
    """How many requests of one launch reached the EHR from the app."""
    browser.ehr.ask("asked")
    launch()
    return len(browser.ehr.ask("asked"))


def _stated(name: str, pair: Pair, *, asked: list[int]) -> Figure:
    raw = f"{pair.text(ours='Rapport', other='fhirclient')}; requests to the EHR {asked[0]} and {asked[1]}"
    return Figure(name=name, value=pair.ratio, goal=GOAL, unit="×", raw=raw)
