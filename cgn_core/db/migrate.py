"""Brings a database to a schema, the newest or another; safe to run from several processes at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, Table, text
from sqlalchemy.exc import IntegrityError

from cgn_core.db.row_security import let_in, release_rows, secure_rows

MIGRATIONS = Path(__file__).parent / "migrations"
POSTGRESQL_LOCK = 0x63676E  # one upgrade at a time; any constant of our own does
ALEMBIC = "alembic_version"
NEWEST = "head"
NOTHING = "base"


def alembic_config() -> Config:
    """Alembic's configuration, made in code so that an installed package needs no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade_database(engine: Engine, *, application_url: str = "") -> None:
    """Apply every migration that is missing, in one transaction: all of them, or none.

    Args:
        engine: of whoever owns the tables, or will.
        application_url: on PostgreSQL, names the role that is let in; "" where the owner itself is the application.

    Raises:
        SetupError: that role would see the rows of all agencies at once.
    """
    move_database(engine, NEWEST, application_url=application_url)


def move_database(engine: Engine, revision: str, *, application_url: str = "") -> None:
    """Apply or take back migrations until the database has this revision, in one transaction: all of them, or none.

    Args:
        engine: of the database.
        revision: one of ``revisions()``, ``head`` or ``base``; what a later one added is lost on the way back.
        application_url: see :func:`upgrade_database`.
    """
    with _without_cascades(engine) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRESQL_LOCK})
        move(connection, revision, application_url=application_url)
        if connection.dialect.name == "sqlite":
            broken = connection.execute(text("PRAGMA foreign_key_check")).first()
            if broken is not None:
                raise IntegrityError(
                    f"a row of {broken[0]} refers to a row of {broken[2]} that is gone", None, Exception()
                )


def move(connection: Connection, revision: str, *, application_url: str = "") -> None:
    """The same within the caller's transaction, on PostgreSQL or on a SQLite connection that enforces no references."""
    config = alembic_config()
    config.attributes["connection"] = connection
    now = revision_of(connection)
    ahead = revision == NEWEST or (revision != NOTHING and (now is None or _place(revision) > _place(now)))
    has_walls = connection.dialect.name == "postgresql"
    if has_walls and now != (revisions()[-1] if revision == NEWEST else revision):
        release_rows(connection)  # a rule would stand in the way of a migration of what it names
    (command.upgrade if ahead else command.downgrade)(config, revision)
    if has_walls and revision_of(connection) == revisions()[-1]:
        secure_rows(connection)
        if application_url:
            let_in(connection, application_url)


@contextmanager
def _without_cascades(engine: Engine) -> Iterator[Connection]:
    """A connection on which SQLite may make a table anew: dropping the old one would delete all that refers to it.

    The switch does nothing inside a transaction, so it is thrown before one begins.
    """
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if connection.dialect.name != "sqlite" or driver is None:
            yield connection
            return
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def revisions() -> list[str]:
    """Every revision, the oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def revision_of(connection: Connection) -> str | None:
    """The revision that a database has; None for one without tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def tables_of(connection: Connection) -> list[Table]:
    """The tables that there are, whatever the models say, but Alembic's own; each after those that it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != ALEMBIC]


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema."""
    with engine.connect() as connection:
        return revision_of(connection) == revisions()[-1]


def _place(revision: str) -> int:
    return revisions().index(revision)
