"""A reveal is somebody's own: several users may each have made theirs of one visit, which is found by a column of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Of a reveal from before the id is the visit's hash; whose it was stays sealed in it."""
    op.add_column("reveals", sa.Column("visit", sa.String(64)))
    op.execute("UPDATE reveals SET visit = id")
    op.create_index("reveals_by_visit", "reveals", ["visit"])
