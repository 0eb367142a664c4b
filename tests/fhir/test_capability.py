import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.sentence import Sentence
from smart_app.errors import Unreachable
from smart_app.fhir.capability import CapabilityCache, parse_capabilities, unstated
from tests.fhir.support import BASE

_NEAR = [folder / "shared" / "data" / "vendors" for folder in Path(__file__).resolve().parents[2:5]]
VENDORS = next((folder for folder in _NEAR if folder.is_dir()), _NEAR[1])
START = datetime(2026, 11, 22, 14, tzinfo=UTC)


def statement(**observation: Any) -> dict[str, Any]:
    resource = {"type": "Observation", **observation}
    return {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": [resource]}]}


class Server:
    """Answers with the statement, or fails; counts."""

    def __init__(self) -> None:
        self.calls = 0
        self.failing = False

    def read(self, base: str) -> dict[str, Any]:
        self.calls += 1
        if self.failing:
            raise Unreachable(Sentence("no answer"))
        return statement(interaction=[{"code": "create"}])


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def test_listed_interactions_decide_and_unlisted_types_are_not_offered() -> None:
    found = parse_capabilities(statement(interaction=[{"code": "read"}, {"code": "search-type"}], searchParam=[{"name": "patient"}]))
    assert found.can("Observation", "read") is True
    assert found.can("Observation", "create") is False
    assert found.can("Provenance", "read") is False
    assert found.searchable("Observation", "patient") is True
    assert found.searchable("Observation", "identifier") is False
    assert found.transaction is False


def test_silence_is_neither_yes_nor_no() -> None:
    found = parse_capabilities(statement())
    assert found.can("Observation", "create") is None
    assert found.searchable("Observation", "patient") is None
    assert found.conditional_create("Observation") is None
    assert unstated(Sentence("why")).transaction is None
    assert unstated(Sentence("why")).can("Observation", "create") is None


def test_search_not_offered_makes_no_parameter_searchable() -> None:
    found = parse_capabilities(statement(interaction=[{"code": "read"}], searchParam=[{"name": "patient"}]))
    assert found.searchable("Observation", "patient") is False


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["rest", "resource", "type", "interaction", "code", "searchParam", "name", "mode"]), inner, max_size=4
            )
        ),
    )
)
def test_any_shape_is_read_without_an_error(shape: Any) -> None:
    found = parse_capabilities({"rest": shape})
    assert found.searchable("Observation", "patient") in {None, True, False}


@pytest.mark.skipif(not VENDORS.is_dir(), reason="the recorded statements are kept outside the project")
@pytest.mark.parametrize(
    ("vendor", "create_response", "create_observation", "transaction"),
    [
        ("epic", True, True, False),
        ("oracle-health", False, True, False),
        ("athenahealth", True, False, False),
        ("meditech", True, False, False),
    ],
)
def test_recorded_statements_say_what_each_ehr_takes(
    vendor: str, create_response: bool, create_observation: bool, transaction: bool
) -> None:
    found = parse_capabilities(json.loads((VENDORS / f"{vendor}-metadata.json").read_text()))
    assert found.can("QuestionnaireResponse", "create") is create_response
    assert found.can("Observation", "create") is create_observation
    assert found.transaction is transaction


def test_statement_is_read_once_and_again_after_its_time_without_waiting() -> None:
    server, clock = Server(), Clock()
    with ThreadPoolExecutor(2) as pool:
        cache = CapabilityCache(server.read, pool=pool, clock=clock)
        cache.prefetch(BASE)
        assert cache.of(BASE, wait=60).can("Observation", "create") is True
        assert cache.of(BASE, wait=60).can("Observation", "create") is True
        assert server.calls == 1
        clock.now += timedelta(hours=2)
        assert cache.of(BASE, wait=0).can("Observation", "create") is True
    assert server.calls == 2


def test_failed_refresh_keeps_the_statement_read_before() -> None:
    server, clock = Server(), Clock()
    with ThreadPoolExecutor(1) as pool:
        cache = CapabilityCache(server.read, pool=pool, clock=clock)
        cache.of(BASE, wait=60)
        server.failing, clock.now = True, clock.now + timedelta(hours=2)
        cache.prefetch(BASE)
        pool.submit(int).result(60)
        assert cache.of(BASE, wait=0).can("Observation", "create") is True


def test_server_that_does_not_describe_itself_is_asked_again_soon() -> None:
    server, clock = Server(), Clock()
    server.failing = True
    with ThreadPoolExecutor(1) as pool:
        cache = CapabilityCache(server.read, pool=pool, clock=clock)
        assert cache.of(BASE, wait=60).reason == "no answer"
        server.failing, clock.now = False, clock.now + timedelta(seconds=31)
        assert cache.of(BASE, wait=60).can("Observation", "create") is True


def test_slow_statement_does_not_hold_a_page_up() -> None:
    answered = Event()

    def slow(_base: str) -> dict[str, Any]:
        answered.wait(60)
        return statement()

    with ThreadPoolExecutor(1) as pool:
        cache = CapabilityCache(slow, pool=pool, clock=lambda: START)
        assert cache.of(BASE, wait=0.2).reason == "The server took too long to describe what it can do."
        answered.set()
