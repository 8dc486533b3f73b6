"""Which versions of daily tables an actor may see."""

from __future__ import annotations

from sqlalchemy import Select, select

from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Workspace
from cgn_core.db.workspaces import readable_workspaces


def readable_data_versions(actor: Actor) -> Select[DataVersion]:
    """The versions ``actor`` may see: those of the workspaces they may see."""
    return select(DataVersion).where(
        DataVersion.workspace_id.in_(readable_workspaces(actor).with_only_columns(Workspace.id))
    )
