"""Forgotten passwords: who asked, and the links that set a new one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


class ResetRequest(Model):
    """An address that somebody typed into "forgotten password"; gone as soon as the reconciler has looked at it.

    It is stored alike whether anybody has that address or not, so that the answer can't tell.
    """

    __tablename__ = "reset_requests"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    email: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class PasswordReset(Model):
    """A link that sets a new password, once; the link holds the random token, this row only its hash."""

    __tablename__ = "password_resets"
    token_hash: Mapped[str] = mapped_column(primary_key=True, repr=False)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
