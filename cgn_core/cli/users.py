"""``cgn user …``: accounts of the agencies of this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cgn_core.access import Role
from cgn_core.cli.output import Json, print_json, print_table, say

if TYPE_CHECKING:
    from cgn_core.services.invitations import InvitationView
    from cgn_core.services.members import Member

user = typer.Typer(name="user", help="Administer accounts.", no_args_is_help=True, add_completion=False)

Email = Annotated[str, typer.Argument(help="The user's e-mail address.")]
Agency = Annotated[str | None, typer.Option(help="The agency's name; needed where there are several.")]


@user.callback()
def _user() -> None:
    """Administer accounts."""


@user.command("create-owner")
def create_owner(
    *,
    agency: Annotated[str, typer.Option(help="The new agency's name.")],
    email: Annotated[str, typer.Option(help="What the owner signs in with.")],
    name: Annotated[str, typer.Option(help="The owner's name, as others see it.")],
    password_file: Annotated[
        typer.FileText | None, typer.Option(help="File whose first line is the password; - is standard input.")
    ] = None,
) -> None:
    """Make an agency and its owner. Asks for the password; it is never an argument, which others could see."""
    from cgn_core.db.session import transaction
    from cgn_core.services.accounts import create_agency_with_owner

    if password_file is not None:
        password = password_file.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with transaction() as session:
        account = create_agency_with_owner(session, agency=agency, email=email, name=name, password=password)
    say(f"{account.email} can sign in and owns {account.agency}.")


@user.command("list")
def list_users(*, agency: Agency = None, as_json: Json = False) -> None:
    """Everybody in an agency, and who is invited."""
    from cgn_core.db.session import reading
    from cgn_core.services import invitations, members
    from cgn_core.services.operators import operator_for

    with reading() as session:
        operator = operator_for(session, agency)
        users = members.list_members(session, operator)
        invited = invitations.list_invitations(session, operator)
    if as_json:
        print_json(
            {"users": [_as_json(each) for each in users], "invitations": [_invited_json(each) for each in invited]}
        )
        return
    rows = [
        (each.email, each.role.value, "disabled" if each.disabled else "active", ", ".join(each.workspaces))
        for each in users
    ]
    rows += [
        (each.email, each.role.value, "expired" if each.expired else "invited", ", ".join(each.workspaces))
        for each in invited
    ]
    print_table("Users", ("address", "role", "state", "let into"), rows)


def _as_json(member: Member) -> dict[str, Any]:
    return {
        "email": member.email,
        "name": member.name,
        "role": member.role.value,
        "state": "disabled" if member.disabled else "active",
        "workspaces": list(member.workspaces),
        "last_seen": member.last_seen_at.isoformat() if member.last_seen_at else None,
    }


def _invited_json(invitation: InvitationView) -> dict[str, Any]:
    return {
        "email": invitation.email,
        "role": invitation.role.value,
        "workspaces": list(invitation.workspaces),
        "expires": invitation.expires_at.isoformat(),
        "expired": invitation.expired,
    }


@user.command("invite")
def invite(
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="What they will be.")],
    workspace: Annotated[
        list[str] | None, typer.Option(help="Handle of a workspace to let them into; may be repeated.")
    ] = None,
    agency: Agency = None,
    as_json: Json = False,
) -> None:
    """Invite somebody and print the link; it is mailed, too, where a mail server and CGN_PUBLIC_URL are set."""
    from cgn_core.db.session import transaction
    from cgn_core.services import invitations, letters
    from cgn_core.services.operators import operator_for, workspace_called

    with transaction() as session:
        operator = operator_for(session, agency)
        ids = [workspace_called(session, operator, handle) for handle in workspace or ()]
        made = invitations.invite(session, operator, email, role, workspace_ids=ids)
    _print_link(
        letters.invitation_path(made.token),
        as_json=as_json,
        sentence=f"{made.email} is invited{' and gets a mail' if made.mail_job else ''}. The link works once:",
        email=made.email,
        mailed=made.mail_job is not None,
    )


@user.command("disable")
def disable(email: Email, *, as_json: Json = False) -> None:
    """Keep a user from signing in, and end their sessions and API tokens."""
    from cgn_core.services import members

    _change(email, members.disable_member, "is disabled and signed out everywhere", as_json=as_json, state="disabled")


@user.command("enable")
def enable(email: Email, *, as_json: Json = False) -> None:
    """Let a disabled user sign in again."""
    from cgn_core.services import members

    _change(email, members.enable_member, "can sign in again", as_json=as_json, state="active")


@user.command("set-role")
def set_role(
    email: Email, role: Annotated[Role, typer.Argument(help="The new role.")], *, as_json: Json = False
) -> None:
    """Give a user another role, and end their sessions and API tokens."""
    from cgn_core.services import members

    def change(session: Any, operator: Any, user_id: Any) -> str:
        return members.change_role(session, operator, user_id, role)

    _change(email, change, f"is {role.value} now", as_json=as_json, role=role.value)


@user.command("reset-password")
def reset_password(email: Email, *, as_json: Json = False) -> None:
    """Print a link with which a user sets a new password, once and within CGN_RESET_LIFETIME."""
    from cgn_core.db.session import transaction
    from cgn_core.services import letters, password_resets
    from cgn_core.services.operators import operator_of

    with transaction() as session:
        operator, user_id = operator_of(session, email)
        made = password_resets.issue_reset_link(session, operator, user_id)
    _print_link(
        letters.reset_path(made.token),
        as_json=as_json,
        sentence=f"{made.name} sets a new password with this link, once, until {made.expires_at:%H:%M} UTC:",
        expires=made.expires_at.isoformat(),
    )


@user.command("reset-second-factor")
def reset_second_factor(*, email: Annotated[str, typer.Option(help="What the user signs in with.")]) -> None:
    """Remove the second factor of a user who lost phone and recovery codes, and sign them out everywhere."""
    from cgn_core.db.session import transaction
    from cgn_core.services.second_factors import reset_by_email

    with transaction() as session:
        address = reset_by_email(session, email)
    say(f"{address} signs in with the password alone until they set up another second factor.")


def _change(email: str, service: Any, words: str, *, as_json: bool, **result: str) -> None:
    from cgn_core.db.session import transaction
    from cgn_core.services.operators import operator_of

    with transaction() as session:
        operator, user_id = operator_of(session, email)
        name = service(session, operator, user_id)
    if as_json:
        print_json({"email": email.strip().casefold(), **result})
    else:
        say(f"{name} {words}.")


def _print_link(path: str, *, as_json: bool, sentence: str, **result: Any) -> None:
    from cgn_core.services.letters import address_of
    from cgn_core.settings import settings

    if as_json:
        print_json({**result, "link": address_of(path)})
        return
    say(sentence)
    say(address_of(path))
    if not settings().public_url:
        say("Put the portal's own address before it; set CGN_PUBLIC_URL to have that done.")
