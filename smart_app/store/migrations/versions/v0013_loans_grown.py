"""Of a loan: the browser the device was lent with, by whom and for whom (keyed lookups), which form is open, and when it was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_DIGEST = sa.String(64)


def upgrade() -> None:
    """Add the columns. A loan of before has its page opened anew, and is found by what is sealed in it."""
    for name in ("agent", "page", "lender", "patient"):
        op.add_column("loans", sa.Column(name, _DIGEST))
    op.add_column("loans", sa.Column("used", sa.BigInteger))
    for name in ("lender", "patient"):
        op.create_index(f"loans_by_{name}", "loans", [name])
