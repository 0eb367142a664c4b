"""Pages shown before they are filed in the record, and what became of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "filed_pages",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("owner", _DIGEST, nullable=False),
        sa.Column("alike", _DIGEST, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("filed_pages_by_owner", "filed_pages", ["owner"])
    op.create_index("filed_pages_by_alike", "filed_pages", ["alike"])
    op.create_index("filed_pages_by_expires", "filed_pages", ["expires"])
