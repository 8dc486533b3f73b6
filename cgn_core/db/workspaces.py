"""Which workspaces an actor may see and change. Every other resource asks here."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Select, false, or_, select

from cgn_core.access import Action, Actor, Role
from cgn_core.db.models import Workspace, WorkspaceMember

ACTORS = 512
"""People whose selects are kept: they say who asks, and never change."""


@lru_cache(ACTORS)
def readable_workspaces(actor: Actor) -> Select[Workspace]:
    """The only place that decides which workspaces ``actor`` may see.

    Owners see all of their agency's, strategists all but the restricted ones they aren't members of, viewers those
    they are members of; an API token may be limited to some of those.
    """
    own = select(Workspace).where(Workspace.agency_id == actor.agency_id)
    if actor.only is not None:
        own = own.where(Workspace.id.in_(actor.only))
    role = actor.sees_as or actor.role
    if role is Role.OWNER:
        return own
    membership = Workspace.id.in_(select(WorkspaceMember.workspace_id).where(WorkspaceMember.user_id == actor.user_id))
    if role is Role.STRATEGIST:
        return own.where(or_(Workspace.restricted.is_(False), membership))
    return own.where(membership)


@lru_cache(ACTORS)
def editable_workspaces(actor: Actor) -> Select[Workspace]:
    """The only place that decides which workspaces ``actor`` may change: readable, and the role edits."""
    readable = readable_workspaces(actor)
    return readable if actor.may(Action.EDIT_WORKSPACE) else readable.where(false())
