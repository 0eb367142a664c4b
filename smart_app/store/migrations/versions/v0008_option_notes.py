"""What a clinician has ticked of the things people try: a note of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add the table of these notes."""
    op.create_table(
        "option_notes",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("owner", _DIGEST, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("option_notes_by_owner", "option_notes", ["owner"])
    op.create_index("option_notes_by_expires", "option_notes", ["expires"])
