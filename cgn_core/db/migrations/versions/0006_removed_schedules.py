"""A removed schedule is kept, so that removing it can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedules", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM schedules WHERE removed_at IS NOT NULL")
    with op.batch_alter_table("schedules") as table:
        table.drop_column("removed_at")
