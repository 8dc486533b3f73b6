"""The card of the Jobs page that says who does the work, and who has fallen silent."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dash import Input, Output, callback
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import workers
from webapp import routes
from webapp.components import shell
from webapp.components.alerts import alert, chip
from webapp.components.cards import card
from webapp.components.markup import dcc, html
from webapp.components.numbers import ago, moment
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db


class Ids(StrEnum):
    """Ids of this card."""

    WORKERS = "workers"


def workers_card() -> list[Component]:
    """The card; nothing for those who run no jobs."""
    return [html.Div(_card(), id=Ids.WORKERS)] if actor().may(Action.RUN_JOBS) else []


def _card() -> Component:
    listed = workers.list_workers(db(), actor())
    now = datetime.now(UTC)
    notes = []
    if not [worker for worker in listed if not worker.is_silent]:
        sentence = "No worker is at work, so what is asked for waits until one is started. Nothing is lost meanwhile."
        notes.append(alert(sentence, tone="caution"))
    columns = [Column("name", "Worker", primary=True), Column("state", "State"), Column("works", "Works on")]
    rows = [_row(worker, now=now) for worker in listed]
    table = [data_table(columns, rows, caption="Workers")] if rows else []
    return card(*notes, *table, title="Workers")


def _row(worker: workers.WorkerView, *, now: datetime) -> dict[str, Any]:
    seen = html.Span(
        f"last sign of life {ago(worker.seen_at, now=now)}",
        className="muted small nowrap",
        title=f"{moment(worker.seen_at, seconds=True)} UTC",
    )
    if worker.is_silent:
        state = chip(f"Silent since {worker.seen_at:%H:%M} UTC", tone="down")
    else:
        state = chip("At work" if worker.works_on else "Ready", tone="up")
    return {"name": worker.name, "state": html.Div([state, " ", seen]), "works": _works(worker)}


def _works(worker: workers.WorkerView) -> Component:
    if worker.is_silent:
        words = "What it had is given to another worker." if worker.works_on else "Nothing."
        return html.Span(words, className="words muted")
    if not worker.works_on:
        return html.Span("Nothing of yours right now", className="muted")
    return html.Div([_title(title, workspace_id) for title, workspace_id in worker.works_on])


def _title(title: str, workspace_id: Any) -> Component:
    return html.Div(dcc.Link(title, href=routes.home(workspace_id)) if workspace_id is not None else title)


@callback(
    Output(Ids.WORKERS, "children"),
    Input(shell.Ids.PULSE, "data"),
    Input(shell.Ids.FINISHED, "data"),
    prevent_initial_call=True,
)
def refresh_workers(_pulse: Any, _finished: Any) -> Component:
    """Draw the card anew when something moved."""
    return _card()
