"""Invitations on the Team page: asking somebody in, handing out another link, taking it back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from dash import Input, Output, State, callback, no_update
from dash.development.base_component import Component

from cgn_core.access import Action, Role
from cgn_core.errors import InvalidInput
from cgn_core.services import invitations, navigation
from cgn_core.services.invitations import InvitationView, Invited
from cgn_core.services.mail_server import can_mail_links
from webapp import clock, routes
from webapp.addresses import whole
from webapp.components.alerts import alert, chip
from webapp.components.attributes import aria
from webapp.components.cards import button, card
from webapp.components.fields import choice, field
from webapp.components.links import handed_link
from webapp.components.markup import dcc, html
from webapp.components.numbers import moment
from webapp.components.presses import kept_presses, pressed, pressed_of
from webapp.components.tables import Column, data_table
from webapp.request_scope import actor, db, identifier

RENEW, REVOKE, RESTORE = "team-invitations-renew", "team-invitations-revoke", "team-invitations-restore"
ROLES = (
    (Role.VIEWER.value, "Viewer, such as a client"),
    (Role.STRATEGIST.value, "Strategist"),
    (Role.OWNER.value, "Owner"),
)


class Ids(StrEnum):
    """Ids of this card."""

    LIST = "team-invitations-list"
    OUTCOME = "team-invitations-outcome"
    EMAIL = "team-invitations-email"
    ROLE = "team-invitations-role"
    WORKSPACES = "team-invitations-workspaces"
    INVITE = "team-invitations-invite"
    ADDRESS = "team-invitations-address"


def section() -> list[Component]:
    """The card, for those who may invite."""
    if not actor().may(Action.INVITE):
        return []
    return [
        card(
            *kept_presses(RENEW, REVOKE, RESTORE),
            html.Div(_table(), id=Ids.LIST, **aria(live="polite")),
            html.Div(id=Ids.OUTCOME, className="above-space", **aria(live="polite")),
            _form(),
            title="Invitations",
        )
    ]


def _table() -> Component:
    listed = invitations.list_invitations(db(), actor())
    if not listed:
        return html.P("Nobody is invited at the moment.", className="muted")
    shown = [
        Column("email", "Address", primary=True),
        Column("role", "Role"),
        Column("sees", "Let into"),
        Column("ends", "Works until"),
        Column("actions", "", numeric=True),
    ]
    return data_table(shown, [_row(each) for each in listed], caption="Invitations")


def _row(view: InvitationView) -> dict[str, Any]:
    ends = f"{moment(view.expires_at)} UTC"
    acts = [
        button(words, id=name, of=str(view.id), redrawn=True, small=True, label=f"{words}: {view.email}")
        for words, name in (("New link", RENEW), ("Take back", REVOKE))
    ]
    return {
        "email": html.Span(view.email, className="words"),
        "role": view.role.value,
        "sees": html.Span(", ".join(f"@{handle}" for handle in view.workspaces) or "–", className="words"),
        "ends": chip("expired", tone="caution") if view.expired else html.Span(ends, className="nowrap"),
        "actions": html.Div(acts, className="actions one-line"),
    }


def _form() -> Component:
    handles: list[Any] = [
        {"value": str(identity), "label": f"@{handle}"}
        for identity, handle in navigation.workspace_names(db(), actor())
    ]
    email = dcc.Input(
        id=Ids.EMAIL, type="email", className="input", maxLength=200, placeholder="name@example.com", autoComplete="off"
    )
    workspaces = dcc.Dropdown(id=Ids.WORKSPACES, options=handles, multi=True, placeholder="choose workspaces")
    how = (
        "They get a mail with a link; you see one to copy, too."
        if can_mail_links()
        else "This portal mails no links: you see one to copy and hand over."
    )
    return html.Div(
        [
            html.Strong("Invite somebody"),
            choice("Role", ROLES, id=Ids.ROLE, value=Role.VIEWER.value),
            html.Div(
                [
                    field("E-mail address", email),
                    field("Workspaces", workspaces, "what a viewer sees; of a strategist, the restricted ones"),
                ],
                className="columns",
            ),
            html.Div([button("Invite", id=Ids.INVITE, primary=True), html.Span(how, className="muted small")],
                     className="actions"),
        ],
        className="stack above-space d-print-none",
        role="group",
        **aria(label="Invite somebody"),
    )  # fmt: skip


@callback(
    Output(Ids.LIST, "children"),
    Output(Ids.OUTCOME, "children"),
    Output(Ids.EMAIL, "value"),
    Output(Ids.WORKSPACES, "value"),
    Input(Ids.INVITE, "n_clicks"),
    State(Ids.EMAIL, "value"),
    State(Ids.ROLE, "value"),
    State(Ids.WORKSPACES, "value"),
    running=[(Output(Ids.INVITE, "disabled"), True, False)],
    prevent_initial_call=True,
)
def invite(clicks: int | None, email: Any, role: Any, workspaces: Any) -> tuple[Any, Any, Any, Any]:
    """Ask somebody in, and show the link."""
    if not clicks:
        return no_update, no_update, no_update, no_update
    if role not in tuple(Role):
        raise InvalidInput("Choose a role.")
    wanted = [identifier(each) for each in workspaces] if isinstance(workspaces, list) else []
    made = invitations.invite(db(writes=True), actor(), str(email or ""), Role(role), workspace_ids=wanted)
    return _table(), _handed(made), "", []


@callback(
    Output(Ids.LIST, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    pressed(RENEW),
    prevent_initial_call=True,
)
def renew(press: Any) -> tuple[Any, Any]:
    """Hand out another link."""
    if not press:
        return no_update, no_update
    made = invitations.resend_invitation(db(writes=True), actor(), identifier(pressed_of(press)))
    return _table(), _handed(made)


@callback(
    Output(Ids.LIST, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    pressed(REVOKE),
    prevent_initial_call=True,
)
def revoke(press: Any) -> tuple[Any, Any]:
    """Take an invitation back."""
    if not press:
        return no_update, no_update
    wanted = identifier(pressed_of(press))
    email = invitations.revoke_invitation(db(writes=True), actor(), wanted)
    undo = button("Undo", id=RESTORE, of=str(wanted), redrawn=True, glyph="undo")
    return _table(), alert(f"The invitation of {email} is taken back; its links don't work any more.", action=undo)


@callback(
    Output(Ids.LIST, "children", allow_duplicate=True),
    Output(Ids.OUTCOME, "children", allow_duplicate=True),
    pressed(RESTORE),
    prevent_initial_call=True,
)
def restore(press: Any) -> tuple[Any, Any]:
    """Undo that."""
    if not press:
        return no_update, no_update
    email = invitations.restore_invitation(db(writes=True), actor(), identifier(pressed_of(press)))
    return _table(), alert(f"The invitation of {email} holds again, and its links work.", tone="up")


def _handed(made: Invited) -> Component:
    if made.mail_job is not None:
        clock.wake()
    mailed = "A mail is on its way; Jobs says when it was sent. " if made.mail_job is not None else ""
    hint = f"{mailed}Whoever has the link makes the account, so hand it to {made.email} only. It isn't shown again."
    return html.Div(
        [
            alert(f"{made.email} is invited.", tone="up"),
            handed_link("Invitation", whole(routes.invitation(made.token)), id=Ids.ADDRESS, hint=hint),
        ],
        className="stack",
    )
