"""What became of a submission is judged part by part; what was called acknowledged before was not, and may not have been stored."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What was acknowledged by a transaction whose entries had failed would be purged as stored: it is looked up first."""
    op.add_column("outbox", sa.Column("patient", sa.String(64)))
    op.add_column("outbox", sa.Column("due", sa.BigInteger))
    op.create_index("outbox_by_patient", "outbox", ["patient"])
    op.execute("UPDATE outbox SET state = 'unknown' WHERE state = 'acknowledged'")
