"""Forecasts as they were shown, and how they did."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model, now
from cgn_core.db.row_kinds import Occasion


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
