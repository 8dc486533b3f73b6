"""Watches what the running job takes of time and memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from cgn_core.jobs.limits import ended_sentence, hard_limit, memory_sentence
from cgn_core.settings import settings

PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1024 * 1024
OWN_MEMORY = Path("/proc/self/statm")


def memory_in_use() -> float:
    """Megabytes of real memory that this process holds; 0 where the system doesn't say."""
    try:
        return int(OWN_MEMORY.read_text("ascii").split()[1]) * PAGE / MEGABYTE
    except OSError:
        return 0.0


def overrun_of(queue: str) -> Callable[[], str | None]:
    """What to ask while a job of this queue runs: None, or in a sentence why it has to end now with its process."""
    give_up = time.monotonic() + hard_limit(queue)

    def overrun() -> str | None:
        if time.monotonic() >= give_up:
            return ended_sentence(queue)
        return memory_sentence() if memory_in_use() > settings().job_memory_limit else None

    return overrun
