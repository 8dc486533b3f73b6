"""What the reconciler does about jobs that a fault left behind; each function is one step inside its transaction."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from cgn_core.db.models import Job, JobState, now
from cgn_core.jobs import broker
from cgn_core.jobs.queueing import Hint
from cgn_core.settings import settings

logger = logging.getLogger(__name__)


def end_lapsed_claims(session: Session) -> None:
    """Deal with running jobs whose worker has gone silent, and with waiting ones that were cancelled meanwhile.

    A lapsed job waits again, until it has used up its attempts: then it has failed. One whose cancellation was asked
    for is cancelled.
    """
    moment = now()
    lapsed = and_(Job.state == JobState.RUNNING, Job.lease_until < moment)
    cancelled = session.execute(
        update(Job)
        .where(Job.cancel_requested.is_(True), or_(lapsed, Job.state == JobState.QUEUED))
        .values(state=JobState.CANCELLED, message="Cancelled", finished_at=moment)
        .returning(Job.id)
    )
    failed = session.execute(
        update(Job)
        .where(lapsed, Job.attempts >= settings().job_attempts)
        .values(state=JobState.FAILED, message="Failed", error=worn_out_sentence(), finished_at=moment)
        .returning(Job.id)
    )
    requeued = session.execute(
        update(Job)
        .where(lapsed)
        .values(
            state=JobState.QUEUED,
            progress=0.0,
            message="Waiting for a worker again: the one that had it stopped answering",
            published_at=None,
        )
        .returning(Job.id)
    )
    for outcome, rows in (("cancelled", cancelled), ("failed", failed), ("requeued", requeued)):
        for (job_id,) in rows:
            logger.warning("job %s: %s, its worker went silent or it was cancelled while waiting", job_id, outcome)


def worn_out_sentence() -> str:
    """Why a job that stopped one worker after the other is given up."""
    return (
        f"This job stopped the worker that ran it {settings().job_attempts} times, so it was given up. "
        "Check the file it works on for anything unusual, then try again; other jobs are not affected."
    )


def unclaimed_queues(session: Session) -> dict[str, int]:
    """The queues in which a job waits that nobody claimed in time, and how many jobs wait in each altogether."""
    overdue = session.scalars(select(Job.queue).where(_unclaimed()).distinct()).all()
    counts = select(Job.queue, func.count()).where(Job.state == JobState.QUEUED, Job.queue.in_(overdue))
    return dict(session.execute(counts.group_by(Job.queue)).all())


def forgotten_queues(waiting: dict[str, int]) -> list[str]:
    """The queues of ``waiting`` for which the broker holds fewer messages than jobs wait.

    The others are left alone, or their messages would multiply while a long line of jobs is worked off.
    """
    forgotten = []
    for queue, count in waiting.items():
        try:
            if broker.waiting_hints(queue) < count:
                forgotten.append(queue)
        except Exception as error:  # noqa: BLE001 - whatever a broken broker raises, the next round tries again
            logger.warning("the broker can't be asked about queue %s, trying again: %s", queue, error)
    return forgotten


def unclaimed_hints(session: Session, queues: list[str]) -> list[Hint]:
    """The jobs of these queues to publish again, oldest first, marked as published now; publish them after the commit.

    Every waiting job that nobody claimed within ``job_republish`` seconds of its last publication is published again,
    because a broker that was wiped forgets the published ones too.
    """
    rows = session.execute(
        update(Job)
        .where(_unclaimed(), Job.queue.in_(queues))
        .values(published_at=now())
        .returning(Job.kind, Job.id, Job.queue, Job.created_at)
    ).all()
    return [Hint(kind, job_id, queue) for kind, job_id, queue, _ in sorted(rows, key=lambda row: row[3])]


def _unclaimed() -> ColumnElement[bool]:
    overdue = Job.published_at < now() - timedelta(seconds=settings().job_republish)
    return and_(Job.state == JobState.QUEUED, or_(Job.published_at.is_(None), overdue))
