"""What somebody has ticked of the things people try: theirs alone, about that patient alone, sealed, and gone after its time."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from smart_app.launch.context.launch_context import Author, User
from smart_app.store import Store
from smart_app.store.tables import option_notes
from tests.support.clock import Clock

ADA = User(reference="Practitioner/dr-1", name=None, issuer="https://ehr.example.org/auth", subject="user-1")
INGRID = Author(iss="https://ehr.example.org/fhir/", patient="pat-1", user=ADA)
DAY = timedelta(days=1)


def kept(store: Store, author: Author = INGRID) -> dict[str, str] | None:
    note = store.option_notes.of(author)
    return dict(note.ticked) if note else None


def test_what_was_kept_last_stands_with_its_end(store: Store, clock: Clock) -> None:
    assert kept(store) is None
    store.option_notes.keep(INGRID, {"G1": "2026-03-04"}, ttl=DAY)
    clock.forward(seconds=5)
    store.option_notes.keep(INGRID, {"G1": "2026-03-04", "B2": "2026-03-05"}, ttl=DAY)
    note = store.option_notes.of(INGRID)
    assert note is not None
    assert (dict(note.ticked), note.expires) == ({"G1": "2026-03-04", "B2": "2026-03-05"}, clock() + DAY)
    with store.database.begin() as connection:
        assert len(connection.execute(select(option_notes)).all()) == 1


def test_nothing_ticked_is_nothing_kept(store: Store) -> None:
    store.option_notes.keep(INGRID, {"G1": "2026-03-04"}, ttl=DAY)
    store.option_notes.keep(INGRID, {}, ttl=DAY)
    with store.database.begin() as connection:
        assert connection.execute(select(option_notes)).all() == []


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
def test_nobody_else_finds_it_or_writes_over_it(store: Store, other: Author) -> None:
    store.option_notes.keep(INGRID, {"G1": "2026-03-04"}, ttl=DAY)
    assert kept(store, other) is None
    store.option_notes.keep(other, {"B1": "2026-03-04"}, ttl=DAY)
    assert kept(store) == {"G1": "2026-03-04"}


def test_nothing_that_says_who_or_what_stands_in_the_table(store: Store) -> None:
    store.option_notes.keep(INGRID, {"H1": "2026-03-04"}, ttl=DAY)
    with store.database.begin() as connection:
        [row] = connection.execute(select(option_notes)).all()
    said = repr(tuple(row))
    assert not [word for word in ("pat-1", "dr-1", "user-1", "ehr.example", "H1", "2026-03-04") if word in said]


def test_its_time_ends_it_and_the_purge_takes_it_away(store: Store, clock: Clock) -> None:
    store.option_notes.keep(INGRID, {"G1": "2026-03-04"}, ttl=DAY)
    assert store.purge(clock()) == 0
    clock.forward(days=1)
    assert kept(store) is None
    assert store.purge(clock()) == 1
