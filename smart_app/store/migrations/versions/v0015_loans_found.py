"""Who lent a device, and for whom, by keyed lookups: a page that asks no longer opens every loan there is."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns: a loan of before is found by what is sealed in it."""
    for name in ("lender", "patient"):
        op.add_column("loans", sa.Column(name, sa.String(64)))
        op.create_index(f"loans_by_{name}", "loans", [name])
