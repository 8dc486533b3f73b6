"""Administration of the database from the command line: ``cgn db …``."""

from __future__ import annotations

from typing import Annotated

import typer

from cgn_core.cli.data_directory import DataDirectory
from cgn_core.cli.output import Json, print_json, say
from cgn_core.cli.prepare import upgrade
from cgn_core.cli.verify_audit import verify_audit
from cgn_core.errors import InvalidInput

db = typer.Typer(name="db", help="The database.", no_args_is_help=True, add_completion=False)


@db.callback()
def _db() -> None:
    """The database."""


db.command("verify-audit")(verify_audit)


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database (CGN_DATABASE_URL, else the one in the data directory) to its newest schema."""
    from cgn_core.settings import settings

    if not settings().database_url:
        settings().data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not settings().secret_key:
            DataDirectory(settings().data_dir).kept_secret("secret-key")  # the audit log's first lines are sealed too
    upgrade()


@db.command("status")
def db_status(*, as_json: Json = False) -> None:
    """Say which schema the database has and which this version wants; exit 1 where they differ."""
    from cgn_core.cli.prepare import unreachable
    from cgn_core.db.migrate import revision_of, revisions
    from cgn_core.db.session import engine

    with unreachable("The database can't be read"), engine().connect() as connection:
        found, wanted = revision_of(connection), revisions()[-1]
    if as_json:
        print_json({"schema": found, "newest": wanted, "current": found == wanted})
    else:
        say(f"The database has schema {found or 'none'}; this version wants {wanted}.")
    if found != wanted:
        raise typer.Exit(1)


@db.command("downgrade")
def db_downgrade(
    revision: Annotated[
        str, typer.Argument(help="The schema to go back to, as the older version's `cgn db status` says.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Go back to an older schema, so that an older version can be installed; what newer ones added is deleted."""
    from cgn_core.cli.prepare import owner_engine, unreachable
    from cgn_core.db.migrate import move_database, revision_of, revisions
    from cgn_core.db.session import engine

    with unreachable("The database can't be read"), engine().connect() as connection:
        found = revision_of(connection)
    known = revisions()
    if found not in known or revision not in known[: known.index(found)]:
        older = ", ".join(known[: known.index(found)]) if found in known else "none"
        raise InvalidInput(f"The database has schema {found or 'none'}; it can go back to: {older or 'none'}.")
    if not yes:
        typer.confirm(f"Everything that schemas after {revision} brought will be deleted. Go on?", abort=True)
    with unreachable("The database can't be brought back"), owner_engine() as owner:
        move_database(owner, revision)
    say(f"The database has schema {revision}.")
