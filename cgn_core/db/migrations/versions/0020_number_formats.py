"""How numbers and days are written is each user's choice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("number_format", sa.String(), nullable=False, server_default="en"))


def downgrade() -> None:
    op.drop_column("users", "number_format")
