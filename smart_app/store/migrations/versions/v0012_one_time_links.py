"""One-time links to a form, and the browsers that have passed their guard."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "links",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("patient", _DIGEST, nullable=False),
        sa.Column("form", _DIGEST, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("kept_until", sa.BigInteger, nullable=False),
    )
    op.create_index("links_by_patient", "links", ["patient"])
    op.create_index("links_by_form", "links", ["form"])
    op.create_index("links_by_kept_until", "links", ["kept_until"])
    op.create_table(
        "link_entries",
        sa.Column("id", _DIGEST, primary_key=True),
        sa.Column("link", _DIGEST, nullable=False),
        sa.Column("binding", _DIGEST, nullable=False),
        sa.Column("answering", sa.String(8), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("link_entries_by_link", "link_entries", ["link"])
