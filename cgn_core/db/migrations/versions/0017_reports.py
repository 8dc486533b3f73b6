"""Reports as rows: what each was made of and what it said, with a file for each form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FILES = sa.table(
    "files",
    *(sa.column(name, sa.Uuid()) for name in ("id", "agency_id", "workspace_id", "job_id", "made_for", "report_id")),
    sa.column("purpose", sa.String()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
JOBS = sa.table("jobs", sa.column("id", sa.Uuid()), sa.column("result", sa.JSON()))


def upgrade() -> None:
    reports = op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("made_for", sa.Uuid(), nullable=True),
        sa.Column("data_version", sa.Integer(), nullable=True),
        sa.Column("model_number", sa.Integer(), nullable=True),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("rebuilt_from", sa.Uuid(), nullable=True),
        sa.Column("differences", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{target}.id"], name=op.f(f"fk_reports_{column}_{target}"), ondelete=ondelete
            )
            for column, target, ondelete in (
                ("agency_id", "agencies", "CASCADE"),
                ("workspace_id", "workspaces", "CASCADE"),
                ("job_id", "jobs", "SET NULL"),
                ("made_for", "users", "SET NULL"),
                ("rebuilt_from", "reports", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    for column in ("agency_id", "workspace_id", "created_at"):
        op.create_index(op.f(f"ix_reports_{column}"), "reports", [column], unique=False)
    with op.batch_alter_table("files") as files:
        files.add_column(sa.Column("report_id", sa.Uuid(), nullable=True))
        files.create_foreign_key(
            op.f("fk_files_report_id_reports"), "reports", ["report_id"], ["id"], ondelete="CASCADE"
        )
        files.create_index(op.f("ix_files_report_id"), ["report_id"], unique=False)
    _take_over(reports)


def _take_over(reports: sa.Table) -> None:
    """Each report that was one file becomes a row; what it was made of stands in its job, if that is kept."""
    connection = op.get_bind()
    kept = (
        sa.select(FILES, JOBS.c.result)
        .outerjoin(JOBS, JOBS.c.id == FILES.c.job_id)
        .where(FILES.c.purpose == "report", FILES.c.workspace_id.is_not(None))
    )
    for file in connection.execute(kept).all():
        told = file.result or {}
        row = {
            "id": file.id,
            "agency_id": file.agency_id,
            "workspace_id": file.workspace_id,
            "job_id": file.job_id,
            "made_for": file.made_for,
            "data_version": told.get("data_version"),
            "model_number": told.get("model_number"),
            "basis": {},
            "figures": {},
            "created_at": file.created_at,
        }
        connection.execute(sa.insert(reports).values(**row))
        connection.execute(sa.update(FILES).where(FILES.c.id == file.id).values(report_id=file.id))


def downgrade() -> None:
    with op.batch_alter_table("files") as files:
        files.drop_index(op.f("ix_files_report_id"))
        files.drop_constraint(op.f("fk_files_report_id_reports"), type_="foreignkey")
        files.drop_column("report_id")
    op.drop_table("reports")
