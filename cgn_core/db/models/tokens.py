"""API tokens, and the answers that are given again when a request comes twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.access import Role
from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model, now


class ApiToken(Model):
    """A key to the REST API, made by a user and never worth more than that user; the row holds only its hash."""

    __tablename__ = "api_tokens"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    """The first characters, by which a person recognises it."""
    token_hash: Mapped[str] = mapped_column(unique=True, repr=False)
    role: Mapped[Role] = mapped_column(stored_enum(Role))
    expires_at: Mapped[datetime]
    workspaces: Mapped[list[Any] | None] = mapped_column(default=None)
    """Ids of the workspaces it is limited to; None is no limit."""
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class KeptAnswer(Model):
    """What a request with an Idempotency-Key was answered; the same request again gets the same answer."""

    __tablename__ = "kept_answers"
    __table_args__ = (UniqueConstraint("token_id", "key"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_tokens.id", ondelete="CASCADE"))
    key: Mapped[str]
    request_hash: Mapped[str]
    """SHA-256 of the method, the address and the body."""
    status: Mapped[int]
    location: Mapped[str]
    """The address of what was made; "" without one."""
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
