"""What somebody has put aside of what ratings say: theirs alone, about that patient alone, sealed, and gone after its time."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import simplejson
import structlog
from msgspec.structs import replace
from sqlalchemy import select, update

from smart_app.launch.context.launch_context import Author, User
from smart_app.store import AsideNote, Store
from smart_app.store.tables import aside_notes
from smart_app.telemetry import configure_logging
from tests.support.clock import Clock

ADA = User(reference="Practitioner/dr-1", name=None, issuer="https://ehr.example.org/auth", subject="user-1")
INGRID = Author(iss="https://ehr.example.org/fhir/", patient="pat-1", user=ADA)
DAY = timedelta(days=1)
TALKED = AsideNote(
    source="QuestionnaireResponse/q-17",
    reason="talked",
    at=datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
    rules=(("own-answer", 1), ("pooled", 2)),
)
LATER = replace(TALKED, source="QuestionnaireResponse/q-18", reason="later")


def kept(store: Store, author: Author = INGRID) -> list[AsideNote]:
    return sorted(store.aside_notes.of(author).values(), key=lambda one: one.source)


def rows(store: Store) -> int:
    with store.database.begin() as connection:
        return len(connection.execute(select(aside_notes)).all())


def test_each_rating_has_its_own_and_what_was_kept_last_stands(store: Store, clock: Clock) -> None:
    assert kept(store) == []
    store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
    store.aside_notes.keep(INGRID, LATER, ttl=DAY)
    assert kept(store) == [TALKED, LATER]
    clock.forward(seconds=5)
    store.aside_notes.keep(INGRID, replace(TALKED, reason="colleague"), ttl=DAY)
    assert [(source, one.reason) for source, one in store.aside_notes.of(INGRID).items()] == [
        ("QuestionnaireResponse/q-18", "later"),
        ("QuestionnaireResponse/q-17", "colleague"),
    ]
    assert rows(store) == 2


def test_what_is_dropped_is_gone_and_the_others_stay(store: Store) -> None:
    store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
    store.aside_notes.keep(INGRID, LATER, ttl=DAY)
    assert store.aside_notes.drop(INGRID, TALKED.source)
    assert not store.aside_notes.drop(INGRID, TALKED.source)
    assert (kept(store), rows(store)) == ([LATER], 1)


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
def test_nobody_else_finds_it_writes_over_it_or_drops_it(store: Store, other: Author) -> None:
    store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
    assert kept(store, other) == []
    store.aside_notes.keep(other, replace(TALKED, reason="later"), ttl=DAY)
    assert store.aside_notes.drop(other, TALKED.source)
    assert not store.aside_notes.drop(other, TALKED.source)
    assert kept(store) == [TALKED]


def test_nothing_that_says_who_or_what_stands_in_the_table(store: Store) -> None:
    store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
    with store.database.begin() as connection:
        [row] = connection.execute(select(aside_notes)).all()
    said = repr(tuple(row))
    words = ("pat-1", "dr-1", "user-1", "ehr.example", "q-17", "Questionnaire", "talked", "own-answer", "pooled", "2026-03-04")
    assert not [word for word in words if word in said]


def test_two_rows_of_one_rating_have_nothing_alike_but_whose_they_are(store: Store) -> None:
    ids = set()
    for _ in range(2):
        store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
        with store.database.begin() as connection:
            ids |= {(row.id, row.payload) for row in connection.execute(select(aside_notes)).all()}
    assert len({row_id for row_id, _ in ids}) == len({payload for _, payload in ids}) == 2


def test_its_time_ends_it_and_the_purge_takes_it_away(store: Store, clock: Clock) -> None:
    store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
    store.aside_notes.keep(INGRID, LATER, ttl=2 * DAY)
    assert store.purge(clock()) == 0
    clock.forward(days=1)
    assert kept(store) == [LATER]
    assert (store.purge(clock()), rows(store)) == (1, 1)


def test_one_that_no_key_opens_is_counted_and_takes_nothing_with_it(store: Store) -> None:
    store.aside_notes.keep(INGRID, LATER, ttl=DAY)
    with store.database.begin() as connection:
        connection.execute(update(aside_notes).values(payload=b"not sealed by anybody"))
    store.aside_notes.keep(INGRID, TALKED, ttl=DAY)
    stream = io.StringIO()
    configure_logging(stream=stream)
    try:
        assert kept(store) == [TALKED]
    finally:
        structlog.reset_defaults()
    [line] = [simplejson.loads(line) for line in stream.getvalue().splitlines()]
    assert (line["event"], line["tables"]) == ("row_not_opened", "aside_notes")
    assert store.not_opened().rows == {"aside_notes": 1}
    assert store.aside_notes.drop(INGRID, TALKED.source)
