"""``cgn workspace …``: who is let into the workspaces of this installation."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cgn_core.cli.output import Json, print_json, print_table, say

workspace = typer.Typer(
    name="workspace", help="Administer access to workspaces.", no_args_is_help=True, add_completion=False
)

Handle = Annotated[str, typer.Argument(help="The workspace's handle.")]
Email = Annotated[str, typer.Argument(help="The member's e-mail address.")]
Agency = Annotated[str | None, typer.Option(help="The agency's name; needed where there are several.")]


@workspace.callback()
def _workspace() -> None:
    """Administer access to workspaces."""


@workspace.command("list")
def list_workspaces(*, agency: Agency = None, as_json: Json = False) -> None:
    """Every workspace of an agency, and who is let in."""
    from cgn_core.db.session import reading
    from cgn_core.services import members, workspace_access
    from cgn_core.services.operators import operator_for

    with reading() as session:
        operator = operator_for(session, agency)
        emails = {each.id: each.email for each in members.list_members(session, operator)}
        listed = [
            (each, [emails[person.id] for person in workspace_access.get_access(session, operator, each.id).let_in])
            for each in workspace_access.list_access(session, operator)
        ]
    if as_json:
        shown = [{"handle": each.handle, "restricted": each.restricted, "let_in": let_in} for each, let_in in listed]
        print_json({"workspaces": shown})
        return
    rows = [(each.handle, "restricted" if each.restricted else "open", ", ".join(let_in)) for each, let_in in listed]
    print_table("Workspaces", ("handle", "access", "let in"), rows)


@workspace.command("restrict")
def restrict(handle: Handle, *, agency: Agency = None, as_json: Json = False) -> None:
    """Keep a workspace to owners and those let in."""
    _restrict(handle, agency, restricted=True, as_json=as_json)


@workspace.command("open")
def open_to_all(handle: Handle, *, agency: Agency = None, as_json: Json = False) -> None:
    """Open a restricted workspace to every strategist again."""
    _restrict(handle, agency, restricted=False, as_json=as_json)


@workspace.command("grant")
def grant(handle: Handle, email: Email, *, as_json: Json = False) -> None:
    """Let a member into a workspace of their agency."""
    from cgn_core.services import workspace_access

    _change(handle, email, workspace_access.grant_access, "is let into", as_json=as_json, let_in=True)


@workspace.command("revoke")
def revoke(handle: Handle, email: Email, *, as_json: Json = False) -> None:
    """Let a member out of a workspace."""
    from cgn_core.services import workspace_access

    _change(handle, email, workspace_access.revoke_access, "is let out of", as_json=as_json, let_in=False)


def _restrict(handle: str, agency: str | None, *, restricted: bool, as_json: bool) -> None:
    from cgn_core.db.session import transaction
    from cgn_core.services import workspace_access
    from cgn_core.services.operators import operator_for, workspace_called

    with transaction() as session:
        operator = operator_for(session, agency)
        wanted = workspace_called(session, operator, handle)
        name = workspace_access.set_restricted(session, operator, wanted, restricted=restricted)
    if as_json:
        print_json({"handle": name, "restricted": restricted})
    else:
        say(f"{name} is {'restricted to owners and those let in' if restricted else 'open to every strategist'}.")


def _change(handle: str, email: str, service: Any, words: str, *, as_json: bool, let_in: bool) -> None:
    from cgn_core.db.session import transaction
    from cgn_core.services.operators import operator_of, workspace_called

    with transaction() as session:
        operator, user_id = operator_of(session, email)
        name = service(session, operator, workspace_called(session, operator, handle), user_id)
    if as_json:
        print_json({"handle": handle.strip().removeprefix("@"), "email": email.strip().casefold(), "let_in": let_in})
    else:
        say(f"{name} {words} {handle.strip().removeprefix('@')}.")
