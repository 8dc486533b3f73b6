"""Files too large for one request, on their way in: which of them an actor may see, and which nobody will miss."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, Select, delete, false, or_, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import Arrival, Workspace
from cgn_core.db.workspaces import editable_workspaces


def own_arrivals(actor: Actor) -> Select[Arrival]:
    """The large files ``actor`` may go on with: their own, as long as they may change the workspace it is meant for."""
    if not actor.may(Action.IMPORT_DATA) or not actor.sees_the_agency:
        return select(Arrival).where(false())
    reachable = editable_workspaces(actor).with_only_columns(Workspace.id)
    return select(Arrival).where(
        Arrival.agency_id == actor.agency_id,
        Arrival.uploaded_by == actor.user_id,
        or_(Arrival.workspace_id.is_(None), Arrival.workspace_id.in_(reachable)),
    )


def forget_arrivals(*, before: datetime) -> Delete:
    """Deletes the large files nobody decided about before that time, and their pieces."""
    return delete(Arrival).where(Arrival.created_at < before)
