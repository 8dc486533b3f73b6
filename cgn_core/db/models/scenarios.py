"""What people write beside the numbers: saved scenarios and notes on weeks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


class Scenario(Model):
    """A week's plan with a name, for the whole team; its numbers are worked out anew by the model in force."""

    __tablename__ = "scenarios"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    plan: Mapped[dict[str, Any]]
    """Pieces per lever."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    changed_at: Mapped[datetime] = mapped_column(default_factory=now)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    """Kept, so that removing it can be undone."""


class WeekNote(Model):
    """What somebody knows of a week that the numbers don't say."""

    __tablename__ = "week_notes"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    week_start: Mapped[date]
    """A Monday."""
    text: Mapped[str]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    changed_at: Mapped[datetime] = mapped_column(default_factory=now)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    """Kept, so that removing it can be undone."""
