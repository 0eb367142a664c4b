"""What may leave Rapport for readers nobody knows: what is open to everybody, and the same whoever asks."""

from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history, load_open_history
from smart_app.care.record.closed_visits import reveal
from smart_app.care.submission.submit import submit
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.services import AppServices
from tests.care.dashboard.test_put_aside import SOFIA, TOMAS
from tests.care.ehr import Ehr, refusal
from tests.care.support import SLUG, Clock, answers, asked_for, context, hba1c, in_launch, patient


@pytest.fixture(autouse=True)
def chart(ehr: Ehr) -> None:
    ehr.put(patient(), hba1c("h1", "7.9", day="2026-05-02"), hba1c("h2", "7.1", day="2026-11-02"))


def rate(services: AppServices, informant: Any, visit: str, *, by: LaunchContext = SOFIA, value: int = 4, **more: str) -> None:
    opened, key = in_launch(services, replace(by, encounter=visit)), str(uuid4())
    fields = answers(value) | {name: [said] for name, said in more.items()}
    assert submit(opened, asked_for(opened, SLUG, informant), key=key, patient="p1", fields=fields) == key


def both(services: AppServices, clock: Clock, visit: str, *, by: LaunchContext = SOFIA, value: int = 4, **more: str) -> None:
    rate(services, "patient", visit, by=by, value=value, **more)
    rate(services, "clinician", visit, by=by)
    clock.now = clock.now.replace(day=clock.now.day + 1)


def open_history(services: AppServices, launch: LaunchContext = SOFIA) -> History:
    return load_open_history(in_launch(services, launch), years="2")


def drawn(history: History) -> list[tuple[str, str]]:
    return [(one.visit, one.informant) for dyad in history.dyads for one in dyad.ratings]


def test_a_visit_is_in_it_once_its_clinician_has_rated_it(services: AppServices, clock: Clock) -> None:
    both(services, clock, "e1")
    rate(services, "patient", "e2", value=1)
    assert drawn(open_history(services)) == [("Encounter/e1", "patient"), ("Encounter/e1", "clinician")]
    rate(services, "clinician", "e2")
    assert {visit for visit, _ in drawn(open_history(services))} == {"Encounter/e1", "Encounter/e2"}


def test_whoever_chose_to_see_it_opened_it_to_themself_alone(services: AppServices, clock: Clock) -> None:
    both(services, clock, "e1")
    rate(services, "patient", "e2", value=1)
    reveal(in_launch(services, SOFIA), clinician="Practitioner/sofia", visit="Encounter/e2")
    assert ("Encounter/e2", "patient") in drawn(load_history(in_launch(services, SOFIA), years="2"))
    assert {visit for visit, _ in drawn(open_history(services))} == {"Encounter/e1"}


def test_it_holds_where_nothing_is_kept_back_from_clinicians(services: AppServices) -> None:
    rate(services, "patient", "e1")
    at_once = replace(services, settings=services.settings.model_copy(update={"blind_entry": False}))
    assert drawn(load_history(in_launch(at_once, SOFIA), years="2")) == [("Encounter/e1", "patient")]
    assert drawn(open_history(at_once)) == []


def test_it_is_the_same_whoever_asks_and_whatever_was_said_at_visits_that_are_closed(services: AppServices, clock: Clock) -> None:
    both(services, clock, "e1")
    both(services, clock, "e2", by=TOMAS, value=3)
    before = open_history(services)
    assert [dyad.mine for dyad in before.dyads] == [False, False]
    rate(services, "patient", "e3", value=1, difficult="yes")
    reveal(in_launch(services, TOMAS), clinician="Practitioner/sofia", visit="Encounter/e3", reason="cover")
    for who in (SOFIA, TOMAS, context(encounter="e9")):
        assert without_times(open_history(services, who)) == without_times(before)


def without_times(history: History) -> Any:
    finished = tuple((one.key, one.state, one.count, one.reason) for one in history.reads)
    panels = [replace(one, read=None) for one in history.panels]
    return replace(history, reads=finished, panels=panels, read_at=None)


def test_nothing_speaks_up_in_it_and_no_answer_stands_beside_a_score(services: AppServices, clock: Clock) -> None:
    both(services, clock, "e1", difficult="no")
    both(services, clock, "e2", value=1, difficult="yes")
    history = open_history(services)
    assert load_history(in_launch(services, SOFIA), years="2").signals
    assert (history.signals, history.aside, history.hidden, history.skipped) == ((), {}, (), ())
    assert all(not one.extra for dyad in history.dyads for one in (*dyad.ratings, *dyad.latest.values(), *dyad.previous.values()))


def test_it_says_how_the_total_and_hba1c_went_and_calls_nothing_the_first(services: AppServices, clock: Clock) -> None:
    both(services, clock, "e1")
    assert [one.kind for one in open_history(services).changes] == ["measure"]
    both(services, clock, "e2", value=2)
    assert [(one.kind, one.informant) for one in open_history(services).changes] == [("alliance", "patient"), ("measure", None)]


def test_what_could_not_be_read_is_not_whole(services: AppServices, clock: Clock, ehr: Ehr) -> None:
    both(services, clock, "e1")
    assert all(one.whole for one in open_history(services).reads)
    ehr.faults.append(lambda method, path: refusal(500, "broken") if (method, path) == ("GET", "Observation") else None)
    assert not all(one.whole for one in open_history(services).reads)
