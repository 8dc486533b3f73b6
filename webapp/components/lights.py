"""The lights of a model: one line a topic, with its evidence. Model Health explains each."""

from __future__ import annotations

from dash.development.base_component import Component

from cgn_core.figures.wording import model_name
from cgn_core.services.model_lights import coverage_slack
from cgn_core.services.models import ModelView
from cgn_core.services.workspace_cards import STALE_AFTER_DAYS
from cgn_core.services.workspaces import WorkspaceView
from webapp.components.alerts import Tone, light, lights
from webapp.components.markup import html
from webapp.components.numbers import percent, plural


def model_lights(workspace: WorkspaceView, model: ModelView) -> Component:
    """Against naive, intervals, viral days, age of the data, and what the model was trained on."""
    return lights(
        *[
            light([words, html.Span(f" {evidence}", className="muted")], tone=tone)
            for words, evidence, tone in (
                _against_naive(model),
                _intervals(model),
                _viral(model),
                _age(workspace),
                _trained_on(model),
            )
        ]
    )


def _against_naive(model: ModelView) -> tuple[str, str, Tone]:
    summary = model.summary
    over = f"over {plural(summary.origins, 'week')}"
    if summary.verdict != "beats_naive":
        return "No better than naive", over, "caution"
    return f"Beats naive by {percent(1 - summary.mae / summary.baseline_mae)}", over, "up"


def _intervals(model: ModelView) -> tuple[str, str, Tone]:
    summary, level = model.summary, model.summary.forecast.level
    if summary.coverage is None:
        return "Intervals not measured yet", "too few unseen weeks", "caution"
    near = abs(summary.coverage - level) <= coverage_slack(level, summary.origins)
    held = f"Intervals hold: {percent(summary.coverage)} of {percent(level)}"
    return held, f"in {plural(summary.origins, 'week')}", "up" if near else "caution"


def _viral(model: ModelView) -> tuple[str, str, Tone]:
    days = len(model.training.fit.viral_days)
    if not days:
        return "No viral days", "in the history", "up"
    return plural(days, "viral day"), "kept apart from repeatable growth", "up"


def _age(workspace: WorkspaceView) -> tuple[str, str, Tone]:
    age = workspace.card.data_age_days or 0
    words = f"Data are {plural(age, 'day')} old" if age > 0 else "Data are of today"
    return (words, "import newer ones", "caution") if age > STALE_AFTER_DAYS else (words, "", "up")


def _trained_on(model: ModelView) -> tuple[str, str, Tone]:
    words = f"Model {model.number}: {model_name(model.training.chosen).lower()}"
    evidence = f"{plural(model.training.weeks, 'week')}, data version {model.data_version}"
    return words, evidence, "up" if model.is_current_data else "caution"
