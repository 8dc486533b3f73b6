"""Which client reports an actor may see, and which are too old."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Delete, Select, delete, select

from cgn_core.access import Actor
from cgn_core.db.models import Report, Workspace
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces


def readable_reports(actor: Actor) -> Select[Report]:
    """The reports of workspaces that ``actor`` may see."""
    visible = readable_workspaces(actor).with_only_columns(Workspace.id)
    return select(Report).where(Report.agency_id == actor.agency_id, Report.workspace_id.in_(visible))


def editable_reports(actor: Actor) -> Select[Report]:
    """The reports of workspaces that ``actor`` may edit."""
    mine = editable_workspaces(actor).with_only_columns(Workspace.id)
    return select(Report).where(Report.agency_id == actor.agency_id, Report.workspace_id.in_(mine))


def forget_reports(*, before: datetime) -> Delete:
    """Deletes the reports made before that time; their files go with them."""
    return delete(Report).where(Report.created_at < before)
