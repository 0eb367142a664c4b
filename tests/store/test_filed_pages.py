"""A page shown before it is filed: whoever was shown it finds it, it is sent once, and it goes after its time."""

from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import select

from smart_app.store import FilingState, Store, author_of
from smart_app.store.tables import filed_pages
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

INGRID = author_of(CONTEXT)
COLLEAGUE = replace(INGRID, user=replace(INGRID.user, reference="Practitioner/dr-2", subject="somebody-else"))
OTHER_PATIENT = replace(INGRID, patient="pat-2")
HOUR = timedelta(hours=1)
FIRST: tuple[FilingState, ...] = ("shown",)
AGAIN: tuple[FilingState, ...] = ("shown", "not_filed")
PAGE = {"pdf": "JVBERi0="}


def shown(store: Store, key: str = "key-1", alike: str = "same") -> str:
    store.filed_pages.show(INGRID, key, PAGE, alike=alike, ttl=HOUR)
    return key


def test_whoever_was_shown_it_finds_it_and_nobody_else(store: Store) -> None:
    key = shown(store)
    kept = store.filed_pages.get(INGRID, key)
    assert kept
    assert (kept.key, kept.state, kept.payload) == (key, "shown", PAGE)
    assert store.filed_pages.get(COLLEAGUE, key) is None
    assert store.filed_pages.get(OTHER_PATIENT, key) is None
    assert not store.filed_pages.claim(COLLEAGUE, key, was=FIRST, ttl=HOUR)


def test_it_is_begun_to_be_sent_once(store: Store) -> None:
    key = shown(store)
    assert [store.filed_pages.claim(INGRID, key, was=FIRST, ttl=HOUR) for _ in range(2)] == [True, False]
    store.filed_pages.settle(INGRID, key, "not_filed", {"why": "no"}, alike="same")
    assert not store.filed_pages.claim(INGRID, key, was=FIRST, ttl=HOUR)
    assert store.filed_pages.claim(INGRID, key, was=AGAIN, ttl=HOUR)


def test_of_one_content_those_that_were_sent_are_found_by_whoever_has_the_patient_open(store: Store) -> None:
    key = shown(store)
    assert store.filed_pages.alike(INGRID, "same") == []
    store.filed_pages.settle(INGRID, key, "filed", {"place": "DocumentReference/1"}, alike="same")
    assert [(one.key, one.state) for one in store.filed_pages.alike(COLLEAGUE, "same")] == [(key, "filed")]
    assert store.filed_pages.alike(INGRID, "another") == []
    assert store.filed_pages.alike(OTHER_PATIENT, "same") == []


def test_of_those_that_were_not_filed_the_last_four_are_kept(store: Store, clock: Clock) -> None:
    keys = []
    for place in range(6):
        keys.append(shown(store, f"key-{place}"))
        clock.forward(seconds=1)
    assert [store.filed_pages.get(INGRID, key) is not None for key in keys] == [False, False, True, True, True, True]


def test_it_goes_after_its_time_and_later_once_it_was_sent(store: Store, clock: Clock) -> None:
    first, second = shown(store), shown(store, "key-2")
    assert store.filed_pages.claim(INGRID, second, was=FIRST, ttl=24 * HOUR)
    clock.forward(hours=2)
    assert store.filed_pages.get(INGRID, first) is None
    assert not store.filed_pages.claim(INGRID, first, was=FIRST, ttl=HOUR)
    assert store.filed_pages.get(INGRID, second) is not None
    assert store.purge(clock()) == 1
    clock.forward(hours=24)
    assert store.purge(clock()) == 1


def test_nothing_of_it_stands_there_in_the_clear(store: Store) -> None:
    shown(store)
    with store.database.begin() as connection:
        [row] = connection.execute(select(filed_pages)).all()
    said = " ".join(map(str, row)).lower()
    assert not any(word in said for word in ("key-1", "pat-1", "dr-1", "jvber", "ehr.example"))
