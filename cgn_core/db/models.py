"""The tables. The same on SQLite and PostgreSQL; times are UTC, ids are UUIDs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, dataclass_transform
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship

from cgn_core.access import Role
from cgn_core.db.column_types import UtcDateTime, stored_enum
from cgn_core.db.row_kinds import Occasion, PromotionKind, ScheduleKind


def now() -> datetime:
    """The time to store."""
    return datetime.now(UTC)


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column, relationship))
class Model(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        str: String,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        bytes: LargeBinary,
    }


class Agency(Model):
    """A growth agency: users and workspaces belong to one."""

    __tablename__ = "agencies"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class User(Model):
    """Someone who signs in."""

    __tablename__ = "users"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(stored_enum(Role))
    password_hash: Mapped[str] = mapped_column(repr=False)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class UserSession(Model):
    """One sign-in on one device; the cookie holds the random token, this row only its hash."""

    __tablename__ = "user_sessions"
    token_hash: Mapped[str] = mapped_column(primary_key=True, repr=False)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(default="")
    last_seen_at: Mapped[datetime] = mapped_column(default_factory=now)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class Workspace(Model):
    """One creator's workspace."""

    __tablename__ = "workspaces"
    __table_args__ = (UniqueConstraint("agency_id", "handle"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    handle: Mapped[str]
    """The account's handle without the @; unique within the agency."""
    restricted: Mapped[bool] = mapped_column(default=False)
    """Only its members (and owners) see it."""
    time_zone: Mapped[str] = mapped_column(default="UTC")
    minutes: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """Minutes of work per content type where they differ from the defaults."""
    data_version: Mapped[int] = mapped_column(default=0)
    """Number of the current daily table; 0 while there is none."""
    answers: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """By question key, how files were to be read; given again to the next ones."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class WorkspaceMember(Model):
    """A user who was let into a workspace: every viewer, and strategists of restricted ones."""

    __tablename__ = "workspace_members"
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class Upload(Model):
    """A file that was read and awaits a decision; the file itself is never kept, only its tables."""

    __tablename__ = "uploads"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    file_name: Mapped[str]
    file_hash: Mapped[str]
    report: Mapped[dict[str, Any]]
    """What `cgn validate --json` prints."""
    tables: Mapped[dict[str, Any]]
    """{"creators": {name: base64 Arrow}, "competitors": {name: base64 Arrow}}."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)


class Arrival(Model):
    """A file too large for one request: it comes in pieces, is read by a job, and goes when it was decided about."""

    __tablename__ = "arrivals"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    file_name: Mapped[str]
    size: Mapped[int]
    """Bytes of the whole file."""
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), default=None)
    """The job that reads it, or imports what was read."""
    upload_id: Mapped[UUID | None] = mapped_column(ForeignKey("uploads.id", ondelete="SET NULL"), default=None)
    """What was read, where it is importable."""
    view: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    """What was found in it, for the page; None until it was read."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)


class ArrivalPiece(Model):
    """Some megabytes of such a file."""

    __tablename__ = "arrival_pieces"
    arrival_id: Mapped[UUID] = mapped_column(ForeignKey("arrivals.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class StoredFile(Model):
    """A file that a job made, to be fetched; of one workspace, or of all that whoever asked for it may see."""

    __tablename__ = "files"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    made_for: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    purpose: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True, repr=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)


class DataVersion(Model):
    """One version of a workspace's daily table; never changed once written."""

    __tablename__ = "data_versions"
    __table_args__ = (UniqueConstraint("workspace_id", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    file_name: Mapped[str]
    file_hash: Mapped[str]
    data_hash: Mapped[str]
    report: Mapped[dict[str, Any]]
    table: Mapped[bytes] = mapped_column(deferred=True, repr=False)
    """The daily table as compressed Arrow."""
    rows: Mapped[int]
    first_date: Mapped[date]
    last_date: Mapped[date]
    based_on: Mapped[int] = mapped_column(default=0)
    """Number of the version it was joined with, which undo returns to; 0 for a first import."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class Competitor(Model):
    """An account that a workspace is compared with."""

    __tablename__ = "competitors"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    file_name: Mapped[str]
    file_hash: Mapped[str]
    table: Mapped[bytes] = mapped_column(deferred=True, repr=False)
    rows: Mapped[int]
    first_date: Mapped[date]
    last_date: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class ModelVersion(Model):
    """One trained model of a workspace; never changed once written."""

    __tablename__ = "model_versions"
    __table_args__ = (UniqueConstraint("workspace_id", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    data_version: Mapped[int]
    data_hash: Mapped[str]
    code_version: Mapped[str]
    settings: Mapped[dict[str, Any]]
    chosen: Mapped[str]
    verdict: Mapped[str]
    training: Mapped[dict[str, Any]] = mapped_column(deferred=True, repr=False)
    """A Training as JSON: fit, validation, ranking, returns."""
    summary: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    """What lists show without loading ``training``: next week's forecast, scores, coverage, growth of late."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


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


class Promotion(Model):
    """A model version came into force; the newest of the current data says which one is. Never changed."""

    __tablename__ = "promotions"
    __table_args__ = (UniqueConstraint("workspace_id", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    model_version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="CASCADE"), index=True)
    data_version: Mapped[int]
    """The workspace's when this was decided; undoing an import so brings back what was in force before it."""
    kind: Mapped[PromotionKind] = mapped_column(stored_enum(PromotionKind))
    reason: Mapped[str]
    promoted_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), default=None)
    """None where a retraining decided."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class LedgerEntry(Model):
    """A forecast as it was shown before its week, with its plan and model; the database refuses to change it."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("workspace_id", "number"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    model_version_id: Mapped[UUID] = mapped_column(ForeignKey("model_versions.id", ondelete="CASCADE"), index=True)
    week_start: Mapped[date]
    plan: Mapped[dict[str, Any]]
    """Pieces per lever."""
    level: Mapped[float]
    median: Mapped[float]
    expected: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    naive: Mapped[float]
    """The last known week's growth, the naive forecast it is scored against."""
    chain_hash: Mapped[str]
    """SHA-256 over this row and the chain hash before it."""
    occasion: Mapped[Occasion] = mapped_column(
        stored_enum(Occasion), default=Occasion.USUAL, server_default=Occasion.USUAL.value
    )
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class LedgerScore(Model):
    """How a forecast of the ledger did once its week was complete."""

    __tablename__ = "ledger_scores"
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger.id", ondelete="CASCADE"), primary_key=True)
    data_version: Mapped[int]
    actual: Mapped[float]
    posted: Mapped[dict[str, Any]]
    """Pieces per lever that were really posted."""
    median_as_posted: Mapped[float | None]
    """The same model's median for what was really posted; None where it has no answer."""
    scored_at: Mapped[datetime] = mapped_column(default_factory=now)


class Schedule(Model):
    """A job that is due again and again, of one workspace or of a whole agency; local times are the agency's."""

    __tablename__ = "schedules"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ScheduleKind] = mapped_column(stored_enum(ScheduleKind))
    hour: Mapped[int]
    day: Mapped[int]
    """Of the month, for monthly ones."""
    weeks: Mapped[int]
    """New weeks that make a retraining due."""
    next_due_at: Mapped[datetime] = mapped_column(index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    last_due_at: Mapped[datetime | None] = mapped_column(default=None)
    """The due time that was last acted upon."""
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    """Kept so that removing it can be undone."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
