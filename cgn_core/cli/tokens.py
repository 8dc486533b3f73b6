"""``cgn token create, list, revoke``: API tokens from the command line of whoever runs the installation."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cgn_core.cli.output import Json, print_json, print_table
from cgn_core.errors import NotFound

if TYPE_CHECKING:
    from cgn_core.services.tokens import TokenView

token = typer.Typer(name="token", help="API tokens.", no_args_is_help=True, add_completion=False)

Email = Annotated[str, typer.Option(help="Of the user whom the tokens act for.")]


@token.callback()
def _token() -> None:
    """API tokens."""


@token.command("create")
def create(
    *,
    email: Email,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    role: Annotated[str, typer.Option(help="What it may do: owner, strategist or viewer.")] = "strategist",
    workspace: Annotated[
        list[str] | None, typer.Option(help="Handle of a workspace it is limited to; may be given again.")
    ] = None,
    days: Annotated[int, typer.Option(help="After which it is over, at most 365.")] = 90,
    as_json: Json = False,
) -> None:
    """Make a token that acts for a user. It is printed once and kept nowhere."""
    from cgn_core.db.session import transaction
    from cgn_core.services import tokens
    from cgn_core.services.navigation import workspace_names

    with transaction() as session:
        actor = tokens.actor_with_email(session, email)
        known = {handle: identifier for identifier, handle in workspace_names(session, actor)}
        missing = sorted({each.removeprefix("@") for each in workspace or []} - set(known))
        if missing:
            raise NotFound(f"{email} sees no workspace called {', '.join(missing)}.")
        limit = [known[each.removeprefix("@")] for each in workspace] if workspace else None
        made = tokens.create_token(session, actor, name=name, role=role, workspace_ids=limit, days=days)
    if as_json:
        print_json({"token": made.token} | _document(made.view))
        return
    sys.stdout.write(f"{made.token}\n")
    sys.stderr.write(f"It acts for {email} as {made.view.role} until {made.view.expires_at:%Y-%m-%d}. Keep it safe.\n")


@token.command("list")
def list_(*, email: Email, as_json: Json = False) -> None:
    """Show the tokens that a user may see: their own, an owner's whole agency's."""
    from cgn_core.db.session import reading
    from cgn_core.services import tokens

    with reading() as session:
        found = tokens.list_tokens(session, tokens.actor_with_email(session, email))
    if as_json:
        print_json({"tokens": [_document(each) for each in found]})
        return
    print_table(
        "API tokens",
        ("id", "name", "begins with", "role", "made by", "until", "state"),
        [
            (str(t.id), t.name, t.prefix, str(t.role), t.made_by, f"{t.expires_at:%Y-%m-%d}", t.state)
            for t in found
        ],
    )  # fmt: skip


@token.command("revoke")
def revoke(token_id: Annotated[str, typer.Argument(help="As `cgn token list` shows it.")], *, email: Email) -> None:
    """Take a token back, for good."""
    from cgn_core.db.session import transaction
    from cgn_core.services import tokens

    with transaction() as session:
        tokens.revoke_token(session, tokens.actor_with_email(session, email), token_id)
    sys.stdout.write("The token is worth nothing any more.\n")


def _document(view: TokenView) -> dict[str, Any]:
    times = {name: value and value.isoformat() for name, value in asdict(view).items() if name.endswith("_at")}
    return asdict(view) | times | {"id": str(view.id), "role": str(view.role)}
