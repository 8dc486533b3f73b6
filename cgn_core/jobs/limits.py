"""How long a job may take and how much memory: each queue's limits, and the sentences that say so."""

from __future__ import annotations

from cgn_core.jobs.kinds import JobQueue
from cgn_core.settings import settings

REMEDY = "Try again with a shorter history or fewer creators."


def soft_limit(queue: str) -> float:
    """Seconds after which a job of this queue is asked to stop."""
    return settings().job_soft_time_limit_light if queue == JobQueue.LIGHT else settings().job_soft_time_limit


def hard_limit(queue: str) -> float:
    """Seconds after which a job of this queue is ended with its process."""
    return soft_limit(queue) + settings().job_hard_limit_after


def stopped_sentence(queue: str) -> str:
    """What to tell about a job that took too long and stopped when it was asked to."""
    return f"This took longer than {_long(soft_limit(queue))} and was stopped. {REMEDY}"


def ended_sentence(queue: str) -> str:
    """What to tell about a job that took too long and didn't stop when it was asked to."""
    return f"This took longer than {_long(hard_limit(queue))} and was ended. {REMEDY}"


def memory_sentence() -> str:
    """What to tell about a job that wanted too much memory."""
    return f"This needed more memory than the {settings().job_memory_limit} MB that a job may have. {REMEDY}"


def _long(seconds: float) -> str:
    count, unit = (round(seconds / 60), "minute") if seconds >= 60 else (round(seconds), "second")  # noqa: PLR2004 - a minute
    return f"{count} {unit}{'' if count == 1 else 's'}"
