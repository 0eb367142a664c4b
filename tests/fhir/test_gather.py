from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from fhir_mappings.sentence import Sentence
from smart_app.errors import Refused
from smart_app.fhir.gather import Failed, Loaded, gather


def _refused(_deadline: float) -> str:
    raise Refused(Sentence("no"), status=400)


def test_reads_run_at_the_same_time() -> None:
    together = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        reads = {str(number): lambda _deadline: together.wait(60) for number in range(4)}
        results = gather(pool, reads, seconds=5)
    assert all(isinstance(result, Loaded) for result in results.values())


def test_one_failure_leaves_the_others_alone() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = gather(pool, {"good": lambda _deadline: "value", "bad": _refused}, seconds=5)
    assert results["good"] == Loaded(value="value")
    assert isinstance(results["bad"], Failed)
    assert results["bad"].reason == "no"


def test_slow_read_is_reported_at_the_deadline_and_no_later() -> None:
    release = Event()
    with ThreadPoolExecutor(2) as pool:
        reads = {"slow": lambda _deadline: str(release.wait(10)), "fast": lambda _deadline: "value"}
        results = gather(pool, reads, seconds=0.5)
        still_waiting = not release.is_set()
        release.set()
    assert still_waiting
    assert isinstance(results["slow"], Failed)
    assert results["slow"].reason == "No answer within 0.5 seconds."
    assert results["fast"] == Loaded(value="value")


def test_mistake_of_ours_is_not_dressed_up_as_a_server_failure() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        gather(pool, {"broken": lambda _deadline: 1 // 0}, seconds=5)
