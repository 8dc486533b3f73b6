"""The end of the Data page, for owners: take everything of a workspace along, or delete it for good."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import uuid4

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services.removals import delete_workspace
from cgn_core.services.workspace_archives import request_workspace_export
from cgn_core.services.workspaces import WorkspaceView
from webapp import clock, routes
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.fields import text_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.request_scope import actor, db, identifier


class Ids(StrEnum):
    """Ids of this card."""

    WORKSPACE = "removal-workspace"
    EXPORT = "removal-export"
    EXPORT_KEY = "removal-key"
    TYPED = "removal-typed"
    DELETE = "removal-delete"
    OUTCOME = "removal-outcome"


def cards(view: WorkspaceView) -> list[Component]:
    """The card, where whoever looks may delete workspaces."""
    if not actor().may(Action.DELETE_WORKSPACE):
        return []
    return [
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        dcc.Store(id=Ids.EXPORT_KEY, data=str(uuid4())),
        _card(view.handle),
    ]


@kept
def _card(handle: str) -> Component:
    hint = f"{handle}, to confirm"
    return card(
        html.P(
            "One ZIP with every version of the data, every model and forecast, scenarios, notes, competitors and "
            "jobs; made by a job, for you alone.",
            className="muted",
        ),
        html.Div(button("Export everything", id=Ids.EXPORT, glyph="download"), className="actions above-space"),
        html.Hr(),
        html.P(
            "Deleting takes all of that away for everybody, the track record too, and can't be undone. A line in "
            "the audit log stays, which names no creator.",
            className="muted",
        ),
        html.Div(text_field("Name of the workspace", id=Ids.TYPED, hint=hint), className="above-space"),
        html.Div(button("Delete this workspace", id=Ids.DELETE, danger=True), className="actions above-space"),
        html.Div(id=Ids.OUTCOME, className="above-space", **aria(live="polite")),
        title="Take along or delete",
        className="d-print-none",
        aside="\N{MIDDLE DOT} owners only",
    )


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.EXPORT_KEY, "data"),
    Input(Ids.EXPORT, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.EXPORT_KEY, "data"),
    prevent_initial_call=True,
)
def export_everything(clicks: int | None, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Queue the export; clicking twice queues one."""
    if not clicks:
        return no_update, no_update
    request_workspace_export(db(writes=True), actor(), identifier(workspace_id), key=str(key)[:64])
    clock.wake()
    return alert("The export is being made; Jobs hands it to you when it is ready."), str(uuid4())


@callback(
    Output("_pages_location", "pathname", allow_duplicate=True),
    Input(Ids.DELETE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.TYPED, "value"),
    prevent_initial_call=True,
)
def delete(clicks: int | None, workspace_id: Any, typed: Any) -> Any:
    """Delete the workspace, and go where it no longer stands."""
    if not clicks:
        return no_update
    delete_workspace(db(writes=True), actor(), identifier(workspace_id), typed=str(typed or ""))
    clock.wake()
    return routes.PORTFOLIO
