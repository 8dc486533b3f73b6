"""Which trained models an actor may see."""

from __future__ import annotations

from sqlalchemy import Select, select

from cgn_core.access import Actor
from cgn_core.db.models import ModelVersion, Workspace
from cgn_core.db.workspaces import readable_workspaces


def readable_model_versions(actor: Actor) -> Select[ModelVersion]:
    """The models ``actor`` may see: those of the workspaces they may see."""
    return select(ModelVersion).where(
        ModelVersion.workspace_id.in_(readable_workspaces(actor).with_only_columns(Workspace.id))
    )
