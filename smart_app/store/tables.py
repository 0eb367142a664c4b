"""The tables. Ids are SHA-256 digests, payloads are sealed; in the clear stand only times, states and event names."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Index, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(value: datetime) -> int:
    """A moment as the database keeps it. A naive datetime is a mistake of ours and raises TypeError."""
    return (value - _EPOCH) // _MILLISECOND


class Instant(TypeDecorator[datetime]):
    """A timezone-aware moment as milliseconds since 1970: the same in SQLite and PostgreSQL, and comparable in both."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """Milliseconds; a naive datetime is a mistake of ours and raises TypeError."""
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (SQLAlchemy's signature)
        """The moment in UTC."""
        return None if value is None else _EPOCH + value * _MILLISECOND


_DIGEST = String(64)

metadata = MetaData()

launches = Table(
    "launches",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("binding", _DIGEST, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("idle_until", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("refreshing_until", Instant),
    # The digest of the `User-Agent` its last request came with.
    Column("agent", _DIGEST),
    Index("launches_by_idle_until", "idle_until"),
    Index("launches_by_expires", "expires"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("owner", _DIGEST),
    Column("patient", _DIGEST),
    Column("due", Instant),
    Index("outbox_by_state", "state", "updated"),
    Index("outbox_by_owner", "owner"),
    Index("outbox_by_patient", "patient"),
)

reveals = Table(
    "reveals",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    Column("visit", _DIGEST),
    Index("reveals_by_visit", "visit"),
)

# `id` is the digest of the form's submission key, `owner` a keyed lookup of user, patient and FHIR base.
drafts = Table(
    "drafts",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("owner", _DIGEST, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Index("drafts_by_owner", "owner"),
    Index("drafts_by_expires", "expires"),
)

# `id` is random, `owner` a keyed lookup of user, patient and FHIR base.
option_notes = Table(
    "option_notes",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("owner", _DIGEST, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Index("option_notes_by_owner", "owner"),
    Index("option_notes_by_expires", "expires"),
)

# As `option_notes`. Which rating a row is about stands in its seal alone.
aside_notes = Table(
    "aside_notes",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("owner", _DIGEST, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Index("aside_notes_by_owner", "owner"),
    Index("aside_notes_by_expires", "expires"),
)

# `id` is the digest of the page's key, `owner` as above, `alike` a keyed lookup of patient, FHIR base and what the page says.
filed_pages = Table(
    "filed_pages",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("owner", _DIGEST, nullable=False),
    Column("alike", _DIGEST, nullable=False),
    Column("state", String(12), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("updated", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Index("filed_pages_by_owner", "owner"),
    Index("filed_pages_by_alike", "alike"),
    Index("filed_pages_by_expires", "expires"),
)

# `id` is the digest of what stands in the address of the patient's page, `binding` that of the lent browser's cookie, `agent` that of the
# `User-Agent` it was lent with. `tries` are left for the return code; `page` is the digest of the key of the form that is open, `used`
# when it last was; `lender` and `patient` are keyed lookups of who lent it and for whom.
loans = Table(
    "loans",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("binding", _DIGEST, nullable=False, unique=True),
    Column("lender", _DIGEST),
    Column("patient", _DIGEST),
    Column("state", String(12), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("agent", _DIGEST),
    Column("page", _DIGEST),
    Column("used", Instant),
    Index("loans_by_expires", "expires"),
    Index("loans_by_lender", "lender"),
    Index("loans_by_patient", "patient"),
)

# Which launches (digests) a loan has locked: those of the lent browser, and those of its user's that may be on the same device. One of
# these that its user has unlocked is remembered, so that this loan does not lock it once more.
loan_locks = Table(
    "loan_locks",
    metadata,
    Column("loan", _DIGEST, primary_key=True),
    Column("launch", _DIGEST, primary_key=True),
    Column("kind", String(8), nullable=False),
    Index("loan_locks_by_launch", "launch"),
)

# `id` is the digest of what stands in a one-time link's address, `patient` a keyed lookup of FHIR base and patient, `form` one of these
# with form and visit. `tries` are left for the birth date; `expires` is when the guard closes, `kept_until` how long staff are told of it.
links = Table(
    "links",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("patient", _DIGEST, nullable=False),
    Column("form", _DIGEST, nullable=False),
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("kept_until", Instant, nullable=False),
    Index("links_by_patient", "patient"),
    Index("links_by_form", "form"),
    Index("links_by_kept_until", "kept_until"),
)

# Browsers that have passed the guard of a link: `id` is the digest of the form's address there, `binding` that of its cookie, `answering`
# who said that they answer.
link_entries = Table(
    "link_entries",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("link", _DIGEST, nullable=False),
    Column("binding", _DIGEST, nullable=False),
    Column("answering", String(8), nullable=False),
    Column("expires", Instant, nullable=False),
    Index("link_entries_by_link", "link"),
)

# `id` counts from 1 without a gap. `patient` is a keyed lookup of FHIR base and patient id; `hash` is made from all other columns.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("event", String(64), nullable=False),
    Column("launch", _DIGEST),
    Column("patient", _DIGEST),
    Column("seal_row", String(32), nullable=False, unique=True),
    Column("payload", LargeBinary, nullable=False),
    Column("previous", _DIGEST, nullable=False),
    Column("key_id", String(8), nullable=False),
    Column("hash", _DIGEST, nullable=False),
    Index("audit_by_key", "key_id"),
)

# One row. Who appends to the trail changes it first, and by that takes its turn.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", _DIGEST, nullable=False),
    Column("anchor", BigInteger, nullable=False),
    Column("anchor_hash", _DIGEST, nullable=False),
    Column("key_id", String(8), nullable=False),
    Column("mac", _DIGEST, nullable=False),
)
