"""Rows for any table, made from what the database says of it: new tables get theirs without anybody thinking of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    func,
    select,
)
from sqlalchemy.exc import IntegrityError

SHORT_UUID = 32
"""SQLite knows no UUIDs: they are 32 hexadecimal digits there."""
CHOSEN: dict[tuple[str, str], str] = {("agencies", "time_zone"): "Europe/Berlin", ("jobs", "state"): "queued"}
"""Columns in which not every text has a meaning."""


def reflected(connection: Connection) -> MetaData:
    """Every table that there is but Alembic's own."""
    found = MetaData()
    found.reflect(connection, resolve_fks=False)
    alembic = found.tables.get("alembic_version")
    if alembic is not None:
        found.remove(alembic)
    return found


def fill(connection: Connection, *, rows: int = 2) -> None:
    """Put rows into every table that has none; each names rows of the tables that it refers to."""
    tables = reflected(connection)
    for table in tables.sorted_tables:
        if connection.scalar(select(func.count()).select_from(table)):
            continue
        _insert(connection, tables, table, 1)
        for number in range(2, rows + 1):
            with suppress(IntegrityError), connection.begin_nested():  # where each that is referred to may be so once
                _insert(connection, tables, table, number)


def _insert(connection: Connection, tables: MetaData, table: Table, number: int) -> None:
    row = {column.name: _value(connection, tables, column, number) for column in table.columns}
    connection.execute(table.insert().values(row))


def _value(connection: Connection, tables: MetaData, column: Column[Any], number: int) -> Any:
    for foreign in column.foreign_keys:
        table, name = foreign.target_fullname.split(".")
        found = sorted(connection.scalars(select(tables.tables[table].columns[name])), key=str)
        return found[(number - 1) % len(found)] if found else None
    chosen = CHOSEN.get((column.table.name, column.name))
    return chosen or next(make(column, number) for kind, make in MADE if isinstance(column.type, kind))


def _moment(kind: Any, number: int) -> datetime:
    moment = datetime(2026, 11, number, 12, 30, tzinfo=UTC)
    return moment if kind.timezone else moment.replace(tzinfo=None)


def _text(column: Column[Any], number: int) -> str:
    length = getattr(column.type, "length", None)
    return uuid4().hex if length == SHORT_UUID else f"{column.name} {number}"[:length]


MADE: tuple[tuple[type, Callable[[Column[Any], int], Any]], ...] = (
    (Uuid, lambda _, __: uuid4()),
    (Boolean, lambda _, number: number % 2 == 0),
    (DateTime, lambda column, number: _moment(column.type, number)),
    (Date, lambda _, number: date(2026, 11, number)),
    (JSON, lambda _, number: {"number": number, "words": ["ä", None, 1.5]}),
    (LargeBinary, lambda _, number: bytes([number, 0, 255])),
    (Integer, lambda _, number: number),
    (Numeric, lambda _, number: number + 0.5),
    (Float, lambda _, number: number + 0.5),
    (String, _text),
)


def contents(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, in an order of its own."""
    return {
        table.name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=str)
        for table in reflected(connection).sorted_tables
    }
