"""The audit log, which only grows: the database refuses to change a line or to delete one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REFUSED = {"changed": "UPDATE", "deleted": "DELETE"}


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.String(16), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("chain_hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_audit_log_agency_id_agencies"),
        sa.PrimaryKeyConstraint("agency_id", "number", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_agency_at", "audit_log", ["agency_id", "at"])
    op.create_index("ix_audit_log_agency_workspace", "audit_log", ["agency_id", "workspace_id"])
    op.create_table(
        "audit_heads",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("chain_hash", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name="fk_audit_heads_agency_id_agencies"),
        sa.PrimaryKeyConstraint("agency_id", name="pk_audit_heads"),
    )
    for participle, event in REFUSED.items():
        said = f"a line of the audit log can''t be {participle}"
        header = f"CREATE TRIGGER audit_log_{participle} BEFORE {event} ON audit_log"
        if _is_postgresql():
            op.execute(f"{header} FOR EACH ROW EXECUTE FUNCTION refuse_change('{said}')")
        else:
            op.execute(f"{header} FOR EACH ROW BEGIN SELECT RAISE(ABORT, '{said}'); END")
    if _is_postgresql():
        # Emptying a table at once runs no trigger of its rows.
        op.execute(
            "CREATE TRIGGER audit_log_emptied BEFORE TRUNCATE ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the audit log can''t be emptied')"
        )


def downgrade() -> None:
    op.drop_table("audit_heads")
    op.drop_table("audit_log")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
