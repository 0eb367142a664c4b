"""Launches, outbox, reveals and audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Create the first four tables. Times are milliseconds since 1970."""
    op.create_table(
        "launches",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("binding", _DIGEST, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("idle_seconds", sa.Integer, nullable=False),
        sa.Column("idle_until", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("refreshing_until", sa.BigInteger),
    )
    op.create_index("launches_by_idle_until", "launches", ["idle_until"])
    op.create_index("launches_by_expires", "launches", ["expires"])
    op.create_table(
        "outbox",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
    )
    op.create_index("outbox_by_state", "outbox", ["state", "updated"])
    op.create_table(
        "reveals",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("launch", _DIGEST),
        sa.Column("seal_row", sa.String(32), nullable=False, unique=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
