"""Trained models, and which of them is in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model, now
from cgn_core.db.row_kinds import PromotionKind


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
