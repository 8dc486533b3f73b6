"""What the analysis pages share: the page without data or model, notices about the model, redrawing after a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.services import workspaces
from cgn_core.services.models import ModelView
from cgn_core.services.workspaces import WorkspaceView
from webapp import routes
from webapp.components import shell
from webapp.components.alerts import alert, empty_state
from webapp.components.cards import card, link_button, page_header
from webapp.components.markup import dcc, html
from webapp.components.numbers import percent, retold
from webapp.request_scope import actor, db, identifier

Body = Callable[[UUID], Component]


def without_model(workspace: WorkspaceView, *, title: str | None) -> Component:
    """The page of a workspace that has no model yet: what is missing, and what to do next; its heading, unless None."""
    job = workspace.card.job
    if workspace.data_version == 0:
        state = empty_state(
            "No data yet",
            "Import a file with this creator's daily numbers; at least three months are recommended.",
            link_button("Import data", routes.data(workspace.id), primary=True, glyph="upload"),
            glyph="data",
        )
    elif job is not None and job.error:
        state = empty_state(
            "The training could not finish",
            job.error,
            link_button("Look at the data", routes.data(workspace.id), primary=True),
            link_button("Jobs", routes.workspace_jobs(workspace.id)),
            glyph="problem",
        )
    elif job is not None:
        state = empty_state(
            "The model is being trained",
            f"{retold(job.message)} ({percent(job.progress)}). "
            "This page fills itself when it is done; you can leave it.",
            link_button("Follow the job", routes.workspace_jobs(workspace.id), primary=True),
            glyph="jobs",
        )
    else:
        state = empty_state(
            "No model yet",
            "The data are here, but no model was trained on them.",
            link_button("Start a training", routes.model_health(workspace.id), primary=True),
            glyph="health",
        )
    return html.Div([*([page_header(title)] if title else []), card(state)], className="stack")


def shown(model: ModelView) -> ModelView:
    """All of a model that pages draw: without the single forecasts of its validation, half of what it is."""
    validation = replace(model.training.validation, forecasts=())
    return replace(model, training=replace(model.training, validation=validation))


def model_notice(workspace: WorkspaceView, model: ModelView) -> list[Component]:
    """Sentences that must stand beside every number of this model."""
    notices = []
    if not model.is_current_data:
        notices.append(
            alert(
                f"The data have changed since: model {model.number} was trained on version {model.data_version}, "
                f"the workspace holds version {workspace.data_version}.",
                tone="caution",
            )
        )
    if model.training.verdict == "no_better_than_naive":
        notices.append(alert(retold(model.training.reason), tone="caution", title="No model beats the naive forecast."))
    return notices


def redrawable(workspace_id: UUID, body: Body, *, prefix: str) -> Component:
    """A page body that :func:`keep_fresh` replaces when a job has ended."""
    return html.Div(
        [
            dcc.Store(id=f"{prefix}-workspace", data=str(workspace_id)),
            dcc.Store(id=f"{prefix}-stamp", data=_stamp(workspace_id)),
            html.Div(body(workspace_id), id=f"{prefix}-body"),
        ]
    )


def keep_fresh(body: Body, *, prefix: str) -> None:
    """Draw a :func:`redrawable` body anew once a job has ended and the data, the model or its job have changed."""

    def redraw(_finished: Any, stamp: Any, workspace_id: Any) -> tuple[Any, Any]:
        identified = identifier(workspace_id)
        now = _stamp(identified)
        return (no_update, no_update) if now == stamp else (body(identified), now)

    # Every callback has a name of its own, so that each is accounted for by the isolation test.
    redraw.__name__ = f"redraw_{prefix}"
    callback(
        Output(f"{prefix}-body", "children"),
        Output(f"{prefix}-stamp", "data"),
        Input(shell.Ids.FINISHED, "data"),
        State(f"{prefix}-stamp", "data"),
        State(f"{prefix}-workspace", "data"),
        prevent_initial_call=True,
    )(redraw)


def _stamp(workspace_id: UUID) -> str:
    view = workspaces.get_workspace(db(), actor(), workspace_id)
    job = view.card.job
    number = view.card.model.number if view.card.model is not None else 0
    return f"{view.data_version}/{number}/{f'{job.id}{job.state}' if job is not None else ''}"
