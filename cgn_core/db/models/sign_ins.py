"""What signing in leaves behind: sessions, devices used before, second factors. Of every random token only a hash."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.db.models.model import Model, now


class UserSession(Model):
    """One sign-in on one device; the cookie holds the random token, this row only its hash."""

    __tablename__ = "user_sessions"
    token_hash: Mapped[str] = mapped_column(primary_key=True, repr=False)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    stamp: Mapped[str] = mapped_column(repr=False)
    """Of the user's password and role as they were at sign-in: whoever changes either ends the session."""
    expires_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(default="")
    last_seen_at: Mapped[datetime] = mapped_column(default_factory=now)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    """When its holder last proved who they are."""
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class KnownDevice(Model):
    """A browser that a user signed in with before; strangers who lock the account don't lock it out."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("token_hash", "user_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    token_hash: Mapped[str] = mapped_column(repr=False)
    """Of the token in the browser's device cookie; several users may share a browser."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[datetime] = mapped_column(default_factory=now)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class PendingSignIn(Model):
    """Somebody whose password was right and whose second factor is still to come."""

    __tablename__ = "pending_sign_ins"
    token_hash: Mapped[str] = mapped_column(primary_key=True, repr=False)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    stamp: Mapped[str] = mapped_column(repr=False)
    expires_at: Mapped[datetime]


class SecondFactor(Model):
    """The secret that a user shares with an authenticator app."""

    __tablename__ = "second_factors"
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    """Encrypted under a key made from CGN_SECRET_KEY."""
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    """None until a first code was right: nobody is locked out by a half-finished set-up."""
    last_step: Mapped[int] = mapped_column(default=0)
    """The newest half-minute whose code was used; neither it nor an earlier one is taken again."""
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class RecoveryCode(Model):
    """One of the codes that stand in for a lost authenticator, each once."""

    __tablename__ = "recovery_codes"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(repr=False)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class OutsideIdentity(Model):
    """A user's account at the OpenID provider; its subject never changes hands, an e-mail address may."""

    __tablename__ = "outside_identities"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
