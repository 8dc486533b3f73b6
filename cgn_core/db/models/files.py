"""What comes in and goes out as files: uploads, large files in pieces, and what a job made."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


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
    report_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), index=True, default=None
    )
    """The report that it is a form of."""
    purpose: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True, repr=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
