"""Model Health: how the models did on weeks they had not seen, whether the intervals held, and what was found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.figures.model_health import MeasuredCoverage, RankedError, coverage_figure, ranking_figure
from cgn_core.figures.wording import model_name
from cgn_core.services import models, retrainings, track_records, workspaces
from cgn_core.services.model_lights import coverage_slack
from cgn_core.services.models import ModelView
from cgn_core.services.track_records import TrackRecord
from cgn_core.services.workspaces import WorkspaceView
from webapp import clock, routes
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card, columns, link_button, page_header
from webapp.components.charts import chart
from webapp.components.explain import Source, source_of, trail, what
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, interval, percent, plural, retold
from webapp.components.tables import Column, data_table
from webapp.pages.model_diagnostics import diagnostics_cards, lights_card
from webapp.pages.model_state import keep_fresh, model_notice, redrawable, shown, without_model
from webapp.pages.model_versions import challenge_card, version_cards
from webapp.pages.track_record import track_record_card
from webapp.pages.validation_form import validation_cards
from webapp.request_scope import actor, db, identifier

PATH = routes.WORKSPACE + "/model-health"
TITLE = "Model health"
HAS_CHARTS = True
SCORES = {
    "mae": ("Mean absolute error", "followers a week; median forecast", 0),
    "rmse": ("Root mean squared error", "followers a week; expected forecast", 0),
    "mase": ("Scaled error", "below 1 beats last week's value", 2),
    "r2_out_of_sample": ("Out-of-sample R²", "share of variance foretold", 2),
    "directional_accuracy": ("Direction right", "share of weeks", 2),
    "crps": ("CRPS", "followers a week, whole distribution", 0),
    "winkler": ("Winkler score", "followers a week, interval", 0),
}


class Ids(StrEnum):
    """Component ids of this page."""

    WORKSPACE = "health-workspace"
    RETRAIN = "health-retrain"
    KEY = "health-retrain-key"
    OUTCOME = "health-outcome"


def layout(*, workspace_id: UUID) -> Component:
    """The page; redrawn when a training or an import has ended."""
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    may_start = workspace.may_edit and workspace.data_version > 0
    return html.Div(
        [
            # Outside the part that is drawn anew, which would take the button from under the finger.
            _header(may_start=may_start),
            dcc.Store(id=Ids.KEY, data=str(uuid4())),
            html.Div(id=Ids.OUTCOME, **aria(live="polite")),
            redrawable(workspace_id, _body, prefix="health"),
            *(validation_cards(workspace_id, may_edit=workspace.may_edit) if workspace.data_version else []),
        ],
        className="stack",
    )


@kept
def _header(*, may_start: bool) -> Component:
    start = button("Retrain now", id=Ids.RETRAIN, primary=True)
    return page_header(TITLE, None, *([start] if may_start else []))


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.KEY, "data"),
    Input(Ids.RETRAIN, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    prevent_initial_call=True,
)
def retrain(clicks: int | None, workspace_id: Any, key: Any) -> tuple[Any, Any]:
    """Queue a retraining; a second click while one waits joins it."""
    if not clicks:
        return no_update, no_update
    retrainings.request_retraining(db(writes=True), actor(), identifier(workspace_id), key=str(key)[:64])
    clock.wake()
    return alert("A retraining is queued. You can leave; this page fills itself when it is done."), str(uuid4())


def _body(workspace_id: UUID) -> Component:
    workspace = workspaces.get_workspace(db(), actor(), workspace_id)
    model = models.current_model(db(), actor(), workspace_id)
    if model is None:
        return without_model(workspace, title=None)
    return html.Div(
        [
            _judged(workspace, shown(model), track_records.track_record(db(), actor(), workspace_id)),
            version_cards(workspace_id, may_edit=workspace.may_edit),
        ],
        className="stack",
    )


@kept
def _judged(workspace: WorkspaceView, model: ModelView, record: TrackRecord) -> Component:
    source = source_of(model, workspace.id)
    return html.Div(
        [
            html.P(retold(model.training.reason), className="muted page-subtitle"),
            *model_notice(workspace, model),
            lights_card(workspace.id),
            columns(_scores(model, source), _coverage(model, source)),
            track_record_card(record, _all_forecasts(workspace.id), source=source),
            columns(_ranking(model, source), challenge_card(model, source)),
            _cautions(model),
            diagnostics_cards(),
        ],
        className="stack",
    )


def _all_forecasts(workspace_id: UUID) -> Component:
    link = link_button("Every forecast", routes.growth_history(workspace_id), quiet=True)
    return html.Div(link, className="actions above-space")


def _scores(model: ModelView, source: Source) -> Component:
    validation = model.training.validation
    naive = validation.baselines[model.summary.baseline]
    rows = [
        {
            "score": label,
            "model": _score(validation.scores.get(key), decimals),
            "naive": _score(naive.get(key), decimals),
            "unit": unit,
        }
        for key, (label, unit, decimals) in SCORES.items()
    ]
    shown = [
        Column("score", "Score", primary=True),
        Column("model", model_name(validation.model), numeric=True),
        Column("naive", model_name(model.summary.baseline), numeric=True),
        Column("unit", "Unit"),
    ]
    weeks = f"\N{MIDDLE DOT} {plural(validation.origins, 'unseen week')}"
    return card(
        data_table(shown, rows, caption="Scores beside the best naive forecast"),
        title="Scores",
        aside=weeks,
        marks=[what("score"), trail(source, "scores", of="Scores")],
    )


def _score(value: float | None, decimals: int) -> str:
    return count(value, decimals=decimals)


def _ranking(model: ModelView, source: Source) -> Component:
    ranking = model.training.ranking
    figure = ranking_figure(
        [
            RankedError(
                model_name(each.model), each.mae, each.mae_low, each.mae_high,
                chosen=each.model == model.training.chosen, baseline=each.baseline,
            )
            for each in ranking
        ]
    )  # fmt: skip
    rows = [
        {
            "model": model_name(each.model),
            "mae": count(each.mae),
            "range": interval(each.mae_low, each.mae_high),
            "kind": "naive" if each.baseline else "chosen" if each.model == model.training.chosen else "model",
        }
        for each in ranking
    ]
    shown = [
        Column("model", "Model", primary=True),
        Column("mae", "Off by", numeric=True),
        Column("range", "Interval, 95 %", numeric=True),
        Column("kind", "Kind"),
    ]
    words = "Mean absolute error of every model and naive forecast on the same unseen weeks, best on top"
    drawn = chart("health-ranking", figure, words=words, columns=shown, rows=rows)
    return card(
        drawn,
        title="Every model, on the same unseen weeks",
        aside="\N{MIDDLE DOT} rings are naive forecasts",
        marks=[what("naive"), trail(source, "ranking", of="Every model's error")],
    )


def _coverage(model: ModelView, source: Source) -> Component:
    validation = model.training.validation
    measured = [
        MeasuredCoverage(
            level,
            share,
            max(share - coverage_slack(share, validation.origins), 0.0),
            min(share + coverage_slack(share, validation.origins), 1.0),
            validation.origins,
        )
        for level, share in sorted((float(key), share) for key, share in validation.coverage.items())
    ]
    rows = [
        {
            "level": percent(each.level),
            "held": percent(each.coverage),
            "range": f"{percent(each.low)} to {percent(each.high)}",
        }
        for each in measured
    ]
    shown = [
        Column("level", "Promised", primary=True),
        Column("held", "Held", numeric=True),
        Column("range", "By chance", numeric=True),
    ]
    refused = ", ".join(percent(level) for level in validation.refused_levels)
    words = "Promised against measured coverage of the forecast intervals"
    parts = [chart("health-coverage", coverage_figure(measured), words=words, columns=shown, rows=rows)]
    if refused:
        parts.append(html.P(f"Not offered, as the history is too short for them: {refused}.", className="muted"))
    return card(
        *parts,
        title="Do the intervals hold?",
        marks=[what("coverage"), trail(source, "coverage_by_level", of="Measured coverage")],
    )


def _cautions(model: ModelView) -> Component | None:
    if not model.training.cautions:
        return None
    return card(html.Ul([html.Li(retold(each.message)) for each in model.training.cautions]), title="To keep in mind")


keep_fresh(_body, prefix="health")
