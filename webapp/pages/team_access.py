"""Access to workspaces on the Team page: restricting one, letting members in and out."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from dash import Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action
from cgn_core.services import workspace_access
from cgn_core.services.workspace_access import AccessLine, Person
from webapp.components.alerts import alert, chip
from webapp.components.attributes import aria, data
from webapp.components.cards import button, card
from webapp.components.fields import field
from webapp.components.markup import dcc, html
from webapp.components.numbers import plural
from webapp.components.presses import kept_presses, pressed, pressed_of
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

OPEN, RESTRICT, LET_IN, LET_OUT, CLOSE = (
    "team-access-open", "team-access-restrict", "team-access-let-in", "team-access-let-out", "team-access-close",
)  # fmt: skip
FILTER_FROM = 9
"""Workspaces from which on a field finds one by its name."""


class Ids(StrEnum):
    """Ids of this card."""

    LIST = "team-access-list"
    OUTCOME = "team-access-outcome"
    EDITOR = "team-access-editor"
    WORKSPACE = "team-access-workspace"
    MEMBER = "team-access-member"


def section() -> list[Component]:
    """The card, for those who decide about access."""
    if not actor().may(Action.MANAGE_ACCESS):
        return []
    lines = workspace_access.list_access(db(), actor())
    if not lines:
        return []
    find = html.Label(
        [
            html.Span("Find a workspace", className="visually-hidden"),
            dcc.Input(id="team-access-find", type="text", placeholder="Find a workspace", className="input"),
        ],
        className="filter",
        **data(filters=f"#{Ids.LIST}"),
    )
    return [
        card(
            *kept_presses(OPEN, RESTRICT, LET_IN, LET_OUT, CLOSE),
            dcc.Store(id=Ids.WORKSPACE),
            *([find] if len(lines) >= FILTER_FROM else []),
            html.Div(_table(lines), id=Ids.LIST, className="scroll-list", **aria(live="polite")),
            html.Div(id=Ids.OUTCOME, className="above-space", **aria(live="polite")),
            html.Div(id=Ids.EDITOR),
            title="Access to workspaces",
            aside="\N{MIDDLE DOT} owners see all of them",
        )
    ]


def _table(lines: list[AccessLine]) -> Component:
    shown = [
        Column("workspace", "Workspace", primary=True),
        Column("strategists", "Strategists"),
        Column("viewers", "Viewers"),
        Column("actions", "", numeric=True),
    ]
    return data_table(shown, [_row(each) for each in lines], caption="Access to workspaces")


def _row(line: AccessLine) -> dict[str, Any]:
    label = f"Edit access to {line.handle}"
    edit = button("Edit", id=OPEN, of=str(line.id), redrawn=True, small=True, label=label)
    let_in = f"{line.strategists} let in" if line.strategists else "none let in"
    return {
        "workspace": html.Span(f"@{line.handle}", className="words"),
        "strategists": html.Span([chip("restricted", tone="caution"), f" {let_in}"]) if line.restricted else "all",
        "viewers": plural(line.viewers, "viewer") if line.viewers else "none",
        "actions": edit,
        "_search": line.handle,
    }


def _editor(workspace_id: UUID) -> Component:
    access = workspace_access.get_access(db(), actor(), workspace_id)
    of = str(access.id)
    words = "Open it to every strategist" if access.restricted else "Restrict it to those let in"
    rule = (
        "Restricted: owners and those let in see it."
        if access.restricted
        else "Open: owners and every strategist see it, and the viewers let in."
    )
    others: list[Any] = [{"value": str(each.id), "label": f"{each.name}, {each.role.value}"} for each in access.others]
    letting_in: list[Component] = []
    if others:
        letting_in = [
            html.Div(
                [
                    field("Let in", dcc.Dropdown(id=Ids.MEMBER, options=others, placeholder="choose a member")),
                    button("Let in", id=LET_IN, of=of, redrawn=True),
                ],
                className="handed-link",
            )
        ]
    people = (
        html.Ul([_person(each) for each in access.let_in], className="plain-list people")
        if access.let_in
        else html.P("Nobody was let in.", className="muted")
    )
    return html.Div(
        [
            html.Strong(f"Access to @{access.handle}", className="words"),
            html.Div([html.Span(rule), button(words, id=RESTRICT, of=of, redrawn=True)], className="row-gap"),
            people,
            *letting_in,
            html.Div(button("Close", id=CLOSE, of=of, redrawn=True, quiet=True), className="actions"),
        ],
        className="stack above-space editor",
        role="group",
        tabIndex="-1",
        **aria(label=f"Access to {access.handle}"),
    )


def _person(person: Person) -> Component:
    label = f"Let {person.name} out"
    out = button("Let out", id=LET_OUT, of=str(person.id), redrawn=True, small=True, label=label)
    words = html.Span([person.name, " ", html.Span(person.role.value, className="muted small")], className="words")
    return html.Li([words, out], className="person")


@callback(
    Output(Ids.EDITOR, "children"),
    Output(Ids.WORKSPACE, "data"),
    Output(Ids.OUTCOME, "children"),
    pressed(OPEN),
    prevent_initial_call=True,
)
def open_editor(press: Any) -> tuple[Any, Any, Any]:
    """Open the editor of one workspace."""
    if not press:
        return no_update, no_update, no_update
    workspace_id = identifier(pressed_of(press))
    return _editor(workspace_id), str(workspace_id), None


@callback(Output(Ids.EDITOR, "children", allow_duplicate=True), pressed(CLOSE), prevent_initial_call=True)
def close(press: Any) -> Any:
    """Leave the workspace as it is."""
    return None if press else no_update


CHANGED = (
    Output(Ids.LIST, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children", allow_duplicate=True),
)


def _changed(workspace_id: UUID, sentence: str) -> tuple[Any, Any, Any]:
    table = _table(workspace_access.list_access(db(), actor()))
    return table, alert(sentence, tone="up"), _editor(workspace_id)


@callback(*CHANGED, pressed(RESTRICT), prevent_initial_call=True)
def restrict(press: Any) -> tuple[Any, Any, Any]:
    """Restrict a workspace, or open it; the same button undoes it."""
    if not press:
        return no_update, no_update, no_update
    wanted = identifier(pressed_of(press))
    restricted = not workspace_access.get_access(db(writes=True), actor(), wanted).restricted
    handle = workspace_access.set_restricted(db(writes=True), actor(), wanted, restricted=restricted)
    now = "is restricted to those let in" if restricted else "is open to every strategist"
    return _changed(wanted, f"@{handle} {now}.")


@callback(*CHANGED, pressed(LET_IN), State(Ids.MEMBER, "value"), prevent_initial_call=True)
def let_in(press: Any, member: Any) -> tuple[Any, Any, Any]:
    """Let a member in."""
    if not press:
        return no_update, no_update, no_update
    if not member:
        return no_update, alert("Choose whom to let in.", tone="caution"), no_update
    wanted = identifier(pressed_of(press))
    name = workspace_access.grant_access(db(writes=True), actor(), wanted, identifier(member))
    return _changed(wanted, f"{name} is let in.")


@callback(*CHANGED, pressed(LET_OUT), State(Ids.WORKSPACE, "data"), prevent_initial_call=True)
def let_out(press: Any, workspace_id: Any) -> tuple[Any, Any, Any]:
    """Let a member out; letting them in again undoes it."""
    if not press:
        return no_update, no_update, no_update
    wanted = identifier(workspace_id)
    name = workspace_access.revoke_access(db(writes=True), actor(), wanted, identifier(pressed_of(press)))
    return _changed(wanted, f"{name} is let out; the next thing they open tells them so. Let them in again to undo it.")
