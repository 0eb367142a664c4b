"""Launch and round trip where something stands before the FHIR server: a front that merges slashes, one that answers equal questions from
memory. The server is HAPI, with the minute it remembers searches for by itself."""

from collections.abc import Callable, Iterator

import pytest

from smart_app.cli.demo.check import Subject, run
from smart_app.cli.demo.check_steps import Steps
from smart_app.cli.demo.environment import DemoEnvironment
from tests.support.fronts import Front, folding, remembering, standing
from tests.support.stands import foreign, opened, seeded

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]


@pytest.fixture(params=[folding, remembering], ids=["folding", "remembering"])
def front(request: pytest.FixtureRequest, hapi_base: str) -> Front:
    make: Callable[[str], Front] = request.param
    return make(hapi_base)


@pytest.fixture(params=["relayed", "direct"])
def stand(request: pytest.FixtureRequest, front: Front) -> Iterator[DemoEnvironment]:
    with standing(front) as base, foreign(base, request.param) as there:
        yield there


@pytest.fixture
def patient(hapi_base: str) -> Iterator[str]:
    """One persona on HAPI, removed afterwards."""
    with seeded(hapi_base, "falling-slowly") as choices:
        yield choices.patients[0].id


def test_the_whole_job_holds_behind_a_front(stand: DemoEnvironment, patient: str, front: Front) -> None:
    steps = Steps()
    run(stand, Subject(patient=patient), steps)
    assert steps.failed == []
    assert steps.passed >= 7
    assert [one for one in front.heard if one.path == "Observation" and "code=" in one.query]


def test_every_search_of_a_chart_reaches_the_server(stand: DemoEnvironment, patient: str, front: Front) -> None:
    with opened(stand, patient) as walk:
        before = walk.chart.text
        assert walk.again().text.count("HbA1c") == before.count("HbA1c")
    searches = [one for one in front.heard if one.path in {"Observation", "QuestionnaireResponse"}]
    assert searches
    assert [one for one in searches if not one.fresh] == []
    assert [one for one in front.again if one.path in {"Observation", "QuestionnaireResponse"}] == []
    assert "None found" not in before.partition("HbA1c")[2][:200]
