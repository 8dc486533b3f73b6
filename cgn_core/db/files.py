"""Which files that jobs made an actor may fetch, and which are too old."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, Select, and_, delete, false, or_, select

from cgn_core.access import Actor
from cgn_core.db.models import StoredFile, Workspace
from cgn_core.db.workspaces import readable_workspaces

EVERYTHING = "everything"
"""The purpose of a file that holds all rows of a workspace: notes and who did what, which only its maker may fetch."""


def readable_files(actor: Actor) -> Select[StoredFile]:
    """The files of workspaces that ``actor`` may see, and those of several workspaces that were made for them.

    One of several holds what its maker could see, which another person may not.
    """
    visible = readable_workspaces(actor).with_only_columns(Workspace.id)
    mine = StoredFile.made_for == actor.user_id if actor.sees_the_agency else false()
    own = and_(StoredFile.workspace_id.is_(None), mine)
    open_to_all = or_(StoredFile.purpose != EVERYTHING, StoredFile.made_for == actor.user_id)
    return select(StoredFile).where(
        StoredFile.agency_id == actor.agency_id, or_(own, and_(StoredFile.workspace_id.in_(visible), open_to_all))
    )


def forget_files(*, before: datetime) -> Delete:
    """Deletes the files made before that time."""
    return delete(StoredFile).where(StoredFile.created_at < before)
