"""Predictor: levers for next week; the answer follows them in the browser, without a request.

Where the levers come to rest the browser tells the server, which keeps in the ledger what was shown.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from cgn_core.figures.response import response_frame
from cgn_core.services import models, scenarios, workspaces
from cgn_core.services.models import ModelView
from cgn_core.tables import CONTENT_TYPES
from webapp import routes
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card, metric_row, page_header
from webapp.components.charts import empty_graph, graph_id
from webapp.pages.model_state import model_notice, without_model
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/predictor"
TITLE = "Predictor"
NAIVE = "The levers move nothing here: the naive forecast knows no plan."
ROOM = 1.5
"""How far beyond the largest week ever the levers reach, as a multiple of it."""
LEVER = "predictor-lever"
CURVE = "predictor-curve"


class Ids(StrEnum):
    """Component ids of this page."""

    PAGE = "predictor-page"
    EXPECTED = "predictor-expected"
    EXPECTED_NOTE = "predictor-expected-note"
    AGAINST = "predictor-against"
    AGAINST_NOTE = "predictor-against-note"
    SPLIT = "predictor-split"
    SPLIT_NOTE = "predictor-split-note"
    WORK = "predictor-work"
    NOTICE = "predictor-notice"
    CURVE_HEADING = "predictor-curve-heading"
    RESET = "predictor-reset"
    WORKSPACE = "predictor-workspace"
    RESTED = "predictor-rested"
    KEPT = "predictor-kept"


def layout(*, workspace_id: UUID) -> Component:
    """The levers at the last four weeks' means, and the answer beside them."""
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    if model is None:
        return without_model(workspace, title=TITLE)
    data = page_data(model, minutes=workspace.minutes)
    return html.Div(
        [
            page_header(TITLE, "Move a lever: the answer moves with it. Ticks mark the last four weeks."),
            *model_notice(workspace, model),
            *([alert(NAIVE)] if not any(data["predictor"]["mean"][1:]) else []),
            dcc.Store(id=Ids.PAGE, data=data),
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            dcc.Store(id=Ids.RESTED),
            dcc.Store(id=Ids.KEPT),
            html.Div([_levers(data), html.Div([_answers(), _curve(data)], className="stack")], className="predictor"),
        ],
        className="stack",
    )


def page_data(model: ModelView, *, minutes: dict[str, float]) -> dict[str, Any]:
    """All the browser needs: the predictor's JSON, the levers' ranges and where they start."""
    predictor = model.training.fit.predictor
    levers = [name for name in CONTENT_TYPES if name in predictor.levers]
    most = {name: max(3, math.ceil(predictor.support[name] * ROOM)) for name in levers}
    clear = [e for e in model.training.fit.effects if e.name in levers and not e.low <= 0 <= e.high]
    own = [e for e in clear if e.name in minutes] or clear
    rate = model.training.fit.viral_rate
    return {
        "predictor": predictor.to_json(),
        "model": model.number,
        "level": model.summary.forecast.level,
        "minutes": minutes,
        "levers": levers,
        "most": most,
        "start": {name: predictor.usual[name] for name in levers},
        "focus": max(own, key=lambda e: e.estimate).name if own else (levers[0] if levers else ""),
        "frame": response_frame(),
        "viralNote": f"viral days: 1 in {1 / rate:.0f}" if rate > 0 else "no viral day in the history",
    }


def _levers(data: dict[str, Any]) -> Component:
    return card(
        *[_lever(data, name) for name in data["levers"]],
        html.P(id=Ids.WORK, className="muted"),
        html.Div(button("Back to the last four weeks", id=Ids.RESET), className="actions"),
        title="The week you have in mind",
        className="predictor-levers",
    )


def _lever(data: dict[str, Any], name: str) -> Component:
    recent = data["predictor"]["last_weeks"].get(name, ())
    most = data["most"][name]
    return html.Div(
        [
            html.Div([html.Span(name.capitalize()), html.Span("a week", className="muted")], className="lever-name"),
            dcc.Slider(
                id={"type": LEVER, "name": name},
                min=0,
                max=most,
                step=1,
                value=data["start"][name],
                marks={round(count): "" for count in recent if count <= most},
                updatemode="drag",
                className=f"lever lever-{name}",
            ),
        ],
        className="field",
        role="group",
        **aria(label=f"{name.capitalize()} a week"),
    )


def _answers() -> Component:
    def metric(label: str, value: Ids, note: Ids) -> Component:
        return html.Div(
            [
                html.Div(label, className="metric-label"),
                html.Div(id=value, className="metric-value"),
                html.Div(id=note, className="metric-note text-muted"),
            ],
            className="panel metric",
        )

    return html.Div(
        [
            metric_row(
                metric("Expected next week", Ids.EXPECTED, Ids.EXPECTED_NOTE),
                metric("Against the last 4 weeks", Ids.AGAINST, Ids.AGAINST_NOTE),
                metric("Repeatable / viral", Ids.SPLIT, Ids.SPLIT_NOTE),
            ),
            html.P(id=Ids.NOTICE, className="text-caution predictor-notice"),
        ],
        **aria(live="polite"),
    )


def _curve(data: dict[str, Any]) -> Component:
    height = data["frame"]["layout"]["height"]
    words = "Expected followers next week along the lever that was moved last, with its interval"
    return card(html.H2(id=Ids.CURVE_HEADING, className="card-title"), empty_graph(CURVE, height=height, words=words))


clientside_callback(
    ClientsideFunction("predictor", "predict"),
    Output(Ids.EXPECTED, "children"),
    Output(Ids.EXPECTED_NOTE, "children"),
    Output(Ids.AGAINST, "children"),
    Output(Ids.AGAINST_NOTE, "children"),
    Output(Ids.AGAINST, "className"),
    Output(Ids.SPLIT, "children"),
    Output(Ids.SPLIT_NOTE, "children"),
    Output(Ids.WORK, "children"),
    Output(Ids.NOTICE, "children"),
    Output(graph_id(CURVE), "figure"),
    Output(Ids.CURVE_HEADING, "children"),
    Input(Ids.PAGE, "data"),
    Input({"type": LEVER, "name": ALL}, "value"),
)

clientside_callback(
    ClientsideFunction("predictor", "reset"),
    Output({"type": LEVER, "name": ALL}, "value"),
    Input(Ids.RESET, "n_clicks"),
    State(Ids.PAGE, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(Ids.KEPT, "data"),
    Input(Ids.RESTED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def keep(rested: Any, workspace_id: Any) -> Any:
    """Keep in the ledger what was shown for a plan on which the levers came to rest."""
    wanted = workspaces.get_workspace(db(writes=True), actor(), identifier(workspace_id)).id
    if isinstance(rested, dict) and isinstance(rested.get("plan"), dict) and isinstance(rested.get("model"), int):
        scenarios.keep_scenario(db(writes=True), actor(), wanted, rested["plan"], model_number=rested["model"])
    return no_update
