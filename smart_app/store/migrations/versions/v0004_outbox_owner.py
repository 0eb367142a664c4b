"""Whose a submission is, so that the next launch of the same user and patient finds what the last one could not store."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of submissions from before it is not known."""
    op.add_column("outbox", sa.Column("owner", sa.String(64)))
    op.create_index("outbox_by_owner", "outbox", ["owner"])
