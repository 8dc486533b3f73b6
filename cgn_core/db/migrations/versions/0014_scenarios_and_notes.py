"""Saved scenarios, notes on weeks, and the settings that Decision Support works with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _written_by_people(table: str, *own: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        *own,
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f(f"fk_{table}_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f(f"fk_{table}_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_workspace_id"), table, ["workspace_id"], unique=False)


def upgrade() -> None:
    _written_by_people(
        "scenarios", sa.Column("name", sa.String(), nullable=False), sa.Column("plan", sa.JSON(), nullable=False)
    )
    _written_by_people(
        "week_notes", sa.Column("week_start", sa.Date(), nullable=False), sa.Column("text", sa.String(), nullable=False)
    )
    # With a default that stays, so that the table needn't be made anew on SQLite.
    op.add_column("workspaces", sa.Column("decision_settings", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.execute("ALTER TABLE workspaces DROP COLUMN decision_settings")
    op.drop_table("week_notes")
    op.drop_table("scenarios")
