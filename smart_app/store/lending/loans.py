"""Devices on loan to a patient: which form they reach, and which launches are locked until somebody takes them back.

A loan is found by the cookie of the lent browser, its page by an address that only that browser knows. The code that takes it back is kept
as a salted digest, sealed; how many tries are left is counted in the row, so that no number of addresses or processes gives more of them.
A launch stays locked as long as a row says so: a loan whose time is over closes what it had locked, and unlocks nothing.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fhir_mappings.sentence import Sentence
from smart_app.errors import NotOpened, OtherBrowser, SessionError
from smart_app.launch.context.launch_context import Author, LaunchId
from smart_app.store.database import Database
from smart_app.store.launch_cookies import PREFIX, CookieNames, new_value
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import loan_locks, loans
from smart_app.telemetry import log_not_opened

# "out": the patient has the page; "done": their answers were sent; "not_me": whoever has the device said that the page is not theirs;
# "called_back": it was ended from elsewhere. All of them are on loan: a device that was taken back has no row.
LoanState = Literal["out", "done", "not_me", "called_back"]
# "browser": its cookie came along with a request of the lent browser; "user": it is the same user's, and may be on the same device.
LockKind = Literal["browser", "user"]
# In place of "user": its own sign-in has shown that it is on another device.
_UNLOCKED = "unlocked"
CodeTried = Literal["right", "wrong", "closed"]
TRIES = 5
_TABLE = loans.name
# What is past its time, as of `now`.
LOAN_OVER = loans.c.expires <= bindparam("now")
_LOCKS = loan_locks.c.kind != _UNLOCKED
# Asked at every request to a page of a launch, and so built once.
_ABOUT_LAUNCH = (
    select(loans, loan_locks.c.kind)
    .outerjoin(loan_locks, (loan_locks.c.loan == loans.c.id) & (loan_locks.c.launch == bindparam("launch")))
    .where(or_(loan_locks.c.launch.is_not(None), loans.c.agent == bindparam("agent")))
)
_OLDEST_FIRST = select(loans).order_by(loans.c.created, loans.c.id)
# One lent before there were these columns has neither, and says itself whose it is.
_BY_LENDER, _BY_PATIENT = (
    _OLDEST_FIRST.where(column.in_(bindparam("keys", expanding=True)) | column.is_(None)) for column in (loans.c.lender, loans.c.patient)
)


class Loan(Struct, frozen=True, kw_only=True):
    """One device on loan. `launch` is the launch that lent it, `author` whose that is and about which patient, `slug` the one form the
    patient reaches at `handle`. `tries` are left for the code, none where there is no code; `sent` is the key of the answers that were
    sent. `page` is the digest of the key of the form that is open, "" before it was begun, and `used` when it last was."""

    id: str
    state: LoanState
    handle: str
    launch: LaunchId
    author: Author
    slug: str
    has_code: bool
    tries: int
    since: datetime
    expires: datetime
    sent: str = ""
    page: str = ""
    used: datetime | None = None


class NewLoan(Struct, frozen=True, kw_only=True):
    """What a loan that begins puts into the address and the browser."""

    id: str
    handle: str
    cookie_value: str


class LaunchLock(Struct, frozen=True, kw_only=True):
    """Why a launch is locked."""

    loan: Loan
    kind: LockKind


class LoanEnded(Struct, frozen=True, kw_only=True):
    """A loan past its time, deleted: `launches` (digests) are what it had locked. What no key opens is nobody's: `loan` is None."""

    id: str
    loan: Loan | None
    launches: tuple[str, ...]


class Loans:
    """Loans of the deployment that browsers reach at `site`."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime], site: str = "") -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self.cookie_name = f"{PREFIX}loan-{CookieNames(site=site).mark}"

    def lend(
        self, launch: LaunchId, author: Author, *, slug: str, code: str, lasts: timedelta, agent: str | None = None, within: Connection
    ) -> NewLoan:
        """Begin a loan; `code` "" where the site wants none, `agent` the lent browser's `User-Agent`, where it is known."""
        handle, cookie_value = secrets.token_urlsafe(32), new_value()
        row_id, now, salt = digest(handle), self._clock(), secrets.token_hex(16)
        payload = {
            "handle": handle,
            "launch": launch,
            "author": msgspec.to_builtins(author),
            "slug": slug,
            "salt": salt,
            "code": _hashed(salt, code) if code else "",
        }
        values = {
            "id": row_id,
            "binding": digest(cookie_value),
            **self._found_by(author),
            "state": "out",
            "tries": TRIES if code else 0,
            "payload": self._sealer.seal(payload, table=_TABLE, row=row_id),
            "created": now,
            "expires": now + lasts,
            "agent": None if agent is None else digest(agent),
        }
        within.execute(loans.insert().values(values))
        return NewLoan(id=row_id, handle=handle, cookie_value=cookie_value)

    def brought_by(self, cookies: Mapping[str, str]) -> Loan | None:
        """The loan of the browser that brings these cookies. Nothing is asked where it brings none of a loan's."""
        value = cookies.get(self.cookie_name)
        if not value:
            return None
        with self._database.begin() as connection:
            row = connection.execute(select(loans).where(loans.c.binding == digest(value))).one_or_none()
        return self._loan(row) if row else None

    def of_handle(self, handle: str, cookies: Mapping[str, str]) -> Loan:
        """The loan whose patient's page has this address, for the browser that was lent. Raises SessionError."""
        with self._database.begin() as connection:
            row = connection.execute(select(loans).where(loans.c.id == digest(handle))).one_or_none()
        if row is None:
            raise SessionError(_ENDED)
        if not hmac.compare_digest(row.binding, digest(cookies.get(self.cookie_name, ""))):
            raise OtherBrowser(_OTHER_BROWSER, detail="the loan's cookie is missing or differs")
        loan = self._loan(row)
        if loan is None:
            raise SessionError(_ENDED, detail="the stored loan cannot be read")
        return loan

    def on(self, launch_id: LaunchId, *, agent: str | None = None, lent_by: Callable[[Author], bool] | None = None) -> LaunchLock | None:
        """What has locked that launch, None where it is free; of several locks one that says that it is in the lent browser, else the
        newest. One that comes with the `User-Agent` (`agent`) of a device that its user (`lent_by`) has lent since is locked now."""
        wanted = {"launch": digest(launch_id), "agent": None if agent is None else digest(agent)}
        with self._database.begin() as connection:
            rows = connection.execute(_ABOUT_LAUNCH, wanted).all()
        held = [row for row in rows if row.kind is not None and row.kind != _UNLOCKED]
        found = [LaunchLock(loan=loan, kind=row.kind) for row in held if (loan := self._loan(row)) is not None]
        if held and not found:
            # Sealed under a key that is gone: nobody can take it back, and it stays locked.
            raise SessionError(_ENDED, detail="the loan that locks this launch cannot be read")
        if not any(one.kind == "browser" for one in found):
            found = [*self._lock_now(rows, launch_id, lent_by), *found]
        return max(found, key=_weight, default=None)

    def _lock_now(self, rows: Sequence[Row[Any]], launch_id: LaunchId, lent_by: Callable[[Author], bool] | None) -> list[LaunchLock]:
        """Those of the loans that nothing is noted of yet for this launch, and that are its user's."""
        unseen = (self._loan(row) for row in rows if row.kind is None and lent_by is not None)
        mine = [loan for loan in unseen if loan is not None and lent_by is not None and lent_by(loan.author)]
        for loan in mine:
            self.lock(loan.id, [digest(launch_id)], "user")
        return [LaunchLock(loan=loan, kind="user") for loan in mine]

    def lock(self, loan: str, launches: Sequence[str], kind: LockKind, *, within: Connection | None = None) -> None:
        """Lock launches (digests). One that is locked by this loan already stays so; that it is in the lent browser weighs more."""
        if not launches:
            return
        with self._database.begin(within) as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            statement = dialect.insert(loan_locks)
            changed = {"kind": statement.excluded.kind}
            statement = (
                statement.on_conflict_do_update(index_elements=["loan", "launch"], set_=changed)
                if kind == "browser"
                else statement.on_conflict_do_nothing()
            )
            connection.execute(statement, [{"loan": loan, "launch": one, "kind": kind} for one in launches])

    def locked_by(self, loan: str, kind: LockKind) -> frozenset[str]:
        """The launches (digests) that a loan has locked so."""
        wanted = select(loan_locks.c.launch).where(loan_locks.c.loan == loan, loan_locks.c.kind == kind)
        with self._database.begin() as connection:
            return frozenset(connection.execute(wanted).scalars())

    def locked(self) -> frozenset[str]:
        """Every launch (its digest) that a loan has locked, the one that lent among them."""
        held = select(loan_locks.c.launch).join(loans, loans.c.id == loan_locks.c.loan).where(_LOCKS)
        with self._database.begin() as connection:
            return frozenset(connection.execute(held).scalars())

    def unlock(self, launch_id: LaunchId, *, lent_until: datetime, within: Connection) -> None:
        """Take that launch alone out of the loans of its user that may not have reached its device: of those begun until then, for good."""
        until = select(loans.c.id).where(loans.c.created <= lent_until)
        wanted = (loan_locks.c.launch == digest(launch_id)) & (loan_locks.c.kind == "user") & loan_locks.c.loan.in_(until)
        within.execute(update(loan_locks).where(wanted).values(kind=_UNLOCKED))

    def try_code(self, loan: str, code: str) -> CodeTried:
        """Use up one of the tries, whatever comes of it: whoever asks at the same time elsewhere has another one, or none."""
        one_less = update(loans).where(loans.c.id == loan, loans.c.tries > 0).values(tries=loans.c.tries - 1).returning(loans.c.payload)
        with self._database.begin() as connection:
            payload = connection.execute(one_less).scalar_one_or_none()
        if payload is None:
            return "closed"
        kept = self._sealer.open(payload, table=_TABLE, row=loan)
        right = bool(kept["code"]) and hmac.compare_digest(kept["code"], _hashed(kept["salt"], code))
        return "right" if right else "wrong"

    def reread(self, loan: str) -> Loan | None:
        """The loan as it is now."""
        with self._database.begin() as connection:
            row = connection.execute(select(loans).where(loans.c.id == loan)).one_or_none()
        return self._loan(row) if row else None

    def done(self, loan: str, key: str) -> None:
        """The patient has sent their answers, under that key: their page shows no form any more."""
        with self._database.begin() as connection:
            payload = connection.execute(select(loans.c.payload).where(loans.c.id == loan, loans.c.state == "out")).scalar_one_or_none()
            if payload is None:
                return
            sent = {**self._sealer.open(payload, table=_TABLE, row=loan), "sent": key}
            sealed = self._sealer.seal(sent, table=_TABLE, row=loan)
            connection.execute(update(loans).where(loans.c.id == loan, loans.c.state == "out").values(state="done", payload=sealed))

    def open_page(self, loan: str, key: str) -> None:
        """The patient has begun their form, or goes on with it: the one of that key."""
        with self._database.begin() as connection:
            connection.execute(update(loans).where(_out(loan)).values(page=digest(key), used=self._clock()))

    def use_page(self, loan: str, *, since: datetime) -> None:
        """The patient's page is in use, where it was since then: one that has ended stays so."""
        with self._database.begin() as connection:
            connection.execute(update(loans).where(_out(loan), loans.c.used > since).values(used=self._clock()))

    def disown(self, loan: str, *, within: Connection) -> bool:
        """Whoever has the device says that the page is not theirs: it ends. False where it had ended before."""
        return within.execute(update(loans).where(_out(loan)).values(state="not_me", page=None)).rowcount == 1

    def end(self, loan: str, *, within: Connection) -> bool:
        """The device is back: what the loan had locked is free again. False where it was ended before."""
        within.execute(delete(loan_locks).where(loan_locks.c.loan == loan))
        return within.execute(delete(loans).where(loans.c.id == loan)).rowcount == 1

    def call_back(self, loan: str, *, within: Connection) -> Sequence[str]:
        """End the patient's page and let go of every launch that was locked, which the caller closes: their digests. The browser stays on
        loan."""
        within.execute(update(loans).where(loans.c.id == loan).values(state="called_back"))
        gone = delete(loan_locks).where(loan_locks.c.loan == loan, _LOCKS).returning(loan_locks.c.launch)
        return within.execute(gone).scalars().all()

    def by_user(self, iss: str, reference: str) -> Sequence[Loan]:
        """What that user of an EHR has lent, the oldest first."""
        wanted = (iss.rstrip("/"), reference)
        found = self._found(_BY_LENDER, self._lenders(iss, reference))
        return [one for one in found if (one.author.iss.rstrip("/"), one.author.user.reference) == wanted]

    def of_patient(self, iss: str, patient: str) -> Sequence[Loan]:
        """What is lent for a page of that patient, whoever lent it, the oldest first."""
        wanted = (iss.rstrip("/"), patient)
        found = self._found(_BY_PATIENT, self._patients(iss, patient))
        return [one for one in found if (one.author.iss.rstrip("/"), one.author.patient) == wanted]

    def purge(self, now: datetime, *, at_most: int, within: Connection) -> Sequence[LoanEnded]:
        """Delete loans past their time, `at_most` so many at a time; what each had locked is the caller's to close."""
        over = select(loans.c.id).where(LOAN_OVER).limit(at_most)
        rows = within.execute(delete(loans).where(loans.c.id.in_(over)).returning(loans), {"now": now}).all()
        return [self._over(row, within) for row in rows]

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        author = msgspec.convert(self._sealer.open(row.payload, table=_TABLE, row=row.id)["author"], Author)
        return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id), **self._found_by(author)}

    def _lenders(self, iss: str, reference: str) -> list[str]:
        return self._sealer.lookups(("loan lender", iss.rstrip("/"), reference))

    def _patients(self, iss: str, patient: str) -> list[str]:
        return self._sealer.lookups(("loan patient", iss.rstrip("/"), patient))

    def _found_by(self, author: Author) -> dict[str, str]:
        """By what a loan is found: whose it is, and for whom."""
        lenders, patients = self._lenders(author.iss, author.user.reference), self._patients(author.iss, author.patient)
        return {"lender": lenders[0], "patient": patients[0]}

    def _found(self, statement: Select[Any], keys: Sequence[str]) -> Sequence[Loan]:
        with self._database.begin() as connection:
            rows = connection.execute(statement, {"keys": keys}).all()
        return [loan for row in rows if (loan := self._loan(row)) is not None]

    def _over(self, row: Row[Any], within: Connection) -> LoanEnded:
        locked = delete(loan_locks).where(loan_locks.c.loan == row.id, _LOCKS).returning(loan_locks.c.launch)
        launches = tuple(within.execute(locked).scalars())
        within.execute(delete(loan_locks).where(loan_locks.c.loan == row.id))
        return LoanEnded(id=row.id, loan=self._loan(row), launches=launches)

    def _loan(self, row: Row[Any]) -> Loan | None:
        """None for one that no key opens."""
        try:
            kept = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        except NotOpened:
            log_not_opened(_TABLE)
            return None
        return Loan(
            id=row.id,
            state=row.state,
            handle=kept["handle"],
            launch=LaunchId(kept["launch"]),
            author=msgspec.convert(kept["author"], Author),
            slug=kept["slug"],
            has_code=bool(kept["code"]),
            tries=row.tries,
            since=row.created,
            expires=row.expires,
            sent=kept.get("sent", ""),
            page=row.page or "",
            used=row.used,
        )


def _weight(lock: LaunchLock) -> tuple[bool, datetime]:
    """A sign-in later than the newest is later than all."""
    return lock.kind == "browser", lock.loan.since


_ENDED = Sentence("This page has ended. Please give the device back.")
_OTHER_BROWSER = Sentence("This page belongs to another browser.")


def new_code() -> str:
    """Six digits, from the system's generator."""
    return f"{secrets.randbelow(1_000_000):06}"


def _out(loan: str) -> ColumnElement[bool]:
    return (loans.c.id == loan) & (loans.c.state == "out")


def _hashed(salt: str, code: str) -> str:
    return digest(f"{salt} {code}")
