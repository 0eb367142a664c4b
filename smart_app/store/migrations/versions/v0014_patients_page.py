"""Which form is open on the patient's page of a lent device, and when it was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns: a loan of before has its page opened anew."""
    op.add_column("loans", sa.Column("page", sa.String(64)))
    op.add_column("loans", sa.Column("used", sa.BigInteger))
