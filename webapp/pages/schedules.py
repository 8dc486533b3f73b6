"""Schedules on the Jobs page: what is due again and again; adding, editing, pausing, removing and bringing back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dash import ALL, Input, Output, State, callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import mail_server, members, navigation, schedules
from cgn_core.services.schedules import ScheduleView
from webapp.components.alerts import alert, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.editors import editor, pressed_in_row, row_buttons
from webapp.components.fields import choice, field, number_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import moment
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

PAUSE, REMOVE, EDIT, UNDO = "schedules-pause", "schedules-remove", "schedules-edit", "schedules-undo"
OVERDUE = timedelta(minutes=1)
KINDS = (
    ("retrain_monthly", "Retrain every month"),
    ("retrain_behind", "Retrain when the data are weeks ahead or growth leaves its path"),
    ("score_nightly", "Score forecasts every night"),
    ("report_weekly", "Client report every week"),
    ("report_monthly", "Client report every month"),
)

WEEKDAYS: list[Any] = [{"value": place, "label": day} for place, day in enumerate(schedules.WEEKDAYS, start=1)]


class Ids(StrEnum):
    """Ids of this card."""

    TABLE = "schedules-table"
    KIND = "schedules-kind"
    WORKSPACE = "schedules-workspace"
    HOUR = "schedules-hour"
    DAY = "schedules-day"
    WEEKS = "schedules-weeks"
    WEEKDAY = "schedules-weekday"
    TO = "schedules-to"
    ADD = "schedules-add"
    OUTCOME = "schedules-outcome"
    EDITOR = "schedules-editor"
    EDITING = "schedules-editing"
    NEW_HOUR = "schedules-new-hour"
    NEW_DAY = "schedules-new-day"
    NEW_WEEKS = "schedules-new-weeks"
    NEW_TO = "schedules-new-to"
    SAVE = "schedules-save"
    CLOSE = "schedules-close"


def schedules_card() -> Component:
    """The agency's schedules, and for those who may run jobs the form that adds one."""
    may_act = actor().may(Action.RUN_JOBS)
    return card(
        html.Div(_table(may_act=may_act), id=Ids.TABLE, **aria(live="polite")),
        html.Div(id=Ids.OUTCOME, className="above-space", **aria(live="polite")),
        html.Div(id=Ids.EDITOR),
        *([_new()] if may_act else []),
        title="Schedules",
        aside="\N{MIDDLE DOT} in the agency's time zone",
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
    return {
        "what": html.Span(view.sentence, className="words"),
        "next": _moment(view.next_due_at, view) if view.enabled else "",
        "last": _moment(view.last_due_at, view) if view.last_due_at else html.Span("not yet", className="nowrap"),
        "state": _state(view),
        "actions": _actions(view) if may_act else "",
    }


def _actions(view: ScheduleView) -> Component:
    kinds = ((EDIT, "Edit"), (PAUSE, "Pause" if view.enabled else "Go on"), (REMOVE, "Remove"))
    return row_buttons("schedule", view.id, kinds, said=f": {view.sentence}")


def _state(view: ScheduleView) -> Component:
    if not view.enabled:
        return chip("paused", tone="caution")
    if datetime.now(UTC) - view.next_due_at > OVERDUE:
        return chip("waits", tone="caution", title="It is due and follows as soon as the agency's queue has room.")
    return chip("on", tone="up")


def _moment(at: datetime, view: ScheduleView) -> Component:
    local = at.astimezone(ZoneInfo(view.time_zone))
    return html.Span(moment(local), className="nowrap", title=view.time_zone)


def _new() -> Component:
    names = navigation.workspace_names(db(), actor())
    return _form(names, _people(), can_mail=mail_server.can_mail())


@kept
def _form(names: Sequence[tuple[UUID, str]], people: Sequence[tuple[str, str]], *, can_mail: bool) -> Component:
    whose: list[Any] = [
        {"value": "", "label": "every workspace"},
        *({"value": str(identity), "label": f"@{handle}"} for identity, handle in names),
    ]
    return html.Details(
        [
            html.Summary("Add a schedule"),
            html.Div(choice("What", KINDS, id=Ids.KIND, value=KINDS[0][0]), className="above-space"),
            html.Div(
                [
                    field("Whose", dcc.Dropdown(id=Ids.WORKSPACE, options=whose, value="", clearable=False)),
                    number_field("Hour", id=Ids.HOUR, value=schedules.NIGHT_HOUR, low=0, high=23),
                    number_field("Day of the month", id=Ids.DAY, value=1, low=1, high=31, hint="for monthly ones"),
                    number_field("Weeks ahead", id=Ids.WEEKS, value=4, low=1, high=52, hint="of the model"),
                    _weekday(),
                    _recipients(Ids.TO, people, can_mail=can_mail),
                ],
                className="field-grid",
            ),
            html.Div(button("Add", id=Ids.ADD, primary=True), className="actions above-space"),
        ],
        className="more above-space",
    )


def _weekday() -> Component:
    control = dcc.Dropdown(id=Ids.WEEKDAY, options=WEEKDAYS, value=1, clearable=False)
    return field("Weekday", control, hint="for weekly ones")


def _people() -> list[tuple[str, str]]:
    return [(str(each.id), each.name) for each in members.list_members(db(), actor()) if not each.disabled]


def _recipients(
    name: str, people: Sequence[tuple[str, str]], chosen: Sequence[UUID] = (), *, can_mail: bool
) -> Component:
    """Whom reports are mailed to; hidden where there is no mail server, so that they are only kept."""
    options: list[Any] = [{"value": identity, "label": label} for identity, label in people]
    words = "of reports; those who may see the creator" if can_mail else "no mail server is set up"
    there = {identity for identity, _ in people}
    value = [str(each) for each in chosen if str(each) in there]  # a member who left is mailed nothing any more
    control = dcc.Dropdown(id=name, options=options, value=value, multi=True, disabled=not can_mail)
    return field("Mail to", control, hint=words)


@callback(
    Output(Ids.TABLE, "children"),
    Output(Ids.OUTCOME, "children"),
    Input(Ids.ADD, "n_clicks"),
    State(Ids.KIND, "value"),
    State(Ids.WORKSPACE, "value"),
    State(Ids.HOUR, "value"),
    State(Ids.DAY, "value"),
    State(Ids.WEEKS, "value"),
    State(Ids.WEEKDAY, "value"),
    State(Ids.TO, "value"),
    prevent_initial_call=True,
)
def add(
    clicks: int | None, kind: Any, workspace_id: Any, hour: Any, day: Any, weeks: Any, weekday: Any, to: Any
) -> tuple[Any, Any]:
    """Add a schedule."""
    if not clicks:
        return no_update, no_update
    whose = identifier(workspace_id) if workspace_id else None
    named = [identifier(each) for each in to] if isinstance(to, list) and str(kind).startswith("report_") else []
    when = {"hour": hour, "day": weekday if kind == "report_weekly" else day, "weeks": weeks}
    schedules.add_schedule(db(writes=True), actor(), str(kind), workspace_id=whose, recipients=named, **when)
    return _table(may_act=True), alert("The schedule is set.", tone="up")


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children"),
    Input({"type": PAUSE, "schedule": ALL}, "n_clicks"),
    Input({"type": REMOVE, "schedule": ALL}, "n_clicks"),
    Input({"type": UNDO, "schedule": ALL}, "n_clicks"),
    Input({"type": EDIT, "schedule": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def change(*_presses: Any) -> tuple[Any, Any, Any]:
    """Pause a schedule, let it go on, remove it, bring it back, or open it for editing."""
    pressed = pressed_in_row("schedule")
    if pressed is None:
        return no_update, no_update, no_update
    kind, schedule_id = pressed[0], identifier(pressed[1])
    if kind == EDIT:
        view = schedules.get_schedule(db(), actor(), schedule_id)
        actor().require(Action.RUN_JOBS)
        return no_update, None, _editor(view)
    if kind == REMOVE:
        schedules.remove_schedule(db(writes=True), actor(), schedule_id)
        undo = button("Undo", id={"type": UNDO, "schedule": str(schedule_id)}, glyph="undo")
        outcome = alert("The schedule is removed.", action=undo)
    elif kind == UNDO:
        schedules.restore_schedule(db(writes=True), actor(), schedule_id)
        outcome = alert("It is back, and goes on at its next time.", tone="up")
    elif schedules.toggle(db(writes=True), actor(), schedule_id):
        outcome = alert("It goes on at its next time.")
    else:
        outcome = alert("Paused until it is let go on.")
    return _table(may_act=True), outcome, None


def _editor(view: ScheduleView) -> Component:
    is_weekly = view.kind == "report_weekly"
    named, last = ("Day of the week, 1 is Monday", 7) if is_weekly else ("Day of the month", 31)
    day = number_field(named, id=Ids.NEW_DAY, value=view.day, low=1, high=last)
    weeks = number_field("Weeks ahead", id=Ids.NEW_WEEKS, value=view.weeks, low=1, high=52)
    return editor(
        html.Strong(f"Edit: {view.sentence}", className="words"),
        html.Div(
            [
                number_field("Hour", id=Ids.NEW_HOUR, value=view.hour, low=0, high=23),
                html.Div(day, hidden=view.kind not in {"retrain_monthly", "report_weekly", "report_monthly"}),
                html.Div(weeks, hidden=view.kind != "retrain_behind"),
                html.Div(
                    _recipients(Ids.NEW_TO, _people(), view.recipients or (), can_mail=mail_server.can_mail()),
                    hidden=not view.kind.reports,
                ),
            ],
            className="field-grid",
        ),
        identity=view.id,
        editing=Ids.EDITING,
        save=button("Save", id=Ids.SAVE, primary=True),
        close=Ids.CLOSE,
        label=f"Edit: {view.sentence}",
    )


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children", allow_duplicate=True),
    Input(Ids.SAVE, "n_clicks"),
    Input(Ids.CLOSE, "n_clicks"),
    State(Ids.EDITING, "data"),
    State(Ids.NEW_HOUR, "value"),
    State(Ids.NEW_DAY, "value"),
    State(Ids.NEW_WEEKS, "value"),
    State(Ids.NEW_TO, "value"),
    prevent_initial_call=True,
)
def save(
    saves: int | None, closes: int | None, editing: Any, hour: Any, day: Any, weeks: Any, to: Any
) -> tuple[Any, Any, Any]:
    """Keep what was edited, or leave it as it was."""
    if not saves and not closes:
        return no_update, no_update, no_update
    if ctx.triggered_id == Ids.CLOSE:
        return no_update, None, None
    view = schedules.get_schedule(db(writes=True), actor(), identifier(editing))
    named = [identifier(each) for each in to] if isinstance(to, list) and view.kind.reports else None
    schedules.edit_schedule(db(), actor(), view.id, hour=hour, day=day, weeks=weeks, recipients=named)
    return _table(may_act=True), alert("Saved; it acts next at its new time.", tone="up"), None
