"""Predictor: levers for next week; the answer follows them in the browser, without a request.

Where the levers come to rest the browser tells the server, which keeps in the ledger what was shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.development.base_component import Component

from cgn_core.errors import InvalidInput, NotFound
from cgn_core.figures.response import response_frame
from cgn_core.figures.wording import NAMES
from cgn_core.services import decisions, models, saved_scenarios, workspaces
from cgn_core.services.models import ModelView
from cgn_core.services.scenarios import keep_scenario
from cgn_core.tables import CONTENT_TYPES
from webapp import routes
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card, metric_row, page_header
from webapp.components.charts import empty_graph, graph_id
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, plain, retold
from webapp.pages import scenarios
from webapp.pages.model_state import model_notice, shown, without_model
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/predictor"
TITLE = "Predictor"
HAS_CHARTS = True
NAIVE = "The levers move nothing here: the naive forecast knows no plan."
ROOM = 1.5
"""How far beyond the largest week ever the levers reach, as a multiple of it."""
LEVER = scenarios.LEVER
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
    CURVE_NUMBERS = "predictor-curve-numbers"
    CURVE_TABLE = "predictor-curve-table"
    RESET = "predictor-reset"
    PLANNED = "predictor-planned"
    PLAN = "predictor-plan"
    LINK = "predictor-link"
    LINKED = "predictor-linked"
    WORKSPACE = "predictor-workspace"
    RESTED = "predictor-rested"
    KEPT = "predictor-kept"


def layout(*, workspace_id: UUID, scenario: str = "", plan: str = "") -> Component:
    """The levers at the last four weeks' means, or at a shared scenario or plan, and the answer beside them."""
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    if model is None:
        return without_model(workspace, title=TITLE)
    start, said = _shared(model, workspace_id, scenario, plan)
    source, levers = source_of(model, workspace_id), model.training.fit.predictor
    return html.Div(
        [
            page_header(TITLE, "Move a lever: the answer moves with it. Ticks mark the last four weeks."),
            *model_notice(workspace, model),
            *([alert(NAIVE)] if not any(levers.mean[1:]) else []),
            *said,
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            dcc.Store(id=Ids.RESTED),
            dcc.Store(id=Ids.KEPT),
            dcc.Store(id=Ids.PLAN),
            _answering(shown(model), workspace.minutes, start, source, may_share=scenarios.may_share()),
            scenarios.scenarios_card(workspace_id, source),
        ],
        className="stack",
    )


@kept
def _answering(
    model: ModelView, minutes: dict[str, float], start: dict[str, float], source: Source, *, may_share: bool
) -> Component:
    data = page_data(model, minutes=minutes, start=start)
    answers = [dcc.Store(id=Ids.PAGE, data=data), _answers(source), _curve(data, source)]
    return html.Div([_levers(data, may_share=may_share), html.Div(answers, className="stack")], className="predictor")


def _shared(model: ModelView, workspace_id: UUID, scenario: str, plan: str) -> tuple[dict[str, float], list[Component]]:
    """Where the levers start by the page's address, and what there is to say of it."""
    if scenario:
        found = saved_scenarios.get_scenario(db(), actor(), identifier(scenario))
        if found.workspace_id != workspace_id:
            raise NotFound
        words = f"The levers show the scenario {found.name}."
        return found.plan, [alert(words)]
    if plan:
        try:
            return scenarios.plan_of_link(plan, model.training.fit.predictor.levers), []
        except InvalidInput as refused:
            return {}, [alert(retold(refused.message), tone="caution")]
    return {}, []


def page_data(
    model: ModelView, *, minutes: dict[str, float], start: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """All the browser needs: the predictor's JSON, the levers' ranges and where they start."""
    predictor = model.training.fit.predictor
    levers = list(predictor.levers)
    first = {name: (start or {}).get(name, predictor.usual[name]) for name in levers}
    most = {name: math.ceil(max(3.0, predictor.support[name] * ROOM, first[name])) for name in levers}
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
        "start": first,
        "focus": max(own, key=lambda e: e.estimate).name if own else (levers[0] if levers else ""),
        "frame": response_frame(),
        "viralNote": f"viral days: 1 in {count(1 / rate)}" if rate > 0 else "no viral day in the history",
    }


def _levers(data: dict[str, Any], *, may_share: bool) -> Component:
    return card(
        *[_lever(data, name) for name in data["levers"]],
        html.P(id=Ids.WORK, className="muted"),
        html.Div(
            [
                button("Use the planner's week", id=Ids.PLANNED),
                button("As the last four weeks", id=Ids.RESET),
                button("Copy link", id=Ids.LINK, quiet=True),
            ],
            className="actions",
        ),
        html.P(id=Ids.LINKED, className="muted words", **aria(live="polite")),
        scenarios.save_fields(may_share=may_share),
        _missing_levers(data["levers"]),
        title="The week you have in mind",
        className="predictor-levers",
    )


def _missing_levers(levers: Sequence[str]) -> Component | None:
    """Why there is no lever for when pieces are posted."""
    if any(name not in CONTENT_TYPES for name in levers):
        return None
    return html.Details(
        [
            html.Summary("Where are timing and consistency?"),
            html.P(
                "This model learns from how many pieces were posted. It does not estimate what the hour of posting or "
                "an even rhythm bring, so there is no lever that would pretend to know. The days of the week it does "
                "know: Growth History shows them.",
                className="muted",
            ),
        ],
        className="more above-space",
    )


def _lever(data: dict[str, Any], name: str) -> Component:
    recent = data["predictor"]["last_weeks"].get(name, ())
    most = data["most"][name]
    words = NAMES.get(name, name.replace("_", " ").capitalize())
    return html.Div(
        [
            html.Div([html.Span(words), html.Span("a week", className="muted")], className="lever-name"),
            dcc.Slider(
                id={"type": LEVER, "name": name},
                min=0,
                max=most,
                step=1 if name in CONTENT_TYPES else most / 50,
                value=data["start"][name],
                marks={round(count): "" for count in recent if count <= most},
                updatemode="drag",
                className=f"lever lever-{name}",
            ),
        ],
        className="field",
        role="group",
        **aria(label=f"{words} a week"),
    )


def _answers(source: Source) -> Component:
    def metric(label: str, value: Ids, note: Ids, *marks: Component) -> Component:
        return html.Div(
            [
                html.Div([label, *marks], className="metric-label marked"),
                html.Div(id=value, className="metric-value"),
                html.Div(id=note, className="metric-note text-muted"),
            ],
            className="panel metric",
        )

    expected = trail(source, "expected", of="Expected next week")
    against = trail(source, "against_usual", of="Against the last 4 weeks")
    split = trail(source, "split", of="Repeatable and viral growth")
    return html.Div(
        [
            metric_row(
                metric("Expected next week", Ids.EXPECTED, Ids.EXPECTED_NOTE, what("expected"), expected),
                metric("Against the last 4 weeks", Ids.AGAINST, Ids.AGAINST_NOTE, what("interval"), against),
                metric("Repeatable / viral", Ids.SPLIT, Ids.SPLIT_NOTE, what("repeatable"), split),
            ),
            html.P(id=Ids.NOTICE, className="text-caution predictor-notice"),
        ],
        className="predictor-answers",
        **aria(live="polite"),
    )


def _curve(data: dict[str, Any], source: Source) -> Component:
    height = data["frame"]["layout"]["height"]
    words = "Expected followers next week along the lever that was moved last, with its interval"
    marks = [what("extrapolation"), trail(source, "expected", of="The curve")]
    return card(
        html.Div([html.H2(id=Ids.CURVE_HEADING, className="card-title"), *marks], className="marked"),
        empty_graph(CURVE, height=height, words=words),
        # predictor.js fills it while it is open: the same numbers as the chart's, without a request.
        html.Details(
            [html.Summary("Show as a table"), html.Div(id=Ids.CURVE_TABLE)], id=Ids.CURVE_NUMBERS, className="more"
        ),
    )


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
    ClientsideFunction("predictor", "link"),
    Output(Ids.LINKED, "children"),
    Input(Ids.LINK, "n_clicks"),
    State({"type": LEVER, "name": ALL}, "value"),
    State(Ids.PAGE, "data"),
    prevent_initial_call=True,
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
    # True is an integer to Python and none to PostgreSQL.
    if isinstance(rested, dict) and isinstance(rested.get("plan"), dict) and type(rested.get("model")) is int:
        keep_scenario(db(writes=True), actor(), wanted, rested["plan"], model_number=rested["model"])
    return no_update


clientside_callback(
    ClientsideFunction("predictor", "use"),
    Output({"type": LEVER, "name": ALL}, "value", allow_duplicate=True),
    Input(Ids.PLAN, "data"),
    State({"type": LEVER, "name": ALL}, "value"),
    State(Ids.PAGE, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(Ids.PLAN, "data"),
    Output(Ids.LINKED, "children", allow_duplicate=True),
    Input(Ids.PLANNED, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def use_planned(clicks: int | None, workspace_id: Any) -> tuple[Any, Any]:
    """Put the planner's next week on the levers, with the hours and bounds that Decisions keeps."""
    plan = decisions.plan_view(db(), actor(), identifier(workspace_id)) if clicks else None
    if plan is None:
        return no_update, no_update
    chosen = {name: pieces for name, pieces in plan.weeks[0].counts.items() if name not in plan.held}
    words = f"The planner's week: at most {plain(plan.hours)} hours, as set on Decisions. {retold(plan.sentences[0])}"
    return {"plan": chosen, "click": clicks}, words
