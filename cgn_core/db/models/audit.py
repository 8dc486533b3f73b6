"""The audit log: who did what, kept by the database itself, and where each agency's chain of lines ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.audit_actions import ActorKind, AuditAction, SubjectKind
from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model

LONGEST_NAME = 32


class AuditLine(Model):
    """One thing that was done. The database refuses to change or delete it.

    It names people and things by their ids without referring to their rows: they may go, the line stays.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_agency_at", "agency_id", "at"),
        Index("ix_audit_log_agency_workspace", "agency_id", "workspace_id"),
    )
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 … within the agency."""
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(stored_enum(ActorKind))
    actor_id: Mapped[UUID | None]
    """Of the user or token; None for the system."""
    action: Mapped[AuditAction] = mapped_column(stored_enum(AuditAction, length=LONGEST_NAME))
    workspace_id: Mapped[UUID | None]
    """The workspace it was about, if it was about one."""
    subject_kind: Mapped[SubjectKind | None] = mapped_column(stored_enum(SubjectKind))
    subject_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
    """Numbers and ids; never an address, a name or a text that somebody wrote."""
    chain_hash: Mapped[str]
    """SHA-256 over this line and the chain hash before it."""


class AuditHead(Model):
    """Where an agency's chain ends; whoever adds a line holds this row."""

    __tablename__ = "audit_heads"
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    chain_hash: Mapped[str] = mapped_column(default="")
    seal: Mapped[str] = mapped_column(default="")
    """HMAC over the three above with a key that the database doesn't hold."""
