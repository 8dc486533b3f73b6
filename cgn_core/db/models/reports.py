"""Client reports: what each was made of, and what it said."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


class Report(Model):
    """A report that was made; its files are rows of ``files``, one for each form it can be had in."""

    __tablename__ = "reports"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"))
    made_for: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    data_version: Mapped[int | None]
    """None where nobody knows any more: it was made before reports were rows, by a job that is forgotten."""
    model_number: Mapped[int | None]
    """None where it was made without a model."""
    basis: Mapped[dict[str, Any]]
    """What else the numbers depend on, for a rebuild; {} where it was made before reports could be rebuilt."""
    figures: Mapped[dict[str, Any]]
    """Every number by where it stands, which a rebuild is compared with."""
    rebuilt_from: Mapped[UUID | None] = mapped_column(ForeignKey("reports.id", ondelete="SET NULL"), default=None)
    differences: Mapped[list[Any] | None] = mapped_column(default=None)
    """Where a rebuild says something else than the report it was rebuilt from; None where it is no rebuild."""
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
