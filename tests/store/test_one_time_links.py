"""One-time links: guarded by a birth date that is tried five times in all, used up by the first answers, over by an instant."""

from collections import Counter
from datetime import UTC, date, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from fhir_mappings.people.patient import read_patient
from smart_app.errors import LinkOver, OtherBrowser
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import BornTried, NewEntry, NewLink, OneTimeLink, Store
from smart_app.store.tables import link_entries, links
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

BORN, WRONG = date(1968, 3, 14), date(1968, 3, 15)
PATIENT = read_patient({"id": "pat-1", "birthDate": "1968-03-14", "name": [{"family": "Halvorsen", "given": ["Ingrid"]}]}, zone=UTC)
LAUNCH, SLUG, VISIT = LaunchId("launch-1"), "rapport-check-in", "Encounter/e1"
HALF_AN_HOUR = timedelta(minutes=30)


def made(store: Store, *, visit: str = VISIT, patient: str = "pat-1", lasts: timedelta = HALF_AN_HOUR) -> NewLink:
    context = replace(CONTEXT, patient=patient)
    with store.database.begin() as together:
        return store.links.make(LAUNCH, context, PATIENT, slug=SLUG, visit=visit, lasts=lasts, in_room=True, within=together)


def tried(store: Store, new: NewLink, born: date = BORN) -> BornTried:
    with store.database.begin() as together:
        return store.links.try_born(new.id, born, within=together)


def found(store: Store, new: NewLink) -> OneTimeLink:
    link = store.links.of_handle(new.handle)
    assert link is not None
    return link


def let_in(store: Store, new: NewLink) -> NewEntry:
    assert tried(store, new) == "right"
    with store.database.begin() as together:
        return store.links.let_in(found(store, new), "self", within=together)


def cookies(store: Store, entry: NewEntry) -> dict[str, str]:
    return {store.links.cookie_name(entry.handle): entry.cookie_value}


def sends(store: Store, new: NewLink, key: str) -> bool:
    """Answers of that key, sealed as they are when they are accepted."""
    return store.outbox.put(key, launch_id=LAUNCH, payload={}, also=lambda within: store.links.use_up(new.id, key, within=within))


class TestFinding:
    def test_by_what_stands_in_its_address_however_it_was_typed(self, store: Store, clock: Clock) -> None:
        new = made(store)
        link = found(store, new)
        assert (link.id, link.state, link.tries, link.slug, link.visit) == (new.id, "open", 5, SLUG, VISIT)
        assert (link.launch, link.created, link.expires) == (LAUNCH, clock(), clock() + HALF_AN_HOUR)
        assert found(store, new) == store.links.of_handle(f" {new.handle.upper().replace('-', ' ')} ")
        assert store.links.of_handle("guess") is None

    def test_the_handle_has_128_bits_and_no_two_are_alike(self, store: Store) -> None:
        handles = {made(store).handle.replace("-", "") for _ in range(20)}
        assert len(handles) == 20
        assert {len(one) for one in handles} == {26}

    def test_neither_address_nor_cookie_nor_person_stands_in_the_rows(self, store: Store) -> None:
        new = made(store)
        entry = let_in(store, new)
        with store.database.begin() as connection:
            rows = [*connection.execute(select(links)).all(), *connection.execute(select(link_entries)).all()]
        secrets = (new.handle, entry.handle, entry.cookie_value, "pat-1", "Halvorsen", "1968", "access-1", "launch-1")
        assert not any(secret in str(value) for row in rows for value in row for secret in secrets)

    def test_it_holds_no_token_of_the_launch(self, store: Store) -> None:
        context = found(store, made(store)).context
        assert (context.access_token, context.refresh_token) == (None, None)
        assert context.scope == CONTEXT.scope

    def test_staff_are_told_of_it_until_the_day_after(self, store: Store, clock: Clock) -> None:
        new = made(store)
        made(store, patient="pat-2")
        assert [one.id for one in store.links.of_patient(CONTEXT.iss.rstrip("/"), "pat-1")] == [new.id]
        clock.now += HALF_AN_HOUR + timedelta(days=1)
        assert store.links.of_patient(CONTEXT.iss, "pat-1") == []


class TestGuard:
    def test_five_wrong_dates_in_all_and_it_is_dead(self, store: Store) -> None:
        new = made(store)
        assert [tried(store, new, WRONG) for _ in range(5)] == ["wrong"] * 5
        assert tried(store, new) == "closed"
        assert found(store, new).state == "dead"

    def test_right_ones_use_no_try(self, store: Store) -> None:
        new = made(store)
        assert [tried(store, new, WRONG) for _ in range(4)] == ["wrong"] * 4
        assert [tried(store, new) for _ in range(7)] == ["right"] * 7
        assert (found(store, new).state, found(store, new).tries) == ("opened", 1)

    def test_guessed_by_many_at_once(self, store: Store) -> None:
        new = made(store)
        assert Counter(at_once(12, lambda: tried(store, new, WRONG))) == {"wrong": 5, "closed": 7}

    def test_the_right_one_by_many_at_once(self, store: Store) -> None:
        new = made(store)
        assert at_once(12, lambda: tried(store, new)) == ["right"] * 12

    def test_closed_once_its_time_is_over(self, store: Store, clock: Clock) -> None:
        new = made(store)
        clock.now += HALF_AN_HOUR
        assert tried(store, new) == "closed"


class TestBrowser:
    def test_reaches_its_form_with_its_own_cookie_alone(self, store: Store) -> None:
        new = made(store)
        one, other = let_in(store, new), let_in(store, new)
        assert store.links.of_entry(one.handle, cookies(store, one)).link.id == new.id
        assert cookies(store, one).keys() != cookies(store, other).keys()
        for wrong in ({}, cookies(store, other), {store.links.cookie_name(one.handle): other.cookie_value}):
            with pytest.raises(OtherBrowser):
                store.links.of_entry(one.handle, wrong)
        with pytest.raises(LinkOver):
            store.links.of_entry("guess", cookies(store, one))

    def test_that_came_in_at_the_last_minute_has_half_an_hour(self, store: Store, clock: Clock) -> None:
        new = made(store)
        clock.now += HALF_AN_HOUR - timedelta(seconds=1)
        entry = let_in(store, new)
        clock.now += HALF_AN_HOUR - timedelta(seconds=1)
        assert store.links.of_entry(entry.handle, cookies(store, entry)).answering == "self"
        clock.now += timedelta(seconds=1)
        with pytest.raises(LinkOver):
            store.links.of_entry(entry.handle, cookies(store, entry))

    @pytest.mark.parametrize("state", ["ended", "dead"])
    def test_has_nothing_once_the_link_is_over(self, store: Store, state: str) -> None:
        new = made(store)
        entry = let_in(store, new)
        with store.database.begin() as connection:
            connection.execute(update(links).values(state=state))
        with pytest.raises(LinkOver):
            store.links.of_entry(entry.handle, cookies(store, entry))


class TestUse:
    def test_the_first_answers_are_the_last(self, store: Store) -> None:
        new = made(store)
        let_in(store, new)
        assert sends(store, new, "key-1")
        assert not sends(store, new, "key-1")
        with pytest.raises(LinkOver):
            sends(store, new, "key-2")
        assert (found(store, new).state, found(store, new).sent) == ("used", "key-1")
        assert [store.outbox.knows(key) for key in ("key-1", "key-2")] == [True, False]

    def test_of_many_at_once_one_is_accepted(self, store: Store) -> None:
        new, keys = made(store), iter([f"key-{number}" for number in range(8)])
        let_in(store, new)
        assert Counter(at_once(8, lambda: sends(store, new, next(keys)))) == {True: 1, "LinkOver": 7}
        assert len(store.outbox.pending()) == 1

    def test_staff_end_it_once(self, store: Store) -> None:
        new = made(store)
        with store.database.begin() as together:
            assert store.links.end(new.id, within=together)
            assert not store.links.end(new.id, within=together)
        assert tried(store, new) == "closed"
        with pytest.raises(LinkOver):
            sends(store, new, "key-1")

    def test_a_newer_one_for_the_same_form_and_visit_ends_it(self, store: Store) -> None:
        first, elsewhere, another = made(store), made(store, visit="Encounter/e2"), made(store, patient="pat-2")
        second = made(store)
        assert (first.ended, second.ended) == ((), (first.id,))
        assert [found(store, one).state for one in (first, elsewhere, another, second)] == ["ended", "open", "open", "open"]

    def test_purged_the_day_after_with_its_browsers_and_recorded_where_it_was_not_used(self, store: Store, clock: Clock) -> None:
        used, unused = made(store), made(store, visit="Encounter/e2")
        let_in(store, used)
        sends(store, used, "key-1")
        clock.now += HALF_AN_HOUR + timedelta(days=1)
        store.purge(clock())
        with store.database.begin() as connection:
            assert connection.execute(select(links)).all() == []
            assert connection.execute(select(link_entries)).all() == []
        assert [one.detail["link"] for one in store.audit.entries() if one.event == "link_expired"] == [unused.id]
