"""Accounts whose person was forgotten, how long an agency keeps what, and no ledger that goes without a trace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NAME = "workspaces_leave_a_line"
SAID = "a workspace with forecasts is deleted together with a line of the audit log"
UNTOLD = (
    "EXISTS (SELECT 1 FROM ledger WHERE ledger.workspace_id = OLD.id) AND NOT EXISTS (SELECT 1 FROM audit_log "
    "WHERE audit_log.agency_id = OLD.agency_id AND audit_log.workspace_id = OLD.id "
    "AND audit_log.action = 'workspace_deleted')"
)


def upgrade() -> None:
    op.add_column("users", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agencies", sa.Column("files_kept_days", sa.Integer(), nullable=True))
    op.add_column("agencies", sa.Column("jobs_kept_days", sa.Integer(), nullable=True))
    header = f"CREATE TRIGGER {NAME} BEFORE DELETE ON workspaces FOR EACH ROW"
    if _is_postgresql():
        op.execute(
            f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {UNTOLD} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN OLD; END $$"
        )
        op.execute(f"{header} EXECUTE FUNCTION {NAME}()")
    else:
        op.execute(f"{header} WHEN {UNTOLD} BEGIN SELECT RAISE(ABORT, '{SAID}'); END")


def downgrade() -> None:
    if _is_postgresql():
        op.execute(f"DROP FUNCTION {NAME}() CASCADE")
    else:
        op.execute(f"DROP TRIGGER {NAME}")
    op.drop_column("agencies", "jobs_kept_days")
    op.drop_column("agencies", "files_kept_days")
    op.drop_column("users", "deleted_at")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
