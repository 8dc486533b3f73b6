"""``python -m cgn_core.cli.prepare [--demo]``: brings the database to its newest schema and makes the demo.

A process of its own, so that ``cgn up`` itself loads neither the database nor the services while it watches the others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cgn_core.db.scope import Crossing, set_for_process
from cgn_core.errors import SetupError

if TYPE_CHECKING:
    from sqlalchemy import Engine

DEMO_PASSWORD_VARIABLE = "CGN_DEMO_PASSWORD"  # noqa: S105 - a variable's name; how cgn up hands the password over
NOBODY = "nobody"
"""Printed where no account was made yet."""


def upgrade() -> None:
    """Apply the migrations that are missing.

    Raises:
        SetupError: the database can't be reached or can't be written.
    """
    from cgn_core.db.migrate import upgrade_database
    from cgn_core.db.session import application_url

    with unreachable("The database can't be brought to its newest schema"), owner_engine() as owner:
        upgrade_database(owner, application_url=application_url())


@contextmanager
def owner_engine() -> Iterator[Engine]:
    """An engine of whoever owns the tables, for as long as the body runs."""
    from cgn_core.db.session import make_engine, owner_url

    made = make_engine(owner_url())
    try:
        yield made
    finally:
        made.dispose()


@contextmanager
def unreachable(what: str) -> Iterator[None]:
    """Turn what the database refuses while the body runs into one sentence.

    Raises:
        SetupError: ``what`` can't be done, and the database's first line that says why.
    """
    import sqlite3

    import psycopg
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise SetupError(f"{what}: {(error.strerror or str(error)).lower()}{where}.") from error
    except (SQLAlchemyError, sqlite3.Error, psycopg.Error) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SetupError(f"{what}: {cause}") from error
    except CommandError as error:
        raise SetupError(f"{what}: a newer version of this product made it ({error}); install that one.") from error


def make_demo(password: str) -> str:
    """Make the demo agency once, its creators by queued jobs; returns the e-mail address to sign in with."""
    from cgn_core.db.session import transaction
    from cgn_core.services.demo import ensure_demo

    with transaction() as session:
        return ensure_demo(session, password=password).email


def has_anybody() -> bool:
    """Whether there is an account that somebody could sign in with."""
    from sqlalchemy import select

    from cgn_core.db.models import User
    from cgn_core.db.session import reading

    with reading() as session:
        return session.scalar(select(User.id).limit(1)) is not None


def main(arguments: list[str]) -> int:
    """Prepare; prints the demo's e-mail address when one was asked for, else ``NOBODY`` where there is no account.

    Returns: 1, after a sentence, when it can't be done.
    """
    set_for_process(Crossing.EVERYTHING)
    try:
        upgrade()
        if "--demo" in arguments:
            sys.stdout.write(make_demo(os.environ[DEMO_PASSWORD_VARIABLE]) + "\n")
        elif not has_anybody():
            sys.stdout.write(f"{NOBODY}\n")
    except SetupError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
