"""Which invitations an actor may see and change, and which are over for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, Select, delete, false, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import Invitation


def editable_invitations(actor: Actor) -> Select[Invitation]:
    """The agency's invitations that nobody took up; only those who may invite see any."""
    unused = select(Invitation).where(Invitation.agency_id == actor.agency_id, Invitation.accepted_at.is_(None))
    return unused if actor.may(Action.INVITE) else unused.where(false())


def forget_invitations(*, before: datetime) -> Delete:
    """Deletes the invitations that ended before that time, taken up or not: no address is kept longer than needed."""
    return delete(Invitation).where(Invitation.expires_at < before)
