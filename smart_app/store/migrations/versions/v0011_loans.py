"""Devices lent to patients, the launches that are locked meanwhile, and with which browser a launch was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add both tables, and the column."""
    op.add_column("launches", sa.Column("agent", _DIGEST))
    op.create_table(
        "loans",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("binding", _DIGEST, nullable=False, unique=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("loans_by_expires", "loans", ["expires"])
    op.create_table(
        "loan_locks",
        sa.Column("loan", _DIGEST, primary_key=True),
        sa.Column("launch", _DIGEST, primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
    )
    op.create_index("loan_locks_by_launch", "loan_locks", ["launch"])
