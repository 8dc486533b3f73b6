"""Files too large for one request come in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("view", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_arrivals_{column}_{target}"), ondelete=ondelete
            )
            for column, target, ondelete in (
                ("agency_id", "agencies", "CASCADE"),
                ("workspace_id", "workspaces", "CASCADE"),
                ("uploaded_by", "users", "CASCADE"),
                ("job_id", "jobs", "SET NULL"),
                ("upload_id", "uploads", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
    )
    for column in ("agency_id", "created_at"):
        op.create_index(op.f(f"ix_arrivals_{column}"), "arrivals", [column], unique=False)
    op.create_table(
        "arrival_pieces",
        sa.Column("arrival_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arrival_id"],
            ["arrivals.id"],
            name=op.f("fk_arrival_pieces_arrival_id_arrivals"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("arrival_id", "number", name=op.f("pk_arrival_pieces")),
    )


def downgrade() -> None:
    op.drop_table("arrival_pieces")
    op.drop_table("arrivals")
