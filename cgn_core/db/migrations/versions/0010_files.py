"""Files that jobs made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("made_for", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_files_{column}_{target}"), ondelete=ondelete
            )
            for column, target, ondelete in (
                ("agency_id", "agencies", "CASCADE"),
                ("workspace_id", "workspaces", "CASCADE"),
                ("job_id", "jobs", "SET NULL"),
                ("made_for", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    for column in ("agency_id", "workspace_id", "created_at"):
        op.create_index(op.f(f"ix_files_{column}"), "files", [column], unique=False)


def downgrade() -> None:
    op.drop_table("files")
