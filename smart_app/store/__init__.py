"""The one door to the app's own database: launches, drafts, outbox, audit, reveals, notes, loans, links. Payloads are sealed at rest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, exists, or_, select, update

from fhir_mappings.sentence import Sentence
from smart_app.errors import StoreError
from smart_app.launch.context.launch_context import LaunchContext
from smart_app.store.audit_trail.audit import Audit, AuditEntry
from smart_app.store.audit_trail.audit_chain import Chain
from smart_app.store.audit_trail.audit_verification import Verified, verify
from smart_app.store.database import Database, Transaction, is_relative, place_of
from smart_app.store.drafts import PAST, Draft, Drafts, FormPlace, Ticket, author_of
from smart_app.store.failure_words import store_failure
from smart_app.store.filing.filed_pages import FILING_OVER, FiledPages, FilingState, KeptPage
from smart_app.store.launch_cookies import BroughtLaunch
from smart_app.store.launches import OVER, Launches, OpenLaunch, PendingCookie
from smart_app.store.lending.loans import LOAN_OVER, CodeTried, LaunchLock, Loan, LoanEnded, Loans, NewLoan, new_code
from smart_app.store.lending.one_time_links import (
    LINK_OVER,
    BornTried,
    LinkEntry,
    LinkGone,
    LinkState,
    NewEntry,
    NewLink,
    OneTimeLink,
    OneTimeLinks,
    patient_as_author,
)
from smart_app.store.migrate import is_current, standing, upgrade
from smart_app.store.notes.aside_notes import ASIDE_OVER, AsideNote, AsideNotes
from smart_app.store.notes.option_notes import NOTE_OVER, OptionNote, OptionNotes
from smart_app.store.outbox import DONE, STUCK, Outbox, OutboxEntry, OutboxState, PatientEntries, undeliverable
from smart_app.store.reveals import Revealed, Reveals
from smart_app.store.rotation import Rotation, SealedTable, reseal_all
from smart_app.store.seal import Sealer, digest, parse_key
from smart_app.store.seal_use import NotOpenedRows, not_opened, rows_by_key
from smart_app.store.tables import aside_notes, drafts, filed_pages, launches, links, loans, option_notes, outbox, reveals

__all__ = [
    "AsideNote",
    "AuditEntry",
    "BornTried",
    "BroughtLaunch",
    "CodeTried",
    "Draft",
    "FilingState",
    "FormPlace",
    "KeptPage",
    "LaunchLock",
    "LinkEntry",
    "LinkState",
    "Loan",
    "NewEntry",
    "NewLink",
    "NewLoan",
    "NotOpenedRows",
    "OneTimeLink",
    "OpenLaunch",
    "OptionNote",
    "OutboxEntry",
    "OutboxState",
    "PatientEntries",
    "PendingCookie",
    "Revealed",
    "Rotation",
    "Store",
    "Ticket",
    "Transaction",
    "Verified",
    "author_of",
    "is_relative",
    "new_code",
    "open_existing",
    "open_store",
    "parse_key",
    "patient_as_author",
    "place_of",
    "store_failure",
]

# A send takes seconds; what is still `sending` after this belongs to a process that is gone.
_SENDING_AT_MOST = timedelta(minutes=10)
# Long enough for a receipt to be opened again on the day.
_STORED_KEPT = timedelta(days=1)
_BATCH = 200
# A launch leaves two rows at most, so one launch takes away what many left, and somebody is waiting for it.
_PURGED_AT_ONCE = 50
# Mostly there is nothing to purge, and one question is answered sooner than each in turn changes nothing.
_DUE = select(or_(*(exists().where(over) for over in (OVER, PAST, NOTE_OVER, ASIDE_OVER, FILING_OVER, LOAN_OVER, LINK_OVER, STUCK, DONE))))


class Store(Struct, frozen=True, kw_only=True):
    """Everything the app keeps between requests."""

    launches: Launches
    drafts: Drafts
    outbox: Outbox
    reveals: Reveals
    option_notes: OptionNotes
    aside_notes: AsideNotes
    filed_pages: FiledPages
    loans: Loans
    links: OneTimeLinks
    audit: Audit
    database: Database
    chain: Chain
    sealer: Sealer
    clock: Callable[[], datetime]
    stored_kept: timedelta

    def open_launch(
        self,
        context: LaunchContext,
        *,
        idle: timedelta,
        absolute: timedelta,
        detail: Mapping[str, Any],
        state: str | None = None,
        agent: str | None = None,
    ) -> OpenLaunch:
        """Take away some of what is over, keep a completed launch and record it: all or nothing. `idle`, `absolute`, `state` and `agent` as
        for `Launches.open`, `detail` as for `Audit.add`."""
        now = self.clock()
        with self.database.begin() as together:
            due = self._purge_is_due(now, together)
            if due:
                self._purge(now, together, _PURGED_AT_ONCE)
            launch = self.launches.open(context, idle=idle, absolute=absolute, state=state, agent=agent, within=together)
            self.audit.add("launch", launch_id=launch.id, context=context, detail=detail, within=together)
        if due:
            self.database.shrink()
        return launch

    def give_way(self, ids: Sequence[str]) -> int:
        """End the open launches of these digests so that newer ones of their browser have room, and record each; how many. Their drafts
        stay, as at every end."""
        with self.database.begin() as together:
            ended = self.launches.give_way(ids, within=together)
            for one in ended:
                self.audit.add_for("gave_way", launch=one.id, context=one.context, detail={}, within=together)
        return len(ended)

    def end_launches(self, wanted: Callable[[LaunchContext], bool] | None) -> int:
        """End every open launch, or those of which `wanted` says so, and record each; how many. Their tokens are forgotten here; an EHR is
        told nothing."""
        with self.database.begin() as together:
            ended = self.launches.end_of(wanted, within=together)
            for one in ended:
                self.audit.add_for("ended_by_administrator", launch=one.id, context=one.context, detail={}, within=together)
        return len(ended)

    def purge(self, now: datetime) -> int:
        """Delete ended launches, drafts and notes past their time and submissions stored `stored_kept` ago, release stuck ones, give the
        space back; how many rows were deleted. That a launch or a draft expired is recorded with it; the audit trail itself is never
        purged."""
        deleted = 0
        while True:
            # Other processes get their turn between two batches.
            with self.database.begin() as together:
                batch = self._purge(now, together, _BATCH)
            deleted += batch
            if not batch:
                break
        self.database.shrink()
        return deleted

    def verify_audit(self, *, contains: tuple[int, str] | None = None) -> Verified:
        """Whether the audit trail is as it was written, and still holds the row of that number and hash."""
        return verify(self.database, self.chain, contains=contains)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """What names the configured keys (hex), the one that seals first."""
        return tuple(one.hex() for one in self.sealer.key_ids)

    def rows_by_key(self) -> Mapping[str, Mapping[str, int]]:
        """Rows by the id (hex) of the key they were sealed under, and by table."""
        with self.database.begin() as connection:
            return rows_by_key(connection)

    def not_opened(self) -> NotOpenedRows:
        """Rows that no configured key opens."""
        with self.database.begin() as connection:
            return not_opened(connection, self.sealer.key_ids)

    def rotate(self) -> Rotation:
        """Seal every row but the audit trail's anew under the first key, and make its lookups anew; recorded where there were any. The app
        may go on meanwhile, with the same keys."""
        done = reseal_all(
            self.database,
            SealedTable(launches, self.launches.resealed),
            SealedTable(outbox, partial(self.outbox.resealed, candidates=self.audit.authors)),
            SealedTable(drafts, self.drafts.resealed),
            SealedTable(reveals, self.reveals.resealed),
            SealedTable(option_notes, self.option_notes.resealed),
            SealedTable(aside_notes, self.aside_notes.resealed),
            SealedTable(filed_pages, self.filed_pages.resealed),
            SealedTable(loans, self.loans.resealed),
            SealedTable(links, self.links.resealed),
        )
        if done.resealed:
            self.audit.add("resealed", launch_id=None, context=None, detail={"key": self.key_ids[0], "rows": dict(done.resealed)})
        return done

    def give_up(self, *, by: str, why: str) -> int:
        """Discard the submissions on their way that no configured key opens, by somebody's decision, recorded; how many. They stay as they
        were sealed."""
        given_up = update(outbox).where(undeliverable(self.sealer.key_ids)).values(state="discarded", due=None, updated=self.clock())
        with self.database.begin() as together:
            rows = together.execute(given_up.returning(outbox.c.id)).scalars().all()
            if rows:
                detail = {"by": by, "why": why, "rows": list(rows)}
                self.audit.add("not_opened_given_up", launch_id=None, context=None, detail=detail, within=together)
        return len(rows)

    def check(self) -> None:
        """Readiness: raises StoreError unless the database answers and has the schema of this version."""
        if not is_current(self.database):
            raise StoreError(Sentence("The database has another schema than this version of Rapport."), detail=standing(self.database))

    def close(self) -> None:
        """Give every connection back."""
        self.outbox.close()
        self.database.close()

    def _purge_is_due(self, now: datetime, connection: Connection) -> bool:
        wanted = {"now": now, "sent_before": now - _SENDING_AT_MOST, "stored_before": now - self.stored_kept}
        return bool(connection.execute(_DUE, wanted).scalar_one())

    def _purge(self, now: datetime, together: Connection, size: int) -> int:
        """How many rows were deleted, `size` launches, drafts and notes each at most."""
        self.outbox.recover(now - _SENDING_AT_MOST, within=together)
        launches = self.launches.purge(now, at_most=size, within=together)
        for one in launches:
            if one.kind == "open":
                self.audit.add_for("expired", launch=one.id, context=one.context, detail={"ended": one.ended}, within=together)
        drafts = self.drafts.purge(now, at_most=size, within=together)
        for draft in drafts:
            self.audit.add_for("draft_expired", launch=draft.launch, context=draft.author, detail=draft.detail, within=together)
        loans = self.loans.purge(now, at_most=size, within=together)
        for over in loans:
            self._close_over(over, together)
        links = self.links.purge(now, at_most=size, within=together)
        for gone in links:
            self._note_unused(gone, together)
        notes = sum(kept.purge(now, at_most=size, within=together) for kept in (self.option_notes, self.aside_notes, self.filed_pages))
        return len(launches) + len(drafts) + len(loans) + len(links) + notes + self.outbox.purge(now - self.stored_kept, within=together)

    def _close_over(self, over: LoanEnded, together: Connection) -> None:
        """A device that nobody took back in time: what was locked with it is closed, not opened."""
        author, launch = (over.loan.author, digest(over.loan.launch)) if over.loan else (None, None)
        self.audit.add_for("loan_expired", launch=launch, context=author, detail={"loan": over.id}, within=together)
        for one in self.launches.close(over.launches, within=together):
            self.audit.add_for("expired", launch=one.id, context=one.context, detail={"ended": one.ended}, within=together)

    def _note_unused(self, gone: LinkGone, together: Connection) -> None:
        """A one-time link that nobody used in time."""
        if gone.state in {"open", "opened"}:
            author, launch = (gone.link.author, digest(gone.link.launch)) if gone.link else (None, None)
            self.audit.add_for("link_expired", launch=launch, context=author, detail={"link": gone.id}, within=together)


def open_store(
    database_url: str, keys: Sequence[bytes], *, clock: Callable[[], datetime], site: str = "", stored_kept: timedelta = _STORED_KEPT
) -> Store:
    """The store behind `database_url`, migrated to the newest schema; the first of `keys` (32 bytes each) seals, all open. `site` is
    where browsers reach the deployment. What is stored in the record is kept here for `stored_kept`, a day at least: as long as its form
    may be sent again, which is told by it. Raises ConfigurationError for an unusable address or key, StoreError when the database cannot
    be reached or is newer."""
    store = _store(Database(database_url), keys, clock=clock, site=site, stored_kept=max(stored_kept, _STORED_KEPT))
    try:
        upgrade(store.database, store.chain)
        store.database.allow_shrinking()
    except StoreError:
        store.close()
        raise
    return store


def open_existing(database_url: str, keys: Sequence[bytes], *, clock: Callable[[], datetime]) -> Store:
    """The same for looking at what is there: creates and migrates nothing. ConfigurationError where no database is, StoreError where it
    has another schema."""
    store = _store(Database(database_url, create=False), keys, clock=clock)
    try:
        store.check()
    except StoreError:
        store.close()
        raise
    return store


def _store(
    database: Database, keys: Sequence[bytes], *, clock: Callable[[], datetime], site: str = "", stored_kept: timedelta = _STORED_KEPT
) -> Store:
    sealer, chain = Sealer(keys), Chain(keys)
    return Store(
        launches=Launches(database, sealer, clock=clock, site=site),
        drafts=Drafts(database, sealer, clock=clock),
        outbox=Outbox(database, sealer, clock=clock),
        reveals=Reveals(database, sealer, clock=clock),
        option_notes=OptionNotes(database, sealer, clock=clock),
        aside_notes=AsideNotes(database, sealer, clock=clock),
        filed_pages=FiledPages(database, sealer, clock=clock),
        loans=Loans(database, sealer, clock=clock, site=site),
        links=OneTimeLinks(database, sealer, clock=clock, site=site),
        audit=Audit(database, sealer, chain, clock=clock),
        database=database,
        chain=chain,
        sealer=sealer,
        clock=clock,
        stored_kept=stored_kept,
    )
