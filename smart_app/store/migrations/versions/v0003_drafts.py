"""Answers that were typed and not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add the table of drafts."""
    op.create_table(
        "drafts",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("owner", _DIGEST, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("drafts_by_owner", "drafts", ["owner"])
    op.create_index("drafts_by_expires", "drafts", ["expires"])
