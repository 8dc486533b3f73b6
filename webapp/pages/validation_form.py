"""Cross-validation on Model Health: any model, over any weeks, as a job; and what earlier ones found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.figures.wording import model_name
from cgn_core.services import jobs, validations
from cgn_core.services.jobs import JobView
from cgn_core.services.validations import MODELS, MOST_WEEKS, ValidationSettings
from webapp import clock
from webapp.components import shell
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.explain import formula_mark, what
from webapp.components.fields import field, number_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import count, percent, plural, short_day
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

SHOWN = 8


class Ids(StrEnum):
    """Component ids of this part of the page."""

    WORKSPACE = "validate-workspace"
    KEY = "validate-key"
    MODEL = "validate-model"
    INITIAL = "validate-initial"
    HORIZON = "validate-horizon"
    STEP = "validate-step"
    GAP = "validate-gap"
    WINDOW = "validate-window"
    LEVEL = "validate-level"
    START = "validate-start"
    OUTCOME = "validate-outcome"
    PAST = "validate-past"


def validation_cards(workspace_id: UUID, *, may_edit: bool) -> list[Component]:
    """What the newest validations found, and the form for another one."""
    return [
        dcc.Store(id=Ids.WORKSPACE, data=str(workspace_id)),
        html.Div(_past(workspace_id), id=Ids.PAST),
        *([dcc.Store(id=Ids.KEY, data=str(uuid4())), _form()] if may_edit else []),
    ]


@kept
def _form() -> Component:
    forms: list[Any] = [{"value": name, "label": model_name(name)} for name in MODELS]
    model = dcc.Dropdown(id=Ids.MODEL, options=forms, value=MODELS[0], clearable=False, searchable=False)
    fields = [
        field("Model", model),
        number_field(
            "First weeks", id=Ids.INITIAL, low=6, high=MOST_WEEKS, placeholder="auto", hint="a quarter unless said"
        ),
        number_field("Weeks ahead", id=Ids.HORIZON, value=1, low=1, high=MOST_WEEKS),
        number_field("Step", id=Ids.STEP, value=1, low=1, high=MOST_WEEKS, hint="weeks between forecasts"),
        number_field("Gap", id=Ids.GAP, value=0, low=0, high=MOST_WEEKS, hint="weeks left out before"),
        number_field("Window", id=Ids.WINDOW, low=6, high=MOST_WEEKS, placeholder="all", hint="weeks to learn from"),
        number_field("Interval, per cent", id=Ids.LEVEL, value=90, low=50, high=99, step="any"),
    ]
    return card(
        html.Div(fields, className="field-grid"),
        html.Div(button("Validate", id=Ids.START), className="actions above-space"),
        html.Div(id=Ids.OUTCOME, **aria(live="polite")),
        title="Validate",
        className="d-print-none",
        aside="each week is forecast from the weeks before it alone",
    )


def _past(workspace_id: UUID) -> Component | None:
    listed = jobs.list_jobs(db(), actor(), workspace_id=workspace_id)
    done = [job for job in listed if job.kind == "validate" and job.result.get("scores")][:SHOWN]
    if not done:
        return None
    columns = [
        Column("model", "Model", primary=True),
        Column("weeks", "Over"),
        Column("mae", "Off by, a week", numeric=True),
        Column("naive", "Best naive", numeric=True),
        Column("held", "Interval held", numeric=True),
        Column("data", "Data"),
        Column("when", "When"),
    ]
    table = data_table(columns, [_row(job) for job in done], caption="Validations")
    marks = [what("score"), formula_mark("scores", of="Validations", note="Each row names its model and its data.")]
    return card(table, title="Validations", aside="followers a week that the median forecast missed by", marks=marks)


def _row(job: JobView) -> dict[str, Any]:
    found = job.result
    level = f"{found['level']:g}"
    naive = [scores["mae"] for scores in found["baselines"].values() if scores.get("mae") is not None]
    held = found["coverage"].get(level)
    return {
        "model": model_name(found["model"]),
        "weeks": f"{plural(int(found['origins']), 'week')}, {plural(int(found['horizon']), 'week')} ahead",
        "mae": count(found["scores"]["mae"]),
        "naive": count(min(naive) if naive else None),
        "held": "" if held is None else f"{percent(held)} of {percent(found['level'])}",
        "data": f"version {found['data_version']}" if "data_version" in found else "",
        "when": short_day(job.created_at),
    }


@callback(
    Output(Ids.PAST, "children"),
    Input(shell.Ids.FINISHED, "data"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def show(_finished: Any, workspace_id: Any) -> Component | None:
    """List the validations anew once a job has ended."""
    return _past(identifier(workspace_id))


@callback(
    Output(Ids.OUTCOME, "children"),
    Output(Ids.KEY, "data"),
    Input(Ids.START, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.KEY, "data"),
    State(Ids.MODEL, "value"),
    State(Ids.INITIAL, "value"),
    State(Ids.HORIZON, "value"),
    State(Ids.STEP, "value"),
    State(Ids.GAP, "value"),
    State(Ids.WINDOW, "value"),
    State(Ids.LEVEL, "value"),
    prevent_initial_call=True,
)
def validate(
    clicks: int | None, workspace_id: Any, key: Any, model: Any, initial: Any, horizon: Any, step: Any, gap: Any,
    window: Any, level: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Queue a cross-validation; its scores stand in the table once it is done."""
    if not clicks:
        return no_update, no_update
    settings = ValidationSettings(
        model=str(model),
        initial=initial,
        horizon=horizon,
        step=step,
        gap=gap,
        window=window,
        level=level / 100 if isinstance(level, int | float) else level,
    )
    wanted = identifier(workspace_id)
    validations.request_validation(db(writes=True), actor(), wanted, settings=settings, key=str(key)[:64])
    clock.wake()
    return alert("A validation is queued; its scores will stand on this page and beside its job."), str(uuid4())
