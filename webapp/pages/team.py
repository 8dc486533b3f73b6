"""The team: members and their roles, and below them invitations and access to workspaces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dash import Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action, Role
from cgn_core.errors import InvalidInput
from cgn_core.services import members, password_resets
from cgn_core.services.members import Member
from webapp import routes
from webapp.addresses import whole
from webapp.components.alerts import alert, chip, empty_state
from webapp.components.attributes import aria
from webapp.components.cards import avatar, button, card, link_button, page_header
from webapp.components.fields import choice
from webapp.components.links import handed_link
from webapp.components.markup import html
from webapp.components.numbers import ago, plural
from webapp.components.presses import kept_presses, pressed, pressed_of
from webapp.components.tables import Column, data_table
from webapp.pages import team_access, team_invitations
from webapp.request_scope import actor, db, identifier

PATH = routes.TEAM
TITLE = "Team"
EDIT, SAVE, LINK, SWITCH, REMOVE, RESTORE, CLOSE = (
    "team-edit", "team-save", "team-link", "team-switch", "team-remove", "team-restore", "team-close",
)  # fmt: skip
ROLES = (
    (Role.VIEWER, "Viewer: looks at the workspaces they are let into"),
    (Role.STRATEGIST, "Strategist: works on every workspace that isn't restricted"),
    (Role.OWNER, "Owner: everything, the team and the agency included"),
)
LET_OUT = "Their sessions have ended; they sign in anew."


class Ids(StrEnum):
    """Ids of this page."""

    MEMBERS = "team-members"
    OUTCOME = "team-outcome"
    EDITOR = "team-editor"
    ROLE = "team-role"
    ADDRESS = "team-address"


def layout() -> list[Component]:
    """The page."""
    if not actor().may(Action.SEE_TEAM):
        sentence = "Your role doesn't see who belongs to the agency. Ask an owner of your agency what you want to know."
        back = link_button("To the portfolio", routes.PORTFOLIO, primary=True)
        return [page_header(TITLE), card(empty_state("Not for your role", sentence, back, glyph="account"))]
    listed = members.list_members(db(), actor())
    counted = ", ".join(
        plural(sum(each.role is role for each in listed), role.value)
        for role in Role
        if any(each.role is role for each in listed)
    )
    return [
        page_header(TITLE, f"{counted}.", *_ways()),
        card(
            *kept_presses(EDIT, SAVE, LINK, SWITCH, REMOVE, RESTORE, CLOSE),
            html.Div(_table(listed), id=Ids.MEMBERS, **aria(live="polite")),
            html.Div(id=Ids.OUTCOME, className="above-space", **aria(live="polite")),
            html.Div(id=Ids.EDITOR),
            title="Members",
        ),
        *team_invitations.section(),
        *team_access.section(),
    ]


def _ways() -> list[Component]:
    ways: list[Component] = []
    if actor().may(Action.REQUIRE_SECOND_FACTOR):
        # A page of the server's own, not one of Dash's.
        ways.append(html.A("Second factors", href=routes.SECOND_FACTOR, className="button button-plain"))
    if actor().may(Action.MANAGE_TOKENS):
        ways.append(html.A("API tokens", href=routes.TOKENS, className="button button-plain"))
    if actor().may(Action.READ_AUDIT):
        ways.append(link_button("Audit log", routes.AUDIT))
    if actor().may(Action.EDIT_AGENCY):
        ways.append(link_button("Agency settings", routes.AGENCY))
    return ways


def _table(listed: list[Member]) -> Component:
    may_manage = actor().may(Action.MANAGE_TEAM)
    shown = [
        Column("who", "Member", primary=True),
        Column("role", "Role"),
        Column("sees", "Sees"),
        Column("seen", "Last here"),
        *([Column("actions", "", numeric=True)] if may_manage else []),
    ]
    return data_table(shown, [_row(each, may_manage=may_manage) for each in listed], caption="Members")


def _row(member: Member, *, may_manage: bool) -> dict[str, Any]:
    marks = [chip("you", tone="accent")] if member.is_self else []
    if member.disabled:
        marks.append(chip("disabled", tone="caution", title="Can't sign in until an owner enables them again"))
    words = html.Div(
        [html.Div([member.name, *[piece for mark in marks for piece in (" ", mark)]]),
         html.Div(member.email, className="muted small words")],
        className="words",
    )  # fmt: skip
    edit = button("Edit", id=EDIT, of=str(member.id), redrawn=True, small=True, label=f"Edit {member.name}")
    return {
        "who": html.Div([avatar(member.name), words], className="creator"),
        "role": member.role.value,
        "sees": _sees(member),
        "seen": ago(member.last_seen_at, now=datetime.now(UTC)) if member.last_seen_at else "never",
        "actions": edit if may_manage and not member.is_self else None,
    }


def _sees(member: Member) -> Any:
    handles = ", ".join(f"@{handle}" for handle in member.workspaces)
    if member.role is Role.OWNER:
        return "everything"
    if member.role is Role.STRATEGIST:
        return html.Span(f"all that isn't restricted, {handles}" if handles else "all that isn't restricted")
    return html.Span(handles, className="words") if handles else chip("nothing yet", tone="caution")


def _editor(member: Member) -> Component:
    of = str(member.id)
    acts = [
        button("Save role", id=SAVE, of=of, redrawn=True),
        button("Link for a new password", id=LINK, of=of, redrawn=True),
        button("Enable" if member.disabled else "Disable", id=SWITCH, of=of, redrawn=True),
        button("Remove", id=REMOVE, of=of, redrawn=True, danger=True),
        button("Close", id=CLOSE, of=of, redrawn=True, quiet=True),
    ]
    radios = choice("Role", [(role.value, words) for role, words in ROLES], id=Ids.ROLE, value=member.role.value)
    hint = "A new role, disabling and removing end their sessions and API tokens at once."
    return html.Div(
        [html.Strong(f"Edit {member.name}"), radios, html.P(hint, className="muted small"),
         html.Div(acts, className="actions")],
        className="stack above-space editor",
        role="group",
        tabIndex="-1",
        **aria(label=f"Edit {member.name}"),
    )  # fmt: skip


@callback(Output(Ids.EDITOR, "children"), Output(Ids.OUTCOME, "children"), pressed(EDIT), prevent_initial_call=True)
def edit(press: Any) -> tuple[Any, Any]:
    """Open the editor of one member."""
    if not press:
        return no_update, no_update
    actor().require(Action.MANAGE_TEAM)
    wanted = members.get_member(db(), actor(), identifier(pressed_of(press)))
    return _editor(wanted), None


@callback(Output(Ids.EDITOR, "children", allow_duplicate=True), pressed(CLOSE), prevent_initial_call=True)
def close(press: Any) -> Any:
    """Leave the member as they are."""
    return None if press else no_update


CHANGED = (
    Output(Ids.MEMBERS, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    Output(Ids.EDITOR, "children", allow_duplicate=True),
)


def _changed(outcome: Component) -> tuple[Any, Any, Any]:
    return _table(members.list_members(db(), actor())), outcome, None


@callback(*CHANGED, pressed(SAVE), State(Ids.ROLE, "value"), prevent_initial_call=True)
def save(press: Any, role: Any) -> tuple[Any, Any, Any]:
    """Give a member another role."""
    if not press:
        return no_update, no_update, no_update
    if role not in tuple(Role):
        raise InvalidInput("Choose a role.")
    name = members.change_role(db(writes=True), actor(), identifier(pressed_of(press)), Role(role))
    return _changed(alert(f"{name} is {role} now. {LET_OUT}", tone="up"))


@callback(*CHANGED, pressed(SWITCH), prevent_initial_call=True)
def switch(press: Any) -> tuple[Any, Any, Any]:
    """Disable a member, or enable them again."""
    if not press:
        return no_update, no_update, no_update
    actor().require(Action.MANAGE_TEAM)
    wanted = identifier(pressed_of(press))
    if members.get_member(db(writes=True), actor(), wanted).disabled:
        name = members.enable_member(db(writes=True), actor(), wanted)
        return _changed(alert(f"{name} may sign in again.", tone="up"))
    name = members.disable_member(db(writes=True), actor(), wanted)
    return _changed(alert(f"{name} is disabled and signed out everywhere. Edit and enable them to undo that."))


@callback(*CHANGED, pressed(REMOVE), prevent_initial_call=True)
def remove(press: Any) -> tuple[Any, Any, Any]:
    """Take a member out of the agency."""
    return _done(press, members.remove_member, "is removed and signed out everywhere. What they made stays.", undo=True)


@callback(*CHANGED, pressed(RESTORE), prevent_initial_call=True)
def restore(press: Any) -> tuple[Any, Any, Any]:
    """Bring a removed member back."""
    return _done(press, members.restore_member, "is back as they were, and signs in anew.")


def _done(press: Any, service: Callable[..., str], words: str, *, undo: bool = False) -> tuple[Any, Any, Any]:
    if not press:
        return no_update, no_update, no_update
    wanted = identifier(pressed_of(press))
    name = service(db(writes=True), actor(), wanted)
    again = button("Undo", id=RESTORE, of=str(wanted), redrawn=True, glyph="undo") if undo else None
    return _changed(alert(f"{name} {words}", tone="accent" if undo else "up", action=again))


@callback(Output(Ids.OUTCOME, "children", allow_duplicate=True), pressed(LINK), prevent_initial_call=True)
def hand_link(press: Any) -> Any:
    """Show a link with which a member sets a new password."""
    if not press:
        return no_update
    link = password_resets.issue_reset_link(db(writes=True), actor(), identifier(pressed_of(press)))
    hint = f"Give it to {link.name} yourself. It works once, until {link.expires_at:%H:%M} UTC, and isn't shown again."
    return handed_link("Link for a new password", whole(routes.new_password(link.token)), id=Ids.ADDRESS, hint=hint)
