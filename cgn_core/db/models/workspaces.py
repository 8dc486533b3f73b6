"""A creator's workspace, who is let into it, and whom it is compared with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


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
    decision_settings: Mapped[dict[str, Any]] = mapped_column(default_factory=dict, server_default="{}")
    """Prices, hours, bounds and caution that Decision Support works with, where they differ from the defaults."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class WorkspaceMember(Model):
    """A user who was let into a workspace: every viewer, and strategists of restricted ones."""

    __tablename__ = "workspace_members"
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


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
