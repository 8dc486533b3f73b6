"""Reads and imports in a process of its own that dies where it is told to, as a web server that is killed does."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from cgn_core.db.scope import Crossing, set_for_process
from cgn_core.db.session import transaction
from cgn_core.services import imports
from cgn_core.settings import settings

NEVER = 10**9


def read(actor: Any, workspace_id: Any, data: bytes) -> None:
    """Read a file and store what was read."""
    with transaction() as session:
        imports.read_uploads(session, actor, workspace_id=workspace_id, files=[("newer.csv", data)])


def take_in(actor: Any, upload_id: Any, key: str) -> None:
    """Import what was read."""
    with transaction() as session:
        imports.import_upload(session, actor, upload_id, key=key)


def run(url: str, work: Callable[..., None], *arguments: Any, at: int = NEVER, seconds: float | None = None) -> int:
    """Do ``work`` in a fresh process that is killed before its statement or commit number ``at``, or after a while.

    Returns:
        The exit code: 0 when it got through, -9 when it was killed.
    """
    context = multiprocessing.get_context("forkserver")
    # Imported once; every child is a fork of that.
    context.set_forkserver_preload(["cgn_core.services.imports", "sqlalchemy.dialects.sqlite", "psycopg"])
    child = context.Process(target=_live, args=(url, at, work, arguments))
    child.start()
    if seconds is not None:
        child.join(seconds)
        child.kill()
    child.join(60)
    assert child.exitcode is not None, "the import hangs"
    return child.exitcode


def _live(url: str, at: int, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.environ["CGN_DATABASE_URL"] = url
    settings.cache_clear()
    set_for_process(Crossing.EVERYTHING)  # as the tests' own process is; whose request it is isn't what dies here
    steps = itertools.count()

    def step(*_: Any) -> None:
        if next(steps) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    work(*arguments)
