"""Notes pinned to weeks, on Growth History: writing, editing, removing and bringing back."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, ctx, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import notes, workspaces
from cgn_core.services.notes import NoteView
from cgn_core.services.workspaces import WorkspaceView
from webapp.components.alerts import alert
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.charts import graph_id
from webapp.components.editors import editor, pressed_in_row, row_buttons
from webapp.components.fields import field, text_field
from webapp.components.kept import kept
from webapp.components.markup import dcc, html
from webapp.components.numbers import short_day
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

CHART = "history-growth"
EDIT, REMOVE, UNDO = "notes-edit", "notes-remove", "notes-undo"
WEEKS_AHEAD = 8
"""Campaigns are known before their week."""


class Ids(StrEnum):
    """Ids of this card."""

    WORKSPACE = "notes-workspace"
    WEEK = "notes-week"
    TEXT = "notes-text"
    PIN = "notes-pin"
    CHANGED = "notes-changed"
    TABLE = "notes-table"
    OUTCOME = "notes-outcome"
    EDITOR = "notes-editor"
    EDITING = "notes-editing"
    NEW_TEXT = "notes-new-text"
    SAVE = "notes-save"
    CLOSE = "notes-close"


def notes_card(view: WorkspaceView) -> Component:
    """Every note, and for those who may write the form that pins one."""
    may_write = actor().may(Action.WRITE_NOTES)
    return card(
        dcc.Store(id=Ids.WORKSPACE, data=str(view.id)),
        dcc.Store(id=Ids.CHANGED),
        *([_form(view.first_date, view.card.data_last_date)] if may_write else []),
        html.Div(id=Ids.OUTCOME, className="above-space", **aria(live="polite")),
        html.Div(id=Ids.EDITOR),
        html.Div(_table(view.id), id=Ids.TABLE, className="above-space"),
        title="Notes",
        aside="\N{MIDDLE DOT} what the numbers don't say; marked in the chart",
        id="notes",
    )


@kept
def _form(first_date: date | None, last_date: date | None) -> Component:
    newest = last_date or first_date or date.min
    monday = newest - timedelta(days=newest.weekday())
    first = first_date or monday
    weeks = (monday - (first - timedelta(days=first.weekday()))).days // 7
    options: list[Any] = [
        {"value": day.isoformat(), "label": f"Week of {short_day(day)}"}
        for day in (monday + timedelta(weeks=each) for each in range(WEEKS_AHEAD, -weeks - 1, -1))
    ]
    picker = dcc.Dropdown(id=Ids.WEEK, options=options, value=monday.isoformat(), clearable=False)
    return html.Div(
        [
            field("Week", picker, "or click a week in the chart"),
            text_field("Note", id=Ids.TEXT, placeholder="Giveaway with a friend"),
            html.Div(button("Pin note", id=Ids.PIN), className="actions"),
        ],
        className="note-form d-print-none",
    )


def _table(workspace_id: UUID) -> Component:
    listed = notes.list_notes(db(), actor(), workspace_id)
    if not listed:
        return html.P("No week has a note yet.", className="muted")
    may_write = actor().may(Action.WRITE_NOTES)
    shown = [
        Column("week", "Week of", primary=True),
        Column("text", "Note"),
        Column("by", "By"),
        *([Column("actions", "", numeric=True)] if may_write else []),
    ]
    rows = [
        {
            "week": short_day(each.week_start),
            "text": html.Span(each.text, className="words"),
            "by": each.made_by,
            "actions": _actions(each) if may_write else "",
        }
        for each in listed
    ]
    return data_table(shown, rows, caption="Notes on weeks")


def _actions(view: NoteView) -> Component:
    said = f" the note on the week of {short_day(view.week_start)}"
    return row_buttons("note", view.id, ((EDIT, "Edit"), (REMOVE, "Remove")), said=said)


clientside_callback(
    ClientsideFunction("history", "pick"),
    Output(Ids.WEEK, "value"),
    Input(graph_id(CHART), "clickData"),
    State(Ids.WEEK, "options"),
    prevent_initial_call=True,
)


@callback(
    Output(Ids.TABLE, "children"),
    Output(Ids.OUTCOME, "children"),
    Output(Ids.TEXT, "value"),
    Output(Ids.CHANGED, "data"),
    Input(Ids.PIN, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.WEEK, "value"),
    State(Ids.TEXT, "value"),
    prevent_initial_call=True,
)
def pin(clicks: int | None, workspace_id: Any, week: Any, text: Any) -> tuple[Any, Any, Any, Any]:
    """Pin a note to a week."""
    if not clicks:
        return no_update, no_update, no_update, no_update
    wanted = workspaces.get_workspace(db(writes=True), actor(), identifier(workspace_id)).id
    made = notes.pin_note(db(writes=True), actor(), wanted, day=str(week or ""), text=str(text or ""))
    return _table(wanted), alert("Pinned; the chart marks it.", tone="up"), "", str(made)


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children"),
    Output(Ids.CHANGED, "data", allow_duplicate=True),
    Input({"type": EDIT, "note": ALL}, "n_clicks"),
    Input({"type": REMOVE, "note": ALL}, "n_clicks"),
    Input({"type": UNDO, "note": ALL}, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    prevent_initial_call=True,
)
def change(*presses_and_workspace: Any) -> tuple[Any, Any, Any, Any]:
    """Remove a note, bring it back, or open it for editing."""
    pressed = pressed_in_row("note")
    if pressed is None:
        return no_update, no_update, no_update, no_update
    actor().require(Action.WRITE_NOTES)
    kind, note_id = pressed[0], identifier(pressed[1])
    if kind == EDIT:
        view = notes.get_note(db(), actor(), note_id)
        actor().require(Action.WRITE_NOTES)
        return no_update, None, _editor(view), no_update
    if kind == REMOVE:
        notes.remove_note(db(writes=True), actor(), note_id)
        undo = button("Undo", id={"type": UNDO, "note": str(note_id)}, glyph="undo")
        outcome = alert("The note is removed.", action=undo)
    else:
        notes.restore_note(db(writes=True), actor(), note_id)
        outcome = alert("It is back as it was.", tone="up")
    return _table(identifier(presses_and_workspace[-1])), outcome, None, f"{kind}{note_id}"


def _editor(view: NoteView) -> Component:
    return editor(
        text_field(f"Note on the week of {short_day(view.week_start)}", id=Ids.NEW_TEXT, value=view.text),
        identity=view.id,
        editing=Ids.EDITING,
        save=button("Save", id=Ids.SAVE),
        close=Ids.CLOSE,
        label=f"Edit the note on the week of {short_day(view.week_start)}",
    )


@callback(
    Output(Ids.TABLE, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children", allow_duplicate=True),
    Output(Ids.CHANGED, "data", allow_duplicate=True),
    Input(Ids.SAVE, "n_clicks"),
    Input(Ids.CLOSE, "n_clicks"),
    State(Ids.WORKSPACE, "data"),
    State(Ids.EDITING, "data"),
    State(Ids.NEW_TEXT, "value"),
    prevent_initial_call=True,
)
def save(
    saves: int | None, closes: int | None, workspace_id: Any, editing: Any, text: Any
) -> tuple[Any, Any, Any, Any]:
    """Keep what was edited, or leave it as it was."""
    if not saves and not closes:
        return no_update, no_update, no_update, no_update
    if ctx.triggered_id == Ids.CLOSE:
        return no_update, None, None, no_update
    notes.edit_note(db(writes=True), actor(), identifier(editing), str(text or ""))
    return _table(identifier(workspace_id)), alert("Saved.", tone="up"), None, f"{editing}{saves}"
