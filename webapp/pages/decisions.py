"""Decision Support: what an hour of content work returns, on average and one hour more."""

from __future__ import annotations

from uuid import UUID

from dash import html
from dash.development.base_component import Component

from cgn_core.figures.returns import ReturnBar, returns_figure
from cgn_core.figures.wording import NAMES, ONE
from cgn_core.services import decisions, models, workspaces
from cgn_core.services.decisions import ReturnsView
from cgn_core.services.models import ModelView
from webapp import routes
from webapp.components.cards import card, columns, link_button, metric_card, metric_row, page_header
from webapp.components.charts import chart
from webapp.components.numbers import count, interval, level_interval, percent, plural, signed
from webapp.components.tables import Column, data_table
from webapp.pages.model_state import keep_fresh, model_notice, redrawable, without_model
from webapp.request_scope import actor, db

PATH = routes.WORKSPACE + "/decisions"
TITLE = "Decisions"


def layout(*, workspace_id: UUID) -> Component:
    """The page; redrawn when a training or an import has ended."""
    return redrawable(workspace_id, _body, prefix="decisions")


def _body(workspace_id: UUID) -> Component:
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    view = decisions.returns_view(db(), actor(), workspace_id)
    if model is None or view is None:
        return without_model(workspace, title=TITLE)
    return html.Div(
        [
            page_header(
                TITLE,
                "What an hour of content work returns, counted in followers.",
                link_button("Try a scenario", routes.predictor(workspace_id), primary=True),
            ),
            *model_notice(workspace, model),
            _overall(view),
            columns(_one_hour_more(view), _per_piece(model)),
            _minutes(view, workspace_id),
        ],
        className="stack",
    )


def _overall(view: ReturnsView) -> Component:
    cards = []
    if view.overall is not None:
        hourly = view.overall.follows_per_hour
        cards += [
            metric_card(
                "All growth per hour, last 12 weeks",
                f"{count(hourly.estimate, decimals=1)}",
                f"followers per hour, {level_interval(hourly.level, hourly.low, hourly.high, decimals=1)}; "
                "all growth counts, also what ads, viral days and no post at all bring",
            ),
            metric_card(
                "Hours of work",
                count(view.overall.hours, decimals=1),
                f"a week, over {plural(view.overall.weeks, 'week')}",
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
            )
        )
    return metric_row(*cards)


def _one_hour_more(view: ReturnsView) -> Component:
    bars = [ReturnBar(r.content_type, r.marginal.estimate, r.marginal.low, r.marginal.high) for r in view.returns]
    if not bars:
        return card(
            html.P("The history shows no effect of any content that takes time.", className="muted"),
            title="One hour more",
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


def _per_piece(model: ModelView) -> Component:
    effects = [effect for effect in model.training.fit.effects if effect.name in ONE]
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
    decay = float(model.training.fit.details.get("carry_over_decay", 0.0))
    spread = (
        f"An effect is spread over days: {percent(decay)} of what is left works a day later; the number is the total."
        if decay > 0
        else "No carry-over from day to day was found; the number is the total."
    )
    return card(
        data_table(listed, rows, caption="What one more piece brings"),
        html.P(spread, className="muted"),
        title="One piece more",
    )


def _minutes(view: ReturnsView, workspace_id: UUID) -> Component:
    words = ", ".join(f"{ONE[name]} {count(minutes)} min" for name, minutes in view.minutes.items())
    counted = (
        f"One hour more is counted with: {words}. The averages take the hours that were recorded, where they were. "
        "Ads cost money, not hours, so they have no return per hour."
    )
    change = link_button("Change the minutes", routes.data(workspace_id))
    return card(html.P(counted, className="muted"), title="How this is counted", action=change)


keep_fresh(_body, prefix="decisions")
