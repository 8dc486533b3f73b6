"""A workspace's first page: the answer in a sentence, how far to trust it, and the last year."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from dash.development.base_component import Component

from cgn_core.services import competitors, decisions, forecasts, models, workspaces
from cgn_core.services.decisions import ReturnsView
from cgn_core.services.forecasts import History, PastWeek
from cgn_core.services.models import ModelView
from cgn_core.services.workspaces import WorkspaceView
from webapp import routes
from webapp.components.alerts import Tone
from webapp.components.cards import card, columns, link_button, metric_card, metric_row, page_header
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.headline import headline, headline_note
from webapp.components.kept import kept
from webapp.components.lights import model_lights
from webapp.components.markup import html
from webapp.components.numbers import count, day, level_interval, plural, signed
from webapp.pages.growth_history import history_chart
from webapp.pages.model_state import keep_fresh, model_notice, redrawable, shown, without_model
from webapp.request_scope import actor, db

PATH = routes.WORKSPACE
TITLE = "Home"
HAS_CHARTS = True
WEEKS_SHOWN = 52


def layout(*, workspace_id: UUID) -> Component:
    """The page; redrawn when a training or an import has ended."""
    return redrawable(workspace_id, _body, prefix="home")


def _body(workspace_id: UUID) -> Component:
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    if model is None:
        return without_model(workspace, title=f"@{workspace.handle}")
    past = forecasts.history(db(), actor(), workspace_id)
    returns = decisions.returns_view(db(), actor(), workspace_id)
    peers = len(competitors.list_competitors(db(), actor(), workspace_id))
    recent = replace(past, weeks=past.weeks[-WEEKS_SHOWN:])
    return _answered(workspace, shown(model), recent, returns, peers)


@kept
def _answered(
    workspace: WorkspaceView, model: ModelView, past: History, returns: ReturnsView | None, peers: int
) -> Component:
    source = source_of(model, workspace.id)
    return html.Div(
        [
            page_header(f"@{workspace.handle}", _freshness(workspace)),
            *model_notice(workspace, model),
            columns(_answer(workspace, model, source), _health(workspace, model, source), wide=True),
            _metrics(workspace, past, returns, peers, source),
            card(
                history_chart("home-growth", past, weeks=WEEKS_SHOWN, with_mix=False),
                title="Growth, and what we had forecast",
                aside="\N{MIDDLE DOT} forecast made before each week",
                marks=[
                    what("interval"),
                    trail(source, "growth", of="Growth"),
                    trail(source, "coverage", of="Forecasts"),
                ],
            ),
        ],
        className="stack",
    )


def _freshness(workspace: WorkspaceView) -> str:
    followers = workspace.card.followers
    size = f"{count(followers)} followers. " if followers is not None else ""
    days = workspace.provisional_days
    open_days = f"; the last {plural(days, 'day')} {'is' if days == 1 else 'are'} provisional" if days else ""
    return f"{size}Data to {day(workspace.card.data_last_date)}{open_days}."


def _answer(workspace: WorkspaceView, model: ModelView, source: Source) -> Component:
    actions = [
        link_button("Try a scenario", routes.predictor(workspace.id), primary=True),
        link_button("What an hour returns", routes.decisions(workspace.id)),
    ]
    return card(
        html.Div([headline(model), headline_note(model), html.Div(actions, className="actions")], className="stack"),
        title="Next week",
        marks=[what("expected"), trail(source, "expected", of="Next week's growth")],
    )


def _health(workspace: WorkspaceView, model: ModelView, source: Source) -> Component:
    why = link_button("Why", routes.model_health(workspace.id), quiet=True)
    marks = [what("naive"), trail(source, "glance", of="Model health")]
    return card(model_lights(workspace, model), title="Model health", action=why, marks=marks)


def _metrics(
    workspace: WorkspaceView, past: History, returns: ReturnsView | None, peers: int, source: Source
) -> Component:
    counted = Source(workspace_id=workspace.id, data_version=workspace.data_version)
    last = next((week for week in reversed(past.weeks) if week.actual is not None), None)
    cards = [
        metric_card(
            "Followers",
            count(workspace.card.followers),
            f"on {day(workspace.card.data_last_date)}",
            marks=[trail(counted, "followers", of="Followers")],
        )
    ]
    if last is not None:
        note, tone = _against_forecast(last)
        marks = [what("median"), trail(source, "growth", of="Gained in the last full week")]
        cards.append(
            metric_card("Gained in the last full week", signed(last.actual), note, note_tone=tone, marks=marks)
        )
    if returns is not None and returns.overall is not None:
        hourly = returns.overall.follows_per_hour
        held = level_interval(returns.level, hourly.low, hourly.high, decimals=1)
        marks = [what("average"), trail(counted, "overall_return", of="All growth per hour of work")]
        cards.append(metric_card("All growth per hour of work", count(hourly.estimate, decimals=1), held, marks=marks))
    cards.append(
        metric_card(
            "Compared with",
            plural(peers, "account") if peers else "nobody yet",
            "growth relative to size, on the Competitors page" if peers else "add accounts on the Competitors page",
            marks=[trail(counted, "peers", of="Compared with")],
        )
    )
    return metric_row(*cards)


def _against_forecast(week: PastWeek) -> tuple[str, Tone | None]:
    if week.median is None or week.actual is None:
        return f"week of {day(week.week_start)}", None
    gap = week.actual - week.median
    where = "inside" if week.inside else "outside"
    words = f"{count(abs(gap))} {'above' if gap >= 0 else 'below'} forecast, {where} the interval"
    return words, None if week.inside else ("up" if gap >= 0 else "down")


keep_fresh(_body, prefix="home")
