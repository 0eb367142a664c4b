"""One-time links: a form on the patient's own device, behind their birth date, for one accepted answer.

A link is found by what stands in its address, of which only a digest is kept. Each browser that passes the guard gets an address and a
cookie of its own. How many wrong birth dates are left is counted in the row, so that no number of addresses or processes gives more of
them. It is used up together with the answers it brought, in one transaction: of two browsers that send at once one is taken.
"""

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Row, bindparam, delete, select, update

from fhir_mappings.instruments.canonicals import Answering
from fhir_mappings.people.patient import PatientFields
from fhir_mappings.sentence import Sentence
from smart_app.errors import LinkOver, NotOpened, OtherBrowser
from smart_app.launch.context.launch_context import Author, LaunchContext, LaunchId, User
from smart_app.store.database import Database
from smart_app.store.launch_cookies import PREFIX, CookieNames, new_value
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import link_entries, links
from smart_app.telemetry import log_not_opened

# "open": nobody has passed the guard yet; "opened": somebody has; "used": answers were accepted; "dead": by wrong birth dates; "ended": by
# staff, or by a newer link. That it has expired is a matter of its time.
LinkState = Literal["open", "opened", "used", "dead", "ended"]
BornTried = Literal["right", "wrong", "closed"]
BIRTH_DATES = 5
_TABLE = links.name
_HANDLE_BYTES = 16
# Whoever has passed the guard in time can send what they have begun.
_TO_ANSWER = timedelta(minutes=30)
# So long staff are told what became of it.
_TOLD = timedelta(days=1)
_LIVE = links.c.state.in_(("open", "opened"))
# What nobody is told of any more, as of `now`.
LINK_OVER = links.c.kept_until <= bindparam("now")
_OF_ENTRY = (
    select(links, link_entries.c.binding, link_entries.c.answering, link_entries.c.expires.label("until"))
    .join(link_entries, link_entries.c.link == links.c.id)
    .where(link_entries.c.id == bindparam("entry"))
)


class OneTimeLink(Struct, frozen=True, kw_only=True):
    """One link. `launch` is the launch that made it, `context` that launch without its tokens: it says what the link may write. `patient`
    is who they were then, `visit` what the answers are of; `in_room`: it was made to be used at once. `sent` is the key of the answers."""

    id: str
    state: LinkState
    tries: int
    launch: LaunchId
    context: LaunchContext
    patient: PatientFields
    slug: str
    visit: str
    in_room: bool
    created: datetime
    expires: datetime
    sent: str = ""

    @property
    def author(self) -> Author:
        """Whose answers come by it."""
        return patient_as_author(self.context)

    @property
    def live(self) -> bool:
        """Whether answers by it are still taken, but for its time."""
        return self.state in {"open", "opened"}


class NewLink(Struct, frozen=True, kw_only=True):
    """What is shown of a link that was made: `handle` stands in its address. `ended` are the links (ids) it took the place of."""

    id: str
    handle: str
    expires: datetime
    ended: tuple[str, ...]


class LinkEntry(Struct, frozen=True, kw_only=True):
    """A browser behind the guard: until when it can send, and who answers there."""

    link: OneTimeLink
    answering: Answering
    until: datetime


class NewEntry(Struct, frozen=True, kw_only=True):
    """What a browser gets that has passed the guard."""

    handle: str
    cookie_value: str
    until: datetime


class LinkGone(Struct, frozen=True, kw_only=True):
    """A link that nobody is told of any more, deleted. What no key opens is nobody's: `link` is None."""

    id: str
    state: LinkState
    link: OneTimeLink | None


def patient_as_author(context: LaunchContext) -> Author:
    """The patient of a launch, answering on a device of their own: nobody has signed in there."""
    user = User(reference=f"Patient/{context.patient}", name=None, issuer="", subject="")
    return Author(iss=context.iss, patient=context.patient, user=user)


def typed_handle(text: str) -> str:
    """A handle as it was made, however it was typed from a slip or cut out of a message: in capitals, without the dashes, with digits that
    look like letters, with the full stop of its sentence."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower()).translate({ord("0"): "o", ord("1"): "l"})
    return _grouped(plain)


class OneTimeLinks:
    """Links of the deployment that browsers reach at `site`."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime], site: str = "") -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._mark = CookieNames(site=site).mark

    def make(
        self,
        launch: LaunchId,
        context: LaunchContext,
        patient: PatientFields,
        *,
        slug: str,
        visit: str,
        lasts: timedelta,
        in_room: bool,
        within: Connection,
    ) -> NewLink:
        """A new link, which ends those of before for the same form and visit."""
        handle, now = _new_handle(), self._clock()
        row_id = digest(handle)
        ended = within.execute(
            update(links).where(_LIVE, links.c.form.in_(self._forms(context, slug, visit))).values(state="ended").returning(links.c.id)
        )
        replaced = tuple(ended.scalars())
        payload = {
            "launch": launch,
            "context": msgspec.to_builtins(replace(context, access_token=None, refresh_token=None, expires=None)),
            "patient": msgspec.to_builtins(_plain(patient)),
            "slug": slug,
            "visit": visit,
            "in_room": in_room,
        }
        values = {
            "id": row_id,
            "patient": self._patients(context.iss, context.patient)[0],
            "form": self._forms(context, slug, visit)[0],
            "state": "open",
            "tries": BIRTH_DATES,
            "payload": self._sealer.seal(payload, table=_TABLE, row=row_id),
            "created": now,
            "expires": now + lasts,
            "kept_until": now + lasts + _TOLD,
        }
        within.execute(links.insert().values(values))
        return NewLink(id=row_id, handle=handle, expires=now + lasts, ended=replaced)

    def of_handle(self, handle: str) -> OneTimeLink | None:
        """The link of that address, however it stands; None where there is none, or no key opens it."""
        with self._database.begin() as connection:
            row = connection.execute(select(links).where(links.c.id == digest(typed_handle(handle)))).one_or_none()
        return self._link(row) if row else None

    def of_patient(self, iss: str, patient: str) -> Sequence[OneTimeLink]:
        """Every link of this patient that staff are told of, the newest first."""
        theirs = links.c.patient.in_(self._patients(iss, patient)) & (links.c.kept_until > self._clock())
        with self._database.begin() as connection:
            rows = connection.execute(select(links).where(theirs).order_by(links.c.created.desc(), links.c.id)).all()
        return [link for row in rows if (link := self._link(row)) is not None]

    def try_born(self, link: str, born: date, *, within: Connection) -> BornTried:
        """Try a birth date. Nobody else tries one until the transaction has ended; a wrong one is used up for good."""
        live = _LIVE & (links.c.id == link) & (links.c.tries > 0) & (links.c.expires > self._clock())
        taken = update(links).where(live).values(tries=links.c.tries - 1).returning(links.c.payload, links.c.tries)
        row = within.execute(taken).one_or_none()
        if row is None:
            return "closed"
        known = self._sealer.open(row.payload, table=_TABLE, row=link)["patient"]["born"]
        this = update(links).where(links.c.id == link)
        if hmac.compare_digest(str(known), born.isoformat()):
            within.execute(this.values(tries=links.c.tries + 1, state="opened"))
            return "right"
        if row.tries == 0:
            within.execute(this.values(state="dead"))
        return "wrong"

    def let_in(self, link: OneTimeLink, answering: Answering, *, within: Connection) -> NewEntry:
        """An address and a cookie of its own for a browser that has passed the guard."""
        handle, value = secrets.token_urlsafe(32), new_value()
        until = max(link.expires, self._clock() + _TO_ANSWER)
        within.execute(
            link_entries.insert().values(id=digest(handle), link=link.id, binding=digest(value), answering=answering, expires=until)
        )
        return NewEntry(handle=handle, cookie_value=value, until=until)

    def cookie_name(self, entry: str) -> str:
        """Of the browser that has passed a guard: one for each, and telling nothing about it."""
        return f"{PREFIX}own-{self._mark}{digest(entry)[:8]}"

    def of_entry(self, entry: str, cookies: Mapping[str, str]) -> LinkEntry:
        """What stands behind the form's address in a browser that has passed the guard. LinkOver once its time is over, or the link is
        ended or dead; one that is used comes back, as its thanks are there. OtherBrowser for any other browser."""
        with self._database.begin() as connection:
            row = connection.execute(_OF_ENTRY, {"entry": digest(entry)}).one_or_none()
        if row is None:
            raise LinkOver(_OVER)
        if not hmac.compare_digest(row.binding, digest(cookies.get(self.cookie_name(entry), ""))):
            raise OtherBrowser(_OTHER_BROWSER, detail="the cookie of a one-time link's browser is missing or differs")
        link = self._link(row)
        if link is None or row.until <= self._clock() or link.state in {"ended", "dead"}:
            raise LinkOver(_OVER)
        return LinkEntry(link=link, answering=row.answering, until=row.until)

    def behind(self, entry: str) -> OneTimeLink | None:
        """The link behind a form's address, however it stands, for whatever says by itself whose it is; None where there is none any
        more."""
        with self._database.begin() as connection:
            row = connection.execute(_OF_ENTRY, {"entry": digest(entry)}).one_or_none()
        return self._link(row) if row else None

    def use_up(self, link: str, key: str, *, within: Connection) -> None:
        """Its answers are accepted, under that key. LinkOver where others were before, or it is over."""
        payload = within.execute(
            update(links).where(links.c.id == link, _LIVE).values(state="used").returning(links.c.payload)
        ).scalar_one_or_none()
        if payload is None:
            raise LinkOver(_OVER)
        sealed = self._sealer.seal({**self._sealer.open(payload, table=_TABLE, row=link), "sent": key}, table=_TABLE, row=link)
        within.execute(update(links).where(links.c.id == link).values(payload=sealed))

    def end(self, link: str, *, within: Connection) -> bool:
        """Staff have ended it; False where it was over already."""
        return within.execute(update(links).where(links.c.id == link, _LIVE).values(state="ended")).rowcount == 1

    def purge(self, now: datetime, *, at_most: int, within: Connection) -> Sequence[LinkGone]:
        """Delete links that nobody is told of any more, `at_most` so many at a time, with the browsers behind them."""
        over = select(links.c.id).where(LINK_OVER).limit(at_most)
        rows = within.execute(delete(links).where(links.c.id.in_(over)).returning(links), {"now": now}).all()
        if rows:
            within.execute(delete(link_entries).where(link_entries.c.link.in_([row.id for row in rows])))
        return [LinkGone(id=row.id, state=row.state, link=self._link(row)) for row in rows]

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        kept = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        context = msgspec.convert(kept["context"], LaunchContext)
        return {
            "payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id),
            "patient": self._patients(context.iss, context.patient)[0],
            "form": self._forms(context, kept["slug"], kept["visit"])[0],
        }

    def _patients(self, iss: str, patient: str) -> list[str]:
        return self._sealer.lookups(("link patient", iss.rstrip("/"), patient))

    def _forms(self, context: LaunchContext, slug: str, visit: str) -> list[str]:
        return self._sealer.lookups(("link form", context.iss.rstrip("/"), context.patient, slug, visit))

    def _link(self, row: Row[Any]) -> OneTimeLink | None:
        """None for one that no key opens, or that another version of Rapport sealed."""
        try:
            kept = self._sealer.open(row.payload, table=_TABLE, row=row.id)
            context = msgspec.convert(kept["context"], LaunchContext)
            patient = msgspec.convert(kept["patient"], PatientFields)
        except (NotOpened, msgspec.ValidationError):
            log_not_opened(_TABLE)
            return None
        return OneTimeLink(
            id=row.id,
            state=row.state,
            tries=row.tries,
            launch=LaunchId(kept["launch"]),
            context=context,
            patient=patient,
            slug=kept["slug"],
            visit=kept["visit"],
            in_room=kept["in_room"],
            created=row.created,
            expires=row.expires,
            sent=kept.get("sent", ""),
        )


_OVER = Sentence("This link cannot be used any more.")
_OTHER_BROWSER = Sentence("This page belongs to another browser. Open the link again in this one.")


def _new_handle() -> str:
    """128 bits, in letters and digits that can be read from paper and typed."""
    return _grouped(b32encode(secrets.token_bytes(_HANDLE_BYTES)).decode().rstrip("=").lower())


def _grouped(plain: str) -> str:
    """Five letters at a time, the last six together."""
    return re.sub(r"(.{5})(?=.{5})", r"\1-", plain)


def _plain(patient: PatientFields) -> PatientFields:
    """What the patient's page shows of them and what guards it, and no more."""
    label, number = patient.identifier or ("", "")
    return replace(patient, identifier=(str(label), number) if number else None, gender=None, deceased=None)
