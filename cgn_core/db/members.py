"""Which members of an agency an actor may see and change."""

from __future__ import annotations

from sqlalchemy import Select, false, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import User


def readable_members(actor: Actor) -> Select[User]:
    """The members ``actor`` may see: the agency's, or for those who may not see the team, oneself."""
    members = select(User).where(User.agency_id == actor.agency_id, User.removed_at.is_(None))
    return members if actor.may(Action.SEE_TEAM) else members.where(User.id == actor.user_id)


def editable_members(actor: Actor) -> Select[User]:
    """The members ``actor`` may change."""
    readable = readable_members(actor)
    return readable if actor.may(Action.MANAGE_TEAM) else readable.where(false())


def removed_members(actor: Actor) -> Select[User]:
    """The removed members that ``actor`` may bring back."""
    removed = select(User).where(
        User.agency_id == actor.agency_id, User.removed_at.is_not(None), User.deleted_at.is_(None)
    )
    return removed if actor.may(Action.MANAGE_TEAM) else removed.where(false())
