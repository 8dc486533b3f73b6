"""Which uploads an actor may see, and which nobody will come back for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, Select, and_, delete, false, or_, select

from cgn_core.access import Action, Actor
from cgn_core.db.models import Upload, Workspace
from cgn_core.db.workspaces import editable_workspaces


def readable_uploads(actor: Actor) -> Select[Upload]:
    """The uploads ``actor`` may decide about: their own, as long as they may change the workspace it is meant for."""
    if not actor.may(Action.IMPORT_DATA):
        return select(Upload).where(false())
    reachable = editable_workspaces(actor).with_only_columns(Workspace.id)
    return select(Upload).where(
        and_(
            Upload.agency_id == actor.agency_id,
            Upload.uploaded_by == actor.user_id,
            or_(
                Upload.workspace_id.is_(None) if actor.sees_the_agency else false(), Upload.workspace_id.in_(reachable)
            ),
        )
    )


def forget_uploads(*, before: datetime) -> Delete:
    """Deletes the uploads nobody decided about before that time."""
    return delete(Upload).where(Upload.created_at < before)
