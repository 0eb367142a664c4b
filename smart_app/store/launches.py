"""Launches in flight: one row each, found by an unguessable id and opened only by the browser that holds its cookie.

The database holds digests of the id and of the cookie's value, never either of them. A pending launch is found by its `state`,
an open one by its launch id; the two have different ids and different cookies, so nothing known before sign-in is worth anything after.
Where a `state` that is used up led to is kept for a while, for the browser that holds the launch's cookie and comes back that way.
That a launch gave way to newer ones of its browser is kept as long as it could have lasted, without anything it knew.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, and_, bindparam, delete, insert, or_, select, update

from fhir_mappings.sentence import Sentence
from smart_app.errors import FROM_CHART, OPEN_AGAIN, GaveWay, LaunchError, OtherBrowser, SessionError, StoreError
from smart_app.launch.context.launch_context import LaunchContext, LaunchId, PendingLaunch
from smart_app.store.database import Database
from smart_app.store.launch_cookies import IN_NAME, BroughtLaunch, CookieNames, NamedCookie, new_value
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import launches

_TABLE = launches.name
# A page is read several times a minute; that it was seen need not be written more often than this.
_TOUCH_AFTER = timedelta(minutes=1)
# As long as a sign-in may take: going back further than that is not going back to it.
_SPENT_KEPT = timedelta(minutes=10)


class PendingCookie(Struct, frozen=True, kw_only=True):
    """The cookie that binds a pending launch to the browser it began in."""

    name: str
    value: str


class OpenLaunch(Struct, frozen=True, kw_only=True):
    """A stored launch: `id` goes into URLs, the cookie to the browser. Neither can be derived from the other."""

    id: LaunchId
    cookie_name: str
    cookie_value: str


class Ended(Struct, frozen=True, kw_only=True):
    """A launch that is over and deleted: `id` is the digest of its id, `ended` ISO 8601; `context` is None of a pending launch, and
    where it cannot be read any more."""

    id: str
    kind: str
    context: LaunchContext | None
    ended: str


class Launches:
    """Pending and open launches of the deployment that browsers reach at `site`."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime], site: str = "") -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._names = CookieNames(site=site)

    def cookie_name_for(self, launch_id: LaunchId) -> str:
        """The name of an open launch's cookie."""
        return self._names.of(launch_id)

    def cookie_name_for_state(self, state: str) -> str:
        """The name of a pending launch's cookie."""
        return self._names.of(state)

    def cookie_in(self, cookies: Mapping[str, str], launch_id: LaunchId) -> str:
        """An open launch's cookie as the browser sent it, "" for none."""
        return self._names.value_in(cookies, launch_id)

    def brought_by(self, cookies: Mapping[str, str]) -> Sequence[BroughtLaunch]:
        """Every launch whose cookie a request brings, and what that cookie is good for still. Other cookies are not named."""
        named = self._names.found_in(cookies)
        if not named:
            return ()
        with self._database.begin() as connection:
            rows = connection.execute(*_standing_of([one.launch for one in named])).all()
        now, known = self._clock(), groupby(sorted(rows, key=_beginning), key=_beginning)
        found = {begins: list(there) for begins, there in known}
        return [_brought(one, found.get(one.launch, []), now) for one in named]

    def give_way(self, ids: Sequence[str], *, within: Connection) -> Sequence[Ended]:
        """End the open launches of these digests and forget what they knew; that they gave way is kept as long as they could have
        lasted."""
        rows = within.execute(select(launches).where(launches.c.kind == "open", launches.c.id.in_(ids))).all()
        for row in rows:
            emptied = self._sealer.seal({}, table=_TABLE, row=row.id)
            values = {"kind": _GAVE_WAY, "payload": emptied, "idle_until": row.expires, "refreshing_until": None}
            within.execute(update(launches).where(launches.c.id == row.id).values(values))
        return [self._ended(row) for row in rows]

    def forget_pending(self, ids: Sequence[str]) -> None:
        """Forget sign-ins that were begun, by their digests: nothing of anybody is lost with them."""
        with self._database.begin() as connection:
            connection.execute(delete(launches).where(launches.c.kind == "pending", launches.c.id.in_(ids)))

    def add_pending(self, pending: PendingLaunch, *, ttl: timedelta) -> PendingCookie:
        """Keep a launch until its callback, at most `ttl`; the cookie must be set on the redirect to the EHR."""
        cookie = PendingCookie(name=self._names.of(pending.state), value=new_value())
        payload = msgspec.to_builtins(pending)
        self._insert(self._row("pending", pending.state, cookie.value, payload, idle=ttl, absolute=ttl))
        return cookie

    def take_pending(self, state: str, cookies: Mapping[str, str]) -> PendingLaunch:
        """The pending launch of `state`, which is gone from the store afterwards: a second callback finds nothing.
        Raises LaunchError `browser_differs` (it stays for the right browser) or `state_unknown` (never was, used or expired)."""
        row_id = digest(state)
        wanted = {"wanted": row_id, "now": self._clock()}
        mine = digest(self._names.value_in(cookies, state))
        with self._database.begin() as connection:
            payload = connection.execute(_TAKE_PENDING, {**wanted, "mine": mine}).scalar_one_or_none()
            if payload is None and connection.execute(_IS_PENDING, wanted).first():
                raise LaunchError("browser_differs", _BROWSER_DIFFERS, reopen=FROM_CHART)
        if payload is None:
            raise LaunchError("state_unknown", _STATE_UNKNOWN, reopen=OPEN_AGAIN)
        try:
            return msgspec.convert(self._sealer.open(payload, table=_TABLE, row=row_id), PendingLaunch)
        except (StoreError, msgspec.ValidationError) as error:
            # As `_context`: begun under a key that is gone, or by an older Rapport.
            raise LaunchError("state_unknown", _STATE_UNKNOWN, reopen=OPEN_AGAIN, detail="the stored launch cannot be read") from error

    def open(
        self,
        context: LaunchContext,
        *,
        idle: timedelta,
        absolute: timedelta,
        state: str | None = None,
        agent: str | None = None,
        within: Connection | None = None,
    ) -> OpenLaunch:
        """Keep a completed launch under a new id and a new cookie; it ends `idle` after its last request and `absolute` after now.
        `state` is what its sign-in came back with, and leads to it a little longer; `agent` the browser's `User-Agent`, where it is known.
        """
        launch_id = LaunchId(secrets.token_urlsafe(32))
        launch = OpenLaunch(id=launch_id, cookie_name=self._names.of(launch_id), cookie_value=new_value())
        rows = [self._row("open", launch_id, launch.cookie_value, _dumped(context), idle=idle, absolute=absolute, agent=agent)]
        if state is not None:
            rows.append(self._row("spent", state, launch.cookie_value, {"launch": launch_id}, idle=_SPENT_KEPT, absolute=_SPENT_KEPT))
        self._insert(*rows, within=within)
        return launch

    def led_to(self, state: str, cookies: Mapping[str, str]) -> tuple[LaunchId, LaunchContext] | None:
        """The open launch that a `state` which is used up led to, for the browser it was opened in. None for anybody else, and once the
        launch or the memory of it is over."""
        row_id = digest(state)
        spent = and_(launches.c.id == row_id, launches.c.kind == "spent", launches.c.expires > self._clock())
        with self._database.begin() as connection:
            payload = connection.execute(select(launches.c.payload).where(spent)).scalar_one_or_none()
        if payload is None:
            return None
        try:
            launch_id = LaunchId(self._sealer.open(payload, table=_TABLE, row=row_id)["launch"])
            return launch_id, self.get(launch_id, cookies)
        except (SessionError, StoreError):
            return None

    def get(self, launch_id: LaunchId, cookies: Mapping[str, str], *, agent: str | None = None) -> LaunchContext:
        """The launch behind a page, for the browser it was opened in, whose `User-Agent` is kept. Raises SessionError otherwise."""
        row_id, now = digest(launch_id), self._clock()
        with self._database.begin() as connection:
            row = _alive(connection, row_id, now)
            _check_browser(row, self.cookie_in(cookies, launch_id))
            _touch(connection, row, now)
            if agent is not None and digest(agent) != row.agent:
                connection.execute(update(launches).where(launches.c.id == row_id).values(agent=digest(agent)))
        return self._context(row)

    def lent(self, launch_id: LaunchId) -> LaunchContext:
        """The launch under whose loan a patient answers, which the request itself does not come with; in use as long as they are at it.
        Raises SessionError when it is gone."""
        row_id, now = digest(launch_id), self._clock()
        with self._database.begin() as connection:
            row = _alive(connection, row_id, now)
            _touch(connection, row, now)
        return self._context(row)

    def used_with(self, agent: str, wanted: Callable[[LaunchContext], bool], *, within: Connection) -> Sequence[str]:
        """The open launches (digests) of which `wanted` says so and that last came with that `User-Agent`; one of which the browser is not
        known may be one of them."""
        same = or_(launches.c.agent == digest(agent), launches.c.agent.is_(None))
        rows = within.execute(select(launches).where(launches.c.kind == "open", same)).all()
        found = [self._ended(row) for row in rows]
        return [one.id for one in found if one.context is not None and wanted(one.context)]

    def close(self, ids: Sequence[str], *, within: Connection) -> Sequence[Ended]:
        """Delete the open launches of these digests; what was deleted."""
        chosen = (launches.c.kind == "open") & launches.c.id.in_(ids)
        rows = within.execute(delete(launches).where(chosen).returning(launches)).all()
        return [self._ended(row) for row in rows]

    def reread(self, launch_id: LaunchId) -> LaunchContext:
        """The launch as it is now, for a request that `get` let in already and that waited for another one's refresh.
        Raises SessionError when it is gone."""
        with self._database.begin() as connection:
            row = _alive(connection, digest(launch_id), self._clock())
        return self._context(row)

    def claim_refresh(self, launch_id: LaunchId, *, lease: timedelta) -> bool:
        """True for the one caller, in any process, that may use the refresh token now; its turn ends with `replace` or after `lease`."""
        now = self._clock()
        free = or_(launches.c.refreshing_until.is_(None), launches.c.refreshing_until <= now)
        statement = update(launches).where(launches.c.id == digest(launch_id), free).values(refreshing_until=now + lease)
        with self._database.begin() as connection:
            return connection.execute(statement).rowcount == 1

    def replace(self, launch_id: LaunchId, context: LaunchContext) -> None:
        """Put refreshed tokens in place and end the turn of `claim_refresh`. Raises SessionError when the launch is gone."""
        row_id = digest(launch_id)
        values = {"payload": self._sealer.seal(_dumped(context), table=_TABLE, row=row_id), "refreshing_until": None}
        with self._database.begin() as connection:
            changed = connection.execute(update(launches).where(_open(row_id)).values(values)).rowcount
        if not changed:
            raise SessionError(_ENDED, reopen=OPEN_AGAIN)

    def release_refresh(self, launch_id: LaunchId) -> None:
        """End the turn of `claim_refresh` without new tokens."""
        with self._database.begin() as connection:
            connection.execute(update(launches).where(launches.c.id == digest(launch_id)).values(refreshing_until=None))

    def carry(self, launch_id: LaunchId, content: Any, *, purpose: str) -> str:
        """`content` (JSON) sealed for an address or a field of that launch's pages: nobody else can read, make or use it."""
        sealed = self._sealer.seal(content, table=f"{_TABLE} {purpose}", row=digest(launch_id))
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def carried(self, launch_id: LaunchId, text: str, *, purpose: str) -> Any:
        """What `carry` sealed for that launch and purpose. Raises SessionError for anything else."""
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            return self._sealer.open(sealed, table=f"{_TABLE} {purpose}", row=digest(launch_id))
        except (StoreError, ValueError) as error:
            raise SessionError(
                _DAMAGED, denies=True, next_step=_FROM_HISTORY, detail="a carried value is not of this launch and purpose"
            ) from error

    def end(self, launch_id: LaunchId, *, within: Connection | None = None) -> None:
        """Forget the launch and its tokens; ending twice is no error."""
        with self._database.begin(within) as connection:
            connection.execute(delete(launches).where(launches.c.id == digest(launch_id)))

    def end_of(self, wanted: Callable[[LaunchContext], bool] | None, *, within: Connection) -> Sequence[Ended]:
        """Delete every open launch, or those of which `wanted` says so; what was deleted. One that cannot be read is nobody's, and goes
        only with all."""
        rows = within.execute(select(launches).where(launches.c.kind == "open")).all()
        ended = [self._ended(row) for row in rows]
        chosen = [one for one in ended if wanted is None or (one.context is not None and wanted(one.context))]
        for one in chosen:
            within.execute(delete(launches).where(launches.c.id == one.id))
        return chosen

    def purge(self, now: datetime, *, at_most: int, within: Connection | None = None) -> Sequence[Ended]:
        """Delete what is past its absolute or idle end, `at_most` so many at a time; what was deleted."""
        over = select(launches.c.id).where(OVER).limit(at_most)
        gone = delete(launches).where(launches.c.id.in_(over)).returning(launches)
        with self._database.begin(within) as connection:
            rows = connection.execute(gone, {"now": now}).all()
        return [self._ended(row) for row in rows]

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id)}

    def _row(
        self,
        kind: str,
        secret_id: str,
        cookie_value: str,
        payload: Any,
        *,
        idle: timedelta,
        absolute: timedelta,
        agent: str | None = None,
    ) -> dict[str, Any]:
        row_id, now = digest(secret_id), self._clock()
        return {
            "id": row_id,
            "kind": kind,
            "binding": digest(cookie_value),
            "payload": self._sealer.seal(payload, table=_TABLE, row=row_id),
            "created": now,
            "last_seen": now,
            "idle_seconds": int(idle.total_seconds()),
            "idle_until": now + idle,
            "expires": now + absolute,
            "agent": None if agent is None else digest(agent),
        }

    def _insert(self, *rows: dict[str, Any], within: Connection | None = None) -> None:
        with self._database.begin(within) as connection:
            connection.execute(_INSERT, list(rows))

    def _ended(self, row: Row[Any]) -> Ended:
        ended = min(row.expires, row.idle_until).isoformat()
        try:
            context = self._context(row) if row.kind == "open" else None
        except SessionError:
            # Sealed under a key that is gone: that it ended is known, of whom is not.
            context = None
        return Ended(id=row.id, kind=row.kind, context=context, ended=ended)

    def _context(self, row: Row[Any]) -> LaunchContext:
        try:
            return msgspec.convert(self._sealer.open(row.payload, table=_TABLE, row=row.id), LaunchContext)
        except (StoreError, msgspec.ValidationError) as error:
            # Sealed under a retired key, or by an older Rapport: for the person it is the same as a launch that ended.
            raise SessionError(_ENDED, reopen=OPEN_AGAIN, detail="the stored launch cannot be read") from error


_ENDED = Sentence("This page's session has ended.")
_DAMAGED = Sentence("This page is damaged or belongs to another launch, so nothing was done.")
_FROM_HISTORY = Sentence("Open it again from the history.")
_OTHER_BROWSER = Sentence("This page belongs to another browser or tab group, or cookies are blocked.")
_BROWSER_DIFFERS = Sentence("The sign-in came back to a different browser than it began in, or cookies are blocked.")
_STATE_UNKNOWN = Sentence("This sign-in was used already, took too long, or many others were begun in this browser since.")
# So few different numbers of cookies are asked about.
_STEP = 10
# Eight letters, as many as `kind` holds.
_GAVE_WAY = "gave_way"


def _dumped(context: LaunchContext) -> Any:
    return msgspec.to_builtins(context)


def _open(row_id: str | BindParameter[str]) -> ColumnElement[bool]:
    return and_(launches.c.id == row_id, launches.c.kind == "open")


# What every launch and every request of one begins with. Built once it takes half as long.
_SELECT_OPEN = select(launches).where(_open(bindparam("wanted")))
_SELECT_GAVE_WAY = select(launches.c.id).where(launches.c.id == bindparam("wanted"), launches.c.kind == _GAVE_WAY)
_STANDING = select(launches.c.id, launches.c.kind, launches.c.binding, launches.c.created, launches.c.idle_until, launches.c.expires)
_INSERT = insert(launches)
_PENDING = and_(launches.c.id == bindparam("wanted"), launches.c.kind == "pending", launches.c.expires > bindparam("now"))
_IS_PENDING = select(launches.c.id).where(_PENDING)
_TAKE_PENDING = delete(launches).where(_PENDING, launches.c.binding == bindparam("mine")).returning(launches.c.payload)
# Past the absolute or the idle end, as of `now`.
OVER = or_(launches.c.expires <= bindparam("now"), launches.c.idle_until <= bindparam("now"))


def _alive(connection: Connection, row_id: str, now: datetime) -> Row[Any]:
    """The row of an open launch that has not ended. Raises SessionError, GaveWay where it is known to have made room for others."""
    row = connection.execute(_SELECT_OPEN, {"wanted": row_id}).one_or_none()
    if row is None and connection.execute(_SELECT_GAVE_WAY, {"wanted": row_id}).first():
        raise GaveWay(GaveWay.why, reopen=OPEN_AGAIN)
    if row is None or min(row.expires, row.idle_until) <= now:
        raise SessionError(_ENDED, reopen=OPEN_AGAIN)
    return row


def _standing_of(beginnings: Sequence[str]) -> tuple[Select[Any], dict[str, str]]:
    """The question for the rows whose ids begin so, and its parameters: the last is repeated up to a round number, so that few questions
    are built. Digests are hexadecimal, and `g` comes after all that begin the same."""
    count = -(-len(beginnings) // _STEP) * _STEP
    filled = [*beginnings, *[beginnings[-1]] * (count - len(beginnings))]
    ends = {f"to_{place}": f"{one}g" for place, one in enumerate(filled)}
    return _ranges(count), {f"from_{place}": one for place, one in enumerate(filled)} | ends


@cache
def _ranges(count: int) -> Select[Any]:
    """A range of the key for each, so that nothing is read of anybody else's launches. Built once for a number: that takes ten times as
    long as to execute it."""
    return _STANDING.where(or_(*(launches.c.id.between(bindparam(f"from_{place}"), bindparam(f"to_{place}")) for place in range(count))))


def _beginning(row: Row[Any]) -> str:
    return str(row.id[:IN_NAME])


def _brought(cookie: NamedCookie, rows: Sequence[Row[Any]], now: datetime) -> BroughtLaunch:
    """What a cookie is good for, of the rows it may be about. Its own value is judged: whoever has learnt the name of another browser's
    cookie brings nothing by it."""
    if not rows and not cookie.ours:
        return BroughtLaunch(name=cookie.name, standing="unknown")
    mine = digest(cookie.value)
    for row in rows:
        lives = row.kind in {"open", "pending"} and min(row.expires, row.idle_until) > now
        if lives and hmac.compare_digest(row.binding, mine):
            return BroughtLaunch(name=cookie.name, standing=row.kind, launch=row.id, created=row.created)
    return BroughtLaunch(name=cookie.name, standing="over")


def _check_browser(row: Row[Any], cookie_value: str) -> None:
    if not hmac.compare_digest(row.binding, digest(cookie_value)):
        raise OtherBrowser(_OTHER_BROWSER, reopen=OPEN_AGAIN, detail="the launch's cookie is missing or differs")


def _touch(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Note that the launch is in use, but not on every request."""
    idle = timedelta(seconds=row.idle_seconds)
    if now - row.last_seen >= min(_TOUCH_AFTER, idle / 4):
        connection.execute(update(launches).where(launches.c.id == row.id).values(last_seen=now, idle_until=now + idle))
