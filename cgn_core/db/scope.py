"""On whose behalf a transaction runs. PostgreSQL shows it that agency's rows and no others (see ``row_security``).

Whoever runs something says so before the first query: the portal's guard once it knows who asks, a worker once it holds
a job, the reconciler and the command line for their whole process. A transaction that nobody said it for sees no row.
SQLite has no such wall and ignores all of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from uuid import UUID


class Crossing(StrEnum):
    """What has to look across agencies, each with policies of its own."""

    SIGN_IN = "sign_in"
    """Somebody who isn't known yet: accounts, sessions, invitations and resets; no number of any creator."""
    QUEUE = "queue"
    """A worker that looks for the job whose turn it is: jobs, and nothing else."""
    MEASURES = "measures"
    """Whoever reads ``/metrics``: jobs, kept forecasts and their scores, which are counted and not shown."""
    EVERYTHING = "everything"
    """The reconciler and whoever administers the installation from the command line."""


Scope = UUID | Crossing | None
"""An agency's id, a crossing, or nobody."""

_of_process: list[Scope] = [None]
_said: ContextVar[Scope] = ContextVar("cgn_scope", default=None)


def current_scope() -> Scope:
    """What the next transaction of this thread may see."""
    return _said.get() or _of_process[0]


def enter(scope: Scope) -> None:
    """From now on, in this thread, until something else is entered; None leaves it to the process."""
    _said.set(scope)


@contextmanager
def acting_for(scope: Scope) -> Iterator[None]:
    """While the body runs, in this thread. A transaction that is open already keeps what it began with."""
    before = _said.get()
    _said.set(scope)
    try:
        yield
    finally:
        _said.set(before)


def set_for_process(scope: Scope) -> None:
    """What holds in this process wherever nothing else was said."""
    _of_process[0] = scope
