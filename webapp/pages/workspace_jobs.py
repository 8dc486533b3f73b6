"""One workspace's jobs; the table is that of :mod:`webapp.pages.jobs`."""

from __future__ import annotations

from uuid import UUID

from dash.development.base_component import Component

from cgn_core.services import workspaces
from webapp import routes
from webapp.components.cards import page_header
from webapp.pages.jobs import job_list
from webapp.request_scope import actor, db

PATH = routes.WORKSPACE + "/jobs"
TITLE = "Jobs"


def layout(workspace_id: UUID) -> list[Component]:
    """Jobs of this workspace."""
    view = workspaces.get_workspace(db(), actor(), workspace_id)
    subtitle = f"Imports, trainings and reports of @{view.handle}. You can leave; work goes on."
    return [page_header(TITLE, subtitle), *job_list(view.id)]
