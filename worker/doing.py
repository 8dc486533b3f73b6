"""What a worker does when it hears that a job waits: it claims the one whose turn it is, and does it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cgn_core.jobs import broker
from cgn_core.jobs.claims import Claim, holding, take_next
from cgn_core.jobs.kinds import JobQueue
from worker.app import celery_app
from worker.lifecycle import heartbeat_name, is_stopping
from worker.limits import overrun_of

Work = Callable[[Claim], None]

WORK: dict[str, Work] = {}
"""By kind of job, what does it."""

logger = logging.getLogger(__name__)


def does(kind: str) -> Callable[[Work], Work]:
    """Decorate a task: it is called with the claim of a job of this kind, and ends by committing its results."""

    def register(work: Work) -> Work:
        WORK[str(kind)] = work
        return work

    return register


def do_next(queue: str) -> None:
    """Do the job of this queue whose turn it is, if one waits; a worker that is stopping passes the message on."""
    if is_stopping():
        broker.tell(queue)
        return
    claim = take_next(queue, kinds=WORK, worker=heartbeat_name())
    if claim is None:
        logger.info("no job waits in %s", queue)
        return
    with holding(claim, giving_back=is_stopping, overrun=overrun_of(queue)):
        WORK[claim.kind](claim)


@celery_app.task(name=broker.task_of(JobQueue.TRAINING))
def next_training() -> None:
    """Do one job of the queue ``training``."""
    do_next(JobQueue.TRAINING)


@celery_app.task(name=broker.task_of(JobQueue.LIGHT))
def next_light() -> None:
    """Do one job of the queue ``light``."""
    do_next(JobQueue.LIGHT)
