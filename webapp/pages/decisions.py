"""Decision Support: what an hour returns, in followers and money, and what to do with the hours there are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.figures.returns import ReturnBar, returns_figure
from cgn_core.figures.wording import NAMES, ONE
from cgn_core.services import decision_settings, decisions, models, workspaces
from cgn_core.services.decisions import ReturnsView
from webapp import routes
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import card, columns, link_button, metric_card, metric_row, page_header
from webapp.components.charts import chart
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.kept import kept
from webapp.components.markup import html
from webapp.components.numbers import count, interval, level_interval, percent, plural, signed
from webapp.components.tables import Column, data_table
from webapp.pages import decision_evidence, decision_money, decision_plan, past_weeks
from webapp.pages.model_state import keep_fresh, model_notice, redrawable, without_model
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/decisions"
TITLE = "Decisions"
HAS_CHARTS = True
LOOKING = "You can try any settings here; an owner or strategist can save them for the team."


class Ids(StrEnum):
    """Ids of this page; those of its cards stand with them."""

    OUTCOME = "decisions-outcome"
    BODY = "decisions-body"


def layout(*, workspace_id: UUID) -> Component:
    """The page; redrawn when a training or an import has ended."""
    return html.Div(
        [html.Div(id=Ids.OUTCOME, **aria(live="polite")), redrawable(workspace_id, _body, prefix="decisions")],
        className="stack",
    )


def _body(workspace_id: UUID) -> Component:
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    view = decisions.returns_view(db(), actor(), workspace_id)
    if model is None or view is None:
        return without_model(workspace, title=TITLE)
    source, may_edit = source_of(model, workspace_id), workspace.may_edit
    settings = decision_settings.decision_settings(db(), actor(), workspace_id)
    return html.Div(
        [
            _header(workspace_id),
            *model_notice(workspace, model),
            *([] if may_edit else [alert(LOOKING)]),
            decision_plan.plan_card(workspace_id, settings, source, may_edit=may_edit),
            _returns(
                view,
                model.training.fit.effects,
                float(model.training.fit.details.get("carry_over_decay", 0.0)),
                source,
            ),
            decision_money.money_card(workspace_id, settings, source, may_edit=may_edit),
            past_weeks.past_card(workspace_id, source, model.training.fit.predictor.levers),
            decision_evidence.evidence_cards(workspace_id),
            _minutes(view, workspace_id),
        ],
        className="stack",
    )


@kept
def _header(workspace_id: UUID) -> Component:
    words = "What an hour returns, and what to do with the hours there are."
    return page_header(TITLE, words, link_button("Try a scenario", routes.predictor(workspace_id)))


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.BODY, "children", allow_duplicate=True),
    Input(decision_plan.Ids.SAVE, "n_clicks"),
    State(decision_plan.Ids.WORKSPACE, "data"),
    *(State(*each) for each in decision_plan.FIELDS),
    prevent_initial_call=True,
)
def save_plan(clicks: int | None, workspace_id: Any, *form: Any) -> tuple[Any, Any]:
    """Keep the planner's settings for the team."""
    return _save(workspace_id, decision_plan.entered(*form)) if clicks else (no_update, no_update)


@callback(
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.BODY, "children", allow_duplicate=True),
    Input(decision_money.Ids.SAVE, "n_clicks"),
    State(decision_money.Ids.WORKSPACE, "data"),
    *(State(*each) for each in decision_money.FIELDS),
    prevent_initial_call=True,
)
def save_prices(clicks: int | None, workspace_id: Any, *form: Any) -> tuple[Any, Any]:
    """Keep prices and minutes for the team; everything that is counted with them is drawn anew."""
    return _save(workspace_id, decision_money.entered(*form)) if clicks else (no_update, no_update)


def _save(workspace_id: Any, given: dict[str, Any]) -> tuple[Component, Component]:
    wanted = identifier(workspace_id)
    decision_settings.save_decision_settings(db(writes=True), actor(), wanted, given)
    return alert("Saved for everybody in this workspace.", tone="up"), _body(wanted)


@kept
def _returns(view: ReturnsView, effects: Sequence[Any], decay: float, source: Source) -> Component:
    parts = [_overall(view, source), columns(_one_hour_more(view, source), _per_piece(effects, decay, source))]
    return html.Div(parts, className="stack")


def _overall(view: ReturnsView, source: Source) -> Component:
    cards = []
    if view.overall is not None:
        hourly = view.overall.follows_per_hour
        cards += [
            metric_card(
                "All growth per hour, last 12 weeks",
                f"{count(hourly.estimate, decimals=1)}",
                f"followers per hour, {level_interval(hourly.level, hourly.low, hourly.high, decimals=1)}; "
                "all growth counts, also what ads, viral days and no post at all bring",
                marks=[what("average"), trail(source, "overall_return", of="All growth per hour")],
            ),
            metric_card(
                "Hours of work",
                count(view.overall.hours, decimals=1),
                f"a week, over {plural(view.overall.weeks, 'week')}",
                marks=[trail(source, "hours", of="Hours of work")],
            ),
        ]
    clear = [each for each in view.returns if each.distinguishable]
    best = max(clear, key=lambda each: each.marginal.estimate, default=None)
    if best is not None:
        cards.append(
            metric_card(
                "Best next hour",
                html.Span(NAMES[best.content_type], className=f"text-{best.content_type}"),
                f"{signed(best.marginal.estimate, decimals=1)} followers "
                f"({interval(best.marginal.low, best.marginal.high, decimals=1)})",
                marks=[what("marginal"), trail(source, "marginal", of="Best next hour")],
            )
        )
    return metric_row(*cards)


def _one_hour_more(view: ReturnsView, source: Source) -> Component:
    bars = [ReturnBar(r.content_type, r.marginal.estimate, r.marginal.low, r.marginal.high) for r in view.returns]
    if not bars:
        return card(
            html.P("The history shows no effect of any content that takes time.", className="muted"),
            title="One hour more",
            id="returns",
        )
    rows = [
        {
            "type": html.Span(NAMES[r.content_type], className=f"text-{r.content_type}"),
            "marginal": count(r.marginal.estimate, decimals=1),
            "marginal_range": interval(r.marginal.low, r.marginal.high, decimals=1),
            "average": count(r.average.estimate, decimals=1),
            "average_range": interval(r.average.low, r.average.high, decimals=1),
        }
        for r in view.returns
    ]
    listed = [
        Column("type", "Content", primary=True),
        Column("marginal", "One hour more", numeric=True),
        Column("marginal_range", f"Interval, {percent(view.level)}", numeric=True),
        Column("average", "Average, last 12 weeks", numeric=True),
        Column("average_range", f"Interval, {percent(view.level)}", numeric=True),
    ]
    return card(
        chart(
            "decisions-returns",
            returns_figure(bars, level=view.level),
            words="Followers that one more hour of work brings, by content type, with intervals",
            columns=listed,
            rows=rows,
        ),
        html.P(_verdict(view), className="muted"),
        title="One hour more, by type",
        aside=f"\N{MIDDLE DOT} {percent(view.level)}",
        marks=[
            what("marginal"),
            trail(source, "marginal", of="One hour more"),
            trail(source, "average", of="Average, last 12 weeks"),
        ],
        id="returns",
    )


def _verdict(view: ReturnsView) -> str:
    """What the bars say, in words; what can't be told from nothing is said to be so."""
    clear = [NAMES[r.content_type].lower() for r in view.returns if r.marginal.low > 0]
    losing = [NAMES[r.content_type].lower() for r in view.returns if r.marginal.high < 0]
    unclear = [NAMES[r.content_type].lower() for r in view.returns if not r.distinguishable]
    parts = []
    if clear:
        parts.append(f"An hour on {_listed(clear)} pays.")
    if losing:
        parts.append(f"An hour on {_listed(losing)} costs followers.")
    if unclear:
        parts.append(f"{_listed(unclear).capitalize()} can't be told from zero with {plural(view.weeks, 'week')}.")
    return " ".join(parts)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _per_piece(found: Sequence[Any], decay: float, source: Source) -> Component:
    effects = [effect for effect in found if effect.name in ONE]
    rows = [
        {
            "piece": html.Span(f"One {ONE[e.name]}", className=f"text-{e.name}"),
            "brings": html.Span(signed(e.estimate, decimals=1)),
            "range": interval(e.low, e.high, decimals=1),
            "says": "not distinguishable from nothing" if e.low <= 0 <= e.high else "clear",
        }
        for e in effects
    ]
    level = effects[0].level if effects else 0.95
    listed = [
        Column("piece", "More", primary=True),
        Column("brings", "Followers", numeric=True),
        Column("range", f"Interval, {percent(level)}", numeric=True),
        Column("says", "The data say"),
    ]
    spread = (
        f"An effect is spread over days: {percent(decay)} of what is left works a day later; the number is the total."
        if decay > 0
        else "No carry-over from day to day was found; the number is the total."
    )
    return card(
        data_table(listed, rows, caption="What one more piece brings"),
        html.P(spread, className="muted"),
        title="One piece more",
        marks=[what("carry_over"), trail(source, "per_piece", of="One piece more")],
    )


@kept
def _minutes(view: ReturnsView, workspace_id: UUID) -> Component:
    words = ", ".join(f"{ONE[name]} {count(minutes)} min" for name, minutes in view.minutes.items())
    counted = (
        f"One hour more is counted with: {words}. The averages take the hours that were recorded, where they were. "
        "Ads cost money, not hours, so they have no return per hour."
    )
    change = link_button("Change the minutes", routes.data(workspace_id))
    return card(html.P(counted, className="muted"), title="How this is counted", action=change)


keep_fresh(_body, prefix="decisions")
