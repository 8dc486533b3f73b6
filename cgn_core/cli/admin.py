"""Administration from the command line: ``cgn db …`` and ``cgn user …``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cgn_core.cli.prepare import upgrade
from cgn_core.cli.verify_audit import verify_audit

db = typer.Typer(name="db", help="The database.", no_args_is_help=True, add_completion=False)
user = typer.Typer(name="user", help="Accounts.", no_args_is_help=True, add_completion=False)


@db.callback()
def _db() -> None:
    """The database."""


db.command("verify-audit")(verify_audit)


@user.callback()
def _user() -> None:
    """Accounts."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database (CGN_DATABASE_URL, else the one in the data directory) to its newest schema."""
    from cgn_core.settings import settings

    if not settings().database_url:
        settings().data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade()


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
    sys.stdout.write(f"{account.email} can sign in and owns {account.agency}.\n")
