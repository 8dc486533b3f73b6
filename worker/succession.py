"""A worker that was killed is followed by another at once: forked from a process that has imported everything already.

Importing takes two or three seconds of a core, a fork none; and this process can be at no job that could kill it.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from billiard.util import set_pdeathsig

from worker.lifecycle import is_stopping

SHORTEST_LIFE = 2.0
"""Seconds between two forks at least, so that one that is always killed as it starts doesn't keep a core busy."""

logger = logging.getLogger(__name__)


class Succession:
    """One worker after the other, each a child of this process."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._child = 0
        self._told_to_stop = False

    def last(self) -> int:
        """Let them work until one ends by itself or this process is told to stop; the exit code of the last."""
        for wanted in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(wanted, self._hand_on)
        while True:
            began = time.monotonic()
            code = self._live()
            if code >= 0 or self._told_to_stop or is_stopping():
                return max(code, 0)
            logger.warning("worker %d was ended by %s; another begins", self._child, signal.Signals(-code).name)
            time.sleep(max(0.0, SHORTEST_LIFE - (time.monotonic() - began)))

    def _live(self) -> int:
        """Fork one and wait for its end: its exit code, minus the signal that ended it."""
        wanted = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
        # Held back until the child is known: a signal in between would reach nobody.
        signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
        parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            for one in wanted:
                signal.signal(one, signal.default_int_handler if one == signal.SIGINT else signal.SIG_DFL)
            with suppress(NotImplementedError, OSError):  # where the kernel has no such thing
                set_pdeathsig(signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)
            if os.getppid() != parent:
                os._exit(1)
            self._begin()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)
        _, status = os.waitpid(self._child, 0)
        return os.waitstatus_to_exitcode(status)

    def _begin(self) -> None:
        """Work, and never return into what the parent does."""
        code = 1
        try:
            self._work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            logging.shutdown()
            os._exit(code)

    def _hand_on(self, _number: int, _frame: FrameType | None) -> None:
        """Ask the worker to end; a second time to Celery means the same as the first."""
        self._told_to_stop = True
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM)
