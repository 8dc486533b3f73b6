"""Databases that one test has for itself, without any table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from cgn_core.db.session import make_engine


@pytest.fixture
def own_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """``own_database("postgresql")``: the address of a new database, as its owner, which goes with the test."""
    made: list[str] = []

    def make(kind: str) -> str:
        name = f"own_{uuid4().hex[:12]}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.db"
        _administer(request.getfixturevalue("postgres_urls").owner, f"CREATE DATABASE {name}")
        made.append(name)
        own = make_url(request.getfixturevalue("postgres_urls").owner).set(database=name)
        return own.render_as_string(hide_password=False)

    yield make
    for name in made:
        _administer(request.getfixturevalue("postgres_urls").owner, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: str, statement: str) -> None:
    engine = make_engine(server)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
