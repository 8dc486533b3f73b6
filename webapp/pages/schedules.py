"""Schedules on the Jobs page: what is due again and again, pausing it, removing it, adding more."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import navigation, schedules
from cgn_core.services.schedules import ScheduleView
from webapp.components.alerts import alert, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.fields import choice, field, number_field
from webapp.components.numbers import short_day
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

PAUSE, REMOVE = "schedules-pause", "schedules-remove"
KINDS = (
    ("retrain_monthly", "Retrain every month"),
    ("retrain_behind", "Retrain when the data are weeks ahead"),
    ("score_nightly", "Score forecasts every night"),
)


class Ids(StrEnum):
    """Ids of this card."""

    TABLE = "schedules-table"
    KIND = "schedules-kind"
    WORKSPACE = "schedules-workspace"
    HOUR = "schedules-hour"
    DAY = "schedules-day"
    WEEKS = "schedules-weeks"
    ADD = "schedules-add"
    OUTCOME = "schedules-outcome"


def schedules_card() -> Component:
    """The agency's schedules, and for those who may run jobs the form that adds one."""
    may_act = actor().may(Action.RUN_JOBS)
    return card(
        html.Div(_table(may_act=may_act), id=Ids.TABLE, **aria(live="polite")),
        *([_form()] if may_act else []),
        html.Div(id=Ids.OUTCOME, **aria(live="polite")),
        title="Schedules",
        aside="hours are those of the agency's time zone",
    )


def _table(*, may_act: bool) -> Component:
    listed = schedules.list_schedules(db(), actor())
    if not listed:
        return html.P("Nothing is scheduled.", className="muted")
    shown = [
        Column("what", "What", primary=True),
        Column("next", "Next"),
        Column("last", "Last"),
        Column("state", "State"),
        Column("actions", "", numeric=True),
    ]
    rows = [_row(each, may_act=may_act) for each in listed]
    return data_table(shown, rows, caption="Schedules")


def _row(view: ScheduleView, *, may_act: bool) -> dict[str, Any]:
    words = "Pause" if view.enabled else "Go on"
    actions: list[Component] = []
    if may_act:
        names = {"schedule": str(view.id)}
        actions = [
            button(words, id={"type": PAUSE, **names}),
            button("Remove", id={"type": REMOVE, **names}),
        ]
    return {
        "what": html.Span(view.sentence, className="words"),
        "next": _moment(view.next_due_at) if view.enabled else "",
        "last": _moment(view.last_due_at) if view.last_due_at else html.Span("not yet", className="nowrap"),
        "state": chip("on", tone="up") if view.enabled else chip("paused", tone="caution"),
        "actions": html.Div(actions, className="actions nowrap"),
    }


def _moment(moment: datetime) -> Component:
    return html.Span(f"{short_day(moment)}, {moment:%H:%M} UTC", className="nowrap")


def _form() -> Component:
    names = navigation.workspace_names(db(), actor())
    whose: list[Any] = [
        {"value": "", "label": "every workspace"},
        *({"value": str(identity), "label": f"@{handle}"} for identity, handle in names),
    ]
    return html.Details(
        [
            html.Summary("Add a schedule"),
            choice("What", KINDS, id=Ids.KIND, value=KINDS[0][0]),
            html.Div(
                [
                    field("Whose", dcc.Dropdown(id=Ids.WORKSPACE, options=whose, value="", clearable=False)),
                    number_field("Hour", id=Ids.HOUR, value=schedules.NIGHT_HOUR, low=0, high=23),
                    number_field("Day of the month", id=Ids.DAY, value=1, low=1, high=31, hint="for monthly ones"),
                    number_field("Weeks ahead", id=Ids.WEEKS, value=4, low=1, high=52, hint="of the model"),
                ],
                className="field-grid",
            ),
            html.Div(button("Add", id=Ids.ADD, primary=True), className="actions above-space"),
        ],
        className="more",
    )


@callback(
    Output(Ids.TABLE, "children"),
    Output(Ids.OUTCOME, "children"),
    Input(Ids.ADD, "n_clicks"),
    State(Ids.KIND, "value"),
    State(Ids.WORKSPACE, "value"),
    State(Ids.HOUR, "value"),
    State(Ids.DAY, "value"),
    State(Ids.WEEKS, "value"),
    prevent_initial_call=True,
)
def add(clicks: int | None, kind: Any, workspace_id: Any, hour: Any, day: Any, weeks: Any) -> tuple[Any, Any]:
    """Add a schedule."""
    if not clicks:
        return no_update, no_update
    whose = identifier(workspace_id) if workspace_id else None
    schedules.add_schedule(db(writes=True), actor(), str(kind), workspace_id=whose, hour=hour, day=day, weeks=weeks)
    return _table(may_act=True), alert("The schedule is set.", tone="up")


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Input({"type": PAUSE, "schedule": ALL}, "n_clicks"),
    Input({"type": REMOVE, "schedule": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def change(_pauses: Any, _removals: Any) -> tuple[Any, Any]:
    """Pause a schedule, let it go on, or remove it."""
    pressed = ctx.triggered_id
    # A button that has just been drawn reports zero clicks.
    if not isinstance(pressed, dict) or not ctx.triggered[0]["value"]:
        return no_update, no_update
    schedule_id = identifier(pressed["schedule"])
    if pressed["type"] == REMOVE:
        schedules.remove_schedule(db(writes=True), actor(), schedule_id)
        words = f"Removed at {datetime.now(UTC):%H:%M} UTC."
    else:
        is_on = schedules.toggle(db(writes=True), actor(), schedule_id)
        words = "It goes on at its next time." if is_on else "Paused until it is let go on."
    return _table(may_act=True), alert(words)
