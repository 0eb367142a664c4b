"""A change of keys: what no key opens is counted and takes nothing with it, and what one opens is sealed anew and found by the new one."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import simplejson
import structlog
from msgspec.structs import replace
from sqlalchemy import Row, func, select, update

from fhir_mappings.people.patient import read_patient
from smart_app.errors import LaunchError, NotOpened
from smart_app.launch.context.launch_context import Author, LaunchId
from smart_app.store import AsideNote, FormPlace, Store, Ticket, author_of, open_store
from smart_app.store.rotation import SealedTable, reseal_all
from smart_app.store.seal import Sealer, digest, key_id
from smart_app.store.seal_use import SEALED
from smart_app.store.tables import aside_notes, audit, drafts, filed_pages, launches, links, loans, metadata, option_notes, outbox, reveals
from smart_app.telemetry import configure_logging
from tests.peers.postgres_server import emptied
from tests.support.clock import Clock
from tests.support.samples import CONTEXT, PENDING

OLD, NEW, OTHER = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
LAUNCH = LaunchId("launch-1")
AUTHOR = author_of(CONTEXT)
PLACE = FormPlace(launch_id=LAUNCH, slug="rapport-check-in", informant="patient", key="draft-1")
VISIT = ("Practitioner/dr-1", "Encounter/e1")
ASIDE = AsideNote(source="QuestionnaireResponse/q1", reason="talked", at=datetime(2026, 3, 4, tzinfo=UTC), rules=(("pooled", 1),))
# What `fill` leaves in each table of sealed rows but the trail.
EACH = {
    "launches": 1,
    "outbox": 1,
    "drafts": 1,
    "reveals": 1,
    "option_notes": 1,
    "aside_notes": 1,
    "filed_pages": 1,
    "loans": 1,
    "links": 1,
}
Opening = Callable[..., Store]


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.system)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"sqlite:///{tmp_path}/rapport.sqlite"
    return emptied(request.getfixturevalue("postgres_url"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def under(url: str, clock: Clock) -> Iterator[Opening]:
    """The database, opened with these keys."""
    made: list[Store] = []

    def opening(*keys: bytes) -> Store:
        made.append(open_store(url, keys, clock=clock))
        return made[-1]

    yield opening
    for store in made:
        store.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logging(stream=stream)
    yield stream
    structlog.reset_defaults()


def fill(store: Store, clock: Clock) -> dict[str, str]:
    """A row of each kind, under the store's first key; the cookies of the open launch."""
    store.outbox.put("refused-1", launch_id=LAUNCH, payload={"answers": 4}, author=AUTHOR)
    store.outbox.mark("refused-1", "refused")
    ticket = Ticket(author=AUTHOR, version="1", encounter=None, issued=clock(), binding=digest("cookie"))
    store.drafts.save(PLACE, ticket, {"goal-1": "4"}, ttl=timedelta(days=1))
    store.reveals.add(issuer=CONTEXT.iss, patient="pat-1", clinician=VISIT[0], visit=VISIT[1], user="Practitioner/dr-2", reason="cover")
    store.option_notes.keep(AUTHOR, {"G1": "2026-03-04"}, ttl=timedelta(days=9))
    store.aside_notes.keep(AUTHOR, ASIDE, ttl=timedelta(days=9))
    store.filed_pages.show(AUTHOR, "page-1", {"title": "History"}, alike="same", ttl=timedelta(days=9))
    store.filed_pages.settle(AUTHOR, "page-1", "filed", {"title": "History"}, alike="same")
    with store.database.begin() as together:
        lent = store.loans.lend(LAUNCH, AUTHOR, slug="rapport-check-in", code="471928", lasts=timedelta(days=1), within=together)
        patient = read_patient({"id": "pat-1", "birthDate": "1968-03-14"}, zone=UTC)
        store.links.make(
            LAUNCH,
            CONTEXT,
            patient,
            slug="rapport-check-in",
            visit=VISIT[1],
            lasts=timedelta(days=1),
            in_room=True,
            within=together,
        )
    launch = store.launches.open(CONTEXT, idle=timedelta(hours=4), absolute=timedelta(hours=8))
    store.audit.add("launch", launch_id=LAUNCH, context=CONTEXT)
    return {launch.cookie_name: launch.cookie_value, "id": launch.id, store.loans.cookie_name: lent.cookie_value}


def found(store: Store, cookies: dict[str, str]) -> list[object]:
    """What everybody finds of `fill`."""
    revealed = store.reveals.of(CONTEXT.iss, "pat-1", [VISIT]).get(VISIT, ())
    note = store.option_notes.of(AUTHOR)
    return [
        [entry.key for entry in store.outbox.of_patient(AUTHOR).own],
        [entry.key for entry in store.outbox.of_patient(AUTHOR).about],
        [entry.key for entry in store.outbox.sent_by(AUTHOR)],
        store.outbox.belongs("refused-1", AUTHOR),
        [draft.answers for draft in store.drafts.of(AUTHOR)],
        [(one.user, one.reason) for one in revealed],
        store.launches.get(LaunchId(cookies["id"]), cookies) == CONTEXT,
        dict(note.ticked) if note else None,
        list(store.aside_notes.of(AUTHOR).values()),
        (page := store.filed_pages.get(AUTHOR, "page-1")) and page.payload,
        [one.key for one in store.filed_pages.alike(AUTHOR, "same")],
        [(loan.launch, loan.author) for loan in [store.loans.brought_by(cookies)] if loan],
        [(link.launch, link.slug) for link in store.links.of_patient(CONTEXT.iss, "pat-1")],
    ]


ALL = [
    ["refused-1"],
    ["refused-1"],
    ["refused-1"],
    True,
    [{"goal-1": "4"}],
    [("Practitioner/dr-2", "cover")],
    True,
    {"G1": "2026-03-04"},
    [ASIDE],
    {"title": "History"},
    ["page-1"],
    [(LAUNCH, AUTHOR)],
    [(LAUNCH, "rapport-check-in")],
]


def keys_of(store: Store) -> dict[str, dict[str, int]]:
    return {name: dict(rows) for name, rows in store.rows_by_key().items()}


def write(store: Store, row: str, **values: Any) -> None:
    with store.database.begin() as connection:
        assert connection.execute(update(outbox).where(outbox.c.id == digest(row)).values(values)).rowcount == 1


def as_before_authors(store: Store, key: bytes, row: str = "refused-1") -> None:
    """The row as the version before sealed it: without its author, which only its lookup tells."""
    envelope = {"key": row, "launch_id": LAUNCH, "payload": {"answers": 4}}
    write(store, row, payload=Sealer([key]).seal(envelope, table="outbox", row=digest(row)), patient=None)


def test_every_table_of_sealed_rows_is_counted_and_sealed_anew_but_the_trail() -> None:
    assert {table for table in metadata.tables.values() if "payload" in table.c} == {*SEALED, audit}


def test_rows_are_found_under_an_added_key_sealed_anew_and_found_under_it_alone(under: Opening, clock: Clock) -> None:
    cookies = fill(under(OLD), clock)
    both = under(NEW, OLD)
    assert found(both, cookies) == ALL
    done = both.rotate()
    assert done.resealed == EACH
    assert (done.not_opened, done.not_proven, done.unsettled) == ({}, {}, {})
    alone = under(NEW)
    assert found(alone, cookies) == ALL
    assert [entry.state for entry in alone.outbox.of_patient(AUTHOR).own] == ["refused"]
    assert keys_of(alone)[key_id(OLD).hex()] == {"audit": 1}
    assert both.rotate().resealed == {}


def test_the_trail_stays_as_it_was_and_says_which_key_its_rows_need(under: Opening, clock: Clock) -> None:
    fill(under(OLD), clock)
    both = under(NEW, OLD)
    with both.database.begin() as connection:
        before = connection.execute(select(audit)).all()
    both.rotate()
    with both.database.begin() as connection:
        assert connection.execute(select(audit).where(audit.c.id <= len(before))).all() == before
    assert both.verify_audit().finding is None
    assert [entry.event for entry in both.audit.entries()] == ["launch", "resealed"]
    alone = under(NEW).audit.entries()
    assert [(entry.event, entry.user, dict(entry.detail)) for entry in alone] == [
        ("launch", None, {"not_opened": key_id(OLD).hex()}),
        ("resealed", None, {"key": key_id(NEW).hex(), "rows": EACH}),
    ]


def test_what_no_key_opens_is_counted_by_table_without_opening_it(under: Opening, clock: Clock) -> None:
    old = under(OLD)
    fill(old, clock)
    for state in ("stored", "discarded"):
        old.outbox.put(state, launch_id=LAUNCH, payload={}, author=AUTHOR)
        old.outbox.mark(state, cast("Any", state))
    assert (old.not_opened().rows, old.not_opened().undelivered) == ({}, 0)
    alone = under(NEW)
    assert alone.not_opened().rows == EACH | {"outbox": 3, "audit": 1}
    assert alone.not_opened().undelivered == 1


def test_with_the_key_gone_nothing_is_found_and_nothing_breaks(under: Opening, clock: Clock) -> None:
    cookies = fill(under(OLD), clock)
    alone = under(NEW)
    assert found(alone, _own(alone)) == [
        [], [], [], False, [], [], True, None, [], None, [], [], [],
    ]  # fmt: skip
    done = alone.rotate()
    assert (done.resealed, done.not_opened) == ({}, EACH)
    assert found(under(NEW, OLD), cookies) == ALL


def _own(store: Store) -> dict[str, str]:
    launch = store.launches.open(CONTEXT, idle=timedelta(hours=4), absolute=timedelta(hours=8))
    return {launch.cookie_name: launch.cookie_value, "id": launch.id}


@pytest.mark.parametrize("damaged", ["outbox", "drafts", "reveals", "option_notes", "aside_notes", "filed_pages", "loans", "links"])
def test_a_row_that_is_found_and_cannot_be_opened_takes_none_of_the_others_with_it(
    under: Opening, clock: Clock, logged: io.StringIO, damaged: str
) -> None:
    store = under(NEW)
    cookies = fill(store, clock)
    store.outbox.put("second", launch_id=LAUNCH, payload={}, author=AUTHOR)
    table = {one.name: one for one in (outbox, drafts, reveals, option_notes, aside_notes, filed_pages, loans, links)}[damaged]
    with store.database.begin() as connection:
        chosen = table.c.id == digest("refused-1") if damaged == "outbox" else table.c.payload.is_not(None)
        connection.execute(update(table).where(chosen).values(payload=b"not sealed by anybody"))
    seen = found(store, cookies)
    left = ["second"] if damaged == "outbox" else ["refused-1", "second"]
    assert sorted(cast("list[str]", seen[0])) == sorted(cast("list[str]", seen[1])) == sorted(cast("list[str]", seen[2])) == left
    assert seen[4] == ([] if damaged == "drafts" else ALL[4])
    assert seen[5] == ([] if damaged == "reveals" else ALL[5])
    assert seen[7:9] == [None if damaged == "option_notes" else ALL[7], [] if damaged == "aside_notes" else ALL[8]]
    assert seen[9:11] == ([None, []] if damaged == "filed_pages" else ALL[9:11])
    assert seen[11] == ([] if damaged == "loans" else ALL[11])
    assert seen[12] == ([] if damaged == "links" else ALL[12])
    assert sorted(entry.key for entry in store.outbox.pending()) == left
    assert store.outbox.knows("refused-1")
    lines = [simplejson.loads(line) for line in logged.getvalue().splitlines()]
    assert {(line["event"], line["tables"], line["command"]) for line in lines} == {("row_not_opened", damaged, "rapport seal status")}


def test_a_sign_in_begun_under_a_key_that_is_gone_begins_anew(under: Opening) -> None:
    old = under(OLD)
    cookie = old.launches.add_pending(PENDING, ttl=timedelta(minutes=10))
    launch = old.launches.open(CONTEXT, idle=timedelta(hours=4), absolute=timedelta(hours=8), state="spent-1")
    alone = under(NEW)
    assert alone.launches.led_to("spent-1", {launch.cookie_name: launch.cookie_value}) is None
    with pytest.raises(LaunchError) as refused:
        alone.launches.take_pending(PENDING.state, {cookie.name: cookie.value})
    assert refused.value.code == "state_unknown"


def test_one_that_no_key_opens_keeps_no_other_from_being_sealed_anew(under: Opening, clock: Clock) -> None:
    old = under(OLD)
    fill(old, clock)
    under(OTHER).outbox.put("strange", launch_id=LAUNCH, payload={}, author=AUTHOR)
    old.outbox.put("damaged", launch_id=LAUNCH, payload={}, author=AUTHOR)
    write(old, "damaged", payload=key_id(OLD) + bytes(60))
    both = under(NEW, OLD)
    done = both.rotate()
    assert (done.resealed["outbox"], done.not_opened) == (1, {"outbox": 2})
    assert both.not_opened().rows == {"outbox": 1}


def test_lookups_are_made_anew_where_the_payload_already_was(under: Opening, clock: Clock) -> None:
    old = under(OLD)
    cookies = fill(old, clock)
    with old.database.begin() as connection:
        owners = {table: connection.execute(select(table.c.owner)).scalar_one() for table in (outbox, drafts)}
    both = under(NEW, OLD)
    both.rotate()
    for table, owner in owners.items():
        with both.database.begin() as connection:
            connection.execute(update(table).values(owner=owner))
    assert both.rotate().resealed == {"outbox": 1, "drafts": 1}
    assert found(under(NEW), cookies) == ALL


def test_a_submission_that_is_sent_on_is_found_by_the_key_it_is_sealed_under_then(under: Opening, clock: Clock) -> None:
    fill(under(OLD), clock)
    both = under(NEW, OLD)
    both.outbox.reseal("refused-1", "unknown", launch_id=LAUNCH, payload={"answers": 4}, author=AUTHOR)
    ticket = Ticket(author=AUTHOR, version="1", encounter=None, issued=clock(), binding=digest("cookie"))
    assert both.drafts.save(PLACE, ticket, {"goal-1": "5"}, ttl=timedelta(days=1)) == "again"
    alone = under(NEW)
    assert [entry.key for entry in alone.outbox.of_patient(AUTHOR).own] == ["refused-1"]
    assert [entry.key for entry in alone.outbox.of_patient(AUTHOR).about] == ["refused-1"]
    assert [draft.answers for draft in alone.drafts.of(AUTHOR)] == [{"goal-1": "5"}]


class TestWithoutItsAuthor:
    """Submissions of before the author was sealed with them."""

    def test_whoever_the_trail_names_is_proven_by_the_lookup(self, under: Opening, clock: Clock) -> None:
        old = under(OLD)
        fill(old, clock)
        old.audit.add("history_read", launch_id=LAUNCH, context=replace(AUTHOR, patient="pat-2"))
        as_before_authors(old, OLD)
        both = under(NEW, OLD)
        assert [entry.author for entry in both.outbox.of_patient(AUTHOR).own] == [None]
        assert both.rotate().not_proven == {}
        alone = under(NEW)
        (entry,) = alone.outbox.of_patient(AUTHOR).own
        assert entry.author == replace(AUTHOR, user=replace(AUTHOR.user, name=None))
        assert [one.key for one in alone.outbox.of_patient(AUTHOR).about] == ["refused-1"]
        alone.outbox.reseal("refused-1", "unknown", launch_id=LAUNCH, payload={}, author=None)
        assert [one.author for one in alone.outbox.of_patient(AUTHOR).own] == [entry.author]

    @pytest.mark.parametrize("known", ["nobody", "somebody else", "a pre-chain event"])
    def test_of_whom_nothing_is_proven_stays_under_its_key_and_is_said(self, under: Opening, clock: Clock, known: str) -> None:
        old = under(OLD)
        old.outbox.put("refused-1", launch_id=LAUNCH, payload={}, author=AUTHOR)
        as_before_authors(old, OLD)
        if known != "nobody":
            who: Author | None = replace(AUTHOR, user=replace(AUTHOR.user, subject="user-2")) if known == "somebody else" else None
            old.audit.add("history_read", launch_id=LAUNCH, context=who)
        both = under(NEW, OLD)
        done = both.rotate()
        assert (done.resealed, done.not_proven, done.not_opened) == ({}, {"outbox": 1}, {})
        assert keys_of(both)[key_id(OLD).hex()]["outbox"] == 1
        assert [entry.key for entry in both.outbox.of_patient(AUTHOR).own] == ["refused-1"]

    def test_one_that_is_nobodys_to_find_is_sealed_anew(self, under: Opening) -> None:
        old = under(OLD)
        old.outbox.put("refused-1", launch_id=LAUNCH, payload={"answers": 4})
        as_before_authors(old, OLD)
        assert under(NEW, OLD).rotate().resealed == {"outbox": 1}
        entry = under(NEW).outbox.get("refused-1")
        assert entry is not None
        assert (entry.author, entry.payload) == (None, {"answers": 4})


class TestBesideARunningApp:
    """Others write between what the command reads and what it writes."""

    def rotate_beside(self, store: Store, meanwhile: Callable[[], object]) -> Any:
        def resealed(row: Row[Any]) -> dict[str, Any] | None:
            anew = store.outbox.resealed(row, candidates=store.audit.authors)
            meanwhile()
            return anew

        return reseal_all(store.database, SealedTable(outbox, resealed))

    def test_what_was_written_meanwhile_stands_and_is_sealed_anew(self, under: Opening, clock: Clock) -> None:
        old = under(OLD)
        fill(old, clock)
        once = iter([{"answers": 5}])

        def meanwhile() -> None:
            for payload in once:
                old.outbox.reseal("refused-1", "partly", launch_id=LAUNCH, payload=payload, author=AUTHOR)

        done = self.rotate_beside(under(NEW, OLD), meanwhile)
        assert (done.resealed, done.unsettled) == ({"outbox": 1}, {})
        (entry,) = under(NEW).outbox.of_patient(AUTHOR).own
        assert (entry.state, entry.payload) == ("partly", {"answers": 5})

    def test_what_was_taken_away_meanwhile_stays_away(self, under: Opening, clock: Clock) -> None:
        old = under(OLD)
        fill(old, clock)
        old.outbox.mark("refused-1", "stored")
        clock.forward(days=2)
        done = self.rotate_beside(under(NEW, OLD), lambda: old.outbox.purge(clock()))
        assert (done.resealed, done.unsettled, old.outbox.get("refused-1")) == ({}, {}, None)

    def test_an_app_that_goes_on_sealing_under_the_old_key_is_said(self, under: Opening, clock: Clock) -> None:
        old = under(OLD)
        fill(old, clock)

        def meanwhile() -> None:
            old.outbox.reseal("refused-1", "refused", launch_id=LAUNCH, payload={"answers": 4}, author=AUTHOR)

        assert self.rotate_beside(under(NEW, OLD), meanwhile).unsettled == {"outbox": 1}

    def test_cut_short_it_goes_on_where_it_was(self, under: Opening) -> None:
        old = under(OLD)
        for number in range(250):
            old.outbox.put(f"key-{number}", launch_id=LAUNCH, payload={}, author=AUTHOR)
        both, rows = under(NEW, OLD), iter(range(1, 1000))

        def interrupted() -> None:
            if next(rows) == 120:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.rotate_beside(both, interrupted)
        assert both.rotate().resealed == {"outbox": 250 - 119}
        assert len(under(NEW).outbox.of_patient(AUTHOR).own) == 250


def test_a_choice_made_under_two_keys_stands_as_it_was_made_first(under: Opening, clock: Clock) -> None:
    for order in ((OLD, NEW), (NEW, OLD)):
        user = f"Practitioner/{order[0][0]}"
        for number, key in enumerate(order):
            under(key).reveals.add(
                issuer=CONTEXT.iss, patient="pat-1", clinician=VISIT[0], visit=VISIT[1], user=user, reason=f"reason {number}"
            )
            clock.forward(minutes=1)
    done = under(NEW, OLD).rotate()
    assert (done.resealed, done.unsettled) == ({"reveals": 2}, {})
    made = under(NEW).reveals.of(CONTEXT.iss, "pat-1", [VISIT])[VISIT]
    assert [(one.user, one.reason) for one in made] == [("Practitioner/0", "reason 0"), ("Practitioner/1", "reason 0")]


def test_what_was_given_up_is_on_its_way_no_more_and_opens_with_its_key(under: Opening, clock: Clock) -> None:
    cookies = fill(under(OLD), clock)
    alone = under(NEW)
    alone.outbox.put("mine", launch_id=LAUNCH, payload={}, author=AUTHOR)
    assert (alone.give_up(by="Ada", why="the key was lost"), alone.give_up(by="Ada", why="again")) == (1, 0)
    assert (alone.not_opened().undelivered, alone.not_opened().rows["outbox"]) == (0, 1)
    entries = [entry for entry in alone.audit.entries() if entry.event == "not_opened_given_up"]
    assert [dict(entry.detail) for entry in entries] == [{"by": "Ada", "why": "the key was lost", "rows": [digest("refused-1")]}]
    entry = under(NEW, OLD).outbox.get("refused-1")
    assert entry is not None
    assert (entry.state, entry.payload) == ("discarded", {"answers": 4})
    assert cookies


def test_a_renewed_seal_holds_the_same_bytes_for_its_row_alone() -> None:
    text = {"value": "7.10", "many": [1, 2]}
    sealed = Sealer([OLD]).seal(text, table="outbox", row="a")
    both = Sealer([NEW, OLD])
    renewed = both.renewed(sealed, table="outbox", row="a")
    assert renewed[:4] == key_id(NEW)
    assert Sealer([NEW]).open(renewed, table="outbox", row="a") == text
    assert both.renewed(renewed, table="outbox", row="a") == renewed
    moved = both.renewed(renewed, table="outbox", row="a", to="b")
    assert Sealer([NEW]).open(moved, table="outbox", row="b") == text
    with pytest.raises(NotOpened):
        both.renewed(moved, table="outbox", row="a")


def test_counting_opens_nothing(under: Opening, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(under(OLD), clock)
    store = under(NEW, OLD)
    monkeypatch.setattr(Sealer, "open", None)
    monkeypatch.setattr(Sealer, "_open", None)
    assert keys_of(store) == {key_id(OLD).hex(): EACH | {"audit": 1}}
    with store.database.begin() as connection:
        assert connection.execute(select(func.count()).select_from(launches)).scalar_one() == 1
