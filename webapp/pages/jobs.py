"""All the agency's jobs, live."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import jobs
from webapp import clock, routes
from webapp.components import shell
from webapp.components.alerts import empty_state
from webapp.components.cards import card, link_button, page_header
from webapp.components.drawn import TREE, as_text, drawn
from webapp.components.jobs import CANCEL, RETRY, jobs_table
from webapp.components.markup import dcc
from webapp.components.presses import kept_presses, pressed, pressed_of
from webapp.pages.schedules import schedules_card
from webapp.pages.workers import workers_card
from webapp.request_scope import actor, db, identifier

PATH = routes.JOBS
TITLE = "Jobs"


class Ids(StrEnum):
    """Ids of this page."""

    WORKSPACE = "jobs-workspace"
    TABLE = "jobs-table"
    ACTED = "jobs-acted"


def layout() -> list[Component]:
    """Every job of the agency."""
    subtitle = "What runs, waits and has ended. You can leave; work goes on, and what it finds is kept."
    return [page_header(TITLE, subtitle), *job_list(None), schedules_card(), *workers_card()]


def job_list(workspace_id: UUID | None) -> list[Component]:
    """The live table, of one workspace or of all."""
    return [
        dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id) if workspace_id is not None else None),
        dcc.Store(id=Ids.ACTED),
        *kept_presses(CANCEL, RETRY),
        # Not live to screen readers: they would read fifty rows at each change; the header says what runs.
        drawn(_table(workspace_id), id=Ids.TABLE),
    ]


def _table(workspace_id: UUID | None) -> Component:
    listed = jobs.list_jobs(db(), actor(), workspace_id=workspace_id)
    if not listed:
        where = routes.data(workspace_id) if workspace_id is not None else routes.NEW_WORKSPACE
        sentence = "Importing data queues a retraining; it then shows here with its progress."
        needed = Action.IMPORT_DATA if workspace_id is not None else Action.CREATE_WORKSPACE
        ways = [link_button("Import data", where, primary=True)] if actor().may(needed) else []
        return card(empty_state("No job yet", sentence, *ways, glyph="jobs"))
    return card(jobs_table(listed, now=datetime.now(UTC), may_act=actor().may(Action.RUN_JOBS)))


@callback(
    Output(Ids.TABLE, TREE),
    Input(shell.Ids.PULSE, "data"),
    Input(shell.Ids.FINISHED, "data"),
    Input(Ids.ACTED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def refresh(_pulse: Any, _finished: Any, _acted: Any, workspace_id: Any) -> str:
    """Draw the table anew when the header's pulse says that something moved."""
    return as_text(_table(identifier(workspace_id) if workspace_id is not None else None))


@callback(Output(Ids.ACTED, "data"), pressed(CANCEL), prevent_initial_call=True)
def cancel(press: Any) -> Any:
    """Cancel a job."""
    if not press:
        return no_update
    jobs.cancel_job(db(writes=True), actor(), identifier(pressed_of(press)))
    return _acted()


@callback(Output(Ids.ACTED, "data", allow_duplicate=True), pressed(RETRY), prevent_initial_call=True)
def retry(press: Any) -> Any:
    """Try a job again."""
    if not press:
        return no_update
    jobs.retry_job(db(writes=True), actor(), identifier(pressed_of(press)))
    return _acted()


def _acted() -> str:
    clock.wake()
    return datetime.now(UTC).isoformat()
