"""What a clinician has put aside of what ratings say: notes of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add the table of these notes."""
    op.create_table(
        "aside_notes",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("owner", _DIGEST, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("aside_notes_by_owner", "aside_notes", ["owner"])
    op.create_index("aside_notes_by_expires", "aside_notes", ["expires"])
