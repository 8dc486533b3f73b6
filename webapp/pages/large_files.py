"""What the Data page and the New workspace page show of a large file: its reading, what was found, its import."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from dash import ALL, Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.errors import NotFound
from cgn_core.services import arrivals
from cgn_core.services.arrivals import ArrivalView
from webapp import clock, routes, uploads
from webapp.components import shell
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card, link_button
from webapp.components.jobs import progress_bar
from webapp.components.markup import dcc, html
from webapp.components.numbers import retold
from webapp.components.presses import kept_presses, pressed
from webapp.components.uploads import UploadIds, upload_preview
from webapp.request_scope import actor, db, identifier


class Ids(StrEnum):
    """Ids of this part of a page."""

    ARRIVAL = "large-file-arrival"
    BODY = "large-file-body"
    ACTED = "large-file-acted"
    SHOWN = "large-file-shown"
    ANSWER = "large-file-answer"
    AGAIN = "large-file-again"
    IMPORT = "large-file-import"
    DISCARD = "large-file-discard"
    NAME = "large-file-name"


UPLOAD_IDS = UploadIds(
    import_=Ids.IMPORT, discard=Ids.DISCARD, name=Ids.NAME, answer=Ids.ANSWER, again=Ids.AGAIN, redrawn=True
)


def section(arrival_id: str) -> list[Component]:
    """The part of the page for the large file that its address names; nothing where it names none."""
    if not arrival_id:
        return []
    body, shown = _drawn(arrival_id)
    return [
        dcc.Store(id=Ids.ARRIVAL, data=arrival_id),
        dcc.Store(id=Ids.ACTED),
        dcc.Store(id=Ids.SHOWN, data=shown),
        *kept_presses(Ids.IMPORT, Ids.DISCARD, Ids.AGAIN),
        html.Div(body, id=Ids.BODY, **aria(live="polite")),
    ]


def _drawn(arrival_id: Any) -> tuple[Component, str]:
    try:
        view = arrivals.get_arrival(db(), actor(), identifier(arrival_id))
    except NotFound:
        return alert("The large file isn't here any more. Drop it again.", tone="caution"), ""
    return _card(view), _state(view)


def _state(view: ArrivalView) -> str:
    """What a card shows that doesn't move any more; "" while a job is at it."""
    return f"{view.job.id} {view.job.state}" if view.job is not None and not view.job.is_active else ""


def _card(view: ArrivalView) -> Component:
    job = view.job
    if job is None:
        words = f"{view.file_name} hasn't arrived whole. Drop it again, and leave the page open until it has."
        return alert(words, tone="caution")
    jobs_link = html.Div(link_button("Watch the jobs", routes.JOBS, quiet=True), className="actions")
    if job.is_active:
        parts = [
            progress_bar(job, now=datetime.now(UTC)),
            html.P("You can leave this page; it goes on.", className="muted small"),
        ]
        return card(html.Div([*parts, jobs_link], className="stack"), title=job.title)
    if job.state != "done":
        words = job.error or "It was stopped before it ended; nothing was stored."
        actions = [
            button("Try again", id=Ids.AGAIN, primary=True, redrawn=True),
            button("Discard", id=Ids.DISCARD, redrawn=True),
        ]
        body = [alert(words, tone="down"), html.Div(actions, className="actions")]
        return card(html.Div(body, className="stack"), title=job.title)
    if view.found is None:
        return alert(retold(job.message) + ".", tone="up", action=link_button("To the portfolio", routes.PORTFOLIO))
    return upload_preview(view.found, ids=UPLOAD_IDS, name_field=html.Div())


@callback(
    Output(Ids.BODY, "children"),
    Output(Ids.SHOWN, "data"),
    Input(shell.Ids.PULSE, "data"),
    Input(shell.Ids.FINISHED, "data"),
    Input(Ids.ACTED, "data"),
    State(Ids.ARRIVAL, "data"),
    State(Ids.SHOWN, "data"),
    prevent_initial_call=True,
)
def refresh(_pulse: Any, _finished: Any, acted: Any, arrival_id: Any, shown: Any) -> tuple[Any, Any]:
    """Draw it anew while a job is at it; what was found stands still, so that answers aren't lost."""
    if acted == "discarded":
        return None, None
    view = arrivals.get_arrival(db(), actor(), identifier(arrival_id))
    state = _state(view)
    return (no_update, no_update) if state and state == shown else (_card(view), state)


@callback(
    Output(Ids.ACTED, "data"),
    pressed(Ids.IMPORT),
    State(Ids.ARRIVAL, "data"),
    running=[(Output(Ids.IMPORT, "disabled"), True, False)],
    prevent_initial_call=True,
)
def import_file(press: Any, arrival_id: Any) -> Any:
    """Queue the import of what was read."""
    if not press:
        return no_update
    arrivals.request_import(db(writes=True), actor(), identifier(arrival_id))
    return _acted()


@callback(
    Output(Ids.ACTED, "data", allow_duplicate=True),
    pressed(Ids.AGAIN),
    State(Ids.ARRIVAL, "data"),
    State({"type": Ids.ANSWER, "key": ALL}, "value"),
    State({"type": Ids.ANSWER, "key": ALL}, "id"),
    prevent_initial_call=True,
)
def read_again(press: Any, arrival_id: Any, values: Any, asked: Any) -> Any:
    """Queue another reading, with what was answered."""
    if not press:
        return no_update
    answers = uploads.answers_of(values, asked)
    arrivals.request_reading(db(writes=True), actor(), identifier(arrival_id), answers=answers, key=str(uuid4()))
    return _acted()


@callback(
    Output(Ids.ACTED, "data", allow_duplicate=True),
    pressed(Ids.DISCARD),
    State(Ids.ARRIVAL, "data"),
    prevent_initial_call=True,
)
def discard_file(press: Any, arrival_id: Any) -> Any:
    """Forget the file and what was read in it."""
    if not press:
        return no_update
    arrivals.discard_arrival(db(writes=True), actor(), identifier(arrival_id))
    return "discarded"


def _acted() -> str:
    clock.wake()
    return datetime.now(UTC).isoformat()
