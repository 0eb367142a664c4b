"""Launches: single use before sign-in, one browser and one patient after it, over in time."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import event, select, update

from smart_app.errors import GaveWay, LaunchError, SessionError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId
from smart_app.store import OpenLaunch, Store, open_store
from smart_app.store.seal import digest
from smart_app.store.tables import launches
from tests.store.conftest import KEY
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT, PENDING

TTL = timedelta(minutes=10)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)


def opened(store: Store, context: LaunchContext = CONTEXT) -> tuple[OpenLaunch, dict[str, str]]:
    launch = store.launches.open(context, idle=IDLE, absolute=ABSOLUTE)
    return launch, {launch.cookie_name: launch.cookie_value}


def pending_cookies(store: Store) -> dict[str, str]:
    cookie = store.launches.add_pending(PENDING, ttl=TTL)
    return {cookie.name: cookie.value}


def take_code(store: Store, state: str, cookies: dict[str, str]) -> str:
    with pytest.raises(LaunchError) as refused:
        store.launches.take_pending(state, cookies)
    return refused.value.code


class TestPending:
    # SMART 6.3.1
    # SMART E4
    # SMART D3
    def test_it_is_given_out_once(self, store: Store) -> None:
        cookies = pending_cookies(store)
        assert store.launches.take_pending("state-1", cookies) == PENDING
        assert take_code(store, "state-1", cookies) == "state_unknown"

    # SMART E2
    # IG 61
    def test_state_from_another_browser_is_refused_and_kept_for_the_right_one(self, store: Store) -> None:
        cookies = pending_cookies(store)
        name = next(iter(cookies))
        for wrong in ({}, {name: ""}, {name: "guess"}, {"__Host-rapport-000000000000": cookies[name]}):
            assert take_code(store, "state-1", wrong) == "browser_differs"
        assert store.launches.take_pending("state-1", cookies) == PENDING

    def test_unknown_state_is_refused(self, store: Store) -> None:
        assert take_code(store, "another", pending_cookies(store)) == "state_unknown"

    # SMART E1
    # SMART D3
    def test_it_expires(self, store: Store, clock: Clock) -> None:
        cookies = pending_cookies(store)
        clock.forward(minutes=10)
        assert take_code(store, "state-1", cookies) == "state_unknown"
        assert take_code(store, "state-1", {}) == "state_unknown"

    def test_it_opens_no_page(self, store: Store) -> None:
        cookies = pending_cookies(store)
        with pytest.raises(SessionError):
            store.launches.get(LaunchId("state-1"), cookies)

    def test_cookie_name_is_the_same_for_web_and_store(self, store: Store) -> None:
        assert store.launches.cookie_name_for_state("state-1") in pending_cookies(store)

    # SMART E4
    def test_two_callbacks_at_once_get_it_once(self, store: Store) -> None:
        cookies = pending_cookies(store)
        outcomes = at_once(4, lambda: store.launches.take_pending("state-1", cookies).state)
        assert sorted(outcomes) == ["LaunchError", "LaunchError", "LaunchError", "state-1"]


class TestSpent:
    # SMART E7
    def test_a_used_state_leads_the_launchs_own_browser_to_it_for_ten_minutes(self, store: Store, clock: Clock) -> None:
        launch = store.launches.open(CONTEXT, idle=IDLE, absolute=ABSOLUTE, state="state-1")
        mine = {launch.cookie_name: launch.cookie_value}
        assert store.launches.led_to("state-1", mine) == (launch.id, CONTEXT)
        assert store.launches.led_to("state-1", {}) is None
        assert store.launches.led_to("state-1", {launch.cookie_name: "other"}) is None
        assert store.launches.led_to("state-2", mine) is None
        clock.forward(minutes=10)
        assert store.launches.led_to("state-1", mine) is None
        assert store.launches.get(launch.id, mine) == CONTEXT

    # SMART E7
    def test_it_leads_nowhere_once_the_launch_has_ended(self, store: Store) -> None:
        launch = store.launches.open(CONTEXT, idle=IDLE, absolute=ABSOLUTE, state="state-1")
        store.launches.end(launch.id)
        assert store.launches.led_to("state-1", {launch.cookie_name: launch.cookie_value}) is None


class TestBrought:
    def test_every_cookie_of_a_request_is_judged_by_its_own_row_and_value(self, store: Store, clock: Clock) -> None:
        idle, idle_cookies = opened(store)
        clock.forward(minutes=20)
        spent = store.launches.add_pending(replace(PENDING, state="state-0"), ttl=TTL)
        store.launches.take_pending("state-0", {spent.name: spent.value})
        open_one, open_cookies = opened(store)
        pending = pending_cookies(store)
        theirs, _ = opened(store)
        clock.forward(minutes=9)
        before = {name.replace(open_one.cookie_name[15:19], "", 1): value for name, value in open_cookies.items()}
        clock.forward(minutes=1)
        pending |= {(again := store.launches.add_pending(replace(PENDING, state="state-2"), ttl=TTL)).name: again.value}
        cookies = {
            **idle_cookies, **open_cookies, **pending, **before, spent.name: spent.value, theirs.cookie_name: "guess",
            "__Host-rapport-0123456789ab": "x", "__Host-rapport-probe": "1", "another": "one",
        }  # fmt: skip
        found = {one.name: (one.standing, one.launch) for one in store.launches.brought_by(cookies)}
        (first_pending, second_pending) = pending
        assert found == {
            idle.cookie_name: ("over", None),
            open_one.cookie_name: ("open", digest(open_one.id)),
            next(iter(before)): ("open", digest(open_one.id)),
            first_pending: ("over", None),
            second_pending: ("pending", digest("state-2")),
            spent.name: ("over", None),
            theirs.cookie_name: ("over", None),
            "__Host-rapport-0123456789ab": ("unknown", None),
        }

    def test_a_request_without_any_asks_nothing_and_one_with_hundreds_is_answered(self, store: Store) -> None:
        assert store.launches.brought_by({"sid": "1"}) == ()
        many = {f"__Host-rapport-{number:012x}": "x" for number in range(900)}
        assert {one.standing for one in store.launches.brought_by(many)} == {"unknown"}

    def test_one_that_gave_way_says_so_until_it_would_have_ended(self, store: Store, clock: Clock) -> None:
        launch, cookies = opened(store)
        kept, kept_cookies = opened(store)
        assert store.give_way([digest(launch.id), "of no launch"]) == 1
        assert store.give_way([digest(launch.id)]) == 0
        with pytest.raises(GaveWay):
            store.launches.get(launch.id, cookies)
        with pytest.raises(GaveWay):
            store.launches.reread(launch.id)
        assert [one.standing for one in store.launches.brought_by(cookies)] == ["over"]
        assert store.launches.get(kept.id, kept_cookies) == CONTEXT
        clock.forward(hours=7)
        store.purge(clock())
        with pytest.raises(GaveWay):
            store.launches.get(launch.id, cookies)
        clock.forward(hours=1)
        store.purge(clock())
        with pytest.raises(SessionError) as over:
            store.launches.get(launch.id, cookies)
        assert not isinstance(over.value, GaveWay)

    def test_two_deployments_of_one_host_name_their_cookies_apart(self, database_url: str, clock: Clock) -> None:
        names = [open_store(database_url, [KEY], clock=clock, site=site) for site in ("https://a.example/one", "https://a.example/two")]
        try:
            first, second = (opened(store)[0].cookie_name for store in names)
            assert first[:19] != second[:19]
            assert names[0].launches.brought_by({second: "x"}) == ()
        finally:
            for store in names:
                store.close()


class TestOpen:
    def test_its_browser_gets_it_back_to_the_last_member(self, store: Store) -> None:
        launch, cookies = opened(store)
        assert store.launches.get(launch.id, cookies) == CONTEXT

    def test_id_and_cookie_are_unlike(self, store: Store) -> None:
        launch, _ = opened(store)
        assert launch.cookie_name == store.launches.cookie_name_for(launch.id)
        assert launch.cookie_name.startswith("__Host-rapport-")
        assert launch.cookie_value != launch.id
        # 256 and 128 bits in base64url.
        assert (len(launch.id), len(launch.cookie_value)) == (43, 22)

    # SMART 6.3.3
    def test_another_launchs_cookie_opens_nothing(self, store: Store) -> None:
        first, first_cookies = opened(store)
        second, second_cookies = opened(store, replace(CONTEXT, patient="pat-2"))
        both = first_cookies | second_cookies
        assert store.launches.get(first.id, both).patient == "pat-1"
        assert store.launches.get(second.id, both).patient == "pat-2"
        for wrong in (second_cookies, {}, {first.cookie_name: second.cookie_value}, {first.cookie_name: first.id}):
            with pytest.raises(SessionError):
                store.launches.get(first.id, wrong)

    # SMART J8
    # SMART 6.3.1
    def test_it_ends_when_idle(self, store: Store, clock: Clock) -> None:
        launch, cookies = opened(store)
        for _ in range(5):
            clock.forward(minutes=29)
            store.launches.get(launch.id, cookies)
        clock.forward(minutes=30)
        with pytest.raises(SessionError):
            store.launches.get(launch.id, cookies)

    # SMART J8
    def test_it_ends_after_its_absolute_time(self, store: Store, clock: Clock) -> None:
        launch, cookies = opened(store)
        for _ in range(24):
            clock.forward(minutes=19)
            store.launches.get(launch.id, cookies)
        clock.forward(minutes=24)
        with pytest.raises(SessionError):
            store.launches.get(launch.id, cookies)

    def test_requests_of_one_minute_are_noted_once(self, store: Store, clock: Clock) -> None:
        launch, cookies = opened(store)
        written: list[str] = []
        event.listen(store.database.engine, "before_cursor_execute", lambda *args: written.append(args[2]))
        for _ in range(13):
            clock.forward(seconds=10)
            store.launches.get(launch.id, cookies)
        assert sum(statement.startswith("UPDATE") for statement in written) == 2

    def test_it_ends_on_request(self, store: Store) -> None:
        launch, cookies = opened(store)
        store.launches.end(launch.id)
        store.launches.end(launch.id)
        with pytest.raises(SessionError):
            store.launches.get(launch.id, cookies)

    def test_replaced_context_is_read_next(self, store: Store) -> None:
        launch, cookies = opened(store)
        refreshed = replace(CONTEXT, access_token="access-2")
        store.launches.replace(launch.id, refreshed)
        assert store.launches.get(launch.id, cookies) == refreshed
        assert store.launches.reread(launch.id) == refreshed
        store.launches.end(launch.id)
        with pytest.raises(SessionError):
            store.launches.replace(launch.id, refreshed)
        with pytest.raises(SessionError):
            store.launches.reread(launch.id)

    # SMART J2
    def test_one_refresh_at_a_time(self, store: Store, clock: Clock) -> None:
        launch, _ = opened(store)
        lease = timedelta(seconds=30)
        assert sorted(at_once(4, lambda: store.launches.claim_refresh(launch.id, lease=lease))) == [False, False, False, True]
        clock.forward(seconds=30)
        assert store.launches.claim_refresh(launch.id, lease=lease)
        store.launches.replace(launch.id, CONTEXT)
        assert store.launches.claim_refresh(launch.id, lease=lease)

    def test_purge_deletes_what_is_over(self, store: Store, clock: Clock) -> None:
        pending_cookies(store)
        opened(store)
        clock.forward(minutes=20)
        launch, cookies = opened(store)
        clock.forward(minutes=10)
        assert store.purge(clock()) == 2
        assert store.launches.get(launch.id, cookies) == CONTEXT


class TestAtRest:
    # SMART J7
    # SMART 6.3.1
    # IG 8
    def test_neither_ids_nor_names_nor_tokens_are_readable(self, store: Store) -> None:
        launch, cookies = opened(store)
        pending_cookies(store)
        with store.database.begin() as connection:
            stored = repr(connection.execute(select(launches)).all())
        secrets = (launch.id, *cookies.values(), "state-1", "verifier-1", "pat-1", "access-1", "Ada", "ehr.example.org")
        assert not [secret for secret in secrets if secret in stored]

    def test_payload_moved_to_another_row_opens_nothing(self, store: Store) -> None:
        first, first_cookies = opened(store)
        second, _ = opened(store, replace(CONTEXT, patient="pat-2"))
        with store.database.begin() as connection:
            theirs = select(launches.c.payload).where(launches.c.id == digest(second.id)).scalar_subquery()
            connection.execute(update(launches).where(launches.c.id == digest(first.id)).values(payload=theirs))
        with pytest.raises(SessionError, match="cannot be read"):
            store.launches.get(first.id, first_cookies)

    def test_new_key_seals_and_old_one_still_opens(self, database_url: str, store: Store, clock: Clock) -> None:
        if database_url == "sqlite://":
            pytest.skip("an in-memory database is gone when it is opened again")
        launch, cookies = opened(store)
        rotated = open_store(database_url, [bytes(32), KEY], clock=clock)
        assert rotated.launches.get(launch.id, cookies) == CONTEXT
        again, again_cookies = opened(rotated)
        with pytest.raises(SessionError, match="cannot be read"):
            store.launches.get(again.id, again_cookies)
        rotated.close()
