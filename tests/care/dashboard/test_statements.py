"""How often a dashboard asks the app's own database: no more than its page needs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from fhir_mappings.instruments.instrument import Informant
from smart_app.care.dashboard.history import History
from smart_app.care.dashboard.load_dashboard import load_history
from smart_app.care.record.closed_visits import reveal
from smart_app.care.record.record import ChartRecord
from smart_app.care.submission.submit import submit
from smart_app.launch.context.launch_context import User
from smart_app.services import AppServices
from tests.care.ehr import Ehr
from tests.care.support import SLUG, answers, asked_for, context, in_launch, patient, settings

SOFIA, TOMAS = (
    User(reference=f"Practitioner/{name}", name=name.title(), issuer="https://ehr.example", subject=name) for name in ("sofia", "tomas")
)


@pytest.fixture(autouse=True)
def admitted(ehr: Ehr) -> None:
    ehr.put(patient())


def visit(services: AppServices, encounter: str, user: User = SOFIA) -> ChartRecord:
    return in_launch(services, context(encounter=encounter, user=user))


def rated(record: ChartRecord, *informants: Informant) -> None:
    for number, informant in enumerate(informants):
        submit(record, asked_for(record, SLUG, informant), key=record.services.new_id(), patient="p1", fields=answers(3 + number))


@contextmanager
def asking(services: AppServices) -> Iterator[list[str]]:
    """The tables read meanwhile, statement by statement."""
    asked: list[str] = []

    def note(*execution: object) -> None:
        words = str(execution[2]).split()
        if words[0] == "SELECT":
            asked.append(words[words.index("FROM") + 1])

    event.listen(services.store.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(services.store.database.engine, "before_cursor_execute", note)


def asked_by(record: ChartRecord) -> tuple[History, Sequence[str]]:
    with asking(record.services) as asked:
        return load_history(record, years="2"), asked


def test_the_choices_to_see_are_asked_for_once_whatever_they_are_about(services: AppServices) -> None:
    """Of visits that wait, of visits that were rated since, and of a colleague's."""
    rated(visit(services, "e1"), "patient", "clinician")
    rated(visit(services, "e2"), "patient")
    rated(visit(services, "e3", TOMAS), "patient")
    reveal(visit(services, "e1", TOMAS), clinician=SOFIA.reference, visit="Encounter/e1", reason="safety")
    reveal(visit(services, "e2"), clinician=SOFIA.reference, visit="Encounter/e2")
    found, asked = asked_by(visit(services, "e4"))
    assert asked.count("reveals") == 1
    assert [one.visit for one in found.hidden] == ["Encounter/e3"]
    assert [(one.visit, one.by.user) for one in found.looked] == [("Encounter/e1", TOMAS.reference)]


def test_what_was_last_sent_is_not_asked_where_the_record_holds_the_rating(services: AppServices) -> None:
    rated(visit(services, "e1"), "patient", "clinician")
    found, asked = asked_by(visit(services, "e1"))
    assert (found.facts.clinician_rated, found.own_score) == ("yes", "4.00")
    assert asked == ["reveals"]
    found, asked = asked_by(visit(services, "e2"))
    assert found.facts.clinician_rated == "no"
    assert sorted(asked) == ["outbox", "reveals"]


def test_without_a_patients_rating_no_choice_is_asked_for(services: AppServices) -> None:
    rated(visit(services, "e1"), "clinician")
    assert asked_by(visit(services, "e1"))[1] == []


def test_where_nothing_waits_only_who_looked_is_asked_for(services: AppServices) -> None:
    rated(visit(services, "e1"), "patient")
    reveal(visit(services, "e1", TOMAS), clinician=SOFIA.reference, visit="Encounter/e1", reason="team")
    other = replace(services, settings=settings(blind_entry=False))
    found, asked = asked_by(visit(other, "e1"))
    assert (len(found.hidden), len(found.looked), asked.count("reveals")) == (0, 1, 1)
