"""Promotions say which model is in force; the ledger keeps every forecast that was shown."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSAL = "a forecast in the ledger can't be changed"


def upgrade() -> None:
    op.create_table(
        "promotions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Uuid(), nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("promoted_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _foreign("promotions", "workspace_id", "workspaces"),
        _foreign("promotions", "model_version_id", "model_versions"),
        _foreign("promotions", "promoted_by", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
        sa.UniqueConstraint("workspace_id", "number", name=op.f("uq_promotions_workspace_id")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Uuid(), nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("level", "median", "expected", "low", "high", "naive")
        ),
        sa.Column("chain_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _foreign("ledger", "workspace_id", "workspaces"),
        _foreign("ledger", "model_version_id", "model_versions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("workspace_id", "number", name=op.f("uq_ledger_workspace_id")),
    )
    op.create_table(
        "ledger_scores",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.Column("actual", sa.Double(), nullable=False),
        sa.Column("posted", sa.JSON(), nullable=False),
        sa.Column("median_as_posted", sa.Double(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        _foreign("ledger_scores", "entry_id", "ledger"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_ledger_scores")),
    )
    for table in ("promotions", "ledger"):
        for column in ("workspace_id", "model_version_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    _refuse_changes()
    _promote_what_was_in_force()


def downgrade() -> None:
    for table in ("ledger_scores", "ledger", "promotions"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_ledger_change()")


def _foreign(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL.replace(chr(39), chr(39) * 2)}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER ledger_is_kept BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"
        )
    else:
        op.execute(
            "CREATE TRIGGER ledger_is_kept BEFORE UPDATE ON ledger BEGIN "
            f"SELECT RAISE(ABORT, '{REFUSAL.replace(chr(39), chr(39) * 2)}'); END"
        )


def _promote_what_was_in_force() -> None:
    """Until now the newest model of a data version was in force; that order is kept."""
    connection = op.get_bind()
    versions = sa.table(
        "model_versions",
        sa.column("id", sa.Uuid()),
        sa.column("workspace_id", sa.Uuid()),
        sa.column("number", sa.Integer()),
        sa.column("data_version", sa.Integer()),
    )
    promotions = sa.table(
        "promotions",
        *(sa.column(name, sa.Uuid()) for name in ("id", "workspace_id", "model_version_id")),
        *(sa.column(name, sa.Integer()) for name in ("number", "data_version")),
        *(sa.column(name, sa.String()) for name in ("kind", "reason")),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    rows = [
        {
            "id": uuid4(),
            "workspace_id": row.workspace_id,
            "model_version_id": row.id,
            "number": row.number,
            "data_version": row.data_version,
            "kind": "first",
            "reason": "In force before promotions were recorded.",
            "created_at": datetime.now(UTC),
        }
        for row in connection.execute(sa.select(versions))
    ]
    if rows:
        connection.execute(sa.insert(promotions), rows)
