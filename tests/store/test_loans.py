"""Loans: found by the lent browser alone, their code tried five times in all, and what they lock locked until they end."""

import io
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from smart_app.errors import OtherBrowser, SessionError
from smart_app.launch.context.launch_context import LaunchId
from smart_app.store import NewLoan, OpenLaunch, Store, author_of
from smart_app.store.seal import digest
from smart_app.store.tables import loan_locks, loans
from tests.support.at_once import at_once
from tests.support.clock import Clock
from tests.support.samples import CONTEXT

CODE, LASTS = "471928", timedelta(hours=8)
AUTHOR = author_of(CONTEXT)


def opened(store: Store, agent: str | None = None) -> OpenLaunch:
    return store.launches.open(CONTEXT, idle=timedelta(hours=9), absolute=timedelta(hours=9), agent=agent)


LAUNCH = LaunchId("launch-1")


def lent(store: Store, launch: LaunchId = LAUNCH, *, code: str = CODE, agent: str | None = None) -> NewLoan:
    with store.database.begin() as together:
        new = store.loans.lend(launch, AUTHOR, slug="rapport-check-in", code=code, lasts=LASTS, agent=agent, within=together)
        store.loans.lock(new.id, [digest(launch)], "browser", within=together)
    return new


def cookies(store: Store, new: NewLoan) -> dict[str, str]:
    return {store.loans.cookie_name: new.cookie_value}


class TestFinding:
    def test_the_lent_browser_finds_its_loan(self, store: Store, clock: Clock) -> None:
        new = lent(store)
        loan = store.loans.brought_by(cookies(store, new))
        assert loan is not None
        assert loan == store.loans.of_handle(new.handle, cookies(store, new))
        assert (loan.id, loan.state, loan.launch, loan.author, loan.slug) == (new.id, "out", "launch-1", AUTHOR, "rapport-check-in")
        assert (loan.tries, loan.has_code, loan.since, loan.expires) == (5, True, clock(), clock() + LASTS)

    def test_nobody_else_does(self, store: Store) -> None:
        new = lent(store)
        assert store.loans.brought_by({}) is None
        assert store.loans.brought_by({store.loans.cookie_name: "guess"}) is None
        for wrong in ({}, {store.loans.cookie_name: "guess"}):
            with pytest.raises(OtherBrowser):
                store.loans.of_handle(new.handle, wrong)
        with pytest.raises(SessionError):
            store.loans.of_handle("guess", cookies(store, new))

    @pytest.mark.parametrize("before_the_columns", [False, True])
    def test_a_user_finds_what_they_have_lent_and_anybody_what_is_lent_for_a_patient(self, store: Store, before_the_columns: bool) -> None:
        first, second = lent(store), lent(store, LaunchId("launch-2"))
        if before_the_columns:
            with store.database.begin() as together:
                together.execute(update(loans).values(lender=None, patient=None))
        mine, theirs = sorted([first.id, second.id]), AUTHOR.user.reference
        assert [one.id for one in store.loans.by_user(f"{AUTHOR.iss}/", theirs)] == mine
        assert [one.id for one in store.loans.of_patient(AUTHOR.iss, AUTHOR.patient)] == mine
        for iss, reference in ((AUTHOR.iss, "Practitioner/other"), ("https://other.example/fhir", theirs)):
            assert store.loans.by_user(iss, reference) == []
        for iss, patient in ((AUTHOR.iss, "other"), ("https://other.example/fhir", AUTHOR.patient)):
            assert store.loans.of_patient(iss, patient) == []

    def test_what_others_have_lent_is_not_opened_for_it(self, store: Store, logged: io.StringIO) -> None:
        new = lent(store)
        with store.database.begin() as together:
            together.execute(update(loans).where(loans.c.id == new.id).values(payload=b"damaged"))
        assert store.loans.by_user(AUTHOR.iss, "Practitioner/other") == []
        assert logged.getvalue() == ""
        assert store.loans.by_user(AUTHOR.iss, AUTHOR.user.reference) == []
        assert "row_not_opened" in logged.getvalue()

    def test_neither_code_nor_address_nor_cookie_stands_in_the_row(self, store: Store) -> None:
        new = lent(store)
        with store.database.begin() as connection:
            row = connection.execute(select(loans)).one()
        assert not any(secret in str(value) for value in row for secret in (CODE, new.handle, new.cookie_value, "launch-1", "pat-1"))


class TestCode:
    def test_five_tries_in_all(self, store: Store) -> None:
        new = lent(store)
        found = [store.loans.try_code(new.id, guess) for guess in ("000000", "", "471927", f"{CODE}0", "999999", CODE)]
        assert found == ["wrong"] * 5 + ["closed"]

    def test_right_at_the_last_one(self, store: Store) -> None:
        new = lent(store)
        assert [store.loans.try_code(new.id, guess) for guess in ["0", "1", "2", "3", CODE]] == ["wrong"] * 4 + ["right"]

    def test_tried_by_many_at_once(self, store: Store) -> None:
        new = lent(store)
        assert Counter(at_once(12, lambda: store.loans.try_code(new.id, "000000"))) == {"wrong": 5, "closed": 7}

    def test_a_loan_without_one_has_none_that_fits(self, store: Store) -> None:
        new = lent(store, code="")
        assert store.loans.try_code(new.id, "") == "closed"


class TestLocks:
    def test_hold_until_the_loan_ends(self, store: Store) -> None:
        launch = opened(store)
        new = lent(store, launch.id)
        lock = store.loans.on(launch.id)
        assert lock is not None
        assert (lock.kind, lock.loan.id) == ("browser", new.id)
        with store.database.begin() as together:
            assert store.loans.end(new.id, within=together)
            assert not store.loans.end(new.id, within=together)
        assert store.loans.on(launch.id) is None
        assert store.loans.brought_by(cookies(store, new)) is None

    def test_of_two_loans_one_that_ends_leaves_the_others(self, store: Store) -> None:
        launch = opened(store)
        first, second = lent(store, launch.id), lent(store)
        store.loans.lock(second.id, [digest(launch.id)], "user")
        with store.database.begin() as together:
            store.loans.end(first.id, within=together)
        lock = store.loans.on(launch.id)
        assert lock is not None
        assert (lock.kind, lock.loan.id) == ("user", second.id)

    def test_that_a_launch_is_in_the_lent_browser_weighs_more(self, store: Store, clock: Clock) -> None:
        launch = opened(store)
        new = lent(store)
        for kind in ("user", "browser", "user"):
            store.loans.lock(new.id, [digest(launch.id)], kind)
        with store.database.begin() as together:
            store.loans.unlock(launch.id, lent_until=clock(), within=together)
        lock = store.loans.on(launch.id)
        assert lock is not None
        assert lock.kind == "browser"

    def test_one_of_the_users_is_unlocked_alone_and_for_good(self, store: Store, clock: Clock) -> None:
        one, other = opened(store), opened(store)
        new = lent(store)
        store.loans.lock(new.id, [digest(one.id), digest(other.id)], "user")
        with store.database.begin() as together:
            store.loans.unlock(one.id, lent_until=clock(), within=together)
        assert store.loans.on(one.id) is None
        assert store.loans.on(other.id) is not None
        store.loans.lock(new.id, [digest(one.id)], "user")
        assert store.loans.on(one.id) is None
        assert store.loans.locked() == {digest("launch-1"), digest(other.id)}

    def test_a_call_back_lets_go_of_all_and_keeps_the_loan(self, store: Store) -> None:
        new = lent(store)
        with store.database.begin() as together:
            assert store.loans.call_back(new.id, within=together) == [digest("launch-1")]
        loan = store.loans.brought_by(cookies(store, new))
        assert loan is not None
        assert loan.state == "called_back"
        assert store.loans.locked() == frozenset()

    def test_sent_answers_are_remembered_and_sent_once(self, store: Store) -> None:
        new = lent(store)
        for key in ("key-1", "key-2"):
            store.loans.done(new.id, key)
        loan = store.loans.reread(new.id)
        assert loan is not None
        assert (loan.state, loan.sent) == ("done", "key-1")


class TestOfTheSameBrowser:
    """Launches that were not there when the device was lent."""

    def test_is_locked_when_it_is_looked_at(self, store: Store) -> None:
        launch, new = opened(store), lent(store, agent="tablet")
        for agent, mine in ((None, True), ("desktop", True), ("tablet", False)):
            assert store.loans.on(launch.id, agent=agent, lent_by=(lambda _author: True) if mine else (lambda _author: False)) is None
        lock = store.loans.on(launch.id, agent="tablet", lent_by=lambda author: author == AUTHOR)
        assert lock is not None
        assert (lock.kind, lock.loan.id) == ("user", new.id)
        assert store.loans.on(launch.id) == lock
        assert digest(launch.id) in store.loans.locked()

    def test_the_newest_of_several_says_how_late_a_sign_in_has_to_be(self, store: Store, clock: Clock) -> None:
        launch = opened(store)
        lent(store, agent="tablet")
        clock.forward(minutes=1)
        newer = lent(store, agent="tablet")
        for _ in range(2):
            lock = store.loans.on(launch.id, agent="tablet", lent_by=lambda _author: True)
            assert lock is not None
            assert lock.loan.id == newer.id
        with store.database.begin() as together:
            store.loans.unlock(launch.id, lent_until=clock() - timedelta(seconds=30), within=together)
        assert store.loans.on(launch.id) is not None
        with store.database.begin() as together:
            store.loans.unlock(launch.id, lent_until=clock(), within=together)
        assert store.loans.on(launch.id, agent="tablet", lent_by=lambda _author: True) is None

    def test_one_that_was_unlocked_is_not_closed_with_the_others(self, store: Store, clock: Clock) -> None:
        for end in ("called back", "over"):
            launch, new = opened(store), lent(store)
            store.loans.lock(new.id, [digest(launch.id)], "user")
            with store.database.begin() as together:
                store.loans.unlock(launch.id, lent_until=clock(), within=together)
                if end == "called back":
                    assert store.loans.call_back(new.id, within=together) == [digest("launch-1")]
            clock.forward(hours=8)
            store.purge(clock())
            assert store.launches.get(launch.id, {launch.cookie_name: launch.cookie_value}) == CONTEXT
        with store.database.begin() as connection:
            assert connection.execute(select(loan_locks)).all() == []


class TestUsedWith:
    def test_open_launches_of_that_browser_and_of_an_unknown_one(self, store: Store) -> None:
        same, unknown, other = opened(store, "tablet"), opened(store), opened(store, "desktop")
        with store.database.begin() as together:
            found = store.launches.used_with("tablet", lambda one: one.user == CONTEXT.user, within=together)
            assert sorted(found) == sorted([digest(same.id), digest(unknown.id)])
            assert store.launches.used_with("tablet", lambda _one: False, within=together) == []
        store.launches.get(other.id, {other.cookie_name: other.cookie_value}, agent="tablet")
        with store.database.begin() as together:
            assert digest(other.id) in store.launches.used_with("tablet", lambda _one: True, within=together)


class TestOver:
    def test_past_its_time_what_was_locked_is_closed_and_not_opened(self, store: Store, clock: Clock) -> None:
        launch, free = opened(store), opened(store)
        lent(store, launch.id)
        clock.forward(hours=8)
        assert store.purge(clock()) == 1
        with pytest.raises(SessionError):
            store.launches.get(launch.id, {launch.cookie_name: launch.cookie_value})
        assert store.launches.get(free.id, {free.cookie_name: free.cookie_value}) == CONTEXT
        assert [one.event for one in store.audit.entries()] == ["loan_expired", "expired"]
        with store.database.begin() as connection:
            assert connection.execute(select(loan_locks)).all() == []

    def test_before_that_nothing_is(self, store: Store, clock: Clock) -> None:
        launch = opened(store)
        lent(store, launch.id)
        clock.forward(hours=7, minutes=59)
        store.purge(clock())
        assert store.loans.on(launch.id) is not None
