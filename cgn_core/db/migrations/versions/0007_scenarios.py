"""The ledger keeps plans that were tried on the Predictor beside the forecasts that every page shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default that stays: taking it off would make the table anew on SQLite, and its triggers would be lost.
    op.add_column("ledger", sa.Column("occasion", sa.String(length=16), nullable=False, server_default="usual"))


def downgrade() -> None:
    op.execute("ALTER TABLE ledger DROP COLUMN occasion")
