"""Answers typed and not sent: kept for whoever typed them, and offered again to the same user with the same patient.

A form carries a ticket: who answers about whom, sealed when the page was rendered and bound to its launch, form and submission key. A
launch can end while somebody answers, and its row, tokens and cookie go with it; the ticket still says whose answers arrive. It only
lets answers in: what is kept is read with a launch.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fhir_mappings.sentence import Sentence
from smart_app.errors import NotOpened, SessionError, StoreError
from smart_app.launch.context.launch_context import Author, LaunchContext, LaunchId, User
from smart_app.store.database import Database
from smart_app.store.seal import Sealer, digest
from smart_app.store.tables import drafts
from smart_app.telemetry import log_not_opened

Saved = Literal["new", "again", "too_soon"]
_TABLE = drafts.name
_TICKET = "ticket"
# Nobody came back for it in time, as of `now`.
PAST = drafts.c.expires <= bindparam("now")
# Built once, as the outbox's: every dashboard asks, every submission drops.
_ALIVE = drafts.c.owner.in_(bindparam("owners", expanding=True)) & (drafts.c.expires > bindparam("now"))
_SELECT_ALIVE = select(drafts).where(_ALIVE).order_by(drafts.c.updated.desc(), drafts.c.id)
_DROP = delete(drafts).where(drafts.c.id == bindparam("wanted"))
_DAMAGED = Sentence("This form is damaged, so nothing was kept.")
_WITHOUT_DENIAL = Sentence("This form is damaged.")
_FROM_HISTORY = Sentence("Open it again from the history.")


class FormPlace(Struct, frozen=True, kw_only=True):
    """One rendered form: where it stands, and its submission key."""

    launch_id: LaunchId
    slug: str
    informant: str
    key: str


class Ticket(Struct, frozen=True, kw_only=True):
    """What a form proves. `version` is the instrument's, `encounter` the visit it was opened in, `binding` the digest of the launch's
    cookie, `rated` the reference of the clinician an observer has chosen, `loan` the loan under which the patient answers, "" for none."""

    author: Author
    version: str
    encounter: str | None
    issued: datetime
    binding: str
    rated: str | None = None
    loan: str = ""


class Draft(Struct, frozen=True, kw_only=True):
    """What was typed into one form. `answers` maps its fields to option codes, `launch` is the digest of the launch's id, `loan`
    the loan under which the patient typed it, "" for none."""

    key: str
    slug: str
    informant: str
    version: str
    encounter: str | None
    answers: Mapping[str, str]
    launch: str
    saved: datetime
    rated: str | None = None
    loan: str = ""


class Expired(Struct, frozen=True, kw_only=True):
    """A draft nobody came back for; `author` is None where it cannot be read any more."""

    launch: str | None
    author: Author | None
    detail: Mapping[str, Any]


def author_of(context: LaunchContext) -> Author:
    """Whose answers come from this launch."""
    return Author(iss=context.iss, patient=context.patient, user=context.user)


def owner_parts(kind: str, author: Author) -> tuple[str, ...]:
    """What finds a user's rows about a patient. Who has no subject (an open server) is known by reference alone."""
    user = author.user
    who = (user.issuer, user.subject) if user.subject else ("", user.reference)
    return kind, author.iss.rstrip("/"), author.patient, *who


class Drafts:
    """By submission key, one row a form."""

    def __init__(self, database: Database, sealer: Sealer, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def issue(self, place: FormPlace, ticket: Ticket) -> str:
        """The ticket as text, good for that form alone."""
        user = ticket.author.user
        content = [
            ticket.author.iss, ticket.author.patient, user.reference, user.issuer, user.subject,
            ticket.version, ticket.encounter, int(ticket.issued.timestamp()), ticket.binding, ticket.rated, ticket.loan,
        ]  # fmt: skip
        return urlsafe_b64encode(self._sealer.seal(content, table=_TICKET, row=_row(place))).decode().rstrip("=")

    def read(self, text: str, place: FormPlace) -> Ticket:
        """The ticket behind a form's text. SessionError unless it was made for that form."""
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            content = self._sealer.open(sealed, table=_TICKET, row=_row(place))
        except (StoreError, Base64Error, ValueError) as error:
            raise SessionError(
                _DAMAGED, undenied=_WITHOUT_DENIAL, next_step=_FROM_HISTORY, detail="the form's ticket is missing or wrong"
            ) from error
        iss, patient, reference, issuer, subject, version, encounter, issued, binding, rated, *loan = content
        return Ticket(
            author=Author(iss=iss, patient=patient, user=User(reference=reference, name=None, issuer=issuer, subject=subject)),
            version=version,
            encounter=encounter,
            issued=datetime.fromtimestamp(issued, tz=self._clock().tzinfo),
            binding=binding,
            rated=rated,
            # A form that was opened before there were loans in it has none.
            loan="".join(loan),
        )

    def save(
        self,
        place: FormPlace,
        ticket: Ticket,
        answers: Mapping[str, str],
        *,
        ttl: timedelta,
        apart: timedelta = timedelta(),
        within: Connection | None = None,
    ) -> Saved:
        """Keep the answers of a form for `ttl`, in place of what was kept of it at least `apart` ago. SessionError when the key is
        somebody else's."""
        now, row_id = self._clock(), digest(place.key)
        owners = self._owners(ticket.author)
        values = {"owner": owners[0], "payload": self._sealed(place, ticket, answers), "updated": now, "expires": now + ttl}
        mine = (drafts.c.id == row_id) & drafts.c.owner.in_(owners)
        with self._database.begin(within) as connection:
            found = connection.execute(select(drafts.c.owner, drafts.c.updated).where(drafts.c.id == row_id)).one_or_none()
            if found is None:
                _insert(connection, {"id": row_id, **values})
                return "new"
            if found.owner not in owners:
                raise SessionError(
                    _DAMAGED, undenied=_WITHOUT_DENIAL, next_step=_FROM_HISTORY, detail="the submission key is another form's"
                )
            if now - found.updated < apart:
                return "too_soon"
            connection.execute(update(drafts).where(mine).values(values))
        return "again"

    def of(self, author: Author) -> Sequence[Draft]:
        """What this user has not sent of this patient, newest first."""
        with self._database.begin() as connection:
            rows = connection.execute(_SELECT_ALIVE, {"owners": self._owners(author), "now": self._clock()}).all()
        return list(self._opened(rows))

    def get(self, key: str, author: Author) -> Draft | None:
        """The draft of a form of this user and patient, or None."""
        return next((one for one in self.of(author) if one.key == key), None)

    def drop(self, key: str, *, within: Connection | None = None) -> bool:
        """Forget what was kept of a form: it was sent, or is not wanted. False when there was nothing."""
        with self._database.begin(within) as connection:
            return connection.execute(_DROP, {"wanted": digest(key)}).rowcount == 1

    def purge(self, now: datetime, *, at_most: int, within: Connection | None = None) -> Sequence[Expired]:
        """Delete what nobody came back for, `at_most` so many at a time; what was deleted."""
        over = select(drafts.c.id).where(PAST).limit(at_most)
        with self._database.begin(within) as connection:
            rows = connection.execute(delete(drafts).where(drafts.c.id.in_(over)).returning(drafts), {"now": now}).all()
        return [self._expired(row) for row in rows]

    def resealed(self, row: Row[Any]) -> dict[str, Any]:
        """The columns as the first key makes them. NotOpened where no key opens it."""
        author = _author(self._sealer.open(row.payload, table=_TABLE, row=row.id))
        return {"payload": self._sealer.renewed(row.payload, table=_TABLE, row=row.id), "owner": self._owners(author)[0]}

    def _opened(self, rows: Sequence[Row[Any]]) -> Iterator[Draft]:
        """Those that can be opened: one that cannot takes none of the others with it, and is counted."""
        for row in rows:
            try:
                yield self._draft(row)
            except NotOpened:
                log_not_opened(_TABLE)

    def _owners(self, author: Author) -> list[str]:
        return self._sealer.lookups(owner_parts("draft", author))

    def _sealed(self, place: FormPlace, ticket: Ticket, answers: Mapping[str, str]) -> bytes:
        user = ticket.author.user
        payload = {
            "key": place.key,
            "form": [place.slug, place.informant, ticket.version],
            "encounter": ticket.encounter,
            "answers": dict(answers),
            "launch": digest(place.launch_id),
            "rated": ticket.rated,
            "loan": ticket.loan,
            "author": [ticket.author.iss, ticket.author.patient, user.reference, user.issuer, user.subject],
        }
        return self._sealer.seal(payload, table=_TABLE, row=digest(place.key))

    def _draft(self, row: Row[Any]) -> Draft:
        opened = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        slug, informant, version = opened["form"]
        return Draft(
            key=opened["key"],
            slug=slug,
            informant=informant,
            version=version,
            encounter=opened["encounter"],
            answers=opened["answers"],
            launch=opened["launch"],
            saved=row.updated,
            rated=opened["rated"],
            loan=opened.get("loan", ""),
        )

    def _expired(self, row: Row[Any]) -> Expired:
        try:
            opened = self._sealer.open(row.payload, table=_TABLE, row=row.id)
        except StoreError:
            # Sealed under a key that is gone: that there was one is known, whose is not.
            return Expired(launch=None, author=None, detail={})
        return Expired(launch=opened["launch"], author=_author(opened), detail={"key": opened["key"], "form": opened["form"][0]})


def _author(opened: Mapping[str, Any]) -> Author:
    iss, patient, reference, issuer, subject = opened["author"]
    return Author(iss=iss, patient=patient, user=User(reference=reference, name=None, issuer=issuer, subject=subject))


def _insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """A new row. Where another request of the same form was faster by an instant, that one's stands: it has the same answers, or the
    next ones."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(drafts).values(values).on_conflict_do_nothing())


def _row(place: FormPlace) -> str:
    return digest(f"{place.launch_id}\x1f{place.slug}\x1f{place.informant}\x1f{place.key}")
