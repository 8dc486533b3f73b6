"""A job names its worker, one retraining of a workspace runs at a time, and what ended last is found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RUNNING_RETRAINING = sa.text("kind = 'retrain' AND state = 'running'")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("worker", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_jobs_agency_finished", "jobs", ["agency_id", "finished_at"], unique=False)
    # Two might run side by side at this moment: each is done anew, and whoever has it now commits nothing.
    op.execute("UPDATE jobs SET state = 'queued', published_at = NULL WHERE kind = 'retrain' AND state = 'running'")
    op.create_index(
        "ux_jobs_running_retraining",
        "jobs",
        ["workspace_id"],
        unique=True,
        sqlite_where=RUNNING_RETRAINING,
        postgresql_where=RUNNING_RETRAINING,
    )


def downgrade() -> None:
    op.drop_index("ux_jobs_running_retraining", table_name="jobs")
    op.drop_index("ix_jobs_agency_finished", table_name="jobs")
    with op.batch_alter_table("jobs") as table:
        table.drop_column("worker")
