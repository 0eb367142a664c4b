"""Drafts: one a form, found by user and patient alone, sealed; and the tickets that let answers in."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from smart_app.errors import SessionError
from smart_app.launch.context.launch_context import Author, LaunchId, User
from smart_app.store import FormPlace, Store, Ticket, open_store
from smart_app.store.seal import digest
from smart_app.store.tables import drafts
from tests.store.conftest import KEY
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

PLACE = FormPlace(launch_id=LaunchId("launch-1"), slug="rapport-check-in", informant="patient", key="form-key-1")
ADA = User(reference="Practitioner/dr-1", name=None, issuer="https://ehr.example.org/auth", subject="user-1")
INGRID = Author(iss="https://ehr.example.org/fhir/", patient="pat-1", user=ADA)
DAY = timedelta(days=1)


def ticket(clock: Clock, author: Author = INGRID) -> Ticket:
    return Ticket(author=author, version="1.0.0", encounter="enc-1", issued=clock(), binding=digest("cookie"))


def save(store: Store, clock: Clock, place: FormPlace = PLACE, *, author: Author = INGRID, code: str = "4") -> str:
    return store.drafts.save(place, ticket(clock, author), {"goal-1": code}, ttl=DAY)


def test_the_last_answers_of_a_form_stand_and_forms_newest_first(store: Store, clock: Clock) -> None:
    assert save(store, clock) == "new"
    clock.forward(seconds=1)
    assert save(store, clock, replace(PLACE, key="form-key-2"), code="1") == "new"
    clock.forward(seconds=1)
    assert save(store, clock, code="5") == "again"
    assert [(one.key, one.answers, one.saved) for one in store.drafts.of(INGRID)] == [
        ("form-key-1", {"goal-1": "5"}, clock()),
        ("form-key-2", {"goal-1": "1"}, clock() - timedelta(seconds=1)),
    ]


# SMART 6.3.9
@pytest.mark.parametrize(
    "other",
    [
        replace(INGRID, patient="pat-2"),
        replace(INGRID, iss="https://other.example.org/fhir/"),
        replace(INGRID, user=replace(ADA, subject="user-2")),
        replace(INGRID, user=replace(ADA, issuer="https://other.example.org/auth")),
    ],
    ids=["patient", "ehr", "user", "sign-in"],
)
def test_nobody_else_finds_it_or_writes_into_it(store: Store, clock: Clock, other: Author) -> None:
    save(store, clock)
    assert store.drafts.of(other) == []
    assert store.drafts.get("form-key-1", other) is None
    with pytest.raises(SessionError, match="damaged"):
        save(store, clock, author=other, code="1")
    assert [one.answers for one in store.drafts.of(INGRID)] == [{"goal-1": "4"}]


def test_a_base_with_and_without_its_slash_is_the_same_ehr(store: Store, clock: Clock) -> None:
    save(store, clock)
    assert len(store.drafts.of(replace(INGRID, iss="https://ehr.example.org/fhir"))) == 1


def test_requests_of_one_form_at_once_leave_one_draft(store: Store, clock: Clock) -> None:
    outcomes = at_once(4, lambda: save(store, clock))
    assert set(outcomes) <= {"new", "again"}
    assert len(store.drafts.of(INGRID)) == 1


def test_what_comes_too_soon_changes_nothing(store: Store, clock: Clock) -> None:
    save(store, clock)
    clock.forward(milliseconds=100)
    again = store.drafts.save(PLACE, ticket(clock), {"goal-1": "1"}, ttl=DAY, apart=timedelta(milliseconds=200))
    assert (again, store.drafts.of(INGRID)[0].answers) == ("too_soon", {"goal-1": "4"})


# SMART J7
def test_nothing_that_identifies_stands_in_the_table(store: Store, clock: Clock) -> None:
    save(store, clock)
    with store.database.begin() as connection:
        row = connection.execute(drafts.select()).one()
    written = " ".join(map(str, row))
    assert not [word for word in ("pat-1", "dr-1", "user-1", "ehr.example", "form-key", "launch-1", "goal-1") if word in written]


def test_its_time_ends_it_and_the_purge_says_of_whom(store: Store, clock: Clock) -> None:
    save(store, clock)
    clock.forward(hours=23)
    assert (len(store.drafts.of(INGRID)), store.purge(clock())) == (1, 0)
    clock.forward(hours=1)
    assert store.drafts.of(INGRID) == []
    assert store.purge(clock()) == 1
    (entry,) = store.audit.entries()
    assert (entry.event, entry.patient, entry.user, entry.user_key) == (
        "draft_expired", "pat-1", "Practitioner/dr-1", (ADA.issuer, ADA.subject),
    )  # fmt: skip
    assert entry.launch == digest("launch-1")


def test_opening_a_launch_purges_drafts_nobody_came_back_for(store: Store, clock: Clock) -> None:
    save(store, clock)
    clock.forward(days=1)
    store.open_launch(CONTEXT, idle=timedelta(minutes=30), absolute=timedelta(hours=8), detail={})
    assert [entry.event for entry in store.audit.entries()] == ["draft_expired", "launch"]


def test_a_retired_key_still_finds_and_opens_it(clock: Clock, store: Store, database_url: str) -> None:
    if database_url == "sqlite://":
        pytest.skip("an in-memory database is gone when it is opened again")
    save(store, clock)
    rotated = open_store(database_url, [bytes(reversed(KEY)), KEY], clock=clock)
    assert [one.key for one in rotated.drafts.of(INGRID)] == ["form-key-1"]
    rotated.close()


class TestTicket:
    def test_it_says_who_answers_about_whom(self, store: Store, clock: Clock) -> None:
        given = ticket(clock)
        text = store.drafts.issue(PLACE, given)
        assert store.drafts.read(text, PLACE) == given
        assert "pat-1" not in text

    @pytest.mark.parametrize(
        "elsewhere",
        [
            replace(PLACE, launch_id=LaunchId("launch-2")),
            replace(PLACE, slug="who-5"),
            replace(PLACE, informant="clinician"),
            replace(PLACE, key="form-key-2"),
        ],
        ids=["launch", "form", "informant", "key"],
    )
    def test_it_is_good_for_its_own_form_alone(self, store: Store, clock: Clock, elsewhere: FormPlace) -> None:
        text = store.drafts.issue(PLACE, ticket(clock))
        with pytest.raises(SessionError, match="damaged"):
            store.drafts.read(text, elsewhere)

    @pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "A" * 300, "%%%"])
    def test_anything_else_is_no_ticket(self, store: Store, text: str) -> None:
        with pytest.raises(SessionError, match="damaged"):
            store.drafts.read(text, PLACE)
