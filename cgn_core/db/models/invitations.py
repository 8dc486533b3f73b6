"""Invitations into an agency, and the links that take them up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from cgn_core.access import Role
from cgn_core.db.column_types import stored_enum
from cgn_core.db.models.model import Model, now


class Invitation(Model):
    """Somebody is asked to join with a role; taken up once."""

    __tablename__ = "invitations"
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(index=True)
    """Lower case; the account is made for this address and no other."""
    role: Mapped[Role] = mapped_column(stored_enum(Role))
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class InvitationWorkspace(Model):
    """A workspace that whoever takes the invitation up is let into."""

    __tablename__ = "invitation_workspaces"
    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(
        ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class InvitationLink(Model):
    """One way in: the link holds the random token, this row only its hash.

    An invitation has one for each time that it was copied or mailed: the job that mails it makes its own, because a
    token that waited in a job's row until it is sent could be read there.
    """

    __tablename__ = "invitation_links"
    token_hash: Mapped[str] = mapped_column(primary_key=True, repr=False)
    invitation_id: Mapped[UUID] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
