"""Every migration goes forward and back on both databases with rows in every table, and no row of another is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from any_rows import contents, fill
from sqlalchemy import Connection, Engine, text

from cgn_core.db.migrate import move_database, revisions
from cgn_core.db.models import Model
from cgn_core.db.session import make_engine

Contents = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, own_database: Callable[[str], str]) -> Iterator[Engine]:
    """A database without any table."""
    engine = make_engine(own_database(request.param))
    yield engine
    engine.dispose()


def schema(connection: Connection) -> set[tuple[str, str]]:
    """The tables, indexes, triggers and constraints that there are, by kind and name."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))
    else:
        rows = connection.execute(
            text(
                "WITH ours AS (SELECT 'public'::regnamespace AS space) "
                "SELECT relkind::text, relname::text FROM pg_class, ours WHERE relnamespace = space "
                "UNION SELECT 'trigger', tgname::text FROM pg_trigger WHERE NOT tgisinternal "
                "UNION SELECT 'constraint', conname::text FROM pg_constraint, ours WHERE connamespace = space "
                "UNION SELECT 'function', proname::text FROM pg_proc, ours WHERE pronamespace = space "
                "UNION SELECT 'policy', polname::text FROM pg_policy"
            )
        )
    return {(kind, name) for kind, name in rows}


def in_both(before: Contents, after: Contents) -> tuple[Contents, Contents]:
    """What both say of the tables and columns that both have."""
    shared = before.keys() & after.keys()

    def kept(one: Contents, other: Contents) -> Contents:
        return {
            name: sorted(
                ({column: value for column, value in row.items() if not other[name] or column in other[name][0]}
                 for row in one[name]),
                key=str,
            )
            for name in sorted(shared)
        }  # fmt: skip

    return kept(before, after), kept(after, before)


def move(engine: Engine, revision: str, before: Contents) -> tuple[Contents, set[tuple[str, str]]]:
    """Go there, see that what was in the tables that stay is still in them; what there is now, and the schema."""
    move_database(engine, revision)
    with engine.begin() as connection:
        after, found = contents(connection), schema(connection)
    was, now = in_both(before, after)
    assert now == was, f"on the way to {revision}"
    return after, found


def filled(engine: Engine) -> Contents:
    """What there is, once every table has rows."""
    with engine.begin() as connection:
        fill(connection)
        found = contents(connection)
    assert all(found.values())
    return found


def test_every_migration_goes_forward_and_back_with_rows_in_every_table(empty: Engine) -> None:
    way = revisions()
    assert len(way) >= 13
    seen: dict[str, set[tuple[str, str]]] = {}
    there: Contents = {}
    for revision in way:
        there, seen[revision] = move(empty, revision, there)
        if revision == way[0]:
            there = filled(empty)
    there = filled(empty)
    for revision in reversed(way[:-1]):
        there, found = move(empty, revision, there)
        assert found == seen[revision], f"back to {revision}"
        assert all(there.values())
    for revision in way[1:]:
        there, found = move(empty, revision, there)
        assert found == seen[revision], f"forward to {revision} again"
        if not all(there.values()):
            there = filled(empty)
    with empty.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Model.metadata) == []

    there, found = move(empty, "base", there)
    assert there == {}
    kinds = {"r", "table", "trigger", "function", "policy"}
    assert {name for kind, name in found if kind in kinds} == {"alembic_version"}
