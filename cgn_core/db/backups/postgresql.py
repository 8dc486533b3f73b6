"""PostgreSQL: the rows of every table in COPY's text form, all from one moment; the schema comes from the migrations.

Written by ourselves and not by pg_dump, which has to be as new as the server and isn't in the image.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, text

from cgn_core.db.backups.archive import CHUNK, DamagedBackup, Reader, Writer
from cgn_core.db.migrate import ALEMBIC, tables_of


@contextlib.contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment of the database and changes nothing."""
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with reading.connect() as connection, connection.begin():
        # Fail where a policy would leave rows out, rather than leave them out.
        connection.execute(text("SET LOCAL row_security = off"))
        yield connection


def write(writer: Writer, connection: Connection) -> None:
    """Put the rows of every table into the archive, in the order of their keys."""
    for table in tables_of(connection):
        key = ", ".join(_quoted(connection, column.name) for column in table.primary_key.columns)
        query = f"SELECT {_columns(connection, [*table.columns.keys()])} FROM {_quoted(connection, table.name)}"  # noqa: S608 - names of our schema, quoted
        ordered = f"{query} ORDER BY {key}" if key else query
        with writer.part(part_of(table.name)) as part, _cursor(connection).copy(f"COPY ({ordered}) TO STDOUT") as rows:
            for chunk in rows:
                part.write(chunk)


def part_of(table: str) -> str:
    """The part that holds a table's rows."""
    return f"tables/{table}.copy"


def clear(connection: Connection) -> None:
    """Take away every table and function of ours, in the caller's transaction."""
    for table in reversed(tables_of(connection)):
        connection.execute(text(f"DROP TABLE {_quoted(connection, table.name)} CASCADE"))
    connection.execute(text(f"DROP TABLE IF EXISTS {ALEMBIC}"))
    ours = text(
        "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace "
        "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    for (signature,) in connection.execute(ours).all():
        connection.execute(text(f"DROP FUNCTION {signature} CASCADE"))


def load(reader: Reader, connection: Connection) -> None:
    """Fill the tables, which are empty and of the backup's schema, in the caller's transaction.

    Raises:
        DamagedBackup: a table has other rows than the manifest says.
    """
    connection.execute(text("SET LOCAL row_security = off"))
    for table, wanted in reader.manifest.tables.items():
        columns = _columns(connection, reader.manifest.columns[table])
        statement = f"COPY {_quoted(connection, table)} ({columns}) FROM STDIN"
        with reader.part(part_of(table)) as part, _cursor(connection).copy(statement) as rows:
            while chunk := part.read(CHUNK):
                rows.write(chunk)
        found = connection.scalar(text(f"SELECT count(*) FROM {_quoted(connection, table)}"))  # noqa: S608 - as above
        if found != wanted:
            raise DamagedBackup(f"{reader.file} is damaged: {table} has {found} rows instead of {wanted}.")


def _cursor(connection: Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.cursor()


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _columns(connection: Connection, names: list[str]) -> str:
    return ", ".join(_quoted(connection, name) for name in names)
