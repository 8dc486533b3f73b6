"""Schedules of reports name whom they are mailed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

REPORTS = ("report_weekly", "report_monthly")


def upgrade() -> None:
    op.add_column("schedules", sa.Column("recipients", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    # An earlier version knows no such schedules and couldn't read them.
    schedules = sa.table("schedules", sa.column("kind", sa.String()))
    op.execute(sa.delete(schedules).where(schedules.c.kind.in_(REPORTS)))
    with op.batch_alter_table("schedules") as table:
        table.drop_column("recipients")
