"""The world of the isolation matrix, made once for each database, and browsers for everybody in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Engine, event

from .matrix import Matrix
from .people import Person
from .snapshots import Snapshot, Writes
from .world import World, make_world

_made: dict[str, tuple[World, Snapshot]] = {}
"""By database: to make it takes seconds, to put it back takes none."""


@pytest.fixture
def matrix(
    database_url: str, change_settings: Callable[..., None], record_property: Callable[..., None]
) -> Iterator[Matrix]:
    """The database with everybody and everything in it; what the cells changed is undone."""
    change_settings(smtp_host="mail.example", mail_from="portal@agency.example")  # so that mails may be asked for
    backend = database_url.split(":", 1)[0]
    if backend in _made:
        world, snapshot = _made[backend]
        snapshot.move_to(database_url)
        snapshot.restore()
    else:
        world, snapshot = _made[backend] = make_world(), Snapshot(database_url)
    writes = Writes()
    event.listen(Engine, "before_cursor_execute", writes.note)
    running = Matrix(world, snapshot, writes)
    yield running
    event.remove(Engine, "before_cursor_execute", writes.note)
    record_property("isolation cells", running.cells)


@pytest.fixture
def browser_of(matrix: Matrix, browser: Callable[..., Any]) -> Callable[[Person], Any]:
    """A browser in which this person is signed in."""

    def open_browser(person: Person) -> Any:
        opened = browser(None)
        if person is not Person.NOBODY:
            opened.hold(matrix.world.tokens[person])
        opened.api_token = matrix.world.api_tokens.get(person, "")
        opened.csrf_token = cache(opened.csrf_token)  # one form's worth for all that it sends
        return opened

    return open_browser
