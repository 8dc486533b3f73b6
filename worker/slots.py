"""One process is kept for light jobs: a worker of both queues hears of trainings only while one of theirs is free."""

from __future__ import annotations

from celery.worker import state
from kombu.utils.scheduling import round_robin_cycle

from cgn_core.jobs.kinds import JobQueue
from worker.lifecycle import is_stopping

ORDER = "worker.slots:WhileFree"
"""How kombu's transport option ``queue_order_strategy`` names the class below."""
KEPT_FOR_LIGHT = 1

_training_slots: int | None = None


def processes_for(queues: list[str], concurrency: int) -> int:
    """How many processes a worker of these queues has: one more than asked for where trainings could take them all."""
    return concurrency + (KEPT_FOR_LIGHT if set(queues) == set(JobQueue) else 0)


def limit_trainings(concurrency: int) -> None:
    """Let this worker run so many trainings at once, whatever else it has processes for."""
    global _training_slots  # noqa: PLW0603 - the transport makes the class below itself, so it can't be told
    _training_slots = concurrency


class WhileFree(round_robin_cycle):
    """The queues that Redis is asked about, in turn; without the trainings while as many run as may.

    So their messages stay in Redis, where another worker finds them, and a light job's message is the next that this
    worker hears of. A worker that was told to stop asks about none.
    """

    def consume(self, n: int) -> list[str]:
        """The queues to ask about now."""
        if is_stopping():
            return []
        queues: list[str] = self.items[:n]
        taken = sum(request.delivery_info["routing_key"] == JobQueue.TRAINING for request in state.reserved_requests)
        if _training_slots is not None and taken >= _training_slots:
            return [queue for queue in queues if queue != JobQueue.TRAINING]
        return queues
