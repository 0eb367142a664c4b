"""How many rows of the audit trail were written with which key is asked at every start, and a trail is long."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("audit_by_key", "audit", ["key_id"], if_not_exists=True)
