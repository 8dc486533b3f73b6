"""What was answered about a workspace's files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workspaces", sa.Column("answers", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("workspaces") as table:
        table.alter_column("answers", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("workspaces") as table:
        table.drop_column("answers")
