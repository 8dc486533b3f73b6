"""Connections are shared out evenly among the processes that serve.

Browsers keep theirs open, and every request comes on it: a process that took thirteen of twenty has two thirds of the
work, on one core, and the other waits for something to do. gunicorn leaves it to chance which process takes one.
"""

from __future__ import annotations

import mmap
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

PATIENCE = 0.03
"""Seconds that a connection is left to a process with fewer; then whoever sees it takes it."""
LOOK_AGAIN = 0.0005
PLACES = 256
"""More processes than this never run at once, those included that a reload replaces."""

_shared = memoryview(mmap.mmap(-1, 4 * PLACES)).cast("i")
"""By place: one more than the connections of the process there, 0 where none accepts any. Forked processes share it."""


def forget(worker: Any) -> None:
    """A process has ended; nothing is left to it from now on."""
    _shared[worker.age % PLACES] = 0


class EvenThreads(ThreadWorker):
    """gunicorn's threads, which leave a connection to another process that has fewer."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._leaves = False
        self._leaves_since: float | None = None

    def accept(self, listener: Any) -> None:
        """Take a connection, unless another process has fewer and takes it soon."""
        if self._is_for_another():
            self._leaves = True
            return
        super().accept(listener)
        self._tell()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Do what is to be done next, and tell the others how many connections there are."""
        self._leaves = False
        super().wait_for_and_dispatch_events(timeout)
        self._tell()
        if self._leaves:
            time.sleep(LOOK_AGAIN)  # the connection still waits, so the next look would be over at once
        else:
            self._leaves_since = None

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's own
        """Begin or end to take connections, and tell the others."""
        super().set_accept_enabled(enabled)
        self._tell()

    def _is_for_another(self) -> bool:
        mine = self.age % PLACES
        if not any(0 < each <= self.nr_conns for place, each in enumerate(_shared) if place != mine):
            return False
        now = time.monotonic()
        if self._leaves_since is None:
            self._leaves_since = now
        return now - self._leaves_since < PATIENCE

    def _tell(self) -> None:
        _shared[self.age % PLACES] = self.nr_conns + 1 if self._accepting else 0
