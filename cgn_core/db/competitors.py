"""Which competitors an actor may see and change."""

from __future__ import annotations

from sqlalchemy import Select, select

from cgn_core.access import Actor
from cgn_core.db.models import Competitor, Workspace
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces


def readable_competitors(actor: Actor) -> Select[Competitor]:
    """The competitors ``actor`` may see: those of the workspaces they may see."""
    return select(Competitor).where(
        Competitor.workspace_id.in_(readable_workspaces(actor).with_only_columns(Workspace.id))
    )


def editable_competitors(actor: Actor) -> Select[Competitor]:
    """The competitors ``actor`` may change: those of the workspaces they may change."""
    return select(Competitor).where(
        Competitor.workspace_id.in_(editable_workspaces(actor).with_only_columns(Workspace.id))
    )
