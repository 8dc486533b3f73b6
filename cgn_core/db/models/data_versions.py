"""Versions of a workspace's daily table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


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
