"""Schedules: what is due again and again."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("last_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_schedules_{column}_{target}"), ondelete=ondelete
            )
            for column, target, ondelete in (
                ("agency_id", "agencies", "CASCADE"),
                ("workspace_id", "workspaces", "CASCADE"),
                ("created_by", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    for column in ("agency_id", "workspace_id", "next_due_at"):
        op.create_index(op.f(f"ix_schedules_{column}"), "schedules", [column], unique=False)
    _score_by_night()


def downgrade() -> None:
    op.drop_table("schedules")


def _score_by_night() -> None:
    """What a new agency starts with; due at once here, and by night from then on."""
    connection = op.get_bind()
    agencies = sa.table("agencies", sa.column("id", sa.Uuid()))
    schedules = sa.table(
        "schedules",
        sa.column("id", sa.Uuid()),
        sa.column("agency_id", sa.Uuid()),
        sa.column("kind", sa.String()),
        *(sa.column(name, sa.Integer()) for name in ("hour", "day", "weeks")),
        sa.column("enabled", sa.Boolean()),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("next_due_at", "created_at")),
    )
    moment = datetime.now(UTC)
    rows = [
        {
            "id": uuid4(), "agency_id": row.id, "kind": "score_nightly", "hour": 2, "day": 1, "weeks": 1,
            "enabled": True, "next_due_at": moment, "created_at": moment,
        }
        for row in connection.execute(sa.select(agencies))
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(schedules), rows)
