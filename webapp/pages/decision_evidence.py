"""The evidence on Decisions: response curves with the case for and against saturation, and what the data say."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Input, Output, callback
from dash.development.base_component import Component

from cgn_core.figures.response import CurvePoint, response_curve_figure
from cgn_core.figures.wording import NAMES
from cgn_core.services import evidence, models, workspaces
from cgn_core.services.evidence import Evidence
from webapp import routes
from webapp.components.alerts import alert, chip
from webapp.components.attributes import HIDDEN, aria
from webapp.components.cards import card
from webapp.components.charts import chart
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, percent, plain, retold
from webapp.components.tables import Column
from webapp.request_scope import actor, db, identifier

TABLE_POINTS = 10
"""Rows of a curve's table; the chart draws more."""
ANCHORS = {"returns": "returns", "planner": "planner", "response": "response"}
"""Sections of this page that an insight's number stands in."""


class Ids(StrEnum):
    """Ids of this part of the page."""

    WORKSPACE = "evidence-workspace"
    CARDS = "evidence-cards"


@kept
def evidence_cards(workspace_id: UUID) -> Component:
    """A place that fills itself: the curves and tests take a moment when the data are new."""
    waiting = html.P("Working out the response curves\N{HORIZONTAL ELLIPSIS}", className="muted", role="status")
    return html.Div(
        [
            dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
            html.Div(card(waiting, title="Response and saturation"), id=Ids.CARDS, className="stack",
                     **aria(live="polite")),
        ],
        className="stack",
    )  # fmt: skip


@callback(Output(Ids.CARDS, "children"), Input(Ids.WORKSPACE, "data"))
def show_evidence(workspace_id: Any) -> list[Component]:
    """Draw the curves and what the data say."""
    wanted = identifier(workspace_id)
    workspace = workspaces.get_workspace(db(), actor(), wanted)
    found = evidence.evidence_view(db(), actor(), wanted)
    if found is None:
        return []
    source = Source(workspace_id=wanted, data_version=workspace.data_version)
    return [_insights(wanted), _response(found, source)]


def _insights(workspace_id: UUID) -> Component:
    said = evidence.insights_view(db(), actor(), workspace_id)
    if not said:
        return card(html.P("No result is clear enough to say something yet.", className="muted"),
                    title="What the data say")  # fmt: skip
    lines = []
    for each in said:
        unclear = each.low is not None and each.high is not None and each.low <= 0 <= each.high
        sign, tone = ("=", "accent") if unclear else ("\N{UPWARDS ARROW}", "up") if each.value > 0 else ("!", "caution")
        if each.anchor == "model-card":
            sign, tone = "i", "accent"
        lines.append(
            html.Li(
                [
                    html.Span(sign, className=f"insight-sign tone-{tone}", **HIDDEN),
                    html.Div([html.P(retold(each.sentence), className="words"), _why(each.anchor, workspace_id)]),
                ]
            )
        )
    model = models.current_model(db(), actor(), workspace_id)
    source = [trail(source_of(model, workspace_id), "insights", of="What the data say")] if model is not None else []
    return card(
        html.Ul(lines, className="plain-list insights"),
        title="What the data say",
        marks=[what("not_distinguishable"), *source],
    )


def _why(anchor: str, workspace_id: UUID) -> Component:
    if anchor in ANCHORS:
        words = {"returns": "marginal returns", "planner": "the planner", "response": "response and saturation"}[anchor]
        return html.A(f"Why: {words}", href=f"#{ANCHORS[anchor]}", className="inline-link")
    if anchor == "viral-days":
        return dcc.Link("Why: viral weeks", href=routes.growth_history(workspace_id), className="inline-link")
    return dcc.Link("Why: the model's scores", href=routes.model_health(workspace_id), className="inline-link")


@kept
def _response(found: Evidence, source: Source) -> Component:
    if found.refusal:
        return card(alert(found.refusal), title="Response and saturation", id="response")
    parts: list[Component] = []
    if found.saturation is not None:
        parts.append(html.P(retold(found.saturation.sentence), className="words"))
    if found.carry_over is not None:
        parts.append(html.P(retold(found.carry_over.sentence), className="words muted"))
    heading = card(
        *parts,
        title="Response and saturation",
        marks=[what("saturation"), what("power"), what("carry_over"), trail(source, "power", of="Power of the test")],
        id="response",
    )
    curves = [_curve(each, found, source) for each in found.curves]
    return html.Div([heading, html.Div(curves, className="columns-two")], className="stack")


def _curve(curve: Any, found: Evidence, source: Source) -> Component:
    tests = {each.name: each for each in found.saturation.types} if found.saturation is not None else {}
    test, name = tests.get(curve.name), NAMES.get(curve.name, curve.name)
    bent = test is not None and test.identified
    state = chip("less and less, a tested claim", tone="caution") if bent else chip("no bend shown")
    points = [CurvePoint(each.pieces, each.estimate, each.low, each.high) for each in curve.points]
    today = CurvePoint(curve.today.pieces, curve.today.estimate, curve.today.low, curve.today.high)
    figure = response_curve_figure(points, content_type=curve.name, today=today, level=curve.level)
    step = max(1, len(points) // TABLE_POINTS)
    rows = [
        {"pieces": count(each.pieces, decimals=1), "brings": count(each.estimate),
         "range": interval(each.low, each.high), "is_today": "today" if each == today else ""}
        for place, each in enumerate(points)
        if place % step == 0 or each == today
    ]  # fmt: skip
    listed = [
        Column("pieces", f"{name} a week", numeric=True, primary=True),
        Column("brings", "Followers", numeric=True),
        Column("range", f"Interval, {percent(curve.level)}", numeric=True),
        Column("is_today", ""),
    ]
    words = (
        f"Followers a week that {curve.name} bring, from {plain(curve.quietest)} to {plain(curve.busiest)} a week; at "
        f"today's {count(today.pieces, decimals=1)} they bring {count(today.estimate)} ({percent(curve.level)}: "
        f"{interval(today.low, today.high)})"
    )
    evidence_words = retold(test.sentence) if test is not None else ""
    if test is not None and test.p_value is not None:
        evidence_words += f" (p = {count(test.p_value, decimals=2)}"
        evidence_words += f"; power {percent(test.power)})" if test.power is not None else ")"
    return card(
        chart(f"response-{curve.name}", figure, words=words, columns=listed, rows=rows),
        html.P(retold(curve.sentence), className="words above-space"),
        html.P(evidence_words, className="muted words"),
        title=html.Span(name, className=f"text-{curve.name}"),
        action=state,
        marks=[trail(source, "response", of=f"Response to {curve.name}")],
    )
