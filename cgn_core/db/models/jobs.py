"""Jobs, what does them, and when they are due."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model, now
from cgn_core.db.models.workspaces import Workspace
from cgn_core.db.row_kinds import ScheduleKind


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


RUNNING_RETRAINING = text("kind = 'retrain' AND state = 'running'")


class Job(Model):
    """A piece of heavy work. This row is the truth; the broker only carries hints."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("agency_id", "idempotency_key"),
        Index("ix_jobs_state_lease", "state", "lease_until"),
        Index("ix_jobs_agency_finished", "agency_id", "finished_at"),
        Index(
            "ux_jobs_running_retraining",
            "workspace_id",
            unique=True,
            sqlite_where=RUNNING_RETRAINING,
            postgresql_where=RUNNING_RETRAINING,
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str]
    queue: Mapped[str]
    idempotency_key: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    state: Mapped[JobState] = mapped_column(stored_enum(JobState), default=JobState.QUEUED)
    fence: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime] = mapped_column(default_factory=now)
    """Never null; only means something while running."""
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="Waiting for a worker")
    result: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    error: Mapped[str] = mapped_column(default="")
    """A sentence for the strategist; the trace is in the log under the job's id."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    worker: Mapped[str] = mapped_column(default="", server_default="")
    """Who has it, or had it last, under the name of its heartbeat."""

    workspace: Mapped[Workspace | None] = relationship(init=False, lazy="raise", viewonly=True)


class Heartbeat(Model):
    """The last sign of life of a worker or of the reconciler; also who holds the reconciler's lease."""

    __tablename__ = "heartbeats"
    name: Mapped[str] = mapped_column(primary_key=True)
    """``worker:<host>:<pid>`` or ``reconciler``."""
    holder: Mapped[str] = mapped_column(default="")
    seen_at: Mapped[datetime] = mapped_column(default_factory=now)


class Schedule(Model):
    """A job that is due again and again, of one workspace or of a whole agency; local times are the agency's."""

    __tablename__ = "schedules"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ScheduleKind] = mapped_column(stored_enum(ScheduleKind))
    hour: Mapped[int]
    day: Mapped[int]
    """Of the month, for monthly ones; of the week from Monday, 1, for weekly ones."""
    weeks: Mapped[int]
    """New weeks that make a retraining due."""
    next_due_at: Mapped[datetime] = mapped_column(index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    last_due_at: Mapped[datetime | None] = mapped_column(default=None)
    """The due time that was last acted upon."""
    recipients: Mapped[list[Any]] = mapped_column(default_factory=list, server_default="[]")
    """Ids of the members whom reports are mailed to."""
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    """Kept so that removing it can be undone."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
