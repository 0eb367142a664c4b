"""The audit trail gets its chain: numbered without a gap, linked row to row, closed to changes by the database itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from smart_app.store.audit_trail.audit_chain import NOTHING, Chain, ChainedEvent, Head

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)
_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END",
    """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.id > (SELECT anchor FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END""",
    "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head BEGIN SELECT RAISE(ABORT, 'the audit head is never deleted'); END",
)
_POSTGRESQL = (
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'audit rows are never changed or deleted' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE FUNCTION audit_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.id > (SELECT anchor FROM audit_head) THEN
        RAISE EXCEPTION 'audit rows are never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF; RETURN OLD; END $$""",
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse_delete()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    """Link the rows there are in their order, then refuse changes. Rows before an anchor, which only the head's own hash can move,
    may be deleted."""
    chain: Chain = context.config.attributes["chain"]
    op.rename_table("audit", "audit_unchained")
    _create()
    connection = op.get_bind()
    head = Head(0, NOTHING, 0, NOTHING)
    for batch in _batches(connection):
        head = _linked(connection, chain, batch, head)
    link = chain.head(head)
    connection.execute(sa.insert(_named("audit_head", *_HEAD)), {"id": 1, **head._asdict(), "key_id": link.key_id, "mac": link.hash})
    op.drop_table("audit_unchained")
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)


_OLD = ("id", "at", "event", "launch", "seal_row", "payload")
_NEW = ("id", "at", "event", "launch", "patient", "seal_row", "payload", "previous", "key_id", "hash")
_HEAD = ("id", "sequence", "hash", "anchor", "anchor_hash", "key_id", "mac")


def _create() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("launch", _DIGEST),
        sa.Column("patient", _DIGEST),
        sa.Column("seal_row", sa.String(32), nullable=False, unique=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("previous", _DIGEST, nullable=False),
        sa.Column("key_id", sa.String(8), nullable=False),
        sa.Column("hash", _DIGEST, nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", _DIGEST, nullable=False),
        sa.Column("anchor", sa.BigInteger, nullable=False),
        sa.Column("anchor_hash", _DIGEST, nullable=False),
        sa.Column("key_id", sa.String(8), nullable=False),
        sa.Column("mac", _DIGEST, nullable=False),
    )


def _named(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns))


def _batches(connection: sa.Connection) -> Iterator[list[Any]]:
    """The old rows, oldest first."""
    old = _named("audit_unchained", *_OLD)
    seen = 0
    while rows := connection.execute(sa.select(old).where(old.c.id > seen).order_by(old.c.id).limit(_BATCH)).all():
        yield list(rows)
        seen = rows[-1].id


def _linked(connection: sa.Connection, chain: Chain, batch: list[Any], head: Head) -> Head:
    """Store a batch behind `head`; the new head."""
    linked = []
    for old in batch:
        at = _EPOCH + timedelta(milliseconds=old.at)
        event = ChainedEvent(at=at, event=old.event, launch=old.launch, patient=None, seal_row=old.seal_row, payload=bytes(old.payload))
        link = chain.row(head.sequence + 1, event, head.hash)
        linked.append(
            {**event._asdict(), "at": old.at, "id": head.sequence + 1, "previous": head.hash, "key_id": link.key_id, "hash": link.hash}
        )
        head = head._replace(sequence=head.sequence + 1, hash=link.hash)
    connection.execute(sa.insert(_named("audit", *_NEW)), linked)
    return head
